"""A scheduler of Dask and workers of sites, started as their administrators do, with certificates of the test."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import trustme

from pacsconf.dicom.wire import Identity

DASK = Path(sys.executable).with_name("dask")


def identity(folder: Path, authority: trustme.CA | None = None) -> Identity:
    """Files of a certificate by this authority (or one of its own), as client and as server."""
    folder.mkdir(parents=True, exist_ok=True)
    authority = authority or trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    leaf = authority.issue_cert("127.0.0.1", "localhost")
    leaf.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    leaf.private_key_pem.write_to_path(folder / "key.pem")
    (folder / "key.pem").chmod(0o600)
    return Identity(*(str(folder / name) for name in ("ca.pem", "cert.pem", "key.pem")))


@dataclass
class Cluster:
    """A scheduler at `url`; `prefix` are words before each command (`ip netns exec NAME`)."""

    url: str
    tls: Identity
    folder: Path
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def scheduler(self, prefix: Sequence[str] = ()) -> subprocess.Popen[bytes]:
        scheme, _, rest = self.url.partition("://")
        host, _, port = rest.rpartition(":")
        return self._start(
            "scheduler", [*prefix, DASK, "scheduler", "--host", f"{scheme}://{host}", "--port", port]
        )

    def worker(
        self,
        site: str,
        host: str = "127.0.0.1",
        prefix: Sequence[str] = (),
        env: Mapping[str, str | None] | None = None,
    ) -> subprocess.Popen[bytes]:
        words = [*prefix, DASK, "worker", self.url, "--no-nanny", "--nthreads", "1", "--host", host]
        return self._start(site, [*words, "--resources", f"site:{site}=1", "--death-timeout", "30"], env)

    def _start(
        self, name: str, words: Sequence[str | Path], env: Mapping[str, str | None] | None = None
    ) -> subprocess.Popen[bytes]:
        files = {
            "--tls-ca-file": self.tls.ca_file,
            "--tls-cert": self.tls.certificate,
            "--tls-key": self.tls.key,
        }
        options = [word for option in files.items() for word in option]
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [*words, "--no-dashboard", "--dashboard-address", "127.0.0.1:0", *options],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={
                    name: value for name, value in {**os.environ, **(env or {})}.items() if value is not None
                },
                start_new_session=True,
            )
        self.running.append(process)
        return process

    def until_logged(self, name: str, text: str) -> None:
        """Wait for a process to say this."""
        until = time.monotonic() + 30
        while text not in (told := (self.folder / f"{name}.log").read_text(errors="replace")):
            assert time.monotonic() < until, told
            assert all(process.poll() is None for process in self.running), told
            time.sleep(0.02)

    def stop(self) -> None:
        """End every process that was started: workers first, since they take leave of the scheduler."""
        for process in reversed(self.running):
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def cluster(url: str, folder: Path, tls: Identity | None = None) -> Iterator[Cluster]:
    """Nothing started yet; all ended afterwards."""
    made = Cluster(url, tls or identity(folder), folder)
    try:
        yield made
    finally:
        made.stop()
