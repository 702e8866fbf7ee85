"""The declared hospital: sites, devices and what they can do, flows, systems, environments.

These are the models after profiles are merged and short forms spelled out: what systems, observers and reports
work with. Plain frozen values; where each comes from is in `Sources`.
Names of DICOM things as in PS3.15 Annex H; the LDAP attribute is given where the name differs from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, WithJsonSchema

from pacsconf.core.approval import ApprovalRules
from pacsconf.core.guard import Limits
from pacsconf.inventory.approvals import ApprovalsDeclaration
from pacsconf.inventory.base import EntryDeclaration, Extensible, Model
from pacsconf.inventory.baseline import Accepted
from pacsconf.inventory.care import DeviceCare
from pacsconf.inventory.hl7_model import Feed, HL7Application
from pacsconf.inventory.people import AsOf, JobRole, Security, User
from pacsconf.inventory.retention import Retention
from pacsconf.inventory.systems import Environment, ProbeTLS, SystemConfig
from pacsconf.inventory.values import (
    DN,
    UID,
    AETitle,
    Base64,
    CharacterSet,
    CipherSuite,
    Code,
    Count,
    DateText,
    Days,
    Expected,
    Flag,
    Host,
    HostOrNetwork,
    Hours,
    Issuer,
    Name,
    Network,
    OneOrMany,
    Port,
    Texts,
    TimeZone,
    Titles,
    ruled,
)

Lifecycle = Literal["planned", "commissioning", "active", "retiring", "retired"]
Probe = Literal["none", "tcp", "echo", "contexts", "services"]
PROBES: tuple[Probe, ...] = get_args(Probe)
"""From the gentlest to the most thorough."""
Role = Literal["SCU", "SCP"]
Protocol = Literal["dicom", "hl7", "hl7-mllp2", "syslog-tls", "syslog-udp", "http"]
"""What is spoken over a connection."""
HL7: frozenset[Protocol] = frozenset({"hl7", "hl7-mllp2"})
"""HL7 v2 in blocks of MLLP, release 1 and release 2."""


class Site(Model):
    """A place with its own network: a campus, a clinic, a partner."""

    name: str = ""
    """As people say it ("Main campus"); by default the key it is declared under."""
    timezone: TimeZone | None = None
    networks: Annotated[tuple[Network, ...], OneOrMany] = ()
    patient_id_issuer: Issuer | None = None
    """Of devices here that name none."""
    character_sets: Annotated[tuple[CharacterSet, ...], OneOrMany] = ()
    """Of devices here that name none."""
    institution_name: str | None = None
    """Of devices here that name none."""
    ae_domain: str | None = None
    """Of devices here that name none: within it an AE title is unique."""
    probe: Probe | None = None
    """The most that may be sent to any device here; nothing below raises it."""
    probe_window: Hours | None = None
    """Of devices here that name none."""
    probe_as: str | None = None
    """As `pacsconf.probe_as`, for calls from this site to its own devices."""
    zone: str | None = None
    """The part of the network that devices here are in that name none."""
    time_source: str | None = None
    """Of devices here that name none: a declared device, or a host."""
    location: str | None = None
    """Where devices here stand that do not say it more precisely."""


class SeenFrom(Model):
    """The address under which another site sees a connection (NAT, VPN)."""

    host: Host
    port: Port | None = None


class Was(Model):
    """A former address that is still accepted."""

    host: Host
    port: Port | None = None
    until: DateText | None = None


class ConnectionFacts(Extensible):
    """What is the same of a connection however it is written."""

    port: Port | None = None
    """Not given: it only calls."""
    calls_from: Annotated[tuple[HostOrNetwork, ...], OneOrMany] = ()
    """Hosts or networks its calls come from, where that is not `host`."""
    seen_from: Mapping[str, SeenFrom] = Field(default_factory=dict)
    """By site."""
    address: Literal["static", "reservation", "dns"] = "static"
    was: Was | None = None
    tls: Annotated[tuple[CipherSuite, ...], OneOrMany] = ()
    """TLS cipher suite names (dicomTLSCipherSuite); none: no TLS."""


class Connection(ConnectionFacts):
    """A network connection: where a device listens. Without a port it only calls (PS3.15 H.1.1.5)."""

    host: Host
    protocol: Protocol = "dicom"
    installed: Flag | None = None
    """None: as the device."""


class TransferCapability(Extensible):
    """One SOP class in one role, with the transfer syntaxes offered (PS3.15 H.1.1.6)."""

    name: str
    """The `cn` of its entry, unique within the AE."""
    sop_class: UID
    role: Role
    transfer_syntaxes: tuple[UID, ...]


def _accepted(value: Any) -> Any:
    """`declared` and `any` are words; any other single text is one pattern.

    Raises: ValueError for what is neither text nor a list of it.
    """
    if isinstance(value, str):
        return value if value in {"declared", "any"} else (value,)
    if isinstance(value, list | tuple) and all(isinstance(pattern, str) for pattern in value):
        return tuple(value)
    raise ValueError("this is declared, any, or a list of AE titles and patterns such as CT_*")


Accepts = Annotated[
    Literal["declared", "any"] | tuple[str, ...],
    BeforeValidator(ruled("PACS-VAL-001", _accepted)),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
"""Calling AE titles it takes: those that flows declare, any, or wildcard patterns."""


class AEFacts(Extensible):
    """What is the same of an application entity however it is written."""

    clusters: Texts = ()
    """dicomApplicationCluster."""
    preferred_called: Titles = ()
    preferred_calling: Titles = ()
    answers_to: Titles = ()
    """Aliases: further titles that reach the same application entity."""
    accepts: Accepts = "declared"
    shared_title: str | None = None
    """Why several devices hold this title (a pool), where they do."""
    for_tests: Flag = False
    """Whether nothing but phantoms and test objects is stored there: no patient's image is among them."""


class NetworkAE(AEFacts):
    """An application entity, reached through one or more connections of its device (PS3.15 H.1.1.4)."""

    title: AETitle
    connections: tuple[str, ...]
    """Names of the device's connections."""
    description: str | None = None
    initiator: bool
    acceptor: bool
    character_sets: tuple[CharacterSet, ...] = ()
    installed: bool | None = None
    """None: as the device."""
    capabilities: tuple[TransferCapability, ...] = ()
    vendor_data: tuple[Base64, ...] = ()
    """dicomVendorData."""


class Node(Model):
    """A member behind a virtual address; a standby must not answer."""

    host: Host
    port: Port | None = None
    standby: Flag = False


class Loan(Model):
    """A device that is here for a time."""

    until: DateText
    returns_to: str


class Worklist(Model):
    """Where a modality gets its worklist and what it asks for."""

    source: Annotated[str, Field(alias="from")]
    """`device/AE_TITLE`."""
    station_ae: AETitle | None = None
    modality_code: str | None = None


class DeviceFacts(DeviceCare, Extensible):
    """What is the same of a device however it is written; the LDAP attributes are those of PS3.15 H.1.1.2."""

    site: str | None = None
    profile: str | None = None
    modality: Texts = ()
    """Codes as in (0008,0060): CT, MR."""
    lifecycle: Lifecycle = "active"
    owner: str | None = None
    max_associations: Count | None = None
    expected: Expected = "always"
    """`always`, hours such as `mon-fri 07:00-18:00`, or `intermittent` (off is asleep, not ill)."""
    probe_window: Hours | None = None
    """When it may be disturbed. What takes one association at a time is called in these hours alone."""
    external: Flag = False
    """A partner outside: never probed."""
    loan: Loan | None = None
    replaces: str | None = None
    """The device whose titles and address this one takes over."""
    rewrites: Mapping[str, AETitle] = Field(default_factory=dict)
    """A router's calling AE titles: as received to as sent on."""
    worklist: Worklist | None = None
    nodes: Mapping[str, Node] = Field(default_factory=dict)
    entries: Mapping[str, EntryDeclaration] = Field(default_factory=dict)
    """Entries below the device's own that nothing here has words for, by their name relative to it:
    `cn=Image Readers`, `dicomTransferSyntax=1.2.840.10008.1.2.4.70,cn=Image Readers`."""

    description: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    """dicomManufacturerModelName."""
    software_versions: Texts = ()
    station_name: str | None = None
    serial_number: str | None = None
    device_uid: UID | None = None
    device_types: Texts = ()
    """dicomPrimaryDeviceType; by default the modality codes."""
    institution_names: Texts = ()
    institution_addresses: Texts = ()
    institution_departments: Texts = ()
    institution_codes: Annotated[tuple[Code, ...], OneOrMany] = ()
    patient_id_issuer: Issuer | None = None
    accession_number_issuer: Issuer | None = None
    order_placer: Issuer | None = None
    order_filler: Issuer | None = None
    admission_id_issuer: Issuer | None = None
    service_episode_id_issuer: Issuer | None = None
    container_id_issuer: Issuer | None = None
    specimen_id_issuer: Issuer | None = None
    character_sets: Annotated[tuple[CharacterSet, ...], OneOrMany] = ()
    related_devices: Annotated[tuple[DN, ...], OneOrMany] = ()
    """DNs (dicomRelatedDeviceReference)."""
    authorized_certificates: Annotated[tuple[DN, ...], OneOrMany] = ()
    """DNs (dicomAuthorizedNodeCertificateReference)."""
    own_certificates: Annotated[tuple[DN, ...], OneOrMany] = ()
    """DNs (dicomThisNodeCertificateReference)."""
    vendor_data: Annotated[tuple[Base64, ...], OneOrMany] = ()
    """dicomVendorData."""


class Device(DeviceFacts):
    """A device as PS3.15 H.1.1.2 has it, and what an administrator knows beyond that."""

    name: Name
    type: str
    ae_domain: str = "default"
    probe: Probe = "none"
    """Resolved: never more than the site or the profile allows."""
    installed: bool = True
    """Resolved: false while planned or commissioning unless said otherwise."""
    connections: Mapping[str, Connection] = Field(default_factory=dict)
    ae_titles: Mapping[str, NetworkAE] = Field(default_factory=dict)
    """By title."""
    hl7_applications: Mapping[str, HL7Application] = Field(default_factory=dict)
    """By name."""


class Selector(Model):
    """Which devices or AEs: every key that is given must match one of its values."""

    device: Texts = ()
    type: Texts = ()
    modality: Texts = ()
    site: Texts = ()
    profile: Texts = ()
    ae_title: Titles = ()
    lifecycle: Annotated[tuple[Lifecycle, ...], OneOrMany] = ()
    """Not given: active and retiring."""


class Flow(Model):
    """Who may talk to whom, for what."""

    name: str
    description: str | None = None
    callers: tuple[Selector, ...]
    """The key `from`; any of them."""
    called: tuple[Selector, ...]
    """The key `to`; any of them."""
    services: tuple[str, ...]


class Pair(Model):
    """One calling and one called AE that a flow connects."""

    flow: str
    calling_device: str
    calling: AETitle
    called_device: str
    called: AETitle
    services: tuple[str, ...]


class Guards(Model):
    """Limits of what one plan may do, by root kind (`device`); unset: the built-in limit."""

    removals: Mapping[str, Count] = {}
    updates: Mapping[str, Count] = {}
    readdresses: Count | None = None

    def limits(self) -> Limits:
        """These limits, and the built-in ones where none is set."""
        readdresses = Limits().readdresses if self.readdresses is None else self.readdresses
        return Limits(self.removals, self.updates, readdresses)


class Settings(Model):
    """Settings of the inventory as a whole (top-level key `pacsconf`)."""

    quarantine: Days = 90
    """Days (written `90d`) that an AE title stays reserved after its last holder retired."""
    guards: Guards = Guards()
    approvals: ApprovalsDeclaration = ApprovalsDeclaration()
    """Who must approve changes of which risk class before they are applied."""
    probe_as: str | None = None
    """The declared AE that observers call as: `device/AE_TITLE`, or a device with one AE title."""
    probe_tls: ProbeTLS = ProbeTLS()

    def approval_rules(self) -> ApprovalRules:
        """Who must approve what, by risk class."""
        return self.approvals.rules()


class Inventory(Model):
    """Everything declared, for one environment."""

    settings: Settings = Settings()
    sites: Mapping[str, Site] = {}
    devices: Mapping[str, Device] = {}
    flows: Mapping[str, Flow] = {}
    hl7_feeds: Mapping[str, Feed] = {}
    systems: Mapping[str, SystemConfig] = {}
    environments: Mapping[str, Environment] = {}
    baseline: Mapping[str, Accepted] = {}
    retention: Retention = Retention()
    users: Mapping[str, User] = {}
    """People and service accounts, by id."""
    roles: Mapping[str, JobRole] = {}
    security: Security = Security()
    as_of: AsOf | None = None
    """When it is looked at; None: whatever the day."""

    def entities(self) -> Iterator[tuple[Device, NetworkAE]]:
        """Every AE with its device, by device name and title; retired devices too."""
        for name in sorted(self.devices):
            device = self.devices[name]
            for title in sorted(device.ae_titles):
                yield device, device.ae_titles[title]
