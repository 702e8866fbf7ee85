"""The contract that every system keeps (DESIGN: the contract of a system), run on each backend.

The walk here is the engine's: declare, read, compare, order, apply layer by layer, and once more.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import get_args, get_origin

import pytest

from pacsconf.core.address import Address
from pacsconf.core.change import Change, Outcome, change_to_json
from pacsconf.core.compare import compare
from pacsconf.core.decide import Rules, change
from pacsconf.core.departed import beside_live, kept
from pacsconf.core.errors import BadAnswer, Refused, Unavailable
from pacsconf.core.order import layers
from pacsconf.core.resource import State
from pacsconf.core.rollback import Applied, take_back
from pacsconf.inventory.model import Connection, Device, Inventory, NetworkAE, TransferCapability
from pacsconf.policy.vocabulary import KINDS
from pacsconf.systems.abilities import Evident, Remembering
from pacsconf.systems.base import System

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
VERIFICATION = "1.2.840.10008.1.1"
IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"


def capability(name: str, sop_class: str, *syntaxes: str, role: str = "SCU") -> TransferCapability:
    return TransferCapability(name=name, sop_class=sop_class, role=role, transfer_syntaxes=syntaxes)


def entity(title: str, *capabilities: TransferCapability, **more: object) -> NetworkAE:
    keys = {"connections": ("dicom",), "initiator": True, "acceptor": True} | more
    return NetworkAE(title=title, capabilities=capabilities, **keys)


def device(name: str, *entities: NetworkAE, **more: object) -> Device:
    connections = {"dicom": Connection(host="10.20.4.17", port=104)}
    keys = {"type": "modality", "modality": ("CT",), "connections": connections} | more
    return Device(name=name, ae_titles={ae.title: ae for ae in entities}, **keys)


def hospital(*devices: Device) -> Inventory:
    return Inventory(devices={each.name: each for each in devices})


STORE = capability("ct", CT_IMAGE, IMPLICIT, EXPLICIT)
ECHO = capability("echo", VERIFICATION, IMPLICIT, role="SCP")
WITH_TLS = {
    "dicom": Connection(host="10.20.4.17", port=104),
    "secure": Connection(host="ct-1.example.org", port=2762, tls=("TLS_AES_128_GCM_SHA256",)),
}
ONLY_TLS = {"secure": WITH_TLS["secure"]}

STATES: Mapping[str, Inventory] = {
    "nothing": hospital(),
    "a planned device": hospital(device("ct-1", entity("CT_1", STORE), lifecycle="planned")),
    "one device": hospital(device("ct-1", entity("CT_1", STORE), manufacturer="ACME")),
    "described": hospital(
        device(
            "ct-1",
            entity("CT_1", STORE, ECHO, description="Bay 1"),
            manufacturer="ACME",
            description="CT, bay 1",
        )
    ),
    "a second connection": hospital(
        device("ct-1", entity("CT_1", STORE, ECHO, connections=("dicom", "secure")), connections=WITH_TLS)
    ),
    "connection replaced": hospital(
        device("ct-1", entity("CT_1", STORE, connections=("secure",)), connections=ONLY_TLS)
    ),
    "capability changed": hospital(
        device(
            "ct-1",
            entity("CT_1", capability("ct", CT_IMAGE, EXPLICIT), connections=("secure",)),
            connections=ONLY_TLS,
        )
    ),
    "a second title": hospital(device("ct-1", entity("CT_1", STORE), entity("CT_1 B", ECHO))),
    "title moved": hospital(device("ct-1", entity("CT_1", STORE)), device("ct-2", entity("CT_1 B", ECHO))),
    "titles swapped": hospital(device("ct-1", entity("CT_1 B", STORE)), device("ct-2", entity("CT_1", ECHO))),
    "an alias": hospital(device("ct-2", entity("CT_1", ECHO, answers_to=("OLD_CT",)), installed=False)),
    "retired": hospital(device("ct-2", entity("CT_1"), lifecycle="retired"), device("ct-3", entity("CT_3"))),
    "empty again": hospital(),
}
PAIRS = list(pairwise(STATES))


@pytest.fixture
def at(bench):
    """The states, as the inventories that this bench needs for them."""
    return {name: bench.inventory(inventory) for name, inventory in STATES.items()}


def states(system: System, inventory: Inventory) -> dict[Address, State]:
    declared = system.declared(inventory)
    assert [finding for finding in declared.findings if finding.severity == "error"] == []
    return {resource.address: resource.state() for resource in declared.resources}


def plan(
    system: System, inventory: Inventory, last: Inventory | None = None
) -> tuple[tuple[Change, ...], ...]:
    """The changes to `inventory` from what is live, in layers; what `last` declares is owned."""
    owned = states(system, last) if last is not None else {}
    wanted = system.declared(inventory)
    declared = states(system, inventory)
    if isinstance(system, Remembering):
        system.remember(owned)
    live = {resource.address: resource.state() for resource in system.read().resources}
    owned = {address: state for address, state in owned.items() if address in live}
    stood = beside_live(declared, live, owned, {system.name: wanted.lasting}).declared
    made = [change(each, Rules(system.kinds)) for each in compare(stood, live, owned)]
    return layers(each for each in made if each is not None)


def apply(system: System, cut: Sequence[Sequence[Change]]) -> list[Outcome]:
    assert [str(finding) for finding in system.check([each for layer in cut for each in layer])] == []
    return [outcome for layer in cut for outcome in system.apply(layer)]


def bring(system: System, inventory: Inventory, last: Inventory | None = None) -> list[Outcome]:
    outcomes = apply(system, plan(system, inventory, last))
    assert [outcome for outcome in outcomes if outcome.status != "applied"] == []
    return outcomes


def test_an_empty_backend_reads_as_an_empty_snapshot(bench):
    assert bench.system().read().resources == ()


@pytest.mark.parametrize(("before", "after"), PAIRS, ids=[f"from {a} to {b}" for a, b in PAIRS])
def test_after_every_step_a_second_plan_is_empty(bench, before, after, at):
    bring(bench.system(), at[before])
    bring(bench.system(), at[after], last=at[before])
    system = bench.system()
    assert plan(system, at[after], last=at[after]) == ()
    live = {resource.address: resource.state().fields for resource in system.read().resources}
    wanted = {address: state.fields for address, state in states(system, at[after]).items()}
    if bench.keeps:
        live = {address: fields for address, fields in live.items() if address in wanted}
    assert live == wanted


@pytest.mark.parametrize(("after", "before"), PAIRS, ids=[f"from {b} back to {a}" for a, b in PAIRS])
def test_every_step_can_be_taken_back(bench, before, after, at):
    bring(bench.system(), at[before])
    bring(bench.system(), at[after], last=at[before])
    assert plan(bench.system(), at[after], last=at[after]) == ()


def test_what_was_applied_is_taken_back_to_the_start(bench, at):
    bring(bench.system(), at["one device"])
    system = bench.system()
    owned = states(system, at["one device"])
    cut = plan(system, at["title moved"], last=at["one device"])
    apply(system, cut)
    system = bench.system()
    system.declared(at["one device"])
    made = [each for layer in cut for each in layer]
    if isinstance(system, Remembering):
        system.remember({each.address: each.records for each in made if each.records})
    live = {resource.address: resource.state() for resource in system.read().resources}
    rules = {each.address.system: Rules(system.kinds) for each in made}
    applied = [Applied(each, owned.get(each.address)) for each in made]
    back = take_back(applied, live, live, rules, ignored=lambda _address, _field: False)
    assert back.stays == {}
    lasting = {system.name: system.declared(at["one device"]).lasting}
    closing, _ = kept(back.changes, lasting, rules)
    assert {outcome.status for outcome in apply(system, layers(closing))} == {"applied"}
    assert plan(bench.system(), at["one device"], last=at["one device"]) == ()


def test_one_field_changed_gives_one_update_naming_that_field(bench):
    kind, field = bench.text_field
    bring(
        bench.system(), bench.inventory(hospital(device("ct-1", entity("CT_1", STORE), manufacturer="ACME")))
    )
    other = bench.inventory(hospital(device("ct-1", entity("CT_1", STORE), manufacturer="Other")))
    ((made,),) = plan(bench.system(), other)
    assert (made.action, made.address.kind) == ("update", kind)
    stands = [(each.name, each.before, each.after) for each in made.fields]
    assert stands == [(field, shown(bench, "ACME"), shown(bench, "Other"))]


def test_applying_twice_is_harmless(bench, at):
    bring(bench.system(), at["one device"])
    system = bench.system()
    cut = plan(system, at["titles swapped"], last=at["one device"])
    first = apply(system, cut)
    again = [outcome for layer in cut for outcome in system.apply(layer)]
    assert [(o.address, o.status) for o in again] == [(o.address, o.status) for o in first]
    other = bench.system()
    other.declared(at["titles swapped"])
    other.read()
    elsewhere = [outcome for layer in cut for outcome in other.apply(layer)]
    assert {outcome.status for outcome in elsewhere} == {"applied"}
    assert plan(bench.system(), at["titles swapped"], last=at["titles swapped"]) == ()


def planned_update(bench) -> tuple[System, Change]:
    """A system that has read, and one update of its text field from ACME to Other."""
    bring(bench.system(), bench.inventory(hospital(device("ct-1", entity("CT_1"), manufacturer="ACME"))))
    system = bench.system()
    ((made,),) = plan(system, bench.inventory(hospital(device("ct-1", entity("CT_1"), manufacturer="Other"))))
    return system, made


def shown(bench, maker: str) -> str:
    """What stands in the text field where a device's manufacturer is this."""
    return bench.words.get(maker, maker) if hasattr(bench, "words") else maker


def live_text(bench, address: Address) -> object:
    _, field = bench.text_field
    return next(each.fields()[field] for each in bench.system().read().resources if each.address == address)


def test_a_third_value_is_a_conflict_and_stays(bench):
    system, made = planned_update(bench)
    bench.edit(made.address, bench.text_field[1], shown(bench, "Third"))
    (outcome,) = system.apply([made])
    assert outcome.status == "failed"
    assert f'"{shown(bench, "Third")}"' in outcome.error
    assert f'"{shown(bench, "ACME")}"' in outcome.error
    assert live_text(bench, made.address) == shown(bench, "Third")


def test_a_value_that_somebody_else_set_as_wanted_counts_as_applied(bench):
    system, made = planned_update(bench)
    bench.edit(made.address, bench.text_field[1], shown(bench, "Other"))
    (outcome,) = system.apply([made])
    assert (outcome.status, outcome.error) == ("applied", "")


def test_an_update_of_what_is_gone_fails_and_a_delete_of_it_counts_as_applied(bench):
    if bench.keeps:
        pytest.skip("nothing is ever deleted there")
    system, made = planned_update(bench)
    bring(
        bench.system(),
        bench.inventory(hospital()),
        last=bench.inventory(hospital(device("ct-1", entity("CT_1"), manufacturer="ACME"))),
    )
    (outcome,) = system.apply([made])
    assert outcome.status == "failed"
    assert "gone" in outcome.error
    (outcome,) = system.apply([Change("delete", made.before, None)])
    assert outcome.status == "applied"


def test_a_create_over_something_else_fails_and_leaves_it(bench):
    system, made = planned_update(bench)
    (outcome,) = system.apply([Change("create", None, made.after, made.after)])
    assert outcome.status == "failed"
    assert live_text(bench, made.address) == shown(bench, "ACME")


def test_a_failed_change_does_not_stop_the_others_of_its_layer(bench):
    both = (
        device("ct-1", entity("CT_1"), manufacturer="A"),
        device("ct-2", entity("CT_2"), manufacturer="A"),
    )
    bring(bench.system(), bench.inventory(hospital(*both)))
    system = bench.system()
    wanted = bench.inventory(hospital(*(each.model_copy(update={"manufacturer": "B"}) for each in both)))
    ((first, second),) = plan(system, wanted)
    bench.edit(first.address, bench.text_field[1], shown(bench, "Third"))
    assert [outcome.status for outcome in system.apply([first, second])] == ["failed", "applied"]
    assert live_text(bench, second.address) == shown(bench, "B")


def test_what_belongs_to_somebody_else_survives_every_write(bench, at):
    bring(bench.system(), at["one device"])
    root = bench.system().declared(at["one device"])
    address = next(each.address for each in root.resources if each.address.kind == bench.text_field[0])
    bench.decorate(address)
    before = bench.decoration(address)
    assert plan(bench.system(), at["one device"], last=at["one device"]) == ()
    bring(bench.system(), at["a second connection"], last=at["one device"])
    assert bench.decoration(address) == before


def test_deleting_what_holds_something_of_somebody_else_is_refused_by_name(bench, at):
    if not bench.shelters:
        pytest.skip("the backend holds nothing of somebody else's on a resource of ours")
    bring(bench.system(), at["one device"])
    system = bench.system()
    system.declared(at["one device"])
    address = next(
        each.address for each in system.read().resources if each.address.kind == bench.text_field[0]
    )
    bench.decorate(address)
    system = bench.system()
    system.declared(at["one device"])
    state = next(each.state() for each in system.read().resources if each.address == address)
    findings = system.check([Change("delete", state, None)])
    assert {(finding.severity, finding.about) for finding in findings} == {("error", address)}


def test_an_answer_that_is_cut_short_is_a_bad_answer(bench, at):
    bring(bench.system(), at["one device"])
    with bench.cut_short() as system, pytest.raises(BadAnswer):
        system.read()


def test_a_backend_that_is_down_is_unavailable_and_says_what_to_do(bench):
    with pytest.raises(Unavailable) as caught:
        bench.down().read()
    assert caught.value.message
    assert caught.value.fix


def test_a_backend_that_says_no_has_refused_and_says_what_to_do(bench):
    with pytest.raises(Refused) as caught:
        bench.refused().read()
    assert caught.value.message
    assert caught.value.fix


def test_an_answer_that_makes_no_sense_is_a_bad_answer(bench):
    with bench.malformed() as system, pytest.raises((BadAnswer, Unavailable)):
        system.read()


def test_no_secret_shows_in_repr_log_plan_or_error(bench, caplog, at):
    caplog.set_level(logging.DEBUG)
    system = bench.system()
    cut = plan(system, at["described"])
    outcomes = apply(system, cut)
    shown = [repr(system), repr(vars(system)), repr(outcomes), caplog.text]
    shown += [json.dumps(change_to_json(each)) for layer in cut for each in layer]
    for broken in (bench.down(), bench.refused()):
        with pytest.raises((Unavailable, Refused)) as caught:
            broken.read()
        shown += [str(caught.value), caught.value.fix, repr(caught.value.__cause__)]
    assert [text for text in shown if bench.secret in text] == []


def test_what_is_declared_is_the_same_each_time_and_needs_nothing_beyond(bench, at):
    system = bench.system()
    for inventory in at.values():
        declared = system.declared(inventory)
        assert declared == system.declared(inventory)
        addresses = [resource.address for resource in declared.resources]
        assert addresses == sorted(set(addresses))
        for resource in declared.resources:
            assert resource.depends_on <= set(addresses)
            assert type(resource).of(resource.state()) == resource
            assert system.kinds[resource.address.kind] is type(resource)
    assert bench.system().read().resources == ()


def test_a_retired_device_is_wanted_gone(bench, at):
    if bench.keeps:
        pytest.skip("nothing is ever wanted gone there")
    declared = bench.system().declared(at["retired"])
    kind, _ = bench.text_field
    assert bench.root in {address.parts[0] for address in declared.retired if address.kind == kind}
    assert declared.retired.isdisjoint(resource.address for resource in declared.resources)


def test_where_nothing_was_applied_nothing_is_settled_and_closing_twice_is_harmless(bench):
    system = bench.system()
    system.read()
    assert list(system.settle([])) == []
    system.close()
    system.close()
    assert system.read().resources == ()


def test_what_it_tells_rules_is_in_their_vocabulary(bench, at):
    system = bench.system()
    if not isinstance(system, Evident):
        pytest.skip("it tells rules nothing")
    for name in ("described", "a second connection", "an alias", "retired"):
        bring(bench.system(), at[name])
        system = bench.system()
        system.declared(at[name])
        if isinstance(system, Remembering):
            system.remember({})
        live = system.read().states()
        found = system.evidence(live, at[name])
        assert [odd for kind, of in found.items() for odd in misfits(kind, of)] == []
        assert found == system.evidence(live, at[name])
        assert bench.secret not in json.dumps(found)
        devices = {"device": at[name].devices, "system": {system.name: None}}
        for kind, known in devices.items():
            assert found.get(kind, {}).keys() <= known.keys()


def misfits(kind: str, subjects: Mapping[str, Mapping[str, object]]) -> Iterator[str]:
    """What of these facts is no field of the kind's `configured` tier, or of another type."""
    hints = KINDS[kind].fields("configured")
    for name, facts in subjects.items():
        for field, value in facts.items():
            plain = get_args(hints[field])[0] if field in hints else None
            several = get_origin(plain) is list and type(value) is list
            fits = all(type(each) is str for each in value) if several else type(value) is plain
            if not fits:
                yield f"{kind}:{name} has {field}: {value!r}"
