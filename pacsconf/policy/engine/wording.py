"""Why a rule has no answer, in plain words: evidence that is not there, or a rule that is broken."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pacsconf.policy.subject import Subject
from pacsconf.policy.unknowns import message
from pacsconf.policy.vocabulary import KINDS
from pacsconf.policy.vocabulary.hints import sentence

if TYPE_CHECKING:
    from pacsconf.policy.engine.program import Fields, Program

_MOST = 3
"""Fields that are named; the others are counted."""


def unknown(program: Program, absent: Fields, subject: Subject, first: str) -> str:
    """Which evidence is missing, and why as far as that is known. `first` is the field that CEL stopped at."""
    fields = [
        f"{holder}.{name}"
        for holder in program.evidence
        for name in sorted(program.evidence[holder] & absent[holder])
    ]
    if first.startswith("self."):
        fields = []
    named = [first, *(one for one in fields if one != first)] if first else fields
    told = ", ".join(f"{one} ({_said(program.rule.kind, one)})" for one in named[:_MOST])
    more = f" and {len(named) - _MOST} more" if len(named) > _MOST else ""
    why = subject.blind or _why(named, subject)
    return message(f"{told}{more}", why)


def _said(kind: str, field: str) -> str:
    tier, _, name = field.partition(".")
    return sentence(KINDS[kind].fields("declared" if tier == "self" else tier)[name])


def _why(named: list[str], subject: Subject) -> str:
    tiers = {one.partition(".")[0] for one in named}
    if tiers == {"self"}:
        return "it is not declared, and in no record that was looked at"
    if "observed" in tiers and subject.observed is None:
        return "it was not looked at on the wire"
    if "configured" in tiers and subject.configured is None:
        return "no live configuration of it was read"
    seen = {one.removeprefix("observed.") for one in named if one.startswith("observed.")}
    if seen and seen <= _OF_STRANGERS:
        return "strangers were not tried, or not answered (pacsconf probe --negatives)"
    return "what was looked at does not tell it"


_OF_STRANGERS = frozenset(
    {
        "any_caller",
        "any_called",
        "stranger_echo",
        "stranger_store",
        "stranger_query",
        "old_tls",
        "weak_ciphers",
        "client_certificate",
    }
)
"""Fields that only `probe --negatives` fills."""


def broken(error: str) -> str:
    """How a rule is broken."""
    for form, words in _ERRORS:
        found = form.search(error)
        if found:
            return "the rule is broken: " + words.format(*found.groups())
    return "the rule is broken: " + re.sub(r"^[A-Z_]+: |\s*\[[A-Z_]+\]$", "", error)


SLOW_RULE = "the rule is broken: it takes too long (loops that match by patterns)"
TIME = "not judged: the rules of its kind take too long together"
MEMORY = "Out of memory"

_ERRORS = tuple(
    (re.compile(form), words)
    for form, words in (
        (r"Iteration budget exceeded", "it goes through too much (loops within loops, over long lists)"),
        (MEMORY, "it needs more memory than there is (long texts put together in a loop)"),
        (r"divide by zero|modulus by zero", "it divides by zero"),
        (r'Key not found in map : "(.*)"', "it looks at {0}, which is not there; ask has(self.{0}) first"),
        (r'No value with name "(.*?)"', "it looks at {0}, which is not there; ask has(self.{0}) first"),
        (r"Index error: index=(-?\d+) size=(\d+)", "it takes member {0} of a list of {1}"),
        (r"invalid regular expression: (.*)", "it matches by what is no regular expression: {0}"),
        (r"[Nn]o matching overload", "it puts values together that do not fit"),
    )
)
