"""Servers whose schema is older: they lack just what they are to lack, and take the rest."""

from __future__ import annotations

import re
import subprocess

import pytest

from pacsconf.lab import slapd
from tests import older_schemas
from tests.archive_tree import Archive
from tests.ldif_compare import load, of_server


def published(server):
    """The names that the server says it knows."""
    command = [
        "ldapsearch",
        "-x",
        "-LLL",
        "-o",
        "ldif-wrap=no",
        "-H",
        server.url,
        "-b",
        "cn=Subschema",
        "-s",
        "base",
    ]
    found = subprocess.run([*command, "+"], capture_output=True, text=True, check=True)
    return set(re.findall(r"^(?:attributeTypes|objectClasses): .*? NAME '(\w+)'", found.stdout, re.MULTILINE))


def add(server, ldif):
    """What ldapadd says of an entry that is not taken."""
    bind = ["-x", "-H", server.url, "-D", server.admin_dn, "-y", str(server.password_file)]
    return subprocess.run(["ldapadd", *bind], input=ldif, text=True, capture_output=True, check=False).stderr


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What a server of today knows."""
    with older_schemas.started(tmp_path_factory.mktemp("whole"), slapd.SCHEMAS) as server:
        return published(server)


def test_a_printing_of_2008(tmp_path, whole):
    with older_schemas.started(tmp_path, older_schemas.printing_of_2008(tmp_path / "schemas")) as server:
        known = published(server)
        assert len([each for each in known if each.startswith("dicom")]) == 31 + 8
        assert {each for each in whole - known if each.startswith("dicom") and "ui" not in each} == set(
            older_schemas.LATER
        )
        device = (
            f"dn: dicomDeviceName=ct-1,{Archive().devices}\nobjectClass: dicomDevice\ndicomInstalled: TRUE\n"
        )
        assert "dicomDeviceUID: attribute type undefined" in add(server, f"{device}dicomDeviceUID: 1.2.3\n")
        load(server, device)


def test_an_archive_of_2021(tmp_path, whole):
    with older_schemas.started(tmp_path, older_schemas.archive_of_2021(tmp_path / "schemas")) as server:
        gone = whole - published(server)
        assert {"dcmArchiveAttributeCoercion2", "dcmUserIdentityNegotiation", "dcmStoragePathFormat"} <= gone
        assert not gone & {"dcmArchiveDevice", "dcmStorage", "dcmStudyRetentionPolicy", "dcmURI"}
        device = f"dn: {Archive().device}\nobjectClass: dicomDevice\ndicomInstalled: TRUE\n"
        storage = f"dn: dcmStorageID=fs1,{Archive().device}\nobjectClass: dcmStorage\ndcmURI: file:///fs1/\n"
        load(server, device)
        assert "attribute type undefined" in add(server, f"{storage}dcmStoragePathFormat: x\n")
        load(server, storage)


def test_what_is_left_out_by_name_is_lacking_and_nothing_else(tmp_path, whole):
    lacking = older_schemas.without(tmp_path / "schemas", ["dcmRulePriority", "dcmRetentionPeriod"])
    with older_schemas.started(tmp_path, lacking) as server:
        assert whole - published(server) == {
            "dcmRulePriority",
            "dcmRetentionPeriod",
            "dcmStudyRetentionPolicy",
        }


def test_nothing_left_out_is_the_same(tmp_path, whole):
    with older_schemas.started(tmp_path, older_schemas.without(tmp_path / "schemas", [])) as server:
        assert published(server) == whole
        assert len(of_server(server)) > 3
