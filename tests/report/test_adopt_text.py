"""What is told of an adoption."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

from pacsconf.report.adopt_text import Accepted, Adopted, Differs, File, Left, Twin, adopt_json, adopt_text
from pacsconf.report.lines import plain

TOLD = Adopted(
    source="https://orthanc.example.org",
    system="orthanc",
    counts={"peer": 3, "Orthanc peer": 1},
    files=[
        File("inventory/systems-orthanc.yaml", 12),
        File("inventory/flows-proposed.yaml", 4, proposal=True),
    ],
    profiles={"ct": 2, "adopted": 1},
    flows=["ct-1-to-archive"],
    proposals={"mr-1-to-archive": "they are allowed everything"},
    accepted=[Accepted("PACS-AE-003", "devices.us-2", "AE title US_1 belongs to two devices, us-1 and us-2")],
    owner="radiology-it",
    until=date(2027, 2, 22),
    left=[Left('Peer "odd" is left unmanaged: too long', "It stays live as it is.", "orthanc/peer/odd")],
    ignored={"Not there live.\nEach line keeps one as it is.": ["peer/CT_3", "peer/CT_4"]},
    unseen=["Whether peers survive a restart."],
    differs=[Differs("CT_2", "10.0.0.1:104", "inventory/ct.yaml:5", "10.0.0.2:105")],
    twins=[Twin("ct-room-1", "ct-1", "inventory/ct.yaml:4"), Twin("mr", "mr", "inventory/mr.yaml:2")],
    absent=["us-9"],
    undeclared=["us-1"],
    bindings='[[secret]]\nref = "env:PASSWORD"\nfor = "https://orthanc.example.org:443"',
    operator_file="/home/m/.config/pacsconf/operator.toml",
    next_steps=["git add inventory && git commit -m 'Adopt orthanc'", "pacsconf plan"],
)

SCREEN = """\
Adopted https://orthanc.example.org as orthanc: 3 peers, 1 Orthanc peer
It was only read; nothing was changed there.

Written
  + inventory/systems-orthanc.yaml                                      12 lines
  + inventory/flows-proposed.yaml                            4 lines of comments

Profiles found, with their devices  ct (2), adopted (1)

Flows inferred  ct-1-to-archive
Flows proposed only, as comments to be judged
  ? mr-1-to-archive: they are allowed everything

Accepted until 22 Feb 2027, owner radiology-it: 1 fault that was there already
  ! PACS-AE-003  AE title US_1 belongs to two devices, us-1 and us-2

Left alone, and why
  ? Peer "odd" is left unmanaged: too long
      fix  It stays live as it is.
  · Not there live: peer/CT_3, peer/CT_4

Where the sources differ; orthanc keeps its own value, so nothing changes
  AE title  inventory says                      orthanc says
  CT_2      10.0.0.1:104 (inventory/ct.yaml:5)  10.0.0.2:105

Declared already by AE title, so not declared again; both sides are ignored in
the new system
  = ct-1 (inventory/ct.yaml:4) is called ct-room-1 there
  = mr (inventory/mr.yaml:2) has the same name there
  To join one: give the declared device the name that it has there, complete it,
  then remove its lines under systems.orthanc.ignore.

Declared, and not in orthanc; ignored there: us-9

Other systems
  ? 1 device not declared, since other systems would get it too: us-1. Their
    peers say title and address themselves; a file holds them as comments.

Could not be seen
  ? Whether peers survive a restart.

Before plan can sign in, add to /home/m/.config/pacsconf/operator.toml:
    [[secret]]
    ref = "env:PASSWORD"
    for = "https://orthanc.example.org:443"

Next: git add inventory && git commit -m 'Adopt orthanc'
      pacsconf plan
"""


def test_the_screen_has_the_answer_first_and_what_to_type_last():
    assert plain(adopt_text(TOLD)) == SCREEN


def test_it_fits_eighty_columns():
    assert max(map(len, plain(adopt_text(TOLD, 80)).splitlines())) <= 80


def test_a_table_that_is_too_wide_becomes_lines():
    wide = replace(
        TOLD, differs=[Differs("CT_2", "ct-2.radiology.example.org:104", "inventory/a/b/ct.yaml:5", "x" * 30)]
    )

    text = plain(adopt_text(wide))
    assert (
        "  CT_2\n"
        "      inventory says  ct-2.radiology.example.org:104 (inventory/a/b/ct.yaml:5)\n"
        f"      orthanc says    {'x' * 30}\n"
    ) in text


def test_a_dry_run_says_so():
    text = plain(adopt_text(replace(TOLD, dry_run=True)))

    assert text.startswith("Would adopt https://orthanc.example.org as orthanc")
    assert "Would be written (--dry-run: nothing was)" in text


def test_of_many_alike_the_rest_is_counted_and_json_has_all():
    many = replace(TOLD, left=[Left(f"peer {number}") for number in range(25)])

    assert "    … 15 more (--format json has all)" in plain(adopt_text(many))
    assert len(json.loads(adopt_json(many))["left"]) == 25


def test_names_from_elsewhere_cannot_act_on_a_terminal():
    odd = replace(TOLD, left=[Left("Peer \x1b[2J is left unmanaged")])

    assert "\x1b" not in plain(adopt_text(odd)) + adopt_json(odd)


def test_json_has_a_format_version_and_the_day():
    told = json.loads(adopt_json(TOLD))

    assert (told["format_version"], told["until"], told["system"]) == (1, "2027-02-22", "orthanc")


def test_what_would_be_made_elsewhere_is_said_with_the_way_out():
    text = " ".join(plain(adopt_text(replace(TOLD, elsewhere=["other/device/us-1"]))).split())

    assert "The next plan is not empty: other/device/us-1 would be made or changed" in text
