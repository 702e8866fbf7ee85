"""The hospital that templates see, made of the inventory. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

from pacsconf.inventory import model, peers, uids
from pacsconf.inventory.flows import Entity, pairs
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.systems import PeersConfig
from pacsconf.report.sheets.context import (
    AE,
    Connection,
    Device,
    End,
    Flow,
    Hospital,
    Opening,
    Pair,
    Peer,
    Site,
    Title,
    Worklist,
)
from pacsconf.report.sheets.services import Services, services_of

Key = tuple[str, str]
"""Device and AE title."""


def hospital(
    inventory: Inventory,
    *,
    day: date,
    environment: str = "",
    commit: str = "",
    reserved: Mapping[str, date] | None = None,
) -> Hospital:
    """What templates see of the inventory. `reserved` are AE titles that nobody uses, until when they stay so."""
    found = pairs(inventory)
    tables = _tables(inventory, found)
    devices = tuple(_device(inventory, inventory.devices[name], tables) for name in sorted(inventory.devices))
    told = tuple(_pair(inventory, pair) for pair in found)
    return Hospital(
        environment=environment,
        day=day,
        commit=commit,
        sites=tuple(_site(key, inventory.sites[key]) for key in sorted(inventory.sites)),
        devices=devices,
        aes=tuple(ae for device in devices for ae in device.aes),
        titles=_titles(devices, reserved or {}),
        flows=tuple(_flow(inventory.flows[name], told) for name in sorted(inventory.flows)),
        pairs=told,
        openings=_openings(told),
    )


# --- devices ------------------------------------------------------------------------------------------------------


def _tables(inventory: Inventory, found: Iterable[model.Pair]) -> Mapping[Key, tuple[Peer, ...]]:
    """The peer table of each application entity: its system's, where one holds it, else what flows derive."""
    among: dict[Key, list[model.Pair]] = defaultdict(list)
    for pair in found:
        among[pair.calling_device, pair.calling].append(pair)
        among[pair.called_device, pair.called].append(pair)
    tables = {}
    for device, ae in inventory.entities():
        key = (device.name, ae.title)
        tables[key] = peers.derived(inventory, (device, ae), among[key])
    for config in inventory.systems.values():
        holder = peers.entity(inventory, config.ae) if isinstance(config, PeersConfig) and config.ae else None
        if holder is not None and isinstance(config, PeersConfig) and config.peers:
            tables[holder[0].name, holder[1].title] = peers.peer_table(inventory, config)[0]
    return {
        (name, title): tuple(
            peer_of(inventory, peer, (inventory.devices[name], inventory.devices[name].ae_titles[title]))
            for peer in table
        )
        for (name, title), table in tables.items()
    }


def peer_of(inventory: Inventory, peer: peers.Peer, holder: Entity) -> Peer:
    """An entry of the peer table of `holder` as templates see it."""
    device = inventory.devices.get(peer.device)
    ae = device.ae_titles.get(peer.title) if device else None
    known = _sources(device, ae, holder[0].site) if device and ae else ()
    calls_from = known or ((peer.host,) if peer.host else ())
    offers = services_of(peer.offers)
    return Peer(
        alias=peer.alias,
        title=peer.title,
        device=peer.device,
        description=(device.description or "") if device else "",
        site=_site_name(inventory, peer.site),
        host=peer.host or "",
        port=peer.port,
        tls=peer.tls,
        calls_from=calls_from if peer.asks else (),
        asks=services_of(peer.asks),
        offers=offers,
        commits=_commits(holder[1], ae, offers),
        flows=peer.flows,
    )


def _commits(holder: model.NetworkAE, peer: model.NetworkAE | None, offers: Services) -> bool:
    """Whether the holder asks this peer for storage commitment, rather than sends it answers.

    Where both could be, by their roles, it asks whom it sends images to. Source: PS3.4 section J.3.
    """
    if "storage-commitment" not in offers.kinds:
        return False
    asks = _may(holder, "SCU") and (peer is None or _may(peer, "SCP"))
    answers = _may(holder, "SCP") and (peer is None or _may(peer, "SCU"))
    return asks and (not answers or "storage" in offers.kinds)


def _may(ae: model.NetworkAE, role: model.Role) -> bool:
    """Whether an entity has this role in storage commitment; one of which nothing is declared may have both."""
    roles = {each.role for each in ae.capabilities if each.sop_class == peers.COMMITMENT}
    return not ae.capabilities or role in roles


def _device(inventory: Inventory, device: model.Device, tables: Mapping[Key, tuple[Peer, ...]]) -> Device:
    site = inventory.sites.get(device.site or "")
    loan = device.loan
    return Device(
        name=device.name,
        type=device.type,
        description=device.description or "",
        site=_site(device.site or "", site) if site else None,
        lifecycle=device.lifecycle,
        owner=device.owner or "",
        manufacturer=device.manufacturer or "",
        model=device.model or "",
        product=" ".join(filter(None, (device.manufacturer, device.model))),
        software_versions=device.software_versions,
        serial_number=device.serial_number or "",
        station_name=device.station_name or "",
        modality=device.modality,
        institution=", ".join(device.institution_names),
        institution_address=", ".join(device.institution_addresses),
        department=", ".join(device.institution_departments),
        timezone=(site.timezone or "") if site else "",
        character_sets=device.character_sets,
        patient_id_issuer=device.patient_id_issuer or "",
        max_associations=device.max_associations,
        expected=device.expected,
        probe=device.probe,
        external=device.external,
        installed=device.installed,
        domain=device.ae_domain,
        replaces=device.replaces or "",
        loan=f"until {loan.until}, returns to {loan.returns_to}" if loan else "",
        worklist=_worklist(inventory, device),
        connections=tuple(_connection(name, each) for name, each in device.connections.items()),
        aes=tuple(
            _ae(inventory, device, device.ae_titles[title], tables[device.name, title])
            for title in sorted(device.ae_titles)
        ),
    )


def _site(key: str, site: model.Site) -> Site:
    return Site(
        key=key,
        name=site.name or key,
        institution=site.institution_name or "",
        timezone=site.timezone or "",
        networks=site.networks,
        patient_id_issuer=site.patient_id_issuer or "",
    )


def _site_name(inventory: Inventory, key: str | None) -> str:
    site = inventory.sites.get(key or "")
    return (site.name or key or "") if site else key or ""


def _connection(name: str, connection: model.Connection) -> Connection:
    was = connection.was
    former = f"{was.host}{f' until {was.until}' if was.until else ''}" if was else ""
    return Connection(
        name=name,
        host=connection.host,
        port=connection.port,
        calls_from=connection.calls_from or (connection.host,),
        address=connection.address,
        tls=connection.tls,
        seen_from=tuple(
            (site, f"{seen.host}:{seen.port or connection.port}")
            for site, seen in connection.seen_from.items()
        ),
        was=former,
        protocol=connection.protocol,
    )


def _ae(inventory: Inventory, device: model.Device, ae: model.NetworkAE, table: tuple[Peer, ...]) -> AE:
    connection = peers.reached_at(device, ae)
    accepts = ae.accepts if isinstance(ae.accepts, str) else ", ".join(ae.accepts)
    return AE(
        title=ae.title,
        device=device.name,
        description=ae.description or "",
        site=_site_name(inventory, device.site),
        host=connection.host if connection else "",
        port=connection.port if connection else None,
        tls=bool(connection and connection.tls),
        aliases=ae.answers_to,
        accepts=accepts,
        shared=ae.shared_title or "",
        calls=ae.initiator,
        is_called=ae.acceptor,
        connections=ae.connections,
        uses=_classes(ae, "SCU"),
        provides=_classes(ae, "SCP"),
        peers=table,
    )


def _classes(ae: model.NetworkAE, role: model.Role) -> tuple[str, ...]:
    return tuple(sorted({uids.title(each.sop_class) for each in ae.capabilities if each.role == role}))


def _worklist(inventory: Inventory, device: model.Device) -> Worklist | None:
    if device.worklist is None:
        return None
    source = peers.entity(inventory, device.worklist.source)
    if source is None:
        return None
    connection = peers.reached_at(*source)
    host, port = peers.address(connection, device.site) if connection else ("", None)
    return Worklist(
        title=source[1].title,
        device=source[0].name,
        host=host,
        port=port,
        tls=bool(connection and connection.tls),
        station_ae=device.worklist.station_ae or next(iter(sorted(device.ae_titles)), ""),
        modality_code=device.worklist.modality_code or "",
    )


# --- the register -------------------------------------------------------------------------------------------------


def _titles(devices: Iterable[Device], reserved: Mapping[str, date]) -> tuple[Title, ...]:
    held = [row for device in devices for ae in device.aes for row in _rows(device, ae, reserved)]
    in_use = {row.title for row in held}
    alone = [_reserved(title, until) for title, until in reserved.items() if title not in in_use]
    return tuple(sorted((*held, *alone), key=lambda row: (row.title, row.domain, row.device)))


def _rows(device: Device, ae: AE, reserved: Mapping[str, date]) -> Iterable[Title]:
    for title in dict.fromkeys((ae.title, *ae.aliases)):
        yield Title(
            title=title,
            domain=device.domain,
            device=device.name,
            description=ae.description or device.description,
            product=device.product,
            type=device.type,
            site=ae.site,
            lifecycle=device.lifecycle,
            host=ae.host,
            port=ae.port,
            alias_of="" if title == ae.title else ae.title,
            aliases=ae.aliases if title == ae.title else (),
            shared=ae.shared,
            reserved_until=reserved.get(title),
        )


def _reserved(title: str, until: date) -> Title:
    return Title(title, "", "", "", "", "", "", "reserved", "", None, "", (), "", until)


# --- who calls whom -----------------------------------------------------------------------------------------------


def _pair(inventory: Inventory, pair: model.Pair) -> Pair:
    calling, called = _entity(inventory, pair, "calling"), _entity(inventory, pair, "called")
    connection = peers.reached_at(*called)
    host, port = peers.address(connection, calling[0].site) if connection else ("", None)
    sources = _sources(*calling, called[0].site)
    return Pair(
        flow=pair.flow,
        calling=End(pair.calling, pair.calling_device, _site_name(inventory, calling[0].site), sources, None),
        called=End(pair.called, pair.called_device, _site_name(inventory, called[0].site), (host,), port),
        services=services_of(pair.services),
        tls=bool(connection and connection.tls),
    )


def _sources(device: model.Device, ae: model.NetworkAE, site: str | None) -> tuple[str, ...]:
    """Where an entity's calls come from, as a site sees them."""
    own = [device.connections[name] for name in ae.connections if name in device.connections]
    return tuple(dict.fromkeys(source for each in own for source in _calls_from(each, site)))


def _calls_from(connection: model.Connection, site: str | None) -> tuple[str, ...]:
    """Where its calls come from, as another site sees them."""
    seen = connection.seen_from.get(site) if site is not None else None
    return (seen.host,) if seen else connection.calls_from or (connection.host,)


def _entity(inventory: Inventory, pair: model.Pair, end: str) -> Entity:
    device = inventory.devices[getattr(pair, f"{end}_device")]
    return device, device.ae_titles[getattr(pair, end)]


def _flow(flow: model.Flow, told: Iterable[Pair]) -> Flow:
    own = tuple(pair for pair in told if pair.flow == flow.name)
    return Flow(flow.name, flow.description or "", services_of(flow.services), own)


def _openings(told: Iterable[Pair]) -> tuple[Opening, ...]:
    """What firewalls must let through, each once; a call that never leaves its host needs nothing."""
    found: dict[tuple[str, str, int], list[Pair]] = defaultdict(list)
    for pair in told:
        host, port = pair.called.hosts[0], pair.called.port
        for source in pair.calling.hosts:
            if port is not None and source != host:
                found[source, host, port].append(pair)
    return tuple(_opening(key, found[key]) for key in sorted(found))


def _opening(key: tuple[str, str, int], needing: list[Pair]) -> Opening:
    source, host, port = key
    return Opening(
        source=source,
        source_site=needing[0].calling.site,
        host=host,
        port=port,
        site=needing[0].called.site,
        tls=any(pair.tls for pair in needing),
        calling=tuple(sorted({pair.calling.device for pair in needing})),
        called=tuple(sorted({pair.called.device for pair in needing})),
        flows=tuple(sorted({pair.flow for pair in needing})),
        services=services_of(name for pair in needing for name in pair.services.names),
    )
