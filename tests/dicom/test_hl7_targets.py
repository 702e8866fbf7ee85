"""Which HL7 applications may be called, where, how far and in whose name."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pacsconf.dicom.hl7_targets import hl7_targets
from pacsconf.dicom.targets import Target, targets
from pacsconf.inventory.hl7_model import HL7Application
from pacsconf.inventory.model import Connection, Device, Inventory, NetworkAE, Node, SeenFrom, Site

NAME = "RIS|HOSP"
NIGHT = datetime(2026, 11, 26, 23, 0, tzinfo=UTC)


def a_ris(*, name: str = "ris", application=None, connection=None, **more) -> Device:
    """A device with an AE at one port and an HL7 application at another."""
    said = {"name": NAME, "connections": ("hl7",)} | (application or {})
    at = {"host": "10.20.0.1", "port": 2575, "protocol": "hl7"} | (connection or {})
    return Device(
        name=name,
        connections={"dicom": Connection(host="10.20.0.1", port=104), "hl7": Connection(**at)},
        ae_titles={"RIS": NetworkAE(title="RIS", connections=("dicom",), initiator=True, acceptor=True)},
        hl7_applications={said["name"]: HL7Application(**said)},
        **({"type": "ris", "probe": "services"} | more),
    )


def a_prober(*applications: str, title: str = "PROBE") -> Device:
    return Device(
        name="probe",
        type="workstation",
        connections={"dicom": Connection(host="10.20.0.9")},
        ae_titles={title: NetworkAE(title=title, connections=("dicom",), initiator=True, acceptor=False)},
        hl7_applications={name: HL7Application(name=name, connections=()) for name in applications},
    )


def an_inventory(*devices: Device, **sites: Site) -> Inventory:
    return Inventory(devices={device.name: device for device in devices}, sites=sites)


def test_an_application_is_called_at_its_own_port_by_one_message_at_the_most():
    inventory = an_inventory(a_ris(), a_prober())

    assert hl7_targets(inventory, None, "probe") == (
        Target(
            "ris", NAME, "hl7", "10.20.0.1", 2575, "10.20.0.1:2575", "echo", "PROBE|", protocol="hl7",
        ),
    )  # fmt: skip


def test_what_asks_for_dicom_never_dials_a_port_of_hl7():
    inventory = an_inventory(a_ris(), a_prober())

    assert [(one.port, one.protocol) for one in targets(inventory, None, "probe")] == [(104, "dicom")]


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"lifecycle": "planned"}, id="planned"),
        pytest.param({"lifecycle": "commissioning"}, id="commissioning"),
        pytest.param({"lifecycle": "retired"}, id="retired"),
        pytest.param({"installed": False}, id="device not installed"),
        pytest.param({"application": {"installed": False}}, id="application not installed"),
        pytest.param({"connection": {"installed": False}}, id="connection not installed"),
        pytest.param({"connection": {"port": None}}, id="without a port"),
        pytest.param({"connection": {"protocol": "http"}}, id="at a port of something else"),
        pytest.param({"application": {"connections": ()}}, id="without a connection"),
    ],
)
def test_there_is_nothing_to_call(given):
    assert hl7_targets(an_inventory(a_ris(**given)), None, None) == ()


@pytest.mark.parametrize(
    ("given", "level", "why"),
    [
        pytest.param({"probe": "none"}, "none", "do not probe", id="it says no"),
        pytest.param({"probe": "tcp"}, "tcp", "", id="it says no more than a connection"),
        pytest.param({"probe": "contexts"}, "echo", "", id="it says more than a message"),
        pytest.param({"external": True}, "none", "a partner outside is never called", id="partner"),
        pytest.param(
            {"max_associations": 1, "probe_window": "06:00-07:00"},
            "tcp",
            "it takes one association at a time, and this is outside its probe_window (06:00-07:00)",
            id="outside its window",
        ),
    ],
)
def test_no_more_is_sent_than_is_allowed(given, level, why):
    (found,) = hl7_targets(an_inventory(a_ris(**given)), None, None, NIGHT)

    assert (found.level, found.why) == (level, why)


def test_a_person_may_override_the_window():
    given = {"max_associations": 1, "probe_window": "06:00-07:00"}
    (found,) = hl7_targets(an_inventory(a_ris(**given)), None, None, NIGHT, anytime=True)

    assert found.level == "echo"


def test_nodes_are_called_too_and_a_standby_is_known_as_one():
    nodes = {"a": Node(host="10.20.0.6"), "b": Node(host="10.20.0.7", port=2576, standby=True)}
    found = hl7_targets(an_inventory(a_ris(nodes=nodes)), None, None)

    assert [(one.node, one.host, one.port, one.standby) for one in found] == [
        (None, "10.20.0.1", 2575, False),
        ("a", "10.20.0.6", 2575, False),
        ("b", "10.20.0.7", 2576, True),
    ]


def test_it_is_called_as_the_caller_sees_it():
    seen = {"seen_from": {"north": SeenFrom(host="192.0.2.1", port=9)}}
    inventory = an_inventory(a_ris(connection=seen), north=Site())
    (found,) = hl7_targets(inventory, None, None, from_site="north")

    assert (found.host, found.port, found.declared) == ("192.0.2.1", 9, "10.20.0.1:2575")


@pytest.mark.parametrize(
    ("prober", "calling"),
    [
        pytest.param(a_prober("B|HOSP", "A|HOSP"), "A|HOSP", id="its own application"),
        pytest.param(a_prober("*"), "PROBE|", id="its title, where it has none of a name"),
        pytest.param(a_prober(title="A^B"), "PACSCONF|", id="neither, where the title would end a part"),
    ],
)
def test_messages_are_sent_in_the_name_of_whom_pacsconf_calls_as(prober, calling):
    (found,) = hl7_targets(an_inventory(a_ris(), prober), {"ris"}, "probe")

    assert found.calling == calling


def test_without_a_prober_nothing_is_sent_in_anybodys_name():
    (found,) = hl7_targets(an_inventory(a_ris()), None, None)

    assert found.calling is None
