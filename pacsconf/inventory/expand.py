"""Spelling out a declared device: short forms, what it inherits from its site, capabilities, what is resolved.

Every value that ends up under another path than it was written at gets an alias for `Sources`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pacsconf.core.finding import Finding, Path, errors
from pacsconf.inventory import capabilities
from pacsconf.inventory.declaration import (
    AEDeclaration,
    ConnectionDeclaration,
    DeviceDeclaration,
)
from pacsconf.inventory.model import (
    PROBES,
    AEFacts,
    Connection,
    ConnectionFacts,
    Device,
    DeviceFacts,
    NetworkAE,
    Probe,
    Site,
    TransferCapability,
)

SHORT = "dicom"
"""The name of the connection that the short form makes."""

_SHORT_KEYS = ("host", *(name for name in ConnectionFacts.model_fields if name != "extra"))
_AE_KEYS = tuple(name for name in AEFacts.model_fields if name not in ("extra", "answers_to"))
_ECHOED = frozenset({"modality", "archive"})
_NOT_YET = frozenset({"planned", "commissioning"})

Aliases = dict[Path, tuple[Path, str]]


@dataclass(slots=True)
class Expansion:
    """One device being spelled out."""

    name: str
    declared: DeviceDeclaration
    site: Site | None
    profile_probe: Probe | None = None
    own_probe: bool = False
    """Whether the device itself says how far it may be probed, not only its profile."""
    findings: list[Finding] = field(default_factory=list)
    aliases: Aliases = field(default_factory=dict)

    @property
    def path(self) -> Path:
        return ("devices", self.name)

    def device(self) -> Device | None:
        """The device in full, None when it cannot be made one; `findings` says why."""
        connections = self.connections()
        titles = self.titles(connections)
        self.alias(("worklist", "source"), ("worklist", "from"))
        if not self.declared.type:
            self.refuse("PACS-DEV-001", f"Device {self.name} has no type", (), _TYPE_WHY, _TYPE_FIX)
        if errors(self.findings):
            return None
        return Device(
            **{
                name: getattr(self.declared, name)
                for name in DeviceFacts.model_fields
                if name not in _INHERITED
            },
            **self.inherited(),
            name=self.name,
            type=self.declared.type or "",
            probe=self.probe(),
            installed=self.installed(),
            connections=connections,
            ae_titles=titles,
        )

    def refuse(self, rule: str, summary: str, steps: Path, why: str = "", fix: str = "") -> None:
        self.findings.append(Finding(rule, "error", summary, why, fix, path=self.path + steps))

    def alias(self, made: Path, written: Path) -> None:
        self.aliases[self.path + made] = (self.path + written, "")

    def given(self, model: Any, key: str) -> bool:
        return key in model.model_fields_set

    # --- connections

    def connections(self) -> dict[str, Connection]:
        """The connections by name; the short form makes one of the name `dicom`."""
        device = self.declared
        short = [key for key in _SHORT_KEYS if self.given(device, key) and key != "tls"]
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
        for key in _SHORT_KEYS:
            self.alias(("connections", SHORT, key), (key,))
        self.alias(("connections", SHORT), ("host",))
        return {SHORT: Connection(**_facts(device, ConnectionFacts), host=device.host)}

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
        values = _facts(written, ConnectionFacts) | {"extra": written.extra}
        if not self.given(written, "tls"):
            values["tls"] = self.declared.tls
            self.alias(("connections", name, "tls"), ("tls",))
        return Connection(**values, host=written.host, installed=written.installed)

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
            self.alias(("ae_titles", device.ae_title), ("ae_title",))
            return {device.ae_title: self.entity(device.ae_title, AEDeclaration(), connections)}
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
        at: Path = ("ae_titles", title)
        names = tuple(connections) if ae.connections is None else ae.connections
        self.reached(title, names, connections)
        found = self.capabilities(ae, at)
        called = any(connections[name].port for name in names if name in connections)
        roles = {capability.role for capability in found}
        initiator, acceptor = self.said(ae, "initiator", at), self.said(ae, "acceptor", at)
        return NetworkAE(
            **{key: self.said(ae, key, at) for key in _AE_KEYS},
            title=title,
            answers_to=ae.answers_to or self.said(ae, "answers_to", at),
            connections=names,
            description=ae.description,
            initiator=("SCU" in roles or not (roles or called)) if initiator is None else initiator,
            acceptor=("SCP" in roles or bool(not roles and called)) if acceptor is None else acceptor,
            character_sets=ae.character_sets or self.inherited_character_sets(at),
            installed=ae.installed,
            capabilities=found,
            vendor_data=ae.vendor_data,
            extra=ae.extra,
        )

    def reached(self, title: str, names: tuple[str, ...], connections: Mapping[str, Connection]) -> None:
        """Complains about connections that are not there, and about none (PS3.15 H.1.3: at least one)."""
        known = self.declared.connections or connections
        for name in names:
            if name not in known:
                self.refuse(
                    "PACS-REF-003",
                    f"AE title {title} of device {self.name} names the connection {name}, which is not declared",
                    ("ae_titles", title, "connections"),
                    "An AE is reached through the connections it names (PS3.15 section H.1.3).",
                    f"Declared: {', '.join(known) or 'none'}",
                )
        if not (names or errors(self.findings)) and self.declared.lifecycle not in {"planned", "retired"}:
            self.refuse(
                "PACS-DEV-003",
                f"Device {self.name} has an AE title but no host",
                ("ae_titles", title) if title in self.declared.ae_titles else ("ae_title",),
                _HOST_WHY,
                "Give host (and port, if it is called), or connections. A planned device may do without.",
            )

    def said(self, ae: AEDeclaration, key: str, at: Path) -> Any:
        """What the AE says of itself, else its device for all its AEs."""
        if self.given(ae, key):
            return getattr(ae, key)
        self.alias((*at, key), (key,))
        return getattr(self.declared, key)

    def capabilities(self, ae: AEDeclaration, at: Path) -> tuple[TransferCapability, ...]:
        """Transfer capabilities in order of name, each with an alias to where it was written."""
        found = capabilities.written(self.declared, ae, at)
        for number, one in enumerate(found):
            self.alias((*at, "capabilities", number), one.at)
        for mistake in capabilities.mistakes(found, self.declared, ae, at):
            self.findings.append(replace(mistake, path=self.path + mistake.path))
        return tuple(one.capability for one in found)

    # --- inherited and resolved

    def inherited(self) -> dict[str, Any]:
        """What the site says for devices that do not say it."""
        values: dict[str, Any] = {"ae_domain": self.declared.ae_domain or "default"}
        for key in _INHERITED:
            values[key] = getattr(self.declared, key)
        if not self.site:
            return _with_types(values, self.declared)
        for key, site_key in _FROM_SITE.items():
            here = getattr(self.site, site_key)
            if here and not self.given(self.declared, key):
                values[key] = (here,) if key == "institution_names" else here
                self.aliases[*self.path, key] = (
                    ("sites", self.declared.site or "", site_key),
                    f"site {self.declared.site}",
                )
        return _with_types(values, self.declared)

    def inherited_character_sets(self, at: Path) -> tuple[str, ...]:
        """Those of the device, else of its site."""
        if self.given(self.declared, "character_sets") or not self.site:
            self.alias((*at, "character_sets"), ("character_sets",))
            return self.declared.character_sets
        where = ("sites", self.declared.site or "", "character_sets")
        self.aliases[*self.path, *at, "character_sets"] = (where, f"site {self.declared.site}")
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
        limits = self.probe_limits()
        wanted = self.declared.probe or (limits[0][0] if limits else self.usual_probe())
        allowed, whose = min((*limits, (wanted, "")), key=lambda limit: PROBES.index(limit[0]))
        if allowed != wanted and self.own_probe:
            self.warn_of_probe(wanted, allowed, whose)
        return allowed

    def probe_limits(self) -> tuple[tuple[Probe, str], ...]:
        """What profile and site allow, and in words which of them does."""
        named = (
            (self.profile_probe, f"profile {self.declared.profile}"),
            (self.site and self.site.probe, f"site {self.declared.site}"),
        )
        return tuple((level, whose) for level, whose in named if level)

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
        return "echo" if self.declared.type in _ECHOED else "none"


_FROM_SITE: Mapping[str, str] = {
    "patient_id_issuer": "patient_id_issuer",
    "character_sets": "character_sets",
    "institution_names": "institution_name",
    "ae_domain": "ae_domain",
}
_INHERITED = ("patient_id_issuer", "character_sets", "institution_names", "device_types")
_HOST_WHY = "An application entity is reached through a connection to a host (PS3.15 section H.1.3)."
_TYPE_WHY = "Flows, probing and reports go by what a device is."
_TYPE_FIX = "Give it a type (modality, archive, workstation, ...), or a profile that has one."


def _facts(written: ConnectionFacts, facts: type[ConnectionFacts]) -> dict[str, Any]:
    return {key: getattr(written, key) for key in facts.model_fields if key != "extra"}


def _with_types(values: dict[str, Any], declared: DeviceDeclaration) -> dict[str, Any]:
    values["device_types"] = declared.device_types or declared.modality
    return values
