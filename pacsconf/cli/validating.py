"""What `validate` shows: built-in findings and what policies say of what is declared, in each form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pacsconf.cli import workspace
from pacsconf.cli.exits import Exit
from pacsconf.cli.screen import Screen
from pacsconf.cli.workspace import InvalidInventory, Workspace

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pacsconf.cli.policy_declared import Declared
    from pacsconf.core.finding import Finding
    from pacsconf.inventory.loader import Loaded
    from pacsconf.policy.audit import Audit
    from pacsconf.policy.rule import Severity
    from pacsconf.report.judged_text import Tally

JUDGED = ("sarif", "junit")
"""Forms for programs: JUnit tells what held too, SARIF what a code host is to show."""


def validated(screen: Screen, work: Workspace, format: str, fail_on: Severity | None) -> Exit:  # noqa: A002
    """Show what is wrong with an inventory that stands, and how the command ends.

    Raises: InvalidInventory when files of policies have mistakes.
    """
    from pacsconf.cli.policy_book import invalid
    from pacsconf.cli.policy_declared import declared
    from pacsconf.core.finding import errors

    judged = declared(work, fail_on)
    if judged and errors(judged.wrong):
        raise invalid(work, (*work.findings, *judged.wrong))
    if format in JUDGED:
        screen.raw(_form(work.loaded, work.environment, work.findings, judged, format))
    elif format == "json":
        _show_json(screen, work, judged)
    elif format == "markdown":
        _show_markdown(screen, work, judged)
    else:
        _show_text(screen, work, judged)
    return Exit.POLICY if judged and judged.stopping else Exit.OK


def validated_by(
    screen: Screen,
    root: Path,
    environment: str | None,
    revision: str,
    format: str,  # noqa: A002
    fail_on: Severity | None,
) -> Exit:
    """The same by the policies of another commit, with what the repository has otherwise.

    Raises: RecordError when git knows no such revision; InvalidInventory as above, and for mistakes in the
    repository's own policies.
    """
    from pacsconf.cli.policies_from import policies_of, require_sound, told
    from pacsconf.cli.screen import sentence

    with policies_of(root, revision) as other:
        for text in told(other):
            screen.note(sentence(text))
        work = workspace.checked(root, environment, other.folder)
        require_sound(work)
        return validated(screen, work, format, fail_on)


def invalid_form(invalid: InvalidInventory, format: str) -> str:  # noqa: A002
    """All findings of an inventory that does not stand, in a form other than text or JSON."""
    if format in JUDGED:
        return _form(invalid.loaded, "", invalid.findings, None, format)
    from pacsconf.report.judged_text import findings_markdown

    return findings_markdown(invalid.findings, "it does not stand", place_of=invalid.loaded.sources.place)


# --- as text, markdown, JSON -------------------------------------------------------------------------------------


def _show_text(screen: Screen, work: Workspace, judged: Declared | None) -> None:
    from pacsconf.cli.policy_book import line_of
    from pacsconf.report.diagnostics import checked_text, findings_text

    told = work.findings
    place_of = work.loaded.sources.place
    if judged is not None:
        from pacsconf.policy.findings import grouped

        told = (*told, *judged.wrong, *grouped(judged.open, judged.gate), *judged.remarks)
    screen.show(findings_text(told, place_of=place_of, line_of=line_of(work), width=screen.width))
    counts = {
        "device": len(work.inventory.devices),
        "AE": sum(1 for _ in work.inventory.entities()),
        "flow": len(work.inventory.flows),
    }
    people = {"user": len(work.inventory.users), "role": len(work.inventory.roles)}
    counts |= people if any(people.values()) else {}
    built_in = (*work.findings, *judged.wrong, *judged.remarks) if judged else work.findings
    rows = checked_text(built_in, counts, work.seconds, screen.width)
    screen.show(((), *rows) if len(told) > len(work.findings) and rows[0] else rows)
    if judged is not None and judged.rules + judged.live + judged.off:
        from pacsconf.report.judged_text import tally_text

        screen.show(tally_text(_tally(judged), len(work.inventory.devices), screen.width))


def _tally(judged: Declared) -> Tally:
    from pacsconf.report.judged_text import Tally

    stops = bool(judged.stopping)
    return Tally(judged.results, judged.states, judged.rules, judged.live, judged.gate, stops, judged.off)


def _show_markdown(screen: Screen, work: Workspace, judged: Declared | None) -> None:
    from pacsconf.report.judged_text import findings_markdown

    told, last = work.findings, "it stands"
    if judged is not None:
        from pacsconf.policy.findings import grouped

        told = (*told, *judged.wrong, *grouped(judged.open, judged.gate), *judged.remarks)
        last = f"{judged.rules} rules checked, {_tally(judged).words}"
    screen.raw(findings_markdown(told, last, place_of=work.loaded.sources.place))


def _show_json(screen: Screen, work: Workspace, judged: Declared | None) -> None:
    from pacsconf.report.as_json import findings_json

    place_of = work.loaded.sources.place
    if judged is None:
        screen.raw(findings_json(work.findings, place_of=place_of))
        return
    from pacsconf.policy.findings import as_finding

    told = (*work.findings, *judged.wrong, *judged.remarks)
    screen.raw(
        findings_json(
            told,
            place_of=place_of,
            policies={
                "rules": judged.rules,
                "need_live_systems": judged.live,
                "off": judged.off,
                "gate": judged.gate,
                "stopping": len(judged.stopping),
                "states": dict(judged.states),
            },
            failures=[as_finding(one, judged.gate) for one in judged.results],
        )
    )


# --- as others read it -------------------------------------------------------------------------------------------


def _form(
    loaded: Loaded,
    environment: str,
    findings: Iterable[Finding],
    judged: Declared | None,
    format: str,  # noqa: A002
) -> str:
    from pacsconf.report.audit.forms import rendered

    return rendered(_as_audit(loaded, environment, findings, judged), format)


def _as_audit(
    loaded: Loaded, environment: str, findings: Iterable[Finding], judged: Declared | None
) -> Audit:
    """What was found as results of rules, those of built-in checks too."""
    from pacsconf import __version__
    from pacsconf.policy.assemble import Assembled, of_built_in, together
    from pacsconf.policy.audit import Audit

    told = (*findings, *(judged.wrong if judged else ()), *(judged.remarks if judged else ()))
    parts = [of_built_in(told, loaded.sources.place), judged.assemble() if judged else Assembled()]
    whole = together(parts)
    at = f"{workspace.now():%Y-%m-%dT%H:%M:%SZ}"
    return Audit(
        id="validate",
        at=at,
        by="",
        environment=environment,
        version=__version__,
        commit="",
        inventory=loaded.digest,
        policies="",
        frameworks=(),
        rules=whole.rules,
        results=whole.results,
        waivers=whole.waivers,
    )
