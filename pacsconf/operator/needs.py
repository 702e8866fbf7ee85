"""What the declared systems ask of an operator: where they are, and which secrets they want sent there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from pacsconf.inventory.endpoint import Endpoint
from pacsconf.inventory.systems import DirectoryConfig, OrthancConfig, SystemConfig
from pacsconf.inventory.values import SecretRef

DIRECTORY = "dicom-directory"
WITHOUT_NETWORK = frozenset({"memory", "console"})
"""Types of systems that nothing is sent to: they are in memory, a file, or keyed in by a person."""


@dataclass(frozen=True, slots=True)
class Need:
    """A secret that a system names, and where the system would send it."""

    system: str
    ref: SecretRef
    endpoint: Endpoint
    needed_by: str = ""
    """The one command that needs it, where others do without; empty: every command that asks the system."""


def endpoint_of(config: SystemConfig) -> Endpoint | None:
    """Where a system is, by its `url`; None without one, or when that is no URL (its own check says so)."""
    return _endpoint(getattr(config, "url", None))


def _endpoint(url: object) -> Endpoint | None:
    try:
        return Endpoint.parse(url) if isinstance(url, str) else None
    except ValueError:
        return None


def stays_here(config: SystemConfig) -> bool:
    """Whether writing to this system cannot leave this machine."""
    endpoint = endpoint_of(config)
    here = endpoint.is_loopback if endpoint else config.type in WITHOUT_NETWORK
    return here and all(one.is_loopback for one in told(config).values())


def told(config: SystemConfig) -> dict[str, Endpoint]:
    """By name, the programs that are told of a change there, and where they are.

    Of a system that no environment completed yet, too; without what is no URL (its own check says so).
    """
    reload = getattr(config, "reload", None) if config.type == DIRECTORY else None
    named = sorted(reload.items()) if isinstance(reload, Mapping) else ()
    urls = {name: one.get("url") if isinstance(one, Mapping) else one.url for name, one in named}
    found = {name: _endpoint(url) for name, url in urls.items()}
    return {name: endpoint for name, endpoint in found.items() if endpoint}


def needs_of_told(config: SystemConfig) -> Iterator[Need]:
    """The secrets that programs receive which are told of a change."""
    if isinstance(config, DirectoryConfig):
        for name, endpoint in told(config).items():
            for ref in dict.fromkeys(_references(config.reload[name])):
                yield Need(config.name, ref, endpoint)


def needs(systems: Iterable[SystemConfig]) -> Iterator[Need]:
    """Every secret that these systems name, in their order, each once for each place that receives it."""
    for config in systems:
        endpoint = endpoint_of(config)
        if endpoint:
            for ref in dict.fromkeys(_own_references(config)):
                yield Need(config.name, ref, endpoint)
        yield from _rendered(config)
        yield from _passed_on(config)
        yield from needs_of_told(config)


def _own_references(config: SystemConfig) -> Iterator[SecretRef]:
    """Those that are sent to the system itself: what other programs receive is none of them."""
    yield from _references({name: value for name, value in config if name not in ("reload", "users")})


def _rendered(config: SystemConfig) -> Iterator[Need]:
    """Passwords of an Orthanc's users: bound to the Orthanc, though they are written into a file for it."""
    endpoint = endpoint_of(config)
    if isinstance(config, OrthancConfig) and endpoint:
        own = config.login.password if config.login else None
        for ref in dict.fromkeys(login.password for login in config.users.values()):
            if ref != own:
                yield Need(config.name, ref, endpoint, "render orthanc-users")


def _passed_on(config: SystemConfig) -> Iterator[Need]:
    """Passwords that an Orthanc is given to send on: another address there is another receiver."""
    if not isinstance(config, OrthancConfig):
        return
    for server in (*config.dicomweb_servers.values(), *config.orthanc_peers.values()):
        if server.login:
            yield Need(config.name, server.login.password, Endpoint.parse(server.url))


def _references(value: Any) -> Iterator[SecretRef]:
    if isinstance(value, SecretRef):
        yield value
    elif isinstance(value, BaseModel):
        for _, member in value:
            yield from _references(member)
    elif isinstance(value, Mapping):
        for member in value.values():
            yield from _references(member)
    elif isinstance(value, tuple | list):
        for member in value:
            yield from _references(member)
