"""What a template can use: the hospital in plain values, with every name and address resolved.

Each name is listed in docs/render.md. The types are frozen and hold texts, numbers and each other: nothing in here
does anything, so a template can read all of it. Addresses of peers are those seen from the site of whom they are
listed for. What is not declared is an empty text, an empty tuple or None (a number, a whole).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pacsconf.report.sheets.services import Services


@dataclass(frozen=True, slots=True)
class Site:
    """A place with its own network."""

    key: str
    name: str
    institution: str
    timezone: str
    networks: tuple[str, ...]
    patient_id_issuer: str


@dataclass(frozen=True, slots=True)
class Connection:
    """Where a device listens; without a port it only calls."""

    name: str
    host: str
    port: int | None
    calls_from: tuple[str, ...]
    """Where its calls come from: `host`, unless said otherwise."""
    address: str
    """How it gets its address: static, reservation, dns."""
    tls: tuple[str, ...]
    """Cipher suites; empty: no encryption."""
    seen_from: tuple[tuple[str, str], ...]
    """Site and `host:port` under which that site sees it."""
    was: str
    """A former host that is still accepted, and until when."""
    protocol: str = "dicom"
    """What is spoken there: dicom, hl7, hl7-mllp2, syslog-tls, syslog-udp, http."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Whom an application entity talks to. `asks`: what the peer asks of it; `offers`: what it asks of the peer."""

    alias: str
    title: str
    device: str
    description: str
    site: str
    host: str
    port: int | None
    tls: bool
    calls_from: tuple[str, ...]
    """Hosts or networks that its calls come from, where it calls."""
    asks: Services
    offers: Services
    commits: bool
    """Whether it is asked for storage commitment; else, where `offers` holds that, it is sent the answers."""
    flows: tuple[str, ...]

    @property
    def answers_commitment(self) -> bool:
        """Whether a flow lets the peer answer storage commitment, on a connection that it opens itself."""
        return "storage-commitment" in self.asks.kinds


@dataclass(frozen=True, slots=True)
class AE:
    """An application entity: what peers know by its AE title."""

    title: str
    device: str
    description: str
    site: str
    host: str
    port: int | None
    """Host and port that peers at its own site are told."""
    tls: bool
    aliases: tuple[str, ...]
    accepts: str
    """Who may call it: `declared`, `any`, or the titles and patterns."""
    shared: str
    """Why several devices hold the title, where they do."""
    calls: bool
    is_called: bool
    connections: tuple[str, ...]
    uses: tuple[str, ...]
    """SOP classes that it asks others for, by the standard's names."""
    provides: tuple[str, ...]
    """SOP classes that others may ask of it."""
    peers: tuple[Peer, ...]

    @property
    def callers(self) -> tuple[Peer, ...]:
        """The peers that call it."""
        return tuple(peer for peer in self.peers if peer.asks.names)

    @property
    def called(self) -> tuple[Peer, ...]:
        """The peers that it calls."""
        return tuple(peer for peer in self.peers if peer.offers.names)


@dataclass(frozen=True, slots=True)
class Worklist:
    """Where a modality gets its list of patients, and what it asks for."""

    title: str
    device: str
    host: str
    port: int | None
    tls: bool
    station_ae: str
    modality_code: str


@dataclass(frozen=True, slots=True)
class Device:
    """A device with all that is declared of it."""

    name: str
    type: str
    description: str
    site: Site | None
    lifecycle: str
    owner: str
    manufacturer: str
    model: str
    product: str
    """Manufacturer and model."""
    software_versions: tuple[str, ...]
    serial_number: str
    station_name: str
    modality: tuple[str, ...]
    institution: str
    institution_address: str
    department: str
    timezone: str
    character_sets: tuple[str, ...]
    patient_id_issuer: str
    max_associations: int | None
    expected: str
    probe: str
    external: bool
    installed: bool
    domain: str
    replaces: str
    loan: str
    """Until when it is on loan and where it returns to."""
    worklist: Worklist | None
    connections: tuple[Connection, ...]
    aes: tuple[AE, ...]


@dataclass(frozen=True, slots=True)
class Title:
    """One line of the register of AE titles."""

    title: str
    domain: str
    device: str
    """Empty: nobody's any more, only reserved."""
    description: str
    product: str
    """Manufacturer and model."""
    type: str
    site: str
    lifecycle: str
    host: str
    port: int | None
    alias_of: str
    """The title that an alias stands for."""
    aliases: tuple[str, ...]
    shared: str
    reserved_until: date | None
    """The day on which a title that is not used any more becomes free."""


@dataclass(frozen=True, slots=True)
class End:
    """One end of a pair."""

    title: str
    device: str
    site: str
    hosts: tuple[str, ...]
    """Of the caller: where its calls come from. Of the called: the one host, as the caller's site sees it."""
    port: int | None
    """Of the called, as the caller's site sees it; None at the caller."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One application entity that may call another, by one flow."""

    flow: str
    calling: End
    called: End
    services: Services
    tls: bool


@dataclass(frozen=True, slots=True)
class Opening:
    """One thing to ask of a firewall: from here to there, with every pair that needs it."""

    source: str
    """A host or network."""
    source_site: str
    host: str
    port: int
    site: str
    tls: bool
    calling: tuple[str, ...]
    """Devices."""
    called: tuple[str, ...]
    """Devices."""
    flows: tuple[str, ...]
    services: Services


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow as it is declared, and what it comes to."""

    name: str
    description: str
    services: Services
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of a row: what it is called, what stands there, what is to stand there."""

    field: str
    label: str
    before: str
    after: str
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    """Members of a list that come and go."""

    @property
    def changes(self) -> bool:
        """Whether it is to be keyed in."""
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a console's table that a person is to add, change or remove."""

    action: str
    """add, change, remove."""
    sign: str
    """+ ~ -"""
    address: str
    what: str
    """peer, or own settings."""
    name: str
    title: str
    cells: tuple[Cell, ...]
    why: tuple[str, ...]
    peer: Peer | None
    """The declared peer, where it is one still."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What waits for a person at one console."""

    system: str
    contact: str
    title: str
    device: Device | None
    """Whose console it is."""
    rows: tuple[Row, ...]
    changeset: str
    operator: str
    ticket: str
    printed: str
    commands: tuple[str, ...]
    """What to type once it is keyed in."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that an identity team is asked for."""

    address: str
    user: str
    """The id in the inventory; of a password policy its name."""
    login: str
    """What one signs in with; empty for a password policy."""
    name: str
    """Who it is; empty unless names were asked for."""
    deeds: tuple[str, ...]
    since: str
    changeset: str
    operator: str
    ticket: str


@dataclass(frozen=True, slots=True)
class Request:
    """What an identity team is asked for in one system of accounts, and has not done yet."""

    system: str
    url: str
    asked: tuple[Asked, ...]
    printed: str
    commands: tuple[str, ...]
    """What shows whether it is done."""
    done_when: tuple[str, ...] = ()
    """What is taken for done, in the words of the directory."""


@dataclass(frozen=True, slots=True)
class Hospital:
    """All of it; every field is a name that a template has."""

    environment: str
    """Empty where several are declared and none was chosen."""
    day: date
    commit: str
    """Of the inventory; empty where it is not known, with `-dirty` where something is not committed."""
    sites: tuple[Site, ...]
    devices: tuple[Device, ...]
    aes: tuple[AE, ...]
    titles: tuple[Title, ...]
    flows: tuple[Flow, ...]
    pairs: tuple[Pair, ...]
    openings: tuple[Opening, ...]

    def values(self, **more: object) -> dict[str, object]:
        """The names a template has: the fields, and what is given."""
        return {**{name: getattr(self, name) for name in self.__slots__}, **more}

    def device(self, name: str) -> Device | None:
        """The device of this name."""
        return next((each for each in self.devices if each.name == name), None)
