"""What the commands `access` work on: the inventory now, who is live, names, places in git, the record."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import typer

from pacsconf.cli import opening, workspace
from pacsconf.cli.compare_commands import opened
from pacsconf.cli.exits import Exit
from pacsconf.cli.inventory_commands import show_findings
from pacsconf.cli.screen import Screen, sentence
from pacsconf.core.errors import RecordError, RecordUnknown, SystemFault, UnsafePlan

if TYPE_CHECKING:
    from datetime import date

    from pacsconf.cli.workspace import Workspace
    from pacsconf.core.finding import Path
    from pacsconf.core.review import Reviews
    from pacsconf.inventory.people import Personal
    from pacsconf.people.live import LiveAccounts
    from pacsconf.record.record import Record
    from pacsconf.record.state import RecordState
    from pacsconf.report.access.known import Applied, Origin
    from pacsconf.systems.abilities import Peopled
    from pacsconf.systems.base import System


def now_in(context: typer.Context, format: str) -> Workspace:  # noqa: A002
    """The workspace for looking at files only, its inventory as of now; where no environment is named, without one.

    An inventory that does not stand is shown whole and ends the command with 3.
    """
    from pacsconf.inventory.environment import for_environment

    try:
        work = workspace.checked(context.obj.root, context.obj.environment)
    except workspace.InvalidInventory as invalid:
        show_findings(context.obj.screen, invalid, format)
        raise typer.Exit(Exit.INVALID) from None
    declared = tuple(work.inventory.environments)
    chosen = context.obj.environment or (declared[0] if len(declared) == 1 else "")
    inventory = for_environment(work.inventory, chosen)[0] if chosen else work.inventory
    now = inventory.model_copy(update={"as_of": workspace.as_of()})
    return replace(work, inventory=now, environment=chosen or work.environment)


def opened_now(context: typer.Context, format: str) -> Workspace:  # noqa: A002
    """The workspace of one environment, as of now."""
    return opened(context, format)


# --- live ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Live:
    """What was read, by system, and why some could not be."""

    read: Mapping[str, LiveAccounts]
    faults: tuple[SystemFault, ...] = ()


def people_systems(work: Workspace) -> tuple[str, ...]:
    """The systems that hold people's accounts."""
    from pacsconf.systems import base
    from pacsconf.systems.abilities import Peopled

    found = []
    for name, config in sorted(work.inventory.systems.items()):
        kind: Any = base.find(config.type)
        if isinstance(kind, type) and issubclass(kind, Peopled):
            found.append(name)
    return tuple(found)


def live_of(work: Workspace, user: str) -> Live:
    """One user in every system of accounts: nothing else is asked for."""
    return _read(work, people_systems(work), lambda _, peopled: peopled.live_of(user))


def live_of_all(work: Workspace, only: Collection[str] | None = None) -> Live:
    """Everybody in every system of accounts, or in these."""

    def whole(system: System, peopled: Peopled) -> LiveAccounts:
        system.read()
        return peopled.live()

    names = [name for name in people_systems(work) if only is None or name in only]
    return _read(work, names, whole)


def _read(work: Workspace, names: Iterable[str], look: Callable[[System, Peopled], LiveAccounts]) -> Live:
    from pacsconf.systems.abilities import Peopled

    read: dict[str, LiveAccounts] = {}
    faults: list[SystemFault] = []
    for name in names:
        with opening.system(work, name) as system:
            assert isinstance(system, Peopled), "these were chosen"
            system.declared(work.inventory)
            try:
                read[name] = look(system, system)
            except SystemFault as fault:
                faults.append(fault)
    return Live(read, tuple(faults))


# --- names --------------------------------------------------------------------------------------------------------


def names_of(work: Workspace, users: Iterable[str], live: Mapping[str, LiveAccounts]) -> dict[str, str]:
    """Who these users are: as the inventory says, else HR's file, else a directory that was read.

    Raises: OperatorError when HR's file cannot be read, or others could read it.
    """
    listed = workspace.operator(work).people()
    found: dict[str, str] = {}
    for user in dict.fromkeys(users):
        declared = work.inventory.users.get(user)
        accounts = (there.accounts.get(user) for there in live.values())
        said = (
            declared.personal() if declared else {},
            listed.get(user, {}),
            *(account.personal for account in accounts if account),
        )
        if name := next((name for facts in said if (name := called(_texts(facts)))), ""):
            found[user] = name
    return found


def _texts(facts: Mapping[Personal, str]) -> dict[str, str]:
    return {str(name): text for name, text in facts.items()}


def called(facts: Mapping[str, str]) -> str:
    """The name in what is known of somebody."""
    parts = (facts.get("given_name", ""), facts.get("family_name", ""))
    return facts.get("name") or " ".join(part for part in parts if part)


# --- git ----------------------------------------------------------------------------------------------------------


_MOST_BLAMED = 1000
"""Lines that git is asked about: it takes some milliseconds for each."""


def origins(work: Workspace, paths: Iterable[Path]) -> dict[Path, Origin]:
    """Where these stand in files, and since which commit; of very many, only where."""
    from pacsconf.record.blame import written
    from pacsconf.report.access.known import Origin

    places = {path: place for path in dict.fromkeys(paths) if (place := work.loaded.sources.place(path))}
    lines = {(place.file, place.line) for place in places.values()}
    commits = written(work.root, lines) if len(lines) <= _MOST_BLAMED else {}
    found = {}
    for path, place in places.items():
        one, at = commits.get((place.file, place.line)), f"{place.file}:{place.line}"
        found[path] = Origin(at, one.commit, one.day, True, one.boundary) if one else Origin(at)
    return found


def first_days(work: Workspace, roles: Iterable[str]) -> dict[str, date]:
    """Since when these roles stand in the inventory, as far as git knows."""
    paths = {work.inventory.roles[name].path: name for name in roles}
    keys = origins(work, paths)
    return {paths[path]: origin.day for path, origin in keys.items() if origin.day}


# --- the record ---------------------------------------------------------------------------------------------------


def record_state(work: Workspace, *, fetch: bool = False) -> RecordState | None:
    """The record of the environment as it stands here; None where there is no repository that could hold one."""
    try:
        with workspace.record(work) as store:
            return store.state(fetch=fetch)
    except RecordError:
        return None


def reviews_of(work: Workspace, screen: Screen | None = None) -> Reviews | None:
    """The reviews that the record holds; None where it is not known, or there is none.

    With a screen the remote is asked, too, and told which answers count for nothing.

    Raises: RecordUnknown, for a screen, when there is a record and it cannot be told what it holds.
    """
    state = record_state(work, fetch=screen is not None)
    if state is not None and state.note and screen is not None:
        screen.note(sentence(state.note))
    if state is not None and state.exists and not state.known and screen is not None:
        raise RecordUnknown(f"what was reviewed is not known: {state.why_unknown}", fix=state.fix)
    if state is None or not state.known or not state.exists:
        return None
    return believed_of(work, state.contents.reviews, screen)


def believed_of(work: Workspace, reviews: Reviews, screen: Screen | None = None) -> Reviews:
    """Without the answers that no command would have taken; and without those that nobody signed whose signature is
    believed, where the operator file says whose that is. The screen is told."""
    from pacsconf.core.review import believed
    from pacsconf.people.believing import untrue

    if not reviews:
        return reviews
    allowed = workspace.operator(work).signers()
    flaws = dict(untrue(work.inventory, reviews, workspace.now(), by_mail=allowed is not None))
    if allowed is not None:
        with workspace.record(work) as store:
            flaws |= store.unsigned_words(reviews, allowed)
    for (which, (user, role)), flaw in sorted(flaws.items() if screen else ()):
        assert screen is not None, "else nobody is told"
        screen.note(sentence(f"What was said of {user} as {role} in {which} {flaw}. It counts for nothing."))
    return believed(reviews, flaws)


def require_own_key(work: Workspace, store: Record) -> bool:
    """Whether the operator file says whose signature is believed; whoever works here signs with their own key then.

    Raises: UnsafePlan when they do not; RecordError.
    """
    allowed = workspace.operator(work).signers()
    if allowed is not None and (flaw := store.own_key(allowed).flaw):
        raise UnsafePlan(
            f"an answer by {store.identity()} would not be believed: what you commit {flaw}",
            fix="git config gpg.format ssh; git config user.signingkey FILE; git config commit.gpgsign true",
        )
    return allowed is not None


def applied(work: Workspace, user: str, groups: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Applied]:
    """Since when, by the record, pacsconf has a user in these groups, by system and group."""
    from pacsconf.core.address import Address
    from pacsconf.report.access.known import Applied

    found: dict[tuple[str, str], Applied] = {}
    try:
        with workspace.record(work) as store:
            for system, group in groups:
                entry = store.since(Address.of(system, "membership", user), f"group {group}")
                if entry is not None:
                    found[system, group] = Applied(entry.at, entry.commit)
    except RecordError:
        return found
    return found
