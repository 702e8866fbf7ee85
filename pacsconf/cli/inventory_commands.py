"""Commands about the inventory's files: init, doctor, validate, schema."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from pacsconf.cli import opening, workspace
from pacsconf.cli.exits import Exit
from pacsconf.cli.screen import Screen
from pacsconf.core.errors import OperatorError, PacsconfError
from pacsconf.report.lines import Lines, Span, line, width_of, wrapped

TextOrJson = Annotated[Literal["text", "json"], typer.Option("--format", help="Form of the result.")]


def validate(
    context: typer.Context,
    fail_on: Annotated[
        Literal["critical", "high", "medium", "low", "info"] | None,
        typer.Option(
            "--fail-on",
            help="Exit 4 from this severity of a policy on; not given: the gate of policies/site.yaml.",
        ),
    ] = None,
    policies_from: Annotated[
        str,
        typer.Option(
            "--policies-from",
            help="Judge by the rules and waivers of this branch, tag or commit, and tell which files differ.",
            metavar="REF",
        ),
    ] = "",
    format: Annotated[  # noqa: A002 - the option's name
        Literal["text", "json", "markdown", "sarif", "junit"],
        typer.Option("--format", help="Form of the result."),
    ] = "text",
) -> Exit:
    """Check the inventory: schema, references, rules. Reads files only; exit 3 when it does not stand.

    Of policies it judges those that need no live system; exit 4 when one fails that is not waived.
    """
    from pacsconf.cli.bounded import memory_bounded
    from pacsconf.cli.validating import invalid_form, validated, validated_by

    screen: Screen = context.obj.screen
    root, environment = context.obj.root, context.obj.environment
    try:
        with memory_bounded():
            if policies_from:
                return validated_by(screen, root, environment, policies_from, format, fail_on)
            return validated(screen, workspace.checked(root, environment), format, fail_on)
    except workspace.InvalidInventory as invalid:
        if format in ("text", "json"):
            show_findings(screen, invalid, format)
        else:
            screen.raw(invalid_form(invalid, format))
        return Exit.INVALID


def show_findings(screen: Screen, invalid: workspace.InvalidInventory, format: str) -> None:  # noqa: A002
    """All findings of an inventory that does not stand."""
    loaded = invalid.loaded
    if format == "json":
        from pacsconf.report.as_json import findings_json

        screen.raw(findings_json(invalid.findings, place_of=loaded.sources.place))
        return
    from pacsconf.report.diagnostics import checked_text, findings_text

    shown = findings_text(
        invalid.findings, place_of=loaded.sources.place, line_of=loaded.line, width=screen.width
    )
    screen.note(shown)
    screen.note(checked_text(invalid.findings, {"file": len(loaded.files)}, invalid.seconds, screen.width))


def schema(
    context: typer.Context,
    policies: Annotated[
        bool, typer.Option("--policies", help="Instead: of a file of policies.", show_default=False)
    ] = False,
) -> Exit:
    """Print the JSON Schema of an inventory file, for editors."""
    if policies:
        from pacsconf.policy.schema import json_schema as schema_of_policies

        context.obj.screen.raw(json.dumps(schema_of_policies(), indent=2))
        return Exit.OK
    from pacsconf.inventory.schema import json_schema
    from pacsconf.systems.directory_extension import vendor_models

    screen: Screen = context.obj.screen
    screen.raw(json.dumps(json_schema(vendor_models()), indent=2))
    return Exit.OK


def init(context: typer.Context) -> Exit:
    """Begin an inventory here, with a commented starter. It writes over nothing."""
    from pacsconf.cli.starter import write_starter

    screen: Screen = context.obj.screen
    written = write_starter(context.obj.root)
    screen.show(tuple(line(Span("  + ", "create"), str(path)) for path in written))
    steps = ["Read inventory/hospital.yaml, make it yours, then: pacsconf validate"]
    if any(path.parts[0] == "policies" for path in written):
        steps.append("The rules in policies/ are yours as well: pacsconf policy list")
    for step in steps:
        screen.show(wrapped(step, screen.width, style="command"))
    return Exit.OK


def doctor(
    context: typer.Context,
    write: Annotated[
        bool, typer.Option("--write", help="Ask, and write a first operator file.", show_default=False)
    ] = False,
    system: Annotated[
        str | None,
        typer.Option("--system", help="Which rights the account of this system has.", metavar="NAME"),
    ] = None,
    logins: Annotated[
        bool,
        typer.Option("--logins", help="With --system: try each of its declared logins once, and nobody's."),
    ] = False,
) -> Exit:
    """Look whether all is there that pacsconf needs. Git, clock, names, certificates, operator file; no device."""
    if logins and system is None:
        raise typer.BadParameter(
            "name the system whose logins are tried: --system NAME", param_hint="--logins"
        )
    if system is not None:
        return _of_system(context, system, write=write, logins=logins)
    from pacsconf.cli.doctor_checks import checks
    from pacsconf.lab import place

    screen: Screen = context.obj.screen
    root: Path = context.obj.root
    work, worst = _looked_at(screen, root, context.obj.environment)
    from pacsconf.operator.file import Operator, load

    operator: Operator | OperatorError
    try:
        operator = load(environ=os.environ, root=root)
    except OperatorError as error:
        operator = error
    for check in checks(
        root,
        work.inventory if work else None,
        operator,
        environ=os.environ,
        now=workspace.now(),
        lab_folder=place.default_folder(),
    ):
        screen.show(_check_lines(check.name, check.ok, check.text, check.fix, screen.width))
        worst = Exit.ERROR if check.ok is False else worst
    if write or (work and isinstance(operator, Operator) and not operator.present and screen.is_interactive):
        _offer_operator_file(screen, work, operator)
    return worst


def _of_system(context: typer.Context, name: str, *, write: bool, logins: bool) -> Exit:
    from pacsconf.cli.doctor_logins import look_at_logins
    from pacsconf.cli.doctor_rights import look_at_rights

    if write:
        raise typer.BadParameter("it looks at one system; --write is about all", param_hint="--system")
    look = look_at_logins if logins else look_at_rights
    return look(context.obj.screen, workspace.opened(context.obj.root, context.obj.environment), name)


def _looked_at(
    screen: Screen, root: Path, environment: str | None
) -> tuple[workspace.Workspace | None, Exit]:
    """What doctor can look at beyond this machine. Without it, it has said why."""
    try:
        work = workspace.opened(root, environment)
        opening.require_lab(work)
    except workspace.InvalidInventory as invalid:
        from pacsconf.core.finding import errors

        inventory = invalid.loaded.inventory
        if inventory and {finding.rule for finding in errors(invalid.findings)} == {"PACS-ENV-001"}:
            names = sorted(inventory.environments)
            commands = "\n".join(f"pacsconf -e {name} doctor" for name in names)
            text = "no system and no password was looked at, since several are declared. For one of them:"
            screen.show(_check_lines("environment", None, text, commands, screen.width))
            return None, Exit.OK
        show_findings(screen, invalid, "text")
    except PacsconfError as error:
        screen.error(error)
    else:
        return work, Exit.OK
    return None, Exit.ERROR


_MARKS = {True: Span("✓", "good"), False: Span("✗", "error"), None: Span("?", "warning")}


def _check_lines(name: str, ok: bool | None, text: str, fix: str, width: int) -> Lines:
    margin = line(" " * 21)
    head: Lines = ()
    first = line("  ", _MARKS[ok], f" {name:<16} ")
    if width_of(first) > width_of(margin):  # a long name stands alone, so that what is said stays a column
        head, first = (first,), margin
    rows = wrapped(text, width, first=first, indent=21)
    fixes = (row for part in fix.splitlines() if part for row in wrapped(part, width, first=margin))
    return (*head, *rows, *fixes)


def _offer_operator_file(screen: Screen, work: workspace.Workspace | None, operator: object) -> None:
    """Ask which secrets may go where and what may be written from here, and write the answers down."""
    from pacsconf.operator.binding import Binding
    from pacsconf.operator.file import Operator
    from pacsconf.operator.needs import needs
    from pacsconf.operator.writing import first_file, write_first

    if work is None or not isinstance(operator, Operator):
        raise PacsconfError("an operator file can be written once the inventory and the present file stand")
    if operator.present:
        raise OperatorError(
            f"{operator.path} is there already and is not written over", fix="Edit it with a text editor."
        )
    if not screen.is_interactive:
        raise PacsconfError("doctor --write asks questions, and nobody is here to answer them")
    wanted = [
        need
        for need in needs(work.inventory.systems.values())
        if screen.agrees(f"May {need.ref} be sent to {need.endpoint}?")
    ]
    writes = [work.environment] if screen.agrees(f"May {work.environment} be written from here?") else []
    write_first(operator.path, first_file((Binding(need.ref, need.endpoint) for need in wanted), writes))
    screen.show((line(Span("  + ", "create"), str(operator.path)), line(f"Next: {work.command} plan")))
