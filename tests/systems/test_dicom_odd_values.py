"""Values and names that are easily lost on the way: kept exactly as they are by reading, planning and applying."""

from __future__ import annotations

import base64
import re

import pytest

from pacsconf.inventory.base import EntryDeclaration
from pacsconf.systems._dicom.vocabulary import speaking
from pacsconf.systems._ldap.schema import parse
from pacsconf.systems.dcm4chee import Dcm4chee
from pacsconf.systems.ldif import LdifFile
from tests.archive_oddities import CERTIFICATE, ENTRIES
from tests.archive_tree import text as archive_text
from tests.systems.conftest import DEVICES, apply, bring, ct, hospital, plan

SPEAKS = {"extensions": ("dcm4chee",)}
DEVICE = f"dicomDeviceName=ct-1,{DEVICES}"


def b64(data: bytes) -> str:
    return "base64:" + base64.b64encode(data).decode()


# --- names that differ by case only ----------------------------------------------------------------------------


def test_names_that_are_exact_to_the_server_are_two_to_us(directory, hands):
    storages = {"fs1": {"uri": "file:/a/"}, "FS1": {"uri": "file:/b/"}}
    wanted = hospital(ct(vendor={"dcm4chee": {"fuzzy_algorithm": "x", "storages": storages}}))
    bring(directory(**SPEAKS), wanted)
    assert hands.entry(f"dcmStorageID=FS1,{DEVICE}")["dcmURI"] == [b"file:/b/"]
    assert plan(directory(**SPEAKS), wanted) == ()
    assert {"directory/storage/ct-1/fs1", "directory/storage/ct-1/FS1"} <= {
        re.sub("dcm4chee-", "", str(each.address)) for each in directory(**SPEAKS).read().resources
    }


def test_whole_entries_whose_names_differ_by_case_are_two_where_the_server_has_it_so(directory):
    entries = {
        f"dcmIIOFormatName={name}": EntryDeclaration(
            object_classes=("dcmImageReader",), extra={"dicomTransferSyntax": ("1.2.840.10008.1.2.4.50",)}
        )
        for name in ("jpeg", "JPEG")
    }
    wanted = hospital(ct(entries=entries))
    bring(directory(**SPEAKS), wanted)
    assert plan(directory(**SPEAKS), wanted) == ()


def test_an_entry_that_has_words_is_not_declared_without(directory):
    entries = {
        "dcmQueueName=q": EntryDeclaration(object_classes=("dcmQueue",)),
        "cn=other": EntryDeclaration(object_classes=("dicomNetworkConnection",)),
    }
    findings = directory(**SPEAKS).declared(hospital(ct(entries=entries))).findings
    assert [(each.rule, each.fix, each.path[2:]) for each in findings] == [
        ("DIR-ENTRY", "Write it under `vendor.dcm4chee.queues`.", ("entries", "dcmQueueName=q")),
        ("DIR-ENTRY", "Write it where the device has such.", ("entries", "cn=other")),
    ]


def test_a_kind_is_exact_where_the_schema_says_so_of_its_name(hands):
    """Otherwise two entries would have one address, and the whole directory could not be read."""
    hands.conn.search(
        "cn=Subschema", "(objectClass=subschema)", "BASE", attributes=["attributeTypes", "objectClasses"]
    )
    raw = hands.conn.response[0]["raw_attributes"]
    schema = parse(raw["attributeTypes"], raw["objectClasses"])
    wrong = [
        kind
        for kind, form in speaking((Dcm4chee,)).shapes.items()
        if form.naming and form.exact != schema.attribute(form.naming).rule.lower().startswith("caseexact")
    ]
    assert wrong == []


# --- values ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        " before",
        "after ",
        "  both  ",
        "two  inside",
        "\tx\n",
        "base64:none!",
        "base64:QUJD",
        "yes",
        "1e3",
        "Röntgen 研究用",
        "${jboss.server.config.url}/a.p12",
        "# no comment",
        "a: b",
    ],
)
def test_a_text_stays_as_it_is(directory, hands, value):
    declared = b64(value.encode()) if value == "base64:QUJD" else value
    wanted = hospital(ct(extra={"dcmTrustStoreURL": (declared,)}, description=value))
    bring(directory(), wanted)
    entry = hands.entry(DEVICE)
    assert (entry["dcmTrustStoreURL"], entry["dicomDescription"]) == ([value.encode()], [value.encode()])
    assert plan(directory(), wanted) == ()


def test_text_in_base64_is_the_text(directory, hands):
    bring(directory(), hospital(ct(extra={"dcmTrustStoreURL": (b64(b"a"),)})))
    assert plan(directory(), hospital(ct(extra={"dcmTrustStoreURL": ("a",)}))) == ()


def test_a_certificate_is_made_kept_by_other_changes_and_taken_away(directory, hands):
    name, wanted = "userCertificate;binary", ct(extra={"userCertificate;binary": (b64(CERTIFICATE),)})
    bring(directory(), hospital(wanted))
    assert hands.entry(DEVICE)[name] == [CERTIFICATE]
    assert plan(directory(), hospital(wanted)) == ()
    bring(directory(), hospital(ct(description="new")))
    assert hands.entry(DEVICE)[name] == [CERTIFICATE]
    bring(directory(), hospital(ct(extra={name: ()})))
    assert name not in hands.entry(DEVICE)


def test_vendor_data_of_any_bytes_survives_what_is_changed_beside_it(directory, hands):
    bring(directory(), hospital(ct()))
    blobs = [b"PK\x03\x04\x00\xff\xfe\r\n", bytes(range(256))]
    hands.modify(DEVICE, dicomVendorData=blobs)
    bring(directory(), hospital(ct(description="new")))
    assert hands.entry(DEVICE)["dicomVendorData"] == blobs


# --- a whole tree of them --------------------------------------------------------------------------------------


def test_nothing_secret_of_an_archive_comes_in(tmp_path):
    text = archive_text(size=0, oddities=[*ENTRIES, "secrets"])
    path = tmp_path / "a.ldif"
    path.write_text(re.sub(r"(?m)^(\w+Pin): secret$", r"\1: hunter2", text))
    export = LdifFile("d", path, speaks=True)
    snapshot = export.read()
    shown = repr(
        [snapshot.resources.states, export.findings, export.oddities(), export.unseen(), vars(export)]
    )
    assert "hunter2" in path.read_text()
    assert "hunter2" not in shown


@pytest.mark.parametrize("place", ["device", "child", "entry", "connection"])
def test_a_secret_under_extra_is_refused_everywhere_and_shown_nowhere(directory, place):
    from pacsconf.inventory.model import Connection

    secret = {
        "dcmKeyStorePin": ("hunter2",),
        "userPassword": ("hunter2",),
        "dcmKeycloakClientSecret": ("hunter2",),
    }
    storage = {"uri": "file:/a/", "extra": {name: list(each) for name, each in secret.items()}}
    wanted = {
        "device": {"extra": secret},
        "connection": {"connections": {"dicom": Connection(host="a", extra=secret)}},
        "child": {"vendor": {"dcm4chee": {"fuzzy_algorithm": "x", "storages": {"fs1": storage}}}},
        "entry": {
            "entries": {"cn=R": EntryDeclaration(object_classes=("dcmImageReaderFactory",), extra=secret)}
        },
    }[place]
    system = directory(**SPEAKS)
    declared = system.declared(hospital(ct(**wanted)))
    refused = [each for each in declared.findings if each.rule == "DIR-EXTRA-SECRET"]
    assert len(refused) >= 2
    cut = plan(system, hospital(ct(**wanted)))
    changes = [each for layer in cut for each in layer]
    assert "hunter2" not in repr([declared.resources, declared.findings, changes, system.check(changes)])
    assert "hunter2" not in repr(apply(system, cut)) + repr(directory(**SPEAKS).read())
