"""Counting by kinds comes to the same as solving every pair; and what can be said of all pairs of any hospital."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacsconf.dicom.reach import Solver
from pacsconf.dicom.reach.census import Census
from pacsconf.dicom.reach.compare import NOTHING, states, turned
from pacsconf.dicom.reach.rules import half_declared
from pacsconf.inventory.flows import Entity
from pacsconf.inventory.loader import load
from pacsconf.inventory.model import Inventory

SUITES = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"]
SYNTAXES = [
    "implicit-vr-little-endian",
    "explicit-vr-little-endian",
    "jpeg-baseline-8-bit",
    "jpeg2000",
    "rle-lossless",
]
SERVICES = [
    "storage",
    "ct-image-storage",
    "storage-commitment",
    "query-retrieve",
    "study-root-get",
    "modality-worklist",
]
CLASSES = [
    "ct-image-storage",
    "mr-image-storage",
    "storage-commitment",
    "query-retrieve",
    "modality-worklist",
]


def some(values: list[str], least: int = 0, most: int = 3):
    return st.lists(st.sampled_from(values), min_size=least, max_size=most, unique=True)


NONE = st.just(None)
KEYS = {
    "type": st.sampled_from(["modality", "archive", "router"]),
    "site": st.sampled_from(["main", "north"]),
    "modality": some(["CT", "MR"], most=1),
    "lifecycle": st.sampled_from(["active", "active", "retiring", "planned", "commissioning"]),
    "port": st.sampled_from([104, 104, None]),
    "uses": some(CLASSES, least=1, most=4),
    "offers": some(CLASSES, least=1, most=4),
    "transfer_syntaxes": some(SYNTAXES, least=1),
    "tls": NONE | some(SUITES, most=2),
    "accepts": NONE | st.sampled_from(["any", ["AE_1", "AE_2"], ["AE_?"], ["X"]]),
    "rewrites": NONE | st.just({"AE_1": "X"}),
    "character_sets": NONE | st.sampled_from([["ISO_IR 100"], ["ISO_IR 192"]]),
    "patient_id_issuer": NONE | st.sampled_from(["A", "B"]),
    "worklist": NONE | st.just({"from": "d1/AE_1", "modality_code": "CT"}),
}
"""What a device may say, and how."""
USUAL = {
    "type": "modality", "site": "main", "port": 104, "uses": CLASSES[:3], "offers": CLASSES[:4],
    "transfer_syntaxes": SYNTAXES[:2],
}  # fmt: skip


@st.composite
def devices(draw: Any, model: dict[str, Any], number: int) -> dict[str, Any]:
    """A device of a model, from which it differs in one point or in none."""
    key = draw(st.sampled_from(["", *KEYS]))
    said = {**model, **({key: draw(KEYS[key])} if key else {})}
    written = {**said, "ae_title": f"AE_{number}", "host": f"10.0.0.{number}"}
    return {key: value for key, value in written.items() if value not in (None, [])}


def selectors(names: list[str]):
    """Most mean a kind of devices, some a device or a title."""
    kinds = st.fixed_dictionaries(
        {}, optional={"type": st.sampled_from(["modality", "archive"]), "site": st.just("main")}
    )
    named = {"device": some(names, least=1, most=2), "ae_title": some(["AE_1", "AE_2"], least=1)}
    several = {**named, "lifecycle": some(["active", "planned", "commissioning"], least=1)}
    return st.just({}) | kinds | st.fixed_dictionaries({}, optional=several)


@st.composite
def hospitals(draw: Any) -> dict[str, Any]:
    """A hospital of a few devices that are much alike, and flows between them."""
    models = [USUAL, {**USUAL, **draw(st.fixed_dictionaries(KEYS))}]
    count = draw(st.integers(2, 5))
    several = {
        f"d{number}": draw(devices(draw(st.sampled_from(models)), number)) for number in range(1, count + 1)
    }
    selector = selectors(list(several))
    flow = st.fixed_dictionaries({"from": selector, "to": selector, "services": some(SERVICES, least=1)})
    listed = st.fixed_dictionaries(
        {}, optional={"allow": some(["echo", "store", "find"], least=1), "host": st.just("10.0.0.2")}
    )
    peers = st.dictionaries(st.sampled_from(["AE_1", "AE_2", "AE_3"]), listed, max_size=2)
    holder = draw(st.sampled_from(sorted(several)))
    return {
        "sites": {"main": {}, "north": {}},
        "devices": several,
        "flows": {f"f{number}": draw(flow) for number in range(draw(st.integers(1, 3)))},
        "systems": {
            "orthanc": {"type": "orthanc", "url": "http://localhost:1", "ae": holder, "peers": draw(peers)}
        },
    }


def declared(hospital: dict[str, Any]) -> Inventory:
    """The inventory of this; what is wrong with it does not matter here."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "inventory").mkdir()
        (Path(folder) / "inventory" / "all.yaml").write_text(json.dumps(hospital))
        loaded = load(Path(folder))
    assert loaded.built is not None
    return loaded.built


def pairs(inventory: Inventory) -> Iterator[tuple[Entity, Entity]]:
    every = tuple(inventory.entities())
    return ((one, other) for one in every for other in every if one is not other)


@given(hospitals())
@settings(max_examples=150)
def test_counting_by_kinds_comes_to_the_same_as_solving_every_pair(hospital):
    inventory = declared(hospital)
    assert counted(inventory) == one_by_one(inventory)


@pytest.mark.parametrize(
    ("key", "value", "called"),
    [
        ("uses", ["mr-image-storage"], {}),
        ("transfer_syntaxes", ["rle-lossless"], {}),
        ("lifecycle", "retiring", {}),
        ("tls", [SUITES[0]], {}),
        ("external", True, {}),
        ("rewrites", {"AE_9": "X"}, {"accepts": ["AE_?"]}),
        ("character_sets", ["ISO_IR 192"], {"character_sets": ["ISO_IR 100"]}),
        ("patient_id_issuer", "B", {"patient_id_issuer": "A"}),
        ("worklist", {"from": "d3/AE_3", "modality_code": "CT"}, {}),
        ("modality", ["MR"], {}),
        ("site", "north", {}),
        ("port", None, {}),
    ],
)
def test_callers_that_differ_in_one_point_are_told_apart(key, value, called):
    assert told_apart({key: value}, {}, called)


def test_callers_that_differ_in_nothing_that_counts_are_of_one_kind():
    assert not told_apart({"manufacturer": "A", "description": "B"}, {}, {"accepts": ["AE_?"]})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("accepts", ["X"]),
        ("offers", ["mr-image-storage"]),
        ("character_sets", ["ISO_IR 192"]),
        ("tls", [SUITES[0]]),
        ("lifecycle", "retiring"),
    ],
)
def test_called_ones_that_differ_in_one_point_are_told_apart(key, value):
    assert told_apart({}, {key: value}, {"character_sets": ["ISO_IR 100"]})


def told_apart(caller: dict[str, Any], called: dict[str, Any], both: dict[str, Any]) -> bool:
    """Whether of two callers, and of two called ones, that are alike but for this each counts by itself."""
    scanner = {**USUAL, "uses": [*CLASSES], "modality": "CT"}
    archive = {**USUAL, "type": "archive", "uses": [*CLASSES, "verification"], "offers": [*CLASSES], **both}
    several = [scanner, {**scanner, **caller}, archive, {**archive, **called}]
    inventory = declared(
        {
            "sites": {"main": {}, "north": {}},
            "devices": {
                f"d{number}": {
                    key: one
                    for key, one in {**device, "ae_title": f"AE_{number}", "host": f"10.0.0.{number}"}.items()
                    if one is not None
                }
                for number, device in enumerate(several, 1)
            },
            "flows": {
                "there": {"from": {"type": "modality"}, "to": {"type": "archive"}, "services": SERVICES},
                "main": {
                    "from": {"type": "modality", "site": "main", "modality": "CT"},
                    "to": {},
                    "services": SERVICES,
                },
                "back": {"from": {"type": "archive"}, "to": {"type": "modality"}, "services": SERVICES[:3]},
            },
        }
    )
    assert len(inventory.devices) == 4
    assert counted(inventory) == one_by_one(inventory)
    kinds = {frozenset(device.name for device, _ in kind.members) for kind in Census(inventory).kinds}
    return frozenset({"d1", "d2"} if caller else {"d3", "d4"}) not in kinds


def test_those_who_call_each_other_have_the_ways_that_they_have():
    peer = {**USUAL, "uses": [*CLASSES], "offers": [*CLASSES]}
    sites = {"d1": "main", "d2": "main", "d3": "north", "d4": "north"}
    inventory = declared(
        {
            "sites": {"main": {}, "north": {}},
            "devices": {
                name: {**peer, "site": site, "ae_title": f"AE_{name[1]}", "host": f"10.0.0.{name[1]}"}
                for name, site in sites.items()
            },
            "flows": {
                "all": {
                    "from": {"site": "main"},
                    "to": {},
                    "services": ["storage-commitment", "query-retrieve"],
                },
                "images": {"from": {"site": "main"}, "to": {"site": "main"}, "services": "storage"},
            },
        }
    )
    assert counted(inventory) == one_by_one(inventory)
    assert {
        cell.like.outcome: cell.pairs for cell in Census(inventory).cells() if cell.flow.name == "all"
    } == {
        "works": 2,
        "partly": 4,
    }


def counted(inventory: Inventory) -> Counter[Any]:
    """What is told of all pairs, by kinds."""
    found: Counter[Any] = Counter()
    for cell in Census(inventory).cells():
        for told in _told(cell.flow.name, cell.like):
            found[told] += cell.pairs
    return found


def one_by_one(inventory: Inventory) -> Counter[Any]:
    """What is told of all pairs, each solved."""
    found: Counter[Any] = Counter()
    solver = Solver(inventory)
    for caller, called in pairs(inventory):
        for flow in solver.flows.between(caller, called):
            found.update(_told(flow.name, solver.by_flow(flow, caller, called)))
    return found


def _told(flow, result):
    """Everything that a result says which is not about names."""
    yield flow, result.outcome, result.tls
    for service in result.services:
        yield flow, service.name, service.outcome, service.classes
    for reason in result.reasons:
        yield flow, reason.cause, reason.rule, reason.told, reason.breaks, reason.service, reason.uids


@given(hospitals())
@settings(max_examples=40)
def test_what_is_half_declared_is_what_single_pairs_tell(hospital):
    inventory = declared(hospital)
    found = {
        (told.flow.name, told.reason.service, told.reason.cause)
        for told in half_declared(Census(inventory).cells())
        if told.reason.cause != "caller-lacks"
    }
    solver = Solver(inventory)
    single = {
        (flow, reason.service, reason.cause)
        for caller, called in pairs(inventory)
        for reason in solver.reach(caller, called).reasons
        for flow in (each.name for each in solver.flows.between(caller, called))
        if reason.told and reason.rule != "PACS-REACH-012" and reason.cause != "caller-lacks"
        and reason.service in ("", *inventory.flows[flow].services)
    }  # fmt: skip
    assert found == single


def working(inventory: Inventory) -> set[Any]:
    """Each caller, called one and SOP class that gets through."""
    solver = Solver(inventory)
    return {
        (caller[1].title, called[1].title, one.uid)
        for caller, called in pairs(inventory)
        for service in solver.reach(caller, called).services
        if service.outcome in ("works", "partly")
        for one in service.classes
        if one.works
    }


@given(hospitals(), st.sampled_from(SYNTAXES), st.data())
@settings(max_examples=40)
def test_one_more_transfer_syntax_on_either_side_never_makes_anything_worse(hospital, syntax, data):
    before = working(declared(hospital))
    device = hospital["devices"][data.draw(st.sampled_from(sorted(hospital["devices"])))]
    device["transfer_syntaxes"] = list(dict.fromkeys([*device["transfer_syntaxes"], syntax]))
    assert before <= working(declared(hospital))


@given(hospitals(), st.data())
@settings(max_examples=40)
def test_a_flow_less_never_adds_a_way(hospital, data):
    before = working(declared(hospital))
    del hospital["flows"][data.draw(st.sampled_from(sorted(hospital["flows"])))]
    assert working(declared(hospital)) <= before


@given(hospitals(), hospitals())
@settings(max_examples=40)
def test_what_turns_one_way_turns_back_the_other(one, other):
    before, after = (states(Census(declared(hospital)).cells()) for hospital in (one, other))
    back = {"begins": "stops", "stops": "begins", "better": "worse", "worse": "better", "changes": "changes"}
    there, here = turned(before, after), turned(after, before)
    assert turned(before, before) == ()
    assert sorted((back[each.turn], each.first, each.pairs) for each in there) == sorted(
        (each.turn, each.first, each.pairs) for each in here
    )
    assert all(before.get(each.first, NOTHING)[:3] == each.before[:3] for each in there)
