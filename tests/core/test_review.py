"""Reviews of access: their lines, who may say what, when they are over, and their spelling."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.core import review
from pacsconf.core.errors import PacsconfError
from pacsconf.core.review import Decision, Review, ReviewLine

MORNING = "2026-11-26T08:00:00Z"
KEEP = Decision("keep", "Anna Berg <anna@example.org>", "aberg", MORNING)
REMOVE = Decision("remove", "Anna Berg <anna@example.org>", "aberg", MORNING, "changed department")
LINES = (
    ReviewLine("mmueller", "radiologist", groups={"accounts": ("pacs-radiologist",)}),
    ReviewLine("jnight", "radiologist", until="2026-12-31"),
)
OPEN = Review("AR-20261126-1", ("radiologist",), "2026-12-10", "Kai Wolf <kai@example.org>", MORNING, LINES)
MUELLER, NIGHT = LINES[0].key, LINES[1].key


def decided(**words: Decision) -> Review:
    lines = tuple(replace(line, decision=words.get(line.user)) for line in LINES)
    return replace(OPEN, lines=lines)


texts = st.text(st.characters(codec="utf-8"), max_size=12)
names = texts.filter(bool)
days = st.dates().map(date.isoformat)
maybe_days = st.just("") | days
moments = st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat)
decisions = st.builds(Decision, st.sampled_from(("keep", "remove")), texts, texts, moments, texts)
lines = st.builds(
    ReviewLine, names, names, names, st.booleans(), maybe_days, maybe_days,
    st.dictionaries(texts, st.lists(texts, max_size=3).map(tuple), max_size=2), st.none() | decisions, maybe_days,
)  # fmt: skip
reviews = st.builds(
    Review, texts, st.lists(texts, max_size=2).map(tuple), days, texts, moments,
    st.lists(lines, max_size=3).map(tuple), texts,
)  # fmt: skip


@given(st.lists(reviews, max_size=3).map(tuple))
def test_they_survive_their_spelling(these):
    assert review.reviews_from_json(review.reviews_to_json(these)) == these


def test_a_word_that_is_neither_keep_nor_remove_is_refused():
    body = review.reviews_to_json((decided(mmueller=KEEP),))
    body[0]["lines"][0]["decision"]["word"] = "maybe"
    with pytest.raises(ValueError, match="maybe"):
        review.reviews_from_json(body)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("due",), "soon"), (("due",), "20261210"), (("at",), "2026-11-26T08:00:00"), (("lines", 0, "since"), "x"),
        (("lines", 0, "user"), ""), (("lines", 0, "gone"), None), (("lines", 0, "decision", "at"), "x"),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_day_no_moment_or_nobody_is_refused(place, value):
    *way, last = place
    (body,) = review.reviews_to_json((decided(mmueller=KEEP),))
    at = body
    for step in way:
        at = at[step]
    at[last] = value
    with pytest.raises(ValueError, match=r"(?i)isoformat|is no |names nobody"):
        review.reviews_from_json([body])


def test_what_is_not_believed_is_in_nobodys_way():
    mine = replace(REMOVE, as_user="other")
    answered = (decided(mmueller=KEEP),)
    with pytest.raises(PacsconfError, match="decided by aberg"):
        review.signed_off(answered, OPEN.id, {MUELLER: mine})
    (now,) = review.signed_off(answered, OPEN.id, {MUELLER: mine}, {MUELLER: KEEP})
    assert now.line(MUELLER).decision == mine


def test_ids_count_up_within_a_day():
    day = date(2026, 11, 26)
    assert review.numbered((), day) == "AR-20261126-1"
    assert review.numbered((OPEN,), day) == "AR-20261126-2"
    assert review.numbered((OPEN,), date(2026, 11, 27)) == "AR-20261127-1"


def test_a_role_is_under_review_once_at_a_time():
    with pytest.raises(PacsconfError, match="radiologist is under review already: AR-20261126-1"):
        review.opened((OPEN,), replace(OPEN, id="AR-20261127-1"))


def test_another_review_may_begin_while_a_removal_is_waited_for():
    waits = decided(mmueller=REMOVE, jnight=KEEP)
    following = replace(OPEN, id="AR-20261127-1")
    assert review.opened((waits,), following) == (waits, following)


def test_of_closed_ones_the_last_that_was_answered_on_each_role_stays():
    done = decided(mmueller=KEEP, jnight=KEEP)
    following = replace(OPEN, id="AR-20261127-1")
    assert review.opened((done,), following) == (done, following)
    answered = replace(done, id="AR-20261127-1")
    other = replace(OPEN, id="AR-20261128-1", roles=("technologist",))
    assert review.opened((done, answered), other) == (answered, other)


def test_it_is_signed_when_every_line_has_an_answer_and_closed_when_what_was_to_go_is_gone():
    half = decided(mmueller=REMOVE)
    assert (half.is_signed, half.is_closed, half.signed_on) == (False, False, None)
    signed = decided(mmueller=REMOVE, jnight=KEEP)
    assert (signed.is_signed, signed.is_closed, signed.signed_on) == (True, False, date(2026, 11, 26))
    assert list(review.removals((signed,))) == [(signed, signed.lines[0])]
    (over,) = review.closed((signed,), [(signed.id, MUELLER)], date(2026, 12, 1))
    assert (over.is_closed, over.lines[0].gone) == (True, "2026-12-01")
    assert list(review.removals((over,))) == []


def test_only_what_is_to_be_removed_can_be_gone():
    kept = decided(mmueller=KEEP, jnight=KEEP)
    assert review.closed((kept,), [(kept.id, MUELLER)], date(2026, 12, 1)) == (kept,)
    other = decided(mmueller=REMOVE)
    assert review.closed((other,), [("AR-20250101-1", MUELLER)], date(2026, 12, 1)) == (other,)


def test_it_is_overdue_the_day_after_its_day_until_all_answered():
    assert not OPEN.is_overdue(date(2026, 12, 10))
    assert OPEN.is_overdue(date(2026, 12, 11))
    assert not decided(mmueller=REMOVE, jnight=KEEP).is_overdue(date(2026, 12, 11))


def test_what_is_said_is_put_at_its_line():
    (after,) = review.signed_off((OPEN,), "ar-20261126-1", {NIGHT: KEEP})
    assert after == decided(jnight=KEEP)


def test_the_same_word_again_changes_nothing():
    once = decided(jnight=KEEP)
    again = replace(KEEP, as_user="other", at="2026-12-01T08:00:00Z")
    assert review.signed_off((once,), once.id, {NIGHT: again}) == (once,)


def test_ones_own_word_can_be_changed_and_anothers_cannot():
    once = decided(jnight=KEEP)
    assert review.signed_off((once,), once.id, {NIGHT: REMOVE}) == (decided(jnight=REMOVE),)
    with pytest.raises(PacsconfError, match="jnight as radiologist was decided by aberg on 2026-11-26: keep"):
        review.signed_off((once,), once.id, {NIGHT: replace(REMOVE, as_user="kwolf")})


def test_a_line_that_is_not_there_is_refused():
    with pytest.raises(PacsconfError, match="has no line on eve as radiologist"):
        review.signed_off((OPEN,), OPEN.id, {("eve", "radiologist"): KEEP})


def test_a_review_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(PacsconfError) as caught:
        review.found((OPEN,), "AR-1")
    assert caught.value.fix == "Open are: AR-20261126-1."


def test_the_last_review_of_a_role_is_the_last_that_was_answered():
    done = decided(mmueller=KEEP, jnight=KEEP)
    assert review.last_signed((done, replace(OPEN, id="AR-20261201-1")), "radiologist") == date(2026, 11, 26)
    assert review.last_signed((OPEN,), "radiologist") is None
    assert review.last_signed((done,), "technologist") is None


def test_an_answer_that_is_not_believed_is_none():
    signed = decided(mmueller=REMOVE, jnight=KEEP)
    assert review.believed((signed,), {(signed.id, MUELLER)}) == (decided(jnight=KEEP),)
    assert review.believed((signed,), {}) == (signed,)
