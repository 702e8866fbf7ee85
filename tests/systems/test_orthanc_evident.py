"""What an Orthanc means for rules: a fresh one, a careful one, and what its table holds beside what is declared."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from pacsconf.core.address import Address
from pacsconf.core.resource import State
from pacsconf.core.secret import Secret
from pacsconf.inventory.model import Connection, Device, Flow, Inventory, NetworkAE, Selector
from pacsconf.inventory.retention import LegalHold, Retention
from pacsconf.inventory.systems import OrthancConfig
from pacsconf.lab import orthanc
from pacsconf.systems.abilities import Evident
from pacsconf.systems.orthanc import OrthancSystem

FRESH = orthanc.Options(
    always_allow_echo=True,
    always_allow_store=True,
    check_called_aet=False,
    settings={"AuthenticationEnabled": False, "MaximumPatientCount": 5},
)
CAREFUL = orthanc.Options(
    check_hosts=True,
    settings={"LimitFindResults": 100, "LimitFindInstances": 100, "MaximumStorageMode": "Reject"},
)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory) -> Iterator[orthanc.Orthanc]:
    """As it is delivered, but that it holds five patients at the most."""
    with orthanc.started(tmp_path_factory.mktemp("fresh") / "o", FRESH) as running:
        yield running


@pytest.fixture(scope="module")
def careful(tmp_path_factory) -> Iterator[orthanc.Orthanc]:
    with orthanc.started(tmp_path_factory.mktemp("careful") / "o", CAREFUL) as running:
        yield running


def told(server, inventory=None, live=None, *, copy=True, **keys):
    """What the server means for rules, with the live peers there are, or these."""
    data = {"type": "orthanc", "name": "pacs", "url": server.url, "ae": "archive/ORTHANC"} | keys
    data |= {"settings_file": str(server.settings_file)} if copy else {}
    config = OrthancConfig.model_validate(data)
    system = OrthancSystem("pacs", config, lambda *_: Secret(server.password))
    assert isinstance(system, Evident)
    whole = inventory or hospital()
    system.declared(whole)
    read = system.read().states()
    states = read if live is None else dict(map(peer, live.items()))
    found = system.evidence(states, whole)
    system.close()
    return found


def peer(item) -> tuple[Address, State]:
    alias, fields = item
    address = Address.of("pacs", "peer", alias)
    return address, State(address, address, fields)


LOGIN = {"login": {"user": "pacsconf", "password": "env:PW"}}


def device(name, title, host, *, lifecycle="active", acceptor=False) -> Device:
    entity = NetworkAE(title=title, connections=("dicom",), initiator=True, acceptor=acceptor)
    connection = Connection(host=host, port=104 if acceptor else None)
    return Device(
        name=name,
        type="modality",
        lifecycle=lifecycle,
        connections={"dicom": connection},
        ae_titles={title: entity},
    )


def hospital(**more) -> Inventory:
    devices = (
        device("archive", "ORTHANC", "10.0.0.1", acceptor=True),
        device("ct-1", "CT_1", "10.0.0.2"),
        device("ct-2", "CT_2", "10.0.0.3"),
        device("old", "OLD", "10.0.0.4", lifecycle="retired"),
    )
    store = Flow(
        name="images",
        callers=(Selector(device=("ct-1", "ct-2")),),
        called=(Selector(device=("archive",)),),
        services=("storage",),
    )
    return Inventory(devices={one.name: one for one in devices}, flows={"images": store}, **more)


# --- the server ---------------------------------------------------------------------------------------------------


def test_a_fresh_one_is_open_unencrypted_and_recycles(fresh):
    found = told(fresh)
    own = found["ae"]["archive/ORTHANC"]
    assert {name: own[name] for name in own if name.startswith(("any", "stranger", "checks", "binds"))} == {
        "any_caller": True,
        "stranger_echo": True,
        "stranger_store": True,
        "stranger_query": False,
        "checks_called": False,
        "binds_hosts": False,
    }
    assert (own["tls"], own["client_certificate"]) == (False, False)
    server = found["system"]["pacs"]
    assert server["version"].startswith("1.")
    assert (server["authenticates"], server["anonymous_read"], server["web_tls"]) == (False, True, False)
    assert (server["storage_mode"], server["storage_limited"]) == ("recycle", True)
    assert server["purge_armed"] == server["purge_undeclared"]
    assert server["purge_armed"] == [
        "MaximumStorageMode Recycle: deletes the oldest patients once it holds 5 patients"
    ]
    assert (server["find_limits"], server["runs_scripts"], server["writes_files"]) == (False, False, False)
    assert server["enforces_roles"] is False
    assert server["clock_skew_seconds"] <= 2
    assert found["storage"] == {
        "pacs": {
            "used_percent": 0,
            "duration": "cache",
            "deletes": True,
            "only_copy": True,
            "unbounded_cache": False,
        }
    }
    assert found["flow"] == {"images": {"refused": [], "plain_called": ["archive/ORTHANC"]}}


def test_one_that_recycles_on_purpose_deletes_nothing_that_nobody_declared(fresh):
    found = told(fresh, storage={"copies": "cache", "mode": "recycle"})
    assert len(found["system"]["pacs"]["purge_armed"]) == 1
    assert found["system"]["pacs"]["purge_undeclared"] == []
    assert found["storage"]["pacs"]["only_copy"] is False


def test_a_careful_one_lets_in_whom_it_knows(careful):
    found = told(careful, **LOGIN)
    own = found["ae"]["archive/ORTHANC"]
    assert [own[f"stranger_{what}"] for what in ("echo", "store", "query")] == [False] * 3
    assert (own["any_caller"], own["checks_called"], own["binds_hosts"]) == (False, True, True)
    assert own["callers_missing"] == ["CT_1", "CT_2"]
    server = found["system"]["pacs"]
    assert (server["authenticates"], server["anonymous_read"]) == (True, False)
    assert (server["storage_mode"], server["storage_limited"]) == ("recycle", False)
    assert (server["purge_armed"], server["find_limits"]) == ([], True)
    assert found["storage"]["pacs"]["duration"] == "permanent"
    assert found["flow"]["images"]["refused"] == ["ct-1/CT_1", "ct-2/CT_2"]


def test_without_a_copy_of_its_settings_only_what_rest_tells_is_told(careful):
    found = told(careful, copy=False, **LOGIN)
    own = found["ae"]["archive/ORTHANC"]
    assert own.keys() == {"held", "accepted_callers", "callers_beyond", "move_beyond"}
    assert found["system"]["pacs"].keys() == {
        *("version", "authenticates", "anonymous_read", "web_tls"),
        *("enforces_roles", "undeclared", "clock_skew_seconds"),
    }
    assert found["storage"]["pacs"].keys() == {"only_copy", "unbounded_cache"}
    assert found["flow"] == {"images": {}}  # whom it would let in nonetheless is not known


def test_a_copy_of_another_server_tells_nothing(careful, tmp_path):
    other = tmp_path / "other.json"
    other.write_text(json.dumps({"DicomAet": "ELSEWHERE", "DicomTlsEnabled": True}))
    own = told(careful, copy=False, settings_file=str(other), **LOGIN)["ae"]["archive/ORTHANC"]
    assert "tls" not in own
    assert "any_caller" not in own


# --- its peers ----------------------------------------------------------------------------------------------------

PEERS = {
    "CT_1": {"ae_title": "CT_1", "host": "10.0.0.2", "port": 104, "allow": ("echo", "store", "transcoding")},
    "left": {"ae_title": "OLD", "host": "10.0.0.4", "port": 104, "allow": ("echo", "find", "store")},
    "quiet": {"ae_title": "CT_2", "host": "10.0.0.3", "port": 104},
    "who": {"ae_title": "GHOST", "host": "10.9.9.9", "port": 104, "allow": ("echo",)},
}


def test_who_is_in_its_table_is_named_with_what_is_beyond_flows(careful):
    found = told(careful, live=PEERS, **LOGIN)
    assert found["device"] == {
        "ct-1": {"held_by": ["pacs"], "trusted_by": ["pacs/peer/CT_1"]},
        "ct-2": {"held_by": ["pacs"], "trusted_by": []},
        "old": {"held_by": ["pacs"], "trusted_by": ["pacs/peer/left"]},
    }
    aes = found["ae"]
    assert aes["old/OLD"] == {
        "held": True,
        "trusted_by": ["pacs/peer/left"],
        "rights_beyond": ["pacs: find", "pacs: store"],
    }
    assert aes["ct-1/CT_1"] == {"held": True, "trusted_by": ["pacs/peer/CT_1"], "rights_beyond": []}
    own = aes["archive/ORTHANC"]
    assert own["accepted_callers"] == ["CT_1", "GHOST", "OLD"]
    assert own["callers_beyond"] == ["GHOST", "OLD"]
    assert own["move_beyond"] == ["GHOST", "OLD"]
    assert own["callers_missing"] == []
    assert found["system"]["pacs"]["undeclared"] == ["pacs/peer/who"]
    assert found["flow"]["images"]["refused"] == ["ct-2/CT_2"]


def test_a_caller_without_rights_is_let_in_where_anybody_is(fresh):
    found = told(fresh, live=PEERS)
    assert (
        found["ae"]["archive/ORTHANC"]["callers_missing"]
        == told(fresh)["ae"]["archive/ORTHANC"]["callers_missing"]
        == []
    )
    assert found["flow"]["images"]["refused"] == []


def test_who_is_listed_by_hand_is_declared(careful):
    listed = {"who": {"ae_title": "GHOST", "host": "10.9.9.9", "port": 104}}
    found = told(careful, live=PEERS, peers=listed, **LOGIN)
    assert found["system"]["pacs"]["undeclared"] == []
    assert found["ae"]["archive/ORTHANC"]["callers_beyond"] == ["OLD"]


def test_what_the_inventory_leaves_alone_is_not_called_undeclared(careful):
    found = told(careful, live=PEERS, ignore=["peer/who"], **LOGIN)
    assert found["system"]["pacs"]["undeclared"] == []
    assert found["ae"]["archive/ORTHANC"]["callers_beyond"] == ["GHOST", "OLD"]


def test_a_title_that_went_to_another_device_is_not_the_retired_ones(careful):
    moved = hospital()
    devices = {**moved.devices, "ct-0": device("ct-0", "CT_1", "10.0.0.9", lifecycle="retired")}
    found = told(careful, moved.model_copy(update={"devices": devices}), live=PEERS, **LOGIN)
    assert "ct-0" not in found["device"]
    at = PEERS | {"CT_1": PEERS["CT_1"] | {"host": "10.0.0.9"}, "copy": PEERS["CT_1"]}
    found = told(careful, moved, live=at, **LOGIN)
    assert found["ae"]["ct-1/CT_1"]["same_title"] == ["pacs/peer/CT_1 at 10.0.0.9:104"]


# --- holds --------------------------------------------------------------------------------------------------------


def test_a_hold_stands_or_names_where_it_does_not(careful):
    study = "sha256:" + "ab" * 32
    hold = LegalHold.model_validate(
        {"studies": [study], "reason_ref": "C-1", "since": "2026-01-01", "placed_by": "legal"}
    )
    inventory = hospital(retention=Retention(holds={"claim": hold}))
    assert told(careful, inventory, **LOGIN)["hold"] == {"claim": {"protected": True, "unprotected_in": []}}
    assert told(careful, inventory, live={}, **LOGIN)["hold"] == {
        "claim": {"protected": False, "unprotected_in": ["pacs"]}
    }
