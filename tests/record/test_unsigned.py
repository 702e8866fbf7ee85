"""Acceptance runs that nobody signed yet, beside the record."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pacsconf.core.errors import LockHeld, RecordError
from pacsconf.dicom.commission.run import AcceptanceRun, Ticked, to_json
from pacsconf.record.unsigned import LARGEST, UnsignedRuns, newest

ROOT = "00000000-0000-0000-0000-000000000001"
RUN = AcceptanceRun("20261126-1", "ct-9", "CT9", "lab", ROOT, "2026-11-26T12:00:00")


@pytest.fixture
def runs(tmp_path) -> UnsignedRuns:
    return UnsignedRuns(tmp_path / "pacsconf" / "lab" / "commission")


def test_a_run_is_read_as_it_was_written_and_dropped(runs):
    assert runs.read("ct-9") is None
    runs.write(RUN)
    later = RUN.ticking(Ticked("tcp", "passed", ""))
    runs.write(later)
    assert runs.read("ct-9") == later
    assert [path.name for path in runs.folder.iterdir()] == ["ct-9.json"]
    runs.drop("ct-9")
    runs.drop("ct-9")
    assert runs.read("ct-9") is None


def test_it_stands_in_the_git_folder_that_all_work_trees_share(tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    assert UnsignedRuns.open(tmp_path, "lab").folder == tmp_path / ".git" / "pacsconf" / "lab" / "commission"
    with pytest.raises(RecordError, match="not in a git repository"):
        UnsignedRuns.open(tmp_path.parent, "lab")


@pytest.mark.parametrize("data", [b"{", b"[]", b"\xff"], ids=repr)
def test_a_damaged_file_is_an_error_that_names_it(runs, data):
    runs.write(RUN)
    (runs.folder / "ct-9.json").write_bytes(data)
    with pytest.raises(RecordError, match=r"ct-9\.json"):
        runs.read("ct-9")


def test_a_huge_file_is_not_read(runs):
    runs.write(RUN)
    with (runs.folder / "ct-9.json").open("ab") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(RecordError, match="too long"):
        runs.read("ct-9")


@pytest.mark.parametrize("name", ["", "..", "a/b", "-x", ".git"])
def test_what_cannot_name_a_file_is_refused(runs, name):
    with pytest.raises(RecordError):
        runs.read(name)


def test_two_processes_do_not_carry_on_the_same_run(runs):
    other = (
        "import sys\nfrom pathlib import Path\nfrom pacsconf.record.unsigned import UnsignedRuns\n"
        "from pacsconf.core.errors import LockHeld\n"
        "try:\n    with UnsignedRuns(Path(sys.argv[1])).taken(sys.argv[2]): print('taken')\n"
        "except LockHeld: print('held')\n"
    )

    def said(device: str) -> str:
        command = [sys.executable, "-c", other, str(runs.folder), device]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    with runs.taken("ct-9"):
        assert (said("ct-9"), said("ct-8")) == ("held", "taken")
        with pytest.raises(LockHeld), runs.taken("ct-9"):
            pass
    assert said("ct-9") == "taken"


def test_the_newest_run_of_the_record_is_that_of_the_latest_id():
    def file(run: AcceptanceRun) -> bytes:
        return to_json(run).encode()

    later = AcceptanceRun("20261127-1", "ct-9", "CT9", "lab", RUN.root, RUN.began)
    other = AcceptanceRun("20261128-1", "ct-90", "CT90", "lab", RUN.root, RUN.began)
    evidence = {run.path: file(run) for run in (later, RUN, other)} | {"probes/last.jsonl": b"x"}
    assert newest(evidence, "ct-9") == later
    assert newest(evidence, "mr-1") is None
    with pytest.raises(RecordError, match=r"evidence/commissioning/ct-9/20261126-1\.json"):
        newest({RUN.path: b"x"}, "ct-9")
