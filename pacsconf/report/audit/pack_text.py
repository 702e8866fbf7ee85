"""What was made of an evidence pack, one line for each thing that was looked at."""

from __future__ import annotations

from collections.abc import Mapping

from pacsconf.core.moment import iso_in_words
from pacsconf.policy.evidence_pack import Check, Verdict, Verified
from pacsconf.report.as_json import FORMAT_VERSION, as_text
from pacsconf.report.lines import BLANK, Lines, Span, Style, columns, line, padded, wrapped

_SIGNS: Mapping[Verdict, tuple[str, Style]] = {
    "holds": ("✓", "good"),
    "fails": ("✗", "error"),
    "not known": ("?", "warning"),
}


def verified_text(found: Verified, width: int = 80) -> Lines:
    """The checks, then what the pack is and what is not in it."""
    room = columns(width)
    names = max(len(one.what) for one in found.checks)
    rows = (row for one in found.checks for row in _check(one, names, room))
    return (*wrapped(_headline(found), room, style="strong"), BLANK, *rows, *_left_out(found, room))


def _headline(found: Verified) -> str:
    stated = found.manifest
    if stated is None:
        return "This is no evidence pack to be believed"
    name = f"Evidence of audit {stated.audit} of {stated.environment}, made {iso_in_words(stated.at)}"
    if not found.holds:
        return f"{name}: not to be believed"
    return f"{name}: it holds" + ("" if found.signed else ", but who signed it is not known")


def _check(one: Check, names: int, room: int) -> Lines:
    sign, style = _SIGNS[one.verdict]
    return wrapped(one.text, room, first=line("  ", Span(sign, style), f" {padded(one.what, names)}  "))


def _left_out(found: Verified, room: int) -> Lines:
    told = found.manifest.left_out if found.manifest else ()
    if not told:
        return ()
    return (BLANK, *(row for text in told for row in wrapped(text, room, first=line("  not in it: "))))


def verified_json(found: Verified) -> str:
    """The same for scripts."""
    stated = found.manifest
    return as_text(
        {
            "format_version": FORMAT_VERSION,
            "holds": found.holds,
            "signed": found.signed,
            "checks": [{"what": one.what, "verdict": one.verdict, "text": one.text} for one in found.checks],
            "pack": None
            if stated is None
            else {
                "environment": stated.environment,
                "audit": stated.audit,
                "made": stated.at,
                "record": stated.record,
                "inventory": stated.inventory_commit,
                "files": len(stated.files),
                "left_out": list(stated.left_out),
            },
        }
    )
