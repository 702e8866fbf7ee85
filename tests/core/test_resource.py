"""Typed resources and plain states are two views of the same things."""

from __future__ import annotations

from typing import ClassVar

import pytest
from pydantic import ValidationError

from pacsconf.core.address import Address
from pacsconf.core.resource import Members, Resource, Snapshot, State, Typed


class Peer(Resource):
    kind: ClassVar[str] = "peer"

    host: str | None = None
    allow: Members = ()


A, B = Address("o", "peer", "a"), Address("o", "peer", "b")
STATES = {A: State(A, A, {"host": "h", "allow": ("echo", "store")}), B: State(B, B, {}, frozenset({A}))}
PEERS = (
    Peer(address=A, root=A, host="h", allow=("store", "echo")),
    Peer(address=B, root=B, depends_on=frozenset({A})),
)


def test_states_are_the_same_whichever_was_there_first():
    assert Snapshot("o", PEERS).states() == Snapshot("o", Typed(STATES, {"peer": Peer})).states() == STATES


def test_resources_of_states_are_those_resources():
    typed = Typed(STATES, {"peer": Peer})
    assert typed == PEERS
    assert typed == PEERS
    assert (len(typed), typed[1], typed[:1]) == (2, PEERS[1], PEERS[:1])
    assert typed != PEERS[:1]


def test_states_are_given_out_as_a_copy():
    snapshot = Snapshot("o", Typed(STATES, {"peer": Peer}))
    snapshot.states().clear()
    assert snapshot.states() == STATES


def test_a_state_that_does_not_fit_its_kind_shows_when_it_is_looked_at():
    typed = Typed({A: State(A, A, {"hots": "h"})}, {"peer": Peer})
    with pytest.raises(ValidationError, match="hots"):
        list(typed)
