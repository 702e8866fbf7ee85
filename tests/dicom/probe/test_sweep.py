"""Many devices at once: bounded, in turn, left at any moment without a trace."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacsconf.dicom.probe.observer import look, observe
from pacsconf.dicom.probe.sweep import Turns, groups
from pacsconf.dicom.targets import Target
from pacsconf.dicom.wire import Wire


def sockets() -> int:
    """How many sockets this process has."""
    found = 0
    for number in os.listdir("/proc/self/fd"):
        try:
            found += os.readlink(f"/proc/self/fd/{number}").startswith("socket:")
        except FileNotFoundError:  # the folder itself
            continue
    return found


@contextmanager
def hanging(number: int) -> Iterator[list[int]]:
    """The ports of listeners that take connections and never say a word."""
    with ExitStack() as stack:
        listeners = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(number)]
        yield [listener.getsockname()[1] for listener in listeners]


def test_a_sweep_that_is_left_leaves_no_thread_and_no_socket(a_target):
    with hanging(30) as ports:
        asked = [a_target(port, device=f"d{port}") for port in ports]
        quick = a_target(1, device="a", level="none")
        before = threading.active_count(), sockets()
        since = time.monotonic()
        for seen in observe([quick, *asked], Wire(timeout=60), per_host=64):
            assert seen.device == "a"
            break
        assert time.monotonic() - since < 30  # each of them would hang for a minute
        assert (threading.active_count(), sockets()) == before


def test_hanging_peers_cost_one_timeout_each_and_leave_nothing_behind(a_target):
    with hanging(20) as ports:
        asked = [a_target(port, device=f"d{port}") for port in ports]
        before = threading.active_count(), sockets()
        seen = list(observe(asked, Wire(timeout=0.2), per_host=64))
        assert {(one.verdict, one.steps[-1].fault.how) for one in seen} == {("failing", "silent")}
        assert (threading.active_count(), sockets()) == before


CHILD = """
import sys
from pacsconf.dicom.probe.observer import observe
from pacsconf.dicom.targets import Target
from pacsconf.dicom.wire import Wire
port = int(sys.argv[1])
asked = [Target(f"d{n}", "CT1", "dicom", "127.0.0.1", port, "x:1", "echo", "PROBE") for n in range(100)]
asked.append(Target("a", "CT1", "dicom", "127.0.0.1", port, "x:1", "none", "PROBE"))
try:
    for one in observe(asked, Wire(timeout=60), per_host=64):
        print(one.device, flush=True)
except KeyboardInterrupt:
    print("left", flush=True)
"""


def test_control_c_ends_the_process_though_every_peer_hangs():
    with (
        hanging(1) as (port,),
        subprocess.Popen(
            [sys.executable, "-c", CHILD, str(port)], stdout=subprocess.PIPE, text=True
        ) as process,
    ):
        assert process.stdout is not None
        assert process.stdout.readline() == "a\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert process.stdout.read() == "left\n"


class Counting(Executor):
    """Runs each job in a thread of its own, and counts how many are under way at once, overall and by host."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(32)
        self._lock = threading.Lock()
        self.now: dict[str, int] = {}
        self.most: dict[str, int] = {}

    def submit(self, fn, /, *args, **kwargs):
        return self._pool.submit(self._counted, fn, *args)

    def _counted(self, fn, group, wire):
        keys = ["all", *{target.host for target in group}]
        self._count(keys, 1)
        try:
            time.sleep(0.005)
            return fn(group, wire)
        finally:
            self._count(keys, -1)

    def _count(self, keys, by):
        with self._lock:
            for key in keys:
                self.now[key] = self.now.get(key, 0) + by
                self.most[key] = max(self.most.get(key, 0), self.now[key])


def test_no_more_than_allowed_are_under_way_overall_and_per_host(a_target, free_port):
    asked = [
        a_target(free_port, device=f"d{at:02}", host=f"127.0.0.{at % 3 + 1}", level="tcp") for at in range(40)
    ]
    counting = Counting()
    seen = list(observe(asked, Wire(), counting, at_once=5, per_host=2))
    assert len(seen) == 40
    assert counting.most.pop("all") <= 5
    assert max(counting.most.values()) <= 2


def test_two_devices_declared_at_one_port_are_asked_in_turn(a_target):
    asked = [a_target(104, device="a"), a_target(104, device="b"), a_target(105, device="c")]
    turns = Turns([(target,) for target in asked], 4)
    first, second = iter(turns.next, None)
    assert (first[0].device, second[0].device) == ("a", "c")
    turns.over(first)
    (third,) = iter(turns.next, None)
    assert third[0].device == "b"


def test_a_host_is_where_it_is_called(a_target):
    asked = [a_target(104, device=f"d{at}", host=f"10.20.0.{at}", declared=f"d{at}:104") for at in range(9)]
    dial = {target.declared: f"127.0.0.1:{1 + at}" for at, target in enumerate(asked[:6])} | {"*": "none"}
    turns = Turns([(target,) for target in asked], 2, dial)
    begun = iter(turns.next, None)
    # two of the six that lead to one host, and those that lead nowhere, which hold up nobody
    assert [group[0].device for group in begun] == ["d0", "d1", "d6", "d7", "d8"]


def test_an_executor_that_is_handed_in_gets_plain_functions_that_can_be_sent_elsewhere(a_target, free_port):
    import pickle

    sent = []

    class Elsewhere(Executor):
        def submit(self, fn, /, *args, **kwargs):
            sent.append((fn, args, kwargs))
            done: Future = Future()
            job, given, named = pickle.loads(pickle.dumps((fn, args, kwargs)))  # noqa: S301  (our own)
            done.set_result(pickle.loads(pickle.dumps(job(*given, **named))))  # noqa: S301
            return done

    asked = [
        a_target(free_port, device="a"),
        a_target(free_port, device="b"),
        a_target(free_port, device="a"),
    ]
    seen = list(observe(asked, Wire(), Elsewhere()))
    assert [one.device for one in seen] == ["a", "a", "b"]
    assert [(fn, len(args[0]), kwargs) for fn, args, kwargs in sent] == [(look, 2, {}), (look, 1, {})]


def test_a_job_that_fails_is_raised_where_the_sweep_is_read(a_target, free_port):
    class Failing(Executor):
        def submit(self, fn, /, *args, **kwargs):
            done: Future = Future()
            done.set_exception(RuntimeError("no worker"))
            return done

    with pytest.raises(RuntimeError, match="no worker"):
        list(observe([a_target(free_port)], Wire(), Failing()))


@settings(max_examples=200, deadline=None)
@given(
    hosts=st.lists(
        st.lists(st.tuples(st.sampled_from("abcd"), st.integers(1, 3)), min_size=1, max_size=3), max_size=30
    ),
    per_host=st.integers(1, 3),
    seed=st.randoms(use_true_random=False),
)
def test_everybody_has_a_turn_and_no_host_too_many(hosts, per_host, seed):
    made = [
        tuple(
            Target(f"d{at:02}", f"T{n}", "c", host, port, "x:1", "tcp", None)
            for n, (host, port) in enumerate(several)
        )
        for at, several in enumerate(hosts)
    ]
    turns, running, had = Turns(made, per_host), [], []
    while True:
        while (group := turns.next()) is not None:
            running.append(group)
            had.append(group)
            for host in "abcd":
                assert sum(any(t.host == host for t in each) for each in running) <= per_host
                for port in (1, 2, 3):
                    assert sum(any((t.host, t.port) == (host, port) for t in each) for each in running) <= 1
        if not running:
            break
        turns.over(running.pop(seed.randrange(len(running))))
    assert sorted(had, key=lambda group: group[0].device) == made


def test_targets_are_grouped_by_device_in_order(a_target):
    asked = [a_target(1, device=name, title=title) for name, title in (("b", "1"), ("a", "2"), ("b", "0"))]
    assert [[(t.device, t.title) for t in group] for group in groups(asked)] == [
        [("a", "2")],
        [("b", "0"), ("b", "1")],
    ]
