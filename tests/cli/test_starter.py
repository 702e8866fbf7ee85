import subprocess
import zipfile
from pathlib import Path

import pytest
from hatchling.build import build_wheel

from pacsconf.cli.main import _code
from pacsconf.cli.policy_files import load_policies
from pacsconf.cli.starter import PACKS, PROFILES, policies, write_starter
from pacsconf.core.errors import PacsconfError
from pacsconf.dicom.reach.rules import RULES
from pacsconf.inventory.environment import for_environment
from pacsconf.inventory.loader import load

ROOT = Path(__file__).resolve().parents[2]
RULES_OF = tuple(
    Path("policies", name)
    for name in (
        *(f"{name}.yaml" for name in PACKS),
        "controls.yaml",
        *(f"profiles/{name}.yaml" for name in PROFILES),
        "site.yaml",
    )
)
WRITTEN = (
    Path("inventory/pacsconf.yaml"),
    Path("inventory/hospital.yaml"),
    *RULES_OF,
    Path(".gitignore"),
)


def test_a_starter_is_written_and_stands_in_every_environment(tmp_path: Path):
    assert write_starter(tmp_path) == WRITTEN
    loaded = load(tmp_path, None, RULES)
    assert loaded.findings == ()
    assert sorted(loaded.inventory.environments) == ["lab", "production"]
    for name in loaded.inventory.environments:
        assert for_environment(loaded.inventory, name)[1] == ()


def test_what_git_is_to_leave_out_is_said_only_where_nobody_said_it(tmp_path: Path):
    (tmp_path / ".gitignore").write_text("mine\n")
    assert write_starter(tmp_path) == WRITTEN[:-1]
    assert (tmp_path / ".gitignore").read_text() == "mine\n"


def test_a_starter_only_looks(tmp_path: Path):
    write_starter(tmp_path)
    inventory, _ = for_environment(load(tmp_path).inventory, "production")
    assert [config.mode for config in inventory.systems.values()] == ["read-only"]


@pytest.mark.parametrize("name", ["mine.yaml", "deep/er.yml"])
def test_an_inventory_that_is_there_is_not_written_over(tmp_path: Path, name):
    there = tmp_path / "inventory" / name
    there.parent.mkdir(parents=True)
    there.write_text("sites: {}\n")
    with pytest.raises(PacsconfError, match=f"there is an inventory already: inventory/{name}"):
        write_starter(tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [there]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path):
    (tmp_path / "inventory").write_text("a file")
    with pytest.raises(PacsconfError, match="cannot be written: File exists"):
        write_starter(tmp_path)


def test_the_rules_that_are_written_stand(tmp_path: Path):
    write_starter(tmp_path)
    found = load_policies(tmp_path)
    assert found.findings == ()
    assert sorted(pack.name for pack in found.packs) == sorted(PACKS)
    assert found.gate == "high"
    assert any("(profile baseline)" in said for rule in found.rules for said in rule.changed)
    for name in PACKS:
        assert (tmp_path / "policies" / f"{name}.yaml").read_bytes() == (
            ROOT / "policies" / f"{name}.yaml"
        ).read_bytes()


def test_every_pack_and_profile_of_the_repository_is_one_of_the_starter():
    there = {path.stem for path in (ROOT / "policies").glob("*.yaml")} - {"controls", "site", "waivers"}
    assert there == set(PACKS)
    assert {path.stem for path in (ROOT / "policies" / "profiles").iterdir()} == set(PROFILES)
    assert policies().joinpath("controls.yaml").is_file()


def test_rules_that_are_there_are_not_written_over(tmp_path: Path):
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "ours.yaml").write_text("rules: []\n")
    assert write_starter(tmp_path) == (*WRITTEN[:2], WRITTEN[-1])
    assert [path.name for path in (tmp_path / "policies").iterdir()] == ["ours.yaml"]


def test_a_new_inventory_stops_at_no_rule(tmp_path: Path, monkeypatch, capsys):
    """Whoever begins is told what is missing, and can go on."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    monkeypatch.setenv("PACSCONF_CONFIG", str(tmp_path.parent / "none.toml"))
    write_starter(tmp_path)
    assert _code(["--chdir", str(tmp_path), "validate"]) == 0
    assert "PACS-STO-002" in capsys.readouterr().out


def test_what_is_installed_brings_the_rules_along(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(ROOT)  # the build backend builds where it is called
    wheel = zipfile.ZipFile(tmp_path / build_wheel(str(tmp_path)))
    packed = "pacsconf/cli/starter/policies/"
    found = {
        name.removeprefix(packed): wheel.read(name) for name in wheel.namelist() if name.startswith(packed)
    }
    wanted = {path.relative_to("policies") for path in RULES_OF} - {Path("site.yaml")}
    assert found == {path.as_posix(): (ROOT / "policies" / path).read_bytes() for path in wanted}
    assert "pacsconf/cli/starter/site.yaml" in wheel.namelist()
