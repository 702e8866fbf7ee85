"""What adopt reads: the live system or the export that was named, and the inventory that exists beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from pacsconf.cli import source, workspace
from pacsconf.cli.screen import Screen
from pacsconf.cli.source import Branches, Typed
from pacsconf.core.errors import PacsconfError, Refused

if TYPE_CHECKING:
    from pacsconf.adopt.orthanc import Own
    from pacsconf.cli.adopt_choices import Choices
    from pacsconf.cli.adoption import Beside, Finds
    from pacsconf.core.resource import Snapshot
    from pacsconf.inventory.systems import SystemConfig
    from pacsconf.inventory.words import Words
    from pacsconf.systems.base import System
    from pacsconf.systems.ldif import LdifFile


# --- what exists --------------------------------------------------------------------------------------------------


def existing_at(choices: Choices, config: SystemConfig | None) -> Beside | None:
    """The inventory that is there, None where there is none yet.

    Raises: InvalidInventory where it does not stand; PacsconfError where the source is declared already.
    """
    if not choices.into.is_dir() or not any(choices.into.rglob("*.y*ml")):
        return None
    from pacsconf.cli.adoption import Beside

    work = workspace.checked(choices.repository, choices.environment)
    assert work.loaded.inventory is not None, "what does not stand was raised"
    if config is not None:
        _require_new(work, choices.name, config)
    return Beside(work.loaded, work.loaded.inventory, choices.environment)


def _require_new(work: workspace.Workspace, name: str, config: SystemConfig) -> None:
    """Nothing, unless the source, or another one under its name, is declared.

    Raises: PacsconfError.
    """
    from pacsconf.operator.needs import endpoint_of

    for known, declared in work.inventory.systems.items():
        place = work.loaded.sources.place(("systems", known))
        at = f"{place.file}:{place.line}" if place else "systems"
        base = (getattr(config, "base", None), (declared.model_extra or {}).get("base"))
        same = declared.type == config.type and endpoint_of(declared) == endpoint_of(config) and (
            None in base or base[0] == base[1]
        )  # fmt: skip
        if same and endpoint_of(config) is not None:
            raise PacsconfError(
                f"{endpoint_of(config)} is adopted already: it is system {known} ({at})",
                fix="What is different there now is shown by: pacsconf plan\n"
                "What was changed outside since the last apply: pacsconf drift",
            )
        if known == name:
            raise PacsconfError(
                f"there is a system {name} already ({at}), and it is another one",
                fix=f"Call this one otherwise: --name {name}-2",
            )


# --- sources ------------------------------------------------------------------------------------------------------


@contextmanager
def live(
    screen: Screen, typed: Typed, choices: Choices, schemes: tuple[str, ...]
) -> Iterator[tuple[Finds, Beside | None]]:
    """What a live system holds, and what exists beside; the system is open as long as this lasts."""
    from pacsconf.cli.adoption import Again, Finds
    from pacsconf.inventory.model import Inventory
    from pacsconf.systems.abilities import Extended, Inspectable

    if typed.where is None and not screen.is_interactive:
        raise typer.BadParameter(f"an address is missing: {schemes[-1]}://HOST", param_hint="--url")
    require_scheme(typed, schemes)
    with (
        _as_typed_here(),
        source.opened(screen, typed, root=choices.repository, name=choices.name) as opened,
    ):
        require_scheme(opened.typed, schemes)
        existing = existing_at(choices, opened.config)
        system, config = opened.system, opened.config
        found = _read(system, opened.typed)
        unseen = tuple(system.unseen()) if isinstance(system, Inspectable) else ()
        words: Words | None = None
        if isinstance(system, Extended) and (spoken := system.spoken()):
            config = config.model_copy(update={"extensions": spoken})
            with opened.declared_as(config) as speaking:
                found = speaking.read()
                assert isinstance(speaking, Extended), "it is a system of the same kind"
                words = speaking.words

        def again(inventory: Inventory, config: SystemConfig) -> Again:
            with opened.declared_as(config) as declared:
                return Again.at(declared, inventory)

        url = str(getattr(config, "url", ""))
        own = _own(system, url)
        states = found.states()
        yield Finds(choices.name, config, states, again, url, own, unseen, (), found.spelled, words), existing


@contextmanager
def live_people(
    screen: Screen, typed: Typed, choices: Choices, branches: Branches, *, with_names: bool
) -> Iterator[tuple[Finds, Beside | None]]:
    """What a directory of people holds, and what exists beside; it is open as long as this lasts."""
    from pacsconf.cli.adopt_people import People
    from pacsconf.cli.adoption import Again, Finds
    from pacsconf.inventory.model import Inventory
    from pacsconf.systems.abilities import Inspectable, Peopled

    require_scheme(typed, ("ldap", "ldaps"))
    with (
        _as_typed_here(),
        source.opened(screen, typed, root=choices.repository, name=choices.name, branches=branches) as opened,
    ):
        existing = existing_at(choices, opened.config)
        system = opened.system
        assert isinstance(system, Peopled), "it holds people"
        system.declared(existing.inventory if existing else Inventory())
        found = _read(system, opened.typed)
        unseen = tuple(system.unseen()) if isinstance(system, Inspectable) else ()

        def again(inventory: Inventory, config: SystemConfig) -> Again:
            with opened.declared_as(config) as declared:
                return Again.at(declared, inventory)

        url = str(getattr(opened.config, "url", ""))
        people = People(system.live(), with_names)
        yield (
            Finds(choices.name, opened.config, found.states(), again, url, unseen=unseen, people=people),
            existing,
        )


def _read(system: System, typed: Typed) -> Snapshot:
    """What the system holds.

    Raises: SystemFault; Refused says in the words of the command line how to sign in, where nobody did.
    """
    try:
        return system.read()
    except Refused as refused:
        if typed.account is None:
            account = "--bind-dn DN" if typed.is_directory else "--user NAME"
            refused.fix = f"Sign in: add {account} --password prompt:Password"
        raise


@contextmanager
def _as_typed_here() -> Iterator[None]:
    """What is wrong with an address is wrong with `--url`."""
    try:
        yield
    except typer.BadParameter as bad:
        bad.param_hint = "--url" if bad.param_hint == "WHERE" else bad.param_hint
        raise


def require_scheme(typed: Typed, schemes: tuple[str, ...]) -> None:
    """Nothing, unless the address is of another kind of system.

    Raises: BadParameter.
    """
    if typed.where is not None and typed.scheme not in schemes:
        other = (
            "pacsconf adopt orthanc" if typed.is_web else "pacsconf adopt ldap" if typed.is_directory else ""
        )
        raise typer.BadParameter(
            f"an address here begins with {' or '.join(f'{scheme}://' for scheme in schemes)}"
            + (f"; for this one there is {other}" if other else ""),
            param_hint="--url",
        )


def _own(system: System, url: str) -> Own | None:
    """The application entity that an Orthanc is, as it tells itself; its host is the one that it was reached at."""
    from pacsconf.adopt.orthanc import Own
    from pacsconf.inventory.endpoint import Endpoint
    from pacsconf.systems.abilities import Entitled

    if not isinstance(system, Entitled):
        return None
    title, port = system.own_entity()
    return Own(title, Endpoint.parse(url).host, port) if port else None


def exported(path: Path, said: Path, name: str, config: SystemConfig | None) -> Finds:
    """What an LDIF file holds.

    Raises: PacsconfError when it cannot be read, or holds but a part of what there is.
    """
    from pacsconf.adopt.draft import Remark
    from pacsconf.cli.adoption import Again, Finds
    from pacsconf.systems.ldif import LdifFile

    export = LdifFile(name, path, speaks=True)
    found = export.read()
    states = found.states()
    words = export.words if export.words.extended else None
    if words and config is not None:
        config = config.model_copy(update={"extensions": tuple(one.name for one in words.extensions)})
    _require_whole(export, said)
    remarks = tuple(
        Remark(f"{finding.summary} ({finding.place})" if finding.place else finding.summary, finding.fix)
        for finding in export.findings
    )
    return Finds(
        name,
        config,
        states,
        lambda inventory, declared: Again.exported(states, declared, inventory),
        str(said),
        unseen=tuple(export.unseen()),
        remarks=remarks,
        spelled=found.spelled,
        words=words,
    )


def _require_whole(export: LdifFile, said: Path) -> None:
    """Nothing, unless the file is known to hold but a part: the rest would be missing in the inventory.

    Raises: PacsconfError.
    """
    broken = [finding for finding in export.findings if finding.rule in _NOT_WHOLE]
    if broken:
        why = "".join(f". {finding.place}: {finding.summary}" for finding in broken)
        raise PacsconfError(
            f"{said} is not read to its end, so nothing was written{why}",
            fix="\n".join(dict.fromkeys(finding.fix for finding in broken)),
        )


_NOT_WHOLE = frozenset({"LDIF-CUT", "LDIF-MANY", "LDIF-SIZE"})
