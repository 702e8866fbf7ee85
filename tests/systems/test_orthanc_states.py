"""States that are made at once are those that the typed models give, one peer and one key after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from pacsconf.core.address import Address
from pacsconf.core.resource import State
from pacsconf.inventory.model import Connection, Device, Flow, Inventory, NetworkAE, Selector, Site
from pacsconf.inventory.peers import Peer, peer_table
from pacsconf.inventory.systems import RIGHTS, OrthancConfig
from pacsconf.systems._orthanc.declare import declare
from pacsconf.systems._orthanc.kinds import PEER, DicomWebEntry, OrthancPeerEntry, PeerEntry
from pacsconf.systems._orthanc.live import Live
from pacsconf.systems._orthanc.objects import FLAGS, KEYS, MANUFACTURERS, peer_fields

# --- what is live -------------------------------------------------------------------------------------------

ODD = st.sampled_from([None, 0, 1, 1.0, "", "x", [], {}, True, False])
TYPED = {
    str: st.sampled_from(["", "CT 1", "Generic", "GE"]),
    int: st.sampled_from([0, 1, 104]),
    bool: st.booleans(),
}
RAW = st.fixed_dictionaries(
    {},
    optional={key.name: TYPED[type(key.default)] for key in KEYS.values()}
    | dict.fromkeys(FLAGS.values(), st.booleans())
    | {"Unknown": ODD},
)


def peer(address: Address, raw: dict[str, Any]) -> State:
    """Raises: ValueError naming the key that is of another type."""
    fields = {}
    for name, key in KEYS.items():
        value = raw.get(key.name, key.default)
        if type(value) is not type(key.default):
            raise ValueError(key.name)
        fields[name] = None if value == key.default else value
    for right in RIGHTS:
        if not isinstance(raw.get(FLAGS[right], True), bool):
            raise ValueError(FLAGS[right])
    allow = tuple(right for right in RIGHTS if raw.get(FLAGS[right], True))
    return PeerEntry(address=address, root=address, allow=allow, **fields).state()


def outcome(read):
    """What a reading gives; where it fails, in which words."""
    try:
        return read()
    except ValueError as exc:
        return str(exc)


@given(st.dictionaries(st.sampled_from(["CT1", "b-2", "a_1", "ct 1"]), RAW))
def test_what_is_live_is_what_its_models_give(raws):
    found = Live(None).resources("pacs", {PEER: raws})
    wanted = [peer(Address.of("pacs", PEER, name), raw) for name, raw in sorted(raws.items())]
    assert list(found.states.values()) == wanted
    assert [each.state() for each in found] == sorted(wanted)


@given(RAW, st.sampled_from([*(key.name for key in KEYS.values()), *FLAGS.values()]), ODD)
def test_a_value_of_another_type_is_found_at_its_key(raw, name, odd):
    address = Address.of("pacs", PEER, "x")
    peer_fields(raw)  # the same flags as the odd ones, of the right type
    spoilt = {**raw, name: odd}
    assert outcome(lambda: peer_fields(spoilt)) == outcome(lambda: peer(address, spoilt).fields)


# --- what is declared ---------------------------------------------------------------------------------------

NAMES = st.sampled_from(["ct-1", "mr.2", "us_3", "CT-1"])
TITLES = st.sampled_from(["CT1", "CT 1", "CT.1", "ct1", "MR\u00e4", "US"])
HOSTS = st.sampled_from(["10.20.0.1", "192.0.2.7", "ct.example.org"])
CONNECTIONS = st.builds(
    Connection,
    host=HOSTS,
    port=st.sampled_from([None, 104, 65535]),
    tls=st.sampled_from([(), ("TLS_AES_128_GCM_SHA256",)]),
    installed=st.sampled_from([None, True, False]),
)
ENTITIES = st.builds(
    NetworkAE.model_construct,
    title=TITLES,
    connections=st.lists(st.sampled_from(["a", "b", "gone"]), max_size=3, unique=True).map(tuple),
    initiator=st.just(True),
    acceptor=st.booleans(),
)
DEVICES = st.builds(
    Device,
    name=NAMES,
    type=st.sampled_from(["modality", "router"]),
    site=st.sampled_from([None, "main", "gone"]),
    lifecycle=st.sampled_from(["active", "active", "retired"]),
    manufacturer=st.sampled_from([None, "SIEMENS", "GE", "Generic"]),
    connections=st.dictionaries(st.sampled_from(["a", "b"]), CONNECTIONS),
    ae_titles=st.lists(ENTITIES, min_size=1, max_size=2).map(
        lambda found: {each.title: each for each in found}
    ),
    rewrites=st.sampled_from([{}, {"X": "OUT"}]),
)
LISTED = st.fixed_dictionaries(
    {},
    optional={
        "ae": st.sampled_from(["ct-1", "ct-1/CT1", "nobody"]),
        "ae_title": st.sampled_from(["CT1", "Other"]),
        "host": HOSTS,
        "port": st.sampled_from([104, 65535]),
        "allow": st.sampled_from([["echo"], "all", ["store", "echo"], []]),
        "manufacturer": st.sampled_from(["Generic", "GE", "ge"]),
        "local_ae_title": st.just("US"),
        "timeout": st.sampled_from([0, 5]),
        "tls": st.booleans(),
    },
)
LOGIN = st.sampled_from(
    [{}, *({"login": {"user": "u", "password": "env:P", "version": n}} for n in (0, 1, 2))]
)
SERVERS = st.dictionaries(
    st.sampled_from(["cloud", "a b", "a/b"]),
    LOGIN.map(lambda login: {"url": "https://c.example.org", **login}),
)


class Case(NamedTuple):
    config: OrthancConfig
    inventory: Inventory


@st.composite
def cases(draw) -> Case:
    archive = Device(
        name="pacs",
        type="archive",
        site="main",
        connections={"a": Connection(host="10.20.0.5", port=104)},
        ae_titles={"PACS": NetworkAE(title="PACS", connections=("a",), initiator=True, acceptor=True)},
    )
    devices = {each.name: each for each in (archive, *draw(st.lists(DEVICES, max_size=4)))}
    services = [("ct-image-storage",), ("storage-commitment", "storage"), ("query-retrieve",)]
    flows = [
        Flow(name=name, callers=(Selector(type=callers),), called=(Selector(type=called),), services=asked)
        for name, callers, called in (
            ("in", ("modality", "router"), ("archive",)),
            ("out", ("archive",), ("router",)),
        )
        for asked in [draw(st.sampled_from(services))]
    ]
    config = {
        "name": "pacs",
        "type": "orthanc",
        "ae": "pacs",
        "url": draw(st.sampled_from(["http://10.20.0.5:8042", "https://pacs.example.org"])),
        "peers": draw(st.dictionaries(st.sampled_from(["CT1", "x", "x 1"]), LISTED, max_size=2)),
        "dicomweb_servers": draw(SERVERS),
        "orthanc_peers": draw(SERVERS),
    }
    site = Site(name="main", networks=("10.20.0.0/16",))
    inventory = Inventory(devices=devices, flows={flow.name: flow for flow in flows}, sites={"main": site})
    return Case(OrthancConfig.model_validate(config), inventory)


def fitting(alias: str) -> str:
    """Each character that Orthanc does not take an underscore."""
    allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
    return "".join(each if each in allowed else "_" for each in alias)


def of_peer(peer: Peer) -> State:
    address = Address.of("pacs", PEER, peer.alias if peer.explicit else fitting(peer.alias))
    return PeerEntry(
        address=address,
        root=address,
        ae_title=peer.title,
        host=peer.host,
        port=peer.port or 104,
        manufacturer=peer.manufacturer if peer.manufacturer in set(MANUFACTURERS) - {"Generic"} else None,
        allow=peer.allow,
        local_ae_title=peer.local_ae_title,
        timeout=peer.timeout or None,
        tls=peer.tls or None,
    ).state()


def of_servers(config: OrthancConfig) -> Iterator[State]:
    for kind, servers in (
        (DicomWebEntry, config.dicomweb_servers),
        (OrthancPeerEntry, config.orthanc_peers),
    ):
        for name, server in servers.items():
            address = Address.of("pacs", kind.kind, name)
            login = server.login
            yield kind(
                address=address,
                root=address,
                url=server.url,
                user=login.user if login else None,
                password_version=login.version if login and login.version != 1 else None,
            ).state()


@given(cases())
def test_what_is_declared_is_what_its_models_give_but_for_what_is_wrong(case):
    found = declare(*case)
    table, _ = peer_table(case.inventory, case.config)
    wanted = [*map(of_peer, table), *of_servers(case.config)]
    states = found.states()
    assert list(states) == sorted(states)
    assert [each.state() for each in found.resources] == list(states.values())
    assert all(state in wanted for state in states.values())
    left_out = [state for state in wanted if state not in states.values()]
    assert len(left_out) <= sum(finding.severity == "error" for finding in found.findings)


@given(cases())
def test_every_title_that_is_declared_and_no_peer_goes_on_purpose(case):
    found = declare(*case)
    names = {
        fitting(name)
        for device in case.inventory.devices.values()
        for title in device.ae_titles
        for name in (title, f"{title}-{device.name}")
    }
    assert found.retired == {Address.of("pacs", PEER, name) for name in names} - found.states().keys()


@given(cases())
def test_every_field_leads_to_a_place_and_no_other_does(case):
    found = declare(*case)
    assert {address: paths.keys() for address, paths in found.paths.items()} == {
        address: {"", *state.fields} for address, state in found.states().items()
    }
