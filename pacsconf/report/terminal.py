"""Lines in colour. The console that prints them decides whether there is any (NO_COLOR, pipes)."""

from __future__ import annotations

from collections.abc import Mapping

from rich.text import Text

from pacsconf.report.lines import Lines, Style

_COLOURS: Mapping[Style, str] = {
    "": "",
    "strong": "bold",
    "faint": "dim",
    "create": "green",
    "update": "yellow",
    "delete": "red",
    "warning": "bold yellow",
    "error": "bold red",
    "good": "green",
    "command": "bold cyan",
}
"""Of the terminal's own sixteen colours, so that a light and a dark background both work."""


def to_rich(lines: Lines) -> Text:
    """The lines as rich text; nothing in them is read as markup.

    Print with `console.print(to_rich(lines), soft_wrap=True)`: they are laid out already.
    """
    text = Text(end="", no_wrap=True, overflow="ignore")
    for this in lines:
        for span in this:
            text.append(span.text, style=_COLOURS[span.style] or None)
        text.append("\n")
    return text
