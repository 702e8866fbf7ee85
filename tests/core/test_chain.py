"""The chain of change sets: what holds of every one, and each way in which one is broken."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.core.chain import (
    Break,
    Follows,
    Link,
    breaks,
    digest_of,
    follows_from_json,
    follows_to_json,
)


def chain(texts: list[str], unchained: int = 0) -> list[Link]:
    """Links with these texts, of which the first few name nobody."""
    made: list[Link] = []
    for number, text in enumerate(texts):
        former = made[-1] if number >= max(unchained, 1) else None
        follows = Follows(former.id, former.digest, former.number) if former else None
        made.append(Link(f"set-{number}", digest_of(f"{text}{follows}".encode()), follows))
    return made


@given(st.lists(st.text()), st.integers(0, 4))
def test_a_chain_as_it_is_made_has_no_break(texts, unchained):
    assert breaks(chain(texts, unchained)) == ()


@given(st.lists(st.text(), min_size=2), st.data())
def test_whatever_is_altered_or_left_out_shows_at_the_next(texts, data):
    links = chain(texts)
    at = data.draw(st.integers(0, len(links) - 2))
    altered = [*links[:at], replace(links[at], digest=digest_of(b"another")), *links[at + 1 :]]
    assert [one.changeset for one in breaks(altered)] == [links[at + 1].id]
    left_out = [*links[:at], *links[at + 1 :]]
    assert links[at + 1].id in [one.changeset for one in breaks(left_out)]


@pytest.mark.parametrize(
    ("follows", "why"),
    [
        (None, "names no change set before it, though there are some"),
        (Follows("set-9", "0" * 64, 2), "follows set-9, but the one before it is set-1"),
        (Follows("set-1", "0" * 64, 2), "follows set-1 as it was then; it was altered since"),
    ],
    ids=["none", "another", "altered"],
)
def test_a_break_says_how(follows, why):
    links = chain(["a", "b", "c"])
    assert breaks([*links[:2], replace(links[2], follows=follows)]) == (Break("set-2", why),)


def test_a_number_out_of_turn_is_a_break():
    first, second = chain(["a", "b"])
    jumped = replace(second, follows=Follows(first.id, first.digest, 7))
    assert breaks([first, jumped]) == (
        Break("set-1", "follows set-0 as number 7 of the chain; it is number 1"),
    )


def test_the_first_of_what_is_left_follows_one_that_is_not_there():
    assert breaks(chain(["a", "b"])[1:]) == (Break("set-1", "follows set-0, which is not there"),)


@pytest.mark.parametrize(
    "data",
    [
        {"id": "x", "digest": "0" * 63, "number": 1},
        {"id": "x", "digest": "0" * 64, "number": 0},
        {"id": "x", "digest": "0" * 64, "number": True},
        {"id": "x", "digest": "0" * 64, "number": "1"},
    ],
    ids=["digest", "nought", "switch", "text"],
)
def test_what_names_no_predecessor_is_refused(data):
    with pytest.raises(ValueError, match="does not name the change set before it"):
        follows_from_json(data)


def test_it_reads_as_it_was_written():
    one = Follows("set-1", "a" * 64, 3)
    assert follows_from_json(follows_to_json(one)) == one
