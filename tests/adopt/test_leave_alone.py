"""Why something is left alone, in the comment above its pattern."""

from __future__ import annotations

from pacsconf.adopt.leave_alone import left_alone, unmanaged
from pacsconf.core.address import Address
from pacsconf.core.compare import compare
from pacsconf.core.resource import State

PEER = Address.of("orthanc", "peer", "spaced")


def test_spaces_at_the_end_of_a_live_value_can_be_seen():
    declared = {PEER: State(PEER, PEER, {"ae_title": "MR 1"})}
    live = {PEER: State(PEER, PEER, {"ae_title": "MR 1 "})}
    (ignored,) = left_alone(compare(declared, live, {}))
    assert ignored.pattern == "peer/spaced:ae_title"
    assert ignored.why == (
        "The live ae_title cannot be declared as it stands.\n"
        'Live: "MR 1 "\n'
        "Without the line, pacsconf writes MR 1."
    )


def test_who_is_in_a_group_and_was_not_adopted_is_not_told_twice():
    member, other = Address.of("accounts", "membership", "x"), Address.of("accounts", "group", "vpn")
    live = {at: State(at, at, {"a": "b"}) for at in (member, other)}
    (remark,) = unmanaged(compare({}, live, {}), ())
    assert remark.summary == "1 entry is there that the inventory does not have: group/vpn"
    assert not list(unmanaged(compare({}, {member: live[member]}, {}), ()))
