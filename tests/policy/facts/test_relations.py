"""Who is what to whom, held against looking at every pair."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from pacsconf.inventory.flows import Entity, pairs
from pacsconf.inventory.model import Connection, Device, Flow, Inventory, NetworkAE, Selector
from pacsconf.policy.facts.relations import MOST, Relations

TITLES = ("A", "a", "B", "C")
HOSTS = ("h1", "H1", "h2")
TYPES = ("modality", "archive", "router")
LIVES = ("planned", "commissioning", "active", "retiring", "retired")


@st.composite
def devices(draw: st.DrawFn, number: int) -> Device:
    """A device with one or two AEs at one place, among few titles, hosts and ports, so that they meet."""
    name = f"d{number}"
    connection = Connection(host=draw(st.sampled_from(HOSTS)), port=draw(st.sampled_from((104, 105, None))))
    shared = draw(st.sampled_from((None, None, "a pool")))
    aes = {
        title: NetworkAE(
            title=title,
            connections=("dicom",),
            initiator=draw(st.booleans()),
            acceptor=draw(st.booleans()),
            answers_to=draw(st.sampled_from(((), ("B",), ("X",)))) if title != "B" else (),
            shared_title=shared,
        )
        for title in draw(st.lists(st.sampled_from(TITLES), min_size=1, max_size=2, unique=True))
    }
    return Device(
        name=name,
        type=draw(st.sampled_from(TYPES)),
        lifecycle=draw(st.sampled_from(LIVES)),
        ae_domain=draw(st.sampled_from(("default", "default", "other"))),
        replaces=draw(st.sampled_from((None, None, "d0"))) if number else None,
        connections={"dicom": connection},
        ae_titles=aes,
    )


SELECTORS = st.builds(
    Selector,
    type=st.sampled_from(((), ("modality",), ("archive", "router"))),
    device=st.sampled_from(((), (), ("d0",), ("d1", "d2"))),
    ae_title=st.sampled_from(((), (), ("A",), ("B",))),
)


@st.composite
def inventories(draw: st.DrawFn) -> Inventory:
    """A few devices and flows."""
    several = [draw(devices(number)) for number in range(draw(st.integers(1, 6)))]
    flows = {
        name: Flow(
            name=name,
            callers=tuple(draw(st.lists(SELECTORS, min_size=1, max_size=2))),
            called=tuple(draw(st.lists(SELECTORS, min_size=1, max_size=2))),
            services=draw(st.sampled_from((("storage",), ("verification",), ("storage", "query")))),
        )
        for name in ("f1", "f2")[: draw(st.integers(0, 2))]
    }
    return Inventory(devices={one.name: one for one in several}, flows=flows)


# --- what is looked up, pair by pair ------------------------------------------------------------------------------


def titles_of(entity: Entity) -> set[str]:
    return {entity[1].title, *entity[1].answers_to}


def may_share(one: Entity, other: Entity) -> bool:
    follows = any(
        successor[0].replaces == former[0].name and successor[0].lifecycle == "planned"
        for successor, former in ((one, other), (other, one))
    )
    return follows or bool(one[1].shared_title and other[1].shared_title)


def same_title(one: Entity, other: Entity) -> bool:
    return (
        one[0] is not other[0]
        and "retired" not in (one[0].lifecycle, other[0].lifecycle)
        and one[0].ae_domain == other[0].ae_domain
        and not titles_of(one).isdisjoint(titles_of(other))
        and not may_share(one, other)
    )


def same_address(one: Entity, other: Entity) -> bool:
    ends = (one[0].connections["dicom"], other[0].connections["dicom"])
    pool = all(any(ae.shared_title for ae in each[0].ae_titles.values()) for each in (one, other))
    return (
        one[0] is not other[0]
        and not {"planned", "retired"}.intersection((one[0].lifecycle, other[0].lifecycle))
        and ends[0].port is not None
        and ends[0].port == ends[1].port
        and ends[0].host.lower() == ends[1].host.lower()
        and not pool
        and one[0].replaces != other[0].name
        and other[0].replaces != one[0].name
    )


@given(inventories())
@settings(max_examples=60, deadline=None)
def test_titles_and_addresses_are_those_of_every_pair(inventory):
    relations = Relations(inventory)
    entities = relations.entities.all
    for entity in entities:
        device, ae = entity
        others = [other for other in entities if other[1] is not ae]
        assert set(relations.same_title(device, ae)) == {
            other[0].name for other in others if same_title(entity, other)
        }
        assert set(relations.same_address(device, ae)) == {
            f"{other[0].name}/{other[1].title}" for other in others if same_address(entity, other)
        }
        alike = {
            title
            for other in entities
            if other[0].lifecycle != "retired" and other[0].ae_domain == device.ae_domain
            for title in titles_of(other)
            if title != ae.title and title.casefold() == ae.title.casefold()
        }
        assert set(relations.like_title(device, ae)) == (alike if device.lifecycle != "retired" else set())


@given(inventories())
@settings(max_examples=60, deadline=None)
def test_flows_are_those_of_every_pair(inventory):
    relations = Relations(inventory)
    found = pairs(inventory)
    for device, ae in relations.entities.all:
        key = (device.name, ae.title)
        calls = {pair.flow for pair in found if (pair.calling_device, pair.calling) == key}
        called = {pair.flow for pair in found if (pair.called_device, pair.called) == key}
        assert set(relations.flows_out.get(key, ())) == calls
        assert set(relations.flows_in.get(key, ())) == called
        callers = {pair.calling for pair in found if (pair.called_device, pair.called) == key}
        assert set(relations.callers(key)) == callers
    for device in inventory.devices.values():
        stores = {
            pair.called_device
            for pair in found
            if pair.calling_device == device.name
            and "storage" in pair.services
            and inventory.devices[pair.called_device].type in ("archive", "router")
            and pair.called_device != device.name
        }
        assert set(relations.stores_to(device)) == stores


# --- size ---------------------------------------------------------------------------------------------------------


def test_one_mistake_made_very_often_is_not_told_of_each_by_all():
    made = {
        f"d{number}": Device(
            name=f"d{number}",
            type="modality",
            connections={"dicom": Connection(host="localhost", port=104)},
            ae_titles={
                "SAME": NetworkAE(title="SAME", connections=("dicom",), initiator=True, acceptor=True)
            },
        )
        for number in range(300)
    }
    relations = Relations(Inventory(devices=made))
    device, ae = relations.entities.all[0]
    assert len(relations.same_title(device, ae)) == MOST
    assert len(relations.same_address(device, ae)) == MOST
