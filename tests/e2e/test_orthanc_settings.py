"""An Orthanc as it is installed: what it leaves open is declared otherwise, written, and really shut afterwards."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pacsconf.lab import orthanc
from pacsconf.systems._orthanc.commented import parsed
from tests.e2e.conftest import Hospital, Ran
from tests.e2e.test_policies import with_policies

DEVICES = """\
devices:
  archive: {type: archive, ae_title: ARCHIVE, host: 10.20.0.5, port: 11112, offers: [verification]}
  ct-1: {type: modality, ae_title: CT1, host: 10.20.4.17, port: 104, uses: [ct-image-storage]}
flows:
  to-archive: {from: {device: ct-1}, to: {ae_title: ARCHIVE}, services: [storage]}
"""
CLOSED = "{DicomAlwaysAllowStore: false, DicomCheckCalledAet: true}"
LINES = '"DicomAlwaysAllowStore": false, "DicomCheckCalledAet": true'
HEAD = (
    b'/* The archive, as somebody keeps it by hand.\n   "DicomAlwaysAllowStore" : true was wanted once. */\n'
)
TAIL = b"// The end: \xc3\xa4 \xff\n"
FRESH = orthanc.Options(
    aet="ARCHIVE",
    always_allow_echo=None,
    always_allow_store=None,
    check_called_aet=None,
    check_hosts=None,
    settings={"DicomAlwaysAllowStore": True},
)
IMAGE = """\
(0002,0010) UI =LittleEndianExplicit
(0008,0016) UI =CTImageStorage
(0008,0018) UI [1.2.3.4]
(0010,0010) PN [ZZTEST^PACSCONF]
(0010,0020) LO [ZZ1]
(0020,000d) UI [1.2.3]
(0020,000e) UI [1.2.3.1]
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[orthanc.Orthanc]:
    """An Orthanc that was just installed, its configuration full of remarks."""
    with orthanc.started(tmp_path / "orthanc", FRESH) as running:
        file = running.settings_file
        file.write_bytes(HEAD + file.read_bytes() + TAIL)
        file.chmod(0o640)
        yield running


@pytest.fixture
def settle(
    repository: Callable[..., Hospital],
    server: orthanc.Orthanc,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Hospital]:
    """Makes the hospital that wants it shut; `listed`: the operator file lists its configuration."""

    def make(
        *, listed: bool, timeout: int = 30, file: Path = server.settings_file, settings: str = CLOSED
    ) -> Hospital:
        allow(tmp_path, server, server.settings_file if listed else None)
        own = {"PACSCONF_CONFIG": str(tmp_path / "operator.toml"), "WEB_PASSWORD": server.password}
        for name, value in own.items():
            monkeypatch.setenv(name, value)
        made = repository(hospital=DEVICES, systems=systems(server, file, settings, timeout))
        made.env |= own
        made.secrets += [server.password]
        assert run(made, "record", "init").code == 0
        return made

    return make


def allow(tmp_path: Path, server: orthanc.Orthanc, file: Path | None) -> None:
    listed = "" if file is None else f"[orthanc]\nsettings = [{json.dumps(str(file))}]\n"
    (tmp_path / "operator.toml").write_text(
        f'[[secret]]\nref = "env:WEB_PASSWORD"\nfor = "{server.url}"\n[environments]\nwrite = ["main"]\n{listed}'
    )


def systems(server: orthanc.Orthanc, file: Path, settings: str, timeout: int = 30) -> str:
    return (
        f'systems:\n  pacs: {{type: orthanc, url: "{server.url}", ae: archive, mode: write, timeout: {timeout},\n'
        f'    settings_file: "{file}",\n    settings: {settings},\n'
        "    login: {user: pacsconf, password: env:WEB_PASSWORD}}\n"
        'environments: {main: {dial: {"*": none}}}\n'
    )


def run(hospital: Hospital, *words: str) -> Ran:
    return hospital.here("-e", "main", *words)


def applied(hospital: Hospital, *words: str) -> Ran:
    planned = run(hospital, "plan", "--out", "plan.json")
    assert planned.code in (0, 5), planned
    return run(hospital, "apply", "plan.json", *words)


def lets_in(server: orthanc.Orthanc, folder: Path, title: str = "STRANGER", called: str = "ARCHIVE") -> bool:
    """Whether DCMTK, under this title, gets rid of an image there."""
    image, text = folder / "image.dcm", folder / "image.txt"
    text.write_text(IMAGE)
    subprocess.run(["dump2dcm", text, image], check=True, capture_output=True, timeout=20)
    at = ["-aet", title, "-aec", called, "127.0.0.1", str(server.dicom_port), image]
    return subprocess.run(["storescu", *at], capture_output=True, timeout=20, check=False).returncode == 0


def formers(server: orthanc.Orthanc) -> list[str]:
    return sorted(
        each.name
        for each in server.folder.iterdir()
        if "pacsconf-former" in each.name or ".part" in each.name
    )


def test_what_is_declared_is_written_and_a_stranger_is_really_refused_then(settle, server, tmp_path):
    hospital = settle(listed=True)
    before = server.settings_file.read_bytes()
    assert lets_in(server, tmp_path)
    assert lets_in(server, tmp_path, called="OTHER")

    plan = run(hospital, "plan", "--out", "plan.json")
    assert "~ pacs/configuration/archive" in plan.out
    assert "DicomAlwaysAllowStore true → false inventory/systems.yaml:4" in plan.said
    assert "DicomCheckCalledAet false → true inventory/systems.yaml:4" in plan.said
    assert "ORTHANC-OPEN-STORE" not in plan.said
    assert run(hospital, "apply", "plan.json").code == 0

    after = server.settings_file.read_bytes()
    assert after == before.replace(
        b'"DicomAlwaysAllowStore": true', b'"DicomAlwaysAllowStore": false'
    ).replace(b"\n}\n", b',\n  "DicomCheckCalledAet": true\n}\n')
    assert (server.settings_file.stat().st_mode & 0o777, formers(server)) == (0o640, [])
    assert not lets_in(server, tmp_path)
    assert lets_in(server, tmp_path, "CT1")
    assert not lets_in(server, tmp_path, "CT1", called="OTHER")
    again = run(hospital, "plan", "--detailed-exitcode")
    assert (again.code, again.out.count("No changes.")) == (0, 1)
    assert run(hospital, "drift").code == 0


def test_a_rollback_opens_it_again_and_the_guard_asks(settle, server, tmp_path):
    hospital = settle(listed=True)
    done = applied(hospital)
    assert not lets_in(server, tmp_path)

    last = done.said.partition("Recorded as change set ")[2].split()[0]
    plan = run(hospital, "rollback", last, "--out", "back.json")
    assert plan.code == 5, plan
    assert "GUARD-WIDEN" in plan.said
    digest = json.loads((hospital.path / "back.json").read_text())["digest"][:8]
    done = run(
        hospital,
        "apply",
        "back.json",
        "--ack",
        f"{digest}:GUARD-WIDEN",
        "--ack",
        f"{digest}:GUARD-REMOVE",
        "--reason",
        "it refused CT7",
    )
    assert done.code == 0, done
    assert lets_in(server, tmp_path)
    told = run(hospital, "plan")
    assert "Held" in told.out
    assert "pacs/configuration/archive" in told.out


def test_a_file_that_is_not_listed_waits_for_a_person_until_it_says_so(settle, server, tmp_path):
    hospital = settle(listed=False)
    before = server.settings_file.read_bytes()
    plan = run(hospital, "plan")
    assert f"for a person: write into the configuration of Orthanc pacs {LINES}" in plan.said
    assert f'[orthanc] settings = ["{server.settings_file}"]' in plan.said.replace(" ", "").replace(
        "[orthanc]settings=", "[orthanc] settings = "
    )
    done = applied(hospital)
    assert done.code == 0, done
    assert "? waiting pacs/configuration/archive" in done.said
    assert (server.settings_file.read_bytes(), formers(server)) == (before, [])

    told = run(hospital, "plan")
    assert "Waiting for a person" in told.said
    assert LINES in told.said
    assert "attest" not in told.said
    assert run(hospital, "status").code in (0, 2)

    server.settings_file.write_bytes(
        before.replace(b'"DicomAlwaysAllowStore": true', b'"DicomAlwaysAllowStore": false').replace(
            b"\n}\n", b',\n  "DicomCheckCalledAet": true\n}\n'
        )
    )
    told = run(hospital, "plan")
    assert "Waiting" not in told.out
    assert applied(hospital).code == 0
    assert "No changes." in run(hospital, "plan").out


def test_what_waited_is_done_once_the_file_is_listed(settle, server, tmp_path):
    hospital = settle(listed=False)
    assert applied(hospital).code == 0
    allow(tmp_path, server, server.settings_file)
    assert "1 to change" in run(hospital, "plan").said
    assert applied(hospital).code == 0
    assert not lets_in(server, tmp_path)


def test_where_it_does_not_come_back_the_former_file_is_put_back(settle, server, tmp_path):
    """Something else in the file is wrong, which nobody has noticed since it was started."""
    hospital = settle(listed=True, timeout=2)
    file = server.settings_file
    file.write_bytes(file.read_bytes().replace(b"filter.lua", b"gone.lua"))
    before = file.read_bytes()
    done = applied(hospital)
    assert done.code == 8, done
    assert "Orthanc did not come back within 2 s of its restart" in done.said
    assert f"{file} is again as it was" in done.said
    assert "It does not answer now: look at its log, and start it." in done.said
    assert (file.read_bytes(), formers(server)) == (before, [])


def test_a_server_that_will_not_restart_gets_its_former_file_and_runs_on(settle, server, tmp_path):
    script = server.folder / "filter.lua"
    script.write_text(
        script.read_text()
        + "local others = IncomingHttpRequestFilter\n"
        + "function IncomingHttpRequestFilter(method, uri, ...)\n"
        + '  return uri ~= "/tools/reset" and others(method, uri, ...)\nend\n'
    )
    hospital = settle(listed=True)
    text = server.settings_file.read_bytes()
    server.settings_file.write_bytes(text.removeprefix(HEAD).removesuffix(TAIL))
    orthanc.restart(server)
    before = server.settings_file.read_bytes()
    done = applied(hospital)
    assert done.code == 8, done
    assert "does not restart when it is told to (POST /tools/reset)" in done.said
    assert (server.settings_file.read_bytes(), formers(server)) == (before, [])
    assert lets_in(server, tmp_path)


def test_peers_that_a_restart_would_lose_are_not_risked(settle, server, tmp_path):
    hospital = settle(listed=True)
    assert applied(hospital, "--reason", "x").code == 0
    text = server.settings_file.read_bytes()
    server.settings_file.write_bytes(
        text.replace(b'ModalitiesInDatabase": true', b'ModalitiesInDatabase": false')
    )
    hospital.edit(
        "DicomAlwaysAllowStore: false", "DicomAlwaysAllowStore: false, DicomAlwaysAllowEcho: false", "systems"
    )
    plan = run(hospital, "plan")
    assert plan.code == 5, plan
    assert "error[ORTHANC-SETTINGS-FORGETS]" in plan.said
    assert "would lose 1 of its peers" in plan.said


def test_a_copy_that_is_not_here_plans_nothing_and_says_so(settle, server, tmp_path):
    hospital = settle(listed=True, file=tmp_path / "elsewhere.json")
    plan = run(hospital, "plan")
    assert "pacs/configuration/archive" not in plan.out
    assert "warning[ORTHANC-SETTINGS-UNREAD]" in plan.said
    assert LINES in plan.said


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("{MaximumStorageMode: Reject}", "error[ORTHANC-SETTINGS-OLD] Orthanc pacs is of version 1.10.1"),
        ("{DicomAlwaysAllowStor: false}", 'did you mean "DicomAlwaysAllowStore"?'),
        ("{LimitFindResults: many}", "inventory/systems.yaml:4:34"),
        ("{RegisteredUsers: {a: b}}", "RegisteredUsers"),
    ],
)
def test_what_it_cannot_take_is_an_error_at_its_place(settle, server, settings, words):
    if "Mode" in settings:
        ran = run(settle(listed=True, settings=settings), "plan")
        assert ran.code == 5, ran
    else:
        hospital = settle(listed=True)
        hospital.edit(CLOSED, settings, "systems")
        ran = run(hospital, "validate")
        assert ran.code == 3, ran
        assert "inventory/systems.yaml:4" in ran.said
    assert words in ran.said


def test_a_smaller_limit_is_a_purge_that_is_let_through_by_name(settle, server):
    hospital = settle(listed=True, settings="{MaximumPatientCount: 1000}")
    plan = run(hospital, "plan")
    assert plan.code == 5, plan
    assert "GUARD-PURGE" in plan.said
    assert "it deletes the oldest patients once it holds 1000 patients" in plan.said


PACK = """\
pack: {name: ours}
rules:
  - id: OUR-AE-001
    title: No images from strangers
    severity: critical
    kind: ae
    condition: '!configured.stranger_store'
    message: title + " stores for anybody"
"""


def test_a_plan_that_would_open_it_is_refused_by_a_policy_before_anything_is_written(
    settle, server, tmp_path
):
    hospital = settle(listed=True)
    with_policies(hospital, ours=PACK)
    assert "1 would fail no more" in run(hospital, "plan").said
    assert applied(hospital).code == 0
    before = server.settings_file.read_bytes()
    hospital.edit("DicomAlwaysAllowStore: false", "DicomAlwaysAllowStore: true", "systems")
    plan = run(hospital, "plan", "--out", "plan.json")
    assert "critical[OUR-AE-001] No images from strangers: archive/ARCHIVE" in plan.said
    assert "ARCHIVE stores for anybody" in plan.said
    digest = json.loads(hospital.plan_file.read_text())["digest"][:8]
    done = run(hospital, "apply", "plan.json", "--ack", f"{digest}:GUARD-WIDEN", "--reason", "x")
    assert done.code == 4, done
    assert server.settings_file.read_bytes() == before
    assert not lets_in(server, tmp_path)


def test_no_secret_of_the_file_is_told(settle, server):
    hospital = settle(listed=True)
    assert server.password.encode() in server.settings_file.read_bytes()
    assert applied(hospital).code == 0
    assert parsed(server.settings_file.read_bytes())["RegisteredUsers"]["pacsconf"] == server.password
    assert not [text for text in hospital.said if server.password in text]
    shown = hospital.git("log", "-p", "--all")
    assert server.password not in shown
