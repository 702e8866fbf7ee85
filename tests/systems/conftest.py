"""A real slapd for each test process, with an empty DICOM tree before each test, and hands to edit it with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import ldap3
import pytest

from pacsconf.core.change import Change, Outcome
from pacsconf.core.compare import compare
from pacsconf.core.decide import Rules, change
from pacsconf.core.order import layers
from pacsconf.core.secret import Secret
from pacsconf.inventory.model import Connection, Device, Inventory, NetworkAE, TransferCapability
from pacsconf.inventory.systems import Bind, DirectoryConfig
from pacsconf.lab import slapd
from pacsconf.lab.slapd import Slapd
from pacsconf.systems.dicom_directory import DicomDirectory

ROOT = f"cn=DICOM Configuration,{slapd.BASE}"
DEVICES = f"cn=Devices,{ROOT}"
TITLES = f"cn=Unique AE Titles Registry,{ROOT}"


class Hands:
    """The administrator's own connection: what somebody does beside pacsconf."""

    def __init__(self, server: Slapd, dn: str | None = None) -> None:
        where = ldap3.Server(server.url, get_info=ldap3.NONE)
        self.conn = ldap3.Connection(
            where, dn or server.admin_dn, server.password, auto_bind=True, check_names=False
        )

    def add(self, dn: str, classes: str, **attributes: Any) -> None:
        assert self.conn.add(dn, classes.split(), attributes), self.conn.result

    def modify(self, dn: str, **values: Any) -> None:
        """Replace attributes by these values; an empty list takes one away."""
        changes = {name: [("MODIFY_REPLACE", value)] for name, value in values.items()}
        assert self.conn.modify(dn, changes), self.conn.result

    def entry(self, dn: str) -> dict[str, list[bytes]] | None:
        self.conn.search(dn, "(objectClass=*)", "BASE", attributes=["*"])
        found = [each["raw_attributes"] for each in self.conn.response]
        return dict(found[0]) if found else None

    def clear(self, root: str) -> None:
        """Take away everything below and with `root`, referrals as what they are."""
        controls = [("2.16.840.1.113730.3.4.2", True, None)]
        self.conn.search(root, "(objectClass=*)", attributes=["1.1"], controls=controls)
        for dn in sorted((entry["dn"] for entry in self.conn.response), key=len, reverse=True):
            assert self.conn.delete(dn, controls=controls), self.conn.result


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Slapd, Hands]]:
    limits = (f'dn.exact="cn=jdoe,{slapd.BASE}" size=3 size.prtotal=3',)
    with slapd.started(tmp_path_factory.mktemp("ldap") / "slapd", slapd.Options(limits=limits)) as server:
        hands = Hands(server)
        yield server, hands
        hands.conn.unbind()


@pytest.fixture
def server(shared_server: tuple[Slapd, Hands]) -> Slapd:
    """A directory without any DICOM configuration."""
    found, hands = shared_server
    hands.clear(ROOT)
    return found


@pytest.fixture
def hands(server: Slapd, shared_server: tuple[Slapd, Hands]) -> Hands:
    return shared_server[1]


Open = Callable[..., DicomDirectory]


@pytest.fixture
def opener() -> Iterator[Open]:
    """Opens systems on any server, and closes them after the test."""
    opened: list[DicomDirectory] = []

    def open_on(server: Slapd, password: str | None = None, **keys: Any) -> DicomDirectory:
        bind = Bind(dn=server.pacsconf_dn, password="env:LDAP")
        keys = {"url": server.url, "base": server.base, "bind": bind, "timeout": 5} | keys
        config = DirectoryConfig(name="directory", type="dicom-directory", **keys)
        secret = server.password if password is None else password
        opened.append(DicomDirectory("directory", config, lambda *_: Secret(secret)))
        return opened[-1]

    yield open_on
    for system in opened:
        system.close()


@pytest.fixture
def directory(server: Slapd, opener: Open) -> Callable[..., DicomDirectory]:
    """A new system object on the shared server, as each command makes one."""
    return lambda **keys: opener(server, **keys)


def ct(name: str = "ct-1", title: str = "CT_1", **more: Any) -> Device:
    """A scanner with one connection, one entity and one capability."""
    store = TransferCapability(
        name="ct",
        sop_class="1.2.840.10008.5.1.4.1.1.2",
        role="SCU",
        transfer_syntaxes=("1.2.840.10008.1.2", "1.2.840.10008.1.2.1"),
    )
    entity = NetworkAE(
        title=title, connections=("dicom",), initiator=True, acceptor=False, capabilities=(store,)
    )
    keys = {
        "type": "modality",
        "modality": ("CT",),
        "connections": {"dicom": Connection(host="10.20.4.17", port=104)},
        "ae_titles": {title: entity},
    }
    return Device(name=name, **(keys | more))


def hospital(*devices: Device, **more: Any) -> Inventory:
    return Inventory(devices={each.name: each for each in devices}, **more)


def plan(system: DicomDirectory, inventory: Inventory) -> tuple[tuple[Change, ...], ...]:
    """The changes that lead to `inventory`, which owns whatever is live, in layers."""
    declared = {each.address: each.state() for each in system.declared(inventory).resources}
    live = {each.address: each.state() for each in system.read().resources}
    made = [change(each, Rules(system.kinds)) for each in compare(declared, live, live)]
    taken = [change(each, Rules(system.kinds)) for each in compare(declared, live, {})]
    wanted = [each for each in made if each and each.action == "delete"]
    return layers([*wanted, *(each for each in taken if each is not None)])


def apply(system: DicomDirectory, cut: tuple[tuple[Change, ...], ...]) -> list[Outcome]:
    return [outcome for layer in cut for outcome in system.apply(layer)]


def bring(system: DicomDirectory, inventory: Inventory) -> list[Outcome]:
    """Apply what leads to `inventory`, all of which must succeed."""
    outcomes = apply(system, plan(system, inventory))
    assert [outcome for outcome in outcomes if outcome.status != "applied"] == []
    return outcomes


class Steps:
    """The functions above and names of the tree, for tests that cannot import this file."""

    ct = staticmethod(ct)
    hospital = staticmethod(hospital)
    plan = staticmethod(plan)
    apply = staticmethod(apply)
    bring = staticmethod(bring)
    Hands = Hands
    root, devices, titles = ROOT, DEVICES, TITLES


@pytest.fixture
def steps() -> type[Steps]:
    return Steps
