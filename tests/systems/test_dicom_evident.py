"""What a directory with an archive in it means for rules, on a real slapd."""

from __future__ import annotations

import pytest

from pacsconf.inventory.hl7_model import Feed, HL7Application
from pacsconf.inventory.model import Connection, Device, Flow, Inventory, NetworkAE, Selector
from pacsconf.inventory.systems import DirectoryConfig
from pacsconf.systems._dcm4chee.evidence.entities import ANYWHERE
from pacsconf.systems._dicom.evident import evidence
from pacsconf.systems.abilities import Evident

SPEAKS = {"extensions": ("dcm4chee",)}
TLS = "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
FUZZY = {"fuzzy_algorithm": "org.dcm4che3.soundex.ESoundex"}


def archive(device=None, entity=None, *, accepts="declared", tls=(), connection=None) -> Device:
    ae = NetworkAE(
        title="ARC",
        connections=("dicom",),
        initiator=True,
        acceptor=True,
        accepts=accepts,
        vendor={"dcm4chee": entity or {}},
    )
    listening = Connection(
        host="10.0.0.1", port=11112, tls=tls, vendor={} if connection is None else {"dcm4chee": connection}
    )
    return Device(
        name="Arc",
        type="archive",
        connections={"dicom": listening},
        ae_titles={"ARC": ae},
        vendor={"dcm4chee": FUZZY | (device or {})},
    )


def hospital(steps, one: Device, *more: Device, **keys) -> Inventory:
    images = Flow(
        name="images",
        callers=(Selector(type=("modality",)),),
        called=(Selector(device=("Arc",)),),
        services=("storage",),
    )
    return steps.hospital(one, steps.ct(), *more, flows={"images": images}, **keys)


@pytest.fixture
def told(directory, steps):
    """Brings one inventory about, and says what it means under another."""

    def ask(live: Inventory, inventory: Inventory | None = None, **keys):
        steps.bring(directory(**SPEAKS), live)
        system = directory(**(SPEAKS | keys))
        assert isinstance(system, Evident)
        system.declared(inventory or live)
        return system.evidence(system.read().states(), inventory or live)

    return ask


# --- whom it lets in ----------------------------------------------------------------------------------------------


def test_an_archive_takes_those_that_flows_declare(told, steps):
    found = told(hospital(steps, archive()))
    assert found["ae"]["Arc/ARC"] == {
        "held": True,
        "any_caller": False,
        "accepted_callers": ["CT_1"],
        "callers_beyond": [],
        "callers_missing": [],
        "checks_called": True,
        "binds_hosts": False,
        "stranger_echo": False,
        "stranger_store": False,
        "stranger_query": False,
        "tls": False,
        "client_certificate": False,
        "move_beyond": [ANYWHERE],
    }
    assert found["ae"]["ct-1/CT_1"] == {"held": True, "trusted_by": ["directory/network-ae/arc/ARC"]}
    assert found["device"]["ct-1"] == {
        "held_by": ["directory"],
        "trusted_by": ["directory/network-ae/arc/ARC"],
    }
    assert found["flow"] == {"images": {"refused": [], "plain_called": ["Arc/ARC"]}}


def test_without_a_list_it_takes_anybody(told, steps):
    own = told(hospital(steps, archive(accepts="any")))["ae"]["Arc/ARC"]
    assert (own["any_caller"], own["stranger_store"], own["accepted_callers"]) == (True, True, [])
    binding = archive({"validate_calling_host": True}, accepts="any")
    own = told(hospital(steps, binding))["ae"]["Arc/ARC"]
    assert (own["any_caller"], own["binds_hosts"]) == (True, True)
    assert "stranger_store" not in own


def test_who_is_on_the_list_and_who_is_missing_shows_against_flows(told, steps):
    listed = archive(entity={"accepted_callers": ["CT_1", "OLD"]})
    retired = steps.ct("old", "OLD", lifecycle="retired")
    now = hospital(steps, archive(), steps.ct("ct-2", "CT_2"), retired)
    found = told(hospital(steps, listed), now)
    own = found["ae"]["Arc/ARC"]
    assert (own["callers_beyond"], own["callers_missing"]) == (["OLD"], ["CT_2"])
    assert found["ae"]["old/OLD"]["trusted_by"] == ["directory/network-ae/arc/ARC"]
    assert found["device"]["old"]["trusted_by"] == ["directory/network-ae/arc/ARC"]
    assert found["flow"]["images"]["refused"] == ["ct-2/CT_2"]


def test_of_an_archive_that_the_inventory_says_nothing_of_nothing_is_known(told, steps):
    plain = Device(
        name="Arc",
        type="archive",
        connections={"dicom": Connection(host="10.0.0.1", port=11112)},
        ae_titles={"ARC": NetworkAE(title="ARC", connections=("dicom",), initiator=True, acceptor=True)},
    )
    assert told(hospital(steps, plain))["ae"]["Arc/ARC"] == {"held": True}


def test_where_it_may_send_to(told, steps):
    closed = archive(entity={"accepted_move_destinations": ["CT_1"]})
    assert told(hospital(steps, closed))["ae"]["Arc/ARC"]["move_beyond"] == []
    assert told(hospital(steps, closed), hospital(steps, archive()))["ae"]["Arc/ARC"]["move_beyond"] == []


# --- TLS ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("connection", "asks"),
    [(None, None), ({}, True), ({"tls_need_client_auth": False}, False)],
    ids=["not said", "as delivered", "switched off"],
)
def test_whether_it_asks_who_calls_is_known_where_the_inventory_says_so(told, steps, connection, asks):
    own = told(hospital(steps, archive(tls=(TLS,), connection=connection)))["ae"]["Arc/ARC"]
    assert (own["tls"], own.get("client_certificate")) == (True, asks)


# --- what it deletes ----------------------------------------------------------------------------------------------

EMPTIED = {
    "purge_storage_interval": "PT10M",
    "storages": {
        "fs1": {"uri": "file:///fs1/", "duration": "CACHE", "deleter_thresholds": "50GB"},
        "fs2": {"uri": "file:///fs2/", "duration": "CACHE", "no_deletion_constraint": True},
        "fs3": {"uri": "file:///fs3/"},
    },
}


def test_storages_are_told_one_by_one(told, steps):
    found = told(hospital(steps, archive(EMPTIED)))
    assert found["storage"]["directory/Arc/fs1"] == {
        "duration": "cache",
        "deletes": True,
        "only_copy": True,
        "unbounded_cache": False,
    }
    assert found["storage"]["directory/Arc/fs2"]["unbounded_cache"] is True
    assert found["storage"]["directory/Arc/fs3"] == {
        "duration": "permanent",
        "deletes": False,
        "only_copy": True,
        "unbounded_cache": False,
    }


def test_what_deletes_by_itself_is_told_and_what_of_it_nobody_declared(told, steps):
    found = told(hospital(steps, archive(EMPTIED)))["system"]["directory"]
    armed = [
        "Arc: storage fs1 (CACHE) is emptied every PT10M",
        "Arc: storage fs2 (CACHE) is emptied every PT10M",
    ]
    assert (found["purge_armed"], found["purge_undeclared"]) == (armed, [])
    safe = {**EMPTIED, "storages": {**EMPTIED["storages"], "fs1": {"uri": "file:///fs1/"}}}
    found = told(hospital(steps, archive(EMPTIED)), hospital(steps, archive(safe)))["system"]["directory"]
    assert (found["purge_armed"], found["purge_undeclared"]) == (armed, armed[:1])


def test_that_nothing_deletes_by_itself_is_known_where_every_archive_is_looked_at(told, steps):
    other = archive().model_copy(update={"name": "Other", "vendor": {}})
    entity = other.ae_titles["ARC"].model_copy(update={"title": "OTHER"})
    other = other.model_copy(update={"ae_titles": {"OTHER": entity}})
    assert told(hospital(steps, archive()))["system"]["directory"]["purge_undeclared"] == []
    found = told(hospital(steps, archive(), other))["system"]["directory"]
    assert not found.keys() & {"purge_armed", "purge_undeclared", "audit_to"}


def test_studies_that_are_rejected_when_their_time_is_over(told, steps):
    rejects = {
        "reject_expired_interval": "PT12H",
        "reject_expired_studies": "10",
        "reject_expired_ae": "ARC",
        "rejection_notes": {
            "Expired": {
                "code": '(113039, DCM, "Data Retention Policy Expired")',
                "type": "DATA_RETENTION_POLICY_EXPIRED",
                "delete_rejected_delay": "P30D",
            }
        },
    }
    told_of = told(hospital(steps, archive(rejects)))["system"]["directory"]["purge_armed"]
    assert told_of == ["Arc: rejects studies whose retention is over every PT12H"]
    deletes = rejects | {"delete_rejected_interval": "PT1H"}
    told_of = told(hospital(steps, archive(deletes)))["system"]["directory"]["purge_armed"]
    assert told_of == [
        "Arc: rejects studies whose retention is over every PT12H, and deletes them P30D later"
    ]
    assert told(hospital(steps, archive()))["system"]["directory"]["purge_armed"] == []


# --- audit, web, HL7 ----------------------------------------------------------------------------------------------


def test_where_it_sends_audit_messages_and_who_may_use_its_web(told, steps):
    arr = steps.ct("arr", "ARR", type="audit-record-repository", modality=())
    says = {
        "audit_loggers": {"main": {"connections": ["dicom"], "repository": "arr"}},
        "web_apps": {
            "open": {"path": "/rs", "classes": ["QIDO_RS"]},
            "closed": {"path": "/admin", "classes": ["QIDO_RS"], "properties": ["roles=admin"]},
        },
    }
    found = told(hospital(steps, archive(says), arr))
    assert found["device"]["Arc"]["audit_to"] == ["arr"]
    assert found["system"]["directory"]["audit_to"] == ["arr"]
    assert found["system"]["directory"]["enforces_roles"] is False
    both = {**says, "web_apps": {"closed": says["web_apps"]["closed"]}}
    assert told(hospital(steps, archive(both), arr))["system"]["directory"]["enforces_roles"] is True
    without = told(hospital(steps, archive()))
    assert without["device"]["Arc"]["audit_to"] == []
    assert "enforces_roles" not in without["system"]["directory"]


@pytest.mark.parametrize(("senders", "any_sender"), [("declared", False), ("any", True)])
def test_an_application_without_a_list_of_senders_takes_any(told, steps, senders, any_sender):
    application = HL7Application(name="ARC|H", connections=("hl7",), accepted_senders=senders)
    one = archive()
    one = one.model_copy(
        update={
            "connections": {**one.connections, "hl7": Connection(host="10.0.0.1", port=2575, protocol="hl7")},
            "hl7_applications": {"ARC|H": application},
        }
    )
    ris = steps.ct("ris", "RIS", type="ris", modality=()).model_copy(
        update={
            "connections": {
                "dicom": Connection(host="10.0.0.9", port=104),
                "hl7": Connection(host="10.0.0.9", protocol="hl7"),
            },
            "hl7_applications": {"RIS|H": HL7Application(name="RIS|H", connections=("hl7",))},
        }
    )
    feed = Feed(name="orders", sender="ris", receivers=("Arc",), messages=("ORM^O01",))
    found = told(hospital(steps, one, ris, hl7_feeds={"orders": feed}))
    assert found["feed"] == {"orders": {"any_sender": any_sender}}


# --- what is there that nobody declared ---------------------------------------------------------------------------


def test_devices_and_titles_that_nobody_declared_are_named(told, steps):
    live = hospital(steps, archive(), steps.ct("ghost", "GHOST"), steps.ct("twin", "CT_X"))
    found = told(live, hospital(steps, archive()))
    assert found["system"]["directory"]["undeclared"] == [
        "directory/device/ghost",
        "directory/device/twin",
    ]
    assert "ghost" not in found["device"]
    found = told(live, hospital(steps, archive()), ignore=("device/gh*",))
    assert found["system"]["directory"]["undeclared"] == ["directory/device/twin"]


def test_a_title_that_stands_at_a_stranger_too_is_told(told, directory, steps, hands):
    live = hospital(steps, archive())
    found = told(live)
    assert "same_title" not in found["ae"]["ct-1/CT_1"]
    hands.add(f"dicomDeviceName=thief,{steps.devices}", "dicomDevice", dicomInstalled="TRUE")
    hands.add(
        f"dicomAETitle=CT_1,dicomDeviceName=thief,{steps.devices}",
        "dicomNetworkAE",
        dicomAssociationInitiator="TRUE",
        dicomAssociationAcceptor="FALSE",
        dicomNetworkConnectionReference=f"cn=dicom,dicomDeviceName=ct-1,{steps.devices}",
    )
    system = directory(**SPEAKS)
    system.declared(live)
    found = system.evidence(system.read().states(), live)
    assert found["ae"]["ct-1/CT_1"]["same_title"] == ["directory/network-ae/thief/CT_1"]


def test_a_directory_that_was_read_without_a_bind_answers_to_anybody(told, steps):
    assert "anonymous_read" not in told(hospital(steps, archive()))["system"]["directory"]
    config = DirectoryConfig(name="directory", type="dicom-directory", url="ldap://h")
    found = evidence(config, {}, Inventory())
    assert found["system"]["directory"] == {
        "undeclared": [],
        "anonymous_read": True,
        "authenticates": False,
    }
