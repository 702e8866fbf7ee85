"""Adopt an archive's tree, lose it, apply the inventory: the directory holds the same as before, entry by entry."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import archive_tree, ldif_compare
from tests.e2e.test_adopt import (
    BASE,
    SIGN_IN,
    Desk,
    Directory,
    desk,
    directory,
    started_directory,
    started_orthanc,
)

__all__ = ["desk", "directory", "started_directory", "started_orthanc"]

TREES = {
    "as delivered": frozenset(),
    "with oddities": archive_tree.ODDITIES - {"secrets", "escapes", "multi_rdn"},
}

IS_DEFAULT = "dcmreadonly -b'FALSE'"
"""What the tree states of one storage although it is the default: absent means the same, and is what is written."""


@pytest.mark.parametrize("oddities", TREES.values(), ids=TREES)
def test_an_adopted_archive_that_is_lost_is_given_back_by_applying_its_inventory(
    desk: Desk, directory: Directory, oddities: frozenset[str]
) -> None:
    text = archive_tree.text(BASE, oddities=oddities)
    before = ldif_compare.of_text(text)
    directory.load(text)
    desk.ok("adopt", "ldap", "--url", directory.url, *SIGN_IN)
    desk.begin()
    assert "No changes." in desk.ok("plan").out
    _give_back(desk, directory)
    after = ldif_compare.of_server(directory.server)
    inside = {name for name in after if name in before}
    differ = ldif_compare.differences(before, {name: after[name] for name in inside})
    assert [each.partition(": ")[2] for each in differ] == [IS_DEFAULT]
    assert desk.ok("plan").out.count("No changes.") == 1


OLDER = Path(__file__).with_name("trees") / "older_archive.ldif"
"""Written by hand after how releases of some years ago install an archive, and what is added to them in use."""


def test_a_tree_of_another_release_comes_back_but_for_what_adopt_says(
    desk: Desk, directory: Directory
) -> None:
    """Values that equal defaults are left out, and mean the same."""
    before = ldif_compare.of_text(OLDER.read_text())
    directory.load(OLDER.read_text())
    told = desk.ok("adopt", "ldap", "--url", directory.url, *SIGN_IN).said
    assert "2 entries are there that the inventory does not have: " in told
    assert (
        "2 entries are not named by cn in the directory: network-connection/storescu/10.20.9.9:104, "
        "transfer-capability/storescu/STORESCU/1.2.840.10008.1.1:scu"
    ) in told
    assert (
        "Secrets are never read, and no inventory holds one: dcmKeyStorePin (2 entries), "
        "dcmProperty secretKey (1 entry), dcmTrustStorePin (2 entries)."
    ) in told
    assert not any("guess-4711" in text for text in desk.files().values())
    desk.begin()
    assert "No changes." in desk.ok("plan").out
    _give_back(desk, directory)
    after = ldif_compare.of_server(directory.server)
    differ = [
        line.replace(f",cn=Devices,cn=DICOM Configuration,{BASE}", "")
        for line in ldif_compare.differences(before, after)
        if not line.startswith(("+ dc=", "+ cn=jdoe", "+ cn=pacsconf", "+ cn=viewer"))
    ]
    assert differ == NOT_GIVEN_BACK
    assert desk.ok("plan").out.count("No changes.") == 1


ARC = "dicomdevicename=dcm4chee-arc"
NOT_GIVEN_BACK = [
    "+ cn=1.2.840.10008.1.1:scu,dicomaetitle=STORESCU,dicomdevicename=storescu",
    "+ cn=10.20.9.9:104,dicomdevicename=storescu",
    *(
        "cn=Study Root Query/Retrieve Information Model - FIND SCP,dicomaetitle=DCM4CHEE,"
        f"{ARC}: {attribute} -b'FALSE'"
        for attribute in ("dcmfuzzysemanticmatching", "dcmtimezonequeryadjustment")
    ),
    f"dcmqueryretrieveviewid=hideRejected,{ARC}: dcmhidenotrejectedinstances -b'FALSE'",
    f"dcmstorageid=cloud,{ARC}: dcmproperty -b'secretKey=guess-4711'",
    f"- dcmwebappname=gone-viewer,cn=Unique Web Application Names Registry,cn=DICOM Configuration,{BASE}",
    "- dicomhostname=10.20.9.9+dicomport=104,dicomdevicename=storescu",
    "- dicomsopclass=1.2.840.10008.1.1+dicomtransferrole=SCU,dicomaetitle=STORESCU,dicomdevicename=storescu",
    f"- hl7applicationname=GONE|CLINIC,cn=Unique HL7 Application Names Registry,cn=DICOM Configuration,{BASE}",
]
"""Names of entries, reservations that nobody has, secrets, and defaults."""


def _give_back(desk: Desk, directory: Directory) -> None:
    """Empty the directory, and apply the inventory to it, with everything acknowledged that asks for it."""
    directory.empty()
    desk.edit("mode: read-only", "mode: write")
    desk.edit("cn=viewer,", "cn=pacsconf,")
    desk.git("commit", "-qam", "Write")
    file = Path(desk.env["PACSCONF_CONFIG"])
    file.write_text(file.read_text() + '\n[environments]\nwrite = ["default"]\n')
    lost = desk("plan").out
    assert "deleted outside" in lost
    plan = desk("plan", "--repair", "directory/*", "--out", "plan.json", "--format", "json").json
    acks = [f"{plan['digest'][:12]}:GUARD-PURGE:{one['address']}" for one in plan["purges"]]
    options = [word for ack in acks for word in ("--ack", ack)]
    desk.ok("apply", "plan.json", "--reason", "the directory was lost", *options)
