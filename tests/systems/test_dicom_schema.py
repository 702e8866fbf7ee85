"""What a plan says of a server's schema: what it lets through is taken, what it refuses is refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pacsconf.core.address import Address
from pacsconf.core.change import Change
from pacsconf.core.finding import errors
from pacsconf.core.resource import State
from pacsconf.inventory.base import EntryDeclaration
from pacsconf.inventory.model import Connection
from pacsconf.systems._dicom import vocabulary
from pacsconf.systems._dicom.export import planted, spelled
from pacsconf.systems._dicom.reader import Reader
from pacsconf.systems._ldap import ldif
from pacsconf.systems.dcm4chee import Dcm4chee
from tests.archive_oddities import CERTIFICATE, ENTRIES
from tests.archive_tree import text as archive_text
from tests.older_schemas import archive_of_2021, started
from tests.systems.conftest import ROOT, apply, bring, ct, hospital, plan

SPEAKS = {"extensions": ("dcm4chee",)}
READER = "dcmImageReaderFactory"
LABEL = "dcmRejectionNoteLabel"
EXPIRY = "dcmRejectExpiredStudiesPollingInterval"


def dcm4chee(**keys):
    return {"vendor": {"dcm4chee": {"fuzzy_algorithm": "x", **keys}}}


def found(system, inventory):
    """What is wrong with the way to an inventory, and the changes themselves."""
    cut = plan(system, inventory)
    findings = errors(system.check([each for layer in cut for each in layer]))
    return findings, cut


def told(system, inventory):
    return [(each.rule, each.summary, each.path) for each in found(system, inventory)[0]]


def b64(data: bytes) -> str:
    import base64

    return "base64:" + base64.b64encode(data).decode()


# --- what is let through, and what is not ----------------------------------------------------------------------

TAKEN = {
    "nothing more": {},
    "an attribute of an auxiliary class": {"extra": {"dcmTimeZoneOfDevice": ("UTC",)}},
    "a number": {"extra": {"dcmLimitOpenAssociations": ("10",)}},
    "several values": {"extra": {"dcmLimitAssociationsInitiatedBy": ("A=1", "B=2")}},
    "what a class asks for, and what it allows": {
        "extra": {"dcmFuzzyAlgorithmClass": ("x",), EXPIRY: ("P1D",)}
    },
    "spaces before and after": {"extra": {"dcmTimeZoneOfDevice": ("  UTC ",)}},
    "a certificate": {"extra": {"userCertificate;binary": (b64(CERTIFICATE),)}},
    "an auxiliary class": {"object_classes": ("pkiUser",)},
    "all attributes": {"object_classes": ("extensibleObject",), "extra": {"dcmIIOFormatName": ("x",)}},
    "another name of an attribute": {
        "object_classes": ("extensibleObject",),
        "extra": {"commonName": ("x",)},
    },
    "an attribute by its OID": {"extra": {"1.2.40.0.13.1.15.0.3.58": ("UTC",)}},
    "no auxiliary classes at all, where the usual ones ask for more": {"object_classes": ()},
    "a whole entry": {"entries": {"cn=R": {"object_classes": (READER,)}}},
    "a class and the one above": {"entries": {"cn=R": {"object_classes": ("top", READER)}}},
    "a whole entry with what it asks for": {
        "entries": {
            "dcmIIOFormatName=jpeg": {
                "object_classes": ("dcmImageReader",),
                "extra": {"dicomTransferSyntax": ("1.2.840.10008.1.2.4.50",)},
            }
        },
    },
    "a class that is derived, with the one it is derived from": {
        "entries": {"cn=p": {"object_classes": ("person", "organizationalPerson"), "extra": {"sn": ("x",)}}}
    },
}
REFUSED = {
    "an attribute that there is not": (
        {"extra": {"dcmTimeZoneOfDevise": ("UTC",)}},
        "DIR-SCHEMA",
        'The directory knows no attribute dcmTimeZoneOfDevise; did you mean "dcmTimeZoneOfDevice"?',
        ("extra", "dcmTimeZoneOfDevise"),
    ),
    "several where one is": (
        {"extra": {"dcmTimeZoneOfDevice": ("UTC", "CET")}},
        "DIR-SCHEMA-SINGLE",
        "dcmTimeZoneOfDevice has 2 values, and the directory takes one",
        ("extra", "dcmTimeZoneOfDevice"),
    ),
    "no number": (
        {"extra": {"dcmLimitOpenAssociations": ("many",)}},
        "DIR-SCHEMA-VALUE",
        '"many" is no value of dcmLimitOpenAssociations',
        ("extra", "dcmLimitOpenAssociations", 0),
    ),
    "a Boolean in small letters": (
        {"extra": {"dcmRoleSelectionNegotiationLenient": ("true",)}},
        "DIR-SCHEMA-VALUE",
        '"true" is no value of dcmRoleSelectionNegotiationLenient',
        ("extra", "dcmRoleSelectionNegotiationLenient", 0),
    ),
    "one value in two spellings": (
        {"extra": {"dcmTrustStoreType": ("JKS", "jks")}},
        "DIR-SCHEMA-SINGLE",
        "dcmTrustStoreType has 2 values, and the directory takes one",
        ("extra", "dcmTrustStoreType"),
    ),
    "umlauts in plain letters": (
        {"extra": {"dcmLimitAssociationsInitiatedBy": ("A=1", "Ä=2")}},
        "DIR-SCHEMA-VALUE",
        '"Ä=2" is no value of dcmLimitAssociationsInitiatedBy',
        ("extra", "dcmLimitAssociationsInitiatedBy", 1),
    ),
    "what another kind of entry has": (
        {"extra": {"dcmRejectionNoteLabel": ("fs1",)}},
        "DIR-SCHEMA",
        f"directory/device/ct-1 cannot hold {LABEL}: none of its classes has it, and none could be added",
        ("extra", "dcmRejectionNoteLabel"),
    ),
    "what the server keeps": (
        {"extra": {"entryUUID": ("597ae2f6-16a6-1027-98f4-d28b5365dc14",)}},
        "DIR-SCHEMA",
        "The directory keeps entryUUID itself, and nobody else writes it",
        ("extra", "entryUUID"),
    ),
    "a certificate that does not say binary": (
        {"extra": {"userCertificate": (b64(CERTIFICATE),)}},
        "DIR-SCHEMA",
        "The directory knows this attribute as userCertificate;binary only",
        ("extra", "userCertificate"),
    ),
    "binary that is none": (
        {"extra": {"dcmTimeZoneOfDevice;binary": ("UTC",)}},
        "DIR-SCHEMA",
        "The directory knows this attribute as dcmTimeZoneOfDevice only",
        ("extra", "dcmTimeZoneOfDevice;binary"),
    ),
    "a class that there is not": (
        {"object_classes": ("pkiUsr",)},
        "DIR-SCHEMA-CLASS",
        'The directory knows no object class pkiUsr; did you mean "pkiUser"?',
        ("object_classes", 0),
    ),
    "two structural classes": (
        {"object_classes": ("pkiUser", "dcmQueue")},
        "DIR-SCHEMA-CLASS",
        "The object classes dcmQueue and dicomDevice are both structural, and an entry is of one",
        ("object_classes", 1),
    ),
    "a class whose attributes are missing": (
        {"object_classes": ("dcmArchiveDevice",)},
        "DIR-SCHEMA-MUST",
        "directory/device/ct-1 has no dcmFuzzyAlgorithmClass, which the class dcmArchiveDevice asks for",
        ("object_classes",),
    ),
    "an attribute whose class asks for more": (
        {"extra": {EXPIRY: ("P1D",)}},
        "DIR-SCHEMA",
        f"directory/device/ct-1 cannot hold {EXPIRY}: none of its classes has it, and none could be added",
        ("extra", EXPIRY),
    ),
    "a whole entry of two structural classes": (
        {"entries": {"cn=R": {"object_classes": (READER, "dcmImageWriterFactory")}}},
        "DIR-SCHEMA-CLASS",
        f"The object classes {READER} and dcmImageWriterFactory are both structural, and an entry is of one",
        ("entries", "cn=R", "object_classes", 0),
    ),
    "a whole entry of none": (
        {"entries": {"cn=R": {"object_classes": ("pkiUser",)}}},
        "DIR-SCHEMA-CLASS",
        "directory/entry/ct-1/cn=r has no structural object class, which says what kind of entry it is",
        ("entries", "cn=R", "object_classes"),
    ),
    "a whole entry without what it asks for": (
        {
            "entries": {
                "cn=r": {"object_classes": ("dcmImageReader",), "extra": {"dcmIIOFormatName": ("jpeg",)}}
            }
        },
        "DIR-SCHEMA-MUST",
        "directory/entry/ct-1/cn=r has no dicomTransferSyntax, which the class dcmImageReader asks for",
        ("entries", "cn=r", "object_classes"),
    ),
    "an abstract class": (
        {"entries": {"cn=R": {"object_classes": ("alias",), "extra": {"aliasedObjectName": ("cn=a,b",)}}}},
        "DIR-SCHEMA-VALUE",
        '"cn=a,b" is no value of aliasedObjectName',
        ("entries", "cn=R", "extra", "aliasedObjectName", 0),
    ),
}


def speaking(keys):
    """An extension is spoken where it must be, since it has words of its own for most attributes."""
    return SPEAKS if keys.keys() & {"entries", "object_classes", "vendor"} else {}


def device(keys):
    entries = {name: EntryDeclaration.model_validate(each) for name, each in keys.get("entries", {}).items()}
    return ct(**{**keys, "entries": entries} if entries else keys)


@pytest.mark.parametrize("keys", TAKEN.values(), ids=TAKEN)
def test_what_is_let_through_is_taken_and_stands(directory, keys):
    wanted = hospital(device(keys))
    findings, cut = found(system := directory(**speaking(keys)), wanted)
    assert findings == ()
    assert [each.error for each in apply(system, cut) if each.status != "applied"] == []
    assert plan(directory(**speaking(keys)), wanted) == ()


@pytest.mark.parametrize(("keys", "rule", "summary", "path"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_says_where_and_the_server_refuses_it_too(directory, keys, rule, summary, path):
    findings, cut = found(system := directory(**speaking(keys)), hospital(device(keys)))
    at = ("devices", "ct-1", *path)
    assert (rule, summary, at) in [(each.rule, each.summary, each.path) for each in findings]
    assert {each.path[:3] for each in findings} == {at[:3]}
    outcomes = {each.address.kind: each.status for each in apply(system, cut)}
    assert outcomes["entry" if "entries" in keys else "device"] == "failed"


def test_everything_is_told_at_once(directory):
    extra = {
        "dcmLimitOpenAssociations": ("x",),
        "dcmLimitAssociationsInitiatedBy": ("Ä", "Ö", "ok"),
        "nosuch": ("x",),
    }
    kinds = [(rule, path[3:]) for rule, _, path in told(directory(), hospital(ct(extra=extra)))]
    assert sorted(kinds) == [
        ("DIR-SCHEMA", ("nosuch",)),
        ("DIR-SCHEMA-VALUE", ("dcmLimitAssociationsInitiatedBy", 0)),
        ("DIR-SCHEMA-VALUE", ("dcmLimitAssociationsInitiatedBy", 1)),
        ("DIR-SCHEMA-VALUE", ("dcmLimitOpenAssociations", 0)),
    ]


def test_connections_and_children_are_looked_at_too(directory):
    wanted = ct(
        connections={
            "dicom": Connection(host="10.20.4.17", port=104, extra={"userCertificate;binary": ("x",)})
        },
        **dcm4chee(storages={"fs1": {"uri": "file:/fs1/", "extra": {"dcmURI2": ["x"]}}}),
    )
    assert [path for _, _, path in told(directory(**SPEAKS), hospital(wanted))] == [
        ("devices", "ct-1", "connections", "dicom", "extra", "userCertificate;binary", 0),
        ("devices", "ct-1", "vendor", "dcm4chee", "storages", "fs1", "extra", "dcmURI2"),
    ]


def test_so_many_mistakes_of_a_kind_are_counted(directory):
    devices = [ct(f"ct-{number}", f"CT_{number}", extra={"nosuch": ("x",)}) for number in range(103)]
    summaries = [summary for _, summary, _ in told(directory(), hospital(*devices))]
    assert (len(summaries), summaries[-1]) == (101, "3 more like these are not shown")


# --- changes of what stands ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "rules"),
    [
        ({"extra": {"dcmTrustStoreType": ("JKS",)}}, {"extra": {"dcmTrustStoreType": ("PKCS12",)}}, []),
        ({"extra": {"dcmTrustStoreType": ("JKS",)}}, {"extra": {"dcmTrustStoreType": ()}}, []),
        ({}, {"extra": {"dcmLimitOpenAssociations": ("01",)}}, ["DIR-SCHEMA-VALUE"]),
        (
            {"extra": {"dcmFuzzyAlgorithmClass": ("x",)}},
            {"extra": {EXPIRY: ("P1D",)}},
            [],
        ),
        (
            {"extra": {"dcmFuzzyAlgorithmClass": ("x",)}},
            {"extra": {"dcmFuzzyAlgorithmClass": ()}},
            ["DIR-SCHEMA-MUST"],
        ),
        ({}, {"object_classes": ("pkiUser",)}, []),
        ({}, {"object_classes": ("dcmArchiveDevice",)}, ["DIR-SCHEMA-MUST"]),
    ],
)
def test_a_change_is_judged_with_what_stands(directory, before, after, rules):
    bring(directory(**speaking(after)), hospital(ct(**before)))
    findings, cut = found(system := directory(**speaking(after)), hospital(ct(**after)))
    assert [each.rule for each in findings] == rules
    assert {each.status for each in apply(system, cut)} == ({"failed"} if rules else {"applied"})


def test_the_structural_class_of_an_entry_never_changes(directory):
    def wanted(name):
        return hospital(device({"entries": {"cn=R": {"object_classes": (name,)}}}))

    bring(directory(**SPEAKS), wanted(READER))
    findings, cut = found(system := directory(**SPEAKS), wanted("dcmImageWriterFactory"))
    assert [each.rule for each in findings] == ["DIR-SCHEMA-CLASS"]
    assert "is of the structural class dcmImageReaderFactory, which never changes" in findings[0].summary
    assert {each.status for each in apply(system, cut)} == {"failed"}


VALUES = st.sampled_from(["1", "01", "x", "TRUE", "true", "ä", "UTC", " UTC ", "cn=a", "jks", "JKS"])
EXTRAS = st.dictionaries(
    st.sampled_from(
        [
            "dcmTimeZoneOfDevice",
            "dcmLimitOpenAssociations",
            "dcmRoleSelectionNegotiationLenient",
            "dcmTrustStoreType",
            "dcmFuzzyAlgorithmClass",
            EXPIRY,
            "dcmRejectionNoteLabel",
            "description",
            "seeAlso",
            "nosuch",
        ]
    ),
    st.lists(VALUES, min_size=1, max_size=2, unique=True).map(tuple),
    max_size=3,
)
CLASSES = st.none() | st.lists(
    st.sampled_from(
        ["pkiUser", "dcmDevice", "dcmArchiveDevice", "dcmQueue", "top", "extensibleObject", "nosuch"]
    ),
    max_size=2,
    unique=True,
).map(tuple)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EXTRAS, CLASSES)
def test_a_device_is_let_through_where_the_server_takes_it_and_nowhere_else(directory, hands, extra, classes):
    hands.clear(ROOT) if hands.entry(ROOT) else None
    wanted = hospital(ct(extra=extra, object_classes=classes))
    system = directory(**SPEAKS)
    try:
        findings, cut = found(system, wanted)
        taken = all(each.status == "applied" for each in apply(system, cut) if each.address.kind == "device")
    finally:
        system.close()
    assert (findings == ()) == taken, [each.summary for each in findings]


# --- a schema that is older than the inventory needs -----------------------------------------------------------


@pytest.fixture(scope="module")
def older(tmp_path_factory):
    folder = tmp_path_factory.mktemp("older")
    with started(folder, archive_of_2021(folder / "schema")) as server:
        yield server


def test_what_an_older_schema_lacks_is_told_once_with_those_who_need_it(opener, older):
    """Each kind of entry that its release had not yet, on two devices."""
    system = opener(older, **SPEAKS)
    system.read()
    schema = system._writer.reader.schema
    forms = {kind: system.vocabulary.shapes[kind] for kind in system.vocabulary.children}
    lacking = {kind: form for kind, form in forms.items() if schema.object_class(form.object_class) is None}
    assert lacking
    for kind, form in lacking.items():
        device = [
            Address.of("directory", kind, name, *"abc"[: system.vocabulary.depths[kind] - 1]) for name in "xy"
        ]
        changes = [Change("create", None, State(each, each, {})) for each in device]
        (finding,) = system.check(changes)
        assert finding.summary == (
            f"The directory's schema lacks the object class {form.object_class}, needed by {device[0]}, {device[1]}"
        )
        assert finding.fix.startswith("Load the current schema into the directory first, and then apply")


def test_what_an_older_schema_has_is_let_through_and_taken(opener, older):
    wanted = hospital(ct(**dcm4chee(storages={"fs1": {"uri": "file:/fs1/"}})))
    findings, cut = found(system := opener(older, **SPEAKS), wanted)
    assert findings == ()
    assert {each.status for each in apply(system, cut)} == {"applied"}


@pytest.fixture(scope="module")
def archive():
    """An archive's whole tree, as what is to be made of it in an empty directory."""
    words = vocabulary.speaking((Dcm4chee,))
    contents = ldif.parse(archive_text(size=0, oddities=ENTRIES).encode(), "x.ldif")
    reader = Reader(planted("directory", contents.entries, words), None, spelled(contents.spellings))
    return [Change("create", None, state) for state in reader.snapshot().states().values()]


def test_a_whole_archive_fits_into_its_own_schema(directory, archive):
    system = directory(**SPEAKS)
    system.read()
    assert len(archive) > 1500
    assert system.check(archive) == ()


def test_of_a_whole_archive_an_older_schema_says_only_what_it_lacks(opener, older, archive):
    system = opener(older, **SPEAKS)
    system.read()
    findings = system.check(archive)
    kinds = {re.match(r"The directory(?:'s schema)? (lacks|knows no) ", each.summary)[1] for each in findings}
    assert kinds == {"lacks", "knows no"}
    once = [each.summary for each in findings if "lacks" in each.summary]
    assert len(set(once)) == len(once)
