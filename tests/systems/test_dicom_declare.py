"""From the inventory to entries: life cycle, names, places, and what a directory cannot hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pacsconf.core.address import Address
from pacsconf.inventory.baseline import Accepted
from pacsconf.inventory.model import Connection, NetworkAE, Site, TransferCapability
from pacsconf.systems._dicom import declare as declare_module
from pacsconf.systems._dicom.declare import declare


def declared(system, inventory):
    return declare(system, inventory)[0]


def names(result):
    return [
        f"{each.address.kind}/{each.address.name}"
        for each in result.resources
        if each.address.kind != "container"
    ]


def test_a_device_becomes_one_entry_each_with_what_it_needs(steps):
    result = declared("d", steps.hospital(steps.ct("CT-1")))
    needs = {str(each.address): sorted(map(str, each.depends_on)) for each in result.resources}
    assert needs == {
        "d/container/configuration": [],
        "d/container/devices": ["d/container/configuration"],
        "d/container/unique-ae-titles": ["d/container/configuration"],
        "d/device/ct-1": ["d/container/devices"],
        "d/network-ae/ct-1/CT_1": [
            "d/device/ct-1",
            "d/network-connection/ct-1/dicom",
            "d/unique-ae-title/CT_1",
        ],
        "d/network-connection/ct-1/dicom": ["d/device/ct-1"],
        "d/transfer-capability/ct-1/CT_1/ct": ["d/network-ae/ct-1/CT_1"],
        "d/unique-ae-title/CT_1": ["d/container/unique-ae-titles"],
    }
    assert result.findings == ()
    roots = {str(each.root) for each in result.resources if each.address.kind != "container"}
    assert roots == {"d/device/ct-1"}


@pytest.mark.parametrize(
    ("lifecycle", "kinds"),
    [
        ("planned", ["unique-ae-title/CT_1"]),
        ("commissioning", None),
        ("active", None),
        ("retiring", None),
        ("retired", []),
    ],
)
def test_what_stands_in_a_directory_depends_on_the_life_cycle(steps, lifecycle, kinds):
    result = declared("d", steps.hospital(steps.ct(lifecycle=lifecycle)))
    everything = [
        "device/ct-1",
        "network-ae/ct-1/CT_1",
        "network-connection/ct-1/dicom",
        "transfer-capability/ct-1/CT_1/ct",
        "unique-ae-title/CT_1",
    ]
    assert names(result) == (everything if kinds is None else kinds)
    gone = {str(address) for address in result.retired}
    assert gone == ({"d/device/ct-1", "d/unique-ae-title/CT_1"} if lifecycle == "retired" else set())


def test_a_title_that_goes_on_elsewhere_is_not_wanted_gone(steps):
    inventory = steps.hospital(steps.ct("old", "CT", lifecycle="retired"), steps.ct("new", "CT"))
    result = declared("d", inventory)
    assert {str(address) for address in result.retired} == {"d/device/old"}
    assert "unique-ae-title/CT" in names(result)


def entity(title, **more):
    return NetworkAE(title=title, initiator=True, acceptor=True, **({"connections": ("dicom",)} | more))


def test_aliases_are_reserved_too_and_the_wildcard_is_not(steps):
    device = steps.ct(ae_titles={"A": entity("A", answers_to=("B",)), "*": entity("*")})
    result = declared("d", steps.hospital(device))
    assert [name for name in names(result) if name.startswith("unique")] == [
        "unique-ae-title/A",
        "unique-ae-title/B",
    ]
    assert [each.address.parts[1] for each in result.resources if each.address.kind == "network-ae"] == [
        "*",
        "A",
    ]


def test_a_title_is_claimed_in_its_domain_unless_it_is_shared(steps):
    north = steps.ct("north", "CT", ae_domain="north")
    pool = steps.ct("pool", ae_titles={"P": entity("P", shared_title="three readers behind one name")})
    result = declared("d", steps.hospital(north, pool))
    claims = {
        each.address.name: set(each.claims) for each in result.resources if each.address.kind == "network-ae"
    }
    assert claims == {"north/CT": {"ae-title:north/CT"}, "pool/P": set()}
    assert declare("d", steps.hospital(north, pool))[1].claim("NORTH", "CT") == {"ae-title:north/CT"}


def test_values_take_the_spelling_that_is_compared(steps):
    device = steps.ct(
        connections={"DICOM": Connection(host="CT.Example.ORG", port=104)},
        ae_titles={"A": entity("A", connections=("DICOM",))},
        description="",
        character_sets=("ISO_IR 100",),
        related_devices=("CN=Other, DC=Example",),
    )
    fields = {each.address.kind: each.fields() for each in declared("d", steps.hospital(device)).resources}
    assert fields["network-connection"] == {"host": "ct.example.org", "port": 104}
    assert fields["network-ae"]["connections"] == ("dicom",)
    assert fields["network-ae"]["character_sets"] == ("ISO_IR 100",)
    assert fields["device"]["related_devices"] == ("cn=other,dc=example",)
    assert "description" not in fields["device"]


def test_every_field_leads_to_its_place_in_the_inventory(steps):
    device = steps.ct(manufacturer="ACME", extra={"dcmTimeZoneOfDevice": ("UTC",)})
    paths = declared("d", steps.hospital(device)).paths
    assert paths[Address("d", "device", "ct-1")] == {
        "": ("devices", "ct-1"),
        "manufacturer": ("devices", "ct-1", "manufacturer"),
        "device_types": ("devices", "ct-1", "device_types"),
        "installed": ("devices", "ct-1", "installed"),
        "extra.dcmTimeZoneOfDevice": ("devices", "ct-1", "extra", "dcmTimeZoneOfDevice"),
    }
    assert paths[Address("d", "transfer-capability", "ct-1/CT_1/ct")]["role"] == (
        *("devices", "ct-1", "ae_titles", "CT_1", "capabilities", 0),
        "role",
    )


def test_a_host_outside_its_sites_networks_is_a_caution(steps):
    site = Site(name="Main", networks=("10.20.0.0/16",))
    inside, outside = (
        steps.ct("in", "A", site="main"),
        steps.ct("out", "B", site="main", connections={"dicom": Connection(host="192.0.2.7", port=104)}),
    )
    result = declared("d", steps.hospital(inside, outside, sites={"main": site}))
    assert result.cautions == {
        Address("d", "network-connection", "out/dicom"): (
            "192.0.2.7 is outside the networks of site main (10.20.0.0/16)"
        )
    }


@pytest.mark.parametrize(
    ("devices", "found"),
    [
        ([("ct-1", "A", {}), ("CT-1", "B", {})], [("DIR-NAME-CASE", "error")] * 2),
        ([("a", "X  Y", {}), ("b", "X Y", {})], [("DIR-TITLE-SPACES", "error")]),
        ([("a", "X", {"ae_domain": "n"}), ("b", "X", {})], [("DIR-TITLE-DOMAINS", "warning")]),
        ([("a", "X", {"ae_titles": {"X": entity("X", connections=())}})], [("DIR-AE-CONNECTION", "error")]),
    ],
    ids=["case", "spaces", "domains", "no connection"],
)
def test_what_a_directory_cannot_hold_is_found(steps, devices, found):
    inventory = steps.hospital(*(steps.ct(name, title, **more) for name, title, more in devices))
    assert [(finding.rule, finding.severity) for finding in declared("d", inventory).findings] == found


def extras(steps, **levels):
    """Findings about `extra` of a device, its connection, its AE and its capability."""
    connection = Connection(host="10.0.0.1", port=104, extra=levels.get("connection", {}))
    store = TransferCapability(
        name="ct",
        sop_class="1.2.3",
        role="SCU",
        transfer_syntaxes=("1.2.4",),
        extra=levels.get("capability", {}),
    )
    ae = entity("CT", capabilities=(store,), extra=levels.get("ae", {}))
    device = steps.ct(connections={"dicom": connection}, ae_titles={"CT": ae}, extra=levels.get("device", {}))
    return declared("d", steps.hospital(device)).findings


@pytest.mark.parametrize(
    ("level", "attribute", "fix", "place"),
    [
        ("device", "dicomInstalled", "Write it under `installed` instead.", ()),
        ("device", "DICOMMANUFACTURERMODELNAME", "Write it under `model` instead.", ()),
        ("connection", "dicomHostname", "Write it under `host` instead.", ("connections", "dicom")),
        ("ae", "dicomApplicationCluster", "Write it under `clusters` instead.", ("ae_titles", "CT")),
        (
            "capability",
            "dicomtransferrole",
            "Write it under `role` instead.",
            ("ae_titles", "CT", "capabilities", 0),
        ),
        (
            "ae",
            "dicomAETitle",
            "It is the name under which this is declared: change it there.",
            ("ae_titles", "CT"),
        ),
        (
            "device",
            "objectClass",
            "Take it out: the classes that an entry needs are added by themselves.",
            (),
        ),
    ],
)
def test_extra_is_for_attributes_without_a_key_of_their_own(steps, level, attribute, fix, place):
    (found,) = extras(steps, **{level: {attribute: ("x",)}})
    assert (found.rule, found.severity, found.fix) == ("DIR-EXTRA", "error", fix)
    assert found.path == ("devices", "ct-1", *place, "extra", attribute)


def test_an_attribute_that_another_kind_has_may_be_extra(steps):
    assert (
        extras(steps, connection={"dicomDescription": ("x",)}, device={"dcmTimeZoneOfDevice": ("UTC",)}) == ()
    )


def test_an_attribute_is_named_once(steps):
    (found,) = extras(steps, device={"dcmTimeZoneOfDevice": ("UTC",), "DCMTIMEZONEOFDEVICE": ("CET",)})
    assert (found.rule, found.path[-1]) == ("DIR-EXTRA", "DCMTIMEZONEOFDEVICE")
    assert found.summary == '"DCMTIMEZONEOFDEVICE" and "dcmTimeZoneOfDevice" are one attribute'


@pytest.mark.parametrize("name", ["1.2.40.0.13.1.15.110.3.91", "OID.1.2.3", "dcmTime Zone", " dcmTag", ""])
def test_an_attribute_is_not_written_by_its_number(steps, name):
    (found,) = extras(steps, device={name: ("PT1H",)})
    assert (found.rule, found.severity, found.path[-1]) == ("DIR-EXTRA", "error", name)
    assert found.summary == f'"{name}" is no name of an attribute'


def test_what_may_not_be_extra_is_not_written_whoever_accepts_that(steps):
    given = {"dicomManufacturer": ("x",), "dcmKeyStorePin": ("hunter2",), "1.2.3": ("x",), "dcmTag": ("y",)}
    entry = {"owner": "it", "until": "2999-01-01", "at": "devices.ct-1"}
    rules = {rule: Accepted(rule=rule, **entry) for rule in ("DIR-EXTRA", "DIR-EXTRA-SECRET")}
    hospital = steps.hospital(steps.ct(extra=given)).model_copy(update={"baseline": rules})
    made = declared("d", hospital)
    extra = made.states()[Address.parse("d/device/ct-1")].fields
    assert [name for name in extra if name.startswith("extra.")] == ["extra.dcmTag"]


def test_a_secret_is_no_extra_attribute(steps):
    (found,) = extras(steps, device={"dcmKeyStorePin": ("hunter2",)})
    assert (found.rule, found.severity) == ("DIR-EXTRA-SECRET", "error")
    assert "hunter2" not in str(found)


def test_summaries_begin_as_all_findings_do():
    text = "\n".join(path.read_text() for path in Path(declare_module.__file__).parent.glob("*.py"))
    summaries = re.findall(r'"DIR-[A-Z-]+",\s+"(?:error|warning)",\s+f?["\'](.)', text)
    assert len(summaries) > 8
    assert [letter for letter in summaries if letter.islower()] == []
