"""What an identity team is asked for: a sheet of it after an apply, and by `render` at any time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pacsconf.cli import workspace
from pacsconf.cli.console_sheets import NONE, stored
from pacsconf.cli.screen import Screen
from pacsconf.core.errors import PacsconfError, RecordError
from pacsconf.core.moment import in_words, iso_in_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pacsconf.core.changeset import ChangeSet
    from pacsconf.record.record import Record
    from pacsconf.record.state import RecordState
    from pacsconf.report.sheets.context import Request
    from pacsconf.report.sheets.requests import Open

_FORMS = ("html", "md")


def hand_out_requests(
    screen: Screen, work: workspace.Workspace, changeset: ChangeSet, state: RecordState, sheets: str | None
) -> None:
    """Write a sheet for each identity team that this change set asks something of, and say what it is about.

    The sheet holds all that is open there, so that the newest is whole. What hinders it is said and fails nothing.
    """
    from pacsconf.people.asking import requested
    from pacsconf.report.plan.keyed_text import to_ask_text
    from pacsconf.report.view import View

    asked = {one.address.system for one in changeset.outcomes if requested(one.error)}
    for system in sorted(asked & set(_systems(work))):
        with workspace.record(work) as store:
            made = _request(work, system, open_of(store, state, system))
        files = [] if sheets == NONE else _written(screen, work, made, changeset, sheets)
        screen.show(to_ask_text(made, files, View(width=screen.width), work.command))


def requests(
    work: workspace.Workspace, state: RecordState | None, about: Sequence[str], *, names: bool
) -> Iterator[Request]:
    """What is open in these systems of accounts; of none in particular: in all in which anything is.

    Raises: PacsconfError where one is none, or nothing is open there; OperatorError when names cannot be had.
    """
    meant = _meant(work, about)
    found: dict[str, tuple[Open, ...]] = {}
    if state is not None and state.exists:
        state.require_known()
        with workspace.record(work) as store:
            found = {system: open_of(store, state, system) for system in meant}
    idle = [system for system in meant if not found.get(system)]
    if (about and idle) or len(idle) == len(meant):
        raise _nothing(work, idle)
    for system in meant:
        if found[system]:
            yield _request(work, system, found[system], names=names)


def open_of(store: Record, state: RecordState, system: str) -> tuple[Open, ...]:
    """What is asked of an identity team in a system, by address, each with what its change set tells."""
    from pacsconf.report.sheets.requests import Open

    waiting = [one for _, one in sorted(state.waiting.items()) if one.change.address.system == system]
    known = dict(_changesets(store, {one.changeset for one in waiting}))
    found = []
    for one in waiting:
        by = known.get(one.changeset)
        outcomes = {outcome.address: outcome.error for outcome in by.done} if by else {}
        found.append(
            Open(
                one.change,
                iso_in_words(one.since),
                one.changeset,
                outcomes.get(one.change.address, ""),
                by.operator if by else "",
                by.ticket if by else "",
            )
        )
    return tuple(one for one in found if one.deeds)


def _changesets(store: Record, ids: Iterable[str]) -> Iterator[tuple[str, ChangeSet]]:
    for each in sorted(ids):
        try:
            yield each, store.load(each)
        except RecordError:
            continue  # of a clone that is not whole; then the change itself tells what is asked


def _request(
    work: workspace.Workspace, system: str, found: Sequence[Open], *, names: bool = False
) -> Request:
    from pacsconf.report.sheets.requests import request

    return request(
        work.inventory,
        system,
        found,
        printed=in_words(workspace.now()),
        command=work.command,
        names=_names(work, found) if names else {},
    )


def _names(work: workspace.Workspace, found: Sequence[Open]) -> Mapping[str, str]:
    from pacsconf.cli.access_gather import names_of

    return names_of(work, (one.change.address.parts[0] for one in found), {})


def _systems(work: workspace.Workspace) -> list[str]:
    from pacsconf.inventory.accounts import AccountsConfig

    return sorted(name for name, one in work.inventory.systems.items() if isinstance(one, AccountsConfig))


def _meant(work: workspace.Workspace, about: Sequence[str]) -> tuple[str, ...]:
    from pacsconf.inventory.merge import nearest

    known = _systems(work)
    for name in about:
        if name not in known:
            raise PacsconfError(
                f'there is no system of accounts "{name}"{nearest(name, known)}',
                fix=f"Systems of type accounts: {', '.join(known) or 'none is declared'}.",
            )
    return tuple(dict.fromkeys(about or known))


def _nothing(work: workspace.Workspace, systems: Sequence[str]) -> PacsconfError:
    where = f" in {', '.join(systems)}" if systems else ": no system of accounts is declared"
    return PacsconfError(
        f"nothing is asked of the identity team{where}",
        fix=f"What an apply would ask for is in the plan: {work.command} plan",
    )


def _written(
    screen: Screen, work: workspace.Workspace, made: Request, changeset: ChangeSet, sheets: str | None
) -> list[str]:
    from pacsconf.report.sheets.hospital import hospital
    from pacsconf.report.sheets.render import Templates
    from pacsconf.report.sheets.requests import NAME

    seen = hospital(work.inventory, day=workspace.now().date(), environment=work.environment)
    known = Templates(work.root / "templates")
    try:
        texts = {form: known.render(NAME, form, seen.values(request=made)) for form in _FORMS}
        folder = Path(sheets) if sheets else work.root / "sheets"
        return [str(path) for path in stored(folder, f"{made.system}-{changeset.id}", texts, NAME)]
    except PacsconfError as exc:
        screen.error(exc)
        return []
