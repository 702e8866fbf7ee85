"""Networks that do not reach each other: one in the middle, and sites around it, each a network namespace."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

HUB_ADDRESS = "172.31.0.1"
"""Of the middle, as all sites know it."""


@dataclass(frozen=True, slots=True)
class Network:
    """A namespace; `address` is where the middle reaches it."""

    namespace: str
    address: str

    @property
    def prefix(self) -> list[str]:
        """The words before a command that runs in it."""
        return ["ip", "netns", "exec", self.namespace]


def cannot() -> str:
    """Why there can be none here; empty where there can."""
    if os.name != "posix" or os.geteuid() != 0:
        return "network namespaces are root's to make"
    if shutil.which("ip") is None:
        return "the program ip is not installed"
    name = f"pacsconf-try-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode:
        return f"network namespaces are not permitted here ({made.stderr.strip()})"
    _ip("netns", "del", name)
    return ""


@contextmanager
def apart(sites: Sequence[str]) -> Iterator[tuple[Network, dict[str, Network]]]:
    """The middle, and a network for each site, deleted afterwards; none of them reaches this machine's own."""
    stem = f"pc{os.getpid()}"
    with ExitStack() as stack:
        hub = _namespace(stack, f"{stem}hub", HUB_ADDRESS)
        made = {}
        for number, site in enumerate(sites, 1):
            near, far = f"172.31.{number}.1", f"172.31.{number}.2"
            network = _namespace(stack, f"{stem}{site}", far)
            ends = f"{stem}a{number}"[-15:], f"{stem}b{number}"[-15:]
            _ip("-n", hub.namespace, "link", "add", ends[0], "type", "veth", "peer", "name", ends[1])
            _ip("-n", hub.namespace, "link", "set", ends[1], "netns", network.namespace)
            for where, end, address in ((hub, ends[0], near), (network, ends[1], far)):
                _ip("-n", where.namespace, "addr", "add", f"{address}/30", "dev", end)
                _ip("-n", where.namespace, "link", "set", end, "up")
            _ip("-n", network.namespace, "route", "add", HUB_ADDRESS, "via", near)
            made[site] = network
        _ip("-n", hub.namespace, "addr", "add", f"{HUB_ADDRESS}/32", "dev", "lo")
        yield hub, made


def _namespace(stack: ExitStack, name: str, address: str) -> Network:
    _ip("netns", "add", name)
    stack.callback(_ip, "netns", "del", name)
    _ip("-n", name, "link", "set", "lo", "up")
    return Network(name, address)


def inside(network: Network, address: str) -> None:
    """Give the network one more address, which nobody outside has a way to."""
    _ip("-n", network.namespace, "addr", "add", f"{address}/32", "dev", "lo")


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
