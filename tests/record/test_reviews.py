"""Reviews in the record: opened, answered and closed by commits of their own, and checked against signatures."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from pacsconf.core.errors import LockHeld, RecordError
from pacsconf.core.review import Decision, Review, ReviewLine
from pacsconf.record.contents import Contents, Entry, from_files, to_files

LINES = (ReviewLine("mmueller", "radiologist"), ReviewLine("jnight", "radiologist"))
WANTED = Review("", ("radiologist",), "2026-12-10", "", "", LINES)
MUELLER, NIGHT = LINES[0].key, LINES[1].key
KEEP, REMOVE = Decision("keep", "", "aberg", ""), Decision("remove", "", "aberg", "", "moved")


def test_they_survive_their_file():
    moment = "2026-11-24T14:12:05Z"
    said = replace(KEEP, at=moment)
    one = replace(WANTED, id="AR-20261126-1", at=moment, lines=(replace(LINES[0], decision=said),))
    files = to_files(Entry("review", "a <b>", "2026-11-24T14:12:05Z"), Contents(reviews=(one,)))
    assert from_files(files, files.__getitem__) == Contents(reviews=(one,))


def test_without_any_there_is_no_file():
    assert "reviews.json" not in to_files(Entry("init", "a <b>", "2026-11-24T14:12:05Z"), Contents())


def test_a_file_that_is_none_is_named():
    files = to_files(Entry("init", "a <b>", "2026-11-24T14:12:05Z"), Contents()) | {
        "reviews.json": b'[{"id": 1}]'
    }
    with pytest.raises(RecordError, match=r"reviews\.json cannot be understood"):
        from_files(files, files.__getitem__)


def test_a_review_is_opened_answered_and_closed(alone):
    record = alone.record()
    record.init({})
    opened = record.open_review(WANTED, reason="yearly")
    assert (opened.id, opened.by) == ("AR-20261124-1", record.identity())
    record.sign_off(opened.id, {MUELLER: KEEP, NIGHT: REMOVE}, reason="")
    (signed,) = record.state().contents.reviews
    assert [line.decision and line.decision.word for line in signed.lines] == ["keep", "remove"]
    assert signed.lines[0].decision.by == record.identity()
    record.removals_seen([(opened.id, NIGHT)])
    (closed,) = record.state().contents.reviews
    assert closed.is_closed
    assert [(one.type, dict(one.counts)) for one in record.history()][:3] == [
        ("review", {"gone": 1}),
        ("sign-off", {"lines": 2}),
        ("review", {"lines": 2}),
    ]


def test_the_commit_says_what_was_said(alone):
    record = alone.record()
    record.init({})
    opened = record.open_review(WANTED, reason="")
    commit = record.sign_off(opened.id, {NIGHT: REMOVE}, reason="")
    assert "Line: jnight as radiologist: remove" in alone.git("log", "-1", "--format=%B", commit)


def test_nothing_is_written_while_somebody_has_the_lock(alone, work):
    record = alone.record()
    record.init({})
    opened = record.open_review(WANTED, reason="")
    with record.begin(work.changeset, record.state()):
        with pytest.raises(LockHeld):
            record.sign_off(opened.id, {NIGHT: KEEP}, reason="")
        with pytest.raises(LockHeld):
            record.open_review(replace(WANTED, roles=("technologist",)), reason="")


def test_without_a_record_there_is_none(alone):
    with pytest.raises(RecordError):
        alone.record().open_review(WANTED, reason="")


# --- signatures ---------------------------------------------------------------------------------------------------


def make_key(folder: Path, name: str) -> Path:
    path = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    return path


def sign_with(clone, key: Path) -> None:
    for name, value in (("gpg.format", "ssh"), ("user.signingkey", str(key)), ("commit.gpgsign", "true")):
        clone.git("config", name, value)


def test_what_was_said_is_held_against_the_signature_of_its_commit(alone, tmp_path):
    own, foreign = make_key(tmp_path, "own"), make_key(tmp_path, "foreign")
    allowed = tmp_path / "allowed"
    allowed.write_text(f"mweber@example.org {own.with_suffix('.pub').read_text()}")
    record = alone.record()
    record.init({})
    opened = record.open_review(WANTED, reason="")
    sign_with(alone, own)
    good = alone.record().sign_off(opened.id, {MUELLER: KEEP}, reason="")
    assert record.unsigned_words(record.state().contents.reviews, allowed) == {}
    sign_with(alone, foreign)
    commit = alone.record().sign_off(opened.id, {NIGHT: KEEP}, reason="")
    assert good != commit
    assert alone.record().unsigned_words(record.state().contents.reviews, allowed) == {
        (opened.id, NIGHT): f"is not to be believed, since commit {commit[:7]} is signed with a key that the"
        " allowed-signers file does not have, or not any more"
    }


def test_a_word_that_came_with_another_commit_is_not_believed(alone, tmp_path):
    allowed = tmp_path / "allowed"
    allowed.write_text("")
    record = alone.record()
    record.init({})
    opened = record.open_review(WANTED, reason="")
    forged = replace(opened, lines=(replace(opened.lines[0], decision=KEEP), opened.lines[1]))
    found = record.unsigned_words((forged,), allowed)
    assert found == {(opened.id, MUELLER): "stands in the record without a commit that says so"}
