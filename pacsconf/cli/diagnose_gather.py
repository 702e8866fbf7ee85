"""What a diagnosis looks at, read and asked: the record, the live systems, the wire, who was heard.

Whatever cannot be had becomes a line of the evidence, and never the end of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pacsconf.cli import opening, workspace
from pacsconf.cli.diagnose_heard import with_heard
from pacsconf.cli.wire import prober_entity, require_tls, targets_asked, wire_of
from pacsconf.core.errors import InventoryError, PacsconfError, RecordError

if TYPE_CHECKING:
    from pacsconf.cli.progress import Reporter
    from pacsconf.cli.workspace import Workspace
    from pacsconf.dicom.diagnose.evidence import (
        Contexts,
        End,
        Evidence,
        Holder,
        Obstacle,
        Table,
        WorklistSeen,
    )
    from pacsconf.dicom.diagnose.gather import Sides, Told
    from pacsconf.dicom.observation import Observation
    from pacsconf.dicom.targets import Target
    from pacsconf.inventory.flows import Entity
    from pacsconf.inventory.systems import SystemConfig
    from pacsconf.record.state import RecordState
    from pacsconf.systems.base import System


@dataclass(frozen=True, slots=True)
class Pair:
    """The two that are meant. What is not declared has no entity; `caller` is then pacsconf itself."""

    caller: End
    called: End
    calling_entity: Entity | None = None
    called_entity: Entity | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """How it was asked for; `service` empty: all that flows declare."""

    service: str = ""
    impersonate: bool = False
    logs: tuple[Path, ...] = ()
    offline: bool = False
    now: bool = False
    timeout: float = 5.0


def placed(work: Workspace) -> Told:
    """Says where a path of the inventory is written: `inventory/ct.yaml:14`."""

    def told(path: tuple[str | int, ...]) -> str:
        place = work.loaded.sources.place(path)
        return f"{place.file}:{place.line}" if place else ""

    return told


def gathered(work: Workspace, pair: Pair, asked: Asked, reporter: Reporter) -> Evidence:
    """All the evidence about a pair."""
    from pacsconf.dicom.diagnose.evidence import Evidence
    from pacsconf.inventory.flows import Entities

    state, why = _state(work)
    reserved = (
        {address.parts[-1]: day.isoformat() for address, day in state.reserved.items()} if state else {}
    )
    evidence = Evidence(
        caller=replace(pair.caller, reserved=reserved.get(pair.caller.title, "")),
        called=replace(pair.called, reserved=reserved.get(pair.called.title, "")),
        asked=asked.service,
        probed_as=_title(work, pair),
        recorded=why,
        others=Entities(work.inventory).titles - set(pair.caller.titles),
    )
    evidence = _declared(work, pair, asked, evidence)
    evidence = with_heard(work, asked.logs, evidence)
    if asked.offline:
        return _as_recorded(pair, state, replace(evidence, unsent="--offline"))
    evidence = replace(evidence, tables=tuple(_tables(work, pair, state, reporter)))
    return _called(work, pair, asked, evidence, reporter)


def _title(work: Workspace, pair: Pair) -> str:
    """The title that pacsconf calls under."""
    from pacsconf.cli.look_at_entity import CALLING

    found = prober_entity(work)
    return found[1].title if found else CALLING if pair.called_entity is None else ""


def _state(work: Workspace) -> tuple[RecordState | None, str]:
    """The record, or why it is not known what was last applied."""
    try:
        with workspace.record(work) as store:
            state = store.state()
    except RecordError as exc:
        return None, exc.message
    return state, "" if state.known or not state.exists else state.why_unknown


def _as_recorded(pair: Pair, state: RecordState | None, evidence: Evidence) -> Evidence:
    """The wire as the last recorded probe saw it, where that asked the called side at its declared address."""
    from pacsconf.cli.probe_run import last_of

    run = last_of(state.evidence) if state else None
    called = pair.called
    for seen in run.observations if run else ():
        target = seen.target
        if (target.device, target.title, target.node) == (called.device, called.title, None) and (
            (target.host, target.port) == (called.host, called.port)
        ):
            return replace(
                evidence, wire=seen, seen_at=seen.at, probed_as=target.calling or evidence.probed_as
            )
    return evidence


# --- what is declared ---------------------------------------------------------------------------------------------


def _declared(work: Workspace, pair: Pair, asked: Asked, evidence: Evidence) -> Evidence:
    """Flows and what the solver says, where both are declared."""
    from pacsconf.dicom.diagnose.gather import flows_between, obstacles, services_of
    from pacsconf.dicom.reach import reach

    caller, called = pair.calling_entity, pair.called_entity
    if caller is None or called is None:
        return replace(evidence, services=(asked.service,) if asked.service else ())
    told = placed(work)
    flows = flows_between(work.inventory, caller, called, told)
    services = services_of(flows)
    found: tuple[Obstacle, ...] = ()
    if evidence.caller.title != evidence.probed_as and (flows or asked.service):
        wanted = (asked.service,) if asked.service else None
        found = obstacles(reach(work.inventory, caller, called, wanted), told)
    return replace(
        evidence,
        flows=flows,
        reverse=flows_between(work.inventory, called, caller, told),
        services=services if not asked.service or asked.service not in services else (asked.service,),
        obstacles=found,
        prober_may=_prober_may(work, called, told),
    )


def _prober_may(work: Workspace, called: Entity, told: Told) -> bool:
    from pacsconf.dicom.diagnose.gather import flows_between

    own = prober_entity(work)
    return own is not None and bool(flows_between(work.inventory, own, called, told))


# --- live systems -------------------------------------------------------------------------------------------------


def _tables(work: Workspace, pair: Pair, state: RecordState | None, reporter: Reporter) -> Iterator[Table]:
    """What each system that concerns the two holds of them."""
    from pacsconf.dicom.diagnose.gather import table_of

    for name, config in sorted(work.inventory.systems.items()):
        holder = _holder(work, pair, config)
        if holder is None:
            continue
        reporter.reading(name)
        sides = _sides(work, config, holder, state)
        yield table_of(sides, pair.caller, pair.called, work.inventory, placed(work))


def _holder(work: Workspace, pair: Pair, config: SystemConfig) -> Holder | None:
    """Whose table a system is; None where it has nothing to do with the two."""
    from pacsconf.inventory.peers import entity

    if config.type == "dicom-directory":
        return "directory" if pair.calling_entity or pair.called_entity else None
    named = getattr(config, "ae", None)
    own = entity(work.inventory, named) if isinstance(named, str) else None
    if own is None:
        return None
    key = (own[0].name, own[1].title)
    for who, each in (("called", pair.called_entity), ("caller", pair.calling_entity)):
        if each is not None and (each[0].name, each[1].title) == key:
            return "called" if who == "called" else "caller"
    return None


def _sides(work: Workspace, config: SystemConfig, holder: Holder, state: RecordState | None) -> Sides:
    """One system, read. What keeps it from being read is said instead."""
    from pacsconf.dicom.diagnose.gather import Sides

    last = state.for_planning().owned if state is not None else None
    waiting = frozenset(state.waiting if state else ())
    held = frozenset(state.held if state else ())
    writes = config.mode == "write"
    empty = Sides(config.name, config.type, holder, {}, None, last, waiting=waiting, held=held, writes=writes)
    try:
        with opening.system(work, config.name) as live:
            return _read(work, live, empty, state)
    except InventoryError:
        raise
    except PacsconfError as fault:
        return replace(empty, fault=fault.message)


def _read(work: Workspace, live: System, empty: Sides, state: RecordState | None) -> Sides:
    """Raises: PacsconfError when it cannot be read."""
    from pacsconf.systems.abilities import Attested, Entitled

    if isinstance(live, Attested):
        attested = state.attested if state else {}
        live.recall({address: one for address, one in attested.items() if address.system == live.name})
    declared = live.declared(work.inventory)
    snapshot = live.read()
    title, port = live.own_entity() if isinstance(live, Entitled) else ("", None)
    return replace(
        empty,
        declared=declared.states(),
        live=snapshot.states(),
        paths=declared.paths,
        notes=snapshot.notes,
        own_title=title,
        # Where calls are led elsewhere (a practice lab), the port is another one than is declared.
        own_port=None if work.inventory.environments[work.environment].dial else port,
        rules=frozenset(finding.rule for finding in live.check(())),
    )


# --- the wire -----------------------------------------------------------------------------------------------------


def _called(work: Workspace, pair: Pair, asked: Asked, evidence: Evidence, reporter: Reporter) -> Evidence:
    """What the called side says on the wire, as gently as it allows."""
    from pacsconf.dicom.probe.observer import probe

    targets = _targets(work, pair, asked, evidence.probed_as)
    if not targets:
        return replace(evidence, unsent=_why_none(pair))
    targets = tuple(replace(target, contexts=_between(evidence, target)) for target in targets)
    reporter.reading(f"{targets[0].title} at {targets[0].host}:{targets[0].port}")
    if fault := _unfit_for_tls(work, asked, targets):
        return replace(evidence, unsent=fault)
    wire = wire_of(work, asked.timeout)
    first, *others = (probe(target, wire) for target in targets)
    evidence = replace(evidence, wire=first, further=tuple(others))
    if asked.impersonate:
        found = _targets(work, pair, asked, evidence.probed_as, as_=pair.caller.title)
        borrowed = [replace(target, contexts=targets[0].contexts) for target in found[:1]]
        for target in borrowed:
            seen = probe(target, wire)
            evidence = replace(evidence, impersonated=seen, unrecorded=_recorded(work, pair, seen))
    return replace(evidence, worklist=_worklist(work, pair, asked, evidence, targets[0]))


def _recorded(work: Workspace, pair: Pair, seen: Observation) -> str:
    """Keep a call under another's title in the record, as `probe --impersonate` does. Returns why that failed."""
    from pacsconf.cli.probe_run import Asked as Sweep
    from pacsconf.cli.probe_run import declared, keep, reason_of, run_of

    if not seen.steps:
        return ""  # nothing was sent, so nobody was called
    run = run_of(work, (seen,), Sweep(impersonated=pair.caller.title))
    try:
        keep(work, run, declared(work), reason=f"diagnose, {reason_of(run)}")
    except RecordError as fault:
        return fault.message
    return ""


def _between(evidence: Evidence, target: Target) -> Contexts:
    """Of what the target offers, what the caller may ask of it: the rest need not be negotiated."""
    from pacsconf.inventory import uids

    may = {uid for service in evidence.services for uid in uids.covers(service)}
    asks = {uid for uid, _ in evidence.caller.asks}
    wanted = (may & asks) or may or asks
    return tuple((uid, syntaxes) for uid, syntaxes in target.contexts if uid in wanted)


def _unfit_for_tls(work: Workspace, asked: Asked, targets: Sequence[Target]) -> str:
    """Why the files for TLS cannot be used, where they are needed."""
    try:
        require_tls(wire_of(work, asked.timeout), targets)
    except PacsconfError as fault:
        return fault.in_full
    return ""


def _targets(
    work: Workspace, pair: Pair, asked: Asked, calling: str, as_: str | None = None
) -> tuple[Target, ...]:
    """The called side at each of its addresses, the one that the caller is told first."""
    if pair.called_entity is None:
        return (_undeclared(work, pair, calling if as_ is None else as_, borrowed=as_ is not None),)
    device, ae = pair.called_entity
    found = targets_asked(work, anytime=asked.now, impersonate=as_)
    own = [one for one in found if one.device == device.name and one.title == ae.title]
    where = (pair.called.host, pair.called.port)
    return tuple(sorted(own, key=lambda one: (one.node is not None, (one.host, one.port) != where)))


def _undeclared(work: Workspace, pair: Pair, calling: str, *, borrowed: bool) -> Target:
    """What is not declared is asked for an echo; at an address that is declared, as gently as its device allows."""
    from pacsconf.dicom.targets import Target

    called = pair.called
    declared = [one for one in targets_asked(work) if (one.host, one.port) == (called.host, called.port)]
    quiet = next((one for one in declared if one.level in ("none", "tcp")), None)
    return Target(
        device="",
        title=called.title,
        connection="",
        host=called.host,
        port=called.port or 104,
        declared=f"{called.host}:{called.port}",
        level=quiet.level if quiet else "echo",
        calling=calling,
        tls=any(one.tls for one in declared),
        why=f"{quiet.device} is declared there: {quiet.why}" if quiet else "",
        borrowed=borrowed,
    )


def _why_none(pair: Pair) -> str:
    """Why there is nobody to call."""
    called = pair.called
    if called.lifecycle not in ("active", "retiring"):
        return f"{called.title} is {called.lifecycle}, and is called by nobody then"
    if called.port is None:
        return f"{called.title} has no port that could be called"
    return f"{called.title} takes no calls, or is not installed, as it is declared"


def _worklist(
    work: Workspace, pair: Pair, asked: Asked, evidence: Evidence, target: Target
) -> WorklistSeen | None:
    """How the worklist looks to the caller, where that is what they do with each other."""
    from pacsconf.dicom.diagnose.worklist import look

    if pair.calling_entity is None or not _asks_worklist(pair, evidence):
        return None
    if evidence.wire is None or evidence.failed is not None or evidence.wire.verdict == "not probed":
        return None
    wish = pair.calling_entity[0].worklist
    station = (wish.station_ae if wish else None) or pair.caller.title
    modality = (wish.modality_code if wish else None) or next(iter(pair.calling_entity[0].modality), "")
    day = workspace.now().astimezone().date()
    return look(target, wire_of(work, asked.timeout), station, modality, day)


def _asks_worklist(pair: Pair, evidence: Evidence) -> bool:
    from pacsconf.inventory import uids

    offered = {uid for uid, _ in pair.called.offers}
    between = {uid for service in evidence.services for uid in uids.covers(service)}
    return uids.MODALITY_WORKLIST in offered & between
