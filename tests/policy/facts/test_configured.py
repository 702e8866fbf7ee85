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


def test_it_is_plain_data():
    json.dumps(known(system("a", configured={"ae": {"ct/CT": {"trusted_by": ["x"]}}})))
