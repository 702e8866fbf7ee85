"""The peer table of an application entity: who calls it, whom it calls, and what each is allowed.

Flows derive it; what a system lists under `peers` wins over that. Systems write it, sheets print it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple

from pacsconf.core.finding import Finding, Path
from pacsconf.inventory import uids
from pacsconf.inventory.flows import Entity, pairs
from pacsconf.inventory.model import Connection, Device, Inventory, NetworkAE, Pair
from pacsconf.inventory.systems import RIGHTS, PeerConfig, PeersConfig, Right

COMMITMENT = "1.2.840.10008.1.20.1"
"""Storage Commitment Push Model (PS3.4 annex J)."""


class Peer(NamedTuple):
    """One entry of a peer table. A tuple, since an archive has thousands, and a tuple is made in C.

    `device` is empty for a peer that is not declared as one. `port` is None where it only calls. `asks` are the
    services that it asks of the table's holder, `offers` those that the holder asks of it; `allow` are the rights
    that follow, or were listed. `flows` are those it comes from; `path` leads to where it is declared.
    """

    alias: str
    device: str
    title: str
    host: str | None
    port: int | None
    tls: bool = False
    asks: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()
    allow: tuple[Right, ...] = ()
    flows: tuple[str, ...] = ()
    manufacturer: str | None = None
    local_ae_title: str | None = None
    timeout: int | None = None
    path: Path = ()
    site: str | None = None
    explicit: bool = False


def entity(inventory: Inventory, name: str) -> Entity | None:
    """The application entity that `device/AE_TITLE`, or a device with one AE title, names."""
    device_name, _, title = name.partition("/")
    device = inventory.devices.get(device_name)
    if device is None:
        return None
    titles = (title,) if title else tuple(device.ae_titles)
    if len(titles) != 1 or titles[0] not in device.ae_titles:
        return None
    return device, device.ae_titles[titles[0]]


def derived(inventory: Inventory, holder: Entity, among: Iterable[Pair] | None = None) -> tuple[Peer, ...]:
    """The peers of `holder` by flows alone, by alias. The address is the one seen from the holder's site.

    `among` are the pairs to look through, where a caller has those at hand that matter; by default all there are.
    """
    key = (holder[0].name, holder[1].title)
    found: dict[tuple[str, str], list[tuple[Pair, bool]]] = {}
    for pair in pairs(inventory, holder) if among is None else among:
        if (pair.called_device, pair.called) == key:
            found.setdefault((pair.calling_device, pair.calling), []).append((pair, True))
        if (pair.calling_device, pair.calling) == key:
            found.setdefault((pair.called_device, pair.called), []).append((pair, False))
    peers = [
        peer
        for (name, title), met in sorted(found.items())
        for peer in _with_rewrites(holder, inventory.devices[name], title, met)
    ]
    return _aliased(peers)


def peer_table(inventory: Inventory, config: PeersConfig) -> tuple[tuple[Peer, ...], tuple[Finding, ...]]:
    """The whole peer table of a system by alias, and what is wrong with what it lists, or differs from flows."""
    holder = entity(inventory, config.ae) if config.ae else None
    by_flow = derived(inventory, holder) if holder else ()
    findings = [] if holder or not config.ae else [_no_such_entity(config, config.ae, ("ae",))]
    listed: dict[str, Peer] = {}
    answered: set[str] = set()
    of_title: dict[str, list[Peer]] = defaultdict(list)
    for each in by_flow:
        of_title[each.title].append(each)
    for alias, written in config.peers.items():
        peer, wrong = _listed(inventory, config, holder, alias, written)
        findings += wrong
        if peer is None:
            continue
        same = [each for each in of_title[peer.title] if _same(each, peer)]
        answered |= {each.alias for each in same}
        listed[alias], differs = _over(config, written, peer, same)
        findings += differs
    rest = {peer.alias: peer for peer in by_flow if peer.alias not in answered}
    table = {**rest, **listed}
    return tuple(table[alias] for alias in sorted(table)), tuple(findings)


# --- derived ------------------------------------------------------------------------------------------------------


def _with_rewrites(
    holder: Entity, device: Device, title: str, met: list[tuple[Pair, bool]]
) -> Iterator[Peer]:
    """The peer, and where it is a router that changes calling titles, one for each that it sends under."""
    ae = device.ae_titles[title]
    asks = _services(tuple(pair.services for pair, incoming in met if incoming))
    offers = _services(tuple(pair.services for pair, incoming in met if not incoming))
    flows = tuple(sorted({pair.flow for pair, _ in met}))
    peer = _of_entity(holder, device, ae, asks, offers, _allowed(ae, asks), flows)
    yield peer
    for sent in sorted(set(device.rewrites.values()) - {title}) if asks else ():
        yield peer._replace(title=sent, alias=sent, offers=(), path=("devices", device.name, "rewrites"))


def _of_entity(
    holder: Entity | None,
    device: Device,
    ae: NetworkAE,
    asks: tuple[str, ...] = (),
    offers: tuple[str, ...] = (),
    allow: tuple[Right, ...] = (),
    flows: tuple[str, ...] = (),
) -> Peer:
    """A declared entity as a peer; without services unless some are given."""
    connection = reached_at(device, ae)
    host, port = address(connection, holder[0].site if holder else None) if connection else (None, None)
    return Peer(
        alias=ae.title,
        device=device.name,
        title=ae.title,
        host=host,
        port=port,
        tls=bool(connection and connection.tls),
        asks=asks,
        offers=offers,
        allow=allow,
        flows=flows,
        manufacturer=device.manufacturer,
        path=("devices", device.name, "ae_titles", ae.title),
        site=device.site,
    )


def reached_at(device: Device, ae: NetworkAE) -> Connection | None:
    """The connection that peers are told: the first that listens, unencrypted ones first; else the first."""
    if len(ae.connections) == 1:  # as most have it
        return device.connections.get(ae.connections[0])
    known = [device.connections[name] for name in ae.connections if name in device.connections]
    listening = [each for each in known if each.port is not None and each.installed is not False]
    plain = [each for each in listening if not each.tls]
    return next(iter((*plain, *listening, *known)), None)


def address(connection: Connection, site: str | None) -> tuple[str, int | None]:
    """Host and port as another site sees them; of a connection that only calls, where its calls come from."""
    seen = connection.seen_from.get(site) if site is not None else None
    if seen:
        return seen.host, seen.port or connection.port
    if connection.port is None and len(connection.calls_from) == 1 and "/" not in connection.calls_from[0]:
        return connection.calls_from[0], None
    return connection.host, connection.port


@lru_cache(4096)
def _services(several: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    """The services of several pairs, each once."""
    return tuple(sorted({service for services in several for service in services}))


def _allowed(ae: NetworkAE, asks: tuple[str, ...]) -> tuple[Right, ...]:
    """What a peer must be allowed for the services it asks."""
    return _rights(asks, _commitment(ae) if _commits(asks) else frozenset())


def needed_rights(ae: NetworkAE, service: str) -> tuple[Right, ...]:
    """What the entity must be allowed so that it can ask for a service."""
    commitment = _commitment(ae) if _commits((service,)) else frozenset[Right]()
    return tuple(sorted(_rights_of_service(service) | commitment))


@lru_cache(4096)
def _commits(services: tuple[str, ...]) -> bool:
    """Whether one of the services is storage commitment, or holds it."""
    return any(COMMITMENT in uids.covers(service) for service in services)


@lru_cache(4096)
def _rights(asks: tuple[str, ...], commitment: frozenset[Right]) -> tuple[Right, ...]:
    """The rights by name: an echo, that images may be recoded, and what each service needs."""
    rights: set[Right] = {"echo", "transcoding"}
    return tuple(sorted(rights.union(commitment, *map(_rights_of_service, asks))))


@lru_cache(4096)
def _rights_of_service(service: str) -> frozenset[Right]:
    """What its SOP classes need, storage commitment aside, whoever asks."""
    return frozenset(right for uid in uids.covers(service) for right in _rights_of_class(uid))


def _rights_of_class(uid: str) -> set[Right]:
    """By SOP class (PS3.4 annexes B, C, K)."""
    query = "1.2.840.10008.5.1.4.1.2."
    if uid.startswith(query):
        ways: Mapping[str, set[Right]] = {"1": {"find"}, "2": {"move"}, "3": {"get"}}
        return ways.get(uid.rpartition(".")[2], set())
    if uid == uids.MODALITY_WORKLIST:
        return {"worklist"}
    return {"store"} if uid.startswith("1.2.840.10008.5.1.4.1.1.") else set()


def _commitment(ae: NetworkAE) -> frozenset[Right]:
    """Who asks for commitment sends N-ACTION, who commits answers by N-EVENT-REPORT (PS3.4 section J.3)."""
    roles = {each.role for each in ae.capabilities if each.sop_class == COMMITMENT}
    rights: set[Right] = set()
    if "SCU" in roles or not roles:
        rights.add("n-action")
    if "SCP" in roles or not roles:
        rights.add("n-event-report")
    return frozenset(rights)


def _aliased(peers: Iterable[Peer]) -> tuple[Peer, ...]:
    """The peers with one alias each: the title, and where several have it, with the device's name."""
    ordered = sorted(peers, key=attrgetter("alias", "device"))
    holders = Counter(peer.alias for peer in ordered)
    return tuple(
        peer if holders[peer.alias] == 1 else peer._replace(alias=f"{peer.alias}-{peer.device}")
        for peer in ordered
    )


# --- listed -------------------------------------------------------------------------------------------------------


def _listed(
    inventory: Inventory, config: PeersConfig, holder: Entity | None, alias: str, written: PeerConfig
) -> tuple[Peer | None, tuple[Finding, ...]]:
    """An explicit peer, None where it names an entity that is not declared."""
    path: Path = ("systems", config.name, "peers", alias)
    if written.ae is not None:
        found = entity(inventory, written.ae)
        if found is None:
            return None, (_no_such_entity(config, written.ae, ("peers", alias, "ae")),)
        base = _of_entity(holder, *found)
    else:
        base = Peer(alias, "", written.ae_title or alias, None, None)
    return (
        base._replace(
            alias=alias,
            title=written.ae_title or base.title,
            host=written.host or base.host,
            port=written.port or base.port,
            tls=base.tls if written.tls is None else written.tls,
            allow=RIGHTS if written.allow is None else written.allow,
            manufacturer=written.manufacturer or base.manufacturer,
            local_ae_title=written.local_ae_title,
            timeout=written.timeout,
            path=path,
            explicit=True,
        ),
        (),
    )


def _same(derived_peer: Peer, listed: Peer) -> bool:
    """Whether a listed peer is this one of its title that flows derive; where both name a device, by that."""
    return not listed.device or not derived_peer.device or listed.device == derived_peer.device


def _over(
    config: PeersConfig, written: PeerConfig, peer: Peer, same: list[Peer]
) -> tuple[Peer, tuple[Finding, ...]]:
    """A listed peer with what flows say of it where it does not say it itself, and where the two differ."""
    if not same:
        return peer, ()
    by_flow = same[0]
    whole = peer._replace(
        asks=by_flow.asks,
        offers=by_flow.offers,
        flows=by_flow.flows,
        allow=by_flow.allow if written.allow is None else peer.allow,
    )
    if set(whole.allow) == set(by_flow.allow):
        return whole, ()
    more = sorted(set(whole.allow) - set(by_flow.allow))
    less = sorted(set(by_flow.allow) - set(whole.allow))
    words = [f"{sign} {right}" for sign, several in (("+", more), ("-", less)) for right in several]
    return whole, (
        Finding(
            "PACS-PEER-003",
            "warning",
            f"Peer {peer.alias} of {config.name} is listed with other rights than flows give it: "
            + ", ".join(words),
            "What is listed is what is written; a right that no flow needs is one that nobody misses.",
            "Change allow, or the flows, so that both say the same; or remove allow here.",
            path=("systems", config.name, "peers", peer.alias, "allow"),
        ),
    )


def _no_such_entity(config: PeersConfig, name: str, where: Path) -> Finding:
    return Finding(
        "PACS-PEER-002",
        "error",
        f'System {config.name} names the application entity "{name}", which is not declared',
        "Its title and address are taken from there.",
        "Write device/AE_TITLE as declared under devices; the title may be left out where a device has one.",
        path=("systems", config.name, *where),
    )
