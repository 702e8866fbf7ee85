"""A saved plan holds, or it is said how it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pacsconf.core.address import Address
from pacsconf.core.approval import ApprovalRule, Approvals
from pacsconf.core.change import Change
from pacsconf.core.compare import compare
from pacsconf.core.errors import StalePlan
from pacsconf.core.guard import Guard
from pacsconf.core.plan import Basis, Plan
from pacsconf.core.resource import State
from pacsconf.core.stale import require_same

CT, MR, SITE = (Address.parse(f"directory/device/{name}") for name in ("ct", "mr", "site"))


def state(address: Address = CT, **values) -> State:
    return State(address, address, values)


def update(port: int, to: int) -> Change:
    return Change("update", state(port=port), state(port=to), state(port=to))


CREATE = Change("create", None, state(MR, port=1), state(MR, port=1))
PLAN = Plan(
    environment="lab",
    basis=Basis("a", "b", "c", "d", "e", "2026-11-24"),
    changes=(update(104, 11112), CREATE),
    closure={SITE: (state(SITE, name="Main"), state(SITE, name="Main"))},
)
TRIPPED = Guard("GUARD-HOST", "resources", (CT,), 1, 0, "why")


def lines(fresh: Plan) -> tuple[str, ...]:
    with pytest.raises(StalePlan) as caught:
        require_same(PLAN, fresh)
    return caught.value.differences


def test_what_the_plan_leaves_alone_was_not_declared_otherwise():
    """Somebody changed the port at night; what is planned is the host."""
    saved, fresh = (
        replace(PLAN, changes=(Change("update", live, state(host="b", port=port), live),))
        for port in (104, 105)
        for live in (state(host="a", port=port),)
    )
    with pytest.raises(StalePlan) as caught:
        require_same(saved, fresh)
    assert caught.value.differences == ("directory/device/ct: live port was 104 then, is 105 now",)


def test_what_is_only_shown_does_not_make_it_stale():
    require_same(PLAN, replace(PLAN, basis=Basis("A", "B", "C", "D", "E", "2026-11-25"), unmanaged=(MR,)))


@pytest.mark.parametrize(
    ("fresh", "line"),
    [
        (replace(PLAN, environment="north"), "it was made for environment lab, this is north"),
        (
            replace(PLAN, changes=(update(105, 11112), CREATE)),
            "directory/device/ct: live port was 104 then, is 105 now",
        ),
        (
            replace(PLAN, changes=(update(104, 4242), CREATE)),
            "directory/device/ct: declared port was 11112 then, is 4242 now",
        ),
        (replace(PLAN, changes=(CREATE,)), "directory/device/ct: to update then, nothing to do now"),
        (
            replace(PLAN, changes=(update(104, 11112), replace(CREATE, mode="read-only"))),
            "directory/device/mr: to create (write) then, to create (read-only) now",
        ),
        (
            replace(PLAN, closure={SITE: (state(SITE, name="North"), state(SITE, name="Main"))}),
            "directory/device/site: live name was Main then, is North now",
        ),
        (
            replace(PLAN, closure={SITE: (state(SITE, name="Main"), None)}),
            "directory/device/site: last applied was there then, is not so now",
        ),
        (replace(PLAN, guards=(TRIPPED,)), "guards tripped then: none; now: GUARD-HOST"),
        (
            replace(PLAN, approvals=Approvals({}, {"access": ApprovalRule(("eve",))})),
            "who must approve what, then: as recorded; now: access: 1 of eve",
        ),
        (replace(PLAN, closure={}), "the entries that it relies on are others now"),
    ],
)
def test_each_thing_that_differs_is_a_line(fresh, line):
    assert lines(fresh) == (line,)


def test_a_plan_of_which_nothing_is_left_is_told_as_done():
    with pytest.raises(StalePlan, match=r"nothing of plan \w+ is left to do") as caught:
        require_same(PLAN, replace(PLAN, changes=(), closure={}))
    assert caught.value.differences == ()


def test_a_value_that_somebody_else_took_away_is_not_told_as_done():
    drifts = compare({CT: state(port=104)}, {CT: state(port=1)}, {CT: state(port=104)})

    assert lines(replace(PLAN, changes=(), closure={}, drifts=drifts)) == (
        "directory/device/ct: to update then, nothing to do now",
        "directory/device/ct: live port was 104 then, is 1 now",
        "directory/device/mr: to create then, nothing to do now",
    )
