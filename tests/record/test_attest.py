"""What a person attests, in one repository without a remote."""

from __future__ import annotations

import json

import pytest

from pacsconf.core.address import Address
from pacsconf.core.attestation import Attestation
from pacsconf.core.change import Change, Outcome
from pacsconf.core.errors import LockHeld, RecordUnknown, StalePlan
from pacsconf.core.resource import State

CT = Address.of("directory", "device", "ct-1")
PEER, OTHER = Address.parse("ris/peer/CT_1"), Address.parse("ris/peer/MR_1")
MARIA = "Maria Weber <mweber@example.org>"
AT = "2026-11-24T14:12:05Z"


def row(address: Address, **fields) -> State:
    return State(address, address, fields)


def said(address: Address, state: State | None, **more) -> Attestation:
    return Attestation(address, state, MARIA, AT, reason="keyed in", **more)


@pytest.fixture
def record(alone, states):
    record = alone.record()
    record.init(states, reason="first day")
    return record


@pytest.fixture
def waiting(record, work):
    """A record in which a row waits for a person."""
    change = Change("create", None, row(PEER, port=104), row(PEER, port=104))
    with record.begin(work.changeset, record.state()) as lock:
        outcomes = (Outcome(PEER, "create", "waiting"),)
        lock.close(outcomes=outcomes, owned=record.state().owned, waiting=[change])
    return record


def test_what_is_attested_is_kept_and_owned_and_waits_no_longer(waiting, states):
    one = said(PEER, row(PEER, port=104), basis="abc")
    waiting.attest([one], reason="keyed in")
    state = waiting.state()
    assert state.attested == {PEER: one}
    assert (state.owned, state.waiting) == ({**states, PEER: row(PEER, port=104)}, {})


def test_what_is_attested_to_be_gone_is_owned_no_more(record, states):
    record.attest([said(PEER, row(PEER, port=104))], reason="keyed in")
    record.attest([said(PEER, None)], reason="taken out")
    assert record.state().attested == {PEER: said(PEER, None)}
    assert record.state().owned == states


def test_of_what_drifted_beside_it_the_record_keeps_the_last_value(record):
    live = row(PEER, port=104, host="drifted")
    record.attest([said(PEER, live)], reason="port", records={PEER: row(PEER, port=104, host="applied")})
    assert record.state().owned[PEER] == row(PEER, port=104, host="applied")
    assert record.state().attested[PEER].state == live


def test_a_row_for_which_another_one_was_asked_meanwhile_is_not_attested(waiting, work):
    seen = waiting.state().waiting
    change = Change("create", None, row(PEER, port=11112), row(PEER, port=11112))
    with waiting.begin(work.changeset, waiting.state()) as lock:
        lock.close(outcomes=(Outcome(PEER, "create", "waiting"),), owned={}, waiting=[change])
    with pytest.raises(StalePlan, match="asked for something else at ris/peer/CT_1"):
        waiting.attest([said(PEER, row(PEER, port=104))], reason="keyed in", seen=seen)
    assert waiting.state().waiting[PEER].change == change
    waiting.attest([said(PEER, row(PEER, port=11112))], reason="keyed in", seen=waiting.state().waiting)
    assert waiting.state().waiting == {}


def test_other_attestations_and_all_else_stay(waiting, work):
    waiting.hold({CT: ""}, reason="x")
    waiting.attest([said(OTHER, row(OTHER, port=1))], reason="first day")
    waiting.attest([said(PEER, row(PEER, port=104))], reason="keyed in")
    with waiting.begin(work.changeset, waiting.state()) as lock:
        lock.close(outcomes=work.outcomes, owned=waiting.state().owned)
    state = waiting.state()
    assert state.attested.keys() == {OTHER, PEER}
    assert state.held.keys() == {CT}


def test_nobody_attests_while_a_change_set_is_open(record, work):
    with record.begin(work.changeset, record.state()), pytest.raises(LockHeld):
        record.attest([said(PEER, None)], reason="gone")
    assert record.state().attested == {}


def test_without_a_record_nothing_can_be_attested(alone):
    with pytest.raises(RecordUnknown):
        alone.record().attest([said(PEER, None)], reason="gone")


def test_history_tells_of_it_and_a_commit_what_it_said(record):
    one = said(PEER, row(PEER, port=104), how="observed")
    first = record.attest([said(OTHER, row(OTHER))], reason="first day")
    commit = record.attest([one], reason="seen on the wire")
    (entry, *_) = record.history()
    assert (entry.type, entry.counts, entry.reason) == ("attest", {"addresses": 1}, "seen on the wire")
    assert record.attestations(commit[:7]) == (entry, (one,))
    found = record.attestations(first)
    assert found is not None
    assert [each.address for each in found[1]] == [OTHER]


def test_other_commits_attest_nothing(record):
    held = record.hold({CT: ""}, reason="x")
    assert record.attestations(held) is None
    assert record.attestations("abc") is None


def test_it_is_one_line_of_canonical_json_for_each_row(record, alone):
    record.attest([said(PEER, row(PEER, port=104)), said(OTHER, None)], reason="keyed in")
    lines = alone.git("show", "pacsconf/lab:attested/ris.jsonl").splitlines()
    assert [json.loads(line)["address"] for line in lines] == [str(PEER), str(OTHER)]
    assert json.loads(lines[1]) == {
        "address": str(OTHER),
        "at": AT,
        "basis": "",
        "by": MARIA,
        "how": "attested",
        "reason": "keyed in",
        "state": None,
    }


def test_a_record_from_before_there_were_attestations_reads_as_ever(record, alone, states):
    assert "attested" not in alone.git("ls-tree", "--name-only", "pacsconf/lab")
    assert (record.state().attested, record.state().owned) == ({}, states)
