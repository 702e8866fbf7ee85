"""An audit in every form in which others want it, as files of a folder or of an evidence pack."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from pacsconf.policy.audit import Audit, Point

if TYPE_CHECKING:
    from pacsconf.policy.controls import Titles

PAGE = "report.html"


def files(audit: Audit, trend: Sequence[Point] = (), titles: Titles | None = None) -> dict[str, bytes]:
    """By name of the file, the audit in each form. A plan of action is only made where there is something to do.

    Raises: TemplateFault when the page would be too large.
    """
    from pacsconf.report.audit.html import audit_html
    from pacsconf.report.audit.oscal import assessment_results, plan_of_action

    texts = {
        PAGE: audit_html(audit, trend, titles),
        "audit.json": as_json(audit),
        "oscal-assessment-results.json": assessment_results(audit),
        **{f"results.{form}": render(audit) for form, render in _renderers().items()},
    }
    plan = plan_of_action(audit)
    texts |= {"oscal-poam.json": plan} if plan else {}
    return {name: text.encode() for name, text in sorted(texts.items())}


def as_json(audit: Audit) -> str:
    """The audit as JSON, whole."""
    from pacsconf.policy.audit_json import audit_to_json

    return json.dumps(audit_to_json(audit), indent=1, ensure_ascii=False) + "\n"


def rendered(audit: Audit, form: str) -> str:
    """The results in one form: csv, junit, sarif or json. SARIF is for a code host: of what it shows as alerts."""
    if form == "sarif":
        from pacsconf.report.audit import sarif

        return sarif.render(audit, sarif.ALERTS)
    return as_json(audit) if form == "json" else _renderers()[_ENDINGS.get(form, form)](audit)


_ENDINGS: Mapping[str, str] = {"junit": "junit.xml"}


def _renderers() -> Mapping[str, Callable[[Audit], str]]:
    """By the end of a file's name, what writes it."""
    from pacsconf.report.audit import csv_text, junit, sarif

    return {"csv": csv_text.render, "junit.xml": junit.render, "sarif": sarif.render}
