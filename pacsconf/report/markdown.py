"""Markdown that data cannot break out of: what a template writes is escaped unless a filter of ours made it."""

from __future__ import annotations

import re

from markupsafe import Markup

from pacsconf.report.lines import visible

_SPECIAL = re.compile(r"[&<>`*_{}\[\]#|~\\@$]|:(?=//)|(?<=www)\.", re.IGNORECASE)
"""What markdown, HTML, mentions and automatic links are made of."""


class Markdown(Markup):
    """Text that is markdown already."""

    __slots__ = ()


def escaped(value: object) -> Markdown:
    """`value` as markdown that shows it literally, on one line."""
    if isinstance(value, Markdown):
        return value
    return Markdown(_SPECIAL.sub(lambda found: f"&#{ord(found[0])};", visible(str(value))))


def code(value: object) -> Markdown:
    """`value` as a code span."""
    text = visible(str(value))
    ticks = "`" * (_longest_run(text) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return Markdown(f"{ticks}{pad}{text}{pad}{ticks}") if text.strip() else Markdown("")


def fence(value: object) -> Markdown:
    """`value` as a fenced block whose lines are coloured by their first sign."""
    lines = [visible(text) for text in str(value).splitlines()]
    ticks = "`" * max(3, _longest_run("\n".join(lines)) + 1)
    return Markdown("\n".join((f"{ticks}diff", *lines, ticks)))


def link(value: object, url: str) -> Markdown:
    """`value` as a link, or as a code span where there is no web address."""
    if not re.match(r"https?://[^\s<>]+\Z", url):
        return code(value)
    return Markdown(f"[{escaped(value)}](<{visible(url)}>)")


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
