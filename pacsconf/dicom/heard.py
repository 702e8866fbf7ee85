"""Who really called: what a listener, or the log of another server, saw of one association."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

LISTEN = "listen"
"""The source of what our own listener heard."""

_LONGEST = 256
"""Characters that are kept of any text: a title has 16, a UID 64."""

_MOST = 512
"""SOP classes, and transfer syntaxes of each, that are read back of one association: it may propose 128."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One association as its called side saw it.

    Titles are as they came, padding included. `at` is ISO 8601 in UTC with seconds, empty where the log does not
    say. `source` is `listen`, or the name of the log. `contexts` are the SOP classes asked for, each with its
    transfer syntaxes; empty where they are not known.
    """

    calling: str
    called: str
    host: str
    at: str = ""
    source: str = LISTEN
    contexts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    implementation: str = ""
    version: str = ""
    """What the caller's software calls itself (PS3.7 section D.3.3.2.3); `implementation` is its class UID."""
    max_pdu: int | None = None
    """The longest PDU that the caller takes, in bytes, 0 for no limit; None where it is not known."""
    as_scp: tuple[str, ...] = ()
    """SOP classes in which the caller asked for the part of the SCP alone (PS3.7 section D.3.3.4)."""
    answer: str = ""
    """How the called side answered: `accepted`, or a rejection in words; empty where it is not known."""

    @property
    def calling_title(self) -> str:
        """The calling title without the spaces around it, which do not count (PS3.8 section 9.3.2)."""
        return significant(self.calling)

    @property
    def called_title(self) -> str:
        return significant(self.called)


def significant(title: str) -> str:
    """What counts of a title: leading and trailing spaces do not (PS3.8 section 9.3.2); some pad with zeros."""
    return title.strip(" \0")


def to_json(heard: Heard) -> dict[str, Any]:
    """The same in plain values."""
    return asdict(heard)


def from_json(body: Any) -> Heard:
    """What `to_json` gave, or an older version of it; unknown keys are left out.

    Raises: ValueError when it is none.
    """
    if not isinstance(body, dict) or not all(isinstance(body.get(key), str) for key in _TITLES):
        raise ValueError("this is no association that was heard")
    max_pdu = body.get("max_pdu")
    return Heard(
        **{key: _text(body, key) for key in _TEXTS},
        source=_text(body, "source") or LISTEN,
        contexts=tuple(_contexts(body.get("contexts"))),
        max_pdu=max_pdu if isinstance(max_pdu, int) else None,
        as_scp=_texts(body.get("as_scp")),
    )


_TITLES = ("calling", "called", "host")
_TEXTS = (*_TITLES, "at", "implementation", "version", "answer")


def _text(body: Mapping[str, Any], key: str) -> str:
    value = body.get(key)
    return value[:_LONGEST] if isinstance(value, str) else ""


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        return ()
    return tuple(each[:_LONGEST] for each in value[:_MOST] if isinstance(each, str))


def _contexts(value: Any) -> Iterable[tuple[str, tuple[str, ...]]]:
    for each in value[:_MOST] if isinstance(value, list | tuple) else ():
        if isinstance(each, list | tuple) and len(each) == 2 and isinstance(each[0], str):
            yield each[0][:_LONGEST], _texts(each[1])
