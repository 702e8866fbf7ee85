"""The configuration of an Orthanc, changed where it lies: files, folders, and what is kept of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pacsconf.systems._orthanc import in_place
from pacsconf.systems._orthanc.in_place import FORMER, InPlace, Unwritable, changed

SHUT = {"DicomAlwaysAllowStore": False}
OPEN = b'{"DicomAet": "A", // us\n "DicomAlwaysAllowStore": true}'
CLOSED = b'{"DicomAet": "A", // us\n "DicomAlwaysAllowStore": false}'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "orthanc.json"
    made.write_bytes(OPEN)
    made.chmod(0o640)
    return made


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def write(path: Path, wanted: dict[str, bool | int | str]) -> InPlace:
    place = InPlace(path)
    before = place.read()
    place.write(before, changed(before, wanted))
    return place


def test_a_file_is_changed_with_its_mode_and_the_former_kept_until_it_is_forgotten(file):
    place = write(file, SHUT)
    former = file.with_name(file.name + FORMER)
    assert (file.read_bytes(), former.read_bytes()) == (CLOSED, OPEN)
    assert {each.stat().st_mode & 0o777 for each in (file, former)} == {0o640}
    place.forget()
    assert names(file.parent) == ["orthanc.json"]


def test_its_owner_stays_whoever_writes_it(file):
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    os.chown(file, 65534, 65534)
    write(file, SHUT)
    assert {(each.stat().st_uid, each.stat().st_gid) for each in file.parent.iterdir()} == {(65534, 65534)}


def test_the_former_file_is_put_back(file):
    place = write(file, SHUT)
    assert place.put_back() == f"{file} is again as it was"
    assert (file.read_bytes(), names(file.parent)) == (OPEN, ["orthanc.json"])
    assert place.put_back() == "nothing was kept to be put back"


def test_what_somebody_else_changed_meanwhile_is_not_put_back(file):
    place = write(file, SHUT)
    theirs = CLOSED.replace(b'"A"', b'"B"')
    file.write_bytes(theirs)
    assert "could not be put back" in place.put_back()
    assert file.read_bytes() == theirs


def test_of_several_changes_without_a_restart_the_first_former_file_is_kept(file):
    write(file, SHUT)
    place = write(file, {"DicomCheckCalledAet": True})
    place.put_back()
    assert file.read_bytes() == OPEN


def test_a_former_file_of_another_time_is_replaced(file):
    file.with_name(file.name + FORMER).write_bytes(b'{"DicomAet": "OF OLD"}')
    place = write(file, SHUT)
    place.put_back()
    assert file.read_bytes() == OPEN


def test_what_others_wrote_since_it_was_read_is_not_written_over(file):
    place = InPlace(file)
    before = place.read()
    theirs = OPEN + b"\n"
    file.write_bytes(theirs)
    with pytest.raises(Unwritable, match="somebody else wrote"):
        place.write(before, changed(before, SHUT))
    assert (file.read_bytes(), names(file.parent)) == (theirs, ["orthanc.json"])


def test_a_link_is_followed_and_stays(file, tmp_path):
    link = tmp_path / "link.json"
    link.symlink_to(file)
    write(link, SHUT).forget()
    assert link.is_symlink()
    assert file.read_bytes() == CLOSED


# --- folders -----------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "etc"
    made.mkdir()
    (made / "a-plugin.json").write_bytes(b'{"DicomWeb": {"DicomAlwaysAllowStore": 1}}')
    (made / "orthanc.json").write_bytes(OPEN)
    (made / "users.json").write_bytes(b'{"RegisteredUsers": {"me": "hunter2"}, "LimitFindResults": 0}')
    return made


def test_in_a_folder_each_option_is_changed_in_the_file_it_is_in(folder):
    place = write(folder, {**SHUT, "LimitFindResults": 9, "DicomCheckCalledAet": True})
    assert (folder / "users.json").read_bytes().endswith(b'"LimitFindResults": 9}')
    assert b'"DicomCheckCalledAet": true' in (folder / "orthanc.json").read_bytes()
    assert names(folder) == [
        "a-plugin.json", "orthanc.json", f"orthanc.json{FORMER}", "users.json", f"users.json{FORMER}",
    ]  # fmt: skip
    place.put_back()
    assert (folder / "orthanc.json").read_bytes() == OPEN
    assert names(folder) == ["a-plugin.json", "orthanc.json", "users.json"]


def test_an_option_in_two_files_is_refused_since_orthanc_would_not_start(folder):
    (folder / "zz.json").write_bytes(b'{"DicomAlwaysAllowStore": true}')
    with pytest.raises(Unwritable, match="stands in 2 files"):
        write(folder, SHUT)


def test_a_link_in_a_folder_is_refused_since_where_it_leads_is_not_listed(folder, file):
    (folder / "zz.json").symlink_to(file)
    with pytest.raises(Unwritable, match="is a link"):
        InPlace(folder).read()


def test_of_several_files_all_are_written_or_none(folder, monkeypatch):
    real = in_place._replace

    def full(file: Path, data: bytes, like: Path | None = None) -> None:
        if file.name == "users.json" and b"9" in data:
            raise OSError(28, "No space left on device", str(file))
        real(file, data, like)

    monkeypatch.setattr(in_place, "_replace", full)
    with pytest.raises(Unwritable, match=r"users\.json cannot be written: No space left on device"):
        write(folder, {**SHUT, "LimitFindResults": 9})
    assert (folder / "orthanc.json").read_bytes() == OPEN
    assert names(folder) == ["a-plugin.json", "orthanc.json", "users.json"]


@pytest.mark.parametrize("text", [b"{", b"[]", b'{"a": 1} hunter2'])
def test_what_cannot_be_read_is_told_without_what_stands_in_it(tmp_path, text):
    file = tmp_path / "x.json"
    file.write_bytes(text)
    with pytest.raises(Unwritable) as caught:
        write(file, SHUT)
    assert "hunter2" not in str(caught.value)
    assert (file.read_bytes(), names(tmp_path)) == (text, ["x.json"])
