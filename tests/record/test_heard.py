"""What was heard is remembered in the clone, bounded, and damage to it costs a line."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.core.errors import RecordError
from pacsconf.dicom.heard import Heard, from_json, to_json
from pacsconf.record.heard import KEPT, LARGEST, HeardLog

CT = "1.2.840.10008.5.1.4.1.1.2"
SEEN = Heard(
    "CT_ER1          ",
    "ARCHIVE         ",
    "10.20.4.17",
    at="2026-11-26T08:00:00Z",
    contexts=((CT, ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1")),),
    implementation="1.2.3",
    version="SCANNER_9",
    max_pdu=16384,
    as_scp=(CT,),
    answer="accepted",
)


def numbered(number: int) -> Heard:
    return Heard(f"CT{number}", "ARCHIVE", "10.20.4.17")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    return tmp_path


def the_file(clone: Path) -> Path:
    return clone / ".git" / "pacsconf" / "lab" / "wire" / "heard.jsonl"


def test_what_was_heard_is_read_back_in_order(clone):
    log = HeardLog.open(clone, "lab")
    log.append([SEEN])
    log.append([numbered(1), numbered(2)])
    assert HeardLog.open(clone, "lab").read() == (SEEN, numbered(1), numbered(2))
    assert log.why == ""


def test_each_environment_has_its_own(clone):
    HeardLog.open(clone, "lab").append([SEEN])
    assert HeardLog.open(clone, "production").read() == ()


def test_outside_a_repository_nothing_is_remembered_and_it_says_so(tmp_path):
    log = HeardLog.open(tmp_path, "lab")
    log.append([SEEN])
    assert log.read() == ()
    assert "is not in a git repository" in log.why
    assert not list(tmp_path.rglob("heard*"))


def test_only_the_latest_are_kept(clone):
    log = HeardLog.open(clone, "lab")
    log.append(map(numbered, range(KEPT + 300)))
    assert log.read() == tuple(map(numbered, range(300, KEPT + 300)))


def test_few_are_kept_where_each_is_large(clone):
    log = HeardLog.open(clone, "lab")
    large = Heard("CT1", "ARCHIVE", "10.20.4.17", contexts=((CT, ("1.2." + "3" * 60,) * 500),) * 100)
    log.append([large] * 3)
    assert 1 <= len(log.read()) < 3
    assert the_file(clone).stat().st_size <= LARGEST


@pytest.mark.parametrize(
    "damage",
    [b"{", b"not json\n", b"[]\n", b'{"calling": 1}\n', b"\xff\xfe\x00\n", b"[" * 100_000 + b"\n", b"null\n"],
    ids=["cut short", "no JSON", "a list", "a number", "no text", "nested", "null"],
)
def test_a_damaged_line_costs_itself_alone(clone, damage):
    log = HeardLog.open(clone, "lab")
    log.append([numbered(1)])
    with the_file(clone).open("ab") as file:
        file.write(damage)
    log.append([numbered(2)])
    assert log.read() == (numbered(1), numbered(2))


def test_two_writers_lose_nothing(clone):
    def write(start: int) -> None:
        log = HeardLog.open(clone, "lab")
        for number in range(start, start + 50):
            log.append([numbered(number)])

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, (0, 50)))
    assert {heard.calling for heard in HeardLog.open(clone, "lab").read()} == {f"CT{n}" for n in range(100)}


def test_a_clone_that_cannot_be_written_says_so(clone):
    (clone / ".git" / "pacsconf").write_text("a file where a folder belongs")
    with pytest.raises(RecordError, match="cannot be written"):
        HeardLog.open(clone, "lab").append([SEEN])


texts = st.text(max_size=20)
heards = st.builds(
    Heard,
    calling=texts,
    called=texts,
    host=texts,
    at=texts,
    source=st.text(min_size=1, max_size=20),
    contexts=st.lists(st.tuples(texts, st.lists(texts, max_size=3).map(tuple)), max_size=3).map(tuple),
    implementation=texts,
    version=texts,
    max_pdu=st.none() | st.integers(0, 2**32 - 1),
    as_scp=st.lists(texts, max_size=2).map(tuple),
    answer=texts,
)


@given(heards)
def test_plain_values_say_all_of_it(heard):
    assert from_json(to_json(heard)) == heard


anything = st.recursive(
    st.none() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*to_json(SEEN), "more"]), anything))
def test_whatever_stands_there_is_an_association_or_an_error(body):
    try:
        assert isinstance(from_json(body), Heard)
    except ValueError:
        assert not all(isinstance(body.get(key), str) for key in ("calling", "called", "host"))
