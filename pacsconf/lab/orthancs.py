"""The Orthancs of a practice lab: a private one for each declared Orthanc.

It answers to the declared AE title. It holds the declared addresses of its peers, and behind those may be real
devices; so it refuses to be told to call anybody.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

from pacsconf.core.errors import Unavailable
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.peers import Peer, entity, peer_table
from pacsconf.inventory.systems import OrthancConfig
from pacsconf.lab import orthanc, place
from pacsconf.lab.credentials import private_file
from pacsconf.lab.network import prober
from pacsconf.lab.orthanc_rest import modality, put
from pacsconf.lab.servers import Group

_ONLY_CALLS = 104
"""What stands for the port of a peer that is not called."""
_NOTE = "practice.json"
"""What it was made with: its own configuration may be another one by now, since that is practised, too."""
_BY_HAND = "jdoe.curl"
"""What curl is to read: the colleague's name and password, which do not belong on a command line."""


@dataclass(frozen=True, slots=True)
class PracticeOrthanc:
    """The Orthanc of one system. `only`: no other AE title is called at its address.

    `fresh`: whom it lets in is left as Orthanc has it where nobody says otherwise: strangers may send. `knows` is
    whom it knows from the start: as who sets one up lets himself in, so that he can look at it.
    """

    group: ClassVar[Group] = "orthancs"

    name: str
    title: str
    only: bool = True
    dicomweb: bool = False
    knows: tuple[Peer, ...] = ()
    fresh: bool = False

    def start(self, folder: Path) -> None:
        """A new one, that knows nobody else."""
        made = orthanc.start(folder, self._options())
        place.write(folder / _NOTE, {"only": self.only, "fresh": self.fresh})
        for peer in self.knows:
            entry = modality(peer.title, peer.host or "", peer.port or _ONLY_CALLS, peer.allow)
            put(made, f"/modalities/{quote(peer.alias)}", entry)

    def revive(self, folder: Path) -> bool:
        """Whether it runs with its data, under this title."""
        found = orthanc.revive(folder)
        return found is not None and self._is(found)

    def stands(self, folder: Path) -> bool:
        """Whether it runs under this title."""
        found = orthanc.attach(folder)
        return found is not None and self._is(found)

    def overlay(self, folder: Path) -> dict[str, Any]:
        """What leads the declared Orthanc to this one."""
        found = orthanc.attach(folder)
        if found is None:
            raise Unavailable("lab", f'the practice Orthanc "{self.name}" ended at once')
        return {
            "url": found.url,
            "login": {"user": found.user, "password": f"file:{found.password_file}"},
            "settings_file": str(found.settings_file),
            "users": None,  # it has users of its own
            "ca_file": None,
            "verify": True,
            "mode": "write",
        }

    def _options(self) -> orthanc.Options:
        options = orthanc.Options(
            aet=self.title, check_called_aet=self.only, dicomweb=self.dicomweb, calls_nobody=True
        )
        if not self.fresh:
            return options
        return replace(
            options, always_allow_echo=None, always_allow_store=None, check_called_aet=None, check_hosts=None
        )

    def _is(self, found: orthanc.Orthanc) -> bool:
        """A fresh one stays where none is asked for: what is in it is wanted still."""
        settings = json.loads(found.settings_file.read_text())
        note = _noted(found.folder, settings)
        return (found.aet, note["only"], bool(settings["Plugins"])) == (
            self.title,
            self.only,
            self.dicomweb,
        ) and (note["fresh"] or not self.fresh)


def _noted(folder: Path, settings: Mapping[str, Any]) -> Mapping[str, bool]:
    """What an Orthanc was made with; of one that is older than the note, its configuration tells."""
    try:
        noted: dict[str, bool] = json.loads((folder / _NOTE).read_text())
    except FileNotFoundError:
        return {"only": bool(settings.get("DicomCheckCalledAet")), "fresh": False}
    return noted


def wanted(inventory: Inventory, *, fresh: bool = False) -> Iterator[PracticeOrthanc]:
    """One for each Orthanc that is declared, by name; `fresh` as somebody has it who just installed it."""
    for name, config in sorted(inventory.systems.items()):
        if isinstance(config, OrthancConfig):
            found = entity(inventory, config.ae) if config.ae else None
            dicomweb = bool(config.dicomweb_servers)
            if found is None:
                yield PracticeOrthanc(name, orthanc.Options().aet, dicomweb=dicomweb, fresh=fresh)
            else:
                device, ae = found
                only = len(device.ae_titles) == 1 and not ae.answers_to
                yield PracticeOrthanc(
                    name, ae.title, only, dicomweb, tuple(_prober(inventory, config)), fresh
                )


def _prober(inventory: Inventory, config: OrthancConfig) -> Iterator[Peer]:
    """As whom pacsconf calls here, where that is one of its peers."""
    found = prober(inventory)
    if found is not None:
        table, _ = peer_table(inventory, config)
        yield from (peer for peer in table if (peer.device, peer.title) == (found[0].name, found[1].title))


def dicom_port(folder: Path) -> int | None:
    """Where the Orthanc in this folder takes associations; None when it does not run."""
    found = orthanc.attach(folder)
    return found.dicom_port if found else None


def by_hand(folder: Path) -> tuple[str, ...] | None:
    """The curl command of a colleague (`jdoe`), up to where a path of REST follows; None when it does not run."""
    found = orthanc.attach(folder)
    if found is None:
        return None
    settings = folder / _BY_HAND
    private_file(settings, f'user = "{found.colleague}:{found.password}"\nsilent\nshow-error\nfail\n')
    return ("curl", "-K", str(settings), found.url)
