from datetime import UTC, datetime, timedelta

import pytest

from pacsconf.report.words import ago, counted, listed


@pytest.mark.parametrize(
    ("number", "noun", "words"),
    [
        (1, "error", "1 error"),
        (0, "device", "0 devices"),
        (3, "transfer-capability", "3 transfer-capabilities"),
        (2, "network-ae", "2 network-aes"),
        (12345, "resource", "12345 resources"),
    ],
)
def test_numbers_agree_with_their_nouns(number, noun, words):
    assert counted(number, noun) == words


def test_empty_parts_are_not_listed():
    assert listed(("a", "", "b")) == "a, b"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "just now"),
        (-5, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (7_200, "2 hours ago"),
        (86_399, "23 hours ago"),
        (2 * 86_400, "2 days ago"),
    ],
)
def test_an_age_is_told_in_its_largest_unit(seconds, words):
    now = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

    assert ago(now - timedelta(seconds=seconds), now) == words
