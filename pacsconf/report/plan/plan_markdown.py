"""A plan as a comment on a pull request: the headline first, one collapsible block per system, never too long."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from pacsconf.core.change import SIGNS, Change
from pacsconf.core.guard import Guard
from pacsconf.core.plan import Plan
from pacsconf.people.entries import is_of_people
from pacsconf.report.lines import Lines, plain
from pacsconf.report.plan.approvals_text import approvals_of, given_words
from pacsconf.report.plan.approvals_text import sentence_of as approval_sentence
from pacsconf.report.plan.changes_text import changes_text
from pacsconf.report.plan.drift_text import drifts_text
from pacsconf.report.plan.group import highest_risk
from pacsconf.report.plan.guards_text import counts_of, sentence_of, told
from pacsconf.report.plan.plan_text import action_counts, headline, remarks
from pacsconf.report.plan.purges_text import PURGE_HEAD
from pacsconf.report.plan.rollback_text import lost_text, rollback_of, stays_text
from pacsconf.report.plan.sections import (
    asked_text,
    held_text,
    left_text,
    recorded_text,
    reserved_text,
    to_key_in_text,
    unmanaged_text,
)
from pacsconf.report.sheets.render import Templates
from pacsconf.report.view import View, acknowledgement, approving, short
from pacsconf.report.words import counted

_WIDTH = 100
"""Columns of a fenced block that a review page shows without scrolling."""
_LEAST = 3
"""Lines of a block that are shown however short the room is."""

_ORIGINS = 20
"""Places that are linked below a block that was cut."""


@dataclass(frozen=True, slots=True)
class Block:
    """A collapsible part; `cut` lines of its text were left out."""

    title: str
    lines: tuple[str, ...]
    origins: tuple[dict[str, str], ...] = ()
    open: bool = False
    cut: int = 0

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def size(self) -> int:
        """Bytes of its lines."""
        return sum(map(_bytes, self.lines))

    def within(self, room: int) -> Block:
        """The block cut to `room` bytes of lines, the first few kept in any case."""
        kept, used = 0, 0
        for text in self.lines:
            used += _bytes(text)
            if used > room and kept >= _LEAST:
                break
            kept += 1
        left_out = len(self.lines) - kept
        return replace(self, lines=self.lines[:kept], origins=self.origins[:_ORIGINS], cut=left_out)


def _bytes(text: str) -> int:
    return len(text.encode()) + 1


def plan_markdown(
    plan: Plan, view: View, *, templates: Templates | None = None, max_bytes: int = 60_000
) -> str:
    """The plan as markdown of at most `max_bytes` bytes (a few thousand at least), behind a marker comment.

    `templates` are the repository's, whose `plan.md.j2` is used where it has one.

    Raises: TemplateFault when that cannot be used.
    """
    known = templates or Templates()
    wide = replace(view, width=_WIDTH)
    blocks = _blocks(plan, wide)
    whole = _rendered(known, plan, wide, blocks)
    room = max_bytes
    while len(whole.encode()) > max_bytes and room > 0:
        whole = _rendered(known, plan, wide, _shared(blocks, room))
        room -= max(len(whole.encode()) - max_bytes, 256)
    return _cut(whole, max_bytes)


def _shared(blocks: tuple[Block, ...], room: int) -> tuple[Block, ...]:
    """Blocks cut so that together they fit: small ones stay whole, the large ones share what is left."""
    found: dict[int, Block] = {}
    left = room
    for rank, at in enumerate(sorted(range(len(blocks)), key=lambda at: blocks[at].size)):
        share = max(0, left) // (len(blocks) - rank)
        found[at] = blocks[at].within(share)
        left -= found[at].size
    return tuple(found[at] for at in range(len(blocks)))


def _cut(text: str, max_bytes: int) -> str:
    """The last resort, when even the headlines are too long: whole lines only."""
    if len(text.encode()) <= max_bytes:
        return text
    note = "\n_The rest was cut to keep this comment short._\n"
    kept = text.encode()[: max(0, max_bytes - len(note))].decode(errors="ignore")
    return kept[: kept.rfind("\n") + 1] + note


def _rendered(templates: Templates, plan: Plan, view: View, blocks: tuple[Block, ...]) -> str:
    text = templates.render("plan", "md", _values(plan, view, blocks))
    return re.sub(r"\n{3,}", "\n\n", re.sub(r" +\n", "\n", text)).rstrip("\n") + "\n"


def _values(plan: Plan, view: View, blocks: tuple[Block, ...]) -> dict[str, Any]:
    """What a template can use."""
    command = view.command_for(plan.environment)
    return {
        "environment": plan.environment,
        "rollback": rollback_of(plan),
        "headline": headline(plan) or "No changes",
        "remarks": " · ".join(remarks(plan)),
        "risk": highest_risk(plan.changes),
        "commit": plan.basis.commit.removesuffix("-dirty")[:7],
        "dirty": plan.basis.commit.endswith("-dirty"),
        "as_of": plan.basis.as_of,
        "ahead": plan.options.at[0] if plan.options.at else "",
        "digest": short(plan.digest),
        "refusals": [
            *(_refusal(guard, view) for guard in plan.guards if guard.tripped),
            *(_blocked(reason) for reason in plan.blocked),
        ],
        "purge_head": PURGE_HEAD,
        "purges": [
            {
                "sign": SIGNS[change.action],
                "address": str(change.address),
                "words": change.purge,
                "runs": change.mode == "write",
            }
            for change in plan.purges
        ],
        "approvals": [
            {"met": one.is_met, "sentence": approval_sentence(one), "given": given_words(one)}
            for one in approvals_of(plan, view)
        ],
        "approving": approving(plan, replace(view, plan_file="")),
        "acknowledgement": acknowledgement(plan, view),
        "guards": [f"{counts_of(guard)} {'REFUSED' if guard.tripped else 'ok'}" for guard in plan.guards],
        "wire": view.news.text if view.news else "",
        "policies": view.policies,
        "blocks": blocks,
        "full": f"{command} {_again(plan, view)}",
        "next_step": view.next_step,
    }


def _again(plan: Plan, view: View) -> str:
    """The command that shows the plan in full."""
    if view.plan_file:
        return f"show {view.plan_file}"
    if plan.options.at:
        return f"plan --at {plan.options.at[0]} --verbose"
    return (
        " ".join(("rollback", *plan.options.rollback) if plan.options.rollback else ("plan",)) + " --verbose"
    )


def _refusal(guard: Guard, view: View) -> dict[str, Any]:
    brief = replace(view, verbose=False)
    return {
        "id": guard.id,
        "sentence": sentence_of(guard, view),
        "why": f"{guard.why[:1].upper()}{guard.why[1:]}.",
        "counted": ", ".join(told(guard, [str(root) for root in guard.counted], brief)),
        "notes": told(guard, guard.notes, brief),
    }


def _blocked(reason: str) -> dict[str, Any]:
    return {"id": "refused", "sentence": reason.rstrip("."), "why": "", "counted": "", "notes": []}


def _blocks(plan: Plan, view: View) -> tuple[Block, ...]:
    systems = sorted({change.address.system for change in plan.changes})
    of_team = sum(is_of_people(one.address) for one in plan.waiting)
    others = (
        (f"{counted(len(plan.stays), 'resource')} left as they are", stays_text(plan, view)),
        (f"{counted(len(plan.lost), 'resource')} come back in part", lost_text(plan, view)),
        (f"{counted(len(plan.drifts), 'resource')} changed outside pacsconf", drifts_text(plan, view)),
        (f"{len(plan.waiting) - of_team} waiting for a person", to_key_in_text(plan, view)),
        (f"{of_team} waiting for the identity team", asked_text(plan, view)),
        (f"{len(plan.held)} held", held_text(plan, view)),
        (f"{counted(len(plan.reserved), 'name')} reserved", reserved_text(plan, view)),
        (
            f"{counted(len(plan.takes) + len(plan.forgets), 'resource')} only recorded",
            recorded_text(plan, view),
        ),
        (f"{counted(sum(map(len, view.left.values())), 'field')} left alone", left_text(view)),
        (f"{len(plan.unmanaged)} unmanaged", unmanaged_text(plan, view)),
    )
    return (
        *(_system(name, plan, view, is_only=len(systems) == 1) for name in systems),
        *(Block(title, _dedented(lines)) for title, lines in others if lines),
    )


def _system(name: str, plan: Plan, view: View, *, is_only: bool) -> Block:
    changes = tuple(change for change in plan.changes if change.address.system == name)
    read = f", {counted(plan.counts[name], 'resource')} read" if name in plan.counts else ""
    risk = highest_risk(changes)
    title = f"{name}: {action_counts(changes)}{f' · {risk}' if risk != 'none' else ''}{read}"
    return Block(title, _dedented(changes_text(changes, view)), _origins(changes, view), open=is_only)


def _dedented(lines: Lines) -> tuple[str, ...]:
    """Two columns to the left, so that a line begins with its sign."""
    return tuple(text.removeprefix("  ") for text in plain(lines).splitlines())


def _origins(changes: Iterable[Change], view: View) -> tuple[dict[str, str], ...]:
    """The places in files that the changes come from, each once: of an update's fields, else of the resource."""
    places = {
        view.origin(change.address, name)
        for change in changes
        if change.action != "delete"
        for name in ((field.name for field in change.fields) if change.action == "update" else ("",))
    }
    found = sorted(place for place in places if re.search(r":\d", place))
    return tuple({"text": place, "url": view.link(place)} for place in found)
