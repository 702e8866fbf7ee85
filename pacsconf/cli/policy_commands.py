"""Rules as files: which there are, what one of them asks, and whether its cases come to what is expected."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pacsconf.cli.exits import Exit
from pacsconf.cli.inventory_commands import TextOrJson
from pacsconf.core.errors import PacsconfError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pacsconf.cli.screen import Screen
    from pacsconf.policy.cases import Case
    from pacsconf.policy.packs import Policies
    from pacsconf.policy.rule import Rule

Forms = Annotated[Literal["text", "json", "markdown"], typer.Option("--format", help="Form of the result.")]
TrialForms = Annotated[Literal["text", "json", "junit"], typer.Option("--format", help="Form of the result.")]


def list_(
    context: typer.Context,
    pack: Annotated[
        str | None, typer.Argument(help="A pack; not given: all of them.", metavar="[PACK]")
    ] = None,
    format: Forms = "text",  # noqa: A002 - the option's name
) -> Exit:
    """List the rules, with what is changed here.

    Of each: how bad it is to break it, what it is about, and the strongest evidence that it can stand on.
    """
    screen: Screen = context.obj.screen
    policies = _loaded(context, format)
    rules = _of_pack(policies, pack)
    if format == "text":
        from pacsconf.report.policy_text import rules_text

        screen.show(rules_text(rules, screen.width))
        return Exit.OK
    from pacsconf.report import policy_forms

    made = (
        policy_forms.rules_json(rules, policies.gate)
        if format == "json"
        else policy_forms.rules_markdown(rules)
    )
    screen.raw(made)
    return Exit.OK


def explain(
    context: typer.Context,
    rule: Annotated[str | None, typer.Argument(help="Id of a rule.", metavar="[RULE]")] = None,
    kind: Annotated[
        str | None, typer.Option("--kind", help="Instead: what rules about a kind may say.", metavar="KIND")
    ] = None,
    format: TextOrJson = "text",  # noqa: A002 - the option's name
) -> Exit:
    """Explain a rule, or what rules about a kind may say."""
    if (rule is None) == (kind is None):
        raise typer.BadParameter("name a rule, or a kind with --kind KIND", param_hint="RULE")
    screen: Screen = context.obj.screen
    policies = _loaded(context, format)
    if kind is not None:
        return _explain_kind(screen, policies, kind, format)
    found = policies.rule(rule or "") or _no_rule(policies, rule or "")
    cases = [case for case in _cases(context, None, policies)[0] if case.rule.id == found.id]
    if format == "json":
        from pacsconf.report.policy_forms import rule_json

        screen.raw(rule_json(found, cases))
        return Exit.OK
    from pacsconf.report.policy_text import rule_text

    screen.show(rule_text(found, cases, policies.titles, screen.width))
    return Exit.OK


def test(
    context: typer.Context,
    pack: Annotated[
        str | None, typer.Argument(help="A pack; not given: all of them.", metavar="[PACK]")
    ] = None,
    cases: Annotated[
        Path | None,
        typer.Option(
            "--cases", help="Folder of cases; not given: tests/cases.", metavar="DIR", show_default=False
        ),
    ] = None,
    format: TrialForms = "text",  # noqa: A002 - the option's name
) -> Exit:
    """Judge made-up resources by the rules, as packs state them. Exit 4 when a case comes to something else."""
    from pacsconf.cli import policy_files as files
    from pacsconf.policy.cases import tried

    screen: Screen = context.obj.screen
    policies = _loaded(context, format)
    rules = _of_pack(policies, pack)
    known = {rule.id for rule in rules}
    found, read = _cases(context, cases, policies)
    if not files.stands(screen, read, format):
        return Exit.INVALID
    trial = tried([case for case in found if case.rule.id in known], rules)
    if format == "text":
        from pacsconf.report.policy_text import trial_text

        screen.show(trial_text(trial, screen.width))
    else:
        from pacsconf.report import policy_forms

        screen.raw(policy_forms.trial_json(trial) if format == "json" else policy_forms.trial_junit(trial))
    return Exit.POLICY if trial.failed else Exit.OK


# --- what is asked for -------------------------------------------------------------------------------------------


def _loaded(context: typer.Context, format: str) -> Policies:  # noqa: A002
    """The policies; those that do not stand are shown and end the command with 3."""
    from pacsconf.cli import policy_files as files

    found = files.load_policies(context.obj.root)
    if not files.stands(context.obj.screen, found, format):
        raise typer.Exit(Exit.INVALID)
    return found


def _cases(
    context: typer.Context, folder: Path | None, policies: Policies
) -> tuple[Sequence[Case], Policies]:
    from dataclasses import replace

    from pacsconf.cli import policy_files as files

    root: Path = context.obj.root
    if folder is not None and not folder.is_dir():
        raise PacsconfError(f"there is no folder {folder}", fix="Name the folder of the cases: --cases DIR.")
    # What is wrong with the policies was shown when they were loaded.
    return files.load_cases(folder or root / files.CASES, root, replace(policies, findings=()))


def _of_pack(policies: Policies, pack: str | None) -> tuple[Rule, ...]:
    from pacsconf.inventory.merge import nearest

    names = sorted({one.name for one in policies.packs})
    if pack is not None and pack not in names:
        raise PacsconfError(
            f'there is no pack "{pack}"{nearest(pack, names)}',
            fix=f"Packs are: {', '.join(names) or 'none'}.",
        )
    return tuple(rule for rule in policies.rules if pack in (None, rule.pack))


def _no_rule(policies: Policies, which: str) -> Rule:
    from pacsconf.inventory.merge import nearest

    near = nearest(which, [rule.id for rule in policies.rules])
    raise PacsconfError(f'there is no rule "{which}"{near}', fix="All of them: pacsconf policy list")


def _explain_kind(screen: Screen, policies: Policies, name: str, format: str) -> Exit:  # noqa: A002
    from pacsconf.inventory.merge import nearest
    from pacsconf.policy.vocabulary import KINDS

    if name not in KINDS:
        raise PacsconfError(
            f'there is no kind "{name}"{nearest(name, KINDS)}', fix=f"Kinds are: {', '.join(KINDS)}."
        )
    rules = [rule for rule in policies.rules if rule.kind == name]
    if format == "json":
        from pacsconf.report.policy_forms import kind_json

        screen.raw(kind_json(KINDS[name], rules))
        return Exit.OK
    from pacsconf.report.policy_text import kind_text

    screen.show(kind_text(KINDS[name], rules, screen.width))
    return Exit.OK


policy = (list_, explain, test)
