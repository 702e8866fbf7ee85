"""A directory that speaks an extension: its attributes, its own entries, and whole entries without words."""

from __future__ import annotations

from tests.systems.conftest import DEVICES, apply, ct, hospital, plan

ARCHIVE = f"dicomDeviceName=arc,{DEVICES}"
SPEAKS = {"extensions": ("dcm4chee",)}


def archive(vendor=None, **more):
    keys = {
        "type": "archive",
        "vendor": {"dcm4chee": {"fuzzy_algorithm": "Soundex"} if vendor is None else vendor},
    }
    return ct("arc", "ARC", **keys, **more)


def test_attributes_and_entries_of_an_extension_are_made_and_stand(directory, hands):
    vendor = {"fuzzy_algorithm": "Soundex", "storages": {"fs1": {"uri": "file:/fs1/"}}}
    wanted = hospital(archive(vendor))
    outcomes = apply(made := directory(**SPEAKS), plan(made, wanted))
    assert {each.status for each in outcomes} == {"applied"}
    entry = hands.entry(ARCHIVE)
    assert sorted(entry["objectClass"]) == [b"dcmArchiveDevice", b"dcmDevice", b"dicomDevice"]
    assert entry["dcmFuzzyAlgorithmClass"] == [b"Soundex"]
    storage = hands.entry(f"dcmStorageID=fs1,{ARCHIVE}")
    assert storage == {"objectClass": [b"dcmStorage"], "dcmStorageID": [b"fs1"], "dcmURI": [b"file:/fs1/"]}
    assert plan(directory(**SPEAKS), wanted) == ()


def test_a_default_that_is_stored_is_the_same_as_none_and_can_be_changed(directory, hands):
    vendor = {"fuzzy_algorithm": "Soundex", "storages": {"fs1": {"uri": "file:/fs1/"}}}
    apply(made := directory(**SPEAKS), plan(made, hospital(archive(vendor))))
    hands.modify(f"dcmStorageID=fs1,{ARCHIVE}", dcmStorageDuration=["PERMANENT"])
    assert plan(directory(**SPEAKS), hospital(archive(vendor))) == ()
    vendor["storages"]["fs1"]["duration"] = "CACHE"
    outcomes = apply(made := directory(**SPEAKS), plan(made, hospital(archive(vendor))))
    assert [each.status for each in outcomes] == ["applied"]
    assert hands.entry(f"dcmStorageID=fs1,{ARCHIVE}")["dcmStorageDuration"] == [b"CACHE"]


def test_what_an_entry_does_not_say_for_the_extension_is_left_alone(directory, hands):
    apply(made := directory(**SPEAKS), plan(made, hospital(archive())))
    plain = hospital(ct("arc", "ARC", type="archive"))
    assert plan(directory(**SPEAKS), plain) == ()
    assert plan(directory(), plain) == ()


def test_whole_entries_without_words_are_made_and_stand(directory, hands):
    entries = {
        "cn=Image Readers": {"object_classes": ["dcmImageReaderFactory"]},
        "dicomTransferSyntax=1.2.840.10008.1.2.4.70,cn=Image Readers": {
            "object_classes": ["dcmImageReader"],
            "extra": {"dcmIIOFormatName": ["jpeg"], "dcmJavaClassName": ["x.Y"]},
        },
    }
    wanted = hospital(archive(entries=entries))
    outcomes = apply(made := directory(**SPEAKS), plan(made, wanted))
    assert {(each.status, each.error) for each in outcomes} == {("applied", "")}
    assert plan(directory(**SPEAKS), wanted) == ()
    readers = f"cn=Image Readers,{ARCHIVE}"
    reader = hands.entry(f"dicomTransferSyntax=1.2.840.10008.1.2.4.70,{readers}")
    assert reader["dicomTransferSyntax"] == [b"1.2.840.10008.1.2.4.70"]
    assert reader["dcmJavaClassName"] == [b"x.Y"]
