"""`pacsconf audit`: every rule on everything live, with the evidence for it; and what is kept of that."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pacsconf.cli.compare_commands import opened
from pacsconf.cli.exits import Exit, exit_of, worst
from pacsconf.cli.inventory_commands import TextOrJson
from pacsconf.cli.last_probe import look_again
from pacsconf.cli.progress import Reporter
from pacsconf.cli.screen import Screen, sentence
from pacsconf.cli.world import world_of
from pacsconf.core.errors import LockHeld, RecordError

if TYPE_CHECKING:
    from pacsconf.cli.audit_run import Made
    from pacsconf.policy.rule import Framework
    from pacsconf.world import World

Frameworks = Annotated[
    list[str] | None,
    typer.Option(
        "--framework",
        help="Only rules that support a control of it: hipaa, nist-800-53, csf, iso27799, gdpr, dicom, ihe; all.",
        metavar="NAME",
    ),
]
FailOn = Annotated[
    Literal["critical", "high", "medium", "low", "info"] | None,
    typer.Option(
        "--fail-on", help="Exit 4 from this severity on; not given: the gate of policies/site.yaml."
    ),
]

Which = Annotated[
    str,
    typer.Argument(
        help="An audit: its id, a commit of the record, a day (2026-11-24), last, last~1.", metavar="AUDIT"
    ),
]


def run(
    context: typer.Context,
    framework: Frameworks = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Write the report here in every form.", metavar="DIR"),
    ] = None,
    fail_on: FailOn = None,
    probe: Annotated[
        bool, typer.Option("--probe", help="First ask the network again, as gently as each device allows.")
    ] = False,
    record: Annotated[
        bool, typer.Option("--record/--no-record", help="Keep it in the record, to compare others with.")
    ] = True,
    reason: Annotated[str, typer.Option("--reason", help="Why it is made; kept with it.")] = "",
    format: Annotated[  # noqa: A002 - the option's name
        Literal["text", "json", "markdown", "csv", "junit", "sarif"],
        typer.Option("--format", help="Form of the result."),
    ] = "text",
) -> Exit:
    """Judge everything by the rules: what is declared, configured and observed.

    Reads every system and changes none; no device is asked without --probe. Exit 4 when something of the gate's
    severity fails and is not waived, 9 only when no system could be looked at.
    """
    from pacsconf.cli import audit_run
    from pacsconf.cli.audit_screen import show_audit, write_report

    screen: Screen = context.obj.screen
    chosen = _frameworks(framework)
    work = opened(context, format)
    book = audit_run.rulebook_of(work, fail_on)
    if probe:
        look_again(screen, work)
    reporter = Reporter(screen)
    with world_of(work, reporter) as world:
        made = audit_run.make(work, world, book, chosen)
        trend = audit_run.trend_of(world)
        kept, refused = _kept(screen, world, made, reason) if record else ("", Exit.OK)
    for note in made.notes:
        screen.note(sentence(note))
    audit = made.audit
    page = str(write_report(out, audit, trend, work.root)) if out else ""
    show_audit(screen, audit, format, work.command, gate=book.gate, page=page, kept=kept)
    return worst(refused, Exit.POLICY if made.stopping else Exit.OK)


def _frameworks(names: Sequence[str] | None) -> tuple[Framework, ...]:
    """Raises: BadParameter for a framework that is not known."""
    from pacsconf.inventory.merge import nearest
    from pacsconf.policy.rule import FRAMEWORKS

    wanted = [name for several in names or () for name in several.split(",")]
    for name in wanted:
        if name not in (*FRAMEWORKS, "all"):
            raise typer.BadParameter(
                f'"{name}" is no framework{nearest(name, FRAMEWORKS)}. There are: {", ".join(FRAMEWORKS)}, all',
                param_hint="--framework",
            )
    if "all" in wanted or not wanted:
        return ()
    return tuple(name for name in FRAMEWORKS if name in wanted)


def _kept(screen: Screen, world: World, made: Made, reason: str) -> tuple[str, Exit]:
    """The commit that keeps an audit, empty where none does; and how the command ends if that is why."""
    from pacsconf.policy.audit_json import audit_to_lines

    state = world.record.state(fetch=False)
    if not state.exists:
        screen.note(sentence("Not recorded: there is no record yet. Begin it: pacsconf record init"))
        return "", Exit.OK
    try:
        return world.record.audited(audit_to_lines(made.audit), reason=reason), Exit.OK
    except (LockHeld, RecordError) as why:
        screen.note(sentence(f"Not recorded: {why.in_full}"))
        return "", exit_of(why)


# --- those that were made ---------------------------------------------------------------------------------------


def list_(
    context: typer.Context,
    limit: Annotated[int, typer.Option("--limit", help="How many, newest first.", min=1)] = 20,
    format: TextOrJson = "text",  # noqa: A002 - the option's name
) -> Exit:
    """Show the audits that were recorded, newest first."""
    from pacsconf.cli.audit_compare import listed

    return listed(context, limit, format)


def diff(
    context: typer.Context,
    a: Which = "last~1",
    b: Which = "last",
    format: Annotated[  # noqa: A002 - the option's name
        Literal["text", "json", "markdown"], typer.Option("--format", help="Form of the result.")
    ] = "text",
) -> Exit:
    """Show which policies drifted between two audits, since when and why. Exit 2 if any is worse.

    Worse is what fails or is unknown now, and did not or was not then.
    """
    from pacsconf.cli.audit_compare import told

    return told(context, a, b, format)


def pack(
    context: typer.Context,
    out: Annotated[Path, typer.Option("--out", help="The file to write.", metavar="FILE")],
    which: Which = "last",
) -> Exit:
    """Write the evidence of an audit as one file, which others can check without us.

    The report in every form, the record with its change sets, reviews, acceptance runs, policies, and the SHA-256
    of every file; signed as git signs.
    """
    from pacsconf.cli.audit_packs import packed

    return packed(context, which, out)


def verify(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A file that audit pack wrote.", metavar="FILE")],
    into: Annotated[
        Path | None, typer.Option("--into", help="Write its files here once they hold.", metavar="DIR")
    ] = None,
    unsigned: Annotated[
        bool, typer.Option("--unsigned", help="Believe it though who signed it is not known.")
    ] = False,
    format: TextOrJson = "text",  # noqa: A002 - the option's name
) -> Exit:
    """Check an evidence pack, offline. Exit 5 when it does not hold, or nobody known signed it.

    It is taken into a repository of our own and never opened in place. Works without an inventory; where the record
    of its environment is here, the two are compared.
    """
    from pacsconf.cli.audit_packs import checked

    return checked(context, file, into, format, unsigned=unsigned)


audit = (run, diff, list_, pack, verify)
