"""The result of an adoption as it is told: what was found and written, what is left to do, what to type next."""

from __future__ import annotations

import os
import shlex
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pacsconf.cli import workspace
from pacsconf.cli.screen import Screen
from pacsconf.core.errors import OperatorError, RecordError

if TYPE_CHECKING:
    from pacsconf.adopt.files import Terms
    from pacsconf.cli.adopt_choices import Choices
    from pacsconf.cli.adoption import Finds, Result
    from pacsconf.operator.binding import Binding
    from pacsconf.operator.needs import Need
    from pacsconf.report.adopt_text import Adopted


def told(result: Result, terms: Terms, choices: Choices, unbound: Sequence[Need]) -> Adopted:
    """All that there is to tell, in plain values."""
    from pacsconf.report import adopt_text as screen

    adoption = result.adoption
    return screen.Adopted(
        source=result.finds.said,
        system=result.finds.name if result.finds.config else "",
        counts=_counts(result.finds),
        files=[
            screen.File(f"{choices.into.name}/{path}", text.count("\n"), path in result.proposed)
            for path, text in result.files.items()
        ],
        dry_run=choices.dry_run,
        profiles=result.profiles,
        sets=adoption.sets,
        flows=result.flows,
        proposals={one.name: one.reason for one in result.proposals},
        accepted=[
            screen.Accepted(str(one.plain["rule"]), str(one.plain["at"]), one.summary)
            for one in adoption.accepting
        ],
        owner=terms.owner,
        until=terms.today + timedelta(days=terms.days),
        left=[
            screen.Left(one.summary, one.fix, str(one.about) if one.about else "") for one in adoption.remarks
        ],
        ignored=_by_reason(result),
        unseen=result.finds.unseen,
        differs=[
            screen.Differs(one.title, one.declared, one.at, one.live) for one in result.merged.disagreements
        ],
        twins=[screen.Twin(one.live, one.declared, one.at) for one in result.merged.twins],
        absent=result.merged.absent,
        undeclared=result.undeclared,
        elsewhere=[str(address) for address in result.elsewhere],
        bindings="\n\n".join(_binding(need).toml() for need in unbound),
        operator_file=str(_operator_path()),
        next_steps=_next_steps(choices, result),
    )


def _counts(finds: Finds) -> dict[str, int]:
    """What was found, by what people call it."""
    found = Counter(address.kind for address in finds.states)
    return {noun: found[kind] for kind, noun in _NOUNS.items() if found[kind]}


_NOUNS = {
    "membership": "member",
    "group": "group",
    "password-policy": "password policy",
    "device": "device",
    "network-ae": "AE title",
    "network-connection": "connection",
    "transfer-capability": "transfer capability",
    "unique-ae-title": "reserved title",
    "peer": "peer",
    "dicomweb-server": "DICOMweb server",
    "orthanc-peer": "Orthanc peer",
}


def _by_reason(result: Result) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in result.adoption.ignored:
        found.setdefault(one.why, []).append(one.pattern)
    return found


# --- the operator file --------------------------------------------------------------------------------------------


def _operator_path() -> Path:
    from pacsconf.operator.file import default_path

    named = os.environ.get("PACSCONF_CONFIG")
    return Path(named) if named else default_path(os.environ)


def _binding(need: Need) -> Binding:
    from pacsconf.operator.binding import Binding

    return Binding(need.ref, need.endpoint)


def unbound_secrets(finds: Finds, choices: Choices) -> tuple[Need, ...]:
    """Secrets of the source that no operator file lets `plan` send there."""
    from pacsconf.operator.file import load
    from pacsconf.operator.needs import needs

    wanted = tuple(needs([finds.config])) if finds.config else ()
    if not wanted:
        return ()
    try:
        bindings = load(environ=os.environ, root=choices.repository).bindings
    except OperatorError:
        bindings = ()
    return tuple(need for need in wanted if _binding(need) not in bindings)


def bound_now(screen: Screen, unbound: Sequence[Need], choices: Choices) -> bool:
    """Whether a person had the bindings written into the operator file; what goes wrong there is told only."""
    from pacsconf.operator.file import load
    from pacsconf.operator.writing import add_bindings, first_file, write_first

    if not unbound or not screen.is_interactive:
        return False
    wanted = [_binding(need) for need in unbound]
    asked = ", ".join(f"{each.ref} be sent to {each.endpoint}" for each in wanted)
    if not screen.agrees(f"May {asked} by later commands too ({_operator_path()})?"):
        return False
    try:
        operator = load(environ=os.environ, root=choices.repository)
        if operator.present:
            add_bindings(operator.path, wanted)
        else:
            write_first(operator.path, first_file(wanted, ()))
    except OperatorError as error:
        screen.error(error)
        return False
    return True


# --- what to type next --------------------------------------------------------------------------------------------


def _next_steps(choices: Choices, result: Result) -> list[str]:
    """The commands that are missing until plan can say that nothing is to be changed."""
    if choices.dry_run:
        return ["the same without --dry-run"]
    git, command = _git(choices), _command(choices)
    label = shlex.quote(f"Adopt {result.finds.name}")
    trusted = str(getattr(result.finds.config, "ca_file", None) or "")
    others = (trusted,) if trusted and not Path(trusted).is_absolute() else ()
    folder = shlex.join(
        (choices.into.name, *others)
    )  # without the authority's file no other clone could sign in
    steps = [] if _repository(choices.repository) else [f"{git} init"]
    steps += [f"{git} add {folder} && {git} commit -m {label}"]
    if result.finds.config is not None and not _has_record(choices):
        steps.append(f"{command} record init")
    return [*steps, f"{command} plan" if result.finds.config else f"{command} validate"]


def _has_record(choices: Choices) -> bool:
    """Whether this environment's record was begun; where that cannot be told, a person is asked to begin it."""
    if not _repository(choices.repository):
        return False
    from pacsconf.record.record import Record

    try:
        with Record.open(
            choices.repository, choices.environment or "default", clock=workspace.now, remote=""
        ) as store:
            return store.state(fetch=False).exists
    except RecordError:
        return False


def _git(choices: Choices) -> str:
    there = choices.repository
    return "git" if there == Path() else f"git -C {shlex.quote(str(there))}"


def _command(choices: Choices) -> str:
    environment = choices.environment
    folder = "" if choices.repository == Path() else f" --chdir {shlex.quote(str(choices.repository))}"
    return f"pacsconf{folder}{f' -e {shlex.quote(environment)}' if environment else ''}"


def _repository(root: Path) -> bool:
    here = root.resolve()
    return any((folder / ".git").exists() for folder in (here, *here.parents))
