"""Who really called: what a listener, or the log of another server, saw of one association."""

from __future__ import annotations

from dataclasses import dataclass


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
    source: str = "listen"
    contexts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    implementation: str = ""
