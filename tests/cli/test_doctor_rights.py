"""The screen that tells what an account may do, and what it comes to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pacsconf.cli.doctor_rights import missing, rights_text
from pacsconf.inventory.systems import MemoryConfig
from pacsconf.report.lines import plain
from pacsconf.systems.abilities import AccountRight

LOOK = AccountRight("read the tree", "looking", "yes", "12 entries")
BLIND = AccountRight("see who changed what", "looking", "no", "grant read access to all attributes")
WRITE = AccountRight("change devices", "writing", "yes", "tried on dicomDeviceName=ct-1")
BARRED = AccountRight("change devices", "writing", "no", "grant write access")
UNTRIED = AccountRight("add devices", "writing", "unknown", "there is none yet to try it on")


def config(mode: str) -> MemoryConfig:
    return MemoryConfig(name="directory", type="memory", mode=mode)


def test_an_account_that_writes_has_both_groups():
    assert plain(rights_text(config("write"), [LOOK, WRITE], 80)) == (
        "What the account of directory may do (write)\n"
        "\n"
        "Looking\n"
        "  ✓ read the tree  12 entries\n"
        "\n"
        "Writing\n"
        "  ✓ change devices  tried on dicomDeviceName=ct-1\n"
        "\n"
        "It may do all that mode: write needs.\n"
    )


@pytest.mark.parametrize(
    ("mode", "found", "lacking", "said"),
    [
        ("read-only", [LOOK, BARRED], [], "It may do all that mode: read-only needs."),
        ("read-only", [LOOK, UNTRIED], [], "It may do all that mode: read-only needs."),
        (
            "read-only",
            [LOOK, WRITE],
            [],
            "it may write too (change devices), which mode: read-only never does",
        ),
        ("read-only", [BLIND, WRITE], [BLIND], "1 of the rights that mode: read-only needs are missing"),
        ("write", [LOOK, BARRED], [BARRED], "1 of the rights that mode: write needs are missing"),
        ("write", [BLIND, BARRED], [BLIND, BARRED], "2 of the rights that mode: write needs are missing"),
        ("write", [LOOK, UNTRIED], [], "as far as that can be told without doing it (1 unknown)."),
    ],
)
def test_what_it_comes_to_depends_on_the_mode(mode, found, lacking, said):
    assert list(missing(config(mode), found)) == lacking
    assert said in " ".join(plain(rights_text(config(mode), found, 80)).split())


def test_what_is_not_needed_is_not_shown():
    assert "change devices" not in plain(rights_text(config("read-only"), [LOOK, BARRED], 80))


def test_what_is_wrong_with_several_is_said_once():
    other = replace(BARRED, name="change connections")
    text = plain(rights_text(config("write"), [LOOK, BARRED, other, WRITE, replace(WRITE, name="add")], 80))
    assert (
        "  ✗ change devices\n"
        "  ✗ change connections\n"
        "      grant write access\n"
        "  ✓ change devices      tried on dicomDeviceName=ct-1\n"
        "  ✓ add                 tried on dicomDeviceName=ct-1\n"
    ) in text
