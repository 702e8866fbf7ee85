"""What is remembered of rules that were right: only of this user, and nothing is missing without it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pacsconf.cli import checked_rules
from pacsconf.cli.policies import load_policies

RULE = """\
rules:
  - {id: OUR-AE-001, title: Titles begin with CT, severity: high, kind: ae, condition: 'title.startsWith("CT")'}
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "pacsconf" / "rules"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "ours.yaml").write_text(RULE)
    return tmp_path


def test_what_was_right_is_remembered_by_this_user_alone(root: Path, cache: Path):
    load_policies(root)
    assert len(checked_rules.remembered().known) == 1
    assert cache.stat().st_mode & 0o077 == 0


def test_a_mistake_is_told_each_time(root: Path, cache: Path):
    load_policies(root)
    (root / "policies" / "ours.yaml").write_text(RULE.replace("title.", "titel."))
    for _ in range(2):
        assert [one.rule for one in load_policies(root).findings] == ["PACS-POL-011"]


@pytest.mark.parametrize("how", ["others may write it", "a link", "a pipe", "no text", "too long"])
def test_what_others_could_have_written_is_as_good_as_none(root: Path, cache: Path, how: str):
    load_policies(root)
    if how == "others may write it":
        cache.chmod(0o620)
    elif how == "a link":
        cache.rename(cache.with_name("real"))
        cache.symlink_to("real")
    elif how == "a pipe":
        cache.unlink()
        os.mkfifo(cache, 0o600)
    else:
        cache.write_bytes(b"\xff" if how == "no text" else cache.read_bytes() + b"0" * 200_000)
    assert checked_rules.remembered().known == frozenset()
    assert load_policies(root).findings == ()


def test_a_user_without_a_home_checks_everything(root: Path, monkeypatch):
    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", nowhere)
    assert [one.id for one in load_policies(root).rules] == ["OUR-AE-001"]
    assert checked_rules.remembered().known == frozenset()
