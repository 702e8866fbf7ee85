from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pacsconf.core.errors import Unavailable
from pacsconf.dicom.probe.observer import observe
from pacsconf.dicom.targets import targets
from pacsconf.dicom.upper_layer.proposals import proposal
from pacsconf.dicom.wire import Wire
from pacsconf.inventory.model import Inventory
from pacsconf.lab import place, practice, processes, slapd

PARTS = [("directory", True), ("stations", True), ("archives", True)]
CHANGE = """dn: cn=DICOM Configuration,dc=example,dc=org
changetype: modify
add: description
description: by hand
"""


def parts(state: practice.LabState) -> list[tuple[str, bool]]:
    return [(part.name, part.running) for part in state.parts]


def kill(folder: Path, program: str) -> None:
    """End it as a crash would, and wait until it is gone."""
    for pid, runs in processes.of(folder.resolve()).items():
        if runs == program:
            os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + 5
    while program in processes.of(folder.resolve()).values():
        assert time.monotonic() < until
        time.sleep(0.01)


def wire(inventory: Inventory, state: practice.LabState) -> dict[tuple[str, str | None], str]:
    """Each verdict, by device and node."""
    seen = observe(targets(inventory, None, "probe"), Wire(state.dial))
    return {(item.device, item.target.node): item.verdict for item in seen}


def test_a_lab_plays_the_hospital_and_leaves_nothing(hospital, folder):
    state = practice.up(hospital, folder)
    assert (state.condition, state.renewed, parts(state)) == ("up", "everything", PARTS)
    assert state.emptied == ("directory",)
    assert wire(hospital, state) == {
        ("ct-1", None): "healthy",
        ("us-1", None): "asleep",
        ("archive", None): "healthy",
        ("archive", "a"): "healthy",
        ("archive", "b"): "healthy",  # the standby is silent
        ("partner", None): "not probed",
    }
    assert practice.status(folder).condition == "up"
    assert practice.down(folder)
    assert (folder.exists(), processes.of(folder.resolve())) == (False, {})
    assert not practice.down(folder)
    assert practice.status(folder).condition == "down"


def test_the_overlay_completes_the_environment(hospital, folder):
    state = practice.up(hospital, folder)
    laid = place.overlay(folder)
    assert laid is not None
    assert set(laid["dial"]) == {f"10.20.0.{host}:104" for host in (1, 2, 5, 6, 7)} | {"*"}
    assert laid["dial"] == state.dial
    system = laid["systems"]["directory"]
    assert (system["base"], system["mode"], system["bind"]["dn"]) == (
        "dc=example,dc=org",
        "write",
        "cn=pacsconf,dc=example,dc=org",
    )
    password = Path(system["bind"]["password"].removeprefix("file:"))
    assert password.stat().st_mode & 0o777 == 0o600
    who = ["ldapwhoami", "-x", "-H", system["url"], "-D", system["bind"]["dn"], "-y", str(password)]
    said = subprocess.run(
        who,
        env=os.environ | {"LDAPTLS_CACERT": system["ca_file"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == "dn:cn=pacsconf,dc=example,dc=org\n"


def test_up_again_changes_nothing(hospital, folder):
    first = practice.up(hospital, folder)
    before = processes.of(folder.resolve())
    second = practice.up(hospital, folder)
    assert (second.renewed, second.dial, processes.of(folder.resolve())) == ("nothing", first.dial, before)
    assert second.emptied == ()


def test_each_part_says_what_it_plays(hospital, folder):
    practice.up(hospital, folder)
    details = {part.name: part.detail for part in practice.status(folder).parts}
    assert details["stations"] == "1 DICOM address on 127.0.0.1, 2 more silent on purpose"
    assert details["archives"] == "2 DICOM addresses on 127.0.0.1"


def test_another_address_renews_the_listeners_and_keeps_the_directory(hospital, folder, a_device):
    practice.up(hospital, folder)
    subprocess.run(
        practice.by_hand(folder, "directory"), input=CHANGE, text=True, check=True, capture_output=True
    )
    more = hospital.model_copy(
        update={"devices": {**hospital.devices, "ct-2": a_device("ct-2", "CT2", "10.20.0.3")}}
    )
    before = practice.status(folder)
    assert wire(more, before)["ct-2", None] == "not probed"
    state = practice.up(more, folder)
    assert (state.condition, state.renewed, state.emptied) == ("up", "part", ())
    assert wire(more, state)["ct-2", None] == "healthy"
    assert "description: by hand" in search(folder)


def edit(folder: Path) -> None:
    command = practice.by_hand(folder, "directory")
    subprocess.run(command, input=CHANGE, text=True, check=True, capture_output=True)


def with_a_second(hospital: Inventory, **keys: str) -> Inventory:
    other = hospital.systems["directory"].model_copy(update={"name": "other", **keys})
    return hospital.model_copy(update={"systems": {**hospital.systems, "other": other}})


def test_only_a_directory_whose_data_is_gone_begins_anew(hospital, folder):
    both = with_a_second(hospital)
    assert practice.up(both, folder).emptied == ("directory", "other")
    edit(folder)
    before = slapd.attach(folder.resolve() / "directories" / "directory")
    lost = folder.resolve() / "directories" / "other"
    processes.end(lost)
    shutil.rmtree(lost / "data")
    state = practice.up(both, folder)
    assert (state.condition, state.renewed, state.emptied) == ("up", "part", ("other",))
    assert "description: by hand" in search(folder)
    assert slapd.attach(folder.resolve() / "directories" / "directory") == before


def test_a_system_that_comes_goes_or_moves_leaves_the_others_alone(hospital, folder):
    practice.up(hospital, folder)
    edit(folder)
    assert practice.up(with_a_second(hospital), folder).emptied == ("other",)
    moved = practice.up(with_a_second(hospital, base="dc=elsewhere"), folder)
    assert (moved.renewed, moved.emptied) == ("part", ("other",))
    gone = practice.up(hospital, folder)
    assert (gone.renewed, gone.emptied, parts(gone)) == ("part", (), PARTS)
    assert "description: by hand" in search(folder)
    assert list(processes.of(folder.resolve()).values()).count("slapd") == 1


def test_a_lab_that_stands_survives_a_start_that_fails(hospital, folder):
    practice.up(hospital, folder)
    edit(folder)
    with pytest.raises(Unavailable):
        practice.up(with_a_second(hospital, base="dc=example,,dc=org"), folder)
    state = practice.up(hospital, folder)
    assert (state.renewed, state.emptied) == ("nothing", ())
    assert "description: by hand" in search(folder)


def test_a_directory_that_began_anew_is_told_by_the_next_start_when_the_first_was_killed(hospital, folder):
    practice.up(hospital, folder)
    both = with_a_second(hospital)
    (folder / "emptied").mkdir()
    (folder / "emptied" / "directory").touch()
    assert practice.up(both, folder).emptied == ("directory", "other")
    assert practice.up(both, folder).emptied == ()


def search(folder: Path) -> str:
    directory = slapd.attach(folder.resolve() / "directories" / "directory")
    assert directory is not None
    base = "cn=DICOM Configuration,dc=example,dc=org"
    bind = ["-D", directory.colleague_dn, "-y", str(directory.password_file)]
    command = ["ldapsearch", "-x", "-LLL", "-H", directory.url, *bind, "-b", base, "-s", "base", "*", "+"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def renamed(hospital: Inventory) -> Inventory:
    wards = hospital.systems["directory"].model_copy(update={"name": "wards"})
    return hospital.model_copy(update={"systems": {"wards": wards}})


def test_a_change_by_hand_is_seen_to_be_a_colleagues(hospital, folder):
    practice.up(hospital, folder)
    subprocess.run(
        practice.by_hand(folder, "directory"), input=CHANGE, text=True, check=True, capture_output=True
    )
    assert "modifiersName: cn=jdoe,dc=example,dc=org" in search(folder).splitlines()


def test_a_viewer_may_not_change_anything(hospital, folder):
    practice.up(hospital, folder)
    command = [word.replace("cn=jdoe", "cn=viewer") for word in practice.by_hand(folder, "directory")]
    said = subprocess.run(command, input=CHANGE, text=True, check=False, capture_output=True)
    assert (said.returncode, "Insufficient access" in said.stderr) == (50, True)


def test_there_is_nothing_to_change_by_hand_without_a_lab(folder):
    with pytest.raises(Unavailable, match="no practice lab is up") as caught:
        practice.by_hand(folder)
    assert caught.value.fix == "Run: pacsconf lab up"


def test_the_only_directory_need_not_be_named_to_be_changed_by_hand(hospital, folder):
    practice.up(renamed(hospital), folder)
    assert practice.by_hand(folder) == practice.by_hand(folder, "wards")
    with pytest.raises(Unavailable, match='the lab has no server for a system "directory"') as caught:
        practice.by_hand(folder, "directory")
    assert caught.value.fix == "Name one of those there are: wards"


def test_one_of_several_directories_must_be_named_to_be_changed_by_hand(hospital, folder):
    practice.up(with_a_second(hospital), folder)
    with pytest.raises(Unavailable, match="the lab has 2 servers") as caught:
        practice.by_hand(folder)
    assert caught.value.fix == "Name one of those there are: directory, other"
    assert practice.by_hand(folder, "other")[0] == "ldapmodify"


def test_a_directory_that_died_is_told_from_one_that_is_not_there(hospital, folder):
    practice.up(hospital, folder)
    processes.end(folder / "directories" / "directory")
    with pytest.raises(Unavailable, match='the practice server of "directory" does not run'):
        practice.by_hand(folder)


@pytest.mark.parametrize(
    ("program", "name"),
    [("slapd", "directory"), (processes.SWITCHBOARD, "stations"), ("dcmqrscp", "archives")],
)
def test_a_dead_part_is_told_and_renewed_and_the_directory_keeps_its_data(hospital, folder, program, name):
    practice.up(hospital, folder)
    edit(folder)
    kill(folder, program)
    state = practice.status(folder)
    assert (state.condition, [part.name for part in state.parts if not part.running]) == ("broken", [name])
    state = practice.up(hospital, folder)
    assert (state.condition, state.renewed, state.emptied) == ("up", "part", ())
    assert "description: by hand" in search(folder)
    assert sorted(processes.of(folder.resolve()).values()) == ["dcmqrscp", processes.SWITCHBOARD, "slapd"]


def test_an_association_under_way_does_not_outlive_the_lab(hospital, folder):
    import socket

    state = practice.up(hospital, folder)
    host, _, port = state.dial["10.20.0.1:104"].partition(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(proposal("PROBE", "CT1"))
        until = time.monotonic() + 5
        while "storescp" not in processes.of(folder.resolve()).values():
            assert time.monotonic() < until
            time.sleep(0.01)
        practice.down(folder)
        assert processes.of(folder.resolve()) == {}


def test_a_start_that_fails_leaves_nothing(hospital, folder):
    with pytest.raises(Unavailable):
        practice.up(with_a_second(hospital, base="dc=example,,dc=org"), folder)
    assert (folder.exists(), processes.of(folder.resolve())) == (False, {})


def test_a_start_that_was_killed_is_told_cleaned_and_started_again(hospital, folder):
    code = "import sys, pathlib, os, signal; from pacsconf.lab import place, slapd; f = pathlib.Path(sys.argv[1])\n"
    code += "place.claim(f); slapd.start(f / 'directories/directory'); os.kill(os.getpid(), signal.SIGKILL)"
    assert subprocess.run([sys.executable, "-c", code, str(folder.resolve())], check=False).returncode == -9
    assert list(processes.of(folder.resolve()).values()) == ["slapd"]
    assert practice.status(folder).condition == "broken"
    assert practice.up(hospital, folder).renewed == "everything"
    assert len(processes.of(folder.resolve())) == 3


def test_a_foreign_folder_is_neither_taken_nor_removed(hospital, folder):
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    with pytest.raises(Unavailable, match="is not empty and not a practice lab"):
        practice.up(hospital, folder)
    assert not practice.down(folder)
    assert (folder / "thesis.txt").read_text() == "years of work"


def test_an_inventory_without_directory_and_archive_has_stations_alone(folder, a_device):
    inventory = Inventory(devices={"ct-1": a_device("ct-1", "CT1", "10.20.0.1")})
    state = practice.up(inventory, folder)
    assert (state.condition, parts(state)) == ("up", [("stations", True)])
    assert practice.up(inventory, folder).renewed == "nothing"


def test_stations_listen_on_the_loopback_alone(hospital, folder):
    state = practice.up(hospital, folder)
    port = int(state.dial["10.20.0.1:104"].partition(":")[2])
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
    listening = [row[1] for row in rows if row[3] == "0A" and row[1].endswith(f":{port:04X}")]
    assert listening == [f"0100007F:{port:04X}"]
