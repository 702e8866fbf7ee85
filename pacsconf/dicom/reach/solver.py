"""Whether one application entity would reach another, by what is declared. Pure: nothing is sent or read.

For a pair, in this order: the flows that connect the two; of each service the SOP classes in common, and their
transfer syntaxes; the way there (life cycle, port, TLS); whether the caller is let in; what must come back on a
connection of its own; what would not be understood. Each of these is a module beside this one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pacsconf.dicom.reach import answer, services
from pacsconf.dicom.reach.access import Doors
from pacsconf.dicom.reach.answer import ClassReach, Outcome, Reach, Reason, ServiceReach, WayBack
from pacsconf.dicom.reach.back import MOVES, gets_unknown, left_out, returns
from pacsconf.dicom.reach.index import Flows, names, topics
from pacsconf.dicom.reach.meaning import remarks
from pacsconf.dicom.reach.services import Asked, Roles, matched, outcome_of, roles_of
from pacsconf.dicom.reach.way import way
from pacsconf.dicom.reach.worklist import of_worklist
from pacsconf.inventory import uids
from pacsconf.inventory.flows import Entities, Entity
from pacsconf.inventory.model import Flow, Inventory, TransferCapability

GROUPS = (
    "storage",
    "storage-commitment",
    "modality-worklist",
    "mpps",
    "query-retrieve",
    "print",
    "color-print",
    "unified-procedure-step",
    "verification",
)
"""The services that are looked at where no flow says which, as far as the caller uses them."""


class Solver:
    """The solver for one inventory; what it works out for one pair is kept for the next."""

    def __init__(self, inventory: Inventory, entities: Entities | None = None) -> None:
        self.inventory = inventory
        self.flows = Flows(inventory, entities)
        self.doors = Doors(inventory)
        self._roles: dict[int, tuple[tuple[TransferCapability, ...], Roles]] = {}

    def roles(self, entity: Entity) -> Roles:
        """What an entity uses and offers; thousands have the very same tuple of capabilities."""
        capabilities = entity[1].capabilities
        known = self._roles.get(id(capabilities))
        if known is None:
            known = self._roles[id(capabilities)] = (capabilities, roles_of(entity[1]))
        return known[1]

    def reach(self, caller: Entity, called: Entity, wanted: tuple[str, ...] | None = None) -> Reach:
        """Whether the caller would reach the called one: for these services, else for what flows declare.

        `wanted` are services as `uids.service` spells them.
        """
        flows = self.flows.between(caller, called)
        asked = tuple(self._asked(caller, called, flows, wanted))
        found = self._solved(caller, called, flows, asked)
        return replace(found, reasons=(*found.reasons, *self._crowd(called)))

    def by_flow(self, flow: Flow, caller: Entity, called: Entity) -> Reach:
        """Whether a pair that this flow connects would work, for the services of this flow alone."""
        keeps = bool(self.flows.way("commitment", caller, called))
        asked = tuple(self._declared(flow, name, caller, called, keeps=keeps) for name in flow.services)
        return self._solved(caller, called, (flow,), asked)

    # --- what is asked

    def _asked(
        self, caller: Entity, called: Entity, flows: tuple[Flow, ...], wanted: tuple[str, ...] | None
    ) -> Iterator[tuple[str, Asked]]:
        keeps = any("commitment" in each for each in map(_topics, flows))
        if wanted is None and flows:
            first: dict[str, Flow] = {}
            for flow in flows:
                for name in flow.services:
                    first.setdefault(name, flow)
            for name, flow in first.items():
                yield self._declared(flow, name, caller, called, keeps=keeps)
            return
        for name in wanted if wanted is not None else self._usual(caller, called):
            letting = next((flow.name for flow in flows if _lets(flow, name)), "")
            yield letting, self._of(name, caller, called, insists=True, keeps=keeps)

    def _declared(
        self, flow: Flow, name: str, caller: Entity, called: Entity, *, keeps: bool
    ) -> tuple[str, Asked]:
        return flow.name, self._of(name, caller, called, insists=names(flow, caller), keeps=keeps)

    def _of(self, name: str, caller: Entity, called: Entity, *, insists: bool, keeps: bool) -> Asked:
        return Asked(name, caller, called, (self.roles(caller), self.roles(called)), insists, keeps)

    def _usual(self, caller: Entity, called: Entity) -> Iterator[str]:
        """The services of what both have, else of what the caller uses; each SOP class in the first that has it."""
        uses = self.roles(caller).uses.keys()
        left = set(uses & self.roles(called).offers.keys() or uses)
        for name in GROUPS:
            covered = uids.covers(name)
            if left & covered:
                left -= covered
                yield name
        yield from (uids.label(uid) for uid in sorted(left))

    # --- what comes of it

    def _solved(
        self, caller: Entity, called: Entity, flows: tuple[Flow, ...], asked: tuple[tuple[str, Asked], ...]
    ) -> Reach:
        path = way(caller, called)
        names_of = tuple(each.service for _, each in asked)
        doors = self.doors.reasons(caller, called, names_of)
        undeclared = () if flows else (_undeclared(caller, called),)
        general = (*undeclared, *path.reasons, *doors)
        blocked = any(reason.breaks and not reason.service for reason in general)
        barred = {reason.service for reason in general if reason.breaks and reason.service}
        results: list[ServiceReach] = []
        reasons: list[Reason] = []
        backs: list[WayBack] = []
        for flow, each in asked:
            result, more, ways = self._service(each, flow, flows)
            shut = blocked or each.service in barred
            results.append(replace(result, outcome="fails") if shut and result.outcome != "idle" else result)
            reasons += more
            backs += ways
        return Reach(
            caller,
            called,
            tuple(flow.name for flow in flows),
            tuple(results),
            tuple(dict.fromkeys((*general, *reasons))),
            tuple(backs),
            nearest=None
            if flows
            else self.flows.nearest(caller, called, tuple(each.service for _, each in asked)),
            host=path.host,
            port=path.port,
            tls=path.tls,
            via=() if flows else self.flows.routers(caller, called),
        )

    def _service(
        self, asked: Asked, flow: str, flows: tuple[Flow, ...]
    ) -> tuple[ServiceReach, tuple[Reason, ...], tuple[WayBack, ...]]:
        caller, called = asked.caller, asked.called
        storing = bool(self.flows.way("storage", caller, called))
        found = matched(asked, stores=storing)
        made = returns(self.flows, self.roles, caller, called, asked.service, found)
        without = frozenset(uid for each in made for uid in each.without)
        classes = tuple(_class(one, without, flows) for one in found.classes)
        idle: Outcome = (
            "unknown" if found.untold else "fails" if asked.insists and not found.reports else "idle"
        )
        outcome = outcome_of(classes) if found.asked else idle
        told = [*services.reasons(asked, found), *(reason for each in made for reason in each.reasons)]
        beyond = tuple(one.uid for one in classes if one.fit == "not-declared")
        if beyond and flows:
            told.append(_beyond(asked, beyond))
        if found.asked and outcome != "fails":
            told += remarks(caller, called, asked.service)
            told += gets_unknown(asked, classes)
            told += of_worklist(caller, called) if _asks(classes, uids.MODALITY_WORKLIST) else ()
        return (
            ServiceReach(asked.service, flow, outcome, classes, found.reports, found.untold),
            tuple(told),
            tuple(each.way for each in made),
        )

    # --- beside the result

    def _crowd(self, called: Entity) -> Iterator[Reason]:
        """That more may call than are served at a time, where that is so."""
        device, limit = called[0], called[0].max_associations
        callers = self.flows.all_callers(called) if limit is not None else frozenset()
        if limit is not None and len(callers) > limit:
            at_a_time = f"{limit} association{'' if limit == 1 else 's'} at a time"
            yield Reason(
                "PACS-REACH-009",
                "few-associations",
                f"{{called}} takes {at_a_time}, and {len(callers)} may call it",
                "Whoever comes while it is busy is refused for the moment (PS3.8 section 9.3.4, 3/2).",
                sides=((("devices", device.name, "max_associations"), "its limit"),),
            )

    def held_back(self, result: Reach) -> tuple[str, ...]:
        """SOP classes that the called one may hold, and that the caller could not take when it sends for them."""
        if not any(_asks(service.classes, *MOVES) for service in result.services):
            return ()
        return left_out(self.flows, self.roles, result.caller, result.called)


def reach(
    inventory: Inventory, caller: Entity, called: Entity, services: tuple[str, ...] | None = None
) -> Reach:
    """Whether `caller` would reach `called`, by what this inventory declares.

    `services` as `uids.service` spells them; by default those of the flows that connect the two, and where none
    does, those that the caller uses.
    """
    return Solver(inventory).reach(caller, called, services)


def _topics(flow: Flow) -> frozenset[str]:
    return frozenset(topic for name in flow.services for topic in topics(name))


def _lets(flow: Flow, service: str) -> bool:
    """Whether a flow lets any SOP class of a service through."""
    return any(not uids.covers(name).isdisjoint(uids.covers(service)) for name in flow.services)


def _class(one: ClassReach, without: frozenset[str], flows: tuple[Flow, ...]) -> ClassReach:
    """A SOP class, looked at further: whether a flow lets it through, and whether its answer comes back."""
    if not one.works:
        return one
    if flows and not any(one.uid in uids.covers(name) for flow in flows for name in flow.services):
        return replace(one, fit="not-declared")
    return replace(one, fit="no-way-back") if one.uid in without else one


def _asks(classes: Iterable[ClassReach], *several: str) -> bool:
    return any(one.uid in several for one in classes)


def _undeclared(caller: Entity, called: Entity) -> Reason:
    return Reason(
        "PACS-REACH-001",
        "undeclared",
        "no flow lets {caller} call {called}",
        "Peer tables, access lists and firewall requests follow from flows: without one {called} does not know it.",
        "Add a flow, or widen the one that comes nearest.",
        breaks=True,
        sides=((answer.at(caller), "who calls"), (answer.at(called), "who is called")),
    )


def _beyond(asked: Asked, classes: tuple[str, ...]) -> Reason:
    return Reason(
        "PACS-REACH-001",
        "class-undeclared",
        "no flow from {caller} to {called} lets {classes} through",
        "A flow lets through the SOP classes of its services and no others.",
        "Add the service to a flow.",
        breaks=True,
        service=asked.service,
        uids=classes,
        sides=((answer.at(asked.caller), "who calls"), (answer.at(asked.called), "who is called")),
    )
