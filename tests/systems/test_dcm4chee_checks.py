"""What `validate` says of an archive that stores, sends on and deletes."""

from __future__ import annotations

import pytest

from pacsconf.inventory.model import Connection, Device, Inventory, NetworkAE
from pacsconf.inventory.retention import Retention
from pacsconf.systems._dcm4chee.rules.checks import findings

EXPIRED = {"code": '(113039, DCM, "Data Retention Policy Expired")', "type": "DATA_RETENTION_POLICY_EXPIRED"}
ARMED = {
    "reject_expired_interval": "PT12H",
    "reject_expired_studies": "10",
    "reject_expired_ae": "ARC",
    "delete_rejected_interval": "PT1H",
    "rejection_notes": {"Expired": EXPIRED | {"delete_rejected_delay": "P30D"}},
}
POLICY = {"retention_policies": {"all": {"period": "P10Y"}}}


def found(device=None, entity=None, retention=None):
    """Rules that fire, each with the place in the device, without what is said always."""
    ae = NetworkAE(
        title="ARC",
        connections=("dicom",),
        initiator=True,
        acceptor=True,
        vendor={"dcm4chee": entity or {}},
    )
    one = Device(
        name="arc",
        type="archive",
        connections={"dicom": Connection(host="10.20.4.18", port=11112)},
        ae_titles={"ARC": ae},
        vendor={"dcm4chee": device or {}},
    )
    inventory = Inventory(devices={"arc": one}, retention=Retention.model_validate(retention or {}))
    return list(findings(inventory))


def rules(*args, **keys):
    return sorted(one.rule for one in found(*args, **keys))


# --- policies -------------------------------------------------------------------------------------------------


def policies(**named):
    return {"retention_policies": named}


def test_two_policies_of_one_priority_tie():
    device = policies(a={"period": "P10Y", "conditions": "Modality=MG"}, b={"period": "P5Y"})
    (tie,) = [one for one in found(device) if one.rule == "ARC-RETAIN-001"]
    assert (tie.severity, tie.path[-1]) == ("error", "a")
    assert '"a" and "b"' in tie.summary


def test_those_of_the_device_and_of_its_title_are_pooled():
    device, entity = (
        policies(a={"period": "P10Y", "priority": "1"}),
        policies(b={"period": "P5Y", "priority": "1"}),
    )
    (tie,) = [one for one in found(device, entity) if one.rule == "ARC-RETAIN-001"]
    assert tie.path == ("devices", "arc", "ae_titles", "ARC", "vendor", "dcm4chee", "retention_policies", "b")


@pytest.mark.parametrize(
    "other",
    [
        {"period": "P5Y", "priority": "2"},
        {"period": "P10Y"},
        {"period": "P5Y", "conditions": "Modality=CT|MR"},
    ],
    ids=["another priority", "the same period", "other studies"],
)
def test_what_cannot_matter_is_no_tie(other):
    device = policies(a={"period": "P10Y", "conditions": "Modality=MG"}, b=other)
    assert "ARC-RETAIN-001" not in rules(device)


def test_codes_are_not_taken_to_be_apart_since_a_study_has_several():
    codes = [{"period": f"P{years}Y", "conditions": f"X.CodeValue={years}"} for years in (5, 10)]
    assert "ARC-RETAIN-001" in rules(policies(a=codes[0], b=codes[1]))


def test_policies_of_hl7_messages_tie_too():
    device = {"hl7_retention_policies": {name: {"ae": "ARC", "period": f"P{name}Y"} for name in "12"}}
    assert "ARC-RETAIN-001" in rules(device)


APPROVED = {"default": {"keep": {"for": "5y"}, "approval": {"by": "board", "on": "2026-01-01"}}}


def test_a_policy_by_hand_beside_those_of_rules_is_an_error():
    device = {"retention": "declared", **POLICY}
    assert "ARC-RETAIN-002" in rules(device, retention=APPROVED)
    assert "ARC-RETAIN-002" in rules({"retention": "declared"}, POLICY, retention=APPROVED)
    assert "ARC-RETAIN-002" not in rules({"retention": "declared"}, retention=APPROVED)


def test_rules_that_nobody_approved_are_told():
    assert "ARC-RETAIN-003" in rules(
        {"retention": "declared"}, retention={"default": {"keep": {"for": "5y"}}}
    )
    assert "ARC-RETAIN-003" not in rules({"retention": "declared"}, retention=APPROVED)


@pytest.mark.parametrize(
    "device",
    [
        {**POLICY, "compression_rules": {"All": {"transfer_syntaxes": "1.2.840.10008.1.2.4.90"}}},
        {"retention_policies": {"dicom": {"period": "P10Y"}}},
    ],
    ids=["two kinds of rules", "a rule and a connection"],
)
def test_two_entries_of_one_name_are_an_error(device):
    (told,) = [one for one in found(device) if one.rule == "ARC-NAME-001"]
    assert told.severity == "error"
    assert "in the directory, which can hold one of them" in told.detail


def test_a_policy_that_is_made_of_a_rule_needs_a_name_of_its_own_too():
    device = {
        "retention": "declared",
        "compression_rules": {"default": {"transfer_syntaxes": "1.2.840.10008.1.2.4.90"}},
    }
    (told,) = [one for one in found(device, retention=APPROVED) if one.rule == "ARC-NAME-001"]
    assert told.path == ("retention", "default")


def test_one_name_below_two_entries_or_by_two_attributes_is_fine():
    device = {"storages": {"a": {"uri": "file:/a"}}, **policies(a={"period": "P10Y", "priority": "1"})}
    assert "ARC-NAME-001" not in rules(device, policies(a={"period": "P9Y"}))


# --- whether it deletes ---------------------------------------------------------------------------------------


def test_an_archive_that_deletes_by_itself_is_told_with_how():
    (told,) = found({**ARMED, **POLICY})
    assert (told.rule, told.severity) == ("ARC-PURGE-001", "info")
    assert "Every PT12H it rejects 10 at a time as ARC" in told.detail
    assert "P30D later" in told.detail


LINKS = {
    "reject_expired_interval": "no reject_expired_interval",
    "reject_expired_studies": "no reject_expired_studies",
    "reject_expired_ae": "no AE title rejects them",
    "delete_rejected_interval": "nobody deletes what is rejected",
    "rejection_notes": "no rejection note of type DATA_RETENTION_POLICY_EXPIRED",
}


@pytest.mark.parametrize(("link", "words"), LINKS.items(), ids=LINKS)
def test_each_link_that_is_missing_is_told_by_itself(link, words):
    device = {key: value for key, value in {**ARMED, **POLICY}.items() if key != link}
    (told,) = found(device)
    assert (told.rule, told.severity) == ("ARC-PURGE-002", "info")
    assert words in told.summary


def test_a_note_without_a_delay_deletes_nothing():
    (told,) = found({**ARMED, **POLICY, "rejection_notes": {"Expired": EXPIRED}})
    assert "has no delete_rejected_delay" in told.summary
    assert told.path[-2:] == ("rejection_notes", "Expired")


def test_a_title_that_the_device_has_not_rejects_nothing():
    (told,) = found({**ARMED, **POLICY, "reject_expired_ae": "OTHER"})
    assert '"OTHER" rejects them, which is no AE title of it' in told.summary


def test_all_links_that_are_missing_are_told_and_none_without_a_policy():
    assert rules(POLICY) == ["ARC-PURGE-002"] * 3
    assert rules({}) == []
    protects = {"retention_policies": {"all": {"period": "P1Y", "freeze": "true", "revoke": "true"}}}
    assert rules(protects) == []


def test_a_rule_whose_exporter_deletes_is_told():
    device = {
        "exporters": {"out": {"uri": "dicom:X", "queue": "Export1", "reject_after_export": "true"}},
        "export_rules": {"all": {"entity": "Study", "exporters": "out"}},
    }
    assert rules(device) == ["ARC-PURGE-003"]


def test_an_exporter_that_names_what_is_not_declared_is_told():
    exporters = {"exporters": {"a": {"uri": "storage:fs9", "queue": "Export1"}}}
    assert rules(exporters) == []
    assert rules({**exporters, "queues": {"Export2": {}}}) == ["ARC-EXPORT-001"]
    assert rules({**exporters, "storages": {"fs1": {"uri": "file:/fs1"}}}) == ["ARC-EXPORT-001"]
    assert rules({**exporters, "queues": {"Export1": {}}, "storages": {"fs9": {"uri": "file:/fs1"}}}) == []


# --- storages and schedules -----------------------------------------------------------------------------------


def storage(**keys):
    return {"storages": {"fs1": {"uri": "file:/fs1", **keys}, "fs2": {"uri": "file:/fs2"}}}


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, []),
        ({"duration": "TEMPORARY"}, ["ARC-STORE-001"]),
        ({"duration": "CACHE"}, ["ARC-STORE-002"]),
        ({"duration": "CACHE", "deleter_thresholds": "50GB"}, ["ARC-STORE-001"]),
        ({"duration": "CACHE", "delete_studies_older_than": "P1Y"}, ["ARC-STORE-001"]),
        ({"duration": "CACHE", "no_deletion_constraint": "true"}, ["ARC-STORE-001"]),
        ({"duration": "CACHE", "deleter_thresholds": "50GB", "export_storages": "fs2"}, []),
        ({"duration": "CACHE", "external_retrieve_aes": "VNA"}, []),
        ({"deleter_thresholds": "50GB"}, ["ARC-STORE-003"]),
    ],
    ids=str,
)
def test_a_storage_that_may_empty_the_only_copy_is_told(keys, expected):
    assert rules(storage(**keys), {"object_storages": "fs1"}) == expected


@pytest.mark.parametrize(
    ("device", "expected"),
    [
        ({"reject_expired_schedule": "hour=5-5"}, 1),
        ({"reject_expired_schedule": "hour=5-6"}, 0),
        ({"reject_expired_schedule": ["hour=5-5", "hour=6"]}, 0),
        (storage(duration="CACHE", export_storages="fs2", deleter_thresholds="1[dayOfWeek=1-1]50GB"), 1),
        ({"exporters": {"a": {"uri": "dicom:X", "queue": "Q", "schedule": "dayOfWeek=0-0"}}}, 1),
    ],
    ids=str,
)
def test_times_that_never_come_are_told(device, expected):
    assert rules(device).count("ARC-SCHEDULE-001") == expected


def test_of_an_archive_that_is_retired_nothing_is_said():
    device = Device(name="arc", type="archive", lifecycle="retired", vendor={"dcm4chee": POLICY})
    assert list(findings(Inventory(devices={"arc": device}))) == []
