"""What deletes studies and has no words of ours: whole entries, and attributes under `extra`."""

from __future__ import annotations

import pytest

from pacsconf.systems._dicom.kinds import KINDS
from pacsconf.systems._dicom.vocabulary import OTHER, speaking
from pacsconf.systems.dcm4chee import Dcm4chee

SPOKEN = speaking((Dcm4chee,)).kinds
NOTE = {"object_classes": ("dcmRejectionNote",), "extra.dcmRejectionNoteCode": ("A",)}
EXPIRED = {"extra.dcmRejectionNoteType": ("DATA_RETENTION_POLICY_EXPIRED",)}
DELAY = {"extra.dcmDeleteRejectedInstanceDelay": ("P1D",)}
CACHE = {"object_classes": ("dcmStorage",), "extra.dcmStorageDuration": ("CACHE",)}
POLICY = {"object_classes": ("dcmStudyRetentionPolicy",), "extra.dcmRetentionPeriod": ("P10Y",)}


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (None, POLICY, "dcmRetentionPeriod is P10Y, so far none"),
        (POLICY, POLICY | {"extra.dcmRetentionPeriod": ("P1Y",)}, "is P1Y, so far P10Y"),
        (POLICY, POLICY | {"extra.dcmProperty": ("Modality=CT",)}, "about others than so far"),
        (POLICY, None, "dcmRetentionPeriod is none, so far P10Y"),
        ({}, {"extra.dcmStorageDuration": ("CACHE",)}, "dcmStorageDuration is CACHE"),
        ({}, {"extra.dcmdeleterthreshold": ("50GB",)}, "dcmdeleterthreshold is 50GB"),
        ({}, {"extra.dcmDeleterThreshold;lang-en": ("50GB",)}, "dcmDeleterThreshold;lang-en is 50GB"),
        ({}, {"extra.1.2.40.0.13.1.15.110.3.91": ("PT1H",)}, "110.3.91 is PT1H"),
        (None, NOTE | EXPIRED, "dcmRejectionNoteType is DATA_RETENTION_POLICY_EXPIRED, so far none"),
        (NOTE, NOTE | EXPIRED, "dcmRejectionNoteType is DATA_RETENTION_POLICY_EXPIRED"),
        (NOTE | DELAY, NOTE | DELAY | {"extra.dcmRejectionNoteCode": ("B",)}, "about others than so far"),
        (CACHE | {"extra.dcmExportStorageID": ("fs1",)}, CACHE, "about others than so far"),
        (CACHE | {"extra.dcmReadOnly": ("TRUE",)}, CACHE | {"extra.dcmReadOnly": ("FALSE",)}, "than so far"),
    ],
)
def test_a_whole_entry_that_deletes_purges(before, after, words):
    assert words in SPOKEN[OTHER].purge_note(before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, {"object_classes": ("dcmQueue",), "extra.dcmQueueName": ("a",)}),
        ({"extra.dcmStorageDuration": ("CACHE",)}, {}),
        (POLICY, POLICY),
        (None, NOTE),
        (NOTE | EXPIRED, NOTE),
        (NOTE, NOTE | {"extra.dcmRejectionNoteType": ("REVOKE_REJECTION",)}),
        (None, {"object_classes": ("dcmMetrics",), "extra.dcmMetricsRetentionPeriod": ("60",)}),
        ({}, {"extra.dcmDeleteUPSPollingInterval": ("PT1H",)}),
    ],
)
def test_others_do_not(before, after):
    assert SPOKEN[OTHER].purge_note(before, after) is None


def test_so_does_an_attribute_of_a_device_where_no_extension_is_spoken():
    armed = {"extra.dcmRejectExpiredStudiesPollingInterval": ("PT1H",)}
    assert "PT1H, so far none" in KINDS["device"].purge_note({}, armed)
    assert KINDS["device"].purge_note(armed, {}) is None


def test_and_one_of_a_younger_release_beside_those_with_words():
    extra = {"extra.dcmDeleteSomethingNew": ("PT1H",)}
    assert "dcmDeleteSomethingNew is PT1H" in SPOKEN["device"].purge_note({}, extra)
    both = {"delete_rejected_delay": "P1D", **extra}
    told = SPOKEN["rejection-note"].purge_note({}, both)
    assert "deleted after P1D" in told
    assert "dcmDeleteSomethingNew" in told
