"""How long studies are kept: one study explained, and the rules held against the legal minimums."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from pacsconf.cli import workspace
from pacsconf.cli.days import day_of
from pacsconf.cli.exits import Exit
from pacsconf.cli.inventory_commands import TextOrJson, show_findings
from pacsconf.cli.screen import Screen
from pacsconf.core.errors import PacsconfError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pacsconf.cli.workspace import Workspace
    from pacsconf.inventory.retention import Retention
    from pacsconf.retention.policy import Policy, Prepared
    from pacsconf.retention.study import Reckoned, StudyFacts


def explain(
    context: typer.Context,
    modality: Annotated[
        list[str] | None, typer.Option("--modality", help="Modality of the study; several for several.")
    ] = None,
    study_date: Annotated[
        str | None, typer.Option("--study-date", help="Day of the study.", metavar="YYYY-MM-DD")
    ] = None,
    birth_date: Annotated[
        str | None, typer.Option("--birth-date", help="Birth date of the patient.", metavar="YYYY-MM-DD")
    ] = None,
    age: Annotated[
        int | None, typer.Option("--age", help="Age at the study, where the birth date is not known.", min=0)
    ] = None,
    procedure: Annotated[
        list[str] | None,
        typer.Option("--procedure", help="Procedure code; several for several.", metavar="SCHEME:CODE"),
    ] = None,
    institution: Annotated[str | None, typer.Option("--institution", help="Institution name.")] = None,
    department: Annotated[str | None, typer.Option("--department", help="Department name.")] = None,
    calling_ae: Annotated[
        str | None, typer.Option("--calling-ae", help="AE title that sent it to the archive.")
    ] = None,
    clinical_trial: Annotated[
        bool, typer.Option("--clinical-trial", help="It belongs to a clinical trial.")
    ] = False,
    last_contact: Annotated[
        str | None,
        typer.Option("--last-contact", help="Day of the patient's last study here.", metavar="YYYY-MM-DD"),
    ] = None,
    received: Annotated[
        str | None, typer.Option("--received", help="Day the archive received it.", metavar="YYYY-MM-DD")
    ] = None,
    later_study: Annotated[
        list[str] | None,
        typer.Option("--later-study", help="Modality of a later study of the patient.", metavar="MODALITY"),
    ] = None,
    no_later_study: Annotated[
        bool, typer.Option("--no-later-study", help="The patient had no later study here.")
    ] = False,
    study: Annotated[
        str | None, typer.Option("--study", help="Reference of the study, for holds.", metavar="sha256:...")
    ] = None,
    today: Annotated[
        str | None, typer.Option("--today", help="As of this day; not given: today.", metavar="YYYY-MM-DD")
    ] = None,
    format: TextOrJson = "text",  # noqa: A002 - the option's name
) -> Exit:
    """Say how long such a study is kept, and why."""
    from pacsconf.report.retention_text import Explained, explained_json, explained_text
    from pacsconf.retention.decide import decide
    from pacsconf.retention.policy import policy
    from pacsconf.retention.study import StudyFacts

    facts = StudyFacts(
        _reference(study),
        frozenset(map(_modality, modality or ())),
        day_of(study_date, "--study-date"),
        day_of(birth_date, "--birth-date"),
        age,
        frozenset(map(_procedure, procedure or ())),
        institution,
        department,
        calling_ae,
        clinical_trial,
        day_of(last_contact, "--last-contact"),
        day_of(received, "--received"),
        _later(later_study, none=no_later_study),
    )
    _require_sense(facts)
    on = day_of(today, "--today") or workspace.now().date()
    work = _checked(context, format)
    declared = work.inventory.retention
    rules = policy(declared)
    told = Explained(
        decide(rules, facts, on),
        on,
        declared,
        rules,
        tuple(_minimums(declared, rules, facts)),
        work.loaded.sources.place,
    )
    screen: Screen = context.obj.screen
    if format == "json":
        screen.raw(explained_json(told))
    else:
        screen.show(explained_text(told, screen.width))
    return Exit.OK


def _minimums(declared: Retention, rules: Policy, facts: StudyFacts) -> Iterator[tuple[Prepared, Reckoned]]:
    """The legal minimums that match a study, with what each asks for."""
    from pacsconf.retention.decide import reckon
    from pacsconf.retention.known import known
    from pacsconf.retention.matching import fits
    from pacsconf.retention.policy import floors

    believed = known(facts, rules.on_missing)
    for floor in floors(declared):
        if fits(floor.match, believed, rules.on_missing) is not None:
            yield floor, reckon(floor, believed)[0]


def check(context: typer.Context, format: TextOrJson = "text") -> Exit:  # noqa: A002 - the option's name
    """Prove that no legal minimum is broken; exit 4 if one is."""
    from pacsconf.inventory.retention_files import MISSING_PACK
    from pacsconf.report.retention_text import Checked, checked_json, checked_text
    from pacsconf.retention.classes import TooMany
    from pacsconf.retention.prove import prove
    from pacsconf.retention.rules import floor_finding, tie_finding

    work = _checked(context, format)
    declared, place_of = work.inventory.retention, work.loaded.sources.place
    try:
        proof = prove(declared)
    except TooMany as exc:
        raise PacsconfError(
            "a match of retention has too many combinations to look at all of them",
            fix="Write its lists in one key (in: [...]) rather than combined by all.",
        ) from exc
    found = [floor_finding(broken, declared, place_of) for broken in proof.broken]
    found += [tie_finding(tie, place_of) for tie in proof.ties]
    unread = [one for one in work.findings if one.rule == MISSING_PACK and not one.accepted]
    screen: Screen = context.obj.screen
    told = Checked(proof, found, unread, declared, place_of, work.loaded.line, screen.command)
    if format == "json":
        screen.raw(checked_json(told))
    else:
        screen.show(checked_text(told, screen.width))
    return Exit.OK if told.stands else Exit.POLICY


def compile_(context: typer.Context, format: TextOrJson = "text") -> Exit:  # noqa: A002 - the option's name
    """Show the policies that an archive gets for the rules, and what it cannot do of each."""
    from pacsconf.cli.retention_compile import shown

    return shown(context, _checked(context, format), format)


def study_reference(
    context: typer.Context,
    uid: Annotated[
        str | None,
        typer.Argument(help="Study Instance UID; it stays in the history of your shell.", metavar="[UID]"),
    ] = None,
    from_stdin: Annotated[
        bool, typer.Option("--uid-from-stdin", help="Read UIDs from standard input, one a line.")
    ] = False,
) -> Exit:
    """Print the reference of a study, as legal holds name it."""
    if (uid is None) != from_stdin:
        raise typer.BadParameter(
            "give a UID, or --uid-from-stdin, which leaves none in the history of your shell",
            param_hint="UID",
        )
    given = sys.stdin.read().splitlines() if from_stdin else [uid or ""]
    references = tuple(_references(given))
    context.obj.screen.raw("\n".join(references))
    return Exit.OK


def _references(lines: Sequence[str]) -> Iterator[str]:
    """The reference of the UID in each line that has one.

    Raises: PacsconfError naming the line, not what stands there.
    """
    from pacsconf.inventory.formats import uid
    from pacsconf.retention.study import reference

    filled = [(number, text.strip()) for number, text in enumerate(lines, 1) if text.strip()]
    if not filled:
        raise PacsconfError("there was no UID to read", fix="Write one on each line.")
    for number, text in filled:
        try:
            yield reference(uid(text))
        except ValueError as exc:
            raise PacsconfError(f"line {number} is no Study Instance UID: {exc}") from None


def preview(
    context: typer.Context,
    whom: Annotated[
        str,
        typer.Argument(
            help="An archive: a device, DEVICE/AE_TITLE or AE title (asked by C-FIND), or a system of type orthanc "
            "(asked over REST).",
            metavar="ENTITY|SYSTEM",
        ),
    ],
    since: Annotated[
        str | None, typer.Option("--since", help="Only studies from this day on.", metavar="YYYY-MM-DD")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="Only studies up to this day.", metavar="YYYY-MM-DD")
    ] = None,
    window: Annotated[
        str, typer.Option("--window", help="How much is asked about at once by C-FIND.", metavar="PERIOD")
    ] = "30d",
    list_expiring: Annotated[
        int,
        typer.Option(
            "--list-expiring", help="Also list so many that end first, by hash.", min=0, max=100_000
        ),
    ] = 0,
    now: Annotated[bool, typer.Option("--now", help="Also outside the hours of probe_window.")] = False,
    timeout: Annotated[
        float, typer.Option("--timeout", help="Seconds for each answer.", min=0.1, max=3600)
    ] = 30.0,
    format: TextOrJson = "text",  # noqa: A002 - the option's name
) -> Exit:
    """Count the studies of an archive by the rule that keeps them.

    Asks no names, shows counts and hashes, keeps nothing. Exit 4 when one is kept shorter than the law demands.
    """
    from pacsconf.cli.retention_preview import Asked, counted

    days = day_of(since, "--since"), day_of(until, "--until")
    return counted(context, whom, Asked.of(*days, window, list_expiring, now, timeout, format))


# --- what was typed ----------------------------------------------------------------------------------------------


def _modality(text: str) -> str:
    from pacsconf.inventory import retention as values

    try:
        return values.modality(text)
    except ValueError as exc:
        raise typer.BadParameter(str(exc), param_hint="--modality") from None


def _procedure(text: str) -> tuple[str, str]:
    from pacsconf.inventory import retention as values

    scheme, colon, code = text.partition(":")
    if not (colon and code):
        raise typer.BadParameter("write SCHEME:CODE, such as LOCAL:MAMSCR", param_hint="--procedure")
    try:
        return values.code_scheme(scheme), code
    except ValueError as exc:
        raise typer.BadParameter(str(exc), param_hint="--procedure") from None


def _reference(text: str | None) -> str:
    from pacsconf.inventory import retention as values

    if text is None:
        return ""
    try:
        return values.study_reference(text)
    except ValueError as exc:
        raise typer.BadParameter(str(exc), param_hint="--study") from None


def _later(given: list[str] | None, *, none: bool) -> frozenset[str] | None:
    if given and none:
        raise typer.BadParameter("there was a later study, or there was none", param_hint="--later-study")
    return frozenset(map(_modality, given or ())) if given or none else None


def _require_sense(facts: StudyFacts) -> None:
    """Nothing, unless two days that were typed cannot both be true."""
    on = facts.study_date
    if on and facts.birth_date and facts.birth_date > on:
        raise typer.BadParameter("the patient was born after the study", param_hint="--birth-date")
    if on and facts.last_contact and facts.last_contact < on:
        raise typer.BadParameter("the last study is before the study itself", param_hint="--last-contact")


def _checked(context: typer.Context, format: str) -> Workspace:  # noqa: A002
    """The workspace; an inventory that does not stand is shown whole and ends the command with 3."""
    try:
        return workspace.checked(context.obj.root, context.obj.environment)
    except workspace.InvalidInventory as invalid:
        show_findings(context.obj.screen, invalid, format)
        raise typer.Exit(Exit.INVALID) from None


retention = (explain, check, compile_, preview, study_reference)
