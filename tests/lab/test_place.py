from __future__ import annotations

from pathlib import Path

import pytest

from pacsconf.core.errors import Unavailable
from pacsconf.lab import place


def test_the_folder_is_the_one_named_in_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("PACSCONF_LAB_DIR", str(tmp_path))
    assert place.default_folder() == tmp_path


def test_the_folder_is_else_in_the_users_state(monkeypatch, tmp_path):
    monkeypatch.delenv("PACSCONF_LAB_DIR", raising=False)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert place.default_folder() == tmp_path / ".local/state/pacsconf/lab"
    monkeypatch.setenv("XDG_STATE_HOME", "/elsewhere")
    assert place.default_folder() == Path("/elsewhere/pacsconf/lab")


def test_a_folder_with_something_else_in_it_is_never_a_labs(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(Unavailable, match="is not empty and not a practice lab") as caught:
        place.claim(tmp_path)
    assert caught.value.fix == "Name an empty or new folder in PACSCONF_LAB_DIR."
    assert not place.is_lab(tmp_path)


def test_a_claimed_folder_is_private_and_known(tmp_path):
    place.claim(tmp_path / "lab")
    assert (tmp_path / "lab").stat().st_mode & 0o777 == 0o700
    assert place.is_lab(tmp_path / "lab")


def test_no_lab_has_no_overlay(tmp_path):
    assert place.overlay(tmp_path) is None
