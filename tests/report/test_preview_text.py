"""Studies counted, in words: classes, what is missing, what is not whole."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

from pacsconf.report.lines import plain
from pacsconf.report.preview_text import Preview, preview_json, preview_text
from pacsconf.retention.tally import Class, Expiring, Tally

TALLY = Tally(
    1217,
    (
        Class("(on hold)", 3, {"held": 3}),
        Class("mammography", 1214, {"expired": 4, "kept": 1210}, date(2026, 1, 5), date(2031, 4, 2)),
    ),
    {"expired": 4, "held": 3, "kept": 1210},
    {"birth_date": 214},
    0,
    0,
)
PREVIEW = Preview("pacs", "over REST", None, None, date(2026, 11, 26), TALLY, armed=False)


def test_a_table_and_the_sum():
    assert plain(preview_text(PREVIEW, 100)) == (
        "pacs: 1,217 studies, all days, asked over REST, on 2026-11-26\n"
        "\n"
        "  rule         studies  earliest    median      of them\n"
        "  (on hold)          3  -           -           3 on hold\n"
        "  mammography    1,214  2026-01-05  2031-04-02  4 over, 1,210 kept\n"
        "\n"
        "0 below the legal floor; 214 need a birth date; 3 on hold; purge armed: no\n"
    )


def test_what_was_not_told_whole_and_what_is_due_is_said():
    tally = replace(TALLY, review_due=2, below_floor=1, states={"to-confirm": 1})
    cut = replace(PREVIEW, tally=tally, cut_off=("20200101",), armed=None, since=date(2020, 1, 1))
    shown = " ".join(plain(preview_text(cut, 80)).split())
    assert "at least 1,217 studies, from 2020-01-01, asked" in shown
    assert (
        "1 below the legal floor; 214 need a birth date; 0 on hold; 2 due for review; purge armed: not known"
        in shown
    )
    assert "To confirm: by the images" in shown
    assert "of 1 day there is more than it answers with (20200101)" in shown


def test_what_ends_first_is_listed_by_hash():
    tally = replace(TALLY, expiring=(Expiring(date(2026, 1, 5), "sha256:ab", "mammography"),))
    assert "Ends first\n  2026-01-05  sha256:ab  mammography\n" in plain(
        preview_text(replace(PREVIEW, tally=tally), 100)
    )


def test_an_archive_without_studies():
    empty = replace(PREVIEW, tally=Tally(0, (), {}, {}, 0, 0))
    assert plain(preview_text(empty, 100)) == (
        "pacs: 0 studies, all days, asked over REST, on 2026-11-26\n"
        "\n"
        "0 below the legal floor; 0 on hold; purge armed: no\n"
    )


def test_a_machine_reads_the_same():
    told = json.loads(preview_json(PREVIEW))
    assert (told["studies"], told["whole"], told["purge_armed"]) == (1217, True, False)
    assert told["classes"][0] == {
        "rule": "(on hold)",
        "studies": 3,
        "states": {"held": 3},
        "earliest": None,
        "median": None,
    }
