from pathlib import Path

import pytest

from pacsconf.cli.starter import write_starter
from pacsconf.core.errors import PacsconfError
from pacsconf.dicom.reach.rules import RULES
from pacsconf.inventory.environment import for_environment
from pacsconf.inventory.loader import load

WRITTEN = (Path("inventory/pacsconf.yaml"), Path("inventory/hospital.yaml"), Path(".gitignore"))


def test_a_starter_is_written_and_stands_in_every_environment(tmp_path: Path):
    assert write_starter(tmp_path) == WRITTEN
    loaded = load(tmp_path, None, RULES)
    assert loaded.findings == ()
    assert sorted(loaded.inventory.environments) == ["lab", "production"]
    for name in loaded.inventory.environments:
        assert for_environment(loaded.inventory, name)[1] == ()


def test_what_git_is_to_leave_out_is_said_only_where_nobody_said_it(tmp_path: Path):
    (tmp_path / ".gitignore").write_text("mine\n")
    assert write_starter(tmp_path) == WRITTEN[:2]
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
