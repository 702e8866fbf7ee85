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
