from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pacsconf.core.address import Address
from pacsconf.core.approval import PlanApproval
from pacsconf.core.change import Change, Outcome
from pacsconf.core.changeset import (
    ChangeSet,
    Proof,
    changeset_from_json,
    changeset_id,
    changeset_to_json,
    outcome_from_json,
    outcome_to_json,
)
from pacsconf.core.errors import PlanError, RecordError
from pacsconf.core.plan import Basis, Plan
from pacsconf.core.resource import State

CT, MR = Address.parse("directory/device/ct"), Address.parse("directory/device/mr")


def create(address: Address, mode="write") -> Change:
    held = State(address, address, {"port": 104})
    return Change("create", None, held, held, mode=mode)


PLAN = Plan("lab", Basis("a", "b", "c", "d", "e", "2026-11-24"), changes=(create(CT), create(MR)))
CLOSED = ChangeSet(
    id=changeset_id("2026-11-24T14:12:05+00:00", PLAN.digest),
    plan=PLAN,
    operator="M. Weber <weber@example.org>",
    runner="ci@runner-3:4711",
    opened="2026-11-24T14:12:05+00:00",
    lease_until="2026-11-24T14:20:05+00:00",
    status="closed",
    reason="new scanner",
    ticket="RAD-118",
    acks=(f"{PLAN.digest}:GUARD-HOST",),
    approvals=(
        PlanApproval(PLAN.digest, "A. Berg <a@example.org>", "2026-11-24T13:00:00Z", "seen", "SHA256:x"),
    ),
    outcomes=(Outcome(CT, "create", "applied", "", 4.2), Outcome(MR, "create", "failed", "disk full", 1.0)),
    proofs=(Proof("CT_1 → ARCHIVE", "healthy", "echo 3 ms"),),
    closed="2026-11-24T14:12:09+00:00",
)


def test_a_change_set_comes_back_from_json():
    assert changeset_from_json(json.loads(json.dumps(changeset_to_json(CLOSED)))) == CLOSED


def test_its_id_says_when_and_which_plan():
    assert changeset_id("2026-11-24T14:12:05+00:00", "5be1f00d") == "20261124-141205-5be1"


RELOADED = Outcome(Address.parse("directory/reload/arc-1"), "reload", "failed", "no period", 3.0)


def test_what_was_applied_is_told_from_what_was_not_and_from_who_was_told():
    told = replace(CLOSED, outcomes=(*CLOSED.outcomes, RELOADED))

    assert changeset_from_json(json.loads(json.dumps(changeset_to_json(told)))) == told
    assert told.done == CLOSED.outcomes
    assert told.told == (RELOADED,)
    assert [one.address for one in told.applied] == [CT]


def test_one_that_was_written_before_there_were_approvals_is_read():
    body = changeset_to_json(CLOSED)
    del body["approvals"]

    assert changeset_from_json(body) == replace(CLOSED, approvals=())


def test_a_read_only_change_was_not_applied_since_it_never_ran():
    changeset = replace(CLOSED, plan=replace(PLAN, changes=(create(CT, mode="read-only"),)))

    assert changeset.applied == ()


DAMAGED = {
    "a status that is none": {"status": "half-open"},
    "an outcome that is none": {"outcomes": [outcome_to_json(CLOSED.outcomes[0]) | {"status": "fine"}]},
    "an action that is none": {"outcomes": [outcome_to_json(CLOSED.outcomes[0]) | {"action": "explode"}]},
    "a proof of too much": {"proofs": [{"subject": "ct", "verdict": "healthy", "text": "", "more": 1}]},
    "acks that are none": {"acks": 7},
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_change_set_is_the_records_fault(damage):
    with pytest.raises(RecordError, match="the record holds a change set that cannot be read: "):
        changeset_from_json(changeset_to_json(CLOSED) | damage)


@pytest.mark.parametrize("key", changeset_to_json(replace(CLOSED, approvals=())))
def test_a_change_set_that_lacks_a_key_is_the_records_fault(key):
    data = changeset_to_json(CLOSED)
    del data[key]

    with pytest.raises(RecordError, match=key):
        changeset_from_json(data)


def test_a_change_set_whose_plan_was_edited_is_refused():
    data = changeset_to_json(CLOSED)
    data["plan"]["environment"] = "production"

    with pytest.raises(PlanError, match="edited"):
        changeset_from_json(data)


def test_an_outcome_keeps_a_tenth_of_a_millisecond():
    outcome = Outcome(CT, "create", "unknown", "no answer", 4.24)

    assert outcome_from_json(outcome_to_json(outcome)) == replace(outcome, milliseconds=4.2)
