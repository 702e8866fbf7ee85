"""A start in a blink: what is imported when, and that the table of commands says what the modules hold."""

from __future__ import annotations

import inspect
import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import typer

from pacsconf.cli import commands, main
from pacsconf.cli.commands import COMMANDS
from pacsconf.cli.exits import Exit

ROOT = Path(__file__).parents[2]
LIVE = (
    *("cryptography", "distributed", "git", "httpx2", "jinja2"),
    *("ldap3", "pydicom", "pynetdicom", "pyrage", "trustme"),
)
"""What talks to live systems, git and templates."""
MODELS = ("pydantic", "pydantic_core", "yaml", "pacsconf.inventory.model")
"""What takes longest of reading an inventory."""
PROTOBUF = "google.protobuf.descriptor_pb2"
"""What types are made of; CEL itself imports the rest of protobuf, whatever it does."""
WHOLE = {name: commands.loaded(name) for name in COMMANDS}

RUN = """
import sys
from pacsconf.cli import main
for words in {calls}:
    main._code(words)
print(*sorted(sys.modules), file=sys.stderr)
"""


def imported(*calls: list[str], cache: Path = Path(os.devnull)) -> set[str]:
    """The modules that one process has imported after these calls of pacsconf."""
    done = subprocess.run(
        [sys.executable, "-c", RUN.format(calls=calls)],
        cwd=ROOT,
        env=os.environ | {"XDG_CACHE_HOME": str(cache)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("words", [["--version"], ["--help"], [], ["plann"], ["--nonsense"]], ids=" ".join)
def test_what_no_command_answers_imports_no_command(words):
    modules = imported(words)
    assert modules.isdisjoint({*LIVE, *MODELS, "rich", "logging.config", "importlib.metadata"})
    assert [name for name in modules if name.startswith("pacsconf.") and name.endswith("_commands")] == []


def test_a_page_of_help_imports_nothing_that_its_command_works_with():
    modules = imported(*([*page.split(), "--help"] for page in pages()))
    assert {f"pacsconf.cli.{module}_commands" for module, _ in COMMANDS.values()} <= modules
    assert modules.isdisjoint({*LIVE, *MODELS, "rich.console"})


def test_validate_imports_what_reading_files_needs():
    modules = imported(["validate"])
    assert "pacsconf.inventory.model" in modules
    assert modules.isdisjoint({*LIVE, "rich.console", "pacsconf.core.plan", "pacsconf.engine"})


def test_without_rules_nothing_that_judges_is_imported(tmp_path):
    shutil.copytree(ROOT / "inventory", tmp_path / "inventory")
    modules = imported(["--chdir", str(tmp_path), "validate"])
    assert modules.isdisjoint({"cel_expr_python", "google.protobuf", "pacsconf.policy.engine"})


def test_rules_that_were_found_right_before_are_judged_without_what_checks_them(tmp_path):
    judging, checking = "pacsconf.policy.engine.judge", {"pacsconf.policy.engine.checking", PROTOBUF}
    assert {judging, *checking} <= imported(["validate"], cache=tmp_path)
    modules = imported(["validate"], cache=tmp_path)
    assert judging in modules
    assert modules.isdisjoint({*checking, *LIVE, "concurrent.futures.process"})
    assert modules.isdisjoint({"pacsconf.dicom.observation", "pacsconf.people.live", "pacsconf.policy.audit"})


def pages() -> list[str]:
    """Every command and every command of a group."""
    return [*COMMANDS, *(f"{name} {below}" for name, one in WHOLE.items() for below in members(one))]


def members(command: object) -> dict[str, object]:
    return getattr(command, "commands", {})


# --- the table and the modules -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_says_what_the_command_says_of_itself(name):
    listed = typer.main.get_command(main.app).commands[name]
    shown = [listed.get_short_help_str(room) for room in range(10, 150)]
    assert (listed.name, shown) == (name, [WHOLE[name].get_short_help_str(room) for room in range(10, 150)])
    assert (WHOLE[name].name, WHOLE[name].hidden) == (name, False)


def test_the_table_leaves_no_command_out():
    modules = [path.stem for path in sorted((ROOT / "pacsconf" / "cli").glob("*_commands.py"))]
    assert {f"{module}_commands" for module, _ in COMMANDS.values()} == set(modules)
    written = {
        function
        for module in modules
        for function in vars(import_module(f"pacsconf.cli.{module}")).values()
        if inspect.isfunction(function) and function.__module__.endswith(module) and is_command(function)
    }
    reached = {
        inspect.unwrap(one.callback)
        for command in WHOLE.values()
        for one in (members(command) or {"": command}).values()
    }
    assert reached == written


def is_command(function) -> bool:
    """Whether it is public, takes a context first and ends with an exit code."""
    if (
        function.__name__.startswith("_")
        or next(iter(inspect.signature(function).parameters), "") != "context"
    ):
        return False
    return inspect.get_annotations(function)["return"] == "Exit"


@pytest.mark.parametrize("page", ["", "access", "adopt", "policy", "record", "lab"])
def test_a_list_of_commands_fits_80_columns_and_cuts_no_sentence_off(page, capsys):
    assert main._code([*page.split(), "--help"]) == Exit.OK
    listed = capsys.readouterr().out.partition("Commands:\n")[2].splitlines()
    assert [row for row in listed if len(row) > 80 or row.endswith("...")] == []


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["access", "--help"], Exit.OK),
        (["access", "show", "--help"], Exit.OK),
        (["access"], Exit.USAGE),
        (["access", "--user"], Exit.USAGE),
        (["access", "--nonsense"], Exit.USAGE),
        (["access", "review", "--nonsense"], Exit.USAGE),
    ],
    ids=str,
)
def test_a_group_with_a_command_that_is_meant_is_called_as_any_other(words, code, capsys):
    assert main._code(words) == code
    said = capsys.readouterr()
    assert "No such command" not in said.out + said.err


def test_the_help_lists_the_commands_in_the_order_of_the_table(capsys):
    assert main._code(["--help"]) == Exit.OK
    listed = capsys.readouterr().out.partition("Commands:\n")[2].partition("\n\n")[0]
    assert [line.split()[0] for line in listed.splitlines()] == list(COMMANDS)


@pytest.mark.parametrize(
    ("group", "names"),
    [
        ("adopt", ["ldap", "orthanc", "ldif", "accounts"]),
        ("access", ["show", "review", "sign-off", "report"]),
        ("record", ["init"]),
        ("lab", ["up", "status", "by-hand", "fill", "break", "mend", "down"]),
    ],
)
def test_a_group_holds_its_commands_in_their_order(group, names):
    assert list(members(WHOLE[group])) == names


# --- what the library does with it -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["plann"], "No such command 'plann'. Did you mean 'plan'?"),
        (["lab", "stats"], "No such command 'stats'. Did you mean 'status'?"),
        (
            ["history", "--limit", "0"],
            "Invalid value for '--limit': Input should be greater than or equal to 1",
        ),
        (["show"], "Missing argument"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_wrong_usage_wherever_it_is_found(words, said, capsys):
    assert main._code(words) == Exit.USAGE
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("pacsconf re", ["reach", "resume", "reload", "release", "retention", "render", "record"]),
        ("pacsconf lab u", ["up"]),
        ("pacsconf plan --o", ["--out"]),
    ],
)
def test_the_shell_completes_commands_and_their_options(typed, offered):
    asked = {
        "_PACSCONF_COMPLETE": "complete_bash",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(typed.count(" ")),
    }
    program = "import sys; sys.argv[0] = 'pacsconf'; from pacsconf.cli.main import run; run()"
    done = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | asked, capture_output=True, text=True, check=False
    )
    assert (done.stdout.split(), done.stderr) == (offered, "")


def test_a_mistake_of_our_own_asks_to_be_reported():
    program = "from pacsconf.cli import main, workspace; workspace.checked = None; main.run(['validate'])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback (most recent call last):\n")
    assert "TypeError: 'NoneType' object is not callable\n\nThis is a defect of pacsconf 0." in done.stderr


def test_ctrl_c_while_pacsconf_is_imported_leaves_no_traceback():
    program = """
import sys

class Interrupted:
    def find_spec(self, name, *_):
        if name == "typer":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupted())
from pacsconf.__main__ import start
start()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (main.INTERRUPTED, "", "")
