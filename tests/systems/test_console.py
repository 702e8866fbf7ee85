"""A console: what an inventory wants there, what is known of it, and when a change is handed to a person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.core.address import Address
from pacsconf.core.attestation import Attestation
from pacsconf.core.change import Change
from pacsconf.core.errors import BadAnswer, Unavailable
from pacsconf.core.resource import State
from pacsconf.core.secret import Secret
from pacsconf.inventory.loader import load
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.peers import Peer, peer_table
from pacsconf.inventory.systems import ConsoleConfig
from pacsconf.systems._console.rows import PeerRow
from pacsconf.systems.abilities import Evident
from pacsconf.systems.console import ConsoleSystem
from tests.systems import tables

HOSPITAL = """
sites:
  main: {}
devices:
  archive: {type: archive, site: main, ae_title: ARCHIVE, host: 10.0.0.1, port: 11112,
            offers: [storage, storage-commitment, query-retrieve]}
  ct-1: {type: modality, site: main, ae_title: CT_1, host: 10.0.1.1, port: 104,
         uses: [ct-image-storage, storage-commitment], offers: verification}
  us-1: {type: modality, site: main, ae_title: US_1, host: 10.0.1.2, calls_from: 10.9.0.2,
         uses: [ultrasound-image-storage]}
flows:
  images: {from: {type: modality}, to: {device: archive}, services: [storage, storage-commitment]}
"""
CT, ARCHIVE = Address.parse("ct/network-ae/ct-1"), Address.parse("ct/peer/ARCHIVE")
OWN = {"ae_title": "CT_1", "host": "10.0.1.1", "port": 104}
PEER = {
    "ae_title": "ARCHIVE",
    "host": "10.0.0.1",
    "port": 11112,
    "uses": ("storage", "storage-commitment"),
}
EXPORT = {"columns": {"alias": "Name", "host": "IP", "port": "Port"}}
ROWS = "Name,IP,Port\nCT_1,10.0.1.1,104\n"


@pytest.fixture
def hospital(tmp_path: Path) -> Inventory:
    return inventory(tmp_path, HOSPITAL)


def inventory(folder: Path, text: str) -> Inventory:
    (folder / "inventory").mkdir(exist_ok=True)
    (folder / "inventory" / "all.yaml").write_text(text)
    loaded = load(folder)
    assert loaded.inventory is not None, loaded.findings
    return loaded.inventory


def console(name: str = "ct", ae: str = "ct-1", **keys: Any) -> ConsoleSystem:
    whole = {"name": name, "type": "console", "ae": ae, **keys}
    config = ConsoleConfig.model_validate(yaml.safe_load(yaml.safe_dump(whole)))
    return ConsoleSystem(name, config, lambda *_: Secret(""))


def exporting(folder: Path, rows: str = ROWS, file: str = "pacs-2026-11-20.csv") -> ConsoleSystem:
    (folder / file).write_text(rows)
    return console("pacs", "archive", export={"file": str(folder / file), **EXPORT})


def declared(system: ConsoleSystem, hospital: Inventory) -> dict[str, dict[str, Any]]:
    return {str(one.address): one.fields() for one in system.declared(hospital).resources}


def live(system: ConsoleSystem) -> dict[str, dict[str, Any]]:
    return {str(one.address): one.fields() for one in system.read().resources}


def said(address: Address, state: dict[str, Any] | None, **keys: Any) -> dict[Address, Attestation]:
    held = State(address, address, state) if state is not None else None
    facts = {"by": "M. Weber <m@x.example>", "at": "2026-11-20T10:00:00Z", **keys}
    return {address: Attestation(address, held, **facts)}


# --- declared ----------------------------------------------------------------------------------------------------


def test_a_scanner_is_to_know_itself_and_what_it_uses(hospital):
    assert declared(console(), hospital) == {str(CT): OWN, str(ARCHIVE): PEER}


def test_an_archive_is_to_know_what_its_callers_may_ask_for(hospital):
    rights = ("echo", "n-action", "store")
    found = declared(console("pacs", "archive"), hospital)
    assert found["pacs/peer/CT_1"] == {"ae_title": "CT_1", "host": "10.0.1.1", "port": 104, "allow": rights}
    assert found["pacs/peer/US_1"]["host"] == "10.9.0.2"  # it only calls, and from there


def test_where_its_calls_come_from_is_set_at_the_scanner(hospital):
    us = declared(console(ae="us-1"), hospital)["ct/network-ae/us-1"]
    assert us == {"ae_title": "US_1", "host": "10.0.1.2", "calls_from": ("10.9.0.2",)}


def test_listed_rights_are_written_as_they_are_listed(hospital):
    system = console(peers={"PACS": {"ae": "archive", "allow": ["store", "transcoding"]}})
    assert declared(system, hospital)["ct/peer/PACS"]["allow"] == ("store", "transcoding")


def test_only_what_an_export_has_a_column_for_is_compared(hospital, tmp_path):
    found = declared(exporting(tmp_path), hospital)
    assert found["pacs/peer/CT_1"] == {"host": "10.0.1.1", "port": 104}
    assert found["pacs/network-ae/archive"] == {"ae_title": "ARCHIVE", "host": "10.0.0.1", "port": 11112}


def row(peer: Peer, config: ConsoleConfig) -> State:
    """By way of the model, which sorts sets."""
    listed = config.peers.get(peer.alias)
    allow = {right for right in peer.allow if right != "transcoding"} if peer.asks else set()
    if listed and listed.allow is not None:
        allow = set(peer.allow)
    columns = config.export.columns if config.export else PeerRow.model_fields
    values = {
        "ae_title": peer.title,
        "host": peer.host,
        "port": peer.port,
        "tls": peer.tls or None,
        "allow": tuple(allow),
        "uses": peer.offers,
    }
    address = Address.of("pacs", "peer", peer.alias)
    seen = {name: value for name, value in values.items() if name in columns}
    return PeerRow(address=address, root=address, **seen).state()


@given(tables.hospitals(), tables.PEERS, st.booleans())
def test_what_is_declared_of_peers_is_what_their_models_give(inventory, peers, exported):
    export = {"export": {"file": "pacs.csv", **EXPORT}} if exported else {}
    system = console("pacs", "pacs", peers=peers, **export)
    found = system.declared(inventory)
    table, _ = peer_table(inventory, system.config)
    states = found.states()
    (own,) = (address for address in states if address.kind == "network-ae")
    wanted = [row(peer, system.config) for peer in table]
    assert states == {own: states[own]} | {state.address: state for state in wanted}
    assert [each.state() for each in found.resources] == [states[address] for address in sorted(states)]
    assert found.paths.keys() == states.keys()
    assert all(found.paths[address][""] for address in states)


def test_each_value_leads_to_where_it_is_declared(hospital):
    paths = console().declared(hospital).paths
    assert paths[CT]["port"] == ("devices", "ct-1", "connections", "dicom", "port")
    assert paths[ARCHIVE]["host"] == ("devices", "archive", "connections", "dicom", "host")
    assert paths[ARCHIVE]["uses"] == ("flows", "images")


def test_of_a_retired_device_nothing_is_wanted_and_nothing_known(hospital, tmp_path):
    retired = inventory(tmp_path, HOSPITAL.replace("ct-1: {", "ct-1: {lifecycle: retired, "))
    system = console()
    system.recall(said(CT, OWN))
    assert declared(system, retired) == {}
    assert live(system) == {}


def test_an_entity_that_is_not_declared_is_one_finding(hospital):
    found = console(ae="ct-9").declared(hospital)
    assert ([one.rule for one in found.findings], found.resources) == (["PACS-PEER-002"], ())


# --- live --------------------------------------------------------------------------------------------------------


def test_of_a_console_that_nobody_spoke_of_nothing_is_known():
    assert live(console()) == {}


def test_what_was_attested_stands_and_says_who_said_so():
    system = console()
    system.recall({**said(CT, OWN), **said(ARCHIVE, PEER, how="observed")})
    snapshot = system.read()
    assert live(system) == {str(CT): OWN, str(ARCHIVE): PEER}
    assert snapshot.notes == {
        CT: "attested by M. Weber, 20 Nov 2026",
        ARCHIVE: "seen on the wire, 20 Nov 2026",
    }


def test_what_was_attested_to_be_gone_is_gone():
    system = console()
    system.recall(said(ARCHIVE, None))
    assert live(system) == {}


def test_an_export_is_the_live_side_and_tells_its_day(tmp_path):
    system = exporting(tmp_path)
    snapshot = system.read()
    assert live(system) == {"pacs/peer/CT_1": {"host": "10.0.1.1", "port": 104}}
    assert set(snapshot.notes.values()) == {"in the export of 20 Nov 2026"}


def test_an_attestation_counts_over_its_export_and_not_over_the_next(tmp_path):
    system = exporting(tmp_path)
    system.read()
    peer = Address.parse("pacs/peer/CT_1")
    more = {"host": "10.0.1.99", "port": 104, "uses": ("storage",)}  # of which the export has no column
    system.recall(said(peer, more, basis=system.basis()))
    assert live(system) == {str(peer): {"host": "10.0.1.99", "port": 104}}
    (tmp_path / "pacs-2026-11-20.csv").write_text(ROWS + "US_1,10.0.1.2,\n")
    assert live(system)[str(peer)] == {"host": "10.0.1.1", "port": 104}


def test_that_a_row_is_gone_counts_until_the_next_export(tmp_path):
    system = exporting(tmp_path)
    system.read()
    system.recall(said(Address.parse("pacs/peer/CT_1"), None, basis=system.basis()))
    assert live(system) == {}


def test_of_the_device_itself_no_export_tells(tmp_path):
    system = exporting(tmp_path)
    own = Address.parse("pacs/network-ae/archive")
    system.recall(said(own, OWN, basis="of an older export"))
    assert live(system)[str(own)] == OWN


def test_without_its_export_what_was_attested_counts_again():
    system = console()
    system.recall(said(ARCHIVE, PEER, basis="of an export that is configured no more"))
    assert live(system) == {str(ARCHIVE): PEER}


def test_all_that_is_wrong_with_an_export_is_one_fault(tmp_path):
    system = exporting(tmp_path, "Name,IP,Port\nCT_1,10.0.1.1,abc\nMR_1\n")
    with pytest.raises(BadAnswer) as caught:
        system.read()
    file = tmp_path / "pacs-2026-11-20.csv"
    assert caught.value.message.startswith("its export has 2 faults")
    assert caught.value.details == (
        f'{file}:2: Port: "abc" is no port',
        f"{file}:3: this row has 1 cell under 3 headings",
    )


def test_of_very_many_faults_the_first_are_listed_and_the_rest_counted(tmp_path):
    system = exporting(tmp_path, "Name,IP,Port\n" + "CT\n" * 30)
    with pytest.raises(BadAnswer) as caught:
        system.read()
    assert (len(caught.value.details), caught.value.details[-1]) == (21, "and 10 more")


def test_an_export_that_is_no_file_or_not_there_is_said(tmp_path):
    with pytest.raises(Unavailable, match="cannot be had: No such file"):
        console(export={"file": str(tmp_path / "no.csv"), **EXPORT}).read()
    with pytest.raises(BadAnswer, match="is no file"):
        console(export={"file": str(tmp_path), **EXPORT}).read()


def test_a_file_too_large_for_a_peer_table_is_not_read(tmp_path):
    system = exporting(tmp_path, "x" * (8 * 1024 * 1024 + 1))
    with pytest.raises(BadAnswer, match="is larger than 8 MB"):
        system.read()


def test_what_the_record_holds_of_no_console_is_a_fault_with_a_way_out():
    system = console()
    system.recall(said(CT, {"colour": "grey"}))
    with pytest.raises(BadAnswer) as caught:
        system.read()
    assert caught.value.fix == f"Attest it again: pacsconf attest {CT}"


# --- changes -----------------------------------------------------------------------------------------------------


def state(fields: dict[str, Any]) -> State:
    return State(ARCHIVE, ARCHIVE, fields)


@pytest.mark.parametrize(
    ("change", "verb"),
    [
        (Change("create", None, state(PEER)), "enter"),
        (Change("update", state({**PEER, "port": 104}), state(PEER)), "change"),
        (Change("delete", state({**PEER, "port": 104}), None), "delete"),
    ],
    ids=["create", "update", "delete"],
)
def test_a_change_waits_for_a_person_whom_it_names(change, verb):
    system = console(contact="ACME, 555-12")
    if change.before is not None:
        system.recall(said(ARCHIVE, dict(change.before.fields)))
    (outcome,) = system.apply([change])
    assert outcome.status == "waiting"
    assert outcome.error == f"for a person to {verb} at the console of ct-1 (ACME, 555-12)"


def test_what_stands_already_is_applied_and_what_moved_is_a_conflict():
    system = console()
    system.recall(said(ARCHIVE, PEER))
    (done,) = system.apply([Change("create", None, state(PEER))])
    (moved,) = system.apply([Change("update", state({**PEER, "port": 1}), state({**PEER, "port": 2}))])
    assert (done.status, moved.status) == ("applied", "failed")
    assert 'port is "11112" where "1" was read' in moved.error


def test_an_export_that_cannot_be_read_any_more_fails_every_change(tmp_path):
    system = exporting(tmp_path)
    system.read()
    (tmp_path / "pacs-2026-11-20.csv").unlink()
    (outcome,) = system.apply([Change("create", None, state(PEER))])
    assert (outcome.status, "cannot be had" in outcome.error) == ("failed", True)


def test_what_a_change_weighs():
    kind = console().kinds["peer"]
    assert kind.risk({"port": 1}, {"port": 2}) == "workflow"
    assert kind.risk({"tls": True}, {}) == "access"
    assert kind.effects({"port": 1}, {"port": 2}) == {"readdresses"}
    assert kind.effects({"tls": True}, {}) == {"widens"}
    assert kind.effects({"allow": ("find",)}, {"allow": ("store",)}) == {"widens", "removes"}
    assert kind.effects({"port": 1}, None) == {"removes"}


# --- what it means for rules --------------------------------------------------------------------------------------


def told(system: ConsoleSystem, hospital: Inventory, **attested: Attestation) -> Any:
    assert isinstance(system, Evident)
    system.declared(hospital)
    system.recall({one.address: one for one in attested.values()})
    return system.evidence(system.read().states(), hospital)


def test_nothing_is_known_of_a_console_of_which_nobody_said_anything(hospital):
    assert told(console(), hospital) == {}


def test_what_was_attested_is_known_and_what_was_not_may_be_there(hospital):
    found = told(console(), hospital, own=said(CT, OWN)[CT], peer=said(ARCHIVE, PEER)[ARCHIVE])
    assert found["ae"] == {
        "archive/ARCHIVE": {"trusted_by": ["ct/peer/ARCHIVE"], "rights_beyond": []},
        "ct-1/CT_1": {"tls": False},
    }
    assert found["device"] == {"archive": {"held_by": ["ct"], "trusted_by": []}}
    assert found["system"] == {"ct": {}}


def test_an_export_shows_who_is_missing_and_who_is_there_undeclared(hospital, tmp_path):
    file = tmp_path / "peers.csv"
    file.write_text(ROWS + "GHOST,10.0.9.9,104\n")
    system = console("pacs", "archive", export={"file": str(file), **EXPORT})
    found = told(system, hospital)
    assert found["ae"]["archive/ARCHIVE"] == {"callers_missing": ["US_1"]}
    assert found["ae"]["ct-1/CT_1"] == {"trusted_by": ["pacs/peer/CT_1"]}
    assert found["system"] == {"pacs": {"undeclared": ["pacs/peer/GHOST"]}}
