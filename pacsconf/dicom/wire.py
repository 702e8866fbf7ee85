"""How observers reach the network: where they call, how long they wait, how they speak TLS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Identity:
    """Files in PEM for TLS: authorities to trust (empty: this machine's), and what is shown when asked for it."""

    ca_file: str = ""
    certificate: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Wire:
    """`dial` leads from a declared `host:port` to the address that is called instead (`"*"`: every other one, and
    the address `none` is never called); every step has `timeout` seconds."""

    dial: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 5.0
    tls: Identity = Identity()
