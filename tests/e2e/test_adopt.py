"""adopt: a hospital that other programs filled becomes an inventory that plans to no change at all."""

from __future__ import annotations

import base64
import json
import subprocess
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pacsconf.lab import orthanc, slapd
from tests import archive_tree
from tests.e2e.conftest import Ran, here

BASE = "dc=hospital,dc=example"
ROOT = f"cn=DICOM Configuration,{BASE}"
CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
FIND, WORKLIST, VERIFICATION = "1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.5.1.4.31", "1.2.840.10008.1.1"
SCANNER = [(CT, "SCU"), (VERIFICATION, "SCP")]
ARCHIVE = [(CT, "SCP"), (MR, "SCP"), (FIND, "SCP"), (VERIFICATION, "SCP")]
VIEWER = f"cn=viewer,{BASE}"
SIGN_IN = ("--bind-dn", VIEWER, "--password", "env:DIRECTORY_PASSWORD")
LOG_IN = ("--user", "viewer", "--password", "env:ORTHANC_PASSWORD")
ASKS = ("Find", "Move", "Get", "FindWorklist", "NAction", "EventReport")
SENDS_ONLY = dict.fromkeys((f"Allow{right}" for right in ASKS), False)


def entries_of(
    name: str, title: str, host: str, port: int, does: Iterable[tuple[str, str]], prefers: str = ""
) -> Iterator[str]:
    """The LDIF records of a device, as the program of an archive writes them."""
    device = f"dicomDeviceName={name},cn=Devices,{ROOT}"
    ae = f"dicomAETitle={title},{device}"
    roles = {role for _, role in does}
    yield f"dn: {device}\nobjectClass: dicomDevice\ndicomDeviceName: {name}\ndicomInstalled: TRUE"
    yield (
        f"dn: cn=dicom,{device}\nobjectClass: dicomNetworkConnection\ncn: dicom\n"
        f"dicomHostname: {host}\ndicomPort: {port}"
    )
    yield (
        f"dn: dicomAETitle={title},cn=Unique AE Titles Registry,{ROOT}\n"
        f"objectClass: dicomUniqueAETitle\ndicomAETitle: {title}"
    )
    yield (
        f"dn: {ae}\nobjectClass: dicomNetworkAE\ndicomAETitle: {title}\n"
        f"dicomNetworkConnectionReference: cn=dicom,{device}\n"
        f"dicomAssociationInitiator: {str('SCU' in roles).upper()}\n"
        f"dicomAssociationAcceptor: {str('SCP' in roles).upper()}"
        + (f"\ndicomPreferredCalledAETitle: {prefers}" if prefers else "")
    )
    for number, (uid, role) in enumerate(does):
        yield (
            f"dn: cn=tc{number},{ae}\nobjectClass: dicomTransferCapability\ncn: tc{number}\n"
            f"dicomSOPClass: {uid}\ndicomTransferRole: {role}\ndicomTransferSyntax: 1.2.840.10008.1.2"
        )


@dataclass(frozen=True)
class Directory:
    """A directory, and the program that fills it."""

    server: slapd.Slapd

    @property
    def url(self) -> str:
        return self.server.url

    def fill(self, *records: str) -> None:
        self._admin("ldapadd", "\n\n".join((*CONTAINERS, *records)) + "\n")

    def load(self, text: str) -> None:
        """A whole tree, as an export has it."""
        self._admin("ldapadd", text)

    def modify(self, *lines: str) -> None:
        """What somebody changes by hand: an entry's `dn:`, and how."""
        self._admin("ldapmodify", "\n".join((lines[0], "changetype: modify", *lines[1:])) + "\n")

    def empty(self) -> None:
        self._admin("ldapdelete", "", "-r", ROOT, check=False)

    def export(self, path: Path) -> Path:
        command = ("ldapsearch", "-LLL", "-x", "-H", self.url, "-b", BASE)
        done = subprocess.run(
            [*command, "-D", VIEWER, "-w", self.server.password], capture_output=True, check=True
        )
        path.write_bytes(done.stdout)
        return path

    def _admin(self, program: str, ldif: str, *more: str, check: bool = True) -> None:
        sign_in = ("-x", "-H", self.url, "-D", self.server.admin_dn, "-w", self.server.password)
        done = subprocess.run(
            [program, *sign_in, *more], input=ldif, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0 or not check, done.stderr


CONTAINERS = (
    f"dn: {ROOT}\nobjectClass: dicomConfigurationRoot\ncn: DICOM Configuration",
    f"dn: cn=Devices,{ROOT}\nobjectClass: dicomDevicesRoot\ncn: Devices",
    (
        f"dn: cn=Unique AE Titles Registry,{ROOT}\nobjectClass: dicomUniqueAETitlesRegistryRoot\n"
        "cn: Unique AE Titles Registry"
    ),
)
SMALL = (
    *entries_of("ct-room-1", "CT_1", "10.20.4.1", 104, SCANNER, prefers="ARCHIVE"),
    *entries_of("ct-room-2", "CT_2", "10.20.4.2", 104, SCANNER, prefers="ARCHIVE"),
    *entries_of("pacs", "ARCHIVE", "10.20.0.5", 11112, ARCHIVE),
)


@dataclass(frozen=True)
class Server:
    """An Orthanc, and the program that fills it."""

    orthanc: orthanc.Orthanc

    @property
    def url(self) -> str:
        return self.orthanc.url

    def put(self, alias: str, title: str, host: str, port: int = 104, **more: Any) -> None:
        self._send("PUT", f"modalities/{alias}", {"AET": title, "Host": host, "Port": port, **more})

    def put_peer(self, name: str, **keys: Any) -> None:
        self._send("PUT", f"peers/{name}", keys)

    def empty(self) -> None:
        for kind in ("modalities", "peers"):
            for name in json.loads(self._send("GET", kind)):
                self._send("DELETE", f"{kind}/{name}")

    def _send(self, method: str, path: str, body: Any = None) -> bytes:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/{path}", data, method=method)  # noqa: S310
        account = f"{self.orthanc.user}:{self.orthanc.password}".encode()
        request.add_header("Authorization", f"Basic {base64.b64encode(account).decode()}")
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            found: bytes = answer.read()
            return found


@pytest.fixture(scope="module")
def started_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Directory]:
    with slapd.started(tmp_path_factory.mktemp("slapd")) as server:
        yield Directory(server)


@pytest.fixture(scope="module")
def started_orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    options = orthanc.Options(aet="ARCHIVE")
    with orthanc.started(tmp_path_factory.mktemp("orthanc") / "data", options) as server:
        yield Server(server)


@pytest.fixture
def directory(started_directory: Directory) -> Iterator[Directory]:
    """A directory that holds nothing yet."""
    yield started_directory
    started_directory.empty()


@pytest.fixture
def server(started_orthanc: Server) -> Iterator[Server]:
    """An Orthanc that knows nobody yet."""
    yield started_orthanc
    started_orthanc.empty()


@dataclass(frozen=True)
class Desk:
    """A folder with nothing in it, and the command line there; nobody is there to be asked."""

    path: Path
    env: dict[str, str]
    secrets: tuple[str, ...]

    def __call__(self, *args: str) -> Ran:
        ran = here(self.path, args)
        assert not any(secret in ran.out + ran.err for secret in self.secrets)
        return ran

    def ok(self, *args: str) -> Ran:
        ran = self(*args)
        assert ran.code == 0, ran
        return ran

    def git(self, *args: str) -> None:
        subprocess.run(["git", *args], cwd=self.path, env=self.env, check=True, capture_output=True)

    def begin(self) -> None:
        """What adopt says is to be done next."""
        self.git("init", "-q")
        self.git("add", "inventory")
        self.git("commit", "-q", "-m", "Adopt")
        self.ok("record", "init")

    def trust(self, **places: str) -> None:
        """An operator file that binds each secret to its place."""
        file = Path(self.env["PACSCONF_CONFIG"])
        blocks = [f'[[secret]]\nref = "env:{name}"\nfor = "{place}"\n' for name, place in places.items()]
        file.write_text("\n".join(blocks))
        file.chmod(0o600)

    def edit(self, before: str, after: str) -> None:
        """Replace a text that stands in just one file, once."""
        (file,) = (each for each in self.path.rglob("inventory/**/*.yaml") if before in each.read_text())
        text = file.read_text()
        assert text.count(before) == 1
        file.write_text(text.replace(before, after))

    def files(self) -> dict[str, str]:
        """The inventory's files by path below it."""
        folder = self.path / "inventory"
        return {str(each.relative_to(folder)): each.read_text() for each in sorted(folder.rglob("*.yaml"))}

    def changes(self) -> list[tuple[str, str]]:
        """What plan would do: action and address."""
        plan = self.ok("plan", "--format", "json").json
        return [
            (change["action"], (change["after"] or change["before"])["address"]) for change in plan["changes"]
        ]


@pytest.fixture
def desk(
    tmp_path: Path,
    surroundings: dict[str, str],
    started_directory: Directory,
    started_orthanc: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> Desk:
    folder = tmp_path / "hospital"
    folder.mkdir()
    passwords = (started_directory.server.password, started_orthanc.orthanc.password)
    own = {
        "PACSCONF_CONFIG": str(tmp_path / "operator.toml"),
        "DIRECTORY_PASSWORD": passwords[0],
        "ORTHANC_PASSWORD": passwords[1],
    }
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    made = Desk(folder, surroundings | own, passwords)
    made.trust(DIRECTORY_PASSWORD=started_directory.url, ORTHANC_PASSWORD=started_orthanc.url)
    return made


# --- a first source -----------------------------------------------------------------------------------------------


def test_the_file_of_the_authority_is_committed_with_the_inventory(desk: Desk, directory: Directory) -> None:
    directory.fill(*SMALL)
    (desk.path / "ca.pem").write_bytes(directory.server.ca_file.read_bytes())
    by_tls = ("--url", directory.server.tls_url, "--ca-file", "ca.pem")
    told = desk.ok("adopt", "ldap", *by_tls, *SIGN_IN)
    assert "git add inventory ca.pem && git commit -m 'Adopt directory'" in told.out


def test_an_adopted_directory_plans_to_no_change_and_then_to_what_was_edited(
    desk: Desk, directory: Directory
) -> None:
    directory.fill(*SMALL)
    told = desk.ok("adopt", "ldap", "--url", directory.url, *SIGN_IN)
    assert "3 devices, 3 AE titles, 3 connections, 8 transfer capabilities" in told.said
    assert told.out.splitlines()[-4:] == [
        "Next: git init",
        "      git add inventory && git commit -m 'Adopt directory'",
        "      pacsconf record init",
        "      pacsconf plan",
    ]
    assert desk.ok("validate").out.startswith("No errors · 3 devices")
    desk.begin()
    assert "No changes." in desk.ok("plan").out
    desk.edit("10.20.4.2", "10.20.4.22")
    assert desk.changes() == [("update", "directory/network-connection/ct-room-2/dicom")]
    plan = desk.ok("plan", "--out", "plan.json")
    assert "1 to change on 1 device" in plan.out
    assert "Nothing of this is applied: directory (inventory/systems.yaml:9) is read-only." in plan.said
    refused = desk("apply", "plan.json")  # before anybody is asked to let this environment be written
    assert refused.code == 5
    assert "every change is in a read-only system (directory)" in refused.said


def test_an_archive_as_it_is_delivered_is_adopted_with_a_few_sets_and_plans_to_no_change(
    desk: Desk, directory: Directory
) -> None:
    directory.load(archive_tree.text(BASE))
    told = desk.ok("adopt", "ldap", "--url", directory.url, *SIGN_IN)
    assert "1366 transfer capabilities" in " ".join(told.out.split())
    assert "Capability sets found, with their AE titles  archive-query-retrieve (7)" in " ".join(
        told.out.split("\n")
    )
    inventory = desk.path / "inventory"
    text = (inventory / "capability-sets.yaml").read_text()
    assert text.count("\n") < 240
    desk.begin()
    assert "No changes." in desk.ok("plan").out
    desk.ok("adopt", "ldap", "--url", directory.url, *SIGN_IN, "--into", "again/inventory")
    for file in inventory.rglob("*.yaml"):
        assert (desk.path / "again" / file.relative_to(desk.path)).read_text() == file.read_text()
    (inventory / "capability-sets.yaml").write_text(text.replace("jpeg2000, rle-lossless", "jpeg2000"))
    changes = desk.changes()
    assert len(changes) > 100
    assert {action for action, _ in changes} == {"update"}
    assert {address.split("/")[1] for _, address in changes} == {"transfer-capability"}


def test_what_a_vendor_added_to_a_device_keeps_nothing_out_of_the_record(
    desk: Desk, directory: Directory
) -> None:
    pacs = f"dicomDeviceName=pacs,cn=Devices,{ROOT}"
    directory.fill(*SMALL)
    directory.modify(f"dn: cn=dicom,{pacs}", "add: objectClass", "objectClass: dcmNetworkConnection", "-",
                     "add: dcmTLSProtocol", "dcmTLSProtocol: TLSv1.2")  # fmt: skip
    desk.ok("adopt", "ldap", "--url", directory.url, *SIGN_IN)
    desk.begin()
    plan = desk.ok("plan").out
    assert "No changes." in plan
    assert "Into the record" not in plan
    directory.modify(f"dn: cn=dicom,{pacs}", "replace: dicomPort", "dicomPort: 11113")
    drift = desk("drift")
    assert drift.code == 2
    assert "! directory/network-connection/pacs/dicom" in drift.out


def test_an_adopted_orthanc_plans_to_no_change_and_then_to_what_was_edited(
    desk: Desk, server: Server
) -> None:
    server.put("scanner", "CT_1", "10.20.4.1", **SENDS_ONLY)
    server.put("WS_1", "WS_1", "10.20.9.1", Manufacturer="Vitrea", Timeout=20, LocalAet="OTHER")
    server.put_peer("north", Url="http://10.1.1.1:8042/", Username="bob", Password="not-to-be-told")
    told = desk.ok("adopt", "orthanc", "--url", server.url, *LOG_IN)
    assert "2 peers, 1 Orthanc peer" in told.said
    assert "signs in as bob; its password cannot be read" in told.said
    desk.begin()
    assert "No changes." in desk.ok("plan").out
    assert "{ae: ct-1/CT_1, allow: [echo, store, transcoding]}" in desk.files()["systems.yaml"]
    desk.edit("10.20.4.1", "10.20.4.11")
    assert desk.changes() == [("update", "orthanc/peer/scanner")]


def test_what_no_inventory_can_hold_stays_unmanaged_and_titles_that_come_twice_stay(
    desk: Desk, server: Server
) -> None:
    server.put("odd", "A_TITLE_THAT_IS_TOO_LONG", "10.20.7.1")
    server.put("us", "US_1", "10.20.7.2")
    server.put("us-old", "US_1", "10.20.7.3")
    server.put("itself", "ARCHIVE", "127.0.0.1", 4242)
    told = desk.ok("adopt", "orthanc", "--url", server.url, *LOG_IN, "--owner", "radiology-it")
    assert 'Peer "odd" is left unmanaged: an AE title has at most 16 characters' in told.said
    assert "PACS-AE-003 AE title US_1 belongs to two devices, us-1 and us-1-2" in told.said
    assert "itself: {ae: archive/ARCHIVE, port: 4242, allow: all}" in desk.files()["systems.yaml"]
    assert "owner: radiology-it" in desk.files()["baseline.yaml"]
    desk.begin()
    plan = desk.ok("plan", "--show-unmanaged").out
    assert "No changes." in plan
    assert "orthanc/peer/odd" in plan


def test_an_export_gives_devices_and_with_an_address_the_directory_too(
    desk: Desk, directory: Directory, tmp_path: Path
) -> None:
    directory.fill(*SMALL)
    export = directory.export(tmp_path / "export.ldif")
    desk.ok("adopt", "ldif", str(export), "--dry-run")
    assert desk.files() == {}
    told = desk.ok("adopt", "ldif", str(export))
    assert told.out.splitlines()[-1] == "      pacsconf validate"
    assert "systems.yaml" not in desk.files()
    assert desk.ok("validate").out.startswith("No errors · 3 devices")

    other = Desk(tmp_path / "other", desk.env, desk.secrets)
    other.path.mkdir()
    other.ok("adopt", "ldif", str(export), "--url", directory.url, *SIGN_IN)
    other.begin()
    assert "No changes." in other.ok("plan").out


def test_five_hundred_peers_are_adopted_in_one_go(desk: Desk, server: Server) -> None:
    for number in range(500):
        server.put(f"peer{number}", f"CT_{number}", f"10.{number // 200}.4.{number % 200 + 1}")
    told = desk.ok("adopt", "orthanc", "--url", server.url, *LOG_IN)
    assert "500 peers" in told.said
    desk.begin()
    assert desk.changes() == []


# --- a second source ----------------------------------------------------------------------------------------------


def test_a_second_source_is_merged_by_title_and_differences_are_shown(
    desk: Desk, directory: Directory, server: Server
) -> None:
    directory.fill(*SMALL)
    server.put("scanner", "CT_1", "10.20.4.1")
    server.put("CT_2", "CT_2", "10.99.4.2", 105)
    server.put("us", "US_1", "10.20.7.2")
    desk.ok("adopt", "ldap", "--url", directory.url, *SIGN_IN)
    desk.begin()
    before = desk.files()
    told = desk.ok("adopt", "orthanc", "--url", server.url, *LOG_IN)
    assert before.items() <= desk.files().items()
    systems = desk.files()["systems-orthanc.yaml"]
    assert "ae: pacs/ARCHIVE\n" in systems
    assert "scanner: {ae: ct-room-1/CT_1, allow: all}" in systems
    assert "CT_2: {ae: ct-room-2/CT_2, host: 10.99.4.2, port: 105, allow: all}" in systems
    assert "us: {ae_title: US_1, host: 10.20.7.2, port: 104, allow: all}" in systems
    assert "CT_2 10.20.4.2:104 (inventory/devices/ct.yaml:5) 10.99.4.2:105" in told.said
    assert "1 device not declared, since other systems would get it too: us-1" in told.said
    assert told.out.splitlines()[-1] == "      pacsconf plan"
    assert desk.changes() == []
    desk.edit("host: 10.20.4.1,", "host: 10.20.4.11,")
    assert desk.changes() == [
        ("update", "directory/network-connection/ct-room-1/dicom"),
        ("update", "orthanc/peer/scanner"),
    ]


def test_a_directory_adopted_second_leaves_declared_devices_alone_under_either_name(
    desk: Desk, directory: Directory, server: Server
) -> None:
    directory.fill(*SMALL)
    server.put("scanner", "CT_1", "10.20.4.1")
    server.put("us", "US_1", "10.20.7.2")
    desk.ok("adopt", "orthanc", "--url", server.url, *LOG_IN)
    desk.begin()
    told = desk.ok("adopt", "ldap", "--url", directory.url, *SIGN_IN)
    assert "ct-1 (inventory/devices/others.yaml:4) is called ct-room-1 there" in told.said
    assert "Declared, and not in directory; ignored there: us-1" in told.said
    assert desk.changes() == []
    assert "ct-room-2" in desk.files()["devices/ct.yaml"]
    assert "ct-room-1" not in desk.files()["devices/ct.yaml"]


def test_a_device_is_joined_by_giving_it_the_directorys_name_and_removing_what_is_ignored(
    desk: Desk, directory: Directory, server: Server
) -> None:
    directory.fill(*SMALL)
    server.put("scanner", "CT_1", "10.20.4.1")
    desk.ok("adopt", "orthanc", "--url", server.url, *LOG_IN)
    desk.begin()
    desk.ok("adopt", "ldap", "--url", directory.url, *SIGN_IN)
    desk.edit("  ct-1: {", "  ct-room-1: {")
    desk.edit("{ae: ct-1/CT_1", "{ae: ct-room-1/CT_1")
    system = desk.path / "inventory" / "systems-directory.yaml"
    lines = [
        line for line in system.read_text().splitlines() if "/ct-room-1" not in line and "/ct-1" not in line
    ]
    system.write_text("\n".join(lines) + "\n")
    assert all("ct-room-1" in address for _, address in desk.changes())
    assert desk.changes()


def test_a_source_that_is_declared_and_a_name_that_is_taken_are_refused(
    desk: Desk, directory: Directory, server: Server
) -> None:
    directory.fill(*SMALL)
    server.put("scanner", "CT_1", "10.20.4.1")
    desk.ok("adopt", "ldap", "--url", directory.url, *SIGN_IN)
    before = desk.files()
    twice = desk("adopt", "ldap", "--url", directory.url, *SIGN_IN, "--name", "other")
    assert (twice.code, "is adopted already: it is system directory" in twice.said) == (1, True)
    taken = desk("adopt", "orthanc", "--url", server.url, *LOG_IN, "--name", "directory")
    assert (taken.code, "--name directory-2" in taken.said) == (1, True)
    assert desk.files() == before


# --- beside what exists, and what goes wrong ----------------------------------------------------------------------


def test_files_that_are_there_are_kept_and_new_ones_get_other_names(desk: Desk, directory: Directory) -> None:
    directory.fill(*SMALL)
    mine = desk.path / "inventory" / "devices" / "ct.yaml"
    mine.parent.mkdir(parents=True)
    mine.write_text("devices:\n  x-1: {type: printer, ae_title: PRINTER, host: 10.1.1.1, port: 104}\n")
    desk.ok("adopt", "ldap", "--url", directory.url, *SIGN_IN)
    files = desk.files()
    assert files["devices/ct.yaml"].startswith("devices:\n  x-1:")
    assert "ct-room-1" in files["devices/ct-directory.yaml"]
    desk.begin()
    assert desk.changes() == []


def test_an_inventory_that_does_not_stand_is_shown_and_nothing_is_written(
    desk: Desk, directory: Directory
) -> None:
    directory.fill(*SMALL)
    mine = desk.path / "inventory" / "mine.yaml"
    mine.parent.mkdir()
    mine.write_text("devices:\n  x-1: {typ: printer}\n")
    ran = desk("adopt", "ldap", "--url", directory.url, *SIGN_IN)
    assert (ran.code, 'Unknown key "typ"' in ran.said) == (3, True)
    assert list(desk.files()) == ["mine.yaml"]


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("ldap", "--bind-dn", VIEWER, "--password", "env:ORTHANC_PASSWORD"), 1, "the password is wrong"),
        (("ldap", "--bind-dn", VIEWER, "--password", "env:NO_SUCH"), 5, "NO_SUCH is not set"),
        (("orthanc", "--user", "viewer", "--password", "env:DIRECTORY_PASSWORD"), 1, "password"),
    ],
    ids=["directory", "no-secret", "orthanc"],
)
def test_wrong_credentials_write_nothing(
    desk: Desk, directory: Directory, server: Server, args: tuple[str, ...], code: int, said: str
) -> None:
    url = directory.url if args[0] == "ldap" else server.url
    ran = desk("adopt", args[0], "--url", url, *args[1:])
    assert (ran.code, said in ran.said) == (code, True), ran
    assert not (desk.path / "inventory").exists()


@pytest.mark.parametrize(
    ("command", "url"), [("ldap", "ldap://127.0.0.1:1"), ("orthanc", "http://127.0.0.1:1")]
)
def test_a_source_that_does_not_answer_writes_nothing(desk: Desk, command: str, url: str) -> None:
    ran = desk("adopt", command, "--url", url)
    assert ran.code == 9, ran
    assert not (desk.path / "inventory").exists()


def test_a_source_that_holds_nothing_is_said_to_and_writes_nothing(desk: Desk, directory: Directory) -> None:
    ran = desk("adopt", "ldap", "--url", directory.url, *SIGN_IN)
    assert (ran.code, "nothing was found in" in ran.said) == (1, True)
    assert not (desk.path / "inventory").exists()


@pytest.mark.parametrize(
    "args",
    [
        ("ldap",),
        ("ldap", "--url", "https://example.org"),
        ("orthanc", "--url", "ldap://example.org"),
        ("ldap", "--url", "ldap://bob:pw@example.org"),
        ("ldap", "--url", "ldap://example.org", "--into", "elsewhere"),
        ("ldap", "--url", "ldap://example.org", "--name", "a/b"),
    ],
    ids=lambda args: " ".join(args),
)
def test_a_command_line_that_cannot_be_meant_is_wrong_usage(desk: Desk, args: tuple[str, ...]) -> None:
    assert desk("adopt", *args).code == 64


# --- flows, secrets, machines -------------------------------------------------------------------------------------


def test_flows_are_inferred_from_what_devices_prefer_to_call(desk: Desk, directory: Directory) -> None:
    directory.fill(*SMALL)
    desk.ok("adopt", "ldap", "--url", directory.url, *SIGN_IN, "--infer-flows")
    assert (
        "modalities-to-archive: {from: {ae_title: [CT_1, CT_2]}, to: {ae_title: ARCHIVE}"
        in (desk.files()["flows.yaml"])
    )
    desk.begin()
    assert desk.changes() == []


def test_flows_are_inferred_from_rights_and_those_that_say_nothing_are_proposed_only(
    desk: Desk, server: Server
) -> None:
    server.put("scanner", "CT_1", "10.20.4.1", **SENDS_ONLY)
    server.put("other", "MR_1", "10.20.4.2")
    told = desk.ok("adopt", "orthanc", "--url", server.url, *LOG_IN, "--infer-flows", "--format", "json").json
    assert told["flows"] == ["ct-1-to-archive"]
    assert list(told["proposals"]) == ["mr-1-to-archive"]
    assert all(line.startswith("#") or not line for line in desk.files()["flows-proposed.yaml"].splitlines())
    assert "warning" not in desk.ok("validate").out, (
        "what a peer does is not known, so nothing is wrong with it"
    )
    desk.begin()
    assert desk.changes() == []


def test_without_a_binding_the_lines_for_the_operator_file_are_printed(desk: Desk, server: Server) -> None:
    server.put("scanner", "CT_1", "10.20.4.1")
    Path(desk.env["PACSCONF_CONFIG"]).unlink()
    desk.trust()
    told = desk.ok("adopt", "orthanc", "--url", server.url, *LOG_IN)
    assert f'    ref = "env:ORTHANC_PASSWORD"\n    for = "{server.url}"\n' in told.out


@pytest.mark.parametrize("answer", ["y", "n"])
def test_a_person_is_asked_whether_the_secret_may_go_there_later_too(
    desk: Desk, server: Server, repository: Callable[..., Any], answer: str
) -> None:
    server.put("scanner", "CT_1", "10.20.4.1")
    file = Path(desk.env["PACSCONF_CONFIG"])
    file.unlink()
    desk.trust(DIRECTORY_PASSWORD="ldap://elsewhere.example.org:389")
    before = file.read_text()
    hospital = repository("on-terminal")
    hospital.env |= desk.env
    ran = hospital.on_terminal("adopt", "orthanc", "--url", server.url, *LOG_IN, answers=f"{answer}\n")
    assert ran.code == 0, ran
    asked = f"May env:ORTHANC_PASSWORD be sent to {server.url} by later commands too ({file})? [y/N]"
    assert asked in ran.said
    added = f'\n[[secret]]\nref = "env:ORTHANC_PASSWORD"\nfor = "{server.url}"\n'
    assert file.read_text() == (before + added if answer == "y" else before)
    assert ("Before plan can sign in" in ran.out) == (answer == "n")
