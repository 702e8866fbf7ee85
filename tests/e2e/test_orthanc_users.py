"""An Orthanc's users from the inventory to its door: rendered into a file, taken in by a real Orthanc."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from pacsconf.core.errors import Unavailable
from pacsconf.lab import processes

PASSWORDS = {
    "OWN": "the own of pacsconf",
    "ANN": 'quoted "\\ ${HOME} // /* ü €',
    "LEFT": "left-but-known",
    "NEW": "not begun yet",
}
PEOPLE = """\
users:
  ann: {roles: [reader]}
  gone: {roles: [reader], ends: 2020-01-31}
  newcomer: {roles: [reader], starts: 2999-01-01}
roles:
  reader:
    permissions: [study:view, {permission: study:download, modality: MG}]
    groups: {pacs: [doctor]}
"""
SYSTEMS = """\
systems:
  pacs:
    type: orthanc
    url: http://127.0.0.1:PORT
    login: {user: svc, password: "env:OWN"}
    authorization: true
    settings_file: SETTINGS
    users:
      svc: {password: "env:OWN"}
      ann: {password: "env:ANN", version: 2, for: ann}
      old: {password: "env:LEFT", for: gone}
      new: {password: "env:NEW", for: newcomer}
"""


class Server:
    """An Orthanc that reads a folder of configuration files, and the hospital that it is declared in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.configuration = folder / "etc"
        self.port = processes.free_port()
        self.pid = 0

    def configure(self, **settings: object) -> None:
        (self.folder / "data").mkdir(parents=True, exist_ok=True)
        self.configuration.mkdir(exist_ok=True)
        base = {
            "StorageDirectory": str(self.folder / "data"), "IndexDirectory": str(self.folder / "data"),
            "HttpPort": self.port, "DicomPort": processes.free_port(), "RemoteAccessAllowed": False,
            "DicomModalitiesInDatabase": True, "DicomCheckCalledAet": True, "DicomAlwaysAllowStore": False,
            "DicomAlwaysAllowEcho": False, "Plugins": [],
        }  # fmt: skip
        (self.configuration / "orthanc.json").write_text(json.dumps(base | settings))

    def restart(self) -> None:
        self.stop()
        log = self.folder / "log"
        program = shutil.which("Orthanc", path="/usr/sbin:/usr/bin")
        assert program is not None
        self.pid = processes.spawn([program, str(self.configuration)], self.folder, log)
        processes.wait_for(lambda: processes.answers(self.port), self.pid, log, "Orthanc")

    def stop(self) -> None:
        processes.end(self.folder, ["Orthanc"])

    def answers(self, login: tuple[str, str] | None = None) -> int:
        return httpx2.get(f"http://127.0.0.1:{self.port}/system", auth=login, trust_env=False).status_code


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path / "orthanc")
    yield made
    made.stop()


@pytest.fixture
def hospital(repository: Callable, server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """The hospital with this Orthanc, whose passwords may be sent to it."""
    systems = SYSTEMS.replace("PORT", str(server.port)).replace("SETTINGS", str(server.configuration))
    made = repository(systems=systems, people=PEOPLE)
    operator = tmp_path / "operator.toml"
    operator.write_text(
        "".join(
            f'[[secret]]\nref = "env:{name}"\nfor = "http://127.0.0.1:{server.port}"\n' for name in PASSWORDS
        )
    )
    operator.chmod(0o600)
    for name, value in (PASSWORDS | {"PACSCONF_CONFIG": str(operator)}).items():
        monkeypatch.setenv(name, value)
    made.secrets += PASSWORDS.values()
    return made


def rendered(hospital, *args: str):
    return hospital.here("render", "orthanc-users", "pacs", *args)


# --- the whole way ------------------------------------------------------------------------------------------------


def test_from_an_open_orthanc_to_one_that_only_its_users_may_enter(hospital, server, tmp_path):
    server.configure(AuthenticationEnabled=False)
    server.restart()
    plan = hospital.here("plan")
    assert (plan.code, "error[ORTHANC-REST-OPEN]" in plan.said) == (5, True), plan

    hospital.here("record", "init")
    doctor = hospital.here("doctor", "--system", "pacs")
    assert (doctor.code, "error[ORTHANC-REST-OPEN]" in doctor.said) == (1, True), doctor
    drift = hospital.here("drift")
    assert "ORTHANC-REST-OPEN" in drift.said, drift
    status = hospital.here("status")
    assert "✗ Orthanc pacs lets anybody in over REST" in status.said, status

    server.configure()
    file = server.configuration / "users.json"
    ran = rendered(hospital, "--out", str(file))
    assert ran.code == 0, ran
    assert "left out: old (for gone, who has left)" in ran.said
    assert "left out: new (for newcomer, who has not begun)" in ran.said
    assert file.stat().st_mode & 0o777 == 0o600
    server.restart()

    assert server.answers() == 401
    assert server.answers(("ann", PASSWORDS["ANN"])) == 200
    assert server.answers(("svc", PASSWORDS["OWN"])) == 200
    assert server.answers(("old", PASSWORDS["LEFT"])) == 401
    assert server.answers(("new", PASSWORDS["NEW"])) == 401

    plan = hospital.here("plan")
    assert plan.code == 0, plan
    assert "can sign in" not in hospital.here("status").said
    assert "ORTHANC-USERS" not in plan.said
    assert "ORTHANC-REST" not in plan.said
    doctor = hospital.here("doctor", "--system", "pacs", "--logins")
    assert doctor.code == 0, doctor
    assert "✓ ann" in doctor.said
    assert "✓ old" in doctor.said


def test_a_renewed_password_works_once_it_is_in_place_and_the_old_one_no_more(hospital, server, monkeypatch):
    server.configure()
    file = server.configuration / "users.json"
    assert rendered(hospital, "--out", str(file)).code == 0
    server.restart()
    hospital.edit("version: 2", "version: 3", "systems")
    hospital.here("record", "init")
    assert "ORTHANC-USERS-OLD" in hospital.here("plan").said

    monkeypatch.setenv("ANN", "the next password")
    hospital.secrets.append("the next password")
    refused = hospital.here("doctor", "--system", "pacs", "--logins")
    assert (refused.code, "✗ ann" in refused.said) == (1, True)
    assert rendered(hospital, "--out", str(file)).code == 1
    assert rendered(hospital, "--out", str(file), "--force").code == 0
    assert file.stat().st_mode & 0o777 == 0o600
    server.restart()
    assert server.answers(("ann", PASSWORDS["ANN"])) == 401
    assert server.answers(("ann", "the next password")) == 200
    assert "ORTHANC-USERS-OLD" not in hospital.here("plan").said


def test_orthanc_does_not_start_with_a_key_that_is_there_twice(hospital, server):
    """Why the file says so."""
    server.configure(RegisteredUsers={"orthanc": "orthanc"})
    assert rendered(hospital, "--out", str(server.configuration / "users.json")).code == 0
    with pytest.raises(Unavailable):
        server.restart()
    assert "is defined in 2 different configuration files" in (server.folder / "log").read_text()


# --- what is shown, and where it may stand ------------------------------------------------------------------------


def test_nothing_that_is_shown_holds_a_password_and_none_is_looked_up_for_it(hospital, monkeypatch):
    for name in PASSWORDS:
        monkeypatch.delenv(name)
    ran = rendered(hospital)
    assert ran.code == 0, ran
    body = json.loads("\n".join(line for line in ran.out.splitlines() if not line.startswith("//")))
    assert body == {
        "AuthenticationEnabled": True,
        "RegisteredUsers": {"ann": "***", "svc": "***"},
        "PacsconfPasswordVersions": {"ann": 2, "svc": 1},
    }


def test_passwords_do_not_stand_in_a_repository(hospital):
    ran = rendered(hospital, "--out", "users.json")
    assert (ran.code, "lies in the git repository" in ran.said) == (1, True)
    assert not (hospital.path / "users.json").exists()


def test_a_link_into_the_repository_is_followed_first(hospital, tmp_path):
    (tmp_path / "link").symlink_to(hospital.path)
    assert rendered(hospital, "--out", str(tmp_path / "link" / "users.json")).code == 1
    assert not (hospital.path / "users.json").exists()


def test_one_password_that_cannot_be_had_leaves_no_file(hospital, tmp_path, monkeypatch):
    monkeypatch.delenv("ANN")
    ran = rendered(hospital, "--out", str(tmp_path / "out" / "users.json"))
    assert (ran.code, "the environment variable ANN is not set" in ran.said) == (5, True)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("bad", ["ann", "ANN", "orthanc", "1234567"])
def test_a_password_that_is_tried_first_is_refused_without_being_told(hospital, tmp_path, monkeypatch, bad):
    monkeypatch.setenv("ANN", bad)
    ran = rendered(hospital, "--out", str(tmp_path / "users.json"))
    assert (ran.code, "the password of ann is one that is tried first" in ran.said) == (1, True)
    assert not (tmp_path / "users.json").exists()
    assert "1234567" not in ran.said


def test_a_password_goes_nowhere_that_the_operator_file_does_not_name(hospital, tmp_path):
    hospital.edit("url: http://127.0.0.1:", "url: http://localhost:", "systems")
    ran = rendered(hospital, "--out", str(tmp_path / "users.json"))
    assert ran.code == 5
    assert "A changed address in the inventory must not receive a password" in ran.said


def test_a_sites_own_template_never_sees_a_password(hospital, tmp_path):
    (hospital.path / "templates").mkdir()
    (hospital.path / "templates" / "who.md.j2").write_text(
        "{% for one in orthanc.logins %}\n{{ one.name }} {{ one.password }}\n{% endfor %}\n"
    )
    ran = hospital.here("render", "who", "pacs")
    assert ran.code == 0, ran
    assert ran.out.split() == [word for name in ("ann", "new", "old", "svc") for word in (name, "&#42;" * 3)]


def test_a_template_of_ones_own_in_json_is_kept_as_private_as_ours(hospital, tmp_path):
    (hospital.path / "templates").mkdir()
    (hospital.path / "templates" / "nginx.json.j2").write_text("{{ orthanc.registered | json }}\n")
    assert hospital.here("render", "nginx", "pacs").out == '{"ann": "***", "svc": "***"}\n'
    file = tmp_path / "nginx.json"
    assert hospital.here("render", "nginx", "pacs", "--out", str(file)).code == 0
    assert json.loads(file.read_text()) == {"ann": PASSWORDS["ANN"], "svc": PASSWORDS["OWN"]}
    assert file.stat().st_mode & 0o777 == 0o600
    assert hospital.here("render", "nginx", "pacs", "--out", "nginx.json").code == 1


def test_a_link_is_replaced_and_not_written_through(hospital, tmp_path):
    (tmp_path / "theirs").write_text("theirs")
    (tmp_path / "users.json").symlink_to(tmp_path / "theirs")
    assert rendered(hospital, "--out", str(tmp_path / "users.json"), "--force").code == 0
    assert (tmp_path / "theirs").read_text() == "theirs"
    assert not (tmp_path / "users.json").is_symlink()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("orthanc-users",), 64, "orthanc-users is about an Orthanc"),
        (("orthanc-users", "packs"), 1, 'there is no Orthanc "packs" in default; did you mean "pacs"?'),
    ],
)
def test_what_cannot_be_done_is_said(hospital, words, code, said):
    ran = hospital.here("render", *words)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.said


def test_nobody_left_who_could_sign_in_is_refused(hospital):
    hospital.edit('svc: {password: "env:OWN"}', 'svc: {password: "env:OWN", for: gone}', "systems")
    hospital.edit("roles: [reader]}\n  gone", "roles: [reader], ends: 2020-01-01}\n  gone", "people")
    ran = rendered(hospital)
    assert (ran.code, "nobody could sign in at Orthanc pacs" in ran.said) == (1, True)


# --- roles --------------------------------------------------------------------------------------------------------


def test_permissions_of_roles_are_rendered_and_what_cannot_be_said_is_told(hospital, tmp_path):
    file = tmp_path / "permissions.json"
    ran = hospital.here("render", "orthanc-permissions", "pacs", "--out", str(file))
    assert ran.code == 0, ran
    assert (
        "study:download (modality MG) is not given, since Orthanc cannot limit it to a modality" in ran.said
    )
    body = json.loads("\n".join(line for line in file.read_text().splitlines() if line[:2] != "//"))
    assert body == {"roles": {"doctor": {"authorized-labels": ["*"], "permissions": ["view"]}}}


def test_without_the_plugin_roles_have_no_effect(hospital):
    hospital.edit("    authorization: true\n", "", "systems")
    assert "error[PACS-USR-035]" in hospital.here("validate").err
    hospital.edit("    groups: {pacs: [doctor]}\n", "", "people")
    ran = hospital.here("render", "orthanc-permissions", "pacs")
    assert (ran.code, "has no authorization plugin" in ran.said) == (1, True)
    assert os.environ["OWN"] not in ran.said


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--logins",), 64, "name the system whose logins are tried: --system NAME"),
        (("--system", "packs", "--logins"), 1, 'there is no system "packs" in default; did you mean "pacs"?'),
    ],
)
def test_logins_are_tried_of_a_system_that_is_named(hospital, words, code, said):
    ran = hospital.here("doctor", *words)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.said
