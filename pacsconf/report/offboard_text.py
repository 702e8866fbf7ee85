"""One who leaves, as a person reads it: what was written, secrets to renew, what needs another owner."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from pacsconf.core.finding import Path, Place
from pacsconf.core.plan import Plan, plan_to_json
from pacsconf.people.leaving import Leaving, Left
from pacsconf.report.as_json import FORMAT_VERSION, as_text
from pacsconf.report.lines import BLANK, Line, Lines, Span, line, wrapped


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of one who leaves: `at` is where it was `written`, or is to be; `git` brings it to others."""

    left: Leaving
    at: str = ""
    words: str = ""
    written: bool = False
    git: tuple[str, ...] = ()
    place_of: Callable[[Path], Place | None] = lambda _: None

    def place(self, one: Left) -> str:
        """Where something stands that is left behind."""
        found = self.place_of(one.path)
        return f"{found.file}:{found.line}" if found else ""


def offboard_text(told: Told, width: int) -> Lines:
    """All but what is taken away from live systems, which the plan shows."""
    left = told.left
    roles = f", who is {', '.join(left.roles)}" if left.roles else ""
    head = wrapped(f"{left.user} leaves{roles}", width, style="strong")
    return (
        *head,
        *_written(told, width),
        *_list("Renew: passwords that they answer for", left.rotate, told, width),
        *_list("Look whether to renew: passwords that they may know", left.may_know, told, width),
        *_list("Needs somebody else", left.successors, told, width),
        *_list("By hand", left.by_hand, told, width),
        *_brought(told),
        BLANK,
    )


def _written(told: Told, width: int) -> Lines:
    if not told.at:
        return wrapped("The inventory says so already.", width, first=line("  "))
    verb = "Written" if told.written else "Would be written"
    return wrapped(f"{verb}: {told.words}, at {told.at}", width, first=line("  "), indent=4)


def _list(title: str, found: Iterable[Left], told: Told, width: int) -> Lines:
    rows: list[Line] = []
    for one in found:
        place = told.place(one)
        text = f"{one.what} ({place})" if place else one.what
        rows += wrapped(text, width, first=line("  ", Span("!", "warning"), " "), indent=4)
    return (BLANK, line(Span(title, "strong")), *rows) if rows else ()


def _brought(told: Told) -> Lines:
    if not told.git:
        return ()
    head = line(Span("To be merged as any change", "strong"))
    return (BLANK, head, *(line("  ", Span(command, "command")) for command in told.git))


def offboard_json(told: Told, plan: Plan) -> str:
    """The same with the plan, in JSON."""
    left = told.left
    return as_text(
        {
            "format_version": FORMAT_VERSION,
            "user": left.user,
            "roles": list(left.roles),
            "inventory": {"at": told.at, "value": told.words, "written": told.written, "git": list(told.git)},
            "renew": _as_json(left.rotate, told),
            "may_know": _as_json(left.may_know, told),
            "successors": _as_json(left.successors, told),
            "by_hand": _as_json(left.by_hand, told),
            "plan": plan_to_json(plan),
        }
    )


def _as_json(found: Iterable[Left], told: Told) -> list[dict[str, Any]]:
    return [{"what": one.what, "path": list(one.path), "place": told.place(one)} for one in found]
