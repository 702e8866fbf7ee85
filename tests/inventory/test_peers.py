"""The peer table that flows give an entity, and what a system lists instead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from pacsconf.inventory.loader import load
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.peers import Peer, derived, entity, peer_table
from pacsconf.inventory.systems import OrthancConfig

HOSPITAL = """
sites:
  main: {}
  north: {}
devices:
  archive: {type: archive, site: main, ae_title: ARCHIVE, host: 10.0.0.1, port: 104,
            offers: [storage, storage-commitment, query-retrieve], uses: [storage]}
  ct-1: {type: modality, site: main, ae_title: CT_1, host: 10.0.1.1, port: 104, manufacturer: ACME,
         uses: [ct-image-storage, storage-commitment], offers: verification}
  us-1: {type: modality, site: north, ae_title: US_1, host: 10.0.1.2, calls_from: 10.9.0.2,
         uses: [ultrasound-image-storage]}
  ws-1:
    type: workstation
    site: north
    connections:
      tls: {host: ws-1, port: 2762, tls: TLS_AES_128_GCM_SHA256}
      dicom: {host: ws-1, port: 11112, seen_from: {main: {host: 192.168.7.1, port: 10104}}}
    ae_titles: {WS_1: {}}
    uses: [query-retrieve]
    offers: [storage]
  router: {type: router, site: north, ae_title: ROUTER, host: 10.0.2.1, port: 104, rewrites: {US_7: NORTH_US},
           uses: [storage], offers: [storage]}
flows:
  images: {from: [{type: modality}, {type: router}], to: {device: archive}, services: [storage, storage-commitment]}
  reading: {from: {type: workstation}, to: {device: archive}, services: query-retrieve}
  fetch: {from: {device: archive}, to: {type: workstation}, services: storage}
"""


@pytest.fixture
def hospital(tmp_path: Path) -> Inventory:
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory" / "all.yaml").write_text(HOSPITAL)
    loaded = load(tmp_path)
    assert loaded.inventory is not None, loaded.findings
    return loaded.inventory


def table(hospital: Inventory) -> dict[str, Peer]:
    holder = entity(hospital, "archive")
    assert holder is not None
    return {peer.alias: peer for peer in derived(hospital, holder)}


def config(**keys: Any) -> OrthancConfig:
    whole = {"name": "orthanc", "type": "orthanc", "url": "http://localhost:8042", "ae": "archive", **keys}
    return OrthancConfig.model_validate(yaml.safe_load(yaml.safe_dump(whole)))


def test_who_calls_and_who_is_called_are_peers(hospital):
    assert list(table(hospital)) == ["CT_1", "NORTH_US", "ROUTER", "US_1", "WS_1"]


@pytest.mark.parametrize(
    ("alias", "allow"),
    [
        ("CT_1", ("echo", "n-action", "store", "transcoding")),
        ("US_1", ("echo", "n-action", "n-event-report", "store", "transcoding")),
        ("WS_1", ("echo", "find", "get", "move", "transcoding")),
    ],
)
def test_a_peer_is_allowed_what_its_flows_need_and_no_more(hospital, alias, allow):
    assert table(hospital)[alias].allow == allow


def test_services_are_told_by_who_asks(hospital):
    peer = table(hospital)["WS_1"]
    assert (peer.asks, peer.offers, peer.flows) == (("query-retrieve",), ("storage",), ("fetch", "reading"))


@pytest.mark.parametrize(
    ("alias", "host", "port", "tls"),
    [
        ("CT_1", "10.0.1.1", 104, False),
        ("US_1", "10.9.0.2", None, False),  # it only calls
        ("WS_1", "192.168.7.1", 10104, False),  # the unencrypted connection, as seen from the archive's site
    ],
)
def test_the_address_is_the_one_that_the_holder_meets(hospital, alias, host, port, tls):
    peer = table(hospital)[alias]
    assert (peer.host, peer.port, peer.tls) == (host, port, tls)


def test_a_router_is_a_peer_under_every_title_it_sends_with(hospital):
    peer = table(hospital)["NORTH_US"]
    assert (peer.title, peer.device, peer.host, peer.offers) == ("NORTH_US", "router", "10.0.2.1", ())


def test_what_is_listed_wins_and_the_difference_is_told(hospital):
    peers, findings = peer_table(hospital, config(peers={"ct": {"ae": "ct-1", "allow": ["store", "find"]}}))
    listed = next(peer for peer in peers if peer.alias == "ct")
    assert [peer.alias for peer in peers] == ["NORTH_US", "ROUTER", "US_1", "WS_1", "ct"]
    assert (listed.title, listed.host, listed.allow) == ("CT_1", "10.0.1.1", ("find", "store"))
    assert [(finding.rule, finding.path[3:]) for finding in findings] == [("PACS-PEER-003", ("ct", "allow"))]
    assert findings[0].summary.endswith("+ find, - echo, - n-action, - transcoding")


def test_a_listed_peer_without_rights_has_those_of_its_flows(hospital):
    peers, findings = peer_table(hospital, config(peers={"ct": {"ae_title": "CT_1", "host": "10.0.1.9"}}))
    listed = next(peer for peer in peers if peer.alias == "ct")
    assert (listed.host, listed.allow) == ("10.0.1.9", ("echo", "n-action", "store", "transcoding"))
    assert findings == ()


def test_a_peer_that_nothing_else_declares_stands_for_itself(hospital):
    peers, _ = peer_table(hospital, config(ae=None, peers={"OLD": {"host": "old", "port": 104}}))
    assert [(peer.title, peer.host, peer.port, peer.device, len(peer.allow)) for peer in peers] == [
        ("OLD", "old", 104, "", 9)
    ]


@pytest.mark.parametrize(
    ("keys", "path"),
    [
        ({"ae": "archiv"}, ("systems", "orthanc", "ae")),
        ({"peers": {"x": {"ae": "ct-1/CT_2"}}}, ("systems", "orthanc", "peers", "x", "ae")),
    ],
)
def test_an_entity_that_is_not_declared_is_an_error_at_its_place(hospital, keys, path):
    _, findings = peer_table(hospital, config(**keys))
    assert [(f.rule, f.severity, f.path) for f in findings] == [("PACS-PEER-002", "error", path)]


def test_commitment_is_a_word_for_its_two_requests():
    assert config(peers={"X": {"allow": ["storage-commitment"]}}).peers["X"].allow == (
        "n-action",
        "n-event-report",
    )


def test_a_word_that_is_no_right_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match='"delete" is no right: echo, find, get'):
        config(peers={"X": {"allow": ["delete"]}})


@pytest.mark.parametrize(
    "url", ["http://user:pw@host", "ftp://host", "https://host:0", "https://", "host:8042"]
)
def test_an_address_of_a_web_service_is_one_and_holds_no_password(url):
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - the text is looked at
        config(url=url)
    assert "pw@" not in str(raised.value.errors(include_input=False))  # type: ignore[attr-defined]
