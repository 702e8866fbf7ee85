"""Mappings that work a value out when it is asked for."""

from __future__ import annotations

from pacsconf.core.address import Address
from pacsconf.core.on_demand import BySystem, Later, OnDemand

CT, MR, PEER = Address("d", "device", "ct"), Address("d", "device", "mr"), Address("o", "peer", "ct")


def test_a_value_is_worked_out_for_the_address_that_is_asked_for():
    asked = []

    def work_out(address):
        asked.append(address)
        return address.name.upper()

    found = OnDemand({CT, MR}, work_out)
    assert (found[CT], found.get(PEER)) == ("CT", None)
    assert asked == [CT]


def test_what_is_nothing_is_not_there():
    found = OnDemand({CT, MR}, lambda address: "x" if address == CT else None)
    assert (found, len(found), MR in found) == ({CT: "x"}, 1, False)


def test_systems_answer_for_their_own_addresses():
    found = BySystem({"d": {CT: "a"}, "o": {PEER: "b"}})
    assert (found, len(found)) == ({CT: "a", PEER: "b"}, 2)
    assert (found[PEER], found.get(MR), found.get(Address("x", "y", "z"))) == ("b", None, None)


def test_a_mapping_is_made_when_it_is_looked_into_and_once():
    made = []

    def make():
        made.append(1)
        return {"a": 1}

    found = Later(make)
    assert made == []
    assert (found["a"], found.get("b"), len(found), dict(found)) == (1, None, 1, {"a": 1})
    assert made == [1]
