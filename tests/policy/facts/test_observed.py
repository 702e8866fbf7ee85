"""What was seen on the wire, in the words of rules."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pacsconf.dicom.observation import Doors, Encryption, Fault, Negotiated, Software
from pacsconf.dicom.probe.observer import probe
from pacsconf.dicom.probe.run import Sighting
from pacsconf.dicom.wire import Wire
from pacsconf.inventory.hl7_model import Feed
from pacsconf.inventory.model import (
    Connection,
    Device,
    Flow,
    HL7Application,
    Inventory,
    NetworkAE,
    Selector,
)
from pacsconf.inventory.systems import OrthancConfig
from pacsconf.lab import orthanc
from pacsconf.policy.evidence import Evidence, SystemEvidence
from pacsconf.policy.facts.observed import of
from tests.dicom.probe.runs import CT, EXPLICIT, IMPLICIT, MR, a_target, acknowledging, healthy, shut, step

NOW = datetime(2026, 11, 28, 6, 20, tzinfo=UTC)


def evidence(*seen, inventory=None, since="", **more) -> Evidence:
    sightings = tuple(one if isinstance(one, Sighting) else Sighting(one, "ws", since) for one in seen)
    return Evidence(inventory or Inventory(), NOW, sightings=sightings, **more)


def ae(*seen, name="ct-1/CT1", **more):
    return of(evidence(*seen, **more))["ae"][name]


# --- what is known, and what is not -------------------------------------------------------------------------------


def test_an_echo_says_that_it_answers_without_tls_and_no_more():
    assert ae(healthy()) == {"answers": True, "days_since": 2, "plain": True}


def test_who_was_never_asked_is_not_there():
    assert of(evidence(replace(healthy(), verdict="not probed")))["ae"] == {}


def test_of_one_that_is_silent_at_least_how_long_is_told():
    assert ae(shut(), since="2026-11-20T06:10:00Z") == {"answers": False, "days_since": 8}
    assert ae(shut()) == {"answers": False}


def test_one_that_may_sleep_is_no_failure():
    assert ae(shut(verdict="asleep")) == {}


@pytest.mark.parametrize(
    ("doors", "expected"),
    [
        (None, {}),
        (Doors(), {}),
        (Doors(unknown_calling="refused", echo="refused"), {"any_caller": False, "stranger_echo": False}),
        (
            Doors("open", "open", "open", "unknown", "refused"),
            {"any_called": True, "any_caller": True, "stranger_echo": True, "stranger_query": False},
        ),
    ],
    ids=["not tried", "in vain", "kept out", "let in"],
)
def test_what_strangers_met_is_told_as_far_as_it_showed(doors, expected):
    found = ae(healthy(doors=doors))
    names = ("any_called", "any_caller", "stranger_echo", "stranger_store", "stranger_query")
    assert {name: found[name] for name in names if name in found} == expected


def test_an_ae_is_as_weak_as_the_weakest_of_its_ports():
    first = healthy(doors=Doors(unknown_calling="refused"))
    other = healthy(target=a_target(connection="second", port=11112), doors=Doors(unknown_calling="open"))
    assert ae(first, other)["any_caller"] is True


# --- TLS ----------------------------------------------------------------------------------------------------------

SECURE = Encryption("TLS 1.2", "ECDHE", days_left=40, client_certificate=True)
TLS = a_target(port=2762, tls=True)


def test_how_it_speaks_tls_and_for_how_long_its_certificate_is_good_today():
    found = ae(healthy(target=TLS, encryption=SECURE))
    assert {name: found[name] for name in found if name not in ("answers", "days_since")} == {
        "tls": True,
        "tls_version": "1.2",
        "client_certificate": True,
        "certificate_days": 38,
        "certificate_problem": "",
    }


def test_what_it_takes_beside_good_tls():
    doors = Doors(plain="refused", old_tls=("TLS 1.0",), weak_ciphers=())
    found = ae(healthy(target=TLS, encryption=SECURE, doors=doors))
    assert (found["plain"], found["old_tls"], found["weak_ciphers"]) == (False, ["TLS 1.0"], [])
    assert "old_tls" not in ae(healthy(target=TLS, encryption=SECURE, doors=Doors()))


def test_a_certificate_that_is_not_trusted_is_told_in_words():
    untrusted = replace(SECURE, untrusted="CERTIFICATE_VERIFY_FAILED: certificate has expired")
    assert ae(healthy(target=TLS, encryption=untrusted))["certificate_problem"] == "certificate has expired"


def test_a_port_that_speaks_plaintext_where_tls_is_declared_speaks_no_tls():
    plain = step("tls", False, fault=Fault("TLS", alert="WRONG_VERSION_NUMBER"))
    found = ae(replace(healthy(target=TLS), verdict="failing", steps=(step("tcp"), plain)))
    assert found["tls"] is False
    silent = step("tls", False, fault=Fault("silent"))
    assert "tls" not in ae(replace(healthy(target=TLS), verdict="failing", steps=(step("tcp"), silent)))


# --- services, flows, feeds ---------------------------------------------------------------------------------------

REFUSED = (
    Negotiated(CT, IMPLICIT, 0),
    Negotiated(CT, EXPLICIT, 4),
    Negotiated(MR, IMPLICIT, 3),
    Negotiated(MR, EXPLICIT, 3),
)
OFFER = a_target("pacs", "PACS", level="contexts", contexts=((CT, (IMPLICIT, EXPLICIT)), (MR, (IMPLICIT,))))
SEEN = healthy(target=OFFER, contexts=REFUSED)


def test_what_it_refused_of_what_is_declared():
    found = ae(SEEN, name="pacs/PACS")
    assert found["refused_classes"] == ["mr-image-storage"]
    assert found["refused_syntaxes"] == ["ct-image-storage: explicit-vr-little-endian"]
    assert "refused_classes" not in ae(healthy())


def hospital(*archives: str) -> Inventory:
    entity = NetworkAE(title="PACS", connections=("dicom",), initiator=True, acceptor=True)
    made = {
        name: Device(
            name=name,
            type="archive",
            connections={"dicom": Connection(host="10.0.0.1", port=104)},
            ae_titles={"PACS": entity},
        )
        for name in archives
    }
    flow = Flow(
        name="images",
        callers=(Selector(type=("modality",)),),
        called=(Selector(type=("archive",)),),
        services=("storage",),
    )
    return Inventory(devices=made, flows={"images": flow})


def test_what_a_flow_would_meet():
    found = of(evidence(SEEN, inventory=hospital("pacs")))["flow"]["images"]
    assert found == {
        "plain_called": ["pacs/PACS"],
        "refused_classes": ["PACS: mr-image-storage"],
        "refused_syntaxes": [],
    }


def test_that_nothing_is_wrong_with_a_flow_is_said_where_all_that_it_calls_were_asked():
    fine = healthy(
        target=replace(OFFER, tls=True, contexts=((CT, (IMPLICIT,)),)),
        contexts=(Negotiated(CT, IMPLICIT, 0),),
        encryption=SECURE,
    )
    whole = of(evidence(fine, inventory=hospital("pacs")))["flow"]["images"]
    assert whole == {"plain_called": [], "refused_classes": [], "refused_syntaxes": []}
    assert of(evidence(fine, inventory=hospital("pacs", "pacs-2")))["flow"] == {}


def test_a_feed_is_answered_where_its_receiver_acknowledged():
    application = HL7Application(name="RIS|HOSP", connections=("hl7",))
    ris = Device(
        name="ris",
        type="ris",
        connections={"hl7": Connection(host="10.0.0.1", port=2575, protocol="hl7")},
        hl7_applications={"RIS|HOSP": application},
    )
    feed = Feed(name="orders", sender="his", receivers=("ris",), messages=("ORM^O01",))
    inventory = Inventory(devices={"ris": ris}, hl7_feeds={"orders": feed})
    found = of(evidence(acknowledging(), inventory=inventory))
    assert found["feed"] == {"orders": {"answers": True}}
    assert found["ae"] == {}


# --- devices and systems ------------------------------------------------------------------------------------------

CALLED = Software("1.2.3", "ACME_1")


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        (None, None),
        ({"ct-1": {"implementation": "ACME_1 1.2.3"}}, False),
        ({"ct-1": {"implementation": "ACME_0 1.2.3"}}, True),
        ({"ct-1": {}}, None),
    ],
    ids=["record not known", "the same", "another", "not told then"],
)
def test_software_is_held_against_that_of_the_acceptance(accepted, expected):
    found = of(evidence(healthy(software=CALLED), accepted=accepted))["device"]["ct-1"]
    assert found["software"] == ["1.2.3", "ACME_1"]
    assert found.get("software_changed") is expected
    assert (found["answers"], found["days_since"]) == (True, 2)


def test_what_was_met_when_a_system_was_read_is_seen_of_it_and_of_its_device():
    told = {"system": {"a": {"anonymous_read": True, "clock_skew_seconds": 70}}}
    config = OrthancConfig.model_validate(
        {"name": "a", "type": "orthanc", "url": "http://h", "ae": "pacs/PACS"}
    )
    inventory = hospital("pacs").model_copy(update={"systems": {"a": config}})
    one = SystemEvidence("a", "orthanc", "configured", configured=told)
    found = of(evidence(inventory=inventory, systems={"a": one}))
    assert found["system"] == {"a": {"open_without_login": True, "clock_skew_seconds": 70}}
    assert found["device"] == {"pacs": {"clock_skew_seconds": 70}}


# --- a real one ---------------------------------------------------------------------------------------------------


def test_a_fresh_orthanc_shows_on_the_wire_what_it_takes_from_strangers(tmp_path):
    options = orthanc.Options(always_allow_echo=True, always_allow_store=True, check_called_aet=False)
    with orthanc.started(tmp_path / "o", options) as running:
        port = running.dicom_port
        target = a_target("pacs", "ORTHANC", host="127.0.0.1", port=port, declared=f"127.0.0.1:{port}")
        seen = probe(replace(target, level="services", negatives=True, calling="PROBE"), Wire())
    found = ae(seen, name="pacs/ORTHANC")
    assert found["plain"] is True
    assert (found["any_caller"], found["any_called"]) == (True, True)
    assert (found["stranger_echo"], found["stranger_query"]) == (True, False)
    assert "stranger_store" not in found  # it accepts contexts that it then refuses to use
    json.dumps(of(evidence(seen)))
