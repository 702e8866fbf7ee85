"""The command `retention preview`: live studies counted by the rule that keeps them. Nothing is changed or kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import typer

from pacsconf.cli import opening, workspace
from pacsconf.cli.compare_commands import opened
from pacsconf.cli.exits import Exit
from pacsconf.cli.screen import Screen
from pacsconf.core.errors import PacsconfError, SystemFault, Unavailable

if TYPE_CHECKING:
    from rich.status import Status

    from pacsconf.cli.workspace import Workspace
    from pacsconf.dicom.targets import Target
    from pacsconf.inventory.flows import Entity
    from pacsconf.retention.policy import Policy, Prepared
    from pacsconf.retention.reading import Told, Wanted
    from pacsconf.retention.tally import Tally
    from pacsconf.systems.base import System

_LONGEST_WINDOW = 3650
"""Days that an archive is asked about at once, at most."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How a count is asked for: of which days, how many at once, how many studies are to be named."""

    since: date | None
    until: date | None
    days: int
    listed: int
    anytime: bool
    timeout: float
    format: str

    @classmethod
    def of(
        cls,
        since: date | None,
        until: date | None,
        window: str,
        listed: int,
        anytime: bool,
        timeout: float,
        format: str,  # noqa: A002 - the option's name
    ) -> Asked:
        """As it was typed. Raises: BadParameter."""
        if since and until and since > until:
            raise typer.BadParameter(f"it is after --until {until}", param_hint="--since")
        return cls(since, until, _period(window), listed, anytime, timeout, format)


def _period(text: str) -> int:
    """Raises: BadParameter."""
    from pacsconf.inventory import formats

    try:
        days = formats.period(text)
    except ValueError as exc:
        raise typer.BadParameter(str(exc), param_hint="--window") from None
    if not 1 <= days <= _LONGEST_WINDOW:
        raise typer.BadParameter(f"1d to {_LONGEST_WINDOW}d", param_hint="--window")
    return days


@dataclass(slots=True)
class _Count:
    """What is to be counted, how, and what became of it."""

    work: Workspace
    policy: Policy
    floors: tuple[Prepared, ...]
    facts: frozenset[Wanted]
    asked: Asked
    status: Status | None = None
    today: date = field(default_factory=lambda: workspace.now().date())
    cut_off: list[str] = field(default_factory=list)
    questions: int = 0

    def tally(self, told: Iterator[Told]) -> Tally:
        from pacsconf.retention.reading import studies
        from pacsconf.retention.tally import tally

        until = self.asked.until
        known = studies(told, self.facts, to_the_end=until is None or until >= self.today)
        return tally(known, self.policy, self.floors, self.today, self.asked.listed)

    def say(self, text: str) -> None:
        if self.status is not None:
            self.status.update(text)


def counted(context: typer.Context, whom: str, asked: Asked) -> Exit:
    """Count, and show what came of it."""
    from pacsconf.report.preview_text import Preview, preview_json, preview_text

    screen: Screen = context.obj.screen
    work = opened(context, asked.format)
    count = _count(work, asked)
    opening.require_lab(work)
    count.status = screen.stderr.status(f"asking {whom} …") if screen.shows_progress else None
    if count.status is not None:
        count.status.start()
    try:
        name, way, found, armed = _counted(count, whom)
    finally:
        if count.status is not None:
            count.status.stop()
    cut_off = tuple(sorted(count.cut_off))
    made = Preview(name, way, asked.since, asked.until, count.today, found, armed, cut_off, count.questions)
    if asked.format == "json":
        screen.raw(preview_json(made))
    else:
        screen.show(preview_text(made, screen.width))
    if made.cut_off:
        return Exit.ERROR  # what was counted is not all there is
    return Exit.POLICY if found.below_floor else Exit.OK


def _count(work: Workspace, asked: Asked) -> _Count:
    from pacsconf.retention.policy import floors, policy
    from pacsconf.retention.reading import wanted

    declared = work.inventory.retention
    rules, minimums = policy(declared), floors(declared)
    return _Count(work, rules, minimums, wanted((*rules.rules, *minimums)), asked)


def _counted(count: _Count, whom: str) -> tuple[str, str, Tally, bool | None]:
    """Who was asked, how, what came of it, and whether it deletes by itself."""
    if whom in count.work.inventory.systems:
        with opening.system(count.work, whom) as system:
            return (whom, "over REST", *_over_rest(count, whom, system))
    device, ae = _meant(count.work, whom)
    name = f"{device.name}/{ae.title}"
    return name, "by C-FIND", _by_find(count, (device, ae), name), _armed(count.work, name)


def _over_rest(count: _Count, name: str, system: System) -> tuple[Tally, bool | None]:
    """Raises: BadParameter when it keeps no studies; SystemFault."""
    from pacsconf.systems.abilities import Keeping, Stocked

    if not isinstance(system, Keeping):
        kind = count.work.inventory.systems[name].type
        text = f"{name} ({kind}) keeps no studies; name the archive itself, which is asked by C-FIND"
        raise typer.BadParameter(text, param_hint="ENTITY|SYSTEM")
    found = count.tally(system.studies(count.facts, count.asked.since, count.asked.until))
    armed = system.stock(workspace.now()).armed if isinstance(system, Stocked) else None
    return found, armed


def _armed(work: Workspace, name: str) -> bool | None:
    """Whether the Orthanc that this entity is deletes by itself; None where it is none, or cannot be asked."""
    from pacsconf.inventory.peers import entity
    from pacsconf.systems.abilities import Stocked

    for system_name, config in sorted(work.inventory.systems.items()):
        ae = getattr(config, "ae", None)
        holder = entity(work.inventory, ae) if ae else None
        if config.type != "orthanc" or holder is None or f"{holder[0].name}/{holder[1].title}" != name:
            continue
        try:
            with opening.system(work, system_name) as system:
                return system.stock(workspace.now()).armed if isinstance(system, Stocked) else None
        except (SystemFault, PacsconfError):
            return None
    return None


# --- by C-FIND ----------------------------------------------------------------------------------------------------


def _meant(work: Workspace, whom: str) -> Entity:
    """Raises: BadParameter."""
    from pacsconf.inventory.whom import meant

    try:
        return meant(work.inventory, whom)
    except ValueError as exc:
        raise typer.BadParameter(str(exc), param_hint="ENTITY|SYSTEM") from None


def _by_find(count: _Count, entity: Entity, name: str) -> Tally:
    """Raises: Unavailable when it does not do its part; PacsconfError when it may not be asked."""
    from pacsconf.dicom.studies.asking import NotAsked
    from pacsconf.dicom.upper_layer.peer_fault import PeerFault

    try:
        return count.tally(_told(count, _target(count, entity, name), name))
    except NotAsked as exc:
        raise PacsconfError(
            f"{name} is not asked: {exc}",
            fix="Declare probe: services for it, and probe_as; or name the system of type orthanc that it is.",
        ) from exc
    except PeerFault as fault:
        raise Unavailable(
            name,
            str(fault),
            fix=f"Find out why: {count.work.command} diagnose {name} --service study-root-find",
        ) from fault


def _target(count: _Count, entity: Entity, name: str) -> Target:
    """Where it is called. Raises: PacsconfError when nowhere."""
    from pacsconf.cli.wire import targets_asked

    device, ae = entity
    found = targets_asked(count.work, anytime=count.asked.anytime, devices={device.name})
    own = [one for one in found if one.title == ae.title and one.node is None]
    if not own:
        raise PacsconfError(
            f"{name} cannot be called: it is not active, or listens at no address",
            fix="Look at its lifecycle, and at the port of its connection.",
        )
    return next((one for one in own if one.level == "services"), own[0])


def _told(count: _Count, target: Target, name: str) -> Iterator[Told]:
    from pacsconf.cli.wire import require_tls, wire_of
    from pacsconf.dicom.studies.answers import FACTS
    from pacsconf.dicom.studies.asking import archive
    from pacsconf.dicom.studies.windows import Span
    from pacsconf.retention.reading import Told

    wire = wire_of(count.work, count.asked.timeout)
    require_tls(wire, (target,))
    span = Span(count.asked.since, count.asked.until, count.today, count.asked.days)
    seen = 0
    with archive(target, wire, [fact for fact in FACTS if fact in count.facts]) as asked:
        for part in asked.sweep(span):
            seen += len(part.studies)
            count.say(f"{name}: {seen:,} studies, back to {part.window.first or 'the first'} …")
            if not part.whole:
                count.cut_off.append(str(part.window))
            yield from (Told(one.texts, one.codes) for one in part.studies)
        count.questions = asked.asked
