"""The walk with what a command line cannot hand in: somebody who writes in between, and another day."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pacsconf import engine
from pacsconf.cli import workspace
from pacsconf.cli import world as worlds
from pacsconf.cli.progress import Reporter
from pacsconf.cli.screen import Screen
from pacsconf.core.changeset import Proof
from pacsconf.core.errors import Overtaken, StalePlan
from pacsconf.core.permission import Approval
from pacsconf.core.plan import Options
from pacsconf.core.saved import SavedPlan
from pacsconf.world import World
from tests.e2e.conftest import device_dn

MARIA = Approval("Maria Weber <mweber@example.org>", "mweber@ws-3:4711", reason="a test")
CT_1 = "memory/device/ct-1"


class Quiet:
    """Progress that nobody watches; `meanwhile` is done by somebody else once the lock is held."""

    def __init__(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        self.meanwhile = meanwhile
        self.outcomes: list[str] = []

    def reading(self, system): ...
    def read(self, system, count, seconds): ...
    def proved(self, proof): ...

    def opened(self, changeset, total):
        self.meanwhile()

    def outcome(self, outcome):
        self.outcomes.append(f"{outcome.status} {outcome.address}")


@pytest.fixture
def world_of(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., World]]:
    """The world of a hospital as the command line makes it, with other eyes on it, or some days later."""
    with ExitStack() as stack:

        def world(hospital, progress: Quiet | None = None, days: int = 0) -> World:
            monkeypatch.chdir(hospital.path)
            work = workspace.opened(Path(), "lab")
            made = stack.enter_context(worlds.world_of(work, Reporter(Screen(None))))
            day = datetime.now(UTC) + timedelta(days=days)
            return replace(made, progress=progress or Quiet(), clock=lambda: day)

        yield world


def everything(world: World):
    return engine.apply(world, engine.plan(world, Options()), MARIA)


def test_a_write_between_read_and_write_is_a_conflict_and_stands(small, memory, world_of):
    small.applied()
    small.edit("manufacturer: SIEMENS", "manufacturer: Varian")
    small.edit("manufacturer: GE", "manufacturer: Canon")
    world = world_of(small, Quiet(lambda: memory.set(CT_1, manufacturer="Philips")))
    outcomes = {str(one.address): one for one in everything(world).outcomes}
    assert outcomes[CT_1].status == "failed"
    assert outcomes[CT_1].error == (
        'somebody else changed it: manufacturer is "Philips" where "SIEMENS" was read. '
        "Nothing was written; plan again."
    )
    assert outcomes["memory/device/ct-2"].status == "applied"
    assert memory.entries()[CT_1]["fields"]["manufacturer"] == "Philips"


def test_a_directory_refuses_a_write_on_what_changed_since_it_was_read(hospital, directory, world_of):
    hospital.applied()
    hospital.edit("manufacturer: SIEMENS", "manufacturer: Varian")
    dn = device_dn("ct-1")
    meanwhile = Quiet(lambda: directory.by_hand(dn, "dicomManufacturer", "Philips"))
    (outcome,) = everything(world_of(hospital, meanwhile)).outcomes
    assert outcome.status == "failed"
    assert "somebody else changed it" in outcome.error
    assert directory.values(dn, "dicomManufacturer") == ["Philips"]


def test_a_write_beside_what_is_written_is_no_conflict(hospital, directory, world_of):
    hospital.applied()
    hospital.edit("manufacturer: SIEMENS", "manufacturer: Varian")
    dn = device_dn("ct-1")
    meanwhile = Quiet(lambda: directory.by_hand(dn, "dicomStationName", "ROOM 4"))
    (outcome,) = everything(world_of(hospital, meanwhile)).outcomes
    assert outcome.status == "applied"
    assert directory.values(dn, "dicomManufacturer") == ["Varian"]
    assert directory.values(dn, "dicomStationName") == ["ROOM 4"]


def test_somebody_who_did_the_same_meanwhile_did_it(small, memory, world_of):
    small.applied()
    small.edit("manufacturer: SIEMENS", "manufacturer: Varian")
    world = world_of(small, Quiet(lambda: memory.set(CT_1, manufacturer="Varian")))
    assert [one.status for one in everything(world).outcomes] == ["applied"]


def test_what_needs_a_failed_change_is_skipped_and_the_rest_goes_on(small, memory, world_of):
    small.ok("record", "init")
    world = world_of(small, Quiet(lambda: memory.add(CT_1, manufacturer="Philips", installed=True)))
    outcomes = {str(one.address): one.status for one in everything(world).outcomes}
    assert outcomes.pop(CT_1) == "failed"
    assert outcomes.pop("memory/entity/ct-1/CT1") == "skipped"
    assert set(outcomes.values()) == {"applied"}


def test_a_record_that_moved_since_the_plan_was_made_is_stale(small, world_of):
    small.applied()
    small.edit("manufacturer: SIEMENS", "manufacturer: Varian")
    world = world_of(small)
    planned = engine.plan(world, Options())
    small.ok("hold", CT_1, "--reason", "somebody else was faster")
    with pytest.raises(StalePlan, match="pacsconf/lab moved while this was prepared"):
        engine.apply(world, planned, MARIA)


def test_a_second_apply_at_the_same_time_is_kept_out(small, world_of):
    small.applied()
    small.edit("manufacturer: SIEMENS", "manufacturer: Varian")
    small.ok("plan", "--out", "plan.json")
    second = []
    everything(world_of(small, Quiet(lambda: second.append(small("apply", "plan.json")))))
    assert second[0].code == 7
    assert "is open on lab: by Maria Weber <mweber@example.org>" in second[0].said
    assert "its lease runs until" in second[0].said


@pytest.mark.parametrize(
    "command",
    [["hold", CT_1, "--reason", "wait"], ["resume"], ["rollback", "20261124-141200-5be1"], ["reload"]],
    ids=["hold", "resume", "rollback", "reload"],
)
def test_whoever_else_writes_the_record_is_kept_out_while_a_change_set_is_open(small, world_of, command):
    small.applied()
    small.edit("manufacturer: SIEMENS", "manufacturer: Varian")
    others = []
    everything(world_of(small, Quiet(lambda: others.append(small(*command).code))))
    assert others == [7]


def test_reading_goes_on_while_a_change_set_is_open(small, world_of):
    small.applied()
    small.edit("manufacturer: SIEMENS", "manufacturer: Varian")
    codes = []
    everything(world_of(small, Quiet(lambda: codes.extend(small(name).code for name in ("plan", "drift")))))
    assert codes == [0, 0]


def test_a_run_whose_lock_was_broken_stops_before_its_next_layer(small, memory, world_of):
    small.ok("record", "init")
    world = world_of(small, Quiet(lambda: small.ok("unlock", "--reason", "it looked dead")))
    with pytest.raises(Overtaken, match="is not ours any more"):
        everything(world)
    assert not memory.path.exists()
    assert "abandoned" in small.ok("history").out


@pytest.mark.parametrize(("days", "titles"), [(89, 6), (91, 5)], ids=["the day before", "the day after"])
def test_a_reserved_title_is_released_on_its_day_and_no_guard_minds(small, memory, world_of, days, titles):
    small.applied()
    small.edit("manufacturer: GE,", "manufacturer: GE, lifecycle: retired,")
    everything(world_of(small))
    small.remove("ct-2")
    world = world_of(small, days=days)
    planned = engine.plan(world, Options())
    assert not any(guard.tripped for guard in planned.plan.guards)
    engine.apply(world, planned, MARIA)
    assert sum(address.startswith("memory/title/") for address in memory.entries()) == titles


def test_another_day_alone_does_not_make_a_plan_stale(small, world_of):
    small.applied()
    small.edit("manufacturer: GE,", "manufacturer: GE, lifecycle: retired,")
    yesterday = engine.plan(world_of(small), Options()).plan
    later = world_of(small, days=1)
    assert engine.same_as(later, SavedPlan.of(yesterday)).plan.digest == yesterday.digest


def test_progress_is_told_of_every_change_once(small, world_of):
    small.ok("record", "init")
    watching = Quiet()
    changeset = everything(world_of(small, watching))
    assert watching.outcomes == [f"{one.status} {one.address}" for one in changeset.outcomes]


def test_who_wants_an_end_waits_for_no_further_proof(small, world_of):
    wanted, closed = [], []

    def prove(devices):
        try:
            for device in sorted(devices):
                wanted.append(device)
                yield Proof(device, "healthy", "")
        finally:
            closed.append(True)

    small.applied()
    small.edit("manufacturer: SIEMENS", "manufacturer: Varian")
    small.edit("manufacturer: GE", "manufacturer: Canon")
    world = replace(world_of(small), prove=prove, stopping=lambda: bool(wanted))
    changeset = everything(world)
    assert (changeset.status, len(changeset.proofs), closed) == ("closed", 1, [True])
