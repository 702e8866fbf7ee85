"""What an inventory comes to as peers of an Orthanc, and what Orthanc cannot hold of it."""

from __future__ import annotations

import pytest

from pacsconf.core.address import Address
from pacsconf.inventory.model import Connection, Device, Flow, Inventory, NetworkAE, Selector, Site
from pacsconf.inventory.systems import OrthancConfig
from pacsconf.systems._orthanc.declare import declare
from pacsconf.systems._orthanc.kinds import OrthancPeerEntry, PeerEntry

ARCHIVE = ("pacs", "PACS", "10.20.0.5")


def device(name, *titles, host="10.20.0.9", port=104, seen=None, **more):
    connection = Connection(host=host, port=port, seen_from=seen or {})
    entities = {
        title: NetworkAE(title=title, connections=("dicom",), initiator=True, acceptor=True)
        for title in titles
    }
    return Device(
        name=name, connections={"dicom": connection}, ae_titles=entities, **({"type": "modality"} | more)
    )


def hospital(*devices, sites=()):
    everything = (device("pacs", "PACS", host="10.20.0.5", type="archive"), *devices)
    flow = Flow(
        name="to-pacs",
        callers=(Selector(type=("modality",)),),
        called=(Selector(device=("pacs",)),),
        services=("ct-image-storage",),
    )
    return Inventory(
        devices={each.name: each for each in everything},
        flows={"to-pacs": flow},
        sites={site.name: site for site in sites},
    )


def config(url="https://pacs.example.org", **keys):
    return OrthancConfig.model_validate(
        {"name": "orthanc", "type": "orthanc", "ae": "pacs", "url": url} | keys
    )


def declared(*devices, **keys):
    return declare(config(**keys), hospital(*devices))


def peers(found):
    return {each.address.parts[0]: each.fields() for each in found.resources}


def said(found):
    return [(finding.rule, finding.severity, finding.path) for finding in found.findings]


def test_a_flow_makes_a_peer_with_the_rights_it_needs():
    assert peers(declared(device("ct-1", "CT1"))) == {
        "CT1": {
            "ae_title": "CT1",
            "host": "10.20.0.9",
            "port": 104,
            "allow": ("echo", "store", "transcoding"),
        }
    }


def test_a_peer_that_only_calls_has_the_port_that_stands_for_none():
    assert peers(declared(device("ct-1", "CT1", port=None)))["CT1"]["port"] == 104


def test_defaults_of_the_server_are_left_out_and_the_rest_is_said():
    listed = {"ct": {"ae": "ct-1", "manufacturer": "Generic", "timeout": 0, "tls": False, "allow": ["echo"]}}
    found = declared(device("ct-1", "CT1"), peers=listed)
    assert peers(found) == {"ct": {"ae_title": "CT1", "host": "10.20.0.9", "port": 104, "allow": ("echo",)}}
    assert [rule for rule, *_ in said(found)] == ["PACS-PEER-003"]


@pytest.mark.parametrize(
    ("manufacturer", "expected"),
    [("SIEMENS", None), ("Generic", None), ("GE", "GE"), ("Vitrea", "Vitrea"), ("ge", None), (None, None)],
)
def test_a_manufacturer_that_orthanc_has_no_word_for_is_generic(manufacturer, expected):
    found = declared(device("ct-1", "CT1", manufacturer=manufacturer))
    assert peers(found)["CT1"].get("manufacturer") == expected
    assert said(found) == []


def test_one_that_is_written_for_orthanc_must_be_one_of_its_words():
    found = declared(device("ct-1", "CT1"), peers={"ct": {"ae": "ct-1", "manufacturer": "SIEMENS"}})
    assert said(found) == [
        ("ORTHANC-MANUFACTURER", "error", ("systems", "orthanc", "peers", "ct", "manufacturer"))
    ]
    assert "GenericNoWildcardInDates" in found.findings[0].detail


def test_a_derived_alias_has_an_underscore_for_what_orthanc_refuses():
    found = declared(device("ct-1", "CT 1.A"))
    assert {name: fields["ae_title"] for name, fields in peers(found).items()} == {"CT_1_A": "CT 1.A"}


def test_two_that_become_one_alias_are_an_error_that_names_both():
    found = declared(device("ct-1", "CT 1"), device("ct-2", "CT.1"))
    assert said(found) == [("ORTHANC-ALIAS", "error", ("devices", "ct-2", "ae_titles", "CT.1"))]
    assert "CT 1 of ct-1 and CT.1 of ct-2" in found.findings[0].summary


def test_a_listed_alias_must_be_one():
    found = declared(device("ct-1", "CT1"), peers={"ct 1": {"ae": "ct-1"}})
    assert said(found) == [("ORTHANC-ALIAS", "error", ("systems", "orthanc", "peers", "ct 1"))]
    assert peers(found) == {}


def test_a_peer_that_is_not_declared_needs_title_host_and_port():
    found = declared(peers={"a-name-that-is-too-long": {}})
    assert said(found) == [
        ("ORTHANC-TITLE", "error", ("systems", "orthanc", "peers", "a-name-that-is-too-long")),
        ("ORTHANC-ADDRESS", "error", ("systems", "orthanc", "peers", "a-name-that-is-too-long")),
    ]
    assert "no host and no port" in found.findings[1].summary


def test_the_last_port_of_all_is_refused():
    found = declared(peers={"ct": {"ae_title": "CT", "host": "h", "port": 65535}})
    assert said(found) == [("ORTHANC-ADDRESS", "error", ("systems", "orthanc", "peers", "ct", "port"))]


def test_titles_that_differ_by_case_only_are_one_to_orthanc():
    found = declared(
        peers={n: {"ae_title": t, "host": "h", "port": 1} for n, t in (("a", "Ct"), ("b", "CT"))}
    )
    assert said(found) == [("ORTHANC-TITLE-TWICE", "warning", ("systems", "orthanc", "peers", "b"))]
    assert len(found.resources) == 2


def test_each_field_leads_to_where_it_is_declared():
    found = declared(device("ct-1", "CT1"), peers={"other": {"ae_title": "O", "host": "h", "port": 1}})
    derived = found.paths[Address.of("orthanc", "peer", "CT1")]
    assert derived[""] == ("devices", "ct-1", "ae_titles", "CT1")
    assert derived["host"] == ("devices", "ct-1", "connections", "dicom", "host")
    assert derived["allow"] == ("flows", "to-pacs")
    listed = found.paths[Address.of("orthanc", "peer", "other")]
    assert listed["host"] == ("systems", "orthanc", "peers", "other", "host")
    assert listed["allow"] == ("systems", "orthanc", "peers", "other")


def test_what_a_listed_peer_does_not_say_leads_to_its_device():
    written = config(peers={"ct": {"ae": "ct-1", "port": 11112, "allow": ["echo"]}})
    as_read_again = OrthancConfig.model_validate(written.model_dump())
    found = declare(as_read_again, hospital(device("ct-1", "CT1")))
    paths = found.paths[Address.of("orthanc", "peer", "ct")]
    assert paths["ae_title"] == ("devices", "ct-1", "ae_titles", "CT1")
    assert paths["host"] == ("devices", "ct-1", "connections", "dicom", "host")
    assert paths["port"] == ("systems", "orthanc", "peers", "ct", "port")
    assert paths["allow"] == ("systems", "orthanc", "peers", "ct", "allow")


def test_an_address_outside_its_sites_networks_wants_a_second_look():
    main = Site(name="main", networks=("10.20.0.0/16",))
    lost = device("ct-1", "CT1", host="192.0.2.7", site="main")
    found = declare(config(), hospital(lost, device("ct-2", "CT2", site="main"), sites=[main]))
    assert found.cautions == {
        Address.of("orthanc", "peer", "CT1"): "192.0.2.7 is outside the networks of site main (10.20.0.0/16)"
    }


def test_an_address_as_another_site_sees_it_is_no_mistake():
    sites = [Site(name="main", networks=("10.20.0.0/16",)), Site(name="north", networks=("10.30.0.0/16",))]
    far = device(
        "ct-1", "CT1", host="10.30.0.7", site="north", seen={"main": {"host": "192.0.2.7", "port": 11112}}
    )
    inventory = hospital(far, sites=sites)
    pacs = inventory.devices["pacs"].model_copy(update={"site": "main"})
    inventory = inventory.model_copy(update={"devices": {**inventory.devices, "pacs": pacs}})
    found = declare(config(), inventory)
    assert peers(found)["CT1"]["host"] == "192.0.2.7"
    assert found.cautions == {}


def test_what_stays_declared_and_is_no_peer_any_more_goes_on_purpose():
    found = declare(config(), hospital(device("ct-1", "CT 1", type="other"), device("ct-2", "CT2")))
    retired = {address.parts[0] for address in found.retired}
    assert {"CT_1", "CT_1-ct-1"} <= retired
    assert "CT2" not in retired


def test_a_server_is_what_is_listed_and_its_first_password_has_no_number():
    login = {"user": "pacs", "password": "env:PW"}
    servers = {
        "vna": {"url": "https://vna/x/", "login": login},
        "new": {"url": "http://n", "login": login | {"version": 2}},
    }
    found = declared(orthanc_peers=servers)
    assert peers(found) == {
        "vna": {"url": "https://vna/x", "user": "pacs"},
        "new": {"url": "http://n", "user": "pacs", "password_version": 2},
    }


def test_a_password_for_a_server_does_not_travel_to_orthanc_in_clear_text():
    login = {"user": "pacs", "password": "env:PW"}
    servers = {"vna": {"url": "https://vna", "login": login}}
    for url, more, expected in (
        ("http://pacs.example.org", {}, ["ORTHANC-CLEAR-TEXT"]),
        ("http://pacs.example.org", {"allow_clear_text": True}, []),
        ("http://127.0.0.1:8042", {}, []),
        ("https://pacs.example.org", {}, []),
    ):
        found = declared(url=url, orthanc_peers=servers, **more)
        assert [rule for rule, *_ in said(found)] == expected


@pytest.mark.parametrize(
    ("key", "name", "fits"),
    [
        ("orthanc_peers", "a-b_1", True),
        ("orthanc_peers", "a.b", False),
        ("dicomweb_servers", "a.b c", True),
        ("dicomweb_servers", "a/b", False),
        ("dicomweb_servers", "..", False),
        ("dicomweb_servers", "\\", False),
    ],
)
def test_names_of_servers(key, name, fits):
    found = declared(**{key: {name: {"url": "https://h"}}})
    assert [rule for rule, *_ in said(found)] == ([] if fits else ["ORTHANC-ALIAS"])


# --- what a change of them means ----------------------------------------------------------------------------------


PEER = {"ae_title": "CT1", "host": "h", "port": 104, "allow": ("echo", "store"), "tls": True}


@pytest.mark.parametrize(
    ("after", "risk", "effects"),
    [
        ({**PEER, "timeout": 5}, "workflow", set()),
        ({**PEER, "port": 105}, "workflow", {"readdresses"}),
        ({**PEER, "ae_title": "CT2"}, "workflow", {"readdresses"}),
        ({**PEER, "allow": ("echo", "find", "store")}, "access", {"widens"}),
        ({**PEER, "allow": ("echo",)}, "access", {"removes"}),
        ({**PEER, "allow": ("echo", "find")}, "access", {"removes", "widens"}),
        ({name: value for name, value in PEER.items() if name != "tls"}, "access", {"widens"}),
        (None, "workflow", {"removes"}),
    ],
)
def test_what_a_change_of_a_peer_puts_at_risk(after, risk, effects):
    assert PeerEntry.risk(PEER, after) == risk
    assert PeerEntry.effects(PEER, after) == effects


SERVER = {"url": "https://a", "user": "pacs"}


@pytest.mark.parametrize(
    ("before", "after", "risk", "effects"),
    [
        (SERVER, {**SERVER, "password_version": 2}, "access", set()),
        (SERVER, {**SERVER, "url": "https://b"}, "access", {"readdresses"}),
        (SERVER, {**SERVER, "url": "http://a"}, "access", {"readdresses", "widens"}),
        ({"url": "http://a"}, {"url": "http://b"}, "workflow", {"readdresses"}),
        (None, SERVER, "access", set()),
        (SERVER, None, "access", {"removes"}),
    ],
)
def test_what_a_change_of_a_server_puts_at_risk(before, after, risk, effects):
    assert OrthancPeerEntry.risk(before, after) == risk
    assert OrthancPeerEntry.effects(before, after) == effects
