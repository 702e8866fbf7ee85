"""Files are written all or none, and never over what is there."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pacsconf.adopt.draft import Draft
from pacsconf.adopt.files import Terms, beside, laid_out, write
from pacsconf.adopt.profiles import Profiled
from pacsconf.core.errors import PacsconfError


def test_files_get_other_names_beside_those_that_exist() -> None:
    files = {"devices/ct.yaml": "a", "devices/mr.yaml": "b", "profiles.yaml": "c"}
    taken = {"devices/CT.yaml", "profiles.yaml", "profiles-arc-1.yaml"}
    assert beside(files, taken, "arc 1") == {
        "devices/ct-arc-1.yaml": "a",
        "devices/mr.yaml": "b",
        "profiles-arc-1-2.yaml": "c",
    }


def test_files_and_the_folders_they_need_are_written(tmp_path: Path) -> None:
    written = write({"devices/ct.yaml": "ü\n", "profiles.yaml": ""}, tmp_path / "inventory")
    assert written == (tmp_path / "inventory/devices/ct.yaml", tmp_path / "inventory/profiles.yaml")
    assert written[0].read_bytes() == "ü\n".encode()


def test_where_one_is_there_already_none_is_written(tmp_path: Path) -> None:
    (tmp_path / "profiles.yaml").write_text("mine")
    with pytest.raises(PacsconfError, match=r"profiles\.yaml is there already, and nothing was written"):
        write({"devices/ct.yaml": "a", "profiles.yaml": "b"}, tmp_path)
    assert [path.name for path in tmp_path.rglob("*")] == ["profiles.yaml"]
    assert (tmp_path / "profiles.yaml").read_text() == "mine"


def test_where_a_folder_cannot_be_made_none_is_written(tmp_path: Path) -> None:
    (tmp_path / "devices").write_text("a file")
    with pytest.raises(PacsconfError, match=r"devices is no folder, so .* cannot be written; nothing was"):
        write({"a.yaml": "a", "devices/ct.yaml": "b"}, tmp_path)
    assert [path.name for path in tmp_path.rglob("*")] == ["devices"]


def test_a_file_that_would_be_too_large_to_be_read_goes_on_in_a_second_one() -> None:
    devices = {f"ct-{number}": {"type": "modality", "description": "x" * 2_000_000} for number in (1, 2)}
    files = laid_out(
        Draft("arc"), Profiled({}, devices, dict.fromkeys(devices, "ct")), Terms("me", date(2026, 11, 24))
    )
    assert {path: text.count("type: modality") for path, text in files.items()} == {
        "devices/ct.yaml": 1,
        "devices/ct-2.yaml": 1,
    }
