"""An Orthanc server over its REST interface: the DICOM peers it knows, and the servers it calls over HTTP. Its own
settings it only has in a file (`_orthanc.server_settings`).

The walk here: `declared` (in `_orthanc.declare`), `read` (`_orthanc.live`), `check` (here, and `_orthanc.settings`
for what the server's configuration says), `apply` (`_orthanc.write`). Everything HTTP goes through `_http`.
Verified with Orthanc 1.10.1 and its DICOMweb plugin 1.7 as Debian 12 has them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from pacsconf.core.address import Address
from pacsconf.core.change import Change, Outcome, Status
from pacsconf.core.errors import PacsconfError, Refused
from pacsconf.core.finding import Finding
from pacsconf.core.resource import Fields, Resource, Snapshot, State, Typed
from pacsconf.core.secret import Secret
from pacsconf.inventory.endpoint import Endpoint
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.peers import entity
from pacsconf.inventory.storage import MEGABYTE
from pacsconf.inventory.systems import OrthancConfig, SystemConfig
from pacsconf.people.orthanc import Logins, logins
from pacsconf.retention.capacity import Stock
from pacsconf.retention.reading import Told, Wanted
from pacsconf.systems._http import Web
from pacsconf.systems._orthanc import (
    access,
    evident,
    holds,
    odd,
    options,
    registered,
    remarks,
    rights,
    settings,
    storage,
)
from pacsconf.systems._orthanc.declare import declare
from pacsconf.systems._orthanc.holds import Keeper, Shelter, on_hold
from pacsconf.systems._orthanc.kinds import DICOMWEB, HELD, KINDS, ORTHANC, PEER, PeerEntry
from pacsconf.systems._orthanc.live import Live, Server
from pacsconf.systems._orthanc.objects import Raw
from pacsconf.systems._orthanc.server_settings import OwnSettings
from pacsconf.systems._orthanc.studies import studies
from pacsconf.systems._orthanc.write import Writer
from pacsconf.systems.abilities import AccountRight, LoginTried
from pacsconf.systems.base import Declared, Secrets
from pacsconf.systems.peer_evidence import WantedPeers

if TYPE_CHECKING:
    from pacsconf.policy.evidence import Configured

log = logging.getLogger(__name__)


class OrthancSystem:
    """Keeps `System`, and is `Inspectable`, `Entitled`, `RightsKnown`, `Remembering`, `Keeping`,
    `Stocked`, `LoginsTried`, `Evident`, `Asking`, `EditsFiles`.

    A write is checked by a read before and after it.
    """

    kinds: ClassVar[Mapping[str, type[Resource]]] = KINDS
    guarantee: ClassVar[Literal["atomic", "checked"]] = "checked"
    today: Callable[[], date] = staticmethod(lambda: datetime.now(UTC).date())

    def __init__(self, name: str, config: SystemConfig, secrets: Secrets) -> None:
        self.name = name
        self.config = OrthancConfig.model_validate({**config.model_dump(by_alias=True), "name": name})
        self._secrets = secrets
        self._web = Web(self.config, secrets)
        self._live = Live(self._web)
        self._server: Server | None = None
        self._objects: Mapping[str, Mapping[str, Raw]] = {}
        self._title: str | None = None
        self._filling: storage.Filling | None = None
        self._held = holds.NOTHING
        self._owned: frozenset[str] = frozenset()
        self._shelter = Shelter()
        self._logins = Logins(self.config.users)
        self._door: access.Door | None = None
        self._skew: int | None = None
        self._may_edit: Callable[[Path], bool] = lambda _path: False
        self._own = OwnSettings(self._web, self.config, lambda path: self._may_edit(path))
        self._settings: State | None = None
        self._declares = False
        self._wanted: WantedPeers | None = None

    def declared(self, inventory: Inventory) -> Declared:
        """The peers that flows derive and those listed, the servers listed, and the studies on hold."""
        holder = entity(inventory, self.config.ae) if self.config.ae else None
        self._title = holder[1].title if holder else None
        day = inventory.as_of.day() if inventory.as_of else self.today()
        self._held = on_hold(inventory.retention.holds, day)
        self._logins = logins(inventory, self.config)
        self._declares = True
        return declare(self.config, inventory, self._held)

    def remember(self, owned: Collection[Address]) -> None:
        """Look for these too, where they are studies on hold: the inventory may not name them any more."""
        self._owned = frozenset(address.parts[0] for address in owned if address.kind == HELD)

    def read(self) -> Snapshot:
        """All peers and servers: one request for each kind, and four for what the server tells of itself.

        Where a login is declared it is asked once without one. Where its storage has a limit it is asked how full
        it is; where studies are on hold, all studies are gone through too.

        Raises: Unavailable, Refused; BadAnswer when it is not whole, or not Orthanc that answers.
        """
        self._server = self._live.server()
        self._skew = self._ahead()
        self._door = self._met()
        self._filling = self._live.filling() if self._limits().limited else None
        self._objects = self._live.everything(self._server)
        self._shelter = holds.read(self._web, frozenset(self._held.in_force), self._held.named | self._owned)
        standing = (Address.of(self.name, HELD, study) for study in self._shelter.standing())
        held = {address: State(address, address, {"protected": True}) for address in standing}
        self._settings = self._own.live(self._server) if self._declares else None
        own = {self._settings.address: self._settings} if self._settings else {}
        found = Typed({**self._live.resources(self.name, self._objects).states, **held, **own}, KINDS)
        log.debug("%s: read %d from Orthanc %s", self.name, len(found), self._server.version)
        return Snapshot(self.name, found)

    def _ahead(self) -> int | None:
        """Seconds that its clock is ahead of ours; it tells whole ones."""
        there = self._live.now()
        return (
            None
            if there is None
            else round((there - datetime.now(UTC).replace(microsecond=0)).total_seconds())
        )

    def _met(self) -> access.Door:
        """What somebody without a password meets, tried once: what was read without one shows it."""
        if self._door is not None:
            return self._door
        if self.config.login is None:
            return access.Door("open", "/system and /modalities are answered")
        return access.anonymous(self.config, self._secrets)

    # --- what stands in the way, or is wrong with the server --------------------------------------------------

    def check(self, changes: Sequence[Change]) -> Sequence[Finding]:
        """What these changes would lose, and what is wrong with the server, as far as it can be told."""
        server = self._read()
        found = [
            finding for change in changes for finding in remarks.losses(change, self._raw(change.address))
        ]
        if self.config.dicomweb_servers and server.dicomweb is None:
            found.append(remarks.without_plugin(self.name))
        if self._title is not None and self._title != server.ae_title:
            found.append(remarks.other_title(self.name, self._title, server))
        if self.config.login is None:
            found.append(remarks.open_to_all(self.name))
        else:
            found += access.door_findings(self.config, self._met())
        return (
            *found,
            *registered.findings(self.config, self._logins),
            *self._own.findings(server, self._settings, changes, self._forgotten()),
            *settings.findings(self.config, server, over := self._over(changes)),
            *storage.findings(self.config, self._limits(over), self._filling),
        )

    def _raw(self, address: Address) -> Raw | None:
        """An object as it was read."""
        return self._objects.get(address.kind, {}).get(address.parts[0])

    def _limits(self, over: Fields | None = None) -> storage.Limits:
        """How large its storage may grow: as it tells, else as its configuration does; with these options `over`
        it."""
        told, copy = self._read().limits, settings.copied(self.config, over)
        planned = storage.limits(over or {}, whole=False)
        found = storage.completed(planned, storage.completed(told, copy.limits if copy else None))
        return storage.by_version(found, told, options.version(self._read().version))

    def _over(self, changes: Sequence[Change]) -> Fields:
        """What these changes make of its options, where nobody else is to do that."""
        own = [
            one for one in changes if one.address.kind == options.CONFIGURATION and not self._own.asks(one)
        ]
        sides = [one.after.fields for one in own if one.after]
        return sides[0] if sides else {}

    def _forgotten(self) -> int:
        """How many of its peers, and of the servers it calls, are only in its memory."""
        copy = settings.copied(self.config)
        if copy is None:
            return 0
        kept = {PEER: copy.in_database, ORTHANC: copy.peers_in_database, DICOMWEB: copy.servers_in_database}
        return sum(len(self._objects.get(kind, {})) for kind, keeps in kept.items() if keeps is False)

    # --- writing ----------------------------------------------------------------------------------------------

    def apply(self, layer: Sequence[Change]) -> Iterator[Outcome]:
        """One change after the other: read, merged, written, read again."""
        writer = Writer(self._live, self._read(), self._password_for)
        keeper = Keeper(self._web, self._shelter, _ending(layer))
        for change in layer:
            status: Status
            try:
                if change.address.kind == options.CONFIGURATION:
                    status, error = self._own.carry_out(change, self._read())
                else:
                    status, error = (keeper if change.address.kind == HELD else writer).carry_out(change)
            except PacsconfError as fault:
                status, error = "failed", fault.in_full
            log.info("%s: %s %s: %s", self.name, change.action, change.address, status)
            yield Outcome(change.address, change.action, status, error)

    def _password_for(self, address: Address, user: str) -> Secret:
        """The password that the server `address` is called with; it goes to Orthanc now, and there later."""
        servers = self.config.dicomweb_servers if address.kind == DICOMWEB else self.config.orthanc_peers
        server = servers.get(address.parts[0])
        if server is None or server.login is None or server.login.user != user:
            raise Refused(
                self.name,
                f"the inventory has no password of {user} for {address.parts[0]}, and Orthanc gives none back",
                fix="Declare its login, or write it by hand.",
            )
        if not self._web.is_private and not self.config.allow_clear_text:
            raise Refused(self.name, f"the password of {user} would travel unencrypted", fix="Use https://.")
        for endpoint in (Endpoint.parse(server.url), self._web.endpoint):
            secret = self._secrets(server.login.password, endpoint.scheme, endpoint.host, endpoint.port)
        return secret

    def settle(self, applied: Sequence[Change]) -> Iterator[Outcome]:
        """Restarted where its own settings were changed; a peer it looks up when it needs it."""
        if written := [one for one in applied if one.address.kind == options.CONFIGURATION]:
            yield from self._own.restart(written, self._server)

    def close(self) -> None:
        """Let go of the connection."""
        self._web.close()

    def _read(self) -> Server:
        assert self._server is not None, "read comes first"
        return self._server

    # --- abilities --------------------------------------------------------------------------------------------

    def permit(self, may_edit: Callable[[Path], bool]) -> None:
        """Which files of this machine the operator file lets it write."""
        self._may_edit = may_edit

    def asks(self, change: Change) -> str:
        """What a person is asked to write into its configuration, where that is not written from here."""
        return self._own.asks(change) if change.address.kind == options.CONFIGURATION else ""

    def takes_up(self, asked: Change) -> bool:
        """Whether its configuration is written from here by now."""
        return asked.address.kind == options.CONFIGURATION and self._own.writes

    def oddities(self) -> Sequence[Finding]:
        """What is odd about the peers that were read last."""
        found = self._live.resources(self.name, self._objects)
        return tuple(odd.oddities([each for each in found if isinstance(each, PeerEntry)]))

    def unseen(self) -> Sequence[str]:
        """What REST hides."""
        server = self._read()
        hidden = [
            "Whether peers survive a restart, and whom it answers beside them: its configuration says so.",
            "Passwords, HTTP headers and client certificates of the servers it calls: it gives none back.",
        ]
        if server.dicomweb is None:
            hidden.append("DICOMweb servers: the plugin is not loaded, or is not shown to this account.")
        return tuple(hidden)

    def without(self) -> Set[str]:
        """The studies on hold of which nothing is here, by their references."""
        absent = (study for study in self._held.in_force if not self._shelter.of(study))
        return frozenset(f"sha256:{study}" for study in absent)

    def studies(self, asked: Collection[Wanted], since: date | None, until: date | None) -> Iterator[Told]:
        """What it tells of each study of these days, from its lists."""
        return studies(self._web, asked, since, until)

    def stock(self, now: datetime) -> Stock:
        """What it holds, as /statistics counts it."""
        self._server = self._live.server()
        holds, limits = self._live.filling(), self._limits()
        if holds is None:
            raise Refused(
                self.name,
                "it does not tell how full it is",
                fix="Allow GET /statistics to the account that pacsconf uses.",
            )
        return Stock(
            now.isoformat(timespec="seconds"),
            *(holds.bytes, holds.patients, holds.studies, holds.series, holds.instances),
            None if limits.megabytes is None else limits.megabytes * MEGABYTE,
            limits.patients,
            limits.mode,
        )

    def warn_at(self) -> int:
        """As it is declared."""
        return self.config.storage.warn_at

    def evidence(self, states: Mapping[Address, State], inventory: Inventory) -> Configured:
        """What these peers, and this server, mean for rules."""
        over = self._planned(states)
        server, copy = self._read(), settings.copied(self.config, over)
        kept = evident.Kept(
            self.config,
            server,
            copy if copy and copy.ae_title == server.ae_title else None,
            self._limits(over),
            self._filling,
            self._met(),
            self._skew,
            inventory.as_of.day() if inventory.as_of else self.today(),
        )
        if self._wanted is None or self._wanted.inventory is not inventory:
            self._wanted = WantedPeers(self.config, inventory)
        return evident.evidence(kept, states, self._wanted)

    def _planned(self, states: Mapping[Address, State]) -> Fields:
        """The options that would be others than they are, were these its resources."""
        state, there = states.get(options.address(self.config)), self._settings
        if state is None or there is None:
            return {}
        return {name: value for name, value in state.fields.items() if there.fields.get(name) != value}

    def own_entity(self) -> tuple[str, int | None]:
        """What it calls itself, and the DICOM port where it listens."""
        server = self._read()
        return server.ae_title, server.dicom_port

    def rights(self) -> Iterator[AccountRight]:
        """What this account may do, tried on a name that does not exist."""
        yield from rights.rights(self._web, holds=bool(self._held.in_force))
        yield from self._own.rights()

    def try_logins(self) -> Iterator[LoginTried]:
        """Nobody, then each declared user, by one request each."""
        return access.tried(self.config, self._logins, self._secrets)


def _ending(layer: Sequence[Change]) -> frozenset[str]:
    """The studies whose holds end in this layer."""
    return frozenset(
        one.address.parts[0] for one in layer if one.address.kind == HELD and one.action == "delete"
    )
