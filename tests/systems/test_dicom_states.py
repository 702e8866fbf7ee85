"""States that are made at once are those that the typed models give."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pacsconf.inventory.loader import load
from pacsconf.inventory.model import Connection, Device, Inventory, NetworkAE, TransferCapability
from pacsconf.systems._dicom.declare import declare
from tests.systems import typed

EXAMPLE = Path(__file__).parents[2]

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
