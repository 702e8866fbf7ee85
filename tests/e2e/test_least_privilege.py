"""The accounts of docs/least-privilege.md: its snippets, as they stand there, on real servers."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ldap3
import pytest

from pacsconf.lab import orthanc, processes, slapd
from tests.e2e.conftest import HOSPITAL, Hospital

PAGE = Path(__file__).parents[2] / "docs" / "least-privilege.md"
BASE = "dc=example,dc=org"
ROOT = f"cn=DICOM Configuration,{BASE}"
CT_1 = f"dicomDeviceName=ct-1,cn=Devices,{ROOT}"
USER = f"uid=mmueller,ou=users,{BASE}"


def snippet(first_line: str) -> str:
    """The block of the page that begins with this line."""
    blocks: list[str] = re.findall(r"^```[a-z]*\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    (found,) = (block for block in blocks if block.startswith(f"{first_line}\n"))
    return found


LOOKS = snippet("# slapd.conf: the account that looks")
PINS = snippet("# slapd.conf: the account that looks, where dcm4chee keeps PINs")
WRITES = snippet("# slapd.conf: the account that writes")


@dataclass
class Tree:
    """A hospital's directory with the page's access rules before its own."""

    server: slapd.Slapd

    def as_(self, dn: str) -> ldap3.Connection:
        where = ldap3.Server(self.server.url, get_info=ldap3.NONE)
        return ldap3.Connection(where, dn, self.server.password, auto_bind=True, check_names=False)

    def fill(self) -> None:
        """The account that looks, and a person with a password."""
        admin = self.as_(self.server.admin_dn)
        classes = ["applicationProcess", "simpleSecurityObject"]
        look = {"cn": "pacsconf-look", "userPassword": self.server.password}
        assert admin.add(f"cn=pacsconf-look,{BASE}", classes, look), admin.result
        assert admin.add(f"ou=users,{BASE}", ["organizationalUnit"], {"ou": "users"}), admin.result
        person = {"uid": "mmueller", "cn": "M", "sn": "M", "userPassword": "hers"}
        assert admin.add(USER, ["inetOrgPerson"], person), admin.result
        admin.unbind()

    def entries(self) -> dict[str, Any]:
        """Everything, as the administrator sees it."""
        admin = self.as_(self.server.admin_dn)
        admin.search(BASE, "(objectClass=*)", attributes=["*", "+"])
        found = {entry["dn"]: entry["raw_attributes"] for entry in admin.response}
        admin.unbind()
        return found


@pytest.fixture(scope="module")
def shared_tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tree]:
    rules = (PINS, LOOKS, WRITES, "access to * by users read by * none")
    # Whoever the page does not lift the limit for gets three entries.
    options = slapd.Options(
        base=BASE, tls=False, tree=True, access=rules, limits=("* size=3 size.prtotal=3",)
    )
    with slapd.started(tmp_path_factory.mktemp("least") / "slapd", options) as server:
        tree = Tree(server)
        tree.fill()
        yield tree


@pytest.fixture
def tree(shared_tree: Tree) -> Tree:
    """The directory with nothing but its three containers."""
    admin = shared_tree.as_(shared_tree.server.admin_dn)
    for dn in sorted((dn for dn in shared_tree.entries() if dn.count(",") > 4), key=len, reverse=True):
        assert admin.delete(dn), admin.result
    admin.unbind()
    return shared_tree


As = Callable[..., Hospital]


@pytest.fixture
def signed_in(repository, tree: Tree, tmp_path, monkeypatch) -> As:
    """The hospital, whose directory is signed into by this account."""
    operator = tmp_path / "operator.toml"
    url = tree.server.url
    operator.write_text(
        f'[[secret]]\nref = "env:LDAP_PASSWORD"\nfor = "{url}"\n[environments]\nwrite = ["lab"]\n'
    )
    monkeypatch.setenv("PACSCONF_CONFIG", str(operator))
    monkeypatch.setenv("LDAP_PASSWORD", tree.server.password)
    made = repository(hospital=HOSPITAL)
    made.secrets.append(tree.server.password)

    def sign_in(account: str, mode: str) -> Hospital:
        made.file("systems").write_text(
            f'systems:\n  directory: {{type: dicom-directory, url: "{url}", base: "{BASE}", mode: {mode},\n'
            f'    bind: {{dn: "cn={account},{BASE}", password: env:LDAP_PASSWORD}}}}\n'
            'environments: {lab: {dial: {"*": none}}}\n'
        )
        return made

    return sign_in


@pytest.fixture
def filled(signed_in: As) -> As:
    """The same, everything applied by the account that writes."""
    signed_in("pacsconf", "write").applied()
    return signed_in


# --- a directory ------------------------------------------------------------------------------------------------


def test_the_account_that_writes_can_apply_and_has_all_rights(filled):
    hospital = filled("pacsconf", "write")
    assert "No changes." in hospital.ok("plan").out
    ran = hospital.ok("doctor", "--system", "directory")
    assert "✓ add and delete devices" in ran.out
    assert "✗" not in ran.out
    assert "?" not in ran.out
    assert ran.out.endswith("It may do all that mode: write needs.\n")


def test_the_account_that_writes_touches_neither_people_nor_passwords(filled, tree):
    writer = tree.as_(f"cn=pacsconf,{BASE}")
    before = tree.entries()
    for changes in ({"sn": "X"}, {"userPassword": "mine"}):
        assert not writer.modify(USER, {name: [("MODIFY_REPLACE", [text])] for name, text in changes.items()})
        assert writer.result["result"] in (32, 50), "no such thing, or not allowed"
    assert not writer.delete(USER)
    assert not writer.add(f"uid=eve,ou=users,{BASE}", ["inetOrgPerson"], {"cn": "E", "sn": "E"})
    assert not writer.search(f"ou=users,{BASE}", "(objectClass=*)", attributes=["*"])
    assert not writer.add(f"cn=other,{BASE}", ["applicationProcess"], {})
    writer.unbind()
    assert tree.entries() == before


def test_the_account_that_looks_sees_all_and_plans(filled, tree):
    hospital = filled("pacsconf-look", "read-only")
    before = tree.entries()
    plan = hospital.ok("plan")
    assert "No changes." in plan.out
    assert "subtree" not in plan.err
    hospital.edit("manufacturer: GE,", "manufacturer: Canon,")
    assert "~ directory/device/ct-2" in hospital.ok("plan").out
    ran = hospital.ok("doctor", "--system", "directory")
    assert ran.out.startswith("What the account of directory may do (read-only)\n")
    assert ran.out.endswith("It may do all that mode: read-only needs.\n")
    assert "Writing" not in ran.out
    assert tree.entries() == before


def test_drift_still_says_who_and_when(filled, tree):
    writer = tree.as_(tree.server.admin_dn)
    assert writer.modify(CT_1, {"dicomManufacturer": [("MODIFY_REPLACE", ["X"])]})
    writer.unbind()
    ran = filled("pacsconf-look", "read-only")("drift")
    assert ran.code == 2
    assert "by cn=admin, " in ran.out


def test_an_apply_by_the_account_that_looks_is_refused_and_nothing_is_written(filled, tree):
    hospital = filled("pacsconf-look", "write")
    hospital.edit("manufacturer: GE,", "manufacturer: Canon,")
    hospital.edit("manufacturer: SIEMENS, ae_title: CT1", "lifecycle: retired, ae_title: CT1")
    hospital.ok("plan", "--out", "plan.json")
    before = tree.entries()
    ran = hospital("apply", "plan.json")
    assert ran.code == 8
    assert "✗ failed directory/device/ct-2" in ran.said
    assert "the account that pacsconf uses may not do this" in ran.said
    assert "0 of " in ran.said
    assert tree.entries() == before

    ran = hospital("doctor", "--system", "directory")
    assert ran.code == 1
    assert "✗ change devices" in ran.out
    assert "✗ reserve and release AE titles" in ran.out
    assert f'grant (slapd): access to dn.subtree="{ROOT}" by ACCOUNT write' in ran.said
    assert "7 of the rights that mode: write needs are missing" in ran.said


def test_the_account_that_looks_sees_no_people_no_passwords_and_no_pins(filled, tree):
    admin = tree.as_(tree.server.admin_dn)
    pin = {"objectClass": [("MODIFY_ADD", ["dcmDevice"])], "dcmKeyStorePin": [("MODIFY_ADD", ["geheim"])]}
    assert admin.modify(CT_1, pin), admin.result
    admin.unbind()
    seen = {}
    for account in ("pacsconf-look", "pacsconf"):
        conn = tree.as_(f"cn={account},{BASE}")
        assert conn.search(CT_1, "(objectClass=*)", "BASE", attributes=["*"])
        seen[account] = "dcmKeyStorePin" in conn.response[0]["raw_attributes"]
        assert not conn.search(BASE, "(userPassword=*)", attributes=["userPassword"])
        assert not conn.search(f"ou=users,{BASE}", "(objectClass=*)", attributes=["*"])
        conn.unbind()
    assert seen == {"pacsconf-look": False, "pacsconf": True}


def test_a_right_that_is_more_than_read_only_needs_is_told(filled):
    ran = filled("pacsconf", "read-only").ok("doctor", "--system", "directory")
    assert "it may write too (change devices), which mode: read-only never does" in ran.said


def test_an_account_that_nobody_lifted_the_limit_for_is_told_so(filled, tree):
    admin = tree.as_(tree.server.admin_dn)
    admin.add(
        f"cn=other,{BASE}",
        ["applicationProcess", "simpleSecurityObject"],
        {"userPassword": tree.server.password},
    )
    admin.unbind()
    ran = filled("other", "read-only")("doctor", "--system", "directory")
    assert ran.code == 1
    assert "✗ read the DICOM configuration" in ran.out
    assert "size=unlimited" in ran.out


# --- an Orthanc -------------------------------------------------------------------------------------------------

SETTINGS = json.loads(snippet("{"))
PASSWORDS = {"pacsconf": "another password", "pacsconf-look": "a password"}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[orthanc.Orthanc]:
    """An Orthanc with the page's users and script, and one user of the hospital's own."""
    folder = tmp_path_factory.mktemp("least-orthanc")
    script = folder / "pacsconf.lua"
    script.write_text(
        snippet("-- pacsconf.lua: what the accounts of pacsconf may ask; every other account stays as it was")
    )
    users = {**SETTINGS["RegisteredUsers"], "web": "the hospital's"}
    settings = {**SETTINGS, "RegisteredUsers": users, "LuaScripts": [str(script)]}
    options = orthanc.Options(dicomweb=True, settings=settings)
    with orthanc.started(folder / "orthanc", options) as server:
        yield server


@pytest.fixture
def at_archive(repository, archive, tmp_path, monkeypatch) -> As:
    """The hospital, whose Orthanc is signed into by this account at this address."""
    operator = tmp_path / "operator.toml"
    monkeypatch.setenv("PACSCONF_CONFIG", str(operator))
    made = repository(hospital=HOSPITAL)
    made.secrets += PASSWORDS.values()

    def sign_in(account: str, mode: str, url: str = archive.url) -> Hospital:
        operator.write_text(
            f'[[secret]]\nref = "env:WEB_PASSWORD"\nfor = "{url}"\n[environments]\nwrite = ["lab"]\n'
        )
        monkeypatch.setenv("WEB_PASSWORD", PASSWORDS[account])
        made.file("systems").write_text(
            f'systems:\n  orthanc: {{type: orthanc, url: "{url}", ae: archive, mode: {mode},\n'
            f"    login: {{user: {account}, password: env:WEB_PASSWORD}}}}\n"
            'environments: {lab: {dial: {"*": none}}}\n'
        )
        return made

    return sign_in


def asked(server: orthanc.Orthanc, user: str, password: str, method: str, path: str) -> int:
    """The status of one request."""
    command = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-u", f"{user}:{password}"]
    done = subprocess.run(
        [*command, "-X", method, f"{server.url}{path}"], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def test_orthanc_lets_the_account_that_writes_apply(at_archive):
    hospital = at_archive("pacsconf", "write")
    hospital.applied()
    assert "No changes." in hospital.ok("plan").out
    ran = hospital.ok("doctor", "--system", "orthanc")
    assert ran.out.endswith("It may do all that mode: write needs.\n")


def test_orthanc_lets_the_account_that_looks_plan_and_nothing_more(at_archive, archive):
    at_archive("pacsconf", "write").applied()
    hospital = at_archive("pacsconf-look", "write")
    hospital.edit("host: 10.20.4.18", "host: 10.20.4.19")
    hospital.ok("plan", "--out", "plan.json")
    ran = hospital("apply", "plan.json")
    assert ran.code == 8
    assert "✗ failed" in ran.said
    assert "0 of " in ran.said
    hospital = at_archive("pacsconf-look", "read-only")
    hospital.edit("host: 10.20.4.19", "host: 10.20.4.18")
    assert "No changes" in hospital.ok("plan").out, "nothing was written"
    assert "It may do all that mode: read-only needs." in hospital.ok("doctor", "--system", "orthanc").out


def test_orthanc_shows_neither_account_a_patient(archive):
    for user, password in PASSWORDS.items():
        for path in ("/patients", "/studies", "/instances", "/tools/find"):
            assert asked(archive, user, password, "GET", path) == 403
        assert asked(archive, user, password, "POST", "/modalities/CT1/echo") == 403
        assert asked(archive, user, password, "POST", "/tools/reset") == 403
    assert asked(archive, "web", "the hospital's", "GET", "/patients") == 200, "others stay as they were"


# --- a proxy ----------------------------------------------------------------------------------------------------

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin")


@contextmanager
def proxy(configuration: Path, port: int) -> Iterator[None]:
    """nginx in the foreground, ended by its own process: it gives itself other names than it was started with."""
    with (configuration.parent / "log").open("wb") as log:
        process = subprocess.Popen([str(NGINX), "-c", str(configuration)], stderr=log)
    try:
        until = time.monotonic() + 10
        while not processes.answers(port) and process.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_a_proxy_that_only_lets_looking_through(at_archive, archive, tmp_path):
    port = processes.free_port()
    text = snippet("# nginx: an address at which Orthanc can only be looked at")
    text = text.replace("127.0.0.1:8043", f"127.0.0.1:{port}").replace("127.0.0.1:8042", archive.url[7:])
    configuration = tmp_path / "nginx.conf"
    configuration.write_text(
        f"daemon off; pid {tmp_path}/pid; error_log {tmp_path}/errors;\nevents {{}}\n"
        f"http {{ access_log off; client_body_temp_path {tmp_path}/body; proxy_temp_path {tmp_path}/proxy;\n"
        f"fastcgi_temp_path {tmp_path}/f; uwsgi_temp_path {tmp_path}/u; scgi_temp_path {tmp_path}/s;\n{text}}}\n"
    )
    at_archive("pacsconf", "write").applied()
    with proxy(configuration, port):
        hospital = at_archive("pacsconf", "write", f"http://127.0.0.1:{port}")
        assert "No changes" in hospital.ok("plan").out
        ran = hospital("doctor", "--system", "orthanc")
        assert ran.code == 1
        assert "✗ write the modalities" in ran.out


# --- what has no account ----------------------------------------------------------------------------------------


def test_a_system_that_is_not_declared_is_named_with_those_that_are(small):
    ran = small("doctor", "--system", "memroy")
    assert ran.code == 1
    assert 'there is no system "memroy" in lab; did you mean "memory"?' in ran.said


def test_a_system_without_an_account_says_so_kindly(small, repository):
    assert "do not tell what an account may do" in small.ok("doctor", "--system", "memory").said
    systems = "systems: {ris: {type: console, ae: ct-1/CT1}}\nenvironments: {lab: {}}\n"
    hospital = repository("other.git", hospital=HOSPITAL, systems=systems)
    assert "pacsconf signs in nowhere there" in hospital.ok("doctor", "--system", "ris").said


def test_a_system_that_is_down_or_lets_nobody_in_ends_as_everywhere(signed_in, tree, monkeypatch):
    hospital = signed_in("pacsconf-look", "read-only")
    monkeypatch.setenv("LDAP_PASSWORD", "not-the-password")
    ran = hospital("doctor", "--system", "directory")
    assert ran.code == 1
    assert f"does not let cn=pacsconf-look,{BASE} in: the name or the password is wrong" in ran.said
    text = hospital.file("systems").read_text()
    hospital.file("systems").write_text(text.replace(tree.server.url, "ldap://127.0.0.1:1"))
    assert hospital("doctor", "--system", "directory").code == 9


def test_looking_at_one_system_writes_no_operator_file(small):
    assert small("doctor", "--system", "memory", "--write").code == 64
