"""Small worlds: states with roots, acyclic dependencies and unique claims, as any system may hold them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hypothesis import strategies as st

from pacsconf.core.address import Address
from pacsconf.core.change import Change, Outcome
from pacsconf.core.compare import compare
from pacsconf.core.decide import Rules, change
from pacsconf.core.resource import State, Value

World = dict[Address, State]

RULES = Rules(kinds={})

SLOTS = tuple(
    map(
        Address.parse,
        (
            "archive/peer/ct",
            "archive/peer/mr",
            "directory/connection/ct/dicom",
            "directory/device/ct",
            "directory/device/mr",
            "directory/entity/ct/CT",
            "directory/title/CT",
        ),
    )
)
CLAIMS = ("ae-title:CT", "ae-title:MR")


def root_of(address: Address) -> Address:
    """What a person counts: the device of its entries, anything else itself."""
    if address.kind in ("connection", "entity"):
        return Address.of(address.system, "device", address.parts[0])
    return address


def state(address: Address, fields: Mapping[str, Value]) -> State:
    """A state whose dependencies and claims follow from its fields, as a system's do."""
    needs, titles = fields.get("needs", ()), fields.get("titles", ())
    assert isinstance(needs, tuple)
    assert isinstance(titles, tuple)
    return State(
        address, root_of(address), dict(fields), frozenset(map(Address.parse, needs)), frozenset(titles)
    )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Some of the slots, each needing some of those drawn before it; every claim has at most one holder."""
    present = draw(st.lists(st.sampled_from(SLOTS), unique=True))
    holders = {claim: draw(st.sampled_from((*present, None))) for claim in CLAIMS} if present else {}
    world: World = {}
    for place, address in enumerate(present):
        fields: dict[str, Value] = {}
        if present[:place]:
            needs = draw(st.sets(st.sampled_from(present[:place]), max_size=2))
            fields |= {"needs": tuple(sorted(map(str, needs)))} if needs else {}
        titles = tuple(sorted(claim for claim, holder in holders.items() if holder == address))
        fields |= {"titles": titles} if titles else {}
        fields |= draw(values())
        world[address] = state(address, fields)
    return world


def values() -> st.SearchStrategy[dict[str, Value]]:
    """A text, a number, a truth and a set, each of them perhaps absent, and of few values so that some agree."""
    roles = st.sets(st.sampled_from(("scp", "scu")), min_size=1).map(lambda members: tuple(sorted(members)))
    return st.fixed_dictionaries(
        {},
        optional={
            "host": st.sampled_from(("10.0.0.1", "10.0.0.2")),
            "port": st.sampled_from((104, 11112)),
            "installed": st.booleans(),
            "roles": roles,
        },
    )


def changes_between(start: World, goal: World) -> tuple[Change, ...]:
    """What leads from one world, all of it owned, to another."""
    found = (change(difference, RULES) for difference in compare(goal, start, start))
    return tuple(one for one in found if one is not None)


def applied(world: World, one: Change) -> World:
    """The world after a change, which must find what it was planned from."""
    assert world.get(one.address) == one.before
    rest = {address: held for address, held in world.items() if address != one.address}
    return rest if one.after is None else {**rest, one.address: one.after}


def all_applied(changes: Iterable[Change]) -> tuple[Outcome, ...]:
    """Outcomes in which everything worked."""
    return tuple(Outcome(one.address, one.action, "applied") for one in changes)


def stands(world: World) -> bool:
    """Whether a live system could hold this: what is needed is there, and no claim has two holders."""
    claims = [claim for held in world.values() for claim in held.claims]
    needed = {address for held in world.values() for address in held.depends_on}
    return len(claims) == len(set(claims)) and needed <= world.keys()
