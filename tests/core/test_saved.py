"""What applying needs of a saved plan is what the plan itself says, however its file is spelt."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pacsconf.core.errors import PlanError
from pacsconf.core.plan import plan_to_json
from pacsconf.core.saved import SavedPlan, saved_plan
from tests.core.test_plan import DAMAGED, EDITED, PLAN

READ_ONLY = replace(PLAN, changes=tuple(replace(one, mode="read-only") for one in PLAN.changes))


def texts(edit):
    data = plan_to_json(PLAN)
    edit(data)
    return json.dumps(data)


def told(saved: SavedPlan) -> tuple[object, ...]:
    return saved.digest, saved.options, saved.addresses, saved.runs, saved.whole()


@pytest.mark.parametrize("plan", [PLAN, READ_ONLY, replace(PLAN, changes=(), closure={})])
def test_a_saved_plan_is_read_as_it_states_itself(plan):
    assert told(saved_plan(json.dumps(plan_to_json(plan)))) == told(SavedPlan.of(plan))


def test_the_changes_of_a_saved_plan_are_made_when_somebody_asks(monkeypatch):
    text = json.dumps(plan_to_json(PLAN))
    saved = saved_plan(text)
    monkeypatch.setattr("pacsconf.core.saved.plan_from_json", lambda data: ("made", data["digest"]))
    assert saved.whole() == ("made", PLAN.digest)


SPELT_OTHERWISE = {
    "a key more": lambda data: data["changes"][0].update(more=1),
    "an address that is escaped": lambda data: data["changes"][1]["after"].update(
        address="directory/device/m%72"
    ),
}


@pytest.mark.parametrize("edit", SPELT_OTHERWISE.values(), ids=SPELT_OTHERWISE.keys())
def test_a_plan_that_is_spelt_otherwise_is_the_same_plan(edit):
    assert told(saved_plan(texts(edit))) == told(SavedPlan.of(PLAN))


@pytest.mark.parametrize("edit", EDITED.values(), ids=EDITED.keys())
def test_a_plan_edited_by_hand_is_refused(edit):
    with pytest.raises(PlanError, match="its contents do not match its digest"):
        saved_plan(texts(edit))


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_plan_is_refused(damage):
    with pytest.raises(PlanError, match="the plan is damaged: "):
        saved_plan(texts(damage))


@pytest.mark.parametrize("text", ["null", "[]", '"plan"', "{}", '{"format_version": 2}'])
def test_what_is_no_plan_of_this_format_is_refused(text):
    with pytest.raises(PlanError, match="this is not a plan of format version 1"):
        saved_plan(text)
