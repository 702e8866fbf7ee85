"""Against a real scheduler of Dask and real workers, over TLS on the loopback."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

import pacsconf
from pacsconf.core.errors import PacsconfError, Unavailable
from pacsconf.dicom.sites._dask import Workers, checked, connected
from pacsconf.dicom.sites.executors import Unreachable, observe_at_sites
from pacsconf.dicom.wire import Identity, Wire
from pacsconf.lab import processes
from tests.dicom.sites.workers import Cluster, cluster, identity

OTHER = "99.0"
NOT_MEASURED = dict.fromkeys(("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG"))
"""A copy of pacsconf is none of what coverage is taken of."""


@pytest.fixture(scope="module")
def hub(tmp_path_factory) -> Iterator[Cluster]:
    """A scheduler with one worker at site north, and one at site odd that runs another pacsconf."""
    folder = tmp_path_factory.mktemp("hub")
    with cluster(f"tls://127.0.0.1:{processes.free_port()}", folder) as made:
        made.scheduler()
        made.worker("north")
        made.worker("odd", env={"PYTHONPATH": str(_another_version(folder / "other")), **NOT_MEASURED})
        made.until_logged("north", "Registered to")
        made.until_logged("odd", "Registered to")
        yield made


def _another_version(folder: Path) -> Path:
    source = Path(pacsconf.__file__).parent
    shutil.copytree(source, folder / "pacsconf", ignore=shutil.ignore_patterns("__pycache__"))
    init = folder / "pacsconf" / "__init__.py"
    init.write_text(init.read_text().replace(pacsconf.__version__, OTHER))
    return folder


@pytest.fixture
def workers(hub) -> Iterator[Workers]:
    with connected(hub.url, hub.tls) as found:
        yield found


def test_a_worker_at_a_site_looks_and_tells(workers, storescp, a_target):
    target = a_target(storescp(), site="north")
    (seen,) = observe_at_sites([target], Wire(), workers)
    assert (seen.target, seen.verdict, [step.name for step in seen.steps]) == (
        target,
        "healthy",
        ["tcp", "association", "echo"],
    )


def test_equal_questions_are_asked_again(workers, stranger, a_target):
    """Dask would answer from memory what it takes for the same task."""
    listener = stranger(hang_up=True)
    target = a_target(listener.port, site="north")
    heard = []
    for _ in range(2):
        assert [seen.verdict for seen in observe_at_sites([target], Wire(), workers)] == ["failing"]
        heard.append(len(listener.heard))
    assert heard == [heard[0], 2 * heard[0]]


def test_a_site_that_has_no_worker_is_said_to_have_none(workers):
    with pytest.raises(Unreachable, match="no worker of this site has reported to the scheduler"):
        workers.executor("south")


def test_a_worker_of_another_version_is_given_nothing(workers):
    with pytest.raises(Unreachable, match=f"runs pacsconf {OTHER}, this is {pacsconf.__version__}"):
        workers.executor("odd")


def test_a_worker_that_dies_leaves_unknown_what_it_had_and_the_sweep_goes_on(
    hub, workers, storescp, stranger, a_target
):
    victim = hub.worker("dying")
    hub.until_logged("dying", "Registered to")
    listener = stranger()
    _when(lambda: listener.heard, lambda: os.kill(victim.pid, signal.SIGKILL))
    targets = [
        a_target(listener.port, device="d", site="dying"),
        a_target(storescp(), device="n", site="north"),
    ]
    seen = {
        one.device: (one.verdict, one.reason) for one in observe_at_sites(targets, Wire(timeout=60), workers)
    }
    hub.running.remove(victim)
    victim.wait()
    assert seen == {
        "n": ("healthy", ""),
        "d": ("unknown", "site dying: its worker went away during the sweep"),
    }


def test_a_scheduler_that_dies_leaves_unknown_what_is_out_and_the_rest_is_looked_at(
    tmp_path, storescp, stranger, a_target
):
    listener = stranger()
    with cluster(f"tls://127.0.0.1:{processes.free_port()}", tmp_path) as made:
        scheduler = made.scheduler()
        worker = made.worker("far")
        made.until_logged("far", "Registered to")
        _when(lambda: listener.heard, lambda: os.kill(scheduler.pid, signal.SIGKILL))
        targets = [a_target(listener.port, device="f", site="far"), a_target(storescp(), device="n")]
        with connected(made.url, made.tls, timeout=2) as workers:
            seen = {one.device: one.verdict for one in observe_at_sites(targets, Wire(timeout=60), workers)}
        worker.kill()
    assert seen == {"f": "unknown", "n": "healthy"}


def _when(happened: Callable[[], object], do: Callable[[], object]) -> None:
    def wait() -> None:
        until = time.monotonic() + 30
        while not happened() and time.monotonic() < until:
            time.sleep(0.01)
        do()

    threading.Thread(target=wait, daemon=True).start()


def test_a_worker_of_a_sweep_that_is_interrupted_hangs_up_and_is_free_again(
    hub, stranger, storescp, a_target
):
    """The silent listener would be waited for longer than any test runs."""
    hub.worker("slow")
    hub.until_logged("slow", "Registered to")
    silent, lively = a_target(stranger().port, device="s", site="slow"), a_target(storescp(), site="slow")
    with connected(hub.url, hub.tls) as workers:
        sweep = observe_at_sites([silent, replace(lively, site=None)], Wire(timeout=3600), workers)
        assert next(sweep).device == "ct-1"
        sweep.close()
    with connected(hub.url, hub.tls) as workers:
        assert [seen.verdict for seen in observe_at_sites([lively], Wire(), workers)] == ["healthy"]


def test_who_shows_a_certificate_of_another_authority_is_not_let_in(hub, tmp_path):
    stranger = identity(tmp_path, trustme.CA())
    shown = Identity(hub.tls.ca_file, stranger.certificate, stranger.key)
    with _refused("or does not take this certificate"), connected(hub.url, shown, timeout=1):
        pass


def test_a_scheduler_with_a_certificate_of_another_authority_is_not_trusted(hub, tmp_path):
    trusted = Identity(identity(tmp_path, trustme.CA()).ca_file, hub.tls.certificate, hub.tls.key)
    with _refused("certificate verify failed"), connected(hub.url, trusted, timeout=1):
        pass


def test_who_shows_no_certificate_is_not_let_in(hub):
    with _refused("cannot be reached"), connected(hub.url.replace("tls:", "tcp:"), Identity(), timeout=1):
        pass


def test_a_scheduler_that_is_not_there_is_said_not_to_be(free_port, hub):
    with _refused("cannot be reached"), connected(f"tls://127.0.0.1:{free_port}", hub.tls, timeout=0.5):
        pass


def _refused(words: str):
    return pytest.raises(Unavailable, match=words)


ALL = Identity("ca.pem", "cert.pem", "key.pem")


@pytest.mark.parametrize(
    "url", ["tcp://127.0.0.1:8786", "tcp://[::1]:8786", "tcp://localhost:8786", "tls://h:8786"]
)
def test_an_address_will_do(url):
    assert checked(url, ALL) == url


@pytest.mark.parametrize(
    ("url", "tls", "words"),
    [
        ("tcp://10.20.0.5:8786", ALL, "is not encrypted: whoever reaches such a scheduler"),
        ("ws://h:8786", ALL, "is not encrypted"),
        ("tls://h:8786", Identity("ca.pem"), "for certificate, key no file is named"),
        ("tls://h:8786", Identity(), "for ca_file, certificate, key no file is named"),
        ("h:8786", ALL, "is no address of a scheduler"),
        ("tls://h", ALL, "is no address of a scheduler"),
        ("tls://h:99999", ALL, "is no address of a scheduler"),
        ("tls://a:b@h:8786", ALL, "is no address of a scheduler"),
        ("tls://h:8786/x", ALL, "is no address of a scheduler"),
        ("tls://[h:8786", ALL, "is no address of a scheduler"),
        ("", ALL, "is no address of a scheduler"),
    ],
)
def test_an_address_will_not_do(url, tls, words):
    with pytest.raises(PacsconfError, match=words):
        checked(url, tls)
