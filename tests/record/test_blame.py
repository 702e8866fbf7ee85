"""Since which commit a line of the inventory stands, and since which one something is owned."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from pacsconf.core.address import Address
from pacsconf.core.resource import State
from pacsconf.record.blame import Written, written

ID = Address.of("accounts", "user", "mm")


def test_a_line_is_told_with_the_commit_that_wrote_it(alone):
    first = alone.git("rev-parse", "HEAD")
    (alone.path / "inventory" / "sites.yaml").write_text("sites: {main: {name: Main campus}}\n# more\n\tx\n")
    alone.git("commit", "-qam", "inventory: two lines more")
    found = written(alone.path, [("inventory/sites.yaml", 1), ("inventory/sites.yaml", 3)])
    assert [one.boundary for one in found.values()] == [False, False]
    assert [one.commit for one in found.values()] == [first, alone.git("rev-parse", "HEAD")]
    last = found["inventory/sites.yaml", 3]
    assert (last.author, last.summary) == ("Maria Weber", "inventory: two lines more")
    assert isinstance(last.day, date)


def test_where_the_history_of_a_clone_begins_a_line_may_be_older(alone, tmp_path):
    (alone.path / "inventory" / "more.yaml").write_text("more: 1\n")
    alone.git("add", ".")
    alone.git("commit", "-qm", "inventory: more")
    shallow = tmp_path / "shallow"
    alone.git("clone", "-q", "--depth=1", f"file://{alone.path}", str(shallow))
    (found,) = written(shallow, [("inventory/sites.yaml", 1)]).values()
    assert found.boundary


def test_a_line_that_is_not_committed_has_no_commit(alone):
    (alone.path / "inventory" / "sites.yaml").write_text("sites: {main: {name: Main campus}}\nmore: 1\n")
    found = written(alone.path, [("inventory/sites.yaml", 2)])
    assert found == {("inventory/sites.yaml", 2): Written()}


def test_of_a_file_that_git_does_not_have_nothing_is_told(alone):
    (alone.path / "inventory" / "new.yaml").write_text("a: 1\n")
    assert written(alone.path, [("inventory/new.yaml", 1), ("inventory/none.yaml", 1)]) == {}


def test_outside_a_repository_nothing_is_told(tmp_path):
    (tmp_path / "a.yaml").write_text("a: 1\n")
    assert written(tmp_path, [("a.yaml", 1)]) == {}


def test_many_lines_are_told_in_several_calls(alone):
    (alone.path / "inventory" / "sites.yaml").write_text("# line\n" * 500)
    alone.git("commit", "-qam", "inventory: lines")
    found = written(alone.path, [("inventory/sites.yaml", number) for number in range(1, 501)])
    assert {one.commit for one in found.values()} == {alone.git("rev-parse", "HEAD")}
    assert len(found) == 500


# --- since when it is owned


def membership(user: str, *groups: str) -> dict[Address, State]:
    address = Address.of("accounts", "membership", user)
    fields = {f"group {name}": "member" for name in groups}
    return {address: State(address, Address.of("accounts", "user", user), fields)}


@pytest.fixture
def record(alone, clock):
    """A record in which groups come, go and come again, by closed change sets made directly."""
    record = alone.record()
    record.init(membership("mm", "a") | membership("nn", "b"))
    for owned in (membership("mm", "a", "b.c+d"), membership("mm", "a"), membership("mm", "a", "b.c+d")):
        clock.advance(days=1)
        record._edit("hold", lambda now, owned=owned: _with(now, owned), "", ())
    clock.advance(days=1)
    record.keep("probe", {"probes/last.jsonl": b"x"}, reason="")
    return record


def _with(now, owned):
    return replace(now, owned={**now.owned, **owned})


def test_what_came_again_is_owned_since_it_came_last(record):
    address = Address.of("accounts", "membership", "mm")
    assert [record.since(address, field).at[:10] for field in ("group a", "group b.c+d")] == [
        "2026-11-24",
        "2026-11-27",
    ]


@pytest.mark.parametrize(
    ("user", "field"),
    [("mm", "group x"), ("nn", "group a"), ("xx", "group a"), ("mm", "group b-c+d"), ("m.", "group a")],
)
def test_what_is_not_owned_is_owned_since_never(record, user, field):
    assert record.since(Address.of("accounts", "membership", user), field) is None


def test_without_a_record_nothing_is_owned(alone):
    assert alone.record().since(ID, "account") is None
