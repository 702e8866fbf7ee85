"""How full storages are, in words: each limit, each trend, and what is not known."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from pacsconf.report.lines import plain
from pacsconf.report.storage_text import Shown, size, storage_json, storage_text
from pacsconf.retention.capacity import Forecast, Stock

GB = 1024**3
STOCK = Stock("2026-11-26T06:00:00+00:00", 412 * GB, 1, 20, 30, 40, 500 * GB, 0, "reject")
FEW = Forecast("too few", 2, 20)
GROWS = Forecast("grows", 24, 88, 2 * GB, date(2027, 1, 9), "size")


def text(stock: Stock = STOCK, forecast: Forecast = FEW, warn_at: int = 90) -> str:
    return plain(storage_text([Shown("pacs", stock, forecast, warn_at)], 100, 30))


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 bytes"),
        (1023, "1,023 bytes"),
        (1024, "1.0 kB"),
        (412 * GB, "412 GB"),
        (5 * 1024 * GB, "5.0 TB"),
    ],
)
def test_sizes_are_said_in_thousands_of_1024(count, words):
    assert size(count) == words


def test_a_storage_below_its_threshold():
    assert text() == (
        "pacs  412 GB of 500 GB, 82% full\n"
        "  1 patient, 20 studies, 40 objects\n"
        "  No forecast: 2 samples over 20 days; it takes 3 over 14 days (--record keeps one).\n"
        "  When full it refuses new images. Purge armed: no.\n"
    )


def test_one_past_it_that_grows_and_deletes_by_itself():
    shown = text(replace(STOCK, mode="recycle", maximum_patients=10), GROWS, 80)
    assert shown == (
        "pacs  412 GB of 500 GB or 10 patients, 82% full  ✗ past 80%\n"
        "  1 patient, 20 studies, 40 objects\n"
        "  It grows by 2.0 GB a day (24 samples over 88 days): full about 09 Jan 2027, in 44 days.\n"
        "  When full it deletes the oldest patients. Purge armed: yes.\n"
    )


@pytest.mark.parametrize(
    ("stock", "forecast", "words"),
    [
        (replace(STOCK, maximum_bytes=0), FEW, "412 GB, no limit"),
        (replace(STOCK, maximum_bytes=None), FEW, "412 GB, of a limit that is not known"),
        (replace(STOCK, mode=None), FEW, "Purge armed: not known"),
        (STOCK, Forecast("steady", 3, 20), "It stays as it is (3 samples over 20 days)."),
        (
            STOCK,
            Forecast("shrinks", 3, 20, -5.0, emptied=True),
            "It shrinks (3 samples over 20 days). It was emptied",
        ),
        (STOCK, replace(GROWS, full=date(2026, 11, 26)), "it is full"),
        (STOCK, replace(GROWS, full=None, limit=""), "no limit is in sight"),
        (STOCK, replace(GROWS, limit="patients"), "in 44 days (patients)"),
        (STOCK, replace(GROWS, trend="steady", limit="patients"), "24 samples over 88 days: full about"),
    ],
)
def test_every_case_has_its_words(stock, forecast, words):
    assert words in text(stock, forecast)


def test_a_machine_reads_the_same():
    (told,) = json.loads(storage_json([Shown("pacs", STOCK, GROWS, 80)], 30, "abc"))["storages"]
    assert told["past_threshold"] is True
    assert told["forecast"]["full"] == "2027-01-09"
    assert told["forecast"]["days_left"] == 44
    assert told["stock"]["purge_armed"] is False
