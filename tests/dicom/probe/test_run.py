"""What is known of the wire after several runs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from pacsconf.dicom.observation import Doors, Negotiated, Observation
from pacsconf.dicom.probe import run as probe_run
from pacsconf.dicom.probe.run import (
    Sighting,
    accepted,
    fits,
    known,
    latency,
    lowered,
    merged,
    sighted,
    telling,
)
from tests.dicom.probe.runs import (
    CT,
    EXPLICIT,
    IMPLICIT,
    a_run,
    a_target,
    acknowledging,
    healthy,
    left_alone,
    runs,
    shut,
    step,
)

LATER, LATEST = "2026-11-26T08:00:00Z", "2026-11-26T09:00:00Z"


def verdicts(run):
    return {one.target.device: one.observation.verdict for one in run.sightings}


def test_of_each_target_the_last_look_is_kept():
    first = a_run(healthy("ct-1"), healthy("ct-2", "CT2"))
    after = merged(first, a_run(shut("ct-1", at=LATER), at=LATER))
    assert verdicts(after) == {"ct-1": "failing", "ct-2": "healthy"}
    assert after.at == LATER


def test_an_older_run_that_comes_in_late_changes_nothing():
    newer = merged(None, a_run(healthy("ct-1", at=LATER), at=LATER))
    assert verdicts(merged(newer, a_run(shut("ct-1")))) == {"ct-1": "healthy"}


def test_what_was_not_probed_says_nothing():
    first = merged(None, a_run(shut("ct-1"), left_alone("ct-3", "CT3")))
    after = merged(first, a_run(replace(left_alone("ct-1", "CT1"), at=LATER), at=LATER))
    assert verdicts(after) == {"ct-1": "failing"}


def test_a_short_look_that_finds_nothing_does_not_hide_what_a_longer_one_found():
    rejected = replace(
        shut("ct-1"),
        steps=(step("tcp"), step("association", False)),
        reason="rejected: called title not known",
    )
    knocked = healthy("ct-1", at=LATER, steps=(step("tcp"),))
    assert verdicts(merged(a_run(rejected), a_run(knocked))) == {"ct-1": "failing"}
    assert verdicts(merged(a_run(shut("ct-1")), a_run(knocked))) == {"ct-1": "healthy"}


def test_a_short_look_counts_where_the_device_is_declared_otherwise_now():
    moved = healthy("ct-1", at=LATER, steps=(step("tcp"),), target=a_target(declared="10.20.4.99:104"))
    after = merged(a_run(healthy("ct-1")), a_run(moved))
    assert [one.target.declared for one in after.sightings] == ["10.20.4.99:104"]


def let_in(**more):
    doors = Doors(unknown_calling="open", echo="open")
    reason = "it takes callers of unknown title, and is declared not to (accepts)"
    return replace(healthy("ct-1", **more), verdict="failing", doors=doors, reason=reason)


def test_an_open_door_stays_open_until_strangers_are_played_again():
    first = merged(None, a_run(let_in()))
    after = merged(first, a_run(healthy("ct-1", at=LATER), at=LATER))
    seen = after.sightings[0].observation
    assert (seen.verdict, seen.doors, seen.at) == ("failing", let_in().doors, LATER)
    assert after.sightings[0].since == "2026-11-26T06:10:00Z"
    shut_now = replace(healthy("ct-1", at=LATEST), doors=Doors(unknown_calling="refused"))
    assert verdicts(merged(after, a_run(shut_now, at=LATEST))) == {"ct-1": "healthy"}


def test_another_fault_is_told_before_an_open_door():
    after = merged(merged(None, a_run(let_in())), a_run(shut("ct-1", at=LATER), at=LATER))
    seen = after.sightings[0].observation
    assert (seen.reason, seen.doors) == ("connection refused: nothing listens at port 104", let_in().doors)


def test_an_open_door_of_another_declaration_is_forgotten():
    moved = healthy("ct-1", at=LATER, target=a_target(accepts="any"))
    after = merged(merged(None, a_run(let_in())), a_run(moved, at=LATER))
    assert (after.sightings[0].observation.verdict, after.sightings[0].observation.doors) == ("healthy", None)


def test_what_is_declared_no_more_is_forgotten():
    after = merged(a_run(healthy("ct-1"), healthy("ct-2", "CT2")), a_run(), {("ct-2", "CT2", "dicom", "")})
    assert verdicts(after) == {"ct-2": "healthy"}


def test_a_fault_is_told_since_when_it_lasts():
    first = merged(None, a_run(shut("ct-1")))
    second = merged(first, a_run(shut("ct-1", at=LATER), at=LATER))
    third = sighted(a_run(shut("ct-1", at=LATEST), at=LATEST), second)
    assert [one.since for one in third.sightings] == ["2026-11-26T06:10:00Z"]


def test_another_fault_begins_anew():
    other = replace(shut("ct-1", at=LATER), steps=(step("tcp"), step("association", False)))
    after = sighted(a_run(other, at=LATER), merged(None, a_run(shut("ct-1"))))
    assert [one.since for one in after.sightings] == [LATER]


@given(runs, runs)
@settings(max_examples=40)
def test_merging_a_run_twice_is_merging_it_once(former, later):
    once = merged(former, later)
    assert verdicts(merged(once, later)) == verdicts(once)
    assert [one.observation for one in merged(once, later).sightings] == [
        one.observation for one in once.sightings
    ]


# --- what is known of what is declared --------------------------------------------------------------------------


def test_what_was_declared_otherwise_counts_as_not_probed():
    run = a_run(healthy("ct-1"))
    moved = a_target(declared="10.20.4.99:104", host="10.20.4.99")
    found = known(run, [moved], {})
    assert (found.asked, found.unasked) == ((), (moved,))


@pytest.mark.parametrize(
    "change",
    [{"declared": "10.20.4.17:11112"}, {"tls": True}, {"standby": True}, {"protocol": "hl7"}],
    ids=["port", "tls", "standby", "protocol"],
)
def test_each_part_of_a_declaration_counts(change):
    assert not fits(a_target(), a_target(**change))


def test_an_address_that_only_another_site_sees_does_not_count():
    assert fits(a_target(host="192.0.2.1", port=11104), a_target())


@pytest.mark.parametrize("before", [(), ((CT, (IMPLICIT,)),)], ids=["none", "fewer"])
def test_services_count_where_they_were_asked_for(before):
    now = a_target(contexts=((CT, (IMPLICIT, EXPLICIT)),))
    for level, same in (("tcp", True), ("echo", True), ("contexts", False), ("services", False)):
        assert fits(a_target(level=level, contexts=before), now) is same


def test_a_look_at_other_services_gives_way_to_one_that_went_less_far():
    deep = replace(
        healthy(target=a_target(level="contexts")), steps=(step("tcp"), step("echo"), step("contexts"))
    )
    later = healthy(target=a_target(contexts=((CT, (IMPLICIT,)),)), at=LATER)
    assert merged(a_run(deep), a_run(later)).observations == (later,)


def test_what_may_not_be_called_is_not_missed():
    quiet = a_target("ct-2", "CT2", level="none", declared="10.20.4.18:104")
    unreachable = a_target("ct-3", "CT3", declared="10.20.4.19:104")
    found = known(a_run(healthy("ct-1")), [a_target(), quiet, unreachable], {"10.20.4.19:104": "none"})
    assert [one.target.device for one in found.asked] == ["ct-1"]
    assert (found.unasked, found.left_alone) == ((), (quiet, unreachable))
    assert found.counts()["healthy"] == 1


# --- counting ---------------------------------------------------------------------------------------------------


def test_percentiles_are_by_nearest_rank():
    run = a_run(*(healthy(f"ct-{n}", f"CT{n}", echo=float(n)) for n in range(1, 21)))
    found = latency(run.observations, "echo")
    assert (found.count, found.p50, found.p95, found.most) == (20, 10.0, 19.0, 20.0)
    assert latency(run.observations, "query") is None


def test_a_level_is_only_ever_lowered():
    assert lowered(a_target(level="services"), "tcp").level == "tcp"
    assert lowered(a_target(level="tcp"), "services").level == "tcp"
    assert lowered(a_target(level="none"), "echo").level == "none"


def test_a_proof_tells_how_far_it_went():
    steps = (
        step("tcp"),
        step("association"),
        step("contexts"),
        step("echo", milliseconds=3.2),
        step("query"),
    )
    contexts = tuple(Negotiated(CT, syntax, 0) for syntax in (IMPLICIT, EXPLICIT))
    seen = healthy(steps=steps, contexts=contexts)
    assert telling(seen) == "echo 3 ms, 2 of 2 presentation contexts accepted, query answered"
    assert accepted(seen) == (2, 2)
    assert telling(acknowledging("AR")) == "HL7 AR 3 ms"
    assert telling(shut()) == "connection refused: nothing listens at port 104"
    assert telling(Observation(a_target(level="tcp"), "healthy", (step("tcp"),))) == "tcp 1 ms"


def test_a_remark_on_what_is_healthy_is_told_too():
    seen = replace(healthy(), reason="outside its window only knocked at")
    assert telling(seen) == "echo 3 ms; outside its window only knocked at"


def test_a_moment_needs_its_zone():
    with pytest.raises(ValueError, match="has no time zone"):
        probe_run.moment("2026-11-26T06:10:00")


def test_a_sighting_knows_its_target():
    assert Sighting(healthy()).key == ("ct-1", "CT1", "dicom", "")
