"""Every row of the table in `standing`, with commits that are letters: b descends from a, c from b, x from a."""

from __future__ import annotations

import pytest

from pacsconf.record.standing import Heads, Sighting, stand

HISTORY = {"a": "a", "b": "ab", "c": "abc", "x": "ax"}


def descends(commit: str, ancestor: str) -> bool:
    return ancestor in HISTORY.get(commit, "")


def seen(here="", tracking="", there=None, noted=("", ""), remote="origin"):
    return stand(Sighting("lab", remote, here, tracking, there, Heads(*noted)), descends)


@pytest.mark.parametrize(
    ("sighting", "head"),
    [
        pytest.param({"remote": "", "here": "b"}, "b", id="no remote"),
        pytest.param({"remote": "", "here": "b", "noted": ("a", "")}, "b", id="no remote, grown"),
        pytest.param({"there": "b"}, "b", id="fresh clone"),
        pytest.param({"here": "a", "tracking": "a", "there": "c"}, "c", id="behind"),
        pytest.param({"here": "b", "tracking": "b", "there": "b"}, "b", id="level"),
        pytest.param({"here": "c", "tracking": "b", "there": "b", "noted": ("c", "b")}, "c", id="ahead"),
        pytest.param({"here": "b", "tracking": "", "there": ""}, "b", id="never pushed"),
        pytest.param({"here": "b", "tracking": "c"}, "c", id="not asked, tracking newer"),
        pytest.param({"here": "c", "tracking": "b"}, "c", id="not asked, here newer"),
        pytest.param({"here": "b", "noted": ("b", "b")}, "b", id="not asked, tracking pruned"),
    ],
)
def test_a_head_that_is_believed(sighting, head):
    standing = seen(**sighting)
    assert (standing.head, standing.exists, standing.why) == (head, True, "")


@pytest.mark.parametrize(
    ("sighting", "why"),
    [
        pytest.param(
            {"here": "b", "tracking": "a", "there": "x"}, "has commits here that origin", id="diverged"
        ),
        pytest.param(
            {"here": "b", "tracking": "b", "there": "a"}, "commit b, seen here", id="reset in the remote"
        ),
        pytest.param({"here": "x", "tracking": "x", "there": "c"}, "commit x, seen here", id="replaced"),
        pytest.param({"tracking": "b", "there": "x"}, "commit b, seen here", id="replaced, nothing here"),
        pytest.param(
            {"here": "a", "there": "a", "noted": ("b", "b")}, "commit b, seen here", id="noted was newer"
        ),
        pytest.param(
            {"here": "x", "tracking": "b"}, "has commits here that origin", id="not asked, diverged"
        ),
        pytest.param({"remote": "", "here": "a", "noted": ("b", "")}, "commit b, seen here", id="reset here"),
        pytest.param(
            {"here": "b", "tracking": "b", "there": ""}, "was deleted from origin; it was at b", id="deleted"
        ),
        pytest.param(
            {"there": "", "noted": ("b", "b")}, "was deleted from origin; it was at b", id="deleted, pruned"
        ),
        pytest.param({"remote": "", "noted": ("b", "")}, "was deleted here; it was at b", id="deleted here"),
        pytest.param({}, "is not in this clone, and origin was not asked", id="not fetched"),
    ],
)
def test_ownership_is_unknown(sighting, why):
    standing = seen(**sighting)
    assert why in standing.why
    assert standing.exists
    assert standing.fix


@pytest.mark.parametrize("sighting", [{"there": ""}, {"remote": ""}])
def test_it_is_certain_that_there_is_no_record(sighting):
    assert not seen(**sighting).exists
