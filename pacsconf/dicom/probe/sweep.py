"""A sweep: many devices at once, bounded overall and per host, each device one step after the other.

What is under way is never more than `at_once` groups, and results are handed on as they come, so memory does not
grow with the number of devices. The threads are daemons and are called off: a hanging peer keeps neither the
process nor a person waiting.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import suppress
from itertools import groupby
from typing import ParamSpec, Protocol, TypeVar

from pacsconf.dicom.observation import Observation
from pacsconf.dicom.probe.run import key_of
from pacsconf.dicom.probe.way import NowhereToCall, dialled
from pacsconf.dicom.targets import Target
from pacsconf.dicom.upper_layer.stream import CalledOff, Stop
from pacsconf.dicom.wire import Wire

Group = tuple[Target, ...]
"""The targets of one device."""

Place = tuple[str, int | None]
"""A host, or one port of it: two devices that are declared there are one in the world, and asked in turn."""

P = ParamSpec("P")
T = TypeVar("T")

_LEAVE = 2.0
"""Seconds that threads are waited for when a sweep is left; each needs one slice of a wait."""


class Look(Protocol):
    """Asks the targets of one device, one after the other; an executor's workers must be able to import it."""

    def __call__(self, group: Group, wire: Wire, stop: Stop | None = None, /) -> tuple[Observation, ...]: ...


def groups(targets: Sequence[Target]) -> Iterator[Group]:
    """The targets by device, in order."""
    in_order = sorted(targets, key=key_of)
    return (tuple(group) for _, group in groupby(in_order, key=lambda target: target.device))


def sweep(
    targets: Sequence[Target],
    look: Look,
    wire: Wire,
    executor: Executor | None,
    at_once: int,
    per_host: int,
    stop: threading.Event | None = None,
) -> Iterator[Observation]:
    """What `look` says of the targets, by the executor or by threads of our own, which `stop` calls off.

    Raises: CalledOff.
    """
    turns = Turns(groups(targets), per_host, wire.dial)
    if executor is not None:
        yield from _run(turns, lambda group: executor.submit(look, group, wire), at_once)
        return
    stop = stop or threading.Event()
    threads = Threads(at_once, stop)
    try:
        yield from _run(turns, lambda group: threads.submit(look, group, wire, stop), at_once)
    finally:
        stop.set()
        threads.shutdown()


def _run(
    turns: Turns, submit: Callable[[Group], Future[tuple[Observation, ...]]], at_once: int
) -> Iterator[Observation]:
    done: queue.SimpleQueue[Future[tuple[Observation, ...]]] = queue.SimpleQueue()
    running: dict[Future[tuple[Observation, ...]], Group] = {}
    try:
        while True:
            while len(running) < at_once and (group := turns.next()) is not None:
                future = submit(group)
                running[future] = group
                future.add_done_callback(done.put)
            if not running:
                return
            finished = done.get()
            turns.over(running.pop(finished))
            yield from finished.result()
    finally:
        for future in running:
            future.cancel()


class Turns:
    """Whose turn it is: groups in order, at most `per_host` at once that call a host, and one that calls a port.

    What counts is where it is called (`dial`): a practice lab plays a whole hospital on one machine.
    """

    def __init__(self, groups: Iterable[Group], per_host: int, dial: Mapping[str, str] | None = None) -> None:
        self._groups = iter(groups)
        self._dial = dial or {}
        self._per_host = per_host
        self._called: Counter[Place] = Counter()
        self._held: defaultdict[Place, deque[Group]] = defaultdict(deque)
        """By a place that is called by as many as may."""
        self._freed: deque[Place] = deque()

    def next(self) -> Group | None:
        """The next group that may begin; None: there is none, now or ever."""
        return self._from_held() or self._from_rest()

    def over(self, group: Group) -> None:
        """This group is done with its places."""
        for place in self._places(group):
            self._called[place] -= 1
            if not self._called[place]:
                del self._called[place]
            if place in self._held:
                self._freed.append(place)

    def _from_held(self) -> Group | None:
        while self._freed:
            place = self._freed[0]
            held = self._held.get(place)
            if not held or self._is_full(place):
                self._freed.popleft()
                continue
            group = held.popleft()
            if not held:
                del self._held[place]
            if self._begun(group):
                return group
        return None

    def _from_rest(self) -> Group | None:
        return next((group for group in self._groups if self._begun(group)), None)

    def _places(self, group: Group) -> set[Place]:
        """The hosts that are really called, and their ports."""
        found: set[Place] = set()
        for target in group:
            with suppress(NowhereToCall):
                if target.level != "none":
                    host, port = dialled(target, self._dial)
                    found |= {(host, None), (host, port)}
        return found

    def _is_full(self, place: Place) -> bool:
        return self._called[place] >= (self._per_host if place[1] is None else 1)

    def _begun(self, group: Group) -> bool:
        """Whether it may begin; else it is held until a place of it is free."""
        places = self._places(group)
        full = next(filter(self._is_full, places), None)
        if full is not None:
            self._held[full].append(group)
            return False
        self._called.update(places)
        return True


class Threads(Executor):
    """Daemon threads that work off a queue: up to `most` of them, begun as they are needed."""

    def __init__(self, most: int, stop: threading.Event) -> None:
        self._most = most
        self._stop = stop
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._idle = threading.Semaphore(0)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        self._work.put(lambda: _do(future, lambda: fn(*args, **kwargs), self._stop))
        if not self._idle.acquire(blocking=False) and len(self._threads) < self._most:
            thread = threading.Thread(target=self._serve, name=f"probe-{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = True) -> None:
        """Have every thread leave: at most two seconds are waited for those in a call that takes no notice."""
        self._stop.set()
        for _ in self._threads:
            self._work.put(None)
        until = time.monotonic() + _LEAVE
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _serve(self) -> None:
        while (job := self._work.get()) is not None:
            job()
            self._idle.release()


def _do(future: Future[T], work: Callable[[], T], stop: Stop) -> None:
    """Do it, unless nobody waits for it any more; whatever it raises is for who does."""
    if not future.set_running_or_notify_cancel():
        return
    try:
        if stop.is_set():
            raise CalledOff
        future.set_result(work())
    except BaseException as exc:  # noqa: BLE001  # it is raised where the result is asked for
        future.set_exception(exc)
