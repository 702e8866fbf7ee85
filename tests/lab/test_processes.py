from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pacsconf.core.errors import Unavailable
from pacsconf.lab import processes


@contextmanager
def a_process(
    name: str, path: Path, code: str = "print(flush=True); input()"
) -> Iterator[subprocess.Popen[bytes]]:
    """A process of this name that works on a file, and has got so far as to say so."""
    command = [name, "-c", code, str(path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, executable=sys.executable, **pipes) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


def test_a_program_of_the_lab_is_found_and_ended(tmp_path):
    with a_process("slapd", tmp_path / "slapd.conf") as ours:
        assert processes.of(tmp_path) == {ours.pid: "slapd"}
        processes.end(tmp_path, ["dcmqrscp"])
        assert processes.of(tmp_path) == {ours.pid: "slapd"}
        processes.end(tmp_path)
        assert processes.of(tmp_path) == {}


def test_somebody_elses_process_on_a_file_of_the_lab_is_not_the_labs(tmp_path):
    with a_process("vim", tmp_path / "lab.json") as editor:
        assert processes.of(tmp_path) == {}
        processes.end(tmp_path)
        assert editor.poll() is None


def test_a_program_of_another_lab_is_not_this_ones(tmp_path):
    with a_process("slapd", tmp_path / "lab-2" / "slapd.conf"):
        assert processes.of(tmp_path / "lab") == {}


def test_a_process_that_does_not_end_when_asked_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "_WITHIN", 0.2)
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); input()"
    with a_process("slapd", tmp_path / "slapd.conf", deaf):
        processes.end(tmp_path)
        assert processes.of(tmp_path) == {}


def test_a_program_that_ends_at_once_is_told_with_its_last_words(tmp_path):
    log = tmp_path / "log"
    pid = processes.spawn(["/bin/sh", "-c", "echo no such option; exit 3"], tmp_path, log)
    with pytest.raises(Unavailable, match="the thing did not start: no such option"):
        processes.wait_for(lambda: False, pid, log, "the thing")


def test_dcmtk_is_not_mistaken_for_the_scripts_of_our_own_environment(monkeypatch, tmp_path):
    (tmp_path / "pyvenv.cfg").touch()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "storescp").write_text("#!/bin/sh\n")
    (tmp_path / "bin" / "storescp").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    assert processes.dcmtk("storescp") == "/usr/bin/storescp"


def test_a_missing_program_is_told(monkeypatch):
    with pytest.raises(Unavailable, match="no-such-scp is not installed") as caught:
        processes.dcmtk("no-such-scp")
    assert caught.value.fix == "Install DCMTK (apt-get install dcmtk)."
