"""Results on stdout, all else on stderr; colour where it is wanted; wrong usage; a start in a blink."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from pacsconf.cli.exits import MEANINGS
from tests.e2e.conftest import Hospital

COMMANDS = [
    "init", "doctor", "validate", "schema", "plan", "show", "apply", "resume", "rollback", "reload", "drift",
    "history", "hold", "release", "unlock", "record", "record init", "lab", "lab up", "lab status", "lab down",
]  # fmt: skip
COLOUR = re.compile(r"\x1b\[[\d;]*3\dm")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_and_tells_wrong_usage(small, command):
    helped = small.ok(*command.split(), "--help")
    assert helped.out.startswith("Usage: ")
    assert helped.err == ""
    wrong = small(*command.split(), "--zzz")
    assert wrong.code == 64
    assert wrong.out == ""
    assert wrong.err.startswith("usage: No such option: --zzz\n")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["nope"], "usage: No such command 'nope'."),
        (["plan", "extra"], "usage: Got unexpected extra argument"),
        (["plan", "--format", "yaml"], "usage: Invalid value for '--format'"),
        (["show"], "usage: Missing argument"),
        (["rollback"], "usage: Missing argument"),
        (["hold"], "usage: Missing argument"),
        (["hold", "x"], "usage: Invalid value for --reason: a hold needs one"),
        (["unlock"], "usage: Invalid value for --reason: breaking a lock needs one"),
        (["history", "--limit", "0"], "usage: Invalid value for '--limit'"),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_exit_64_on_stderr(small, args, words):
    ran = small(*args)
    assert (ran.code, ran.out) == (64, "")
    assert ran.err.startswith(words)


@pytest.mark.parametrize("args", [[], ["lab"], ["record"]], ids=["pacsconf", "lab", "record"])
def test_without_a_command_the_help_is_shown_as_wrong_usage(small, args):
    ran = small.run(*args)
    assert (ran.code, ran.out) == (64, "")
    assert ran.err.startswith("Usage: ")


def test_help_tells_the_exit_codes(small):
    told = small.run("--help").out
    for code, meaning in MEANINGS.items():
        assert f"{code.value:>2}  {meaning}\n" in told


def test_the_version_is_told(small):
    assert re.fullmatch(r"pacsconf \d+\.\d+\.\d+\S*\n", small.run("--version").out)


def test_results_go_to_stdout_and_what_happens_meanwhile_to_stderr(small):
    small.ok("record", "init")
    plan = small.run("--log", "-e", "lab", "plan", "--out", "plan.json")
    assert "pacsconf.reading: read 0 resources of memory" in plan.err
    assert "resources read" in plan.out
    assert "pacsconf.reading" not in plan.out
    apply = small.run("-e", "lab", "apply", "plan.json")
    assert "created    memory/device/ct-1" in apply.err
    assert "created" not in apply.out
    assert "18 of 18 changes done" in apply.out


def test_findings_that_do_not_keep_a_plan_back_go_to_stderr(small):
    small.file("other").write_text("devices:\n  ct-9: {type: modality, ae_title: ct1, host: h}\n")
    plan = small.ok("plan", "--format", "json")
    assert plan.json["environment"] == "lab"


def test_a_pipe_gets_no_escape_codes_and_a_flag_forces_them(small: Hospital):
    assert "\x1b" not in small.run("-e", "lab", "plan").out
    assert COLOUR.search(small.run("--color", "-e", "lab", "plan", plain=False).out)


def test_a_terminal_gets_colour_unless_it_is_not_wanted(small: Hospital):
    assert COLOUR.search(small.on_terminal("apply", answers="n\n").err)
    small.env["NO_COLOR"] = "1"
    assert not COLOUR.search(small.on_terminal("apply", answers="n\n").err)


def test_names_from_elsewhere_do_not_act_on_the_terminal(small, memory):
    small.applied()
    memory.set("memory/device/ct-1", manufacturer="\x1b]0;owned\x07\x1b[2J")
    ran = small("drift")
    assert ran.code == 2
    assert r"\x1b]0;owned\x07\x1b[2J" in ran.out


@pytest.mark.parametrize("command", [["schema"], ["plan"], ["apply", "plan.json"]], ids=" ".join)
def test_a_command_ends_as_it_would_where_nobody_reads_what_it_says(small, memory, command):
    small.ok("record", "init")
    small.ok("plan", "--out", "plan.json")
    unread, written = os.pipe()
    os.close(unread)
    started = [sys.executable, "-m", "pacsconf", "-e", "lab", *command]
    done = subprocess.run(
        started, cwd=small.path, env=small.env, stdout=written, stderr=written, check=False, timeout=60
    )
    os.close(written)
    assert done.returncode == 0
    assert command[0] != "apply" or len(memory.entries()) == 18


HEAVY = ("ldap3", "pynetdicom", "pydicom", "git", "jinja2", "cryptography", "pyrage", "trustme")
IMPORTS = """
import sys
from pacsconf.cli import main
code = main._code({args})
print(code, *sorted(name for name in {heavy} if name in sys.modules), file=sys.stderr)
"""


@pytest.mark.parametrize("args", [["validate"], ["schema"], ["--help"], ["init"]], ids=" ".join)
def test_a_command_that_reads_files_only_starts_in_a_blink(small, tmp_path, args):
    if args == ["init"]:
        args = ["--chdir", str(tmp_path / "new"), *args]
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS.format(args=args, heavy=HEAVY)],
        cwd=small.path,
        env=small.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == "0\n"


def test_a_starter_stands_and_leads_to_a_first_plan(small, tmp_path):
    new = Hospital(tmp_path / "new", small.env)
    new.path.mkdir()
    begun = new.run("init")
    assert begun.code == 0
    assert begun.out.startswith("  + inventory/pacsconf.yaml\n  + inventory/hospital.yaml\n")
    checked = new.run("validate")
    assert (checked.code, checked.err) == (0, "")
    assert "\nNo errors · 3 devices, 3 AEs, 4 flows checked in" in checked.out
    again = new.run("init")
    assert again.code == 1
    assert "there is an inventory already: inventory/" in again.said
