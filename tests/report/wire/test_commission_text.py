"""An acceptance run on the screen, as a list of what it left behind, and as a page."""

from __future__ import annotations

import csv
from dataclasses import replace

import pytest

from pacsconf.dicom.commission.run import STEPS, AcceptanceRun, Item, Signature, Stored, Ticked
from pacsconf.inventory import uids
from pacsconf.report.lines import plain, width_of
from pacsconf.report.sheets.render import Templates
from pacsconf.report.wire.commission_text import (
    left_csv,
    left_text,
    next_text,
    page_values,
    run_text,
    short_text,
    step_text,
)

RUN = AcceptanceRun(
    "20261126-120000-00ff",
    "ct-9",
    "CT9",
    "lab",
    "00000000-0000-0000-0000-000000000001",
    "2026-11-26T12:00:00+00:00",
    operator="M. Weber",
    software={"archive/ARCHIVE": "ARCHIVE_1 1.2.3"},
    calling=("PROBE",),
)
FAILED = Ticked(
    "store",
    "failed",
    "1 of 3, 1 left out",
    12.0,
    (
        Item("ct", "passed", "stored"),
        Item("mr", "failed", "not accepted"),
        Item("us", "skipped", "no encoder"),
    ),
)
CT = uids.sop_class("ct-image-storage")
STORED = Stored("archive/ARCHIVE", CT, uids.IMPLICIT_VR_LE, "1.3", "1.4", "1.5", taken=True)
CALL = "pacsconf -e lab commission ct-9"


def whole(**results: str) -> AcceptanceRun:
    run = RUN
    for plan in STEPS:
        run = run.ticking(Ticked(plan.name, results.get(plan.name, "passed"), ""))
    return run


def test_a_step_shows_what_went_wrong_and_all_of_it_on_request():
    short, long = plain(step_text(FAILED, 100)), plain(step_text(FAILED, 100, verbose=True))
    assert short == (
        "  ✗ store          Test objects are stored: failed, 1 of 3, 1 left out\n"
        "                   ✗ mr: not accepted\n"
    )
    assert "✓ ct: stored" in long
    assert "us: no encoder" in long
    assert plain(short_text(FAILED)) == "  ✗ store: failed\n"


def test_of_many_parts_that_went_wrong_some_are_shown_and_the_rest_counted():
    step = Ticked("store", "failed", "", items=tuple(Item(f"o{n}", "failed") for n in range(20)))
    assert "… 12 more (--verbose)" in plain(step_text(step, 80))


def test_every_step_is_in_the_run_and_counted_once():
    shown = plain(run_text(RUN.ticking(FAILED), 100))
    assert all(plan.title in shown for plan in STEPS)
    assert shown.endswith(f"1 failed · {len(STEPS) - 1} not done\n")
    assert "archive/ARCHIVE: ARCHIVE_1 1.2.3" in shown
    accepted = RUN.ticking(replace(FAILED, accepted="since"))
    assert "1 accepted" in plain(run_text(accepted, 100))


@pytest.mark.parametrize("width", [40, 80, 120])
def test_nothing_but_what_is_for_copying_is_wider_than_the_screen(width):
    run = RUN.ticking(FAILED).keeping([STORED])
    rows = (*run_text(run, width), *left_text(run, "list.csv", width))
    assert [row for row in rows if width_of(row) > width] == []


def test_what_a_peer_says_cannot_act_on_the_terminal():
    step = Ticked("store", "failed", "\x1b[2J", items=(Item("\x1b]0;x\x07", "failed", "\u202e"),) * 2)
    run = replace(RUN.ticking(step), software={"a/A": "\x1b[31m"})
    assert not {"\x1b", "\x07", "\u202e"} & set(plain(run_text(run, 80)))


def test_what_is_left_behind_is_listed_by_place_with_its_study():
    step = replace(
        STORED, peer="ris/RIS", sop_class=uids.MPPS, instance_uid="1.6", series_uid="", taken=False
    )
    run = RUN.keeping([STORED, replace(STORED, instance_uid="1.7"), step])
    shown = " ".join(plain(left_text(run, "list.csv", 100)).split())
    assert shown.startswith(
        "Left behind: 2 objects at archive/ARCHIVE, 1 procedure step at ris/RIS. The list is"
    )
    assert "study 1.5" in shown
    assert left_text(RUN, "", 80) == ()

    rows = list(csv.DictReader(left_csv(run).splitlines()))
    assert [(row["where"], row["instance_uid"], row["sop_class"], row["stored"]) for row in rows] == [
        ("archive/ARCHIVE", "1.3", "CT Image Storage", "yes"),
        ("archive/ARCHIVE", "1.7", "CT Image Storage", "yes"),
        ("ris/RIS", "1.6", uids.title(uids.MPPS), "unknown"),
    ]


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_that_a_spreadsheet_would_compute_is_text(first):
    assert f"'{first}1+1" in left_csv(RUN.keeping([replace(STORED, peer=f"{first}1+1")]))


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (RUN, f"{CALL} --yes-store-test-objects --listen 11113"),
        (RUN, f"{CALL} --assist"),
        (RUN, f"{CALL} --attest phantom --note TEXT"),
        (RUN.ticking(FAILED), f"{CALL} --step store --yes-store-test-objects --listen 11113"),
        (RUN, f"{CALL} --negatives"),
        (whole(), f"{CALL} --sign pacs-admin --reason TEXT"),
        (
            replace(whole(), signatures=(Signature("pacs-admin", "A", "", "ok"),)),
            f"{CALL} --sign clinical-lead",
        ),
    ],
    ids=["store", "assist", "attest", "again", "strangers", "first signature", "second signature"],
)
def test_what_to_type_next_is_said(run, said):
    assert said in plain(next_text(run, "pacsconf -e lab", "inventory/ct.yaml:7", 200, "--listen 11113"))


def test_once_both_signed_the_line_of_the_lifecycle_is_named():
    both = (Signature("pacs-admin", "A", "", "ok"), Signature("clinical-lead", "B", "", "ok"))
    shown = plain(next_text(replace(whole(), signatures=both), "pacsconf", "inventory/ct.yaml:7", 100))
    assert shown.endswith("Next: set lifecycle: active (inventory/ct.yaml:7), commit, plan and apply.\n")


def test_the_page_holds_everything_and_no_markup_of_others():
    run = replace(RUN.ticking(FAILED).keeping([STORED]), software={"a/A": "<script>"}, facts={"model": "X&Y"})
    page = Templates(None).render("acceptance-run", "html", page_values(run, "today"))
    assert all(
        text in page for text in ("Acceptance of ct-9", "1.3", "X&amp;Y", "&lt;script&gt;", "not accepted")
    )
    assert "<script>" not in page
    assert page.count("pacs-admin") == page.count("clinical-lead") == 1


def test_a_site_may_have_a_page_of_its_own(tmp_path):
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "acceptance-run.html.j2").write_text("{{ run.device }}: {{ counts }}, {{ steps | length }}")
    page = Templates(folder).render("acceptance-run", "html", page_values(RUN, "today"))
    assert page.strip() == f"ct-9: {len(STEPS)} not done, {len(STEPS)}"
