"""Selectors and the pairs that flows come to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.inventory.flows import Entities, matches, pairs, select
from pacsconf.inventory.loader import load
from pacsconf.inventory.model import Selector

HOSPITAL = """\
sites: {main: {}, north: {}}
profiles:
  ct: {type: modality, modality: CT, uses: [ct-image-storage]}
  mr: {type: modality, modality: MR, uses: [mr-image-storage]}
devices:
  ct-1: {profile: ct, site: main, ae_title: CT_1, host: ct-1}
  ct-2: {profile: ct, site: north, ae_title: CT_2, host: ct-2, lifecycle: retiring}
  ct-3: {profile: ct, site: main, ae_title: CT_3, host: ct-3, lifecycle: planned}
  ct-4: {profile: ct, site: main, ae_title: CT_4, host: ct-4, lifecycle: retired}
  mr-1: {profile: mr, site: main, ae_title: MR_1, host: mr-1}
  archive: {type: archive, ae_title: ARCHIVE, host: a, port: 104, offers: storage, uses: storage, answers_to: OLD}
"""


@pytest.fixture
def titles(declare):
    inventory = declare(HOSPITAL).inventory

    def of(end="from", **keys):
        selector = Selector.model_validate(keys)
        return [ae.title for _, ae in select(inventory, selector, end)]

    return of


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ({}, ["ARCHIVE", "CT_1", "CT_2", "MR_1"]),
        ({"type": "modality"}, ["CT_1", "CT_2", "MR_1"]),
        ({"type": ["modality", "archive"], "site": "main"}, ["CT_1", "MR_1"]),
        ({"modality": "CT"}, ["CT_1", "CT_2"]),
        ({"profile": "ct", "site": "north"}, ["CT_2"]),
        ({"device": ["ct-1", "mr-1"]}, ["CT_1", "MR_1"]),
        ({"ae_title": "OLD"}, ["ARCHIVE"]),
        ({"type": "modality", "lifecycle": "planned"}, ["CT_3"]),
        ({"type": "modality", "lifecycle": ["active", "planned"]}, ["CT_1", "CT_3", "MR_1"]),
        ({"type": "modality", "lifecycle": "retired"}, []),
        ({"type": "printer"}, []),
    ],
)
def test_every_key_given_must_match_one_of_its_values(titles, keys, found):
    assert titles(**keys) == found


def test_only_who_is_called_is_found_at_the_other_end(titles):
    assert titles(end="to") == ["ARCHIVE"]


def test_flow_pairs_every_caller_with_every_called(declare):
    text = (
        HOSPITAL
        + """\
flows:
  b: {from: [{modality: CT}, {type: modality}], to: {type: archive}, services: [storage, echo]}
  a: {from: {type: archive}, to: {ae_title: ARCHIVE}, services: storage}
"""
    )
    found = pairs(declare(text).inventory)
    assert [(pair.flow, pair.calling, pair.called, pair.services) for pair in found] == [
        ("b", "CT_1", "ARCHIVE", ("storage", "verification")),
        ("b", "CT_2", "ARCHIVE", ("storage", "verification")),
        ("b", "MR_1", "ARCHIVE", ("storage", "verification")),
    ]


def test_flow_that_names_a_retiring_device_is_a_warning(told):
    text = HOSPITAL + "flows:\n  f: {from: {device: ct-2}, to: {type: archive}, services: storage}\n"
    assert told(text) == [
        "warning PACS-FLOW-002 inventory/hospital.yaml:13:7 Flow f names device ct-2, which is retiring"
    ]


def test_selector_that_finds_only_who_never_calls_says_so(declare):
    text = "devices:\n  p: {type: printer, ae_title: P, host: p, port: 104}\n  q: {type: m, ae_title: Q, host: q}\n"
    flow = "flows:\n  f: {from: {type: printer}, to: {type: printer}, services: print}\n"
    (finding,) = declare(text + flow).findings
    assert finding.summary == 'Flow f: nobody fits "from" (type printer)'
    assert (
        finding.detail == "Devices fit, but they call nobody: they use no service, or say initiator: false."
    )


@pytest.fixture(scope="module")
def inventory(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hospital")
    (folder / "inventory").mkdir()
    flows = """flows:
  a: {from: [{type: modality}, {device: archive}], to: {type: archive}, services: storage}
  b: {from: {device: archive}, to: [{device: archive}, {type: workstation}], services: storage}
  c: {from: {modality: CT}, to: {type: workstation}, services: storage}
"""
    workstation = (
        "  ws-1: {type: workstation, modality: [OT, CT], ae_title: WS, host: w, port: 104, offers: storage}\n"
    )
    (folder / "inventory" / "all.yaml").write_text(HOSPITAL + workstation + flows)
    return load(folder).inventory


def some(*words):
    return st.lists(st.sampled_from((*words, "nothing")), max_size=3).map(tuple)


SELECTORS = st.builds(
    Selector,
    device=some("ct-1", "ct-2", "ct-4", "archive"),
    type=some("modality", "archive"),
    modality=some("CT", "MR", "OT"),
    site=some("main", "north"),
    profile=some("ct", "mr"),
    ae_title=some("CT_1", "CT_3", "OLD", "ARCHIVE", "WS"),
    lifecycle=st.lists(st.sampled_from(("active", "planned", "retired")), max_size=2).map(tuple),
)


@given(selector=SELECTORS, end=st.sampled_from(("from", "to")))
def test_looking_among_few_finds_the_same_as_looking_among_all(inventory, selector, end):
    assert list(Entities(inventory).select(selector, end)) == [
        (device, ae)
        for device, ae in inventory.entities()
        if matches(selector, device, ae) and (ae.initiator if end == "from" else ae.acceptor)
    ]


def test_pairs_of_one_entity_are_those_of_all_that_it_is_in(inventory):
    everything = pairs(inventory)
    for device, ae in inventory.entities():
        key = (device.name, ae.title)
        own = [
            pair
            for pair in everything
            if key in {(pair.calling_device, pair.calling), (pair.called_device, pair.called)}
        ]
        assert list(pairs(inventory, (device, ae))) == own
    assert len(everything) == 6
