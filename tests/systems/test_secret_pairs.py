"""Secrets within attributes of pairs (`dcmProperty: secretKey=...`): never kept, never shown, and never lost."""

from __future__ import annotations

import pytest

from pacsconf.systems._dicom.placed import problems
from pacsconf.systems._ldap.entry import has_secret_name, is_secret_pair, kept
from pacsconf.systems.dcm4chee import Dcm4chee
from tests.systems.conftest import DEVICES, bring, ct, hospital, plan

ARCHIVE = f"dicomDeviceName=arc,{DEVICES}"
CLOUD = f"dcmStorageID=cloud,{ARCHIVE}"
PAIRS = ["endpoint=http://10.20.0.9:9000", "secretKey=guess-4711", "identity=guess"]


@pytest.mark.parametrize(
    "name",
    ["secretKey", "secret-access-key", "credential", "bearer-token", "basic-auth", "jclouds.s3.secretKey",
     "Password", "proxy.password", "header:Authorization", "apiKey"],
)  # fmt: skip
def test_names_of_secrets_are_known(name):
    assert has_secret_name(name)


@pytest.mark.parametrize(
    "name",
    ["pathFormat", "endpoint", "identity", "accessKey", "containerExists", "Modality", "tokenLifetime", "roles",
     "checkMountFile", "SendingApplicationEntityTitle", "PatientID", "key"],
)  # fmt: skip
def test_other_names_are_not_taken_for_secrets(name):
    assert not has_secret_name(name)


def test_only_values_of_attributes_of_pairs_are_looked_at():
    assert is_secret_pair("dcmProperty", "credential=x=y")
    assert not is_secret_pair("dcmProperty", "credential")
    assert kept("dicomdescription", [b"password=none"]) == (b"password=none",)
    assert b"guess" not in b"".join(kept("dcmproperty;x-1", [b"credential=guess", b"secret=guess"]))


def archive(*pairs):
    storage = {"uri": "s3://images", "properties": list(pairs)}
    return hospital(ct("arc", "ARC", type="archive", vendor={"dcm4chee": {"storages": {"cloud": storage}}}))


def test_the_secret_of_a_storage_is_not_read_and_stays_when_its_neighbours_change(directory, hands, caplog):
    system = directory(extensions="dcm4chee")
    caplog.set_level("DEBUG")
    before = archive("endpoint=http://10.20.0.9:9000", "identity=guess")
    bring(system, before)
    hands.modify(CLOUD, dcmProperty=PAIRS)
    assert plan(system, before) == ()
    snapshot = system.read()
    assert "guess-4711" not in repr(list(snapshot.states().values())) + caplog.text
    assert any("dcmProperty secretKey (1 entry)" in sentence for sentence in system.unseen())
    assert "dcmProperty secretKey of 1 entry can be read by this account" in [
        each.summary for each in system.oddities()
    ]
    bring(system, archive("endpoint=http://10.20.0.10:9000"))
    held = sorted(hands.entry(CLOUD)["dcmProperty"])
    assert held == [b"endpoint=http://10.20.0.10:9000", b"secretKey=guess-4711"]


def test_storages_whose_pairs_are_of_one_length_are_all_looked_at(directory, hands):
    """The reader remembers how an attribute begins where many are alike."""
    system = directory(extensions="dcm4chee")
    bring(system, archive("identity=guess"))
    for name, pair in (("a", "endpoint_=guess"), ("b", "endpoint1=guess"), ("c", "secretkey=guess")):
        hands.add(f"dcmStorageID={name},{ARCHIVE}", "dcmStorage", dcmURI="s3://images", dcmProperty=pair)
    states = {address.name: state for address, state in system.read().states().items()}
    assert states["arc/b"].fields["properties"] == ("endpoint1=guess",)
    assert "properties" not in states["arc/c"].fields


@pytest.mark.parametrize("name", ["secretKey", "credential"])
def test_a_secret_under_properties_is_refused_without_being_repeated(name):
    (told,) = problems(Dcm4chee, archive(f"{name}=guess-4711"))
    assert f"what stands under {name} is secret" in told.summary
    assert "guess-4711" not in str(told)


def test_a_secret_pair_under_extra_is_refused_without_being_repeated(directory):
    device = ct("arc", "ARC", type="archive", extra={"dcmProperty": ["credential=guess-4711"]})
    found = directory(extensions="dcm4chee").declared(hospital(device)).findings
    (told,) = [each for each in found if each.rule == "DIR-EXTRA-SECRET"]
    assert "guess-4711" not in str(told)
