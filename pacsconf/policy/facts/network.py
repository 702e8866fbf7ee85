"""Devices, application entities, flows and feeds, as the inventory declares them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from pacsconf.core.address import Address
from pacsconf.dicom.reach.answer import key_of
from pacsconf.inventory import uids
from pacsconf.inventory.flows import Entity
from pacsconf.inventory.formats import IPV4
from pacsconf.inventory.hl7_feeds import Speaker, speaker, written
from pacsconf.inventory.hl7_model import Feed
from pacsconf.inventory.model import Connection, Device, Flow, Inventory, NetworkAE
from pacsconf.inventory.safeguards import Ways
from pacsconf.policy.evidence import Evidence
from pacsconf.policy.facts.places import Sites
from pacsconf.policy.facts.relations import Key, Relations, connections, passes_on, uses
from pacsconf.policy.subject import Subject
from pacsconf.policy.vocabulary import network

_QUERIES = uids.covers("query-retrieve") | {uids.MODALITY_WORKLIST}
_AT_WORK = frozenset({"planned", "commissioning"})


@dataclass(frozen=True, slots=True)
class Addresses:
    """Live resources that an inventory means by its devices and AEs, as far as that follows from it alone."""

    directories: Sequence[str]
    """Systems that hold devices."""
    peers: Mapping[Key, Sequence[Address]]
    """Entries of peer tables, by AE."""

    def of_device(self, device: Device) -> tuple[Address, ...]:
        held = tuple(Address.of(system, "device", device.name) for system in self.directories)
        entries = (each for title in device.ae_titles for each in self.peers.get((device.name, title), ()))
        return (*held, *entries)

    def of_entity(self, device: Device, ae: NetworkAE) -> tuple[Address, ...]:
        held = tuple(Address.of(system, "network-ae", device.name, ae.title) for system in self.directories)
        return (*held, *self.peers.get((device.name, ae.title), ()))


@dataclass
class Network:
    """What is declared of the network of one inventory, from one look at all of it."""

    evidence: Evidence
    sites: Sites
    addresses: Addresses

    def __post_init__(self) -> None:
        self.inventory: Inventory = self.evidence.inventory
        self.relations = Relations(self.inventory)

    def subjects(self) -> dict[str, tuple[Subject, ...]]:
        """Devices, AEs, flows and feeds, by kind."""
        devices = tuple(self.inventory.devices[name] for name in sorted(self.inventory.devices))
        return {
            "device": tuple(map(self.device, devices)),
            "ae": tuple(self.ae(device, ae) for device, ae in self.relations.entities.all),
            "flow": tuple(self.flow(self.inventory.flows[name]) for name in sorted(self.inventory.flows)),
            "feed": tuple(
                self.feed(self.inventory.hl7_feeds[name]) for name in sorted(self.inventory.hl7_feeds)
            ),
        }

    # --- devices

    def device(self, device: Device) -> Subject:
        """A device, retired ones too."""
        relations = self.relations
        keys = [(device.name, title) for title in device.ae_titles]
        plugs = device.connections.values()
        system, audit, worklist = device.operating_system, device.audit, device.worklist
        facts: network.Device = {
            "name": device.name,
            "type": device.type,
            "modality": list(device.modality),
            "lifecycle": device.lifecycle,
            "external": device.external,
            "zone": device.zone or "",
            "owner": device.owner or "",
            "clinical_lead": device.clinical_lead or "",
            "contact": device.contact or "",
            "location": device.location or "",
            "criticality": device.criticality or "",
            "manufacturer": device.manufacturer or "",
            "model": device.model or "",
            "software_versions": list(device.software_versions),
            "titles": list(device.ae_titles),
            "hosts": _each(one.host for one in plugs),
            "addressing": sorted({one.address for one in plugs}),
            "literal_hosts": _each(one.host for one in plugs if _is_literal(one.host)),
            "operating_system": system.name if system else "",
            "compensating_controls": list(device.compensating_controls),
            "documents": _documents(device),
            "time_source": device.time_source or "",
            "audit_to": list(audit.to) if audit else [],
            "audit_transports": [audit.transport] if audit else [],
            "flows_out": _each(flow for key in keys for flow in relations.flows_out.get(key, ())),
            "flows_in": _each(flow for key in keys for flow in relations.flows_in.get(key, ())),
            "stores_to": relations.stores_to(device),
            "worklist_required": uses(device, uids.MODALITY_WORKLIST),
            "worklist_from": worklist.source if worklist else "",
            "worklist_station": (worklist.station_ae or "") if worklist else "",
            "worklist_modality": (worklist.modality_code or "") if worklist else "",
            "commits": uses(device, uids.STORAGE_COMMITMENT),
            "commitment_works": relations.is_answered(device),
            "unacknowledged": list(self.evidence.findings.get(device.name, ())),
        }
        if device.deletes_local_copies is not None:
            facts["deletes_locally"] = device.deletes_local_copies
        self._in_time(device, facts)
        return Subject(
            "device",
            device.name,
            facts,
            site=self.sites.of(device.site),
            path=("devices", device.name),
            device=device.name,
            about=self.addresses.of_device(device),
        )

    def _in_time(self, device: Device, facts: network.Device) -> None:
        """Adds what depends on the day, on the record and on git."""
        evidence, system = self.evidence, device.operating_system
        ends = [day for day in (device.supported_until, system.supported_until if system else None) if day]
        if ends:
            today = self.sites.today(device.site)
            facts["support_days"] = (date.fromisoformat(min(ends)) - today).days
        if evidence.accepted is not None:
            accepted = evidence.accepted.get(device.name)
            facts["accepted"] = accepted is not None
            if accepted and accepted.get("version"):
                facts["accepted_version"] = accepted["version"]
        if evidence.former_lifecycles is not None and device.name in evidence.former_lifecycles:
            facts["previous_lifecycle"] = evidence.former_lifecycles[device.name]

    # --- application entities

    def ae(self, device: Device, ae: NetworkAE) -> Subject:
        """An AE, those of retired devices too."""
        relations, key = self.relations, (device.name, ae.title)
        flows_in, flows_out = relations.flows_in.get(key, ()), relations.flows_out.get(key, ())
        plugs = connections(device, ae)
        plain, tls = _ports(plugs, tls=False), _ports(plugs, tls=True)
        offered = {one.sop_class for one in ae.capabilities if one.role == "SCP"}
        facts: network.AE = {
            "title": ae.title,
            "device": device.name,
            "type": device.type,
            "lifecycle": device.lifecycle,
            "external": device.external,
            "zone": device.zone or "",
            "domain": device.ae_domain,
            "acceptor": ae.acceptor,
            "initiator": ae.initiator,
            "expected": device.expected,
            "probe": device.probe,
            "ports": sorted({*plain, *tls}),
            "plain_ports": plain,
            "tls_ports": tls,
            "tls": bool(tls) and not plain,
            "accepts": ae.accepts if isinstance(ae.accepts, str) else "patterns",
            "answers_to": list(ae.answers_to),
            "same_title": relations.same_title(device, ae),
            "like_title": relations.like_title(device, ae),
            "same_address": relations.same_address(device, ae),
            "services_called": relations.services(flows_in),
            "services_calling": relations.services(flows_out),
            "callers": relations.callers(key),
            "offers_query": not _QUERIES.isdisjoint(offered),
            "offers_storage": not uids.covers("storage").isdisjoint(offered),
            "mutual_tls": any(self._asks_client(name, (device, ae)) for name in flows_in),
            "flows_in": list(flows_in),
            "flows_out": list(flows_out),
        }
        return Subject(
            "ae",
            "/".join(key),
            facts,
            site=self.sites.of(device.site),
            path=("devices", device.name, "ae_titles", ae.title),
            device=device.name,
            about=self.addresses.of_entity(device, ae),
        )

    def _asks_client(self, flow: str, called: Entity) -> bool:
        """Whether who calls an AE by this flow must show a certificate."""
        wanted = self.inventory.security.tls.client_certificates_for
        return bool(wanted) and _is_among(wanted, self._callers[flow], Ends((called,)))

    @cached_property
    def _callers(self) -> Mapping[str, Ends]:
        return {name: Ends(callers) for name, (callers, _) in self.relations.flows.items()}

    @cached_property
    def _called(self) -> Mapping[str, Ends]:
        return {name: Ends(called) for name, (_, called) in self.relations.flows.items()}

    # --- flows and feeds

    def flow(self, flow: Flow) -> Subject:
        """A flow, with what it comes to."""
        callers, called = self.relations.flows[flow.name]
        ours, theirs = self._callers[flow.name], self._called[flow.name]
        plain = [_written(each) for each in called if _ports(connections(*each), tls=False)]
        fares = self.relations.fares(flow)
        crossings = _crossings(ours, theirs)
        facts: network.Flow = {
            "name": flow.name,
            "services": list(flow.services),
            "callers": [self._members[key_of(each)] for each in callers],
            "called": [self._members[key_of(each)] for each in called],
            "crosses_sites": _differ(ours.sites, theirs.sites),
            "crosses_zones": bool(crossings),
            "crossings": [f"{one} → {other}" for one, other in crossings],
            "leaves": ours.external or theirs.external,
            "encrypted": not plain,
            "plain_called": plain,
            "through_gateway": _through_gateway(ours, theirs),
            "retiring": self._retiring(flow),
            "commissioning": [_written(each) for each in callers if each[0].lifecycle in _AT_WORK],
            "production": [_written(each) for each in called if _is_production(*each)],
            "no_common_class": fares.no_class,
            "no_common_syntax": fares.no_syntax,
            "lossy_only": fares.lossy,
            "tls_required": _is_among(self.inventory.security.tls.require_for, ours, theirs),
            "patient_data": any(uids.covers(name) - {uids.VERIFICATION} for name in flow.services),
        }
        return Subject("flow", flow.name, facts, site=self.sites.of(None), path=("flows", flow.name))

    @cached_property
    def _members(self) -> Mapping[Key, network.Member]:
        return {key_of(each): _member(each) for each in self.relations.entities.all}

    def _retiring(self, flow: Flow) -> list[str]:
        """Devices at either end that are on their way out; a retired one is at none, but may still be named."""
        ends = (each[0] for end in self.relations.flows[flow.name] for each in end)
        found = {device.name for device in ends if device.lifecycle == "retiring"}
        for selector in (*flow.callers, *flow.called):
            named = (self.inventory.devices.get(name) for name in selector.device)
            found.update(device.name for device in named if device and device.lifecycle == "retired")
            found.update(name for title in selector.ae_title for name in self._retired_titles.get(title, ()))
        return sorted(found)

    @cached_property
    def _retired_titles(self) -> Mapping[str, set[str]]:
        """Retired devices by the titles that they had and nobody has now."""
        found: dict[str, set[str]] = {}
        current: set[str] = set()
        for device, ae in self.relations.entities.all:
            for title in (ae.title, *ae.answers_to):
                if device.lifecycle == "retired":
                    found.setdefault(title, set()).add(device.name)
                else:
                    current.add(title)
        return {title: devices for title, devices in found.items() if title not in current}

    def feed(self, feed: Feed) -> Subject:
        """An HL7 feed."""
        sender = speaker(self.inventory, feed.sender)
        receivers = [found for end in feed.receivers if (found := speaker(self.inventory, end))]
        sites = {one[0].site for one in receivers if one[0].site}
        zones = {one[0].zone for one in receivers if one[0].zone}
        here = sender[0] if sender else None
        facts: network.Feed = {
            "name": feed.name,
            "sender": written(sender) if sender else feed.sender,
            "receivers": [written(one) for one in receivers],
            "messages": list(feed.messages),
            "encrypted": all(_hears_encrypted(one) for one in receivers),
            "crosses_sites": here is not None and bool(here.site) and bool(sites - {here.site}),
            "crosses_zones": here is not None and bool(here.zone) and bool(zones - {here.zone}),
        }
        return Subject("feed", feed.name, facts, site=self.sites.of(None), path=("hl7_feeds", feed.name))


# --- what ends of flows have in common ---------------------------------------------------------------------------


class Ends:
    """Those at one end of a flow, as far as crossing goes: a flow of ten thousand is of a few sites and zones."""

    def __init__(self, entities: Iterable[Entity]) -> None:
        devices = [device for device, _ in entities]
        self.sites = {device.site for device in devices if device.site}
        self.zones = {(device.zone, passes_on(device)) for device in devices if device.zone}
        self.external = any(device.external for device in devices)


def _crossings(ours: Ends, theirs: Ends) -> list[tuple[str, str]]:
    """From which zone to which, where they differ."""
    pairs = {(one, other) for one, _ in ours.zones for other, _ in theirs.zones if one != other}
    return sorted((one or "", other or "") for one, other in pairs)


def _through_gateway(ours: Ends, theirs: Ends) -> bool:
    return all(here or there for one, here in ours.zones for other, there in theirs.zones if one != other)


def _differ(ones: set[str], others: set[str]) -> bool:
    """Whether one of these is another than one of those."""
    return bool(ones and others) and (len(ones) > 1 or len(others) > 1 or ones != others)


def _is_among(wanted: Iterable[Ways], ours: Ends, theirs: Ends) -> bool:
    """Whether what flows between these is of those that are wanted."""
    is_of: Mapping[Ways, bool] = {
        "all": True,
        "cross-site": _differ(ours.sites, theirs.sites),
        "cross-zone": bool(_crossings(ours, theirs)),
        "external": ours.external or theirs.external,
    }
    return any(is_of[way] for way in wanted)


# --- one by one --------------------------------------------------------------------------------------------------


def _member(each: Entity) -> network.Member:
    device, ae = each
    return {
        "device": device.name,
        "title": ae.title,
        "site": device.site or "",
        "zone": device.zone or "",
        "lifecycle": device.lifecycle,
        "type": device.type,
    }


def _written(each: Entity) -> str:
    return "/".join(key_of(each))


def _is_production(device: Device, ae: NetworkAE) -> bool:
    return device.type == "archive" and device.lifecycle == "active" and not ae.for_tests


def _ports(plugs: Iterable[Connection], *, tls: bool) -> list[int]:
    return sorted({one.port for one in plugs if one.port and bool(one.tls) == tls})


def _hears_encrypted(of: Speaker) -> bool:
    device, application = of
    listening = [device.connections[name] for name in application.connections if name in device.connections]
    return all(one.tls for one in listening if one.port)


def _documents(device: Device) -> list[str]:
    papers = {"mds2": device.documents.mds2, "conformance-statement": device.documents.conformance_statement}
    return [name for name, paper in papers.items() if paper]


def _each(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _is_literal(host: str) -> bool:
    return ":" in host or IPV4.fullmatch(host) is not None
