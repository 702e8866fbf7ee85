"""What the extension dcm4chee derives from the inventory's own words, and writes into a real directory."""

from __future__ import annotations

import pytest

from pacsconf.core.compare import compare
from pacsconf.core.decide import Rules, change
from pacsconf.inventory.flows import Entities
from pacsconf.inventory.hl7_model import Feed, HL7Application
from pacsconf.inventory.model import Connection, Flow, NetworkAE, Selector
from pacsconf.inventory.scope import Scope
from pacsconf.inventory.sources import Sources
from pacsconf.inventory.systems import DirectoryConfig
from pacsconf.systems._dcm4chee.words.callers import callers
from pacsconf.systems._dicom.placed import problems
from pacsconf.systems.dcm4chee import Dcm4chee
from pacsconf.systems.vendor_rules import RULES
from tests.systems.conftest import DEVICES, ROOT, apply, ct, hospital, plan

ARCHIVE = f"dicomDeviceName=arc,{DEVICES}"
SCANNERS = (ct("ct-1", "CT_1"), ct("ct-2", "CT_2"))
SPEAKS = {"extensions": ("dcm4chee",)}
TO_ARCHIVE = {
    "images": Flow(
        name="images",
        callers=(Selector(type=("modality",)),),
        called=(Selector(device=("arc",)),),
        services=("storage",),
    )
}


def archive(ae=None, **more):
    """An archive with one title that is called; `ae` are further keys of that."""
    keys = {"connections": ("dicom",), "initiator": True, "acceptor": True, "vendor": {"dcm4chee": {}}}
    entity = NetworkAE(title="ARC", **(keys | (ae or {})))
    return ct("arc", "ARC", **({"type": "archive", "ae_titles": {"ARC": entity}} | more))


def with_archive(ae=None, *, flows=TO_ARCHIVE, others=SCANNERS, **more):
    return hospital(archive(ae, **more), *others, flows=flows)


def found(inventory):
    return [(each.rule, each.severity) for each in problems(Dcm4chee, inventory)]


def bring(directory, inventory):
    outcomes = apply(made := directory(**SPEAKS), plan(made, inventory))
    assert [each for each in outcomes if each.status != "applied"] == []
    assert plan(directory(**SPEAKS), inventory) == ()


# --- who may call -------------------------------------------------------------------------------------------


def test_callers_are_those_whom_flows_name(directory, hands):
    bring(directory, with_archive())
    entity = hands.entry(f"dicomAETitle=ARC,{ARCHIVE}")
    assert sorted(entity["dcmAcceptedCallingAETitle"]) == [b"CT_1", b"CT_2"]


def test_an_entity_without_the_key_keeps_the_list_that_it_has(directory, hands):
    bring(directory, with_archive())
    hands.modify(f"dicomAETitle=ARC,{ARCHIVE}", dcmAcceptedCallingAETitle=["ELSEWHERE"])
    assert plan(directory(**SPEAKS), with_archive({"vendor": {}})) == ()


def test_any_is_no_list(directory, hands):
    bring(directory, with_archive({"accepts": "any"}))
    assert "dcmAcceptedCallingAETitle" not in hands.entry(f"dicomAETitle=ARC,{ARCHIVE}")
    assert found(with_archive({"accepts": "any"})) == []


def test_a_title_that_a_router_calls_with_may_call_too():
    router = ct("ct-1", "CT_1", rewrites={"US_1": "ROUTED"})
    inventory = with_archive(others=(router,))
    arc = inventory.devices["arc"]
    let_in = callers(inventory, arc, arc.ae_titles["ARC"])
    assert let_in == {"CT_1": ("flows", "images"), "ROUTED": ("flows", "images")}


@pytest.mark.parametrize(
    ("accepts", "let_in"),
    [
        (("CT_*",), {"CT_1", "CT_2"}),
        (("CT_1", "FAR_AWAY"), {"CT_1", "FAR_AWAY"}),
        (("*",), None),
        (("XA_*",), set()),
    ],
)
def test_patterns_let_in_the_declared_titles_that_fit(accepts, let_in):
    inventory = with_archive({"accepts": accepts})
    arc = inventory.devices["arc"]
    made = callers(inventory, arc, arc.ae_titles["ARC"])
    assert (None if made is None else set(made)) == let_in


def test_nobody_declared_is_an_error_since_the_archive_would_let_anybody_in():
    assert found(with_archive(flows={})) == [("ARC-CALLERS-001", "error")]
    assert found(with_archive({"accepts": ("XA_*",)})) == [("ARC-CALLERS-001", "error")]
    listed = {"vendor": {"dcm4chee": {"accepted_callers": []}}}
    assert found(with_archive(listed)) == [("ARC-CALLERS-001", "error")]


def test_nobody_calls_an_entity_that_only_calls():
    assert found(with_archive({"acceptor": False}, flows={})) == []


def test_a_list_of_its_own_wins_and_the_difference_is_told(directory, hands):
    listed = {"vendor": {"dcm4chee": {"accepted_callers": ["CT_1", "WS_9"]}}}
    bring(directory, with_archive(listed))
    entity = hands.entry(f"dicomAETitle=ARC,{ARCHIVE}")
    assert sorted(entity["dcmAcceptedCallingAETitle"]) == [b"CT_1", b"WS_9"]
    (told,) = problems(Dcm4chee, with_archive(listed))
    assert (told.rule, told.severity) == ("ARC-CALLERS-002", "warning")
    assert "lets in WS_9" in told.summary
    assert "keeps out CT_2" in told.summary
    same = {"vendor": {"dcm4chee": {"accepted_callers": ["CT_1", "CT_2"]}}}
    assert found(with_archive(same)) == []


def test_where_a_list_comes_from_is_the_flow(directory):
    declared = directory(**SPEAKS).declared(with_archive())
    address = next(each.address for each in declared.resources if each.address.name == "arc/ARC")
    assert declared.paths[address]["dcm4chee.accepted_callers"] == ("flows", "images")


@pytest.mark.parametrize(
    ("before", "after", "effects"),
    [
        (("A", "B"), (), {"widens"}),
        (("A", "B"), ("A",), {"removes"}),
        (("A",), ("A", "B"), set()),
        ((), ("A",), {"removes"}),
    ],
    ids=["no list any more", "one less", "one more", "a list begins"],
)
def test_a_change_of_callers_is_a_matter_of_access(directory, before, after, effects):
    kind = directory(**SPEAKS).kinds["network-ae"]

    def side(titles):
        return {"dcm4chee.accepted_callers": titles} if titles else {}

    assert kind.effects(side(before), side(after)) == effects
    assert kind.risk(side(before), side(after)) == "access"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ((), ("CT_1",), "so far anybody may call: from now on only these may"),
        (("CT_1",), (), "from now on anybody may call"),
        (("CT_1",), ("CT_1", "CT_2"), ""),
    ],
    ids=["begins", "ends", "goes on"],
)
def test_that_a_list_of_callers_begins_or_ends_is_said_beside_the_change(
    directory, hands, before, after, told
):
    def listed(titles):
        facet = {"accepted_callers": titles} if titles else {}
        return with_archive({"vendor": {"dcm4chee": facet}, **({} if titles else {"accepts": "any"})})

    bring(directory, listed(before))
    ((made,),) = plan(directory(**SPEAKS), listed(after))
    assert made.reason == told


# --- protocol, aliases --------------------------------------------------------------------------------------


def with_hl7(name="ris", feeds=None, application=None, vendor=None, **more):
    one = HL7Application(
        name="RIS|HOSP", connections=("hl7",), **({"vendor": vendor} if vendor else {}), **(application or {})
    )
    connections = {
        "dicom": Connection(host="10.20.4.30", port=104),
        "hl7": Connection(host="10.20.4.30", port=2575, protocol="hl7"),
    }
    device = ct(name, "RIS", connections=connections, hl7_applications={"RIS|HOSP": one}, **more)
    return hospital(device, hl7_feeds=feeds or {})


HL7_ENTRY = f"hl7ApplicationName=RIS|HOSP,dicomDeviceName=ris,{DEVICES}"
HL7_NAMES = f"cn=Unique HL7 Application Names Registry,{ROOT}"


def test_the_protocol_of_a_connection_is_written_for_any_device(directory, hands):
    bring(directory, with_hl7())
    entry = hands.entry(f"cn=hl7,dicomDeviceName=ris,{DEVICES}")
    assert entry["dcmProtocol"] == [b"HL7"]
    assert "dcmProtocol" not in hands.entry(f"cn=dicom,dicomDeviceName=ris,{DEVICES}")
    hands.modify(f"cn=hl7,dicomDeviceName=ris,{DEVICES}", dcmTCPBacklog=["7"])
    assert plan(directory(**SPEAKS), with_hl7()) == ()


def test_a_protocol_that_is_wrong_is_put_right(directory, hands):
    bring(directory, with_hl7())
    hands.modify(
        f"cn=dicom,dicomDeviceName=ris,{DEVICES}",
        objectClass=["dicomNetworkConnection", "dcmNetworkConnection"],
    )
    hands.modify(f"cn=dicom,dicomDeviceName=ris,{DEVICES}", dcmProtocol=["HL7"])
    ((made,),) = plan(directory(**SPEAKS), with_hl7())
    assert [(each.name, each.before, each.after) for each in made.fields] == [
        ("dcm4chee.protocol", "HL7", None)
    ]
    outcomes = apply(system := directory(**SPEAKS), plan(system, with_hl7()))
    assert [each.status for each in outcomes] == ["applied"]
    assert "dcmProtocol" not in hands.entry(f"cn=dicom,dicomDeviceName=ris,{DEVICES}")


def test_aliases_are_kept_with_the_entity(directory, hands):
    bring(directory, with_archive({"answers_to": ("OLD_ARC",)}))
    assert hands.entry(f"dicomAETitle=ARC,{ARCHIVE}")["dcmOtherAETitle"] == [b"OLD_ARC"]


# --- HL7 applications ---------------------------------------------------------------------------------------


def test_an_hl7_application_is_written_for_any_device_and_its_name_is_reserved(directory, hands):
    bring(directory, with_hl7(application={"other_names": ("RIS2|HOSP",), "accepted_senders": "any"}))
    entry = hands.entry(HL7_ENTRY)
    assert entry["objectClass"] == [b"hl7Application"]
    assert entry["dicomNetworkConnectionReference"] == [f"cn=hl7,dicomDeviceName=ris,{DEVICES}".encode()]
    assert entry["hl7OtherApplicationName"] == [b"RIS2|HOSP"]
    assert "hl7AcceptedSendingApplication" not in entry
    assert hands.entry(f"hl7ApplicationName=RIS|HOSP,{HL7_NAMES}") is not None


def test_what_an_archive_keeps_of_an_application_is_looked_at_only_where_something_is_said(directory, hands):
    bring(directory, with_hl7())
    hands.modify(HL7_ENTRY, objectClass=["hl7Application", "dcmArchiveHL7Application"])
    hands.modify(HL7_ENTRY, hl7UseNullValue=["TRUE"])
    assert plan(directory(**SPEAKS), with_hl7()) == ()
    ((made,),) = plan(directory(**SPEAKS), with_hl7(vendor={"dcm4chee": {}}))
    assert [(each.name, each.before, each.after) for each in made.fields] == [("use_null_value", True, None)]
    bring(directory, with_hl7(vendor={"dcm4chee": {}}))
    assert "hl7UseNullValue" not in hands.entry(HL7_ENTRY)


def test_senders_follow_from_feeds(directory, hands):
    inventory = with_hl7(vendor={"dcm4chee": {"forward_rules": {"all": {"to": "PACS|HOSP"}}}})
    sender = ct(
        "his",
        "HIS",
        connections={
            "dicom": Connection(host="10.20.4.31", port=104),
            "hl7": Connection(host="10.20.4.31", protocol="hl7"),
        },
        hl7_applications={"HIS|HOSP": HL7Application(name="HIS|HOSP", connections=("hl7",))},
    )
    feed = Feed(name="admissions", sender="his", receivers=("ris",), messages=("ADT^A08",))
    whole = hospital(*inventory.devices.values(), sender, hl7_feeds={"admissions": feed})
    bring(directory, whole)
    entry = hands.entry(HL7_ENTRY)
    assert entry["hl7AcceptedSendingApplication"] == [b"HIS|HOSP"]
    assert entry["hl7AcceptedMessageType"] == [b"ADT^A08"]
    rule = hands.entry(f"cn=all,{HL7_ENTRY}")
    assert rule["hl7FwdApplicationName"] == [b"PACS|HOSP"]
    declared = directory(**SPEAKS).declared(whole)
    address = next(each.address for each in declared.resources if each.address.parts == ("ris", "RIS|HOSP"))
    assert declared.paths[address]["accepted_senders"] == ("hl7_feeds", "admissions")
    (told,) = problems(Dcm4chee, whole)  # nobody has that name
    assert (told.rule, told.severity) == ("PACS-VENDOR-004", "warning")
    assert told.path[2:] == (
        "hl7_applications",
        "RIS|HOSP",
        "vendor",
        "dcm4chee",
        "forward_rules",
        "all",
        "to",
    )


def test_an_application_that_lets_in_everybody_unmeant_is_an_error():
    listens = with_hl7(application={"accepted_message_types": "any"})
    assert found(listens) == [("ARC-HL7-001", "error")]
    assert found(with_hl7(application={"accepted_message_types": "any", "accepted_senders": "any"})) == []
    assert found(with_hl7()) == []


def test_what_is_wrong_for_an_application_is_told_at_its_place():
    (told,) = problems(Dcm4chee, with_hl7(vendor={"dcm4chee": {"use_null_value": "yes"}}))
    assert told.rule == "PACS-VAL-001"
    assert told.path[-4:] == ("RIS|HOSP", "vendor", "dcm4chee", "use_null_value")


def test_an_application_is_not_written_under_vendor_of_its_device():
    wrong = hospital(
        ct("ris", "RIS", vendor={"dcm4chee": {"hl7_applications": {"A|B": {"connections": []}}}})
    )
    (told,) = problems(Dcm4chee, wrong)
    assert "declared on the device itself" in told.summary


def test_a_device_that_goes_takes_its_applications_with_it(directory, hands):
    bring(directory, with_hl7(application={"ae_title": "RIS"}))
    assert hands.entry(HL7_ENTRY)["dicomAETitle"] == [b"RIS"]
    system = directory(**SPEAKS)
    declared = {each.address: each.state() for each in system.declared(hospital()).resources}
    live = {each.address: each.state() for each in system.read().resources}
    gone = [change(each, Rules(system.kinds)) for each in compare(declared, live, live)]
    deletes = [each for each in gone if each and each.action == "delete"]
    assert [str(each) for each in system.check(deletes) if each.rule == "DIR-DELETE"] == []


WHOLE = {
    "dcm4chee": {
        "storages": {"fs1": {"uri": "file:///fs1/"}},
        "retention_policies": {"all": {"period": "P10Y"}},
        "web_apps": {"ARC": {"path": "/rs", "classes": ("QIDO_RS",)}},
    }
}


def test_what_an_archive_has_is_retired_with_it(directory):
    system = directory(**SPEAKS)
    live = {each.address: each for each in system.declared(with_archive(vendor=WHOLE)).resources}
    gone = system.declared(with_archive(vendor=WHOLE, lifecycle="retired", flows={})).retired
    assert {str(one).removeprefix(f"{system.name}/") for one in gone & live.keys()} >= {
        "device/arc",
        "retention-rule/arc/all",
        "unique-ae-title/ARC",
        "unique-web-name/ARC",
    }
    assert not [one for one in gone if one.kind == "container"]


def test_a_default_that_an_entry_states_is_nobodys_to_lose_when_it_is_deleted(directory, hands):
    bring(directory, with_archive(vendor=WHOLE))
    hands.modify(f"dcmStorageID=fs1,{ARCHIVE}", dcmReadOnly=["FALSE"])
    system = directory(**SPEAKS)
    cut = plan(system, hospital(*SCANNERS))
    assert system.check([each for layer in cut for each in layer]) == ()
    assert {each.status for each in apply(system, cut)} == {"applied"}


# --- an archive's own settings ------------------------------------------------------------------------------


def test_settings_of_an_archive_need_the_one_that_its_class_demands():
    vendor = {"dcm4chee": {"patient_info_in_audit_log": "HASH_NAME"}}
    assert found(with_archive(vendor=vendor)) == [("ARC-DEVICE-001", "error")]
    assert found(with_archive(vendor={"dcm4chee": {"limit_open_associations": "4"}})) == []


def test_a_wrong_capital_letter_is_answered_with_the_right_spelling():
    vendor = {"dcm4chee": {"fuzzy_algorithm": "x.Soundex", "overwrite_policy": "never"}}
    (told,) = problems(Dcm4chee, with_archive(vendor=vendor))
    assert 'did you mean "NEVER"' in told.summary


SETTINGS = {
    "fuzzy_algorithm": "org.dcm4che3.soundex.ESoundex",
    "overwrite_policy": "SAME_SOURCE",
    "peer_cache_timeout": "PT5M",
    "limit_associations_by": ["CT_1=4"],
    "query_view": "regularUse",
    "query_views": {"regularUse": {}},
    "queues": {"Export1": {"tasks_at_once": "2", "schedule": ["hour=18-6 dayOfWeek=*"]}},
    "attribute_filters": {"Patient": {"tags": ["00100010", "0010002b"], "update_policy": "SUPPLEMENT"}},
    "id_generators": {"PatientID": {"format": "P-%08d"}},
    "keycloak_clients": {"arc": {"realm": "dcm4che", "url": "https://keycloak.example.org"}},
    "web_apps": {
        "ARC": {
            "path": "/dcm4chee-arc/aets/ARC/rs",
            "classes": ["QIDO_RS", "WADO_RS"],
            "connections": ["dicom"],
            "ae_title": "ARC",
            "keycloak_client": "arc",
        }
    },
    "audit_loggers": {
        "Audit Logger": {
            "connections": ["dicom"],
            "repository": "log",
            "suppress": {"queries": {"event_ids": ['(110112, DCM, "Query")']}},
        }
    },
    "ui_configs": {
        "default": {
            "permissions": {
                "studies": {"action": "menu-studies", "parameters": "accessible", "roles": "user"}
            }
        }
    },
}


def test_an_archive_with_all_that_it_has_is_made_and_stands(directory, hands):
    log = ct("log", "LOG", vendor={"dcm4chee": {"audit_repositories": {"arr": {"connections": ["dicom"]}}}})
    inventory = with_archive(vendor={"dcm4chee": SETTINGS}, others=(ct("ct-1", "CT_1"), log))
    assert found(inventory) == []
    bring(directory, inventory)
    device = hands.entry(ARCHIVE)
    assert device["dcmOverwritePolicy"] == [b"SAME_SOURCE"]
    assert device["dcmLimitAssociationsInitiatedBy"] == [b"CT_1=4"]
    assert hands.entry(f"dcmEntity=Patient,{ARCHIVE}")["dcmTag"] == [b"00100010", b"0010002B"]
    logger = hands.entry(f"cn=Audit Logger,{ARCHIVE}")
    assert logger["dcmAuditRecordRepositoryDeviceReference"] == [f"dicomDeviceName=log,{DEVICES}".encode()]
    assert hands.entry(f"cn=queries,cn=Audit Logger,{ARCHIVE}")["dcmAuditEventID"] == [
        b'(110112, DCM, "Query")'
    ]
    assert hands.entry(f"dcmWebAppName=ARC,cn=Unique Web Application Names Registry,{ROOT}") is not None
    permission = hands.entry(f"dcmuiPermissionName=studies,dcmuiConfigName=default,{ARCHIVE}")
    assert permission["dcmAcceptedUserRole"] == [b"user"]


def test_the_order_of_a_list_is_kept(directory, hands):
    syntaxes = ["JPEG2000Lossless", "1.2.840.10008.1.2.1"]
    vendor = {"dcm4chee": {"preferred_transfer_syntaxes": syntaxes, "accepted_callers": ["CT_1", "CT_2"]}}
    bring(directory, with_archive({"vendor": vendor}))
    kept = hands.entry(f"dicomAETitle=ARC,{ARCHIVE}")["dcmPreferredTransferSyntax"]
    assert sorted(kept) == [b"{0}1.2.840.10008.1.2.4.90", b"{1}1.2.840.10008.1.2.1"]
    vendor["dcm4chee"]["preferred_transfer_syntaxes"] = [*reversed(syntaxes)]
    ((made,),) = plan(directory(**SPEAKS), with_archive({"vendor": vendor}))
    assert [each.name for each in made.fields] == ["dcm4chee.preferred_transfer_syntaxes"]
    exported = ["{1}1.2.840.10008.1.2.1", "{0}1.2.840.10008.1.2.4.90"]
    vendor["dcm4chee"]["preferred_transfer_syntaxes"] = exported
    assert plan(directory(**SPEAKS), with_archive({"vendor": vendor})) == ()


def test_less_is_asked_of_callers_is_wider(directory):
    kind = directory(**SPEAKS).kinds["network-connection"]
    assert kind.effects({}, {"dcm4chee.tls_need_client_auth": False}) == {"widens"}
    assert kind.effects({}, {"dcm4chee.tls_protocols": ("TLSv1", "TLSv1.2")}) == {"widens"}
    assert kind.effects({}, {"dcm4chee.tls_protocols": ("TLSv1.2", "TLSv1.3")}) == set()
    assert kind.risk({}, {"dcm4chee.tls_need_client_auth": False}) == "access"


def test_a_secret_that_stands_there_is_neither_shown_nor_lost(directory, hands):
    bring(directory, with_archive(vendor={"dcm4chee": {"limit_open_associations": "4"}}))
    hands.modify(ARCHIVE, dcmKeyStorePin=["changeit"])
    changed = with_archive(vendor={"dcm4chee": {"limit_open_associations": "5"}})
    system = directory(**SPEAKS)
    cut = plan(system, changed)
    assert "changeit" not in repr(cut)
    assert [each.status for each in apply(system, cut)] == ["applied"]
    assert hands.entry(ARCHIVE)["dcmKeyStorePin"] == [b"changeit"]


def test_a_title_that_no_declared_device_has_is_looked_at():
    settings = {
        "fuzzy_algorithm": "x.Soundex",
        "forward_mpps_to": ["CT_1", "RSI"],
        "fallback_c_move_scp": "CT_2",
    }
    (told,) = problems(Dcm4chee, with_archive(vendor={"dcm4chee": settings}))
    assert (told.rule, told.severity) == ("PACS-VENDOR-004", "warning")
    assert '"RSI"' in told.summary


def rules(inventory, tmp_path):
    scope = Scope(Sources(tmp_path), {}, True, True, Entities(inventory))
    return [each.rule for each in RULES.check(inventory, scope)]


def test_what_follows_is_judged_where_a_directory_speaks_it_and_nowhere_else(tmp_path):
    """An HL7 application needs nothing under `vendor` to be written, and so to let in everybody."""
    listens = with_hl7(application={"accepted_message_types": "any"})
    config = DirectoryConfig(
        name="directory", type="dicom-directory", url="ldap://127.0.0.1", extensions="dcm4chee"
    )
    assert rules(listens, tmp_path) == []
    assert rules(listens.model_copy(update={"systems": {"directory": config}}), tmp_path) == ["ARC-HL7-001"]


def test_an_attribute_set_is_a_whole_entry_named_by_two_attributes(directory, hands):
    name = "dcmAttributeSetID=default+dcmAttributeSetType=QIDO_RS"
    entry = {
        "object_classes": ["dcmAttributeSet"],
        "extra": {"dcmTag": ["00100010"], "dcmAttributeSetNumber": ["1"]},
    }
    vendor = {"dcm4chee": {"fuzzy_algorithm": "x.Soundex"}}
    bring(directory, with_archive(vendor=vendor, entries={name: entry}))
    made = hands.entry(f"{name},{ARCHIVE}")
    assert (made["dcmAttributeSetID"], made["dcmAttributeSetType"]) == ([b"default"], [b"QIDO_RS"])
    assert made["dcmTag"] == [b"00100010"]
