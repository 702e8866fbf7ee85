"""The file in the user's cache: what stands in it, and whose word is taken."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pacsconf.cli import policy_cache
from pacsconf.cli.policy_cache import keep, remembered
from pacsconf.policy.rule import Rule

RULE = Rule("X-1", "Short", "low", "ae", "size(title) <= 16")


@pytest.fixture
def file(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "pacsconf" / "rules"


def learnt() -> None:
    memory = remembered()
    memory.keep(RULE)
    keep(memory)


def test_what_was_right_is_remembered(file):
    learnt()
    assert remembered().holds(RULE)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert [one.name for one in file.parent.iterdir()] == ["rules"]


def test_nothing_is_written_where_nothing_is_new(file):
    learnt()
    before = file.stat().st_mtime_ns, file.stat().st_ino
    learnt()
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == before


def test_after_an_update_nothing_is_remembered(file, monkeypatch):
    learnt()
    monkeypatch.setattr(policy_cache, "_CHECKS", (*policy_cache._CHECKS, "cases.py"))
    assert not remembered().holds(RULE)
    learnt()
    assert len(file.read_text().split()) == 2


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"not ours\nat all", b"a" * 300_000], ids=len)
def test_a_file_that_is_not_ours_is_none(file, content):
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    assert remembered().known == frozenset()
    learnt()
    assert remembered().holds(RULE)


def test_a_file_that_others_may_write_is_none(file):
    learnt()
    file.chmod(0o620)
    assert remembered().known == frozenset()


def test_a_link_is_none(file):
    learnt()
    file.rename(file.with_name("other"))
    file.symlink_to("other")
    assert remembered().known == frozenset()


@pytest.mark.parametrize("home", [os.devnull, "relative", ""])
def test_without_a_folder_everything_is_checked(home, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", home)
    monkeypatch.setenv("HOME", os.devnull)
    monkeypatch.chdir(tmp_path)
    learnt()
    assert remembered().known == frozenset()
    assert [*tmp_path.iterdir()] == []
