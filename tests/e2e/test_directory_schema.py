"""What a directory could not take, and what it holds that cannot be, as an administrator sees it in a plan."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import BASE, DEVICES, Hospital, connected

HOSPITAL = """\
profiles:
  scanner:
    type: modality
    modality: [CT]
    extra:
      dcmLimitAssociationsInitiatedBy: [A=1, B=2]
devices:
  ct-1:
    profile: scanner
    ae_title: CT1
    host: 10.20.4.17
    uses: [ct-image-storage]
  ct-2: {profile: scanner, ae_title: CT2, host: 10.20.4.18, uses: [ct-image-storage]}
"""
SYSTEMS = f"""\
systems:
  directory:
    type: dicom-directory
    url: ldaps://ldap.example.org
    base: "{BASE}"
environments: {{lab: {{dial: {{"*": none}}}}}}
"""


@pytest.fixture
def hospital(in_a_lab) -> Hospital:
    """All of it applied, in a lab of its own."""
    made = in_a_lab(hospital=HOSPITAL, systems=SYSTEMS)
    made.applied()
    return made


def test_all_that_a_directory_would_refuse_is_told_at_its_place_and_nothing_is_written(hospital: Hospital):
    hospital.edit("[A=1, B=2]", "[A=1, Ä=2]")
    hospital.edit(
        "    ae_title: CT1\n",
        "    ae_title: CT1\n    extra:\n      dcmTimeZoneOfDevise: UTC\n"
        "      dcmLimitOpenAssociations: many\n      dcmTrustStoreType: [JKS, PKCS12]\n",
    )
    ran = hospital("plan", "--out", "plan.json")
    for place, text in {
        "inventory/hospital.yaml:6": '"Ä=2" is no value of dcmLimitAssociationsInitiatedBy',
        "inventory/hospital.yaml:12": 'attribute dcmTimeZoneOfDevise; did you mean "dcmTimeZoneOfDevice"?',
        "inventory/hospital.yaml:13": '"many" is no value of dcmLimitOpenAssociations',
        "inventory/hospital.yaml:14": "dcmTrustStoreType has 2 values, and the directory takes one",
    }.items():
        assert place in ran.said, ran
        assert text in ran.said, ran
    assert "The directory takes a whole number without zeros before it." in ran.said
    refused = hospital("apply", "plan.json")
    assert refused.code == 5, refused
    hospital.edit("      dcmTimeZoneOfDevise: UTC\n", "      dcmTimeZoneOfDevice: UTC\n")
    hospital.edit("many\n", "10\n")
    hospital.edit("[JKS, PKCS12]", "JKS")
    hospital.edit("Ä=2", "C=2")
    hospital.ok("plan", "--out", "plan.json")
    hospital.ok("apply", "plan.json")
    assert hospital("plan").code == 0


def test_a_colleagues_role_in_small_letters_is_told_by_plan_and_by_look(hospital: Hospital):
    with connected(hospital, colleague=True) as conn:
        conn.search(DEVICES, "(objectClass=dicomTransferCapability)", attributes=["1.1"])
        for dn in [each["dn"] for each in conn.response]:
            assert conn.modify(dn, {"dicomTransferRole": [("MODIFY_REPLACE", "scu")]}), conn.result
    ran = hospital("plan")
    assert ran.code == 0, ran
    assert "has the role scu, and there are only SCU and SCP" in ran.said
