"""The page of an audit: one file that fetches nothing, works from a disk, and prints.

Its template is not among those that a site may replace: what an auditor is shown of a repository is not for that
repository to word. Everything that came from files or live systems is written by `{{ }}`, which escapes it; nothing
of it stands in the script or the style, whose digests are all that the page's own policy lets run.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from pacsconf.core.moment import iso_in_words
from pacsconf.policy.audit import Audit, AuditedWaiver, Point, WaiverState
from pacsconf.policy.results import STATES
from pacsconf.policy.rule import SEVERITIES
from pacsconf.report.audit import parts, summary
from pacsconf.report.audit.trend import DRAWN, trend_of
from pacsconf.report.sheets.sandbox import Source, fill

if TYPE_CHECKING:
    from pacsconf.policy.controls import Titles

MOST_CHARACTERS = 40_000_000
"""Of a page; one of ten thousand devices has a third of it."""

WAIVER_SIGNS: Mapping[WaiverState, str] = {
    "ended": "✗", "ends soon": "!", "unused": "?", "active": "✓", "not begun": "·",
}  # fmt: skip


def audit_html(audit: Audit, trend: Sequence[Point] = (), titles: Titles | None = None) -> str:
    """The page. `trend` are earlier audits of the environment, in any order.

    Raises: TemplateFault when it would be larger than any page should be.
    """
    return fill(_source, "page.html.j2", _values(audit, trend, titles or {}), most=MOST_CHARACTERS)


# --- files --------------------------------------------------------------------------------------------------------


@cache
def _text(name: str) -> str:
    return (files("pacsconf.report.audit") / name).read_text(encoding="utf-8")


def _source(name: str) -> Source | None:
    return Source(_text(name), f"pacsconf's {name}") if name.endswith(".j2") else None


def _digest(text: str) -> str:
    """As a Content-Security-Policy names what may run."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _ours(text: str) -> Markup:
    return Markup(text)  # noqa: S704 - files of this package, and digests


# --- values -------------------------------------------------------------------------------------------------------


def _values(audit: Audit, trend: Sequence[Point], titles: Titles) -> dict[str, Any]:
    rules = summary.judged(audit)
    sites = parts.sites_of(audit)
    shown = parts.rule_parts(rules, sites, summary.accepted_words(audit))
    found, stands_on = summary.verdict(audit, rules)
    style, script = _text("page.css"), _text("page.js")
    devices = parts.device_rows(rules, sites, of_devices=True)
    frameworks = summary.frameworks(audit)
    return {
        "style": _ours(style),
        "script": _ours(script),
        "policy": _ours(
            f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; "
            "base-uri 'none'; form-action 'none'"
        ),
        "audit": audit,
        "at": iso_in_words(audit.at),
        "probed": iso_in_words(audit.probed),
        "outcome": found,
        "stands_on": stands_on,
        "counts": audit.count(),
        "failures": summary.failures(rules),
        "coverage": tuple(_bars(audit)),
        "systems": tuple(
            {"how": how, "word": summary.HOW_WORDS[how], "ones": [_system(one) for one in ones]}
            for how, ones in summary.systems_by_how(audit).items()
        ),
        "rules": shown,
        "to_mend": _in_order_of(summary.to_mend(rules), shown),
        "reasons": summary.reasons(rules),
        "trend": trend_of(audit, trend),
        "drawn": dict(DRAWN),
        "frameworks": tuple(
            parts.framework_part(one, summary.TITLES[one], shown, titles.get(one, {})) for one in frameworks
        ),
        "devices": parts.devices_by_site(devices),
        "unfold_devices": len(devices) <= parts.OPEN,
        "others": parts.device_rows(rules, sites, of_devices=False),
        "sites": parts.site_rows(audit, sites),
        "on_paper": len(audit.results) <= parts.PRINTED,
        "names_rules": len(audit.results) <= parts.DETAILED,
        "waivers": tuple(_waiver(one) for one in _by_end(audit) if not one.baseline),
        "baseline": tuple(_waiver(one) for one in _by_end(audit) if one.baseline),
        "off": tuple(one for one in audit.rules if one.off),
        "states": STATES,
        "severities": SEVERITIES,
        "signs": summary.SIGNS,
        "ways": summary.WAY_WORDS,
    }


def _in_order_of(
    rules: Sequence[summary.Judged], shown: Sequence[parts.RulePart]
) -> tuple[parts.RulePart, ...]:
    by_id = {one.rule.id: one for one in shown}
    return tuple(by_id[one.rule.id] for one in rules)


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a bar, in its own units: from `x`, `width` wide."""

    way: str
    word: str
    times: int
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Bar:
    """What coverage counts, in segments that fill the bar."""

    noun: str
    total: int
    segments: tuple[Segment, ...]


BAR = 300
"""Length of a bar."""


def _bars(audit: Audit) -> list[Bar]:
    return [_bar(noun, total, ways) for noun, total, ways in summary.counted_ways(audit)]


def _bar(noun: str, total: int, ways: Mapping[str, int]) -> Bar:
    segments, x = [], 0.0
    for way, times in ways.items():
        width = BAR * times / total if total else 0.0
        segments.append(Segment(way, summary.WAY_WORDS.get(way, way), times, round(x, 2), round(width, 2)))
        x += width
    return Bar(noun, total, tuple(segments))


def _system(one: Any) -> dict[str, Any]:
    return {"one": one, "at": iso_in_words(one.at)}


def _by_end(audit: Audit) -> list[AuditedWaiver]:
    return sorted(audit.waivers, key=lambda one: (one.until or "9999", one.id))


def _waiver(one: AuditedWaiver) -> dict[str, Any]:
    return {
        "one": one,
        "sign": WAIVER_SIGNS[one.state],
        "since": summary.in_words(one.since),
        "until": summary.in_words(one.until),
        "renewals": [summary.in_words(day) for day in one.renewals],
    }
