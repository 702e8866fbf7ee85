"""Benches: what the contract suite needs of a system's backend in order to test the system on it.

To run the suite on a system of your own, write a bench and name it:

    PACSCONF_BENCH=yourpackage.bench:YourBench pytest tests/contract

A bench is made once for all tests with a folder for its files; `reset` empties the backend before each test.
"""

from __future__ import annotations

import csv
import errno
import json
import os
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import httpx2
import ldap3
import pytest

from pacsconf.core.address import Address
from pacsconf.core.attestation import Attestation
from pacsconf.core.change import Change, Outcome
from pacsconf.core.resource import Snapshot
from pacsconf.core.secret import Secret
from pacsconf.inventory.accounts import AccountsConfig
from pacsconf.inventory.model import (
    Connection,
    Device,
    Flow,
    HL7Application,
    Inventory,
    NetworkAE,
    Selector,
)
from pacsconf.inventory.people import Grant, JobRole, PasswordPolicy, Security, User
from pacsconf.inventory.retention import LegalHold, Retention
from pacsconf.inventory.systems import (
    Bind,
    ConsoleConfig,
    DirectoryConfig,
    Login,
    MemoryConfig,
    OrthancConfig,
)
from pacsconf.lab import orthanc, slapd
from pacsconf.systems.accounts import AccountsSystem
from pacsconf.systems.base import System
from pacsconf.systems.console import ConsoleSystem
from pacsconf.systems.dicom_directory import DicomDirectory
from pacsconf.systems.memory import MemorySystem
from pacsconf.systems.orthanc import OrthancSystem
from tests.accounts_lab import GROUPS, PEOPLE, POLICIES, Branch, Groups, Layout, started
from tests.fronts import PAGE, front, half
from tests.made_up import MadeUp, put

SECRET = "hunter2-never-shown"


class Bench(Protocol):
    """One backend under test.

    `text_field` is a kind and a field of it that holds one text, which an inventory of this bench sets by
    `devices.*.manufacturer`; `words`, where a bench has them, are what stands there then. `root` is what stands for
    the device ct-2 with the title CT_1 in an address of that kind; `secret` is a password that the system is
    given. `shelters` tells whether the backend can hold somebody else's things on a resource of ours; `keeps`, that
    nothing is ever deleted there: what is named no more is closed.
    """

    name: str
    secret: str
    text_field: tuple[str, str]
    root: str
    shelters: bool
    keeps: bool

    def __init__(self, folder: Path) -> None: ...

    def inventory(self, devices: Inventory) -> Inventory:
        """The suite's hospital of devices, with what more it takes for this system to hold something of them."""

    def reset(self) -> None:
        """Empty the backend of everything that the system could see."""

    def system(self) -> System:
        """A new system object on the backend, as the engine makes one for each command."""

    def rest(self) -> None:
        """Close every system object made since the last reset."""

    def edit(self, address: Address, field: str, value: str) -> None:
        """Change one text field behind the system's back."""

    def decorate(self, address: Address) -> None:
        """Put things that are not the system's own on and beside this resource."""

    def decoration(self, address: Address) -> Any:
        """What is there now of all that `decorate` put there."""

    def down(self) -> System:
        """A system whose backend cannot be reached."""

    def refused(self) -> System:
        """A system whose backend says no."""

    def malformed(self) -> Any:
        """A context with a system whose backend answers nonsense."""

    def cut_short(self) -> Any:
        """A context with a system on this backend, whose answers are not whole."""

    def close(self) -> None:
        """End what was started."""


class MemoryBench:
    name = "memory"
    secret = SECRET
    text_field = ("device", "manufacturer")
    root = "ct-2"
    shelters = True
    keeps = False

    def __init__(self, folder: Path) -> None:
        self.file = folder / "memory.json"

    def inventory(self, devices: Inventory) -> Inventory:
        return devices

    def reset(self) -> None:
        self.file.unlink(missing_ok=True)

    def system(self, file: Path | None = None) -> System:
        config = MemoryConfig(name="memory", type="memory", file=str(file or self.file))
        return MemorySystem("memory", config, lambda *_: Secret(self.secret))

    def rest(self) -> None:
        pass

    def _entries(self) -> dict[str, Any]:
        return json.loads(self.file.read_text())

    def edit(self, address: Address, field: str, value: str) -> None:
        entries = self._entries()
        entries[str(address)]["fields"][field] = value
        self.file.write_text(json.dumps(entries))

    def decorate(self, address: Address) -> None:
        entries = self._entries()
        entries[str(address)]["fields"]["vendor_note"] = "mine"
        entries["memory/printer/p1"] = {
            "root": "memory/printer/p1",
            "depends_on": [],
            "claims": [],
            "fields": {},
        }
        self.file.write_text(json.dumps(entries))

    def decoration(self, address: Address) -> Any:
        entries = self._entries()
        return entries[str(address)]["fields"]["vendor_note"], entries["memory/printer/p1"]

    def down(self) -> System:
        return self.system(self.file.parent)  # a folder cannot be read as a file

    def refused(self) -> System:
        return Locked(
            "memory", MemoryConfig(name="memory", type="memory", file="locked"), lambda *_: Secret("")
        )

    @contextmanager
    def malformed(self) -> Iterator[System]:
        broken = self.file.with_name("broken.json")
        broken.write_text('{"memory/device/ct": {"root": 5}}')
        yield self.system(broken)

    @contextmanager
    def cut_short(self) -> Iterator[System]:
        text = self.file.read_text()
        self.file.write_text(text[: len(text) // 2])
        yield self.system()

    def close(self) -> None:
        pass


class Locked(MemorySystem):
    """A file that this user may not read: root may read any, so the refusal is raised where the system asks."""

    def _load(self) -> Any:
        with self._mapped():
            raise PermissionError(errno.EACCES, "Permission denied")


class OverLDAP:
    """What benches have in common whose backend is a server of LDAP."""

    def down(self) -> System:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        return self.system(url=f"ldap://127.0.0.1:{port}")

    def refused(self) -> System:
        return self.system(password="wrong")

    @contextmanager
    def malformed(self) -> Iterator[System]:
        with babbling() as port:
            yield self.system(url=f"ldap://127.0.0.1:{port}", bind=None)


class DirectoryBench(OverLDAP):
    name = "dicom-directory"
    secret = ""
    text_field = ("device", "manufacturer")
    root = "ct-2"
    shelters = True
    keeps = False

    def __init__(self, folder: Path) -> None:
        self.made: list[System] = []
        limits = (f'dn.exact="cn=jdoe,{slapd.BASE}" size=3 size.prtotal=3',)
        self.slapd = slapd.start(folder / "slapd", slapd.Options(tls=False, limits=limits))
        self.secret = self.slapd.password
        server = ldap3.Server(self.slapd.url, get_info=ldap3.NONE)
        self.admin = ldap3.Connection(
            server, self.slapd.admin_dn, self.secret, auto_bind=True, check_names=False
        )

    def close(self) -> None:
        self.admin.unbind()
        self.slapd.stop()

    def inventory(self, devices: Inventory) -> Inventory:
        return devices

    def rest(self) -> None:
        for system in self.made:
            system.close()
        self.made.clear()

    def reset(self) -> None:
        root = f"cn=DICOM Configuration,{self.slapd.base}"
        self.admin.search(root, "(objectClass=*)", attributes=["1.1"])
        for dn in sorted((entry["dn"] for entry in self.admin.response), key=len, reverse=True):
            assert self.admin.delete(dn), self.admin.result

    def system(self, password: str = "", **changes: Any) -> System:
        bind = Bind(dn=self.slapd.pacsconf_dn, password="env:LDAP")
        keys = {"url": self.slapd.url, "base": self.slapd.base, "bind": bind, "timeout": 5} | changes
        config = DirectoryConfig(name="directory", type="dicom-directory", **keys)
        self.made.append(DicomDirectory("directory", config, lambda *_: Secret(password or self.secret)))
        return self.made[-1]

    def dn(self, address: Address) -> str:
        assert address.kind == "device"
        return f"dicomDeviceName={address.parts[0]},cn=Devices,cn=DICOM Configuration,{self.slapd.base}"

    def edit(self, address: Address, field: str, value: str) -> None:
        assert field == "manufacturer"
        changed = self.admin.modify(self.dn(address), {"dicomManufacturer": [("MODIFY_REPLACE", [value])]})
        assert changed, self.admin.result

    def decorate(self, address: Address) -> None:
        dn = self.dn(address)
        changes = {
            "objectClass": [("MODIFY_ADD", ["dcmDevice"])],
            "dcmTimeZoneOfDevice": [("MODIFY_ADD", ["Europe/Berlin"])],
            "dcmKeyStorePin": [("MODIFY_ADD", ["changeit"])],
            "dicomVendorData": [("MODIFY_ADD", [b"\x00\xff\x01"])],
        }
        assert self.admin.modify(dn, changes), self.admin.result
        policy = {"cn": "keep", "dcmRetentionPeriod": "P10Y"}
        assert self.admin.add(f"cn=keep,{dn}", "dcmStudyRetentionPolicy", policy), self.admin.result

    def decoration(self, address: Address) -> Any:
        wanted = [
            "objectClass",
            "dcmTimeZoneOfDevice",
            "dcmKeyStorePin",
            "dicomVendorData",
            "dcmRetentionPeriod",
        ]
        self.admin.search(self.dn(address), "(|(objectClass=dcmDevice)(cn=keep))", attributes=wanted)
        return {entry["dn"]: dict(entry["raw_attributes"]) for entry in self.admin.response}

    @contextmanager
    def cut_short(self) -> Iterator[System]:
        yield self.system(bind=Bind(dn=self.slapd.colleague_dn, password="env:LDAP"))


class VendorBench(DirectoryBench):
    """The same directory, speaking dcm4chee: attributes of every kind of entry, and entries of the vendor's own."""

    name = "dicom-directory with dcm4chee"

    def inventory(self, devices: Inventory) -> Inventory:
        made = {name: _with_vendor(device) for name, device in devices.devices.items()}
        return Inventory(devices=made)

    def system(self, password: str = "", **changes: Any) -> System:
        return super().system(password, **({"extensions": ("dcm4chee",)} | changes))

    def decorate(self, address: Address) -> None:
        dn = self.dn(address)
        changes = {
            "dcmKeyStorePin": [("MODIFY_ADD", ["changeit"])],
            "dcmImpaxReportProperty": [("MODIFY_ADD", ["a=b"])],
            "dicomVendorData": [("MODIFY_ADD", [b"\x00\xff\x01"])],
        }
        assert self.admin.modify(dn, changes), self.admin.result
        metrics = {"dcmMetricsName": "keep", "dcmUnit": "ms"}
        assert self.admin.add(f"dcmMetricsName=keep,{dn}", "dcmMetrics", metrics), self.admin.result

    def decoration(self, address: Address) -> Any:
        wanted = ["dcmKeyStorePin", "dcmImpaxReportProperty", "dicomVendorData", "dcmUnit"]
        self.admin.search(
            self.dn(address), "(|(objectClass=dcmDevice)(dcmMetricsName=keep))", attributes=wanted
        )
        held = {entry["dn"]: dict(entry["raw_attributes"]) for entry in self.admin.response}
        return {dn: values for dn, values in held.items() if values}


def _with_vendor(device: Device) -> Device:
    """A device with something of dcm4chee everywhere; how much follows from what else it has."""
    described, first = bool(device.description), next(iter(device.connections))
    own: dict[str, Any] = {
        "fuzzy_algorithm": "org.dcm4che3.soundex.ESoundex",
        "limit_open_associations": "4" if described else "0",
        "overwrite_policy": "SAME_SOURCE" if described else "NEVER",
        "storages": {"fs1": {"uri": "file:/fs1/", "threshold": "2GB" if described else "1GB"}},
        "web_apps": {f"{device.name}-rs": {"path": "/rs", "classes": ["WADO_RS"], "connections": [first]}},
        "audit_loggers": {"log": {"connections": [*device.connections], "repository": device.name}},
        "ui_configs": {"default": {"permissions": {"all": {"action": "menu-studies"}}}} if described else {},
    }
    callers = {"accepted_callers": ["WS_1", "WS_2"] if described else ["WS_1"], "object_storages": ["fs1"]}
    messages = HL7Application(
        name=f"{device.name}|HOSP",
        connections=(first,),
        vendor={"dcm4chee": {"use_null_value": "true"}} if described else {},
    )
    connections = {
        name: each.model_copy(update={"vendor": {"dcm4chee": {"backlog": "10"}}})
        for name, each in device.connections.items()
    }
    titles = {
        title: ae.model_copy(
            update={
                "vendor": {"dcm4chee": callers},
                "capabilities": tuple(
                    each.model_copy(update={"vendor": {"dcm4chee": {"relational_queries": "true"}}})
                    for each in ae.capabilities
                ),
            }
        )
        for title, ae in device.ae_titles.items()
    }
    return device.model_copy(
        update={
            "vendor": {"dcm4chee": own},
            "connections": connections,
            "ae_titles": titles,
            "hl7_applications": {messages.name: messages},
        }
    )


def with_archive(devices: Inventory, title: str) -> Inventory:
    """An archive that every device sends to, of this title; each device is at the host its manufacturer names."""
    ae = NetworkAE(title=title, connections=("dicom",), initiator=True, acceptor=True)
    archive = Device(
        name="archive",
        type="archive",
        connections={"dicom": Connection(host="10.20.0.5", port=104)},
        ae_titles={ae.title: ae},
    )
    flow = Flow(
        name="to-archive",
        callers=(Selector(type=("modality",)),),
        called=(Selector(device=("archive",)),),
        services=("ct-image-storage",),
    )
    made = {name: _at_its_manufacturer(device) for name, device in devices.devices.items()}
    return Inventory(devices={**made, "archive": archive}, flows={"to-archive": flow})


def _at_its_manufacturer(device: Device) -> Device:
    if device.manufacturer is None:
        return device
    connections = {
        name: connection.model_copy(update={"host": device.manufacturer})
        for name, connection in device.connections.items()
    }
    return device.model_copy(update={"connections": connections})


class OrthancBench:
    """The peers of an archive that every device sends to, and a study on hold as long as there is a device.

    Its manufacturer is a device's host here: Orthanc's own word for one is no free text. Orthanc keeps nothing on a
    modality but its own keys.
    """

    name = "orthanc"
    secret = ""
    text_field = ("peer", "host")
    root = "CT_1"
    shelters = False
    keeps = False

    def __init__(self, folder: Path) -> None:
        self.made: list[System] = []
        self.orthanc = orthanc.start(folder / "orthanc", orthanc.Options(dicomweb=True))
        self.secret = self.orthanc.password
        self.admin = httpx2.Client(
            base_url=self.orthanc.url, auth=(self.orthanc.colleague, self.secret), trust_env=False
        )
        self.study = MadeUp(1)
        put(self.orthanc, [self.study])

    def close(self) -> None:
        self.admin.close()
        self.orthanc.stop()

    def rest(self) -> None:
        for system in self.made:
            system.close()
        self.made.clear()

    def inventory(self, devices: Inventory) -> Inventory:
        hold = {
            "studies": self.study.reference,
            "reason_ref": "L",
            "placed_by": "legal",
            "since": "2026-01-01",
        }
        holds = {"case": LegalHold.model_validate(hold)} if devices.devices else {}
        found = with_archive(devices, self.orthanc.aet)
        return found.model_copy(update={"retention": Retention(holds=holds)})

    def reset(self) -> None:
        for patient in self.admin.get("/patients").raise_for_status().json():
            self.admin.put(f"/patients/{patient}/protected", json=0).raise_for_status()
        for place in ("modalities", "peers", "dicom-web/servers"):
            for name in self.admin.get(f"/{place}").raise_for_status().json():
                self.admin.delete(f"/{place}/{name}").raise_for_status()

    def system(self, password: str = "", **changes: Any) -> System:
        login = Login(user=self.orthanc.user, password="env:ORTHANC")
        settings = str(self.orthanc.settings_file)
        keys = {"url": self.orthanc.url, "login": login, "ae": "archive", "timeout": 5} | changes
        config = OrthancConfig(name="pacs", type="orthanc", settings_file=settings, **keys)
        self.made.append(OrthancSystem("pacs", config, lambda *_: Secret(password or self.secret)))
        return self.made[-1]

    def _peer(self, name: str) -> Any:
        return self.admin.get(f"/modalities/{name}/configuration").raise_for_status().json()

    def edit(self, address: Address, field: str, value: str) -> None:
        (name,) = address.parts
        assert field == "host"
        self.admin.put(f"/modalities/{name}", json={**self._peer(name), "Host": value}).raise_for_status()

    def decorate(self, address: Address) -> None:
        mine = {"AET": "MINE", "Host": "10.9.9.9", "Port": 11112, "AllowStore": False, "Manufacturer": "GE"}
        self.admin.put("/modalities/by-hand", json=mine).raise_for_status()

    def decoration(self, address: Address) -> Any:
        return self._peer("by-hand")

    def down(self) -> System:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        return self.system(url=f"http://127.0.0.1:{port}")

    def refused(self) -> System:
        return self.system(password="wrong")

    @contextmanager
    def malformed(self) -> Iterator[System]:
        with front(None, lambda _method, _path: PAGE) as proxy:
            yield self.system(url=f"http://127.0.0.1:{proxy.port}")

    @contextmanager
    def cut_short(self) -> Iterator[System]:
        with front(self.orthanc.http_port, spoil=half) as proxy:
            yield self.system(url=f"http://127.0.0.1:{proxy.port}")


class ConsoleBench:
    """The console of an archive that every device sends to, and a person who keys everything in at once.

    What waits is written into the export, or, of the archive itself, attested; so what is tested of `apply` is
    when a change must not be handed to a person. Not held, since an export is a file and no server: that somebody
    else's things stand on a row of ours; and a file that was cut at the end of a row cannot be told from a whole
    one. Its manufacturer is a device's host here, as for Orthanc.
    """

    name = "console"
    secret = SECRET
    text_field = ("peer", "host")
    root = "CT_1"
    shelters = False
    keeps = False
    columns = ("alias", "ae_title", "host", "port", "tls", "allow")

    def __init__(self, folder: Path) -> None:
        self.file = folder / "export.csv"
        self.attested: dict[Address, Attestation] = {}

    def inventory(self, devices: Inventory) -> Inventory:
        return with_archive(devices, "ARCHIVE")

    def reset(self) -> None:
        self.attested.clear()
        self.write({})

    def rows(self) -> dict[str, dict[str, str]]:
        with self.file.open(newline="") as file:
            return {row["alias"]: row for row in csv.DictReader(file)}

    def write(self, rows: Mapping[str, Mapping[str, str]]) -> None:
        with self.file.open("w", newline="") as file:
            writer = csv.DictWriter(file, (*self.columns, "remark"))
            writer.writeheader()
            writer.writerows(rows.values())

    def key_in(self, change: Change) -> None:
        if change.address.kind != "peer":
            self.attested[change.address] = Attestation(
                change.address, change.after, "Me <m@x>", "2026-11-24"
            )
            return
        rows, (alias,) = self.rows(), change.address.parts
        former = rows.pop(alias, {})
        if change.after is not None:
            rows[alias] = {**former, "alias": alias, **dict.fromkeys(self.columns[1:], "")}
            rows[alias] |= {name: _cell(value) for name, value in change.after.fields.items()}
        self.write(rows)

    def system(self, file: Path | None = None) -> System:
        export = {"file": str(file or self.file), "columns": {name: name for name in self.columns}}
        config = ConsoleConfig(name="pacs", type="console", ae="archive", export=export)
        return KeyedInAtOnce(config, self)

    def rest(self) -> None:
        pass

    def edit(self, address: Address, field: str, value: str) -> None:
        rows, (alias,) = self.rows(), address.parts
        self.write({**rows, alias: {**rows[alias], field: value}})

    def decorate(self, address: Address) -> None:
        mine = {"alias": "MINE", "ae_title": "MINE", "host": "10.9.9.9", "remark": "by hand"}
        rows, (alias,) = self.rows(), address.parts
        self.write({**rows, alias: {**rows[alias], "remark": "ours"}, "MINE": mine})

    def decoration(self, address: Address) -> Any:
        return self.rows()["MINE"], self.rows()[address.parts[0]]["remark"]

    def down(self) -> System:
        return self.system(self.file.with_name("nobody-put-it-there.csv"))

    def refused(self) -> System:
        return ClosedToUs(ConsoleConfig(**self.system().config.model_dump()), self)

    @contextmanager
    def malformed(self) -> Iterator[System]:
        broken = self.file.with_name("broken.csv")
        broken.write_bytes(b"<html>\x00</html>")
        yield self.system(broken)

    @contextmanager
    def cut_short(self) -> Iterator[System]:
        text = self.file.read_text()
        self.file.write_text(text[: text.rindex(",", 0, len(text) - 4)])
        yield self.system()

    def close(self) -> None:
        pass


def _cell(value: object) -> str:
    return ";".join(value) if isinstance(value, tuple) else "yes" if value is True else str(value)


class KeyedInAtOnce(ConsoleSystem):
    """A console at which somebody stands who does at once what a change asks for."""

    def __init__(self, config: ConsoleConfig, bench: ConsoleBench) -> None:
        super().__init__("pacs", config, lambda *_: Secret(bench.secret))
        self.bench = bench

    def read(self) -> Snapshot:
        self.recall(dict(self.bench.attested))
        return super().read()

    def apply(self, layer: Sequence[Change]) -> Iterator[Outcome]:
        self.recall(dict(self.bench.attested))
        changes = {change.address: change for change in layer}
        for outcome in super().apply(layer):
            if outcome.status == "waiting":
                self.bench.key_in(changes[outcome.address])
                yield Outcome(outcome.address, outcome.action, "applied")
            else:
                yield outcome


class ClosedToUs(KeyedInAtOnce):
    """An export that this user may not read: root may read any, so it is refused where the file is opened."""

    def _bytes(self, file: Path) -> bytes:
        with self._mapped(file):
            raise PermissionError(errno.EACCES, "Permission denied")


@contextmanager
def babbling() -> Iterator[int]:
    """A port where every connection is answered with something that looks like LDAP and is not."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        thread = threading.Thread(target=_babble, args=(server,), daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def _babble(server: socket.socket) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection:
            connection.recv(4096)
            connection.sendall(b"\x30\x05\x02\x01\x01\x61\x7f")


MAKERS = ("A", "ACME", "B", "Other", "Third")
"""Manufacturers that the suite's devices have."""


class AccountsBench(OverLDAP):
    """A user for each device, with an account of ours; a group for each AE title, for who has it.

    Its manufacturer is the password policy that an account falls under: other texts of an account tell who somebody
    is, and are no plain values. Who is not there yet, or has left, is closed.
    """

    name = "accounts"
    secret = ""
    text_field = ("user", "policy")
    root = "ct-2"
    shelters = False
    keeps = True

    def __init__(self, folder: Path) -> None:
        self.made: list[System] = []
        layout = Layout(people=(Branch(PEOPLE, owned=True),), groups=(Groups(GROUPS),), policy={})
        self.folder = started(folder, layout, limits=LIMITS)
        self.lab = self.folder.__enter__()
        self.secret = self.lab.password

    def close(self) -> None:
        self.folder.__exit__(None, None, None)

    def rest(self) -> None:
        for system in self.made:
            system.close()
        self.made.clear()

    def inventory(self, devices: Inventory) -> Inventory:
        roles = {f"by {maker}": JobRole(id=f"by {maker}") for maker in MAKERS}
        users = {}
        for name, device in devices.devices.items():
            status = {"active": "active", "planned": "suspended", "retired": "left"}[device.lifecycle]
            grants = [Grant(role=title) for title in device.ae_titles]
            grants += [Grant(role=f"by {device.manufacturer}")] if device.manufacturer else []
            users[name] = User(id=name, status=status, grants=tuple(grants), family_name=device.description)
            roles |= {title: JobRole(id=title, groups={"accounts": (title,)}) for title in device.ae_titles}
        policies = {maker: PasswordPolicy(roles=(f"by {maker}",), min_length=12) for maker in MAKERS}
        everybody = PasswordPolicy(min_length=10) if users else None
        security = Security(password_policy=everybody, password_policies=policies if users else {})
        return Inventory(users=users, roles=roles if users else {}, security=security)

    def reset(self) -> None:
        self.lab.reset()

    def system(self, password: str = "", **changes: Any) -> System:
        keys = {
            "url": self.lab.url,
            "bind": Bind(dn=self.lab.server.pacsconf_dn, password="env:LDAP"),
            "timeout": 5,
            "people": {"staff": {"base": PEOPLE, "owns_accounts": True}},
            "groups": {"titles": {"base": GROUPS, "names": ("CT_*", "OLD_CT")}},
            "password_policies": {"base": POLICIES, "owned": True, "default": "default"},
        } | changes
        config = AccountsConfig(name="accounts", type="accounts", **keys)
        self.made.append(AccountsSystem("accounts", config, lambda *_: Secret(password or self.secret)))
        return self.made[-1]

    def edit(self, address: Address, field: str, value: str) -> None:
        assert field == "policy"
        self.lab.modify(f"uid={address.parts[0]},{PEOPLE}", pwdPolicySubentry=f"cn={value},{POLICIES}")

    def decorate(self, address: Address) -> None:
        dn = f"uid={address.parts[0]},{PEOPLE}"
        self.lab.modify(dn, title="Dr", telephoneNumber="4711")
        self.lab.add_group(f"cn=finance,{GROUPS}", [dn])

    def decoration(self, address: Address) -> Any:
        entry = self.lab.entry(f"uid={address.parts[0]},{PEOPLE}")
        assert entry is not None
        return entry["title"], entry["telephoneNumber"], self.lab.members(f"cn=finance,{GROUPS}")

    @contextmanager
    def cut_short(self) -> Iterator[System]:
        yield self.system(bind=Bind(dn=self.lab.server.colleague_dn, password="env:LDAP"))


LIMITS = (f'dn.exact="cn=jdoe,{slapd.BASE}" size=1 size.prtotal=1',)


def _benches() -> list[type[Any]]:
    named = os.environ.get("PACSCONF_BENCH")
    if not named:
        from tests.contract.domain_bench import DomainBench

        own = [MemoryBench, DirectoryBench, VendorBench, OrthancBench, ConsoleBench]
        return [*own, AccountsBench, DomainBench]
    module, _, cls = named.partition(":")
    return [getattr(import_module(module), cls)]


@pytest.fixture(scope="session", params=_benches(), ids=lambda bench: bench.name)
def backend(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The backend of one system, for all tests of this process."""
    bench = request.param(tmp_path_factory.mktemp(request.param.name))
    yield bench
    bench.close()


@pytest.fixture
def bench(backend: Bench) -> Iterator[Bench]:
    """The backend, empty."""
    backend.reset()
    yield backend
    backend.rest()
