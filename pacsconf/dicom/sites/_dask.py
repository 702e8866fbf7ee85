"""Dask distributed, and nobody else here knows it: the workers of sites, found at one scheduler.

A worker stands at a site when it was started with the resource `site:NAME`. Dask carries pickled Python, so whoever
speaks to a scheduler or a worker can run anything there: both sides must show a certificate of an authority that is
kept for this alone, and plain TCP is for the loopback only (docs/decisions/0028-workers-at-sites.md).
"""

from __future__ import annotations

import ipaddress
import logging
import threading
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import CancelledError, Executor, Future
from contextlib import contextmanager, suppress
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pacsconf import __version__
from pacsconf.core.errors import PacsconfError, Unavailable
from pacsconf.dicom.sites import batches
from pacsconf.dicom.sites.executors import Unreachable
from pacsconf.dicom.wire import Identity

Client = Any
"""Of Dask, whose client has no types."""
Value = TypeVar("Value")

logger = logging.getLogger(__name__)

LABEL = "site:"
TIMEOUT = 5.0
"""Seconds for the scheduler to answer."""

_NOT_INSTALLED = 'pip install "pacsconf[dask]"'


def checked(url: str, identity: Identity) -> str:
    """The scheduler's address, `tls://host:port`.

    Raises: PacsconfError when it is none, or nobody would have to show a certificate there.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or not port or url != f"{parts.scheme}://{parts.netloc}" or "@" in parts.netloc:
        raise PacsconfError(f'"{url}" is no address of a scheduler', fix="Write tls://host:8786.")
    if parts.scheme == "tcp" and _is_loopback(host):
        return url
    if parts.scheme != "tls":
        raise PacsconfError(
            f"{url} is not encrypted: whoever reaches such a scheduler can run programs at every site",
            fix=f"Write tls://{parts.netloc}, and give scheduler and workers certificates (docs/sites.md).",
        )
    missing = [name for name in ("ca_file", "certificate", "key") if not getattr(identity, name)]
    if missing:
        raise PacsconfError(
            f"{url} asks for a certificate, and for {', '.join(missing)} no file is named",
            fix="Name ca, certificate and key under [executor] in the operator file, or as options.",
        )
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def connected(url: str, identity: Identity, timeout: float = TIMEOUT) -> Iterator[Workers]:
    """The workers that are found at this scheduler; what is not answered by the end is given up.

    Raises: PacsconfError when Dask is not installed or the address will not do; Unavailable when nobody is there.
    """
    address = checked(url, identity)
    client = _client(address, identity, timeout)
    try:
        yield Workers(client, timeout)
    finally:
        _close(client)


def _client(address: str, identity: Identity, timeout: float) -> Client:
    try:
        import dask.config

        dask.config.set({"logging.distributed": "critical"})  # what matters is said by us, once
        import distributed
    except ImportError as exc:
        raise PacsconfError(
            "workers at other sites need Dask distributed, which is not installed here", fix=_NOT_INSTALLED
        ) from exc
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of versions that differ: ours decides, and we compare it
            made: Client = distributed.Client
            return made(
                address,
                security=_security(address, identity),
                timeout=timeout,
                set_as_default=False,
                direct_to_workers=False,
                name="pacsconf",
            )
    except (OSError, TimeoutError, ValueError) as exc:
        raise Unavailable(
            "executor",
            f"the scheduler at {address} cannot be reached, or does not take this certificate: {_words(exc)}",
            fix="See that it runs, and that both sides' certificates are of the same authority.",
        ) from exc


def _security(address: str, identity: Identity) -> Any:
    import distributed

    made: Any = distributed.Security
    if not address.startswith("tls:"):
        return None
    return made(
        require_encryption=True,
        tls_ca_file=identity.ca_file,
        tls_client_cert=identity.certificate,
        tls_client_key=identity.key,
    )


def _words(exc: BaseException) -> str:
    """Why, in one line: the last cause says most."""
    while exc.__cause__ is not None:
        exc = exc.__cause__
    return (str(exc) or type(exc).__name__).splitlines()[0][:200]


def _close(client: Client) -> None:
    with suppress(OSError, TimeoutError):
        client.close(timeout=1)


def _within(seconds: float, ask: Callable[[], Value]) -> Value:
    """What `ask` returns or raises; a call that Dask would wait for without bound is left to itself.

    Raises: TimeoutError, too.
    """
    said: Future[Value] = Future()

    def call() -> None:
        try:
            said.set_result(ask())
        except (OSError, TimeoutError, ValueError, RuntimeError, CancelledError) as exc:
            said.set_exception(exc)

    threading.Thread(target=call, name="sites", daemon=True).start()
    return said.result(seconds)


def carried_out(text: str) -> str:
    """As `batches.carried_out`, on a worker of Dask, which knows when a task was taken back while it runs."""
    import distributed

    get_worker: Any = distributed.get_worker
    worker = get_worker()
    tasks, key = worker.state.tasks, worker.get_current_task()

    def wanted() -> bool:
        task = tasks.get(key)
        return task is not None and task.state == "executing"

    return batches.carried_out(text, wanted)


class Workers:
    """The workers of a scheduler, by site (`pacsconf.dicom.sites.executors.Sites`)."""

    def __init__(self, client: Client, timeout: float) -> None:
        self._client = client
        self._timeout = timeout
        self._used: dict[str, frozenset[str]] = {}
        """The addresses of the workers that each site's tasks were given to."""

    def carry_out(self) -> Callable[[str], str]:
        return carried_out

    def executor(self, site: str) -> Executor:
        """One whose tasks run on workers at this site that run the same pacsconf.

        Raises: Unreachable.
        """
        there = self._at(site)
        if not there:
            raise Unreachable("no worker of this site has reported to the scheduler")
        versions = self._versions(there)
        good = frozenset(address for address, found in versions.items() if found == __version__)
        for address, found in sorted(versions.items()):
            if found != __version__:
                logger.warning("site %s, worker %s: %s", site, address, batches.unlike(__version__, found))
        if not good:
            raise Unreachable(batches.unlike(__version__, min(versions.values())))
        self._used[site] = good
        executor: Executor = self._client.get_executor(
            workers=sorted(good),
            resources={LABEL + site: 1},
            allow_other_workers=False,
            pure=False,
            retries=0,
        )
        return executor

    def gone(self, sites: Collection[str]) -> Mapping[str, str]:
        """Those of these sites of whose workers none is left, with the reason."""
        try:
            known = self._known()
        except (OSError, TimeoutError):
            return dict.fromkeys(sites, "the scheduler does not answer any more")
        return {
            site: "its worker went away during the sweep"
            for site in sites
            if not self._used.get(site, frozenset()) & known.keys()
        }

    def _at(self, site: str) -> list[str]:
        label = LABEL + site
        try:
            known = self._known()
        except (OSError, TimeoutError) as exc:
            raise Unreachable("the scheduler does not answer any more") from exc
        return [address for address, worker in known.items() if worker["resources"].get(label, 0) >= 1]

    def _known(self) -> Mapping[str, Any]:
        """What the scheduler knows of every worker, by address."""
        asked: Mapping[str, Any] = _within(self._timeout, lambda: self._client.scheduler_info(n_workers=-1))
        found: Mapping[str, Any] = asked["workers"]
        return found

    def _run(self, function: Callable[[], str], addresses: Collection[str]) -> Mapping[str, object]:
        said: Mapping[str, object] = self._client.run(function, workers=list(addresses), on_error="return")
        return said

    def _versions(self, addresses: Collection[str]) -> dict[str, str]:
        """Which pacsconf each of these workers runs, or why that is not known."""
        try:
            found = _within(self._timeout, lambda: self._run(batches.version, addresses))
        except (OSError, TimeoutError) as exc:
            raise Unreachable(f"the scheduler cannot reach its worker ({_words(exc)})") from exc
        return {
            address: said if isinstance(said, str) else f"of no known version ({type(said).__name__})"
            for address, said in found.items()
        }
