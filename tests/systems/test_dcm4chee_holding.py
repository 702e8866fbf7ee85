"""Storages, exporters, rules, notes and policies of an archive: made, read back as declared, and checked."""

from __future__ import annotations

import pytest

from pacsconf.inventory.model import Connection, Device, Inventory, NetworkAE
from pacsconf.inventory.retention import Retention
from pacsconf.systems._dcm4chee.settings.holding import DeviceHolding, EntityHolding
from pacsconf.systems._dcm4chee.settings.standard import DevicePart
from pacsconf.systems._dcm4chee.spelling import formats
from pacsconf.systems._dicom.vendors import parsed
from pacsconf.systems.directory_extension import children_of
from tests.systems import dcm4chee_archive

SPEAKS = {"extensions": ("dcm4chee",)}


def archive(device=None, entity=None):
    """An inventory of one archive that says this under `vendor`."""
    ae = NetworkAE(
        title="ARC",
        connections=("dicom",),
        initiator=True,
        acceptor=True,
        vendor={"dcm4chee": dcm4chee_archive.entity() if entity is None else entity},
    )
    one = Device(
        name="arc",
        type="archive",
        connections={"dicom": Connection(host="10.20.4.18", port=11112)},
        ae_titles={"ARC": ae},
        vendor={"dcm4chee": dcm4chee_archive.device() if device is None else device},
    )
    return Inventory(devices={"arc": one})


def test_every_kind_is_made_and_a_second_plan_is_empty(directory, steps, hands):
    outcomes = steps.bring(directory(**SPEAKS), archive())
    kinds = {each.address.kind for each in outcomes}
    assert kinds >= {kind.kind for part in (DeviceHolding, EntityHolding) for _, kind in children_of(part)}
    assert steps.plan(directory(**SPEAKS), archive()) == ()
    device = f"dicomDeviceName=arc,{steps.devices}"
    policy = hands.entry(f"cn=default,dicomAETitle=ARC,{device}")
    assert policy == {
        "objectClass": [b"dcmStudyRetentionPolicy"],
        "cn": [b"default"],
        "dcmRetentionPeriod": [b"P30Y"],
        "dcmStartRetentionPeriodOnStudyDate": [b"TRUE"],
    }
    storage = hands.entry(f"dcmStorageID=fs1,{device}")
    assert sorted(storage["dcmDeleterThreshold"]) == [b"1[hour=0-6]200GB", b"50GB"]


def test_a_policy_counts_by_itself(directory, steps):
    outcomes = steps.bring(directory(**SPEAKS), archive())
    roots = {str(each.address): each for each in outcomes}
    assert "directory/retention-rule/arc/mg" in roots
    changes = [each for layer in steps.plan(directory(**SPEAKS), Inventory()) for each in layer]
    assert {str(each.root) for each in changes if each.address.kind == "retention-rule"} == {
        "directory/retention-rule/arc/mg",
        "directory/retention-rule/arc/ARC/default",
    }


def wrong(**vendor):
    facet, findings = parsed(
        "dcm4chee", DevicePart, Device(name="arc", type="archive", vendor={"dcm4chee": vendor}), ()
    )
    assert facet is None
    (finding,) = findings
    return finding.summary


@pytest.mark.parametrize(
    ("vendor", "words"),
    [
        ({"retention_policies": {"a": {"period": "10 years"}}}, "write P10Y"),
        ({"retention_policies": {"a": {"period": "10y"}}}, "write P10Y"),
        ({"retention_policies": {"a": {"period": "0"}}}, "such as P10Y"),
        ({"retention_policies": {"a": {"period": "PT1H"}}}, "such as P10Y"),
        ({"retention_policies": {"a": {"period": "P10Y", "conditions": "Modality"}}}, "ATTRIBUTE=EXPRESSION"),
        (
            {"retention_policies": {"a": {"period": "P10Y", "conditions": "Modality=(CT"}}},
            "no regular expression",
        ),
        ({"retention_policies": {"a": {"period": "P10Y", "conditions": "Modality[0]=CT"}}}, "counted from 1"),
        ({"reject_expired_interval": "12h"}, "write PT12H"),
        ({"reject_expired_interval": "5 min"}, "write PT5M"),
        ({"reject_expired_interval": "PT"}, "such as PT30S"),
        ({"reject_expired_schedule": "20:00-06:00"}, "hour=18-6"),
        ({"reject_expired_schedule": "hour=24"}, "hours are 0 to 23"),
        ({"storages": {"a": {"uri": "file:/a", "deleter_thresholds": "500 gb"}}}, "write 500GB"),
        ({"storages": {"a": {"uri": "file:/a", "deleter_thresholds": "hour=0-6]500GB"}}}, "in brackets"),
        ({"storages": {"a": {"uri": "file:/a", "properties": "abc"}}}, "name=value"),
        ({"rejection_notes": {"a": {"code": "113039"}}}, "(value, scheme"),
    ],
    ids=str,
)
def test_a_value_that_the_archive_would_not_read_is_refused_with_what_to_write(vendor, words):
    assert words in wrong(**vendor)


def test_schedules_are_reckoned_as_the_archive_does():
    assert formats.times("hour=22-2").hours == {22, 23, 0, 1}
    assert formats.times("dayOfWeek=1-6").days == {1, 2, 3, 4, 5}
    assert formats.times("hour=5-5").never
    assert not formats.times("hour=*").never


def test_sizes_and_durations_are_measured():
    assert formats.size("1GiB") == 1024**3
    assert formats.size("1.5GB") == 1_500_000_000
    assert formats.size("10") == 10
    assert formats.seconds("P1DT2H3M4.5S") == 93784
    assert formats.span("P1Y2M3W4D") == formats.Span(14, 25)


def declared(years="10y"):
    """An archive that takes its policies from the rules."""
    approval = {"by": "board", "on": "2026-01-01"}
    rules = {
        "mammography": {"match": {"modality": "MG"}, "keep": {"for": years}, "approval": approval},
    }
    retention = Retention.model_validate(
        {
            "rules": rules,
            "default": {"keep": {"for": "5y"}, "approval": approval},
            "on_missing": {"modality": "no_match"},
        }
    )
    part = {"fuzzy_algorithm": "org.dcm4che3.soundex.ESoundex", "retention": "declared"}
    return archive(part, {}).model_copy(update={"retention": retention})


def test_policies_that_are_made_of_rules_stand_in_the_directory(directory, steps, hands):
    steps.bring(directory(**SPEAKS), declared())
    entry = hands.entry(f"cn=mammography,dicomDeviceName=arc,{steps.devices}")
    assert entry["dcmRetentionPeriod"] == [b"P10Y2D"]
    assert entry["dcmProperty"] == [b"Modality=^(?:MG)$"]
    assert entry["dcmStartRetentionPeriodOnStudyDate"] == [b"TRUE"]
    assert steps.plan(directory(**SPEAKS), declared()) == ()


def test_a_rule_that_becomes_shorter_purges_and_one_that_becomes_longer_does_not_shorten(directory, steps):
    steps.bring(directory(**SPEAKS), declared())
    shorter = [each for layer in steps.plan(directory(**SPEAKS), declared("7y")) for each in layer]
    (only,) = [each for each in shorter if "purges" in each.effects]
    assert str(only.address) == "directory/retention-rule/arc/mammography"
    assert "kept for P7Y2D, so far P10Y2D" in only.purge
    longer = [each for layer in steps.plan(directory(**SPEAKS), declared("12y")) for each in layer]
    assert longer
    assert not [each for each in longer if "purges" in each.effects]


def test_where_a_generated_policy_comes_from_is_told(directory):
    made = directory(**SPEAKS).declared(declared())
    paths = {str(address): path for address, path in made.paths.items() if address.kind == "retention-rule"}
    rule = ("retention", "rules", "mammography")
    found = paths["directory/retention-rule/arc/mammography"]
    assert (found[""], found["period"], found["conditions"]) == (rule, (*rule, "keep"), (*rule, "match"))
    assert paths["directory/retention-rule/arc/default"]["period"] == ("retention", "default", "keep")
