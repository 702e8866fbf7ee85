"""The lock names no host, installs by hash alone; the scripts are plain POSIX shell and type what exists."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from pacsconf.cli.commands import BARE, MEANT
from tests.test_docs import COMMANDS

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = [*sorted((ROOT / "scripts").iterdir()), *sorted((ROOT / ".ci").iterdir())]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked() -> dict[str, str]:
    """Canonical name to the rest of its entry (version, marker, hashes)."""
    entries = re.split(r"^(?=[A-Za-z0-9])", LOCK, flags=re.MULTILINE)[1:]
    return {canonical(re.split(r"\[|==", entry)[0]): entry.partition("==")[2] for entry in entries}


def test_lock_keeps_extras():
    """Without them pip 23 takes the newest coverage[toml], and refuses it for want of a hash."""
    assert "coverage[toml]==" in LOCK


def test_lock_names_no_host_no_path_and_no_option():
    odd = [
        line for line in LOCK.splitlines() if "://" in line or " @ " in line or line.startswith(("-", "/"))
    ]
    assert odd == []


def test_every_locked_package_has_a_hash():
    assert [name for name, entry in locked().items() if "--hash=sha256:" not in entry] == []


def test_lock_holds_every_requirement_and_the_build_backend():
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = pyproject["project"]
    wanted = [*pyproject["build-system"]["requires"], *project["dependencies"]]
    wanted += [requirement for extra in project["optional-dependencies"].values() for requirement in extra]
    names = {canonical(re.split(r"[<>=!~\[; ]", requirement)[0]) for requirement in wanted}
    assert names - locked().keys() == set()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_script_is_posix_sh_and_executable(script: Path):
    assert script.read_text(encoding="utf-8").startswith("#!/bin/sh\n")
    assert os.access(script, os.X_OK)
    subprocess.run(["sh", "-n", str(script)], check=True)


def test_the_demo_types_commands_and_options_that_exist():
    """The demo itself takes a minute; what it types is checked here."""
    text = (ROOT / "scripts" / "demo").read_text(encoding="utf-8").replace("\\\n", " ")
    typed = re.findall(r"^(?!say ).*pacsconf (?:-e lab )?((?:[a-z][a-z-]* ?){1,2})(.*)$", text, re.MULTILINE)
    odd = [
        (words, rest)
        for words, rest in typed
        if not set(re.findall(r"(?<!\S)--[a-z-]+", rest)) < _options(*words.split())
    ]

    assert len(typed) > 20
    assert odd == []


def _options(first: str, second: str = "") -> frozenset[str]:
    """The options of the command of one or two words; none where there is none."""
    bare = COMMANDS.get(f"{first} {MEANT[first]}", frozenset()) if first in BARE else frozenset()
    return COMMANDS.get(f"{first} {second}", COMMANDS.get(first, bare))


@pytest.mark.parametrize("program", ["slapd", "ldapsearch", "dcmdump", "Orthanc", "curl", "git"])
def test_set_up_looks_for_what_the_lab_starts(program: str):
    setup = (ROOT / "scripts" / "setup").read_text(encoding="utf-8")

    assert re.search(rf"^    has {program} \|\| echo [a-z-]+( #.*)?$", setup, re.MULTILINE)


@pytest.mark.parametrize("server", ["slapd", "orthanc"])
def test_set_up_leaves_no_service_of_a_server(server: str):
    setup = (ROOT / "scripts" / "setup").read_text(encoding="utf-8")
    (services,) = re.findall(r"^    for service in (.*); do$", setup, re.MULTILINE)

    assert server in services.split()


def test_every_folder_of_modules_is_a_package():
    """In a folder without `__init__.py` the contracts of imports see nothing, and break nothing."""
    folders = {module.parent for module in (ROOT / "pacsconf").rglob("*.py")}
    assert [folder for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []
