"""The peers of an Orthanc as a draft."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pacsconf.adopt.draft import Draft
from pacsconf.adopt.merge import undeclared
from pacsconf.adopt.orthanc import Own, device_name, device_type, draft, free_name, reached_here, words
from pacsconf.core.address import Address
from pacsconf.core.resource import State, Value
from pacsconf.inventory.systems import RIGHTS, rights

CONFIG = {"type": "orthanc", "url": "http://orthanc.example.org:8042"}


def peer(alias: str, title: str, host: str, port: int = 104, **more: Value) -> State:
    address = Address.of("orthanc", "peer", alias)
    return State(address, address, {"ae_title": title, "host": host, "port": port, "allow": RIGHTS, **more})


def drafted(*states: State, own: Own | None = None) -> Draft:
    return draft("orthanc", CONFIG, {state.address: state for state in states}, own)


def peers(made: Draft) -> object:
    return made.systems["orthanc"].get("peers")


def test_a_peer_becomes_a_device_that_nothing_is_sent_to_and_an_entry_that_refers_to_it():
    made = drafted(peer("scanner", "CT_ER_1", "10.20.4.1", allow=("echo", "store", "transcoding")))

    assert made.devices == {
        "ct-er-1": {
            "type": "modality",
            "probe": "none",
            "connections": {"dicom": {"host": "10.20.4.1", "port": 104}},
            "ae_titles": {"CT_ER_1": {"initiator": True}},
        }
    }
    assert peers(made) == {"scanner": {"ae": "ct-er-1/CT_ER_1", "allow": ["echo", "store", "transcoding"]}}
    assert made.systems["orthanc"]["mode"] == "read-only"
    assert made.origin["ct-er-1"] == Address.of("orthanc", "peer", "scanner")


def test_only_what_is_not_as_usual_is_said():
    made = drafted(
        peer("a", "A", "10.0.0.1", manufacturer="Generic", timeout=0, tls=False),
        peer("b", "B", "10.0.0.2", manufacturer="Vitrea", timeout=20, tls=True, local_ae_title="OTHER"),
    )

    assert peers(made) == {
        "a": {"ae": "a/A", "allow": "all"},
        "b": {
            "ae": "b/B",
            "allow": "all",
            "manufacturer": "Vitrea",
            "timeout": 20,
            "tls": True,
            "local_ae_title": "OTHER",
        },
    }


def test_two_aliases_of_one_title_at_one_address_are_one_device_and_at_two_addresses_two():
    made = drafted(peer("a", "X", "10.0.0.1"), peer("b", "X", "10.0.0.1"), peer("c", "X", "10.0.0.2"))

    assert list(made.devices) == ["x", "x-2"]
    assert [entry["ae"] for entry in made.systems["orthanc"]["peers"].values()] == ["x/X", "x/X", "x-2/X"]


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (peer("p", "LONGER_THAN_16_CHARACTERS", "10.0.0.1"), "at most 16 characters"),
        (peer("p", "BACK\\SLASH", "10.0.0.1"), "backslash"),
        (peer("p", "OK", "10.0.0.300"), "looks like an IP address and is none"),
        (peer("p", "OK", "10.0.0.1", 0), "a port is a whole number"),
        (peer("p", "OK", "10.0.0.1", local_ae_title="LONGER_THAN_16_CHARACTERS"), "that it is called with"),
        (peer("p", "OK", "10.0.0.1", timeout=-5), "its timeout: a number of things is at least 0, not -5"),
    ],
    ids=["long", "backslash", "host", "port", "local", "timeout"],
)
def test_a_peer_that_no_inventory_can_hold_stays_unmanaged_with_a_remark(state: State, why: str):
    made = drafted(state)

    (remark,) = made.remarks
    assert (made.devices, peers(made), remark.about) == ({}, None, state.address)
    assert why in remark.summary


def test_the_server_itself_is_a_device_and_the_entity_of_its_system():
    made = drafted(own=Own("ARCHIVE", "orthanc.example.org", 4242))

    assert made.systems["orthanc"]["ae"] == "archive/ARCHIVE"
    assert made.devices["archive"]["connections"] == {"dicom": {"host": "orthanc.example.org", "port": 4242}}
    assert made.remarks == ()


def test_a_server_that_lists_itself_is_one_device_and_its_entry_keeps_its_address():
    made = drafted(peer("me", "ARCHIVE", "10.0.0.5", 4242), own=Own("ARCHIVE", "127.0.0.1", 4242))

    assert list(made.devices) == ["archive"]
    assert peers(made) == {"me": {"ae": "archive/ARCHIVE", "host": "10.0.0.5", "allow": "all"}}
    (remark,) = reached_here(made)
    assert remark.summary == "ARCHIVE was reached at 127.0.0.1, so that is the host of device archive now"


def test_where_a_server_was_reached_is_told_only_if_its_device_is_declared_by_it():
    made = drafted(own=Own("ARCHIVE", "127.0.0.1", 4242))

    assert reached_here(undeclared(made, frozenset({"archive"}))) == ()
    assert reached_here(replace(made, devices={})) == ()


def test_a_server_with_a_title_that_is_none_is_adopted_without_its_entity():
    made = drafted(own=Own("LONGER_THAN_16_CHARACTERS", "127.0.0.1", 4242))

    assert "ae" not in made.systems["orthanc"]
    assert (
        'The server\'s own AE title "LONGER_THAN_16_CHARACTERS" cannot be declared' in made.remarks[0].summary
    )


def test_servers_are_listed_by_address_and_never_with_a_login():
    address, other = (
        Address.of("orthanc", "orthanc-peer", "north"),
        Address.of("orthanc", "dicomweb-server", "s"),
    )
    made = drafted(
        State(address, address, {"url": "https://north.example.org", "user": "bob"}),
        State(other, other, {"url": "https://***@south.example.org"}),
    )

    assert made.systems["orthanc"]["orthanc_peers"] == {"north": {"url": "https://north.example.org"}}
    assert "dicomweb_servers" not in made.systems["orthanc"]
    assert [remark.about for remark in made.remarks] == [other, address]
    assert "login: {user: bob, password: env:NAME}" in made.remarks[1].fix


@pytest.mark.parametrize(
    ("allowed", "manufacturer", "kind"),
    [
        (RIGHTS, "Generic", "other"),
        (RIGHTS, "Vitrea", "workstation"),
        (("echo", "store", "transcoding"), "Generic", "modality"),
        (("echo", "store", "worklist"), "Generic", "modality"),
        (("n-action", "store"), "Generic", "modality"),
        (("find", "get", "move"), "Generic", "workstation"),
        (("n-event-report",), "Generic", "archive"),
        (("find", "store"), "Generic", "other"),
        (("echo",), "Generic", "other"),
    ],
    ids=lambda value: value if isinstance(value, str) else "+".join(value),
)
def test_a_type_is_guessed_from_rights_that_were_narrowed(
    allowed: tuple[str, ...], manufacturer: str, kind: str
):
    assert device_type(frozenset(allowed), manufacturer) == kind


@pytest.mark.parametrize(
    ("allowed", "written"),
    [
        (RIGHTS, "all"),
        (("n-action", "n-event-report", "store"), ["storage-commitment", "store"]),
        (("n-action", "store"), ["n-action", "store"]),
        ((), []),
    ],
    ids=["all", "both-of-commitment", "half-of-it", "none"],
)
def test_rights_are_written_in_words_that_mean_just_them(allowed: tuple[str, ...], written: str | list[str]):
    assert words(frozenset(allowed)) == written
    assert rights(written) == tuple(sorted(allowed))


def test_a_device_is_named_after_its_title_and_names_are_told_apart_without_case():
    assert device_name("CT_ER/1  A") == "ct-er-1 a"
    assert free_name("ct", {"ct", "ct-2"}) == "ct-3"
    assert list(drafted(peer("a", "ct", "10.0.0.1"), peer("b", "CT", "10.0.0.2")).devices) == ["ct", "ct-2"]
