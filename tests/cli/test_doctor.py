"""What `pacsconf doctor` says where it cannot look at everything."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pacsconf.cli.main import _code

SYSTEM = "systems: {directory: {type: memory}}\n"


@pytest.fixture
def doctor(tmp_path, monkeypatch, capsys):
    """Runs doctor in a folder with this inventory: its exit code, and what it said without the machine's part."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PACSCONF_CONFIG", str(tmp_path.parent / "none.toml"))

    def run(inventory: str, *options: str) -> tuple[int, str]:
        Path("inventory").mkdir()
        Path("inventory", "all.yaml").write_text(inventory)
        code = _code([*options, "doctor"])
        said = capsys.readouterr()
        return code, said.err + said.out.partition("  ✓ pacsconf ")[0]

    return run


def test_of_several_environments_it_names_those_to_choose_from(doctor):
    _, said = doctor(f"{SYSTEM}environments: {{south: {{}}, north: {{}}}}\n")
    assert said == (
        "  ? environment      no system and no password was looked at, since several are\n"
        "                     declared. For one of them:\n"
        "                     pacsconf -e north doctor\n"
        "                     pacsconf -e south doctor\n"
    )


def test_an_inventory_that_does_not_stand_is_no_success(doctor):
    code, said = doctor(f"{SYSTEM}pacsconf: {{probe_ass: x}}\n")
    assert (code, "PACS-KEY-001" in said) == (1, True)
