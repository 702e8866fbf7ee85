from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import pytest

from pacsconf.dicom.sites.batches import carried_out
from pacsconf.dicom.sites.executors import Unreachable, observe_at_sites, patience
from pacsconf.dicom.wire import Wire


class InThreads:
    """Sites whose workers are threads of this process; those in `gone_ones` have lost them."""

    def __init__(self, **executors: Executor) -> None:
        self.executors = executors
        self.gone_ones: dict[str, str] = {}

    def carry_out(self):
        return carried_out

    def executor(self, site):
        if site not in self.executors:
            raise Unreachable("no worker of this site has reported to the scheduler")
        return self.executors[site]

    def gone(self, sites):
        return {site: self.gone_ones[site] for site in sites if site in self.gone_ones}


class Silent(Executor):
    """Takes tasks and never does them, as a scheduler does that has no worker for them."""

    def __init__(self) -> None:
        self.taken: list[Future[str]] = []

    def submit(self, fn, /, *args, **kwargs):
        self.taken.append(Future())
        return self.taken[-1]


class Failing(Executor):
    """Has workers that fail at everything."""

    def submit(self, fn, /, *args, **kwargs):
        future: Future[str] = Future()
        future.set_exception(RecursionError("the worker's own trouble"))
        return future


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as made:
        yield made


def said(observations) -> dict[str, tuple[str, str]]:
    return {seen.device: (seen.verdict, seen.reason) for seen in observations}


def test_each_site_is_looked_at_through_its_own_executor_and_the_rest_from_here(storescp, a_target, pool):
    port = storescp()
    targets = [
        a_target(port, device="here-1"),
        a_target(port, device="here-2", site="main"),
        a_target(port, device="north-1", site="north"),
    ]
    assert said(observe_at_sites(targets, Wire(), InThreads(north=pool), here={"main"})) == {
        "here-1": ("healthy", ""),
        "here-2": ("healthy", ""),
        "north-1": ("healthy", ""),
    }


def test_a_site_without_a_worker_is_unknown_and_does_not_hold_up_the_others(storescp, a_target, pool):
    port = storescp()
    targets = [a_target(port, device="n", site="north"), a_target(port, device="s", site="south")]
    assert said(observe_at_sites(targets, Wire(), InThreads(north=pool))) == {
        "n": ("healthy", ""),
        "s": ("unknown", "site south: no worker of this site has reported to the scheduler"),
    }


def test_of_what_nobody_may_call_no_worker_is_asked(a_target):
    target = a_target(1, site="south", level="none", why="do not probe")
    assert said(observe_at_sites([target], Wire(), InThreads())) == {"ct-1": ("not probed", "do not probe")}


def test_a_task_that_nobody_does_ends_at_its_deadline(a_target):
    silent = Silent()
    clock = itertools.count(step=20.0).__next__
    seen = said(observe_at_sites([a_target(1, site="north")], Wire(), InThreads(north=silent), clock=clock))
    assert seen == {"ct-1": ("unknown", "site north: no answer in the time that it may take")}
    assert [future.cancelled() for future in silent.taken] == [True]


def test_a_site_that_loses_its_worker_is_given_up_at_once(a_target):
    sites = InThreads(north=Silent())
    sites.gone_ones["north"] = "its worker went away during the sweep"
    seen = said(observe_at_sites([a_target(1, site="north")], Wire(timeout=3600), sites))
    assert seen == {"ct-1": ("unknown", "site north: its worker went away during the sweep")}


def test_a_worker_that_fails_is_unknown_for_what_it_had(storescp, a_target, pool):
    port = storescp()
    targets = [a_target(port, device="n", site="north"), a_target(port, device="s", site="south")]
    assert said(observe_at_sites(targets, Wire(), InThreads(north=Failing(), south=pool))) == {
        "n": ("unknown", "site north: its worker failed (RecursionError)"),
        "s": ("healthy", ""),
    }


def test_a_sweep_that_is_left_takes_its_tasks_back(storescp, a_target):
    silent = Silent()
    targets = [a_target(storescp()), a_target(1, device="n", site="north")]
    observations = observe_at_sites(targets, Wire(), InThreads(north=silent))
    assert next(observations).device == "ct-1"
    observations.close()
    assert [future.cancelled() for future in silent.taken] == [True]


def test_large_sites_are_handed_over_in_batches(a_target):
    silent = Silent()
    clock = itertools.count(step=1e6).__next__
    targets = [a_target(1, device=f"d{n}", host=f"h{n}", site="north") for n in range(250)]
    assert len(said(observe_at_sites(targets, Wire(), InThreads(north=silent), clock=clock))) == 250
    assert len(silent.taken) == 3


def test_the_longest_that_a_batch_takes_grows_with_what_one_host_is_asked(a_target):
    contexts = (("1.2.840.10008.1.1", ("1.2.840.10008.1.2",)),)
    few = [a_target(1, host=f"h{n}") for n in range(2)]
    assert patience(few, 5) == 35
    assert patience([a_target(port, host="h") for port in range(10)], 5) == 350
    assert patience([a_target(1, contexts=contexts, negatives=True)], 5) > patience(few, 5)
