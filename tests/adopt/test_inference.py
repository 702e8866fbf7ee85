"""Flows that a live system hints at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.adopt.draft import Draft
from pacsconf.adopt.inference import Inferred, inferred, service_words
from pacsconf.adopt.orthanc import words
from pacsconf.core.address import Address
from pacsconf.core.resource import State, Value
from pacsconf.inventory.environment import for_environment
from pacsconf.inventory.loader import load
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.peers import derived, entity
from pacsconf.inventory.systems import RIGHTS
from pacsconf.inventory.uids import services
from pacsconf.inventory.writing import document

CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
FIND, MOVE = "1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.5.1.4.1.2.2.2"
GET = "1.2.840.10008.5.1.4.1.2.2.3"
WORKLIST, VERIFICATION = "1.2.840.10008.5.1.4.31", "1.2.840.10008.1.1"


def device(title: str, host: str, does: tuple[tuple[str, str], ...] = (), **more: Any) -> dict[str, Any]:
    capabilities = [
        {"sop_class": uid, "role": role, "transfer_syntaxes": ["1.2.840.10008.1.2"]} for uid, role in does
    ]
    ae = {"transfer_capabilities": capabilities} if does else {"initiator": True}
    connections = {"dicom": {"host": host, "port": 104}}
    return {"type": "modality", "probe": "none", "connections": connections, "ae_titles": {title: ae}, **more}


def orthanc(**rights: object) -> Draft:
    """An Orthanc with peers of these titles and rights."""
    devices = {title.lower(): device(title, f"10.0.0.{at}") for at, title in enumerate(rights, 1)}
    peers = {title: {"ae": f"{title.lower()}/{title}", "allow": allow} for title, allow in rights.items()}
    devices["archive"] = device("ARCHIVE", "10.0.1.1") | {"type": "archive"}
    config = {"type": "orthanc", "url": "http://o.example.org", "ae": "archive/ARCHIVE", "peers": peers}
    return Draft("orthanc", devices=devices, systems={"orthanc": config})


def entity_state(device: str, title: str, **fields: Value) -> dict[Address, State]:
    address = Address.of("ldap", "network-ae", device, title)
    return {address: State(address, address, fields)}


def test_peers_with_the_same_rights_share_a_flow_with_what_it_is_based_on():
    found = inferred(
        orthanc(CT_1=["echo", "store", "transcoding"], CT_2=["echo", "store", "transcoding"]), {}
    )

    assert found.draft.flows == {
        "modalities-to-archive": {
            "from": {"ae_title": ["CT_1", "CT_2"]},
            "to": {"ae_title": "ARCHIVE"},
            "services": ["storage"],
        }
    }
    assert found.draft.comments["flows", "modalities-to-archive"] == (
        "CT_1, CT_2: allowed echo, store, transcoding in orthanc"
    )
    assert found.proposals == ()


@pytest.mark.parametrize(
    ("allow", "reason"),
    [
        ("all", "they are allowed everything"),
        (["echo", "transcoding"], "they may ask for nothing"),
        (["echo", "store"], "other rights: + transcoding"),
        (["echo", "get", "store", "transcoding"], "other rights: - get"),
    ],
    ids=["all", "nothing", "more", "less"],
)
def test_rights_that_say_too_little_are_proposed_only_with_the_reason(allow: object, reason: str):
    found = inferred(orthanc(CT_1=allow), {})

    assert found.draft.flows == {}
    assert reason in found.proposals[0].reason


def test_without_an_entity_of_its_own_a_server_has_no_flows():
    made = orthanc(CT_1=["echo", "store", "transcoding"])
    config = {key: value for key, value in made.systems["orthanc"].items() if key != "ae"}

    assert inferred(Draft("orthanc", made.devices, {"orthanc": config}), {}).draft.flows == {}


@given(st.frozensets(st.sampled_from(RIGHTS), min_size=1))
def test_a_flow_that_is_declared_gives_exactly_the_rights_that_were_found(
    tmp_path_factory: pytest.TempPathFactory, allowed: frozenset[str]
):
    found = inferred(orthanc(CT_1=words(allowed)), {})
    if not found.draft.flows:
        return
    inventory = declared(found, tmp_path_factory.mktemp("inferred"))
    holder = entity(inventory, "archive/ARCHIVE")
    assert holder is not None

    assert [set(peer.allow) for peer in derived(inventory, holder)] == [set(allowed)]


def declared(found: Inferred, folder: Path) -> Inventory:
    (folder / "inventory").mkdir()
    collections = {"devices": found.draft.devices, "flows": found.draft.flows}
    (folder / "inventory" / "all.yaml").write_text(document(collections))
    loaded = load(folder)
    assert loaded.inventory is not None, loaded.findings
    return for_environment(loaded.inventory)[0]


def tree(
    *accepted: str, field: str = "extra.dcmAcceptedCallingAETitle"
) -> tuple[Draft, dict[Address, State]]:
    devices = {
        "ct-1": device("CT_1", "10.0.0.1", ((CT, "SCU"), (WORKLIST, "SCU"))),
        "ct-2": device("CT_2", "10.0.0.2"),
        "pacs": device("ARCHIVE", "10.0.0.5", ((CT, "SCP"), (MR, "SCP"), (VERIFICATION, "SCP"))),
    }
    states = entity_state("pacs", "ARCHIVE", **{field: accepted})
    return Draft("ldap", devices=devices), states


@pytest.mark.parametrize("field", ["extra.dcmAcceptedCallingAETitle", "dcm4chee.accepted_callers"])
def test_an_access_list_gives_a_flow_of_what_callers_ask_for_and_the_called_offers(field: str):
    found = inferred(*tree("CT_1", field=field))

    assert found.draft.flows == {
        "ct-1-to-archive": {
            "from": {"ae_title": "CT_1"},
            "to": {"ae_title": "ARCHIVE"},
            "services": ["storage"],
        }
    }
    assert found.draft.comments["flows", "ct-1-to-archive"] == (
        "CT_1: by the accepted calling titles of ARCHIVE"
    )


def test_a_title_that_nobody_has_is_proposed_only_and_the_wildcard_is_nobody():
    found = inferred(*tree("*", "NOBODY"))

    assert found.draft.flows == {}
    assert [(one.name, one.reason) for one in found.proposals] == [
        ("nobody-to-archive", "not just one active device is declared that calls as NOBODY")
    ]


def test_preferred_called_titles_give_flows_the_other_way_round():
    made, _ = tree()
    found = inferred(made, entity_state("ct-1", "CT_1", preferred_called=("ARCHIVE", "CT_1")))

    assert list(found.draft.flows) == ["ct-1-to-archive"]


def test_names_of_flows_that_are_taken_are_not_taken_again(tmp_path: Path):
    made, states = tree("CT_1")
    first = declared(inferred(made, states), tmp_path)

    assert list(inferred(Draft("ldap"), states, first).draft.flows) == ["ct-1-to-archive-2"]


@pytest.mark.parametrize(
    ("classes", "names"),
    [
        ({CT, MR, VERIFICATION}, ("storage",)),
        ({FIND}, ("query",)),
        ({FIND, MOVE}, ("query", "retrieve")),
        ({FIND, MOVE, GET}, ("query-retrieve",)),
        ({WORKLIST, "1.2.3.4"}, ("modality-worklist", "1.2.3.4")),
        ({VERIFICATION}, ()),
    ],
    ids=["storage", "query", "move-only", "query-retrieve", "private", "greeting"],
)
def test_services_are_named_with_the_wide_words_first(classes: set[str], names: tuple[str, ...]):
    assert service_words(classes) == names


@given(st.frozensets(st.sampled_from(sorted({uid for one in services().values() for uid in one.classes}))))
def test_services_cover_all_that_they_were_named_for(classes: frozenset[str]):
    covered = {
        uid for name in service_words(classes) if name in services() for uid in services()[name].covers
    }
    named = set(service_words(classes)) - services().keys()

    assert len(classes - covered - {VERIFICATION}) == len(named)
