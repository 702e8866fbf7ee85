"""Spelling out a declared device: short forms, what it inherits from its site, capabilities, what is resolved.

Where a value comes from that ends up under another path than it was written at is told by `aliases`. Values were
checked when they were declared, so the models are made of them as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pacsconf.core.finding import Finding, Path, errors
from pacsconf.inventory import capabilities
from pacsconf.inventory.base import VENDOR_KEYS, Extensible
from pacsconf.inventory.capability_sets import CapabilitySets
from pacsconf.inventory.declaration import (
    AEDeclaration,
    ConnectionDeclaration,
    DeviceDeclaration,
    HL7ApplicationDeclaration,
)
from pacsconf.inventory.hl7_model import HL7Application
from pacsconf.inventory.model import (
    HL7,
    PROBES,
    AEFacts,
    Connection,
    ConnectionFacts,
    Device,
    DeviceFacts,
    NetworkAE,
    Probe,
    Protocol,
    Site,
    TransferCapability,
)

SHORT = "dicom"
"""The name of the connection that the short form makes."""
_CONNECTION_FACTS = tuple(name for name in ConnectionFacts.model_fields if name not in VENDOR_KEYS)
SHORT_KEYS = ("host", *_CONNECTION_FACTS)
"""What the short form says of it."""
AE_KEYS = (*(name for name in AEFacts.model_fields if name not in VENDOR_KEYS), "initiator", "acceptor")
"""What a device says for those of its AEs that do not say it themselves; `capabilities` adds services."""
DICOM: frozenset[Protocol] = frozenset({"dicom"})
SILENT = AEDeclaration()
"""An AE that says nothing itself."""

_USUAL_PROBES: Mapping[str, Probe] = {"modality": "echo", "archive": "services"}
"""By type; whatever else there is says itself how far it may be probed."""
_NOT_YET = frozenset({"planned", "commissioning"})
_NOTHING_OWN: Mapping[str, Any] = {
    key: Extensible.model_fields[key].get_default(call_default_factory=True) for key in VENDOR_KEYS
}
"""What an entry has that only the short form of a device speaks of."""


@dataclass(slots=True)
class Expansion:
    """One device being spelled out."""

    name: str
    declared: DeviceDeclaration
    site: Site | None
    profile_probe: Probe | None = None
    own_probe: bool = False
    """Whether the device itself says how far it may be probed, not only its profile."""
    sets: CapabilitySets = capabilities.NO_SETS
    """Those that its AEs may name."""
    findings: list[Finding] = field(default_factory=list)

    @property
    def path(self) -> Path:
        return ("devices", self.name)

    def device(self) -> Device | None:
        """The device in full, None when it cannot be made one; `findings` says why."""
        connections = self.connections()
        titles = self.titles(connections)
        applications = self.applications(connections)
        if not self.declared.type:
            self.refuse("PACS-DEV-001", f"Device {self.name} has no type", (), _TYPE_WHY, _TYPE_FIX)
        if self.findings and errors(self.findings):
            return None
        said = self.declared.__dict__
        values = {key: said[key] for key in _DEVICE_FACTS}
        values |= {
            "name": self.name,
            "type": self.declared.type,
            "ae_domain": self.declared.ae_domain or "default",
            "probe": self.probe(),
            "installed": self.installed(),
            "connections": connections,
            "ae_titles": titles,
            "hl7_applications": applications,
        }
        values |= self.inherited()
        return Device.of_checked(values, _OF_DEVICE)

    def refuse(self, rule: str, summary: str, steps: Path, why: str = "", fix: str = "") -> None:
        self.findings.append(Finding(rule, "error", summary, why, fix, path=self.path + steps))

    # --- connections

    def connections(self) -> dict[str, Connection]:
        """The connections by name; the short form makes one of the name `dicom`."""
        device = self.declared
        short = short_keys(device)
        if device.connections and short:
            self.refuse(
                "PACS-DEV-002",
                f"Device {self.name} has both connections and {short[0]}",
                (short[0],),
                "It is not clear which of its connections that belongs to.",
                f"Move {short[0]} under one of: {', '.join(device.connections)}",
            )
        if device.connections or not short:
            return {name: found for name in device.connections if (found := self.connection(name))}
        if device.host is None:
            self.refuse(
                "PACS-DEV-003",
                f"Device {self.name} has {short[0]} but no host",
                (short[0],),
                _HOST_WHY,
                "Give host: its name or IP address.",
            )
            return {}
        said = device.__dict__
        values = {**_NOTHING_OWN, **{key: said[key] for key in _CONNECTION_FACTS}}
        values |= {"host": device.host, "protocol": "dicom", "installed": None}
        return {SHORT: Connection.of_checked(values, _OF_SHORT)}

    def connection(self, name: str) -> Connection | None:
        """A connection of the long form; TLS suites of the device where it has none of its own."""
        written: ConnectionDeclaration = self.declared.connections[name]
        if written.host is None:
            self.refuse(
                "PACS-DEV-003",
                f"Connection {name} of device {self.name} has no host",
                ("connections", name),
                _HOST_WHY,
                "Give it a host: a name or an IP address.",
            )
            return None
        values = dict(written.__dict__)
        if "tls" not in written.model_fields_set:
            values["tls"] = self.declared.tls
        return Connection.of_checked(values, _OF_CONNECTION)

    # --- application entities

    def titles(self, connections: Mapping[str, Connection]) -> dict[str, NetworkAE]:
        """The application entities by title; the short form makes one."""
        device = self.declared
        if device.ae_titles and device.ae_title:
            self.refuse(
                "PACS-DEV-002",
                f"Device {self.name} has both ae_title and ae_titles",
                ("ae_title",),
                "The short form is for a device with one AE title.",
                f"Write {device.ae_title} under ae_titles too, or only one of the two.",
            )
        if device.ae_title and not device.ae_titles:
            return {device.ae_title: self.entity(device.ae_title, SILENT, connections)}
        if len(device.ae_titles) != 1 and device.answers_to:
            self.refuse(
                "PACS-DEV-002",
                f"Device {self.name} answers to {device.answers_to[0]}, but has {len(device.ae_titles) or 'no'} "
                "AE titles",
                ("answers_to",),
                "It is not clear which of them that reaches.",
                "Write answers_to under the AE title that is meant.",
            )
        return {title: self.entity(title, ae, connections) for title, ae in device.ae_titles.items()}

    def entity(self, title: str, ae: AEDeclaration, connections: Mapping[str, Connection]) -> NetworkAE:
        """An application entity, what it does not say itself taken from its device."""
        names = over(connections, DICOM) if ae.connections is None else ae.connections
        self.reached(title, names, connections)
        found = self.capabilities(title, ae)
        called = any(connections[name].port for name in names if name in connections)
        roles = {capability.role for capability in found}
        own, given, whole = ae.__dict__, ae.model_fields_set, self.declared.__dict__
        said = {key: (own if key in given else whole)[key] for key in AE_KEYS}
        initiator, acceptor = said.pop("initiator"), said.pop("acceptor")
        values = {
            **{key: own[key] for key in VENDOR_KEYS},
            **said,
            "answers_to": ae.answers_to or said["answers_to"],
            "title": title,
            "connections": names,
            "description": ae.description,
            "initiator": ("SCU" in roles or not (roles or called)) if initiator is None else initiator,
            "acceptor": ("SCP" in roles or bool(not roles and called)) if acceptor is None else acceptor,
            "character_sets": ae.character_sets or self.character_sets(),
            "installed": ae.installed,
            "capabilities": found,
            "vendor_data": ae.vendor_data,
        }
        return NetworkAE.of_checked(values, _OF_AE)

    def reached(self, title: str, names: tuple[str, ...], connections: Mapping[str, Connection]) -> None:
        """Complains about connections that are not there, and about none (PS3.15 H.1.3: at least one)."""
        self.through(f"AE title {title}", names, connections, ("ae_titles", title), DICOM)
        if not (names or errors(self.findings)) and self.declared.lifecycle not in {"planned", "retired"}:
            lacks = "connection where DICOM is spoken" if connections else "host"
            self.refuse(
                "PACS-DEV-003",
                f"Device {self.name} has an AE title but no {lacks}",
                ("ae_titles", title) if title in self.declared.ae_titles else ("ae_title",),
                _HOST_WHY,
                "Give host (and port, if it is called), or connections. A planned device may do without.",
            )

    def through(
        self,
        who: str,
        names: tuple[str, ...],
        connections: Mapping[str, Connection],
        at: Path,
        speaks: frozenset[Protocol],
    ) -> None:
        """Complains about connections that are not there, or where something else is spoken."""
        known = self.declared.connections or connections
        for name in names:
            if name not in known:
                self.refuse(
                    "PACS-REF-003",
                    f"{who} of device {self.name} names the connection {name}, which is not declared",
                    (*at, "connections"),
                    "It is reached through the connections it names (PS3.15 section H.1.3).",
                    f"Declared: {', '.join(known) or 'none'}",
                )
            elif name in connections and connections[name].protocol not in speaks:
                fitting = ", ".join(over(connections, speaks)) or "none"
                self.refuse(
                    "PACS-REF-009",
                    f"{who} of device {self.name} names the connection {name}, where "
                    f"{connections[name].protocol} is spoken",
                    (*at, "connections"),
                    "Whoever calls there is not understood.",
                    f"Name another one ({fitting}), or give that one the protocol {' or '.join(sorted(speaks))}.",
                )

    # --- HL7 applications

    def applications(self, connections: Mapping[str, Connection]) -> dict[str, HL7Application]:
        """The HL7 applications by name."""
        declared = self.declared.hl7_applications
        return {name: self.application(name, said, connections) for name, said in declared.items()}

    def application(
        self, name: str, said: HL7ApplicationDeclaration, connections: Mapping[str, Connection]
    ) -> HL7Application:
        """An HL7 application; through every connection where HL7 is spoken, unless it names some."""
        names = over(connections, HL7) if said.connections is None else said.connections
        self.through(f"HL7 application {name}", names, connections, ("hl7_applications", name), HL7)
        values = {**said.__dict__, "name": name, "connections": names}
        return HL7Application.of_checked(values, _OF_APPLICATION)

    def capabilities(self, title: str, ae: AEDeclaration) -> tuple[TransferCapability, ...]:
        """Transfer capabilities in order of name."""
        if capabilities.is_listed(self.declared, ae):
            return capabilities.of_lists(self.declared, ae)
        if not capabilities.is_spelled_out(self.declared, ae):
            shared = capabilities.of_sets(self.declared, ae, self.sets)
            if shared is not None:
                return shared
        at = ("ae_titles", title)
        found = capabilities.written(self.declared, ae, at, self.sets)
        for mistake in capabilities.mistakes(found, self.declared, ae, at, self.sets):
            self.findings.append(replace(mistake, path=self.path + mistake.path))
        return tuple(one.capability for one in found)

    # --- inherited and resolved

    def inherited(self) -> dict[str, Any]:
        """What follows from the modality, and what the site says for devices that do not say it."""
        values: dict[str, Any] = {"device_types": self.declared.device_types or self.declared.modality}
        for key in given_by_site(self.declared, self.site):
            here = getattr(self.site, FROM_SITE[key])
            values[key] = (here,) if key == "institution_names" else here
        return values

    def character_sets(self) -> tuple[str, ...]:
        """Of an AE that names none: those of its device, else of its site."""
        if "character_sets" in self.declared.model_fields_set or not self.site:
            return self.declared.character_sets
        return self.site.character_sets

    def installed(self) -> bool:
        """As declared; else not while planned or commissioning."""
        return (
            self.declared.lifecycle not in _NOT_YET
            if self.declared.installed is None
            else self.declared.installed
        )

    def probe(self) -> Probe:
        """Its own level, else its profile's, its site's, or by type; never more than profile and site allow."""
        if self.declared.external:
            return "none"
        above = (self.profile_probe, self.site.probe if self.site else None)
        limits = [level for level in above if level]
        wanted = self.declared.probe or (limits[0] if limits else self.usual_probe())
        allowed = min((*limits, wanted), key=PROBES.index) if limits else wanted
        if allowed != wanted and self.own_probe:
            of_profile = allowed == self.profile_probe
            whose = f"profile {self.declared.profile}" if of_profile else f"site {self.declared.site}"
            self.warn_of_probe(wanted, allowed, whose)
        return allowed

    def warn_of_probe(self, wanted: Probe, allowed: Probe, whose: str) -> None:
        self.findings.append(
            Finding(
                "PACS-PROBE-001",
                "warning",
                f"Device {self.name} asks for probe level {wanted}, but {whose} allows at most {allowed}",
                f"A device cannot raise the limit of its site or profile: {allowed} is what counts.",
                f"Remove probe here, or raise the limit of {whose}.",
                path=(*self.path, "probe"),
            )
        )

    def usual_probe(self) -> Probe:
        return _USUAL_PROBES.get(self.declared.type or "", "none")


def over(connections: Mapping[str, Connection], speaks: frozenset[Protocol]) -> tuple[str, ...]:
    """The names of the connections where one of these is spoken."""
    return tuple(name for name, each in connections.items() if each.protocol in speaks)


def short_keys(device: DeviceDeclaration) -> list[str]:
    """The keys of the short form of a connection that a device has; TLS suites may be those of its long ones."""
    given = device.model_fields_set
    return [key for key in SHORT_KEYS if key in given and key != "tls"]


FROM_SITE: Mapping[str, str] = {
    "patient_id_issuer": "patient_id_issuer",
    "character_sets": "character_sets",
    "institution_names": "institution_name",
    "ae_domain": "ae_domain",
    "probe_window": "probe_window",
    "zone": "zone",
    "time_source": "time_source",
    "location": "location",
}
"""What a device has from its site where it does not say it, by the key of the site."""


def given_by_site(device: DeviceDeclaration, site: Site | None) -> Iterator[str]:
    """The keys that a device has from its site."""
    given = device.model_fields_set
    return (key for key, of_site in FROM_SITE.items() if getattr(site, of_site, None) and key not in given)


_HOST_WHY = "An application entity is reached through a connection to a host (PS3.15 section H.1.3)."
_TYPE_WHY = "Flows, probing and reports go by what a device is."
_TYPE_FIX = "Give it a type (modality, archive, workstation, ...), or a profile that has one."

_DEVICE_FACTS = tuple(DeviceFacts.model_fields)
_OF_DEVICE = set(Device.model_fields)
_OF_APPLICATION = set(HL7Application.model_fields)
_OF_AE = set(NetworkAE.model_fields)
_OF_CONNECTION = set(Connection.model_fields)
_OF_SHORT = set(SHORT_KEYS)
