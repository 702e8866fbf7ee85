"""A private Orthanc in a folder of its own."""

from __future__ import annotations

import base64
import json
import os
import stat
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from pacsconf.core.errors import Unavailable
from pacsconf.lab import orthanc, processes


def ask(server: orthanc.Orthanc, path: str, *, user="pacsconf", method="GET", data=None, password=None):
    """Status and parsed answer of a request; None where the answer is empty."""
    login = base64.b64encode(f"{user}:{password or server.password}".encode()).decode()
    body = json.dumps(data).encode() if data is not None else None
    request = urllib.request.Request(  # noqa: S310
        server.url + path, body, {"Authorization": f"Basic {login}"}, method=method
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            read = answer.read()
            return answer.status, json.loads(read) if read else None
    except urllib.error.HTTPError as exc:
        exc.close()
        return exc.code, None


def echo(server: orthanc.Orthanc, *more: str, calling="STRANGER", called=None) -> int:
    """What echoscu comes to: 0 where its echo is answered."""
    titles = ["-aet", calling, "-aec", called or server.aet]
    command = [processes.dcmtk("echoscu"), "-to", "5", *more, *titles, "127.0.0.1", str(server.dicom_port)]
    return subprocess.run(command, capture_output=True, check=False).returncode


MODALITY = {"AET": "CT1", "Host": "10.20.0.1", "Port": 104}


def test_it_starts_answers_restarts_and_stops(tmp_path):
    running = orthanc.start(tmp_path / "pacs")
    assert running.running
    assert ask(running, "/modalities/CT1", method="PUT", data=MODALITY) == (200, None)
    again = orthanc.restart(running)
    assert (again.http_port, again.dicom_port, again.running) == (running.http_port, running.dicom_port, True)
    assert again.pid != running.pid
    assert ask(again, "/modalities") == (200, ["CT1"])
    again.stop()
    again.stop()
    assert not again.running


def test_it_outlives_the_process_that_started_it_and_is_found_again(tmp_path):
    folder = tmp_path / "pacs"
    code = f"from pathlib import Path; from pacsconf.lab import orthanc; orthanc.start(Path({str(folder)!r}))"
    subprocess.run([sys.executable, "-c", code], check=True)
    found = orthanc.attach(folder)
    assert found is not None
    try:
        assert ask(found, "/system")[0] == 200
    finally:
        found.stop()
    assert orthanc.attach(folder) is None


def test_one_that_died_comes_back_with_its_data(tmp_path):
    with orthanc.started(tmp_path / "pacs") as running:
        ask(running, "/modalities/CT1", method="PUT", data=MODALITY)
        processes.end(running.folder)
        assert orthanc.attach(running.folder) is None
        back = orthanc.revive(running.folder)
        assert back is not None
        assert back.http_port == running.http_port
        assert ask(back, "/modalities") == (200, ["CT1"])


def test_what_it_keeps_is_for_its_owner_alone(tmp_path):
    with orthanc.started(tmp_path / "pacs", orthanc.Options(dicom_tls=True)) as running:
        assert stat.S_IMODE(running.folder.stat().st_mode) == 0o700
        for name in ("password", "configuration.json", "key.pem", "orthanc.log"):
            assert stat.S_IMODE((running.folder / name).stat().st_mode) == 0o600
        assert running.password not in repr(running)
        assert ask(running, "/system")[0] == 200


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(Unavailable, match="is not empty"):
        orthanc.start(tmp_path)
    assert os.listdir(tmp_path) == ["notes.txt"]


def test_a_server_that_does_not_start_says_why(tmp_path):
    with pytest.raises(Unavailable) as caught:
        orthanc.start(tmp_path / "pacs", orthanc.Options(aet="A title that is too long for DICOM"))
    assert "AET" in caught.value.message
    assert processes.of(tmp_path / "pacs") == {}


def test_its_users_need_the_password_and_a_viewer_cannot_write(tmp_path):
    with orthanc.started(tmp_path / "pacs") as running:
        assert ask(running, "/system", password="wrong")[0] == 401
        assert ask(running, "/modalities", user=running.viewer) == (200, [])
        assert ask(running, "/modalities/X", user=running.viewer, method="PUT", data=MODALITY)[0] == 403
        assert ask(running, "/modalities/X", user=running.colleague, method="PUT", data=MODALITY)[0] == 200


def test_strangers_and_wrong_titles_are_refused_unless_it_is_started_open(tmp_path):
    with orthanc.started(tmp_path / "careful") as careful:
        assert echo(careful) != 0
        ask(careful, "/modalities/CT1", method="PUT", data={**MODALITY, "Host": "127.0.0.1"})
        assert echo(careful, calling="CT1") == 0
        assert echo(careful, calling="CT1", called="OTHER") != 0
    careless = orthanc.Options(always_allow_echo=True, check_called_aet=False)
    with orthanc.started(tmp_path / "careless", careless) as open_to_all:
        assert echo(open_to_all, called="OTHER") == 0


def test_modalities_of_its_configuration_file_stand_in_place_of_the_database(tmp_path):
    options = orthanc.Options(modalities_in_database=False, modalities={"ct": ["CT1", "10.20.0.1", 104]})
    with orthanc.started(tmp_path / "pacs", options) as running:
        assert ask(running, "/modalities") == (200, ["ct"])
        ask(running, "/modalities/mr", method="PUT", data=MODALITY)
        assert ask(orthanc.restart(running), "/modalities") == (200, ["ct"])


def test_its_dicom_port_speaks_tls_on_request(tmp_path):
    with orthanc.started(tmp_path / "pacs", orthanc.Options(dicom_tls=True)) as running:
        ask(running, "/modalities/CT1", method="PUT", data={**MODALITY, "Host": "127.0.0.1"})
        assert echo(running, "+tla", "+cf", str(running.ca_file), calling="CT1") == 0
        assert echo(running, calling="CT1") != 0


def test_dicomweb_is_a_plugin_that_is_loaded_on_request(tmp_path):
    listed = {"vna": ["https://vna.example.org/dicom-web/"]}
    options = orthanc.Options(dicomweb=True, peers_in_database=False, dicomweb_servers=listed)
    with orthanc.started(tmp_path / "with", options) as running:
        assert ask(running, "/dicom-web/servers") == (200, ["vna"])
    with orthanc.started(tmp_path / "without") as running:
        assert ask(running, "/dicom-web/servers")[0] == 404
