"""States that are made at once are those that the typed models give, one peer and one key after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pacsconf.core.address import Address
from pacsconf.core.resource import State
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.peers import Peer, peer_table
from pacsconf.inventory.systems import RIGHTS, OrthancConfig
from pacsconf.systems._orthanc.declare import declare
from pacsconf.systems._orthanc.kinds import PEER, DicomWebEntry, OrthancPeerEntry, PeerEntry
from pacsconf.systems._orthanc.live import Live
from pacsconf.systems._orthanc.objects import FLAGS, KEYS, MANUFACTURERS, peer_fields
from tests.systems import tables

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

LOGIN = st.sampled_from(
    [{}, *({"login": {"user": "u", "password": "env:P", "version": n}} for n in (0, 1, 2))]
)
SERVERS = st.dictionaries(
    st.sampled_from(["cloud", "a b", "a/b"]),
    LOGIN.map(lambda login: {"url": "https://c.example.org", **login}),
)


@st.composite
def cases(draw) -> tuple[OrthancConfig, Inventory]:
    config = {
        "name": "pacs",
        "type": "orthanc",
        "ae": "pacs",
        "url": draw(st.sampled_from(["http://10.20.0.5:8042", "https://pacs.example.org"])),
        "peers": draw(tables.PEERS),
        "dicomweb_servers": draw(SERVERS),
        "orthanc_peers": draw(SERVERS),
    }
    return OrthancConfig.model_validate(config), draw(tables.hospitals())


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
    config, inventory = case
    found = declare(config, inventory)
    table, _ = peer_table(inventory, config)
    wanted = [*map(of_peer, table), *of_servers(config)]
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
        for device in case[1].devices.values()
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
