"""One refusal, translated: what happened, what it usually means, whose turn it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Who = Literal[
    "the called side's administrator",
    "the caller's administrator",
    "the network's administrators",
    "both sides together",
    "the vendor",
    "you",
]
"""Whose turn it is."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refusal, translated.

    `words` say what happened so that anybody understands it; `standard` is what the standard calls it, with its
    numbers and section; `meaning` what it usually means; `causes` the likely ones, the likeliest first; `action`
    what to do, `who` whose turn that is.
    """

    words: str
    standard: str
    meaning: str
    causes: tuple[str, ...]
    action: str
    who: Who
