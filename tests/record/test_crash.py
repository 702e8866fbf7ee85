"""Killed at every point at which it does something that lasts, an apply is finished by whoever comes next."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def hospital(one, two, tmp_path):
    """The folder with a server and two clones that find it wherever the folder is copied to."""
    one.record().init({})
    folder = tmp_path / "hospital"
    folder.mkdir()
    for name in ("server.git", "one", "two"):
        (tmp_path / name).rename(folder / name)
    for clone in ("one", "two"):
        subprocess.run(
            ["git", "-C", str(folder / clone), "remote", "set-url", "origin", "../server.git"], check=True
        )
    return folder


KNOWN_HERE = {
    (),
    ("ct-0 unknown",),
    ("ct-0 applied",),
    ("ct-0 applied", "ct-1 unknown"),
    ("ct-0 applied", "ct-1 applied"),
}


@pytest.mark.parametrize("where", ["here", "elsewhere"])
def test_a_kill_at_any_point_loses_nothing_and_repeats_nothing(hospital, where):
    driver = Path(__file__).with_name("crash.py")
    ran = subprocess.run(
        [sys.executable, "-W", "error", str(driver), str(hospital), where],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    lines = ran.stdout.splitlines()
    stories = [json.loads(line[line.index("{") :]) for line in lines]
    steps = [line[: line.index("{")].strip(' "') for line in lines]

    # Everywhere, always: each change done once, both clones agree, nothing is left open.
    assert [story["live"] for story in stories] == [["directory/device/ct-0", "directory/device/ct-1"]] * len(
        stories
    )
    assert [story["ends"] for story in stories] == [[True, True]] * len(stories)
    # First nothing was begun, then the change set is open, and in the end it is closed.
    found = [story["found"] for story in stories]
    assert found == sorted(found, key=["untouched", "open", "done"].index)
    assert set(found) == {"untouched", "open", "done"}
    # Every kind of step was met, and the last story is the one without a kill.
    of_git = {"git commit-tree", "git push", "git update-ref", ""}
    assert set(steps) == of_git | ({"fsync", "replace", "send", "answered"} if where == "here" else set())
    # The journal of this clone knows more than another clone can.
    assert {tuple(story["journal"]) for story in stories} == (KNOWN_HERE if where == "here" else {()})
