"""States that are made at once are those that the typed models give."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacsconf.core.errors import BadAnswer
from pacsconf.inventory.loader import load
from pacsconf.inventory.model import Connection, Device, Inventory, NetworkAE, TransferCapability
from pacsconf.systems._dicom.attributes import SHAPES, as_it_is, decode
from pacsconf.systems._dicom.declare import declare
from pacsconf.systems._dicom.decoding import Decoding
from pacsconf.systems._dicom.export import legible, planted, spelled
from pacsconf.systems._dicom.intent import Intent
from pacsconf.systems._dicom.reader import Reader
from pacsconf.systems._dicom.tree import grow
from pacsconf.systems._ldap import ldif
from tests.adopt import trees
from tests.systems import typed

EXAMPLE = Path(__file__).parents[2]
EXPORT = Path(__file__).parent / "hospital.ldif"

TEXTS = st.sampled_from(["", "ACME", "b", "a", "Ünï "])
SETS = st.lists(TEXTS, max_size=3).map(tuple)
NAMES = st.sampled_from(["dicom", "DICOM", "a/b", "tls 1", "x%"])
TITLES = st.sampled_from(["CT", "ct", "A B", "A/B", "*", "POOL"])
EXTRA = st.dictionaries(st.sampled_from(["dcmTimeZoneOfDevice", "X", "a"]), SETS, max_size=2)
FLAGS = st.sampled_from([None, True, False])

CAPABILITIES = st.builds(
    TransferCapability,
    name=NAMES,
    sop_class=st.sampled_from(["1.2.3", "1.2.4"]),
    role=st.sampled_from(["SCU", "SCP"]),
    transfer_syntaxes=st.sampled_from([(), ("1.2",), ("1.2.2", "1.2.1")]),
    extra=EXTRA,
)
CONNECTIONS = st.builds(
    Connection,
    host=st.sampled_from(["10.0.0.1", "CT.Example.ORG"]),
    port=st.sampled_from([None, 104]),
    tls=st.sampled_from([(), ("TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256")]),
    installed=FLAGS,
    extra=EXTRA,
)
BINARY = st.sampled_from([(), ("AAE=",), ("AAI=", "AAE=")])
ENTITIES = st.builds(
    NetworkAE,
    title=TITLES,
    connections=st.lists(NAMES, max_size=2).map(tuple),
    initiator=st.booleans(),
    acceptor=st.booleans(),
    answers_to=st.lists(TITLES.filter(lambda title: title != "*"), max_size=2).map(tuple),
    shared_title=st.sampled_from([None, None, "a pool"]),
    character_sets=st.sampled_from([(), ("ISO_IR 100",)]),
    description=st.none() | TEXTS,
    capabilities=st.lists(CAPABILITIES, max_size=3).map(tuple),
    vendor_data=BINARY,
    installed=FLAGS,
    extra=EXTRA,
)
DEVICES = st.builds(
    Device,
    name=st.sampled_from(["ct-1", "CT-1", "mr.2", "us_3"]),
    type=st.just("modality"),
    lifecycle=st.sampled_from(["planned", "active", "active", "retired"]),
    ae_domain=st.sampled_from(["default", "north"]),
    modality=SETS,
    device_types=SETS,
    software_versions=SETS,
    manufacturer=st.none() | TEXTS,
    character_sets=st.sampled_from([(), ("ISO_IR 192", "ISO_IR 100")]),
    related_devices=st.sampled_from([(), ("CN=B, DC=x", "cn=a,dc=x"), ("CN=a,DC=x", "cn=a,dc=x")]),
    vendor_data=BINARY,
    installed=st.booleans(),
    connections=st.dictionaries(NAMES, CONNECTIONS, max_size=2),
    ae_titles=st.lists(ENTITIES, max_size=3).map(lambda found: {each.title: each for each in found}),
    extra=EXTRA,
)
INVENTORIES = st.lists(DEVICES, max_size=3).map(
    lambda devices: Inventory(devices={device.name: device for device in devices})
)


@given(INVENTORIES)
def test_what_is_declared_is_what_its_models_give(inventory):
    found = declare("d", inventory)[0]
    assert found.states() == typed.declared("d", inventory)
    assert [each.address for each in found.resources] == sorted(found.states())
    assert {each.address: each.state() for each in found.resources} == found.states()


def test_the_example_hospital_is_declared_as_its_models_give_it():
    inventory = load(EXAMPLE).inventory
    assert inventory is not None
    assert declare("d", inventory)[0].states() == typed.declared("d", inventory)


# --- what is live -------------------------------------------------------------------------------------------


def outcome(read):
    """What a reading gives; where it fails, that alone: which of several bad entries is told is open."""
    try:
        return read()
    except BadAnswer:
        return "a bad answer"


@settings(max_examples=40)
@given(trees.trees(), st.data())
def test_what_is_live_is_what_its_models_give(entries, data):
    tree = grow("d", entries)
    spoken = st.sampled_from(
        [(), ("dcmOtherAETitle",), ("DCMotheraetitle", "dcmOtherAETitle"), ("dicomVendorData",)]
    )
    extras = {
        address: data.draw(spoken) for address in data.draw(st.lists(st.sampled_from(sorted(tree.entries))))
    }
    for intent in (
        None,
        Intent(extras=extras, domains={"ct-1": "north"}, shared=frozenset({"ae-title:north/*"})),
    ):
        found = outcome(lambda intent=intent: Reader(tree, intent, None).snapshot().states())
        assert found == outcome(lambda intent=intent: typed.held(tree, intent))


def test_an_export_of_another_program_is_read_as_its_models_give_it():
    contents = ldif.read(EXPORT)
    tree, _wrong = legible(planted("d", contents.entries))
    schema = spelled(contents.spellings)
    snapshot = Reader(tree, None, schema).snapshot()
    assert snapshot.states() == typed.held(tree, None, schema)
    assert {each.address: each.state() for each in snapshot.resources} == snapshot.states()


def test_a_real_directory_is_read_as_its_models_give_it(directory, hands, steps):
    device = steps.ct("CT-1", manufacturer="ACME", software_versions=("b", "a"))
    inventory = steps.hospital(device, steps.ct("mr", "A B"))
    steps.bring(directory(), inventory)
    system = directory()
    system.declared(inventory)
    snapshot = system.read()
    reader = system._writer.reader
    assert len(snapshot.resources) == 13
    assert snapshot.states() == typed.held(reader.tree, reader.intent, reader.schema)


ROWS = {(kind, row.attribute.lower()): row for kind, shape in SHAPES.items() for row in shape.rows}
VALUES = [
    b"TRUE",
    b"FALSE",
    b"104",
    b"-1",
    b"CT.Example.ORG",
    b"scu",
    b"CN=A, DC=x",
    b"cn=a,dc=x",
    b"",
    b"\xff",
]


def decoded(row, values):
    """What a row gives by itself, with what is wrong with it."""
    try:
        value = decode(row, values, str.upper)
    except ValueError as exc:
        return as_it_is(values), [str(exc)]
    return value, []


@pytest.mark.parametrize("number", [0, 1, 2])
def test_values_are_decoded_as_their_row_says(number):
    for (kind, attribute), row in ROWS.items():
        for values in permutations(VALUES, number):
            fields, misread = Decoding(SHAPES[kind]).fields(
                {attribute: values}, lambda _kind, dn: dn.upper(), vendor_data=True
            )
            found = fields.get(row.field)
            value, wrong = decoded(row, values)
            assert (type(found), found) == (type(value), value), (row, values)
            assert [each.why for each in misread] == wrong
