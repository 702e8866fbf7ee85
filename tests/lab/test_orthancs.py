"""The Orthancs of a lab: one for each that is declared, kept like the directories, and calling nobody."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pacsconf.core.errors import Unavailable
from pacsconf.dicom.probe.observer import observe
from pacsconf.dicom.targets import targets
from pacsconf.dicom.wire import Wire
from pacsconf.inventory.environment import for_environment
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.systems import Environment, OrthancConfig
from pacsconf.lab import orthanc, orthancs, place, practice, processes

CT_1 = {"AET": "CT1", "Host": "10.20.0.1", "Port": 104}
PROBE = {"AET": "PROBE", "Host": "10.20.0.9", "Port": 104}


def curl(folder: Path, path: str, *args: str, body: Mapping[str, Any] | None = None) -> str:
    """What the colleague gets who types the printed command with a path of REST and more behind it."""
    command = practice.by_hand(folder, "research")
    put = ["-X", "PUT", "-d", json.dumps(body)] if body is not None else []
    done = subprocess.run([*command[:-1], command[-1] + path, *put, *args], capture_output=True, text=True)
    return done.stdout or done.stderr.strip()


def parts(state: practice.LabState) -> dict[str, bool]:
    return {part.name: part.running for part in state.parts}


def own(folder: Path) -> Path:
    return folder.resolve() / "orthancs" / "research"


def research(folder: Path) -> orthanc.Orthanc:
    found = orthanc.attach(own(folder))
    assert found is not None
    return found


def kill(folder: Path) -> None:
    os.kill(research(folder).pid, signal.SIGKILL)
    until = time.monotonic() + 5
    while "Orthanc" in processes.of(folder.resolve()).values():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_declared_orthanc_runs_and_is_called_at_its_declared_address(with_orthanc, folder):
    hospital = with_orthanc()
    state = practice.up(hospital, folder)
    assert parts(state) == {"directory": True, "research": True, "stations": True, "archives": True}
    assert (state.renewed, state.emptied) == ("everything", ("directory", "research"))
    assert state.dial["10.20.0.8:4242"] == f"127.0.0.1:{research(folder).dicom_port}"
    curl(folder, "/modalities/PROBE", body=PROBE)
    (seen,) = observe(targets(hospital, ["research"], "probe"), Wire(state.dial))
    assert seen.verdict == "healthy"


def test_it_refuses_whoever_it_does_not_know_and_whoever_calls_it_by_another_title(with_orthanc, folder):
    hospital = with_orthanc()
    state = practice.up(hospital, folder)
    (stranger,) = observe(targets(hospital, ["research"], "probe"), Wire(state.dial))
    curl(folder, "/modalities/PROBE", body=PROBE)
    (mistaken,) = observe(targets(with_orthanc("OTHER"), ["research"], "probe"), Wire(state.dial))
    assert (stranger.verdict, mistaken.verdict) == ("failing", "failing")


def test_with_an_alias_it_takes_every_called_title(with_orthanc, folder):
    state = practice.up(with_orthanc(answers_to=("TEACHING",)), folder)
    curl(folder, "/modalities/PROBE", body=PROBE)
    (seen,) = observe(targets(with_orthanc("TEACHING"), ["research"], "probe"), Wire(state.dial))
    assert seen.verdict == "healthy"


def test_the_overlay_leads_the_declared_system_to_it(with_orthanc, folder):
    config = {
        "login": {"user": "pacsconf", "password": "env:PW"},
        "ca_file": "/etc/ssl/ours.pem",
        "verify": False,
        "users": {"pacsconf": {"password": "env:PW"}, "ann": {"password": "env:ANN", "for": "ann"}},
    }
    hospital = with_orthanc(config=config)
    practice.up(hospital, folder)
    practised = hospital.model_copy(update={"environments": {"lab": Environment()}})

    chosen, findings = for_environment(practised, "lab", place.overlay(folder))

    assert findings == ()
    system = chosen.systems["research"]
    assert isinstance(system, OrthancConfig)
    server = research(folder)
    assert (system.url, system.mode, system.ae, system.ca_file, system.verify) == (
        f"http://127.0.0.1:{server.http_port}",
        "write",
        "research",
        None,
        True,
    )
    assert system.login is not None
    assert (system.login.user, str(system.login.password)) == ("pacsconf", f"file:{server.password_file}")
    assert server.password_file.stat().st_mode & 0o777 == 0o600
    assert system.settings_file == str(server.settings_file)
    assert system.users == {}


def test_a_change_by_hand_is_made_by_curl_without_the_password_on_its_command_line(with_orthanc, folder):
    practice.up(with_orthanc(), folder)
    command = practice.by_hand(folder, "research")
    assert command == ("curl", "-K", str(own(folder) / "jdoe.curl"), research(folder).url)
    assert (own(folder) / "jdoe.curl").stat().st_mode & 0o777 == 0o600
    assert curl(folder, "/modalities/CT1", body=CT_1) == ""
    assert json.loads(curl(folder, "/modalities/CT1/configuration"))["Host"] == "10.20.0.1"


@pytest.mark.parametrize("asked", ["echo", "store", "query", "find-worklist"])
def test_it_is_not_told_to_call_anybody_since_declared_addresses_are_real(with_orthanc, folder, asked):
    practice.up(with_orthanc(), folder)
    curl(folder, "/modalities/CT1", body=CT_1)
    answer = curl(folder, f"/modalities/CT1/{asked}", "-X", "POST", "-d", "{}")
    assert answer.endswith("The requested URL returned error: 403")


def test_its_peers_are_kept_while_others_come_and_go_and_after_it_died(with_orthanc, folder, a_device):
    practice.up(with_orthanc(), folder)
    curl(folder, "/modalities/CT1", body=CT_1)
    before = research(folder)
    again = practice.up(with_orthanc(), folder)
    assert (again.renewed, again.emptied, research(folder)) == ("nothing", (), before)

    hospital = with_orthanc()
    devices = {**hospital.devices, "ct-2": a_device("ct-2", "CT2", "10.20.0.3")}
    more = practice.up(hospital.model_copy(update={"devices": devices}), folder)
    assert (more.renewed, more.emptied, research(folder)) == ("part", (), before)

    kill(folder)
    assert practice.status(folder).condition == "broken"
    assert parts(practice.status(folder))["research"] is False
    revived = practice.up(hospital, folder)
    assert (revived.condition, revived.renewed, revived.emptied) == ("up", "part", ())
    assert revived.dial["10.20.0.8:4242"] == f"127.0.0.1:{research(folder).dicom_port}"
    assert json.loads(curl(folder, "/modalities")) == ["CT1"]


def test_under_another_title_it_begins_anew(with_orthanc, folder):
    practice.up(with_orthanc(), folder)
    curl(folder, "/modalities/CT1", body=CT_1)
    renamed = practice.up(with_orthanc("TEACHING"), folder)
    assert (renamed.renewed, renamed.emptied) == ("part", ("research",))
    assert (research(folder).aet, curl(folder, "/modalities")) == ("TEACHING", "[]")


def test_a_fresh_one_lets_strangers_in_and_stays_with_what_was_made_of_it(with_orthanc, folder):
    careful = practice.up(with_orthanc(), folder)
    assert careful.emptied == ("directory", "research")
    fresh = practice.up(with_orthanc(), folder, fresh_orthanc=True)
    assert (fresh.renewed, fresh.emptied) == ("part", ("research",))
    settings = json.loads(research(folder).settings_file.read_text())
    assert not {name for name in settings if name.startswith("DicomAlwaysAllow")} | (
        {"DicomCheckCalledAet", "DicomCheckModalityHost"} & settings.keys()
    )
    (stranger,) = observe(targets(with_orthanc("OTHER"), ["research"], "probe"), Wire(fresh.dial))
    assert stranger.verdict == "healthy"

    shut = {**settings, "DicomCheckCalledAet": True, "DicomAlwaysAllowEcho": False}
    research(folder).settings_file.write_text(json.dumps(shut))
    for fresh_orthanc in (True, False):
        again = practice.up(with_orthanc(), folder, fresh_orthanc=fresh_orthanc)
        assert (again.renewed, again.emptied) == ("nothing", ())
    kill(folder)
    revived = practice.up(with_orthanc(), folder)
    assert (
        revived.emptied,
        json.loads(research(folder).settings_file.read_text())["DicomAlwaysAllowEcho"],
    ) == ((), False)


def test_one_that_is_declared_no_more_is_ended_and_its_address_played_as_any_archives(
    with_orthanc, hospital, folder
):
    practice.up(with_orthanc(), folder)
    state = practice.up(hospital, folder)
    assert parts(state) == {"directory": True, "stations": True, "archives": True}
    assert "Orthanc" not in processes.of(folder.resolve()).values()

    device_alone = with_orthanc().model_copy(update={"systems": hospital.systems})
    state = practice.up(device_alone, folder)
    (seen,) = observe(targets(device_alone, ["research"], "probe"), Wire(state.dial))
    assert seen.verdict == "healthy"


def test_of_several_servers_one_must_be_named_to_be_changed_by_hand(with_orthanc, folder):
    practice.up(with_orthanc(), folder)
    with pytest.raises(Unavailable, match="the lab has 2 servers") as caught:
        practice.by_hand(folder)
    assert caught.value.fix == "Name one of those there are: directory, research"
    assert practice.by_hand(folder, "directory")[0] == "ldapmodify"


def test_one_for_which_no_ae_is_declared_answers_as_orthanc_does(with_orthanc, folder):
    hospital = with_orthanc(config={"ae": None})
    assert [server.title for server in orthancs.wanted(hospital)] == ["ORTHANC"]


def test_a_dicomweb_server_asks_for_the_plugin(with_orthanc):
    hospital = with_orthanc(config={"dicomweb_servers": {"cloud": {"url": "https://cloud.example.org"}}})
    assert [server.dicomweb for server in orthancs.wanted(hospital)] == [True]
    assert [server.dicomweb for server in orthancs.wanted(Inventory())] == []
