import subprocess
from pathlib import Path

import pytest
from pydantic import BaseModel

from pacsconf.cli import workspace
from pacsconf.cli.progress import Reporter
from pacsconf.cli.screen import Screen
from pacsconf.cli.world import world_of
from pacsconf.core.errors import PacsconfError
from pacsconf.lab import place
from pacsconf.systems import base

HOSPITAL = "devices: {ct-1: {type: modality, ae_title: CT1, host: h}}\n"


@pytest.fixture(autouse=True)
def _no_lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PACSCONF_LAB_DIR", str(tmp_path / "no-lab"))


@pytest.fixture
def repository(tmp_path: Path):
    """Writes inventory files; the folder they are in."""

    def make(**files: str) -> Path:
        (tmp_path / "inventory").mkdir()
        for name, text in {"hospital": HOSPITAL, **files}.items():
            (tmp_path / "inventory" / f"{name}.yaml").write_text(text)
        return tmp_path

    return make


def rules(raised: pytest.ExceptionInfo[workspace.InvalidInventory]) -> list[tuple[str, str]]:
    return [(finding.rule, str(finding.place)) for finding in raised.value.findings]


def test_where_no_environment_is_declared_it_is_called_default(repository):
    root = repository()
    work = workspace.opened(root, None)
    assert work.environment == "default"
    assert work.command == f"pacsconf --chdir {root}"


def test_the_only_environment_is_chosen_and_named_in_commands(repository):
    root = repository(systems="environments: {north: {}}\n")
    work = workspace.opened(root, None)
    assert work.environment == "north"
    assert work.command == f"pacsconf --chdir {root} -e north"


def test_in_the_folder_itself_commands_need_not_name_it(repository, monkeypatch):
    monkeypatch.chdir(repository(systems="environments: {north: {}}\n"))
    assert workspace.opened(Path(), None).command == "pacsconf -e north"


def test_of_several_environments_one_must_be_named_to_work_in_it(repository):
    root = repository(systems="environments: {north: {}, south: {}}\n")
    with pytest.raises(workspace.InvalidInventory) as raised:
        workspace.opened(root, None)
    assert [rule for rule, _ in rules(raised)] == ["PACS-ENV-001"]
    assert workspace.opened(root, "south").environment == "south"


def test_files_are_checked_for_all_environments_at_once(repository):
    north, south = "{systems: {m: {type: memory, fiel: x}}}", "{systems: {n: {type: memroy}}}"
    broken = f"environments:\n  north: {north}\n  south: {south}\n"
    with pytest.raises(workspace.InvalidInventory) as raised:
        workspace.checked(repository(systems=broken), None)
    assert [rule for rule, _ in rules(raised)] == ["PACS-KEY-001", "PACS-SYS-001"]


def test_a_folder_without_an_inventory_says_how_to_begin(tmp_path: Path):
    with pytest.raises(PacsconfError, match="there is no folder") as raised:
        workspace.opened(tmp_path, None)
    assert raised.value.fix.endswith("or begin one: pacsconf init")


def test_a_mistake_carries_its_place(repository):
    with pytest.raises(workspace.InvalidInventory) as raised:
        workspace.opened(repository(other="devices: {ct-2: {profile: none}}\n"), None)
    assert ("PACS-REF-001", "inventory/other.yaml:1:27") in rules(raised)


def test_a_system_of_a_type_that_is_not_installed_is_told_at_its_line(repository):
    with pytest.raises(workspace.InvalidInventory) as raised:
        workspace.opened(repository(systems="systems:\n  m: {type: vendor-box}\n"), None)
    assert rules(raised) == [("PACS-SYS-001", "inventory/systems.yaml:2:13")]
    assert (
        raised.value.findings[0].fix == "Installed are: accounts, console, dicom-directory, memory, orthanc."
    )


def test_the_clock_is_utc():
    assert workspace.now().utcoffset().total_seconds() == 0


class Plugged(BaseModel):
    """Stands for a system from elsewhere that checks its own keys when it is made."""

    rooms: int


def test_what_a_plugged_in_system_says_of_its_keys_is_a_finding_without_their_values(repository, monkeypatch):
    monkeypatch.setattr(base, "registered", lambda: ("hotel",))
    monkeypatch.setattr(
        base, "find", lambda _type: lambda _name, config, _secrets: Plugged(**config.model_extra)
    )
    root = repository(systems="systems:\n  inn:\n    type: hotel\n    rooms: hunter2\n")
    subprocess.run(["git", "init", "--quiet", root], check=True)

    with (
        pytest.raises(workspace.InvalidInventory) as raised,
        world_of(workspace.opened(root, None), Reporter(Screen(None))),
    ):
        pass

    assert rules(raised) == [("PACS-SYS-005", "inventory/systems.yaml:4:12")]
    assert "hunter2" not in str(raised.value.findings)


def test_an_address_that_the_lab_does_not_play_is_told_from_one_that_leads_nowhere(repository, monkeypatch):
    far = "devices: {ct-1: {type: modality, ae_title: CT1, host: 10.20.0.1, port: 104, probe: tcp}}\n"
    root = repository(hospital=far, systems="environments: {lab: {}, north: {dial: {'*': none}}}\n")
    subprocess.run(["git", "init", "--quiet", root], check=True)
    lab = root / "lab"
    lab.mkdir()
    place.write(lab / place.OVERLAY, {"systems": {}, "dial": {"*": "none"}})
    monkeypatch.setenv("PACSCONF_LAB_DIR", str(lab))

    def proved(environment: str) -> list[str]:
        with world_of(workspace.opened(root, environment), Reporter(Screen(None))) as world:
            return [f"{one.verdict}: {one.text}" for one in world.prove(frozenset({"ct-1"}))]

    assert proved("lab") == ["unknown: the lab does not play this address yet (pacsconf lab up)"]
    assert proved("north") == ["unknown: not called: in this environment nothing leads to this address"]
