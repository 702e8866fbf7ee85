"""A private slapd in a folder of its own."""

from __future__ import annotations

import os
import stat
import subprocess
import sys

import pytest

from pacsconf.core.errors import Unavailable
from pacsconf.lab import slapd


def test_it_starts_answers_restarts_and_stops(tmp_path):
    running = slapd.start(tmp_path / "ldap", slapd.Options(tls=False))
    assert running.running
    again = slapd.restart(running)
    assert (again.port, again.running) == (running.port, True)
    assert again.pid != running.pid
    again.stop()
    again.stop()
    assert not again.running


def test_a_server_that_was_restarted_is_stopped_through_the_first_handle_too(tmp_path):
    with slapd.started(tmp_path / "ldap", slapd.Options(tls=False)) as running:
        again = slapd.restart(running)
    assert not again.running


def test_it_outlives_the_process_that_started_it_and_is_found_again(tmp_path):
    folder = tmp_path / "ldap"
    code = f"from pathlib import Path; from pacsconf.lab import slapd; slapd.start(Path({str(folder)!r}))"
    subprocess.run([sys.executable, "-c", code], check=True)
    found = slapd.attach(folder)
    assert found is not None
    try:
        assert found.running
        assert found.ca_file.exists()
    finally:
        found.stop()
    assert slapd.attach(folder) is None


def test_what_it_keeps_is_for_its_owner_alone(tmp_path):
    with slapd.started(tmp_path / "ldap") as running:
        assert stat.S_IMODE(running.folder.stat().st_mode) == 0o700
        for name in ("password", "slapd.conf", "key.pem"):
            assert stat.S_IMODE((running.folder / name).stat().st_mode) == 0o600
        assert running.password not in repr(running)


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(Unavailable, match="is not empty"):
        slapd.start(tmp_path)
    assert os.listdir(tmp_path) == ["notes.txt"]


def test_a_server_that_does_not_start_says_why(tmp_path):
    broken = tmp_path / "broken.schema"
    broken.write_text("attributetype ( 1.2 NAME 'x' SYNTAX nosuch )\n")
    with pytest.raises(Unavailable) as caught:
        slapd.start(tmp_path / "ldap", slapd.Options(tls=False, schemas=[broken]))
    assert "broken.schema" in caught.value.message
