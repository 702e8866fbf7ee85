"""What several systems hold, as one: the safe way of each field, in whatever order."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.core.address import Address
from pacsconf.inventory.model import Connection, Device, Flow, Inventory, NetworkAE, Selector
from pacsconf.inventory.systems import ConsoleConfig, OrthancConfig
from pacsconf.policy.evidence import Evidence, SystemEvidence
from pacsconf.policy.facts.configured import MERGES, merged, of
from pacsconf.policy.vocabulary import KINDS
from pacsconf.retention.capacity import Stock

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a field's type, as small as makes them meet."""
    plain = get_args(hint)[0]
    if get_origin(plain) is list:
        return st.lists(st.sampled_from("abcd"), max_size=3, unique=True).map(sorted)
    words = st.sampled_from(("recycle", "reject", "temporary", "cache", "permanent", "1.10", "1.9"))
    return {bool: st.booleans(), int: st.integers(0, 5), str: words}[plain]


FIELDS = [(kind, field) for kind in KINDS for field in KINDS[kind].fields("configured")]


def test_every_field_has_its_way_and_no_other_has_one():
    assert {(kind, field) for kind, fields in MERGES.items() for field in fields} == set(FIELDS)


@pytest.mark.parametrize(("kind", "field"), FIELDS, ids=["/".join(each) for each in FIELDS])
def test_neither_order_nor_repetition_matters(kind, field):
    merge, hint = MERGES[kind][field], KINDS[kind].fields("configured")[field]

    @given(values(hint), values(hint), values(hint))
    def holds(one, two, three):
        assert merge(one, one) == one
        assert merge(one, two) == merge(two, one)
        assert merge(merge(one, two), three) == merge(one, merge(two, three))

    holds()


def test_what_weakens_wins():
    found = merged(
        {
            "a": {"ae": {"x/X": {"any_caller": False, "checks_called": True, "trusted_by": ["a/peer/X"]}}},
            "b": {"ae": {"x/X": {"any_caller": True, "checks_called": False, "trusted_by": ["b/peer/X"]}}},
            "c": {"storage": {"c": {"used_percent": 80, "duration": "permanent"}}},
        }
    )
    assert found == {
        "ae": {
            "x/X": {"any_caller": True, "checks_called": False, "trusted_by": ["a/peer/X", "b/peer/X"]},
        },
        "storage": {"c": {"used_percent": 80, "duration": "permanent"}},
    }


# --- what only all systems together tell --------------------------------------------------------------------------


def device(name: str, title: str, kind: str = "modality") -> Device:
    entity = NetworkAE(title=title, connections=("dicom",), initiator=True, acceptor=True)
    return Device(
        name=name,
        type=kind,
        connections={"dicom": Connection(host="10.0.0.1", port=104)},
        ae_titles={title: entity},
    )


HOSPITAL = Inventory(
    devices={
        "ct": device("ct", "CT"),
        "pacs-1": device("pacs-1", "P1", "archive"),
        "pacs-2": device("pacs-2", "P2", "archive"),
    },
    flows={
        "images": Flow(
            name="images",
            callers=(Selector(device=("ct",)),),
            called=(Selector(type=("archive",)),),
            services=("storage",),
        )
    },
)


def system(name: str, how: str = "configured", kind: str = "orthanc", **more: Any) -> SystemEvidence:
    return SystemEvidence(name, kind, how, **more)


def known(*systems: SystemEvidence, **more: Any) -> Any:
    return of(Evidence(HOSPITAL, NOW, {one.name: one for one in systems}, **more))


def test_a_device_is_trusted_nowhere_only_where_every_table_was_read():
    told = {"device": {"ct": {"held_by": ["a"], "trusted_by": []}}}
    both = known(system("a", configured=told), system("b"))
    assert both["device"]["ct"] == {"held_by": ["a"], "trusted_by": []}
    assert both["device"]["pacs-1"] == {"held_by": [], "trusted_by": []}
    assert both["ae"]["ct/CT"] == {"trusted_by": [], "rights_beyond": [], "same_title": []}
    one = known(system("a", configured=told), system("b", "unreached"))
    assert one["device"] == {"ct": {"held_by": ["a"]}}
    assert "ct/CT" not in one["ae"]
    silent = known(system("a", configured=told), system("b", kind="vendor-box", tells=False))
    assert (silent["device"], silent["ae"]) == (one["device"], one["ae"])


def test_accounts_say_nothing_of_devices():
    assert known(system("a", kind="accounts"))["device"] == {}
    assert "trusted_by" in known(system("a"), system("b", "unreached", "accounts"))["device"]["ct"]


def test_where_nothing_was_asked_nothing_is_held():
    assert not any(subjects for subjects in known().values())


def test_a_flow_to_two_archives_is_encrypted_where_both_are_known_to_be():
    first = {"flow": {"images": {"plain_called": []}}, "ae": {"pacs-1/P1": {"tls": True}}}
    assert known(system("a", configured=first))["flow"]["images"] == {}
    second = {"flow": {"images": {"plain_called": []}}, "ae": {"pacs-2/P2": {"tls": True}}}
    both = known(system("a", configured=first), system("b", configured=second))
    assert both["flow"]["images"] == {"plain_called": []}
    plain = {"flow": {"images": {"plain_called": ["pacs-2/P2"]}}, "ae": {}}
    assert known(system("a", configured=plain))["flow"]["images"] == {"plain_called": ["pacs-2/P2"]}


def test_a_storage_is_full_on_the_day_its_history_leads_to():
    history = [
        Stock((NOW - timedelta(days=ago)).isoformat(timespec="seconds"), held, 1, 1, 1, 1, 1000, 0, "reject")
        for ago, held in ((30, 200), (20, 300), (10, 400))
    ]
    now = Stock(NOW.isoformat(timespec="seconds"), 500, 1, 1, 1, 1, 1000, 0, "reject")
    found = known(system("a", stock=now), stocks={"a": history})
    assert found["storage"]["a"] == {"used_percent": 50, "days_left": 50}
    assert "storage" not in known(system("b")) or known(system("b"))["storage"] == {}


def test_what_somebody_changed_outside_is_told_of_the_system_and_of_the_device():
    told = {
        "device": {"ct": {"held_by": ["a"], "trusted_by": ["a/peer/CT"]}, "pacs-1": {"held_by": ["a"]}},
        "ae": {"ct/CT": {"trusted_by": ["a/peer/CT"]}},
    }
    one = system("a", configured=told, outside=(Address.of("a", "peer", "CT"),), differs=())
    found = known(one)
    assert found["system"]["a"]["changed_outside"] == ["a/peer/CT"]
    assert found["device"]["ct"]["changed_outside"] is True
    assert found["device"]["ct"]["differs"] is False
    assert found["device"]["pacs-1"]["changed_outside"] is False
    assert "changed_outside" not in known(system("a", configured=told))["device"]["ct"]


# --- an empty list of which a part was not seen -------------------------------------------------------------------


def orthanc(name: str, **keys: Any) -> OrthancConfig:
    return OrthancConfig(name=name, type="orthanc", url="http://127.0.0.1:8042", **keys)


NOWHERE = {"ct": {"held_by": ["a"], "trusted_by": []}}


def test_a_declared_system_that_nobody_asked_may_hold_anything():
    asked = HOSPITAL.model_copy(update={"systems": {name: orthanc(name) for name in "ab"}})
    found = of(Evidence(asked, NOW, {"a": system("a", configured={"device": NOWHERE})}))
    assert found["device"] == {"ct": {"held_by": ["a"]}}


def test_what_nobody_attested_may_stand_in_a_table_all_the_same():
    def told(**keys: Any) -> Any:
        config = ConsoleConfig(name="a", type="console", ae="ct", contact="555", **keys)
        inventory = HOSPITAL.model_copy(update={"systems": {"a": config}})
        one = system("a", "attested", "console", configured={"device": NOWHERE})
        return of(Evidence(inventory, NOW, {"a": one}))["device"]["ct"]

    assert told() == {"held_by": ["a"]}
    assert (
        told(export={"file": "peers.csv", "columns": {"ae_title": "AE", "host": "Host", "port": "Port"}})
        == NOWHERE["ct"]
    )


def test_a_table_that_does_not_say_what_it_allows_says_nothing_of_rights():
    named = {"ae": {"ct/CT": {"trusted_by": ["a/peer/CT"]}}}
    mute = known(system("a", configured=named), system("b"))["ae"]
    assert (mute["ct/CT"].get("rights_beyond"), mute["pacs-1/P1"].get("rights_beyond")) == (None, [])
    directory = known(system("a", kind="dicom-directory", configured=named))["ae"]
    assert directory["ct/CT"]["rights_beyond"] == []
    more = {"ae": {"ct/CT": {"trusted_by": ["b/peer/CT"], "rights_beyond": ["b: find"]}}}
    both = known(system("a", configured=named), system("b", configured=more))["ae"]
    assert both["ct/CT"]["rights_beyond"] == ["b: find"]


def test_that_nothing_differs_is_known_where_every_system_was_compared():
    told = {"device": {"ct": {"held_by": ["a"]}}}
    one = system("a", configured=told, outside=(), differs=())
    assert known(one)["device"]["ct"]["differs"] is False
    alone = known(one, system("b", "unreached"))["device"]["ct"]
    assert not alone.keys() & {"differs", "changed_outside"}
    moved = system("a", configured=told, outside=(), differs=(Address.of("a", "device", "ct"),))
    assert known(moved, system("b", "unreached"))["device"]["ct"]["differs"] is True


def test_a_hold_holds_where_everything_that_keeps_studies_tells_so():
    def told(
        of_research: bool = True, how: str = "configured", archives: tuple[str, ...] = ("pacs-1",)
    ) -> Any:
        inventory = Inventory(
            devices={name: device(name, name.upper(), "archive") for name in archives},
            systems={"a": orthanc("a", ae="pacs-1"), "b": orthanc("b")},
        )
        held = {"protected": of_research, "unprotected_in": [] if of_research else ["a"]}
        first = system("a", configured={"hold": {"claim": held}})
        return of(Evidence(inventory, NOW, {"a": first, "b": system("b", how)}))["hold"]["claim"]

    assert told() == {"protected": True, "unprotected_in": []}
    assert told(how="unreached") == {}
    assert told(archives=("pacs-1", "pacs-2")) == {}
    assert told(of_research=False, how="unreached") == {"protected": False, "unprotected_in": ["a"]}


def test_it_is_plain_data():
    json.dumps(known(system("a", configured={"ae": {"ct/CT": {"trusted_by": ["x"]}}})))
