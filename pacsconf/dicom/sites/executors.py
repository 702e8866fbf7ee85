"""A sweep over several sites: each site's targets are looked at through an executor whose workers stand there.

The rest is looked at from here. An executor is any of `concurrent.futures`; who has them, and knows whether a
site's workers are still there, is handed in as `Sites`. Premise: a task for a site without workers waits for ever
and says nothing, and so does one whose worker vanished; so every batch has a deadline, and sites are watched.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

from pacsconf.dicom.observation import Observation
from pacsconf.dicom.probe.observer import observe
from pacsconf.dicom.sites.batches import NotAnswered, answered, in_batches, ordered, unseen
from pacsconf.dicom.targets import Target
from pacsconf.dicom.upper_layer.pdu import MOST_CONTEXTS
from pacsconf.dicom.wire import Wire

logger = logging.getLogger(__name__)

BATCH = 100
"""Targets in one task: handing one over takes a millisecond or two, and a lost one is as many unknown."""

GRACE = 10.0
"""Seconds that a batch may take beyond the longest that its probes do."""

WATCHED = 1.0
"""Seconds between two looks at whether the sites' workers are still there."""


class Unreachable(Exception):
    """A site has nobody who could look; the text says why."""


class Sites(Protocol):
    """Where executors of sites come from."""

    def carry_out(self) -> Callable[[str], str]:
        """What a worker carries orders out by, known by its name: `batches.carried_out`, or more than that."""

    def executor(self, site: str) -> Executor:
        """One whose tasks run at this site.

        Raises: Unreachable.
        """

    def gone(self, sites: Collection[str]) -> Mapping[str, str]:
        """Those of these sites whose workers are no longer there, with the reason."""


@dataclass(frozen=True, slots=True)
class _Task:
    """A batch under way; `deadline` on the clock of the sweep."""

    site: str
    targets: tuple[Target, ...]
    deadline: float


def observe_at_sites(
    targets: Sequence[Target],
    wire: Wire,
    sites: Sites,
    here: Collection[str] = (),
    at_once: int = 64,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Observation]:
    """What each target said, as it becomes known; those of a site that cannot look are unknown.

    Targets without a site, and of sites `here`, are looked at from this machine; here and at each site `at_once`
    devices at a time. When the sweep ends early, what is not under way yet is taken back; what is ends by its own
    deadlines.
    """
    away: dict[str, list[Target]] = defaultdict(list)
    near = []
    for target in targets:
        if target.site is None or target.site in here:
            near.append(target)
        else:
            away[target.site].append(target)
    sweep = _Sweep(sites, wire, at_once, clock)
    try:
        for site in sorted(away):
            yield from sweep.send(site, away[site])
        for seen in observe(near, wire, at_once=at_once):
            yield seen
            yield from sweep.ready(0)
        while sweep.under_way:
            yield from sweep.ready(WATCHED)
    finally:
        sweep.take_back()


class _Sweep:
    """The batches that are under way, by their futures."""

    def __init__(self, sites: Sites, wire: Wire, at_once: int, clock: Callable[[], float]) -> None:
        self._sites = sites
        self._wire = wire
        self._at_once = at_once
        self._clock = clock
        self._watched = clock()
        self.under_way: dict[Future[str], _Task] = {}

    def send(self, site: str, targets: Sequence[Target]) -> Iterator[Observation]:
        """Hand a site's targets to it. What nobody may call needs nobody who looks."""
        called = [target for target in targets if target.level != "none"]
        yield from (unseen(target, "") for target in targets if target.level == "none")
        if not called:
            return
        try:
            executor = self._sites.executor(site)
        except Unreachable as exc:
            yield from (unseen(target, str(exc)) for target in called)
            return
        batches = list(in_batches(called, BATCH))
        now = self._clock()
        longest = [patience(batch, self._wire.timeout, self._at_once) for batch in batches]
        for batch, seconds, until in zip(batches, longest, accumulate(longest), strict=True):
            future = executor.submit(
                self._sites.carry_out(), ordered(batch, self._wire, seconds, self._at_once)
            )
            self.under_way[future] = _Task(site, batch, now + until + GRACE)
        logger.info("site %s: %d targets in %d batches", site, len(called), len(batches))

    def ready(self, seconds: float) -> Iterator[Observation]:
        """What was answered meanwhile, waiting for as long at most; then what will not be answered any more."""
        if not self.under_way:
            return
        done, _ = wait(self.under_way, seconds, FIRST_COMPLETED)
        for future in done:
            yield from _outcome(future, self.under_way.pop(future))
        yield from self._given_up()

    def _given_up(self) -> Iterator[Observation]:
        """What is past its deadline, or at a site that has nobody any more."""
        now = self._clock()
        gone: Mapping[str, str] = {}
        if self.under_way and now - self._watched >= WATCHED:
            gone = self._sites.gone({task.site for task in self.under_way.values()})
            self._watched = self._clock()
        for future, task in list(self.under_way.items()):
            late = "no answer in the time that it may take" if now > task.deadline else ""
            if why := gone.get(task.site, late):
                del self.under_way[future]
                future.cancel()
                yield from (unseen(target, why) for target in task.targets)

    def take_back(self) -> None:
        """Cancel what is under way."""
        for future in self.under_way:
            future.cancel()
        self.under_way.clear()


def _outcome(future: Future[str], task: _Task) -> Iterator[Observation]:
    """What came of a task."""
    try:
        yield from answered(_answer(future), task.targets)
    except NotAnswered as exc:
        yield from (unseen(target, str(exc)) for target in task.targets)


def _answer(future: Future[str]) -> str:
    """Raises: NotAnswered; what a worker raised is of any kind, and only shown."""
    try:
        failed = future.exception()
    except CancelledError as exc:
        raise NotAnswered("its worker or the scheduler went away") from exc
    if failed is not None:
        logger.debug("a worker failed", exc_info=failed)
        raise NotAnswered(f"its worker failed ({type(failed).__name__})")
    return future.result()


def patience(targets: Sequence[Target], timeout: float, at_once: int = 64) -> float:
    """The longest that looking at these takes, in seconds, when every step is answered at the last moment."""
    of_host: dict[str, float] = defaultdict(float)
    for target in targets:
        of_host[target.host] += timeout * _steps(target)
    return max(*(seconds for seconds in of_host.values()), sum(of_host.values()) / at_once, timeout)


def _steps(target: Target) -> int:
    """How many steps one target can take: name, connection, TLS, and associations with what goes over them."""
    associations = (
        1 + sum(len(syntaxes) for _, syntaxes in target.contexts) // MOST_CONTEXTS + 5 * target.negatives
    )
    return 3 + 4 * associations + len(target.contexts)
