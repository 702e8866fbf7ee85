"""What keeps an archive from loading its device: the rules, without a directory."""

from __future__ import annotations

import pytest

from pacsconf.lab.archive_config import entries, name, wrong
from tests.archive_tree import Archive, text


def _all(ldif: str):
    return list(entries(ldif.partition("\n\n")[2]))


def test_the_tree_of_an_archive_can_be_loaded():
    found = _all(text())
    known = frozenset(name(each["dn"][0]) for each in found)
    assert len(found) >= 1600
    assert wrong(found, known) is None


@pytest.mark.parametrize(
    ("attribute", "value", "said"),
    [
        ("dicomPort", "70000", "port out of range: 70000"),
        ("dicomTransferRole", "BOTH", 'no constant "BOTH" of dicomTransferRole'),
        ("dicomTransferRole", "scu", 'no constant "scu" of dicomTransferRole'),
        (
            "dcmRetentionPeriod",
            "10 years",
            'dcmRetentionPeriod is not a period (P10Y, P6M, P2W, P30D): "10 years"',
        ),
        ("dcmRetentionPeriod", "PT5M", "is not a period"),
        ("dcmRetentionPeriod", "P", "is not a period"),
        ("dcmRetentionPeriod", "0", "is not a period"),
        ("dcmDuration", "5 min", "is not a duration"),
        ("dcmPurgeStoragePollingInterval", "P1Y", "is not a duration"),
        ("dcmSchedule", "nights", "is not a schedule"),
        ("dcmStorageThreshold", "10", "is not a size"),
        ("dcmDeleterThreshold", "[hour=]10GB", "is not a size"),
        ("dcmDeleteStudiesOlderThan", "[hour=1]", "is not a period"),
        ("dcmStorageDuration", "cache", 'no constant "cache" of dcmStorageDuration'),
        ("dcmRejectionNoteCode", "113001", "is not a code"),
        ("dcmTag", "0008005", "is not an attribute tag"),
        ("dicomNetworkConnectionReference", "cn=gone,dc=x", "leads to no entry: cn=gone,dc=x"),
    ],
)
def test_a_value_that_it_cannot_read_is_told_with_its_entry(attribute, value, said):
    told = wrong([{"dn": ["cn=x,dc=x"], attribute: [value]}], frozenset({"cn=x,dc=x"}))
    assert told is not None
    assert said in told
    assert told.endswith(", in cn=x,dc=x")


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("dicomPort", "0"),
        ("dicomPort", "65535"),
        ("dcmRetentionPeriod", "P1Y2M3W4D"),
        ("dcmDuration", "P1DT2H3M4.5S"),
        ("dcmSchedule", "hour=18-6 dayOfWeek=*"),
        ("dcmSchedule", "dayOfWeek=0,6"),
        ("dcmDeleterThreshold", "1[hour=18-6 dayOfWeek=1-5]500GiB"),
        ("dcmDeleterThreshold", "500GiB"),
        ("dcmDeleteStudiesNotUsedSince", "2[hour=3]P2W"),
        ("dicomNetworkConnectionReference", "CN = dicom , dc=x"),
        ("dcmTCPCloseDelay", "50"),
        ("dcmUnheardOf", "anything"),
    ],
)
def test_a_value_that_it_reads(attribute, value):
    assert wrong([{"dn": ["cn=x"], attribute: [value]}], frozenset({"cn=dicom,dc=x"})) is None


def test_values_in_base64_and_with_options_are_read():
    found = list(entries("dn: cn=x\ncn:: w7w=\nuserCertificate;binary:: AAH/\nempty:\n\n\n"))
    assert found == [{"dn": ["cn=x"], "cn": ["ü"], "userCertificate": ["\x00\x01�"], "empty": [""]}]


def test_the_device_stands_where_it_says():
    assert name(Archive().device).startswith("dicomdevicename=dcm4chee-arc,cn=devices,")
