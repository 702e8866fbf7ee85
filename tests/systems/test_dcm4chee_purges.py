"""Each way in which a change of an archive's configuration deletes studies, or sooner; and the others."""

from __future__ import annotations

import pytest

from pacsconf.core.address import Address
from pacsconf.core.change import Change
from pacsconf.core.compare import compare
from pacsconf.core.decide import Rules, change, judged
from pacsconf.core.resource import State
from pacsconf.systems._dicom.vocabulary import speaking
from pacsconf.systems.dcm4chee import Dcm4chee

KINDS = speaking((Dcm4chee,)).kinds
CACHE = {"uri": "file:/a", "duration": "CACHE"}
NOTE = {"code": "(113039, DCM, “x”)", "type": "DATA_RETENTION_POLICY_EXPIRED"}
POLICY = {"period": "P10Y", "priority": 2}

ARMS = [
    # how expired studies are rejected
    ("device", {}, {"reject_expired_interval": "PT12H"}, "rejected every PT12H, so far never"),
    ("device", {"reject_expired_interval": "P1D"}, {"reject_expired_interval": "PT1H"}, "PT1H, so far P1D"),
    ("device", {"reject_expired_interval": "P1D"}, {"reject_expired_interval": "odd"}, "odd, so far P1D"),
    ("device", {}, {"reject_expired_studies": 10}, "at once: 10, so far 0"),
    ("device", {"reject_expired_studies": 10}, {"reject_expired_studies": 100}, "at once: 100, so far 10"),
    ("device", {}, {"reject_expired_series": 1}, "series are rejected at once: 1"),
    ("device", {}, {"reject_expired_ae": "ARC"}, "rejected by ARC, so far none"),
    ("device", {"reject_expired_ae": "ARC"}, {"reject_expired_ae": "ARC2"}, "rejected by ARC2, so far ARC"),
    ("device", {"reject_expired_schedule": ("hour=0-6",)}, {}, "rejected at always, so far hour=0-6"),
    (
        "device",
        {"reject_expired_schedule": ("hour=0-6",)},
        {"reject_expired_schedule": ("hour=0-7",)},
        "hour=0-7, so far hour=0-6",
    ),
    # how rejected objects and storages are deleted
    ("device", {}, {"delete_rejected_interval": "PT1H"}, "rejected objects are deleted every PT1H"),
    ("device", {}, {"delete_rejected_fetch_size": 500}, "at once: 500, so far 100"),
    ("device", {}, {"purge_storage_interval": "PT5M"}, "storages are emptied every PT5M"),
    ("device", {}, {"purge_storage_fetch_size": 500}, "files are deleted at once: 500"),
    ("device", {}, {"delete_study_batch_size": 50}, "studies are deleted at once: 50"),
    ("device", {}, {"delete_study_chunk_size": 500}, "objects are deleted at once: 500"),
    ("device", {"preserve_study_interval": "P7D"}, {"preserve_study_interval": "P1D"}, "P1D, so far P7D"),
    ("device", {"preserve_study_interval": "P7D"}, {}, "not at all, so far P7D"),
    ("device", {}, {"least_recently_used_first": False}, "least recently used first false"),
    ("device", {}, {"delete_patient_with_last_study": True}, "patient is deleted with the last study"),
    # what people may do
    ("device", {}, {"allow_delete_study": "ALWAYS"}, "for good: ALWAYS, so far REJECTED"),
    ("device", {"allow_delete_patient": "NEVER"}, {}, "may be deleted: WITHOUT_STUDIES, so far NEVER"),
    ("device", {}, {"allow_delete_patient": "ALWAYS"}, "may be deleted: ALWAYS"),
    ("device", {}, {"allow_reject_expired": "ALWAYS"}, "as expired: ALWAYS, so far EXPIRED_UNSET"),
    ("device", {"allow_reject_expired": "ONLY_EXPIRED"}, {}, "EXPIRED_UNSET, so far ONLY_EXPIRED"),
    ("network-ae", {}, {"allow_delete_study": "ALWAYS"}, "ALWAYS, so far as the device has it"),
    ("network-ae", {"allow_delete_patient": "NEVER"}, {}, "as the device has it, so far NEVER"),
    ("network-ae", {}, {"allow_reject_expired": "ONLY_EXPIRED"}, "ONLY_EXPIRED"),
    # storages
    ("storage", None, CACHE, "deleted again: it is CACHE"),
    ("storage", {"uri": "file:/a"}, CACHE, "it is CACHE, so far PERMANENT"),
    ("storage", CACHE, CACHE | {"duration": "TEMPORARY"}, "it is TEMPORARY, so far CACHE"),
    ("storage", CACHE, CACHE | {"deleter_thresholds": ("50GB",)}, "free space of 50GB, so far not at all"),
    (
        "storage",
        CACHE | {"deleter_thresholds": ("50GB",)},
        CACHE | {"deleter_thresholds": ("1TB",)},
        "1TB, so far 50GB",
    ),
    (
        "storage",
        CACHE | {"deleter_thresholds": ("50GB",)},
        CACHE | {"deleter_thresholds": ("1[hour=0-6]90GB", "50GB")},
        "1[hour=0-6]90GB, 50GB",
    ),
    ("storage", CACHE, CACHE | {"deleter_thresholds_usable": ("1TB",)}, "usable space of 1TB"),
    ("storage", CACHE, CACHE | {"delete_studies_older_than": ("P1Y",)}, "older than P1Y"),
    ("storage", CACHE, CACHE | {"delete_studies_received_before": ("P1Y",)}, "received before P1Y"),
    ("storage", CACHE, CACHE | {"delete_studies_not_used_since": ("P1Y",)}, "nobody used for P1Y"),
    (
        "storage",
        CACHE | {"delete_studies_older_than": ("P2Y",)},
        CACHE | {"delete_studies_older_than": ("P18M",)},
        "P18M, so far P2Y",
    ),
    ("storage", CACHE, CACHE | {"no_deletion_constraint": True}, "everything is deleted"),
    (
        "storage",
        CACHE | {"no_deletion_constraint": True, "deleter_thresholds": ("50GB",)},
        CACHE | {"no_deletion_constraint": True},
        "everything is deleted",
    ),
    ("storage", CACHE | {"export_storages": ("b",)}, CACHE, "also on nothing, so far b"),
    ("storage", CACHE | {"external_retrieve_aes": ("B",)}, CACHE, "retrieved from nothing, so far B"),
    ("storage", CACHE | {"external_availability": "ONLINE"}, CACHE, "elsewhere nothing"),
    ("storage", CACHE | {"single_export_storage": True}, CACHE, "spread over other storages"),
    ("storage", CACHE | {"read_only": True}, CACHE, "no longer read only"),
    ("storage", CACHE | {"cluster": "a"}, CACHE | {"cluster": "b"}, "the cluster b, so far a"),
    ("storage", CACHE, CACHE | {"deleter_threads": 4}, "delete at once: 4, so far 1"),
    # rejection notes
    ("rejection-note", None, NOTE, "can be rejected with it"),
    ("rejection-note", NOTE, NOTE | {"delete_rejected_delay": "P1D"}, "deleted after P1D, so far never"),
    (
        "rejection-note",
        NOTE | {"delete_rejected_delay": "P30D"},
        NOTE | {"delete_rejected_delay": "P1D"},
        "P1D, so far P30D",
    ),
    ("rejection-note", NOTE, NOTE | {"delete_note_delay": "P1D"}, "notes are deleted after P1D"),
    (
        "rejection-note",
        NOTE | {"type": "REJECTED_FOR_QUALITY_REASONS"},
        NOTE,
        "its type is DATA_RETENTION_POLICY_EXPIRED",
    ),
    (
        "rejection-note",
        NOTE | {"delete_rejected_delay": "P1D"},
        NOTE | {"delete_rejected_delay": "P1D", "code": "(113001, DCM, “y”)"},
        "what it deletes was rejected with (113001",
    ),
    # exporters
    ("exporter", None, {"uri": "dicom:A", "delete_from_storage": "fs1"}, "deleted from fs1, so far none"),
    ("exporter", {"uri": "dicom:A"}, {"uri": "dicom:A", "reject_after_export": True}, "rejected as expired"),
    (
        "exporter",
        {"uri": "dicom:A", "delete_from_storage": "fs1"},
        {"uri": "dicom:B", "delete_from_storage": "fs1"},
        "goes to dicom:B, so far dicom:A",
    ),
    # policies
    ("retention-rule", None, POLICY, "expires after P10Y"),
    ("retention-rule", None, POLICY | {"freeze": True}, "expires after P10Y"),
    ("retention-rule", POLICY, None, "it is removed: what was kept for P10Y"),
    ("retention-rule", POLICY | {"freeze": True, "revoke": True}, None, "what was protected"),
    ("retention-rule", POLICY, POLICY | {"period": "P9Y11M"}, "kept for P9Y11M, so far P10Y"),
    ("retention-rule", POLICY, POLICY | {"period": "ten"}, "kept for ten, so far P10Y"),
    ("retention-rule", POLICY, POLICY | {"priority": 3}, "its priority is 3, so far 2"),
    (
        "retention-rule",
        {"period": "P1Y", "priority": 362000},
        {"period": "P2Y", "priority": 999000},
        "its priority is 999000",
    ),
    ("retention-rule", POLICY, POLICY | {"conditions": ("Modality=MG",)}, "about Modality=MG, so far none"),
    (
        "retention-rule",
        POLICY,
        POLICY | {"from_study_date": True},
        "counted from the study date: yes, so far no",
    ),
    ("retention-rule", POLICY | {"freeze": True, "revoke": True}, POLICY, "no longer protected"),
    ("retention-rule", POLICY, POLICY | {"freeze": True}, "replaces any other of the study"),
    ("retention-rule", POLICY, POLICY | {"exporter": "a"}, "exported by a"),
    ("retention-rule", POLICY, POLICY | {"series_individually": True}, "series expire by themselves"),
    ("hl7-retention-rule", None, {"ae": "ARC", "max_period": "P1Y"}, "after at most P1Y"),
    ("hl7-retention-rule", {"ae": "ARC"}, {"ae": "ARC", "max_period": "P1Y"}, "at most P1Y, so far no time"),
    ("hl7-retention-rule", {"ae": "A", "period": "P1Y"}, {"ae": "B", "period": "P1Y"}, "studies of B"),
    ("hl7-retention-rule", {"ae": "A", "period": "P1Y"}, None, "it is removed"),
]
HARMLESS = [
    ("device", {"reject_expired_interval": "PT1H"}, {}),
    ("device", {"reject_expired_interval": "PT60M"}, {"reject_expired_interval": "PT1H"}),
    ("device", {"reject_expired_interval": "PT1H"}, {"reject_expired_interval": "P1D"}),
    ("device", {"reject_expired_studies": 10}, {"reject_expired_studies": 5}),
    ("device", {"reject_expired_ae": "ARC"}, {}),
    ("device", {}, {"reject_expired_schedule": ("hour=0-6",)}),
    ("device", {"reject_expired_schedule": ("hour=0-6",)}, {"reject_expired_schedule": ("hour=1-5",)}),
    ("device", {"preserve_study_interval": "P1D"}, {"preserve_study_interval": "P7D"}),
    ("device", {}, {"allow_delete_patient": "NEVER"}),
    ("device", {"allow_reject_expired": "ALWAYS"}, {"allow_reject_expired": "NEVER"}),
    ("device", {"reject_expired_interval": "PT1H"}, None),
    ("network-ae", {}, {"allow_delete_study": "REJECTED"}),
    ("storage", None, {"uri": "file:/a"}),
    ("storage", CACHE, {"uri": "file:/a"}),
    ("storage", CACHE, None),
    ("storage", CACHE | {"duration": "TEMPORARY"}, CACHE),
    ("storage", CACHE | {"deleter_thresholds": ("1TB",)}, CACHE | {"deleter_thresholds": ("1GB",)}),
    ("storage", CACHE | {"deleter_thresholds": ("1TB",)}, CACHE),
    (
        "storage",
        CACHE | {"delete_studies_older_than": ("P1Y",)},
        CACHE | {"delete_studies_older_than": ("P13M",)},
    ),
    ("storage", CACHE, CACHE | {"export_storages": ("b",)}),
    ("storage", CACHE, CACHE | {"threshold": "1GB"}),
    ("rejection-note", None, {"code": "(113001, DCM, “y”)"}),
    ("rejection-note", NOTE | {"delete_rejected_delay": "P1D"}, NOTE),
    ("rejection-note", NOTE | {"delete_rejected_delay": "P1D"}, NOTE | {"delete_rejected_delay": "PT24H"}),
    ("rejection-note", NOTE, None),
    ("exporter", None, {"uri": "dicom:A"}),
    ("exporter", {"uri": "dicom:A", "delete_from_storage": "fs1"}, {"uri": "dicom:A"}),
    ("retention-rule", POLICY, POLICY | {"period": "P11Y"}),
    ("retention-rule", POLICY, POLICY | {"period": "P10Y2D"}),
    ("retention-rule", POLICY, POLICY | {"period": "P3660D"}),
    ("retention-rule", {"period": "P1Y", "priority": 362000}, {"period": "P2Y", "priority": 727000}),
    ("retention-rule", POLICY, POLICY | {"freeze": True, "revoke": True}),
    ("retention-rule", None, POLICY | {"freeze": True, "revoke": True}),
    ("hl7-retention-rule", {"ae": "A", "period": "P1Y"}, {"ae": "A", "period": "P2Y"}),
]
NAMES = {"device": ("arc",), "network-ae": ("arc", "ARC")}


def a_change(kind, before, after):
    """The change of one entry from one set of fields to another; a facet's are named as its extension's."""
    prefix = "dcm4chee." if kind in NAMES else ""
    address = Address.of("directory", kind, *NAMES.get(kind, ("arc", "x")))

    def states(fields):
        named = {f"{prefix}{name}": value for name, value in (fields or {}).items()}
        return {} if fields is None else {address: State(address, address, named)}

    (difference,) = compare(states(after), states(before), states(before))
    return change(difference, Rules(KINDS))


@pytest.mark.parametrize(("kind", "before", "after", "words"), ARMS)
def test_what_brings_deletion_nearer_purges(kind, before, after, words):
    made = a_change(kind, before, after)
    assert words in made.purge
    assert "purges" in made.effects
    assert made.risk == "data-loss"


@pytest.mark.parametrize(("kind", "before", "after"), HARMLESS)
def test_what_keeps_studies_longer_or_as_long_does_not(kind, before, after):
    made = a_change(kind, before, after)
    assert "purges" not in made.effects
    assert not made.purge


def test_an_archive_that_is_made_armed_purges():
    armed = {"reject_expired_interval": "PT1H", "reject_expired_studies": 5, "reject_expired_ae": "ARC"}
    assert "rejected every PT1H" in a_change("device", None, armed).purge


def test_every_setting_that_deletes_has_such_a_path():
    """A field that is added to what deletes needs a row above."""
    kinds = {"device": "DeviceDeleting", "network-ae": "EntityDeleting"}
    from pacsconf.systems._dcm4chee.settings import deleting

    for kind, name in kinds.items():
        fields = set(getattr(deleting, name).model_fields) - {"rejection_note_storage_ae"}
        shown = {
            key for k, before, after, _ in ARMS if k == kind for side in (before, after) for key in side or ()
        }
        assert fields - shown == set()


def test_a_long_value_that_is_live_hides_nothing_else():
    odd = {"dcm4chee.reject_expired_interval": "x" * 9000, "dcm4chee.reject_expired_schedule": ("y" * 9000,)}
    armed = {"dcm4chee.reject_expired_interval": "PT1H", "dcm4chee.allow_delete_study": "ALWAYS"}
    told = KINDS["device"].purge_note(odd, armed | {"extra.dcmDeleteSomethingNew": ("z" * 9000,)})
    assert "every PT1H, so far xx" in told
    assert "for good: ALWAYS" in told
    assert "dcmDeleteSomethingNew is zz" in told
    assert len(told) < 1000


# --- what only other entries show -----------------------------------------------------------------------------

AE, RULE = Address.parse("d/network-ae/arc/ARC"), Address.parse("d/export-rule/arc/away")
EXPORTS = {"entity": "Study", "exporters": ("out",)}


def beside(before, after, address, *sides):
    """What is said of a change at an address, beside these entries of the same device, by kind and name."""
    states = [
        {(at := Address.parse(f"d/{name}")): State(at, at, fields) for name, fields in side.items()}
        for side in sides
    ]
    made = [None if fields is None else State(address, address, fields) for fields in (before, after)]
    whole = Change("update" if before else "create", *made, made[1])
    return judged(whole, Rules(KINDS), states).purge


def stores(*names):
    return {"dcm4chee.object_storages": names}


@pytest.mark.parametrize(
    ("sides", "told"),
    [
        ([{"storage/arc/fs2": CACHE}], True),
        ([{"storage/arc/fs2": CACHE | {"duration": "TEMPORARY", "export_storages": ("fs1",)}}], True),
        ([{"storage/arc/fs2": CACHE}, {"storage/arc/fs2": {"uri": "file:/a"}}], True),
        ([{"storage/arc/fs2": CACHE | {"export_storages": ("fs1",)}}], False),
        ([{"storage/arc/fs2": {"uri": "file:/a"}}], False),
        ([{"storage/other/fs2": CACHE}], False),
        ([{}], False),
    ],
    ids=[
        "cache",
        "temporary",
        "live a cache still",
        "elsewhere",
        "permanent",
        "of another device",
        "not there",
    ],
)
def test_an_entity_that_begins_to_store_where_only_copies_are_deleted_purges(sides, told):
    said = beside(stores("fs1"), stores("fs1", "fs2"), AE, *sides)
    assert ("what it stores is deleted again: fs2 is" in said) is told
    assert not beside(stores("fs1", "fs2"), stores("fs2"), AE, *sides), "it stores there already"


@pytest.mark.parametrize("exporter", [{"delete_from_storage": "fs1"}, {"reject_after_export": True}])
def test_a_rule_for_an_exporter_that_deletes_purges(exporter):
    there = {"exporter/arc/out": {"uri": "dicom:VNA", **exporter}}
    narrow = EXPORTS | {"conditions": ("Modality=CT",)}
    assert "deleted once it was exported by out" in beside(None, EXPORTS, RULE, there)
    assert "deleted once it was exported by out" in beside(narrow, EXPORTS, RULE, there)
    assert not beside(EXPORTS, EXPORTS | {"again": "KEEP"}, RULE, there)
    assert not beside(EXPORTS, None, RULE, there)
    assert not beside(None, EXPORTS, RULE, {"exporter/arc/out": {"uri": "dicom:VNA"}})


def test_what_is_left_out_of_a_plan_does_not_hide_it():
    """The storage is declared permanent, and that change may be excluded: what is live counts too."""
    live = {"storage/arc/fs2": CACHE}
    assert "fs2 is CACHE" in beside(stores(), stores("fs2"), AE, live, {})
