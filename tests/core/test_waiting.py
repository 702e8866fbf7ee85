"""What a person was asked to do, from the plan that asks for it to the one after it was keyed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pacsconf.core.address import Address
from pacsconf.core.aftermath import newly_waiting, owned_after, still_waiting
from pacsconf.core.change import Change, Outcome
from pacsconf.core.decide import Rules
from pacsconf.core.errors import DependencyCycle
from pacsconf.core.order import foremost
from pacsconf.core.plan import Basis, Options, Plan
from pacsconf.core.planning import Recorded, Scenario, SystemRules, make_plan
from pacsconf.core.resource import State
from tests.core.strategies import World, worlds

TODAY = date(2026, 11, 24)
ROW = Address.parse("ris/peer/CT")


@dataclass(frozen=True)
class Site:
    """The three sides, and what the record says a person was asked for."""

    declared: World
    live: World
    last: World
    asked: Mapping[Address, Change]

    def repaired(self) -> Plan:
        """A plan that puts all drift back."""
        systems = {address.system for side in (self.declared, self.live, self.last) for address in side}
        return self.plan(Options(repair=tuple(f"{name}/*" for name in sorted(systems))))

    def plan(self, options: Options = Options()) -> Plan:  # noqa: B008  (it is frozen)
        scenario = Scenario(
            "lab",
            Basis("", "", "", "", "", TODAY.isoformat()),
            options,
            self.declared,
            self.live,
            Recorded(self.last, waiting=self.asked),
            {name: SystemRules(Rules(kinds={})) for name in ("archive", "directory", "ris")},
            TODAY,
        )
        try:
            return make_plan(scenario)
        except DependencyCycle:
            assume(False)
            raise

    def handed_over(self, plan: Plan) -> Site:
        """An apply in which every change is for a person to make."""
        outcomes = [Outcome(one.address, one.action, "waiting") for one in plan.changes]
        anew = {one.address: one for one in newly_waiting(plan, outcomes)}
        asked = {**still_waiting(self.asked, plan, outcomes), **anew}
        return replace(self, last=owned_after(self.last, plan, outcomes), asked=asked)

    def keyed_in(self) -> Site:
        """The person does all that can be done now."""
        waiting = self.plan().waiting
        first = foremost([one.address for one in waiting], waiting)
        live = dict(self.live)
        for one in waiting:
            if one.address in first:
                live.pop(one.address, None)
                live |= {one.address: one.after} if one.after else {}
        return replace(self, live=live)


def addresses(changes) -> set[Address]:
    return {one.address for one in changes}


def left_to_do(asked: Change, declared: State | None, live: State | None) -> bool:
    """Whether something of what was asked is declared still and does not stand yet."""
    if asked.after is None or declared is None:
        return asked.after is declared and live is not None
    if live is None:
        return asked.action == "create" and declared.fields == asked.after.fields
    return any(
        field.after == declared.fields.get(field.name) != live.fields.get(field.name)
        for field in asked.fields
    )


unhurried = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
sites = st.builds(Site, worlds(), worlds(), worlds(), st.just({}))


@unhurried
@given(sites)
def test_what_was_handed_over_waits_whole_and_is_no_change_again(site):
    before = site.plan()
    after = site.handed_over(before).plan()
    assert (after.changes, addresses(after.waiting)) == ((), addresses(before.changes))


@unhurried
@given(sites)
def test_repairs_that_were_handed_over_wait_and_are_no_drift_any_more(site):
    """What waits for them was handed to nobody; that it is to be repaired must be said again."""
    site = site.handed_over(site.repaired())
    after = site.plan()
    assert site.asked.keys() <= addresses(after.waiting)
    assert (addresses(after.changes) | addresses(after.drifts)).isdisjoint(site.asked)


@unhurried
@given(sites, st.booleans())
def test_after_everything_was_keyed_in_nothing_is_planned_and_nothing_waits(site, repairs):
    site = site.handed_over(site.repaired() if repairs else site.plan())
    for _ in range(len(site.declared) + len(site.live) + 1):
        site = site.keyed_in()
        site = site.handed_over(site.plan())
    done = site.plan()
    assert (done.changes, done.waiting, done.takes, done.forgets, site.asked) == ((), (), (), (), {})


@unhurried
@given(sites, worlds(), worlds())
def test_whatever_else_happens_what_is_left_to_do_of_it_is_not_lost(site, declared, live):
    site = replace(site.handed_over(site.repaired()), declared=declared, live=live)
    plan = site.plan()
    listed = addresses(plan.waiting) | addresses(plan.changes)
    left = {a for a, one in site.asked.items() if left_to_do(one, declared.get(a), live.get(a))}
    assert left <= listed
    assert site.asked.keys() - listed <= addresses(plan.takes) | {*plan.forgets}


@unhurried
@given(sites, worlds(), worlds())
def test_of_what_others_changed_only_what_a_person_was_asked_to_put_back_is_written(site, declared, live):
    site = replace(site.handed_over(site.repaired()), declared=declared, live=live)
    for one in site.plan().changes:
        last, asked = site.last.get(one.address), site.asked.get(one.address)
        after = {field.name: field.after for field in asked.fields} if asked else {}
        for field in one.fields if last is not None and one.action == "update" else ():
            again = field.name in after and after[field.name] == field.after
            assert again or field.before == last.fields.get(field.name)


@unhurried
@given(sites, worlds())
def test_an_apply_that_was_cut_short_loses_nobodys_work(site, declared):
    site = replace(site.handed_over(site.plan()), declared=declared)
    plan = site.plan()
    skipped = [Outcome(one.address, one.action, "skipped") for one in plan.changes]
    listed = addresses(plan.waiting) | addresses(plan.changes)
    assert site.asked.keys() & listed == still_waiting(site.asked, plan, skipped).keys()


# --- cases worth a name -----------------------------------------------------------------------------------------


def row(**fields) -> World:
    return {ROW: State(ROW, ROW, fields)}


def asked(before: World, after: World) -> dict[Address, Change]:
    return {ROW: Change("update" if before else "create", before.get(ROW), after.get(ROW), after.get(ROW))}


def test_a_repair_is_not_forgotten_when_another_field_is_declared_anew():
    waiting = asked(row(host="x", port=1), row(host="a", port=1))
    plan = Site(row(host="a", port=2), row(host="x", port=1), row(host="a", port=1), waiting).plan()
    (one,) = plan.changes
    assert ([field.name for field in one.fields], one.repairs, plan.waiting) == (["host", "port"], True, ())


def test_a_repair_beside_a_change_goes_on_waiting():
    waiting = asked(row(host="x", port=1), row(host="a", port=2))
    plan = Site(row(host="a", port=2), row(host="x", port=1), row(host="a", port=1), waiting).plan()
    assert (plan.changes, addresses(plan.waiting), plan.drifts) == ((), {ROW}, ())


def test_a_clash_is_not_resolved_because_another_value_was_asked_for():
    waiting = asked(row(host="x"), row(host="a"))
    plan = Site(row(host="b"), row(host="x"), row(host="a"), waiting).plan()
    assert (plan.changes, plan.waiting, addresses(plan.drifts)) == ((), (), {ROW})


@pytest.mark.parametrize("options", [Options(), Options(target=("ris/peer/CT",))], ids=["all", "target"])
def test_what_was_asked_for_and_is_not_declared_any_more_leaves_the_record(options):
    plan = Site(row(port=1) if options.target else {}, {}, {}, {}).plan()
    assert plan.waiting == ()
    site = Site({}, {}, {}, asked({}, row(port=1)))
    assert (site.plan().forgets, site.handed_over(site.plan()).asked) == ((ROW,), {})


def test_what_a_target_leaves_out_is_not_touched_in_the_record():
    other = Address.parse("ris/peer/MR")
    site = Site({other: State(other, other, {})}, {}, {}, asked({}, row(port=1)))
    plan = site.plan(Options(target=(str(other),)))
    assert (plan.forgets, still_waiting(site.asked, plan, ()).keys()) == ((), {ROW})


def test_what_was_done_beside_drift_leaves_the_record():
    """Else the next change of that very field would be taken for what a person was asked for."""
    waiting = asked(row(host="a", port=1), row(host="a", port=2))
    site = Site(row(host="a", port=2), row(host="x", port=2), row(host="a", port=2), waiting)
    assert site.handed_over(site.plan()).asked == {}
