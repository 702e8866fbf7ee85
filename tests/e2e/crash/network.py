"""One network in a directory, an Orthanc and a console, in real clones.

It stands on the stage of the other tests: their directory, their driver. In the second version of its inventory a
scanner comes, one goes and one gets another port, so that each of the three systems has all kinds of changes. In
Orthanc there is a peer of somebody else, and somebody else allowed a known one to find.
"""

from __future__ import annotations

import copy
import json
import shutil
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pacsconf.core.address import Address
from pacsconf.lab import orthanc
from pacsconf.record.contents import Waiting
from pacsconf.record.record import Record
from tests.e2e.crash.hospital import AFTER_THE_LEASE, IDENTITY, SITES, Clone, Stage, git

SYSTEMS = """\
systems:
  directory:
    {{type: dicom-directory, url: "{ldap}", base: "{base}", mode: write,
      bind: {{dn: "{dn}", password: "env:LDAP"}}}}
  orthanc:
    {{type: orthanc, url: "{http}", ae: archive, mode: write, login: {{user: pacsconf, password: "env:ORTHANC"}}}}
  pacs: {{type: console, ae: archive, mode: write}}
environments: {{test: {{description: Tests, dial: {{"*": none}}}}}}
"""
DEVICES = """\
devices:
  archive: {{type: archive, site: main, ae_title: ARCHIVE, host: 10.0.0.9, port: 4242, offers: [ct-image-storage]}}
  ct-1: {{type: modality, modality: [CT], site: main, ae_title: CT_1, host: 10.0.0.1, port: {port},
         uses: [ct-image-storage]}}
  us-1: {{type: modality, modality: [US], site: main, ae_title: US_1, host: 10.0.0.2, port: 104,
         uses: [ct-image-storage]{gone}}}
{more}flows: {{images: {{from: {{type: modality}}, to: {{ae_title: ARCHIVE}}, services: [storage]}}}}
"""
FIRST = DEVICES.format(port=104, gone="", more="")
MR = """\
  mr-1: {type: modality, modality: [MR], site: main, ae_title: MR_1, host: 10.0.0.3, port: 104,
         uses: [ct-image-storage]}
"""
SECOND = DEVICES.format(port=11112, gone=", lifecycle: retired", more=MR)
OPERATOR = """\
[[secret]]
ref = "env:LDAP"
for = "{ldap}"

[[secret]]
ref = "env:ORTHANC"
for = "{http}"

[environments]
write = ["test"]
"""
FOREIGN = {"AET": "ELSEWHERE", "Host": "10.9.9.9", "Port": 104, "Manufacturer": "GE", "AllowMove": False}
"""A peer that the inventory does not know."""

Peers = dict[str, dict[str, Any]]


@dataclass
class Network(Stage):
    """The stage with an Orthanc on it."""

    server: orthanc.Orthanc = field(kw_only=True)
    before: Peers = field(default_factory=dict)
    """What Orthanc knew before the plan was carried out, and what it is to know afterwards."""
    after: Peers = field(default_factory=dict)
    waiting: dict[Address, Waiting] = field(default_factory=dict)
    """What a person is asked for in the end."""

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One request of another program."""
        passwords = urllib.request.HTTPPasswordMgrWithPriorAuth()
        passwords.add_password(None, self.server.url, "jdoe", self.server.password, is_authenticated=True)
        opener = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(passwords))
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.server.url}{path}", data, method=method)  # noqa: S310
        with opener.open(request, timeout=10) as answer:
            said = answer.read()
        return json.loads(said) if said else None

    def peers(self) -> Peers:
        """All that Orthanc knows."""
        found: Peers = self.ask("GET", "/modalities?expand")
        return found

    def fill(self, peers: Peers) -> None:
        """Orthanc knows these peers and no others."""
        for name in self.peers().keys() - peers.keys():
            self.ask("DELETE", f"/modalities/{name}")
        for name, peer in peers.items():
            self.ask("PUT", f"/modalities/{name}", peer)

    def reset(self) -> None:
        """All as the first version left it."""
        self.directory.reset()
        self.fill(self.before)

    def site(self, path: Path) -> Site:
        return Site(path, self)


@dataclass
class Site(Clone):
    """A clone of the network's inventory."""

    stage: Network

    def waiting(self) -> dict[Address, Waiting]:
        """What the record says a person was asked for."""
        with Record.open(self.path, "test", clock=lambda: datetime.now(UTC)) as record:
            return dict(record.state().waiting)

    def planned(self) -> dict[str, Any]:
        """What is planned now."""
        ran = self.run("plan", "--format", "json", later=AFTER_THE_LEASE)
        assert ran.code == 0, ran.text
        _, brace, plan = ran.text.partition("{\n")  # what is noted comes first, on its own stream
        found: dict[str, Any] = json.loads(brace + plan)
        return found

    def require_done(self) -> None:
        """All is as planned, each row waits once, others' things are as they were, and nothing more is planned."""
        stage = self.stage
        assert stage.peers() == stage.after
        assert stage.directory.entries() == stage.entries
        assert stage.directory.writes() == stage.writes
        plan = self.planned()
        assert (plan["changes"], plan["takes"], plan["forgets"]) == ([], [], [])
        waiting = self.waiting()
        assert {a: one.change for a, one in waiting.items()} == {
            a: one.change for a, one in stage.waiting.items()
        }
        assert len(plan["waiting"]) == len(waiting)
        owned, changeset = self.record()
        assert owned == stage.owned
        assert changeset is not None
        assert changeset.status == "closed"
        assert self.journal() == {}


def make_network(stage: Stage, folder: Path) -> Iterator[Network]:
    """An Orthanc, an operator, and repositories in which the first version stands and the second is committed."""
    directory = copy.copy(stage.directory)  # with a first version of its own
    directory.first = {}
    directory.reset()
    with orthanc.started(folder / "orthanc") as server:
        environ = {"ORTHANC": server.password}
        network = Network(folder, directory, stage.driver, environ=environ, server=server)
        network.home.mkdir()
        (network.home / ".gitconfig").write_text(IDENTITY)
        operator = folder / "operator.toml"
        operator.touch(mode=0o600)
        operator.write_text(OPERATOR.format(ldap=directory.slapd.url, http=server.url))
        _repositories(network)
        yield network


def _repositories(network: Network) -> None:
    """`server.git` and its clone `one`, and `alone` without a remote; then how it all should end."""
    folder, home = network.folder, network.home
    git(folder, "init", "-q", "--bare", "server.git", home=home)
    git(folder, "clone", "-q", str(folder / "server.git"), "one", home=home)
    one = network.site(folder / "one")
    slapd = network.directory.slapd
    (one.path / "inventory").mkdir()
    for name, text in {
        "sites": SITES.format(),
        "systems": SYSTEMS.format(
            ldap=slapd.url, base=slapd.base, dn=slapd.pacsconf_dn, http=network.server.url
        ),
        "devices": FIRST,
    }.items():
        (one.path / "inventory" / f"{name}.yaml").write_text(text)
    one.git("add", ".")
    one.git("commit", "-q", "-m", "inventory: two scanners and an archive")
    one.git("push", "-q", "origin", "main")
    _ok(one, "record", "init")
    _ok(one, "attest", "--all", "--reason", "the first day")
    _ok(one, "apply", str(one.plan()))
    one.declare(SECOND, "inventory: mr-1 comes, us-1 goes")
    one.git("push", "-q", "origin", "main")
    shutil.copytree(one.path, folder / "alone")
    network.site(folder / "alone").git("remote", "remove", "origin")
    network.directory.first = network.directory.entries()
    network.fill({**network.peers(), "FOREIGN": FOREIGN})
    known = network.peers()
    network.fill({**known, "CT_1": {**known["CT_1"], "AllowFind": not known["CT_1"]["AllowFind"]}})
    network.before = network.peers()
    network.reset()
    _rehearse(network)


def _ok(clone: Clone, *arguments: str) -> None:
    ran = clone.run(*arguments)
    assert ran.code == 0, ran.text


def _rehearse(network: Network) -> None:
    """An undisturbed apply, in a copy."""
    site = network.site(network.folder / "rehearsal")
    shutil.copytree(network.folder / "alone", site.path)
    network.plan = str(site.plan())
    _ok(site, "apply", network.plan)
    network.entries, network.writes = network.directory.entries(), network.directory.writes()
    network.after, network.waiting = network.peers(), site.waiting()
    network.owned, _ = site.record()
    moved = {**network.before["CT_1"], "Port": 11112}
    assert network.after.keys() == {"CT_1", "MR_1", "FOREIGN"}
    assert (network.after["CT_1"], network.after["FOREIGN"]) == (moved, network.before["FOREIGN"])
    assert sorted(map(str, network.waiting)) == ["pacs/peer/CT_1", "pacs/peer/MR_1", "pacs/peer/US_1"]
    assert set(network.writes.values()) == {1}
