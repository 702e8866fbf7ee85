"""How a value is written into a file of each form, so that what data holds cannot break out of its place.

A form is the ending of a template's name before `.j2`. Whatever `{{ }}` writes goes through the form's writer; only
text that is already of the form (`Markup`: a macro's result, a filter of the form) stays as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from markupsafe import Markup, escape

from pacsconf.report.lines import visible
from pacsconf.report.markdown import code, escaped, fence, link

Writer = Callable[[object], Markup]


@dataclass(frozen=True, slots=True)
class Form:
    """What writes a value, and the filters that the form has beyond the common ones."""

    write: Writer
    filters: Mapping[str, Callable[..., object]] = field(default_factory=dict)


def form_of(file: str) -> Form:
    """The form of a template, by the ending of its file's name before `.j2`."""
    ending = file.removesuffix(".j2").rpartition(".")[2].lower()
    return _FORMS.get(ending, _PLAIN)


def text_of(value: object) -> str:
    """A value as people read it: nothing for None, yes and no, a day as `24 Nov 2026`, members with commas."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime() | date():
            return f"{value:%d %b %Y}"
        case tuple() | list():
            return ", ".join(map(text_of, value))
        case _:
            return str(value)


def iso(value: object) -> str:
    """A day as machines read it: `2026-11-24`; nothing for None."""
    return value.isoformat() if isinstance(value, date) else text_of(value)


# --- HTML ---------------------------------------------------------------------------------------------------------


def html(value: object) -> Markup:
    """The value as text of HTML; its line ends stay, other controls are shown."""
    if isinstance(value, Markup):
        return value
    return escape("\n".join(visible(row) for row in text_of(value).split("\n")))


# --- markdown -----------------------------------------------------------------------------------------------------


def markdown(value: object) -> Markup:
    """The value as markdown that shows it literally, on one line."""
    return value if isinstance(value, Markup) else escaped(text_of(value))


def key(value: object) -> Markup:
    """The value as a code span that may stand in a table, to be typed in as it is."""
    text = text_of(value)
    return escaped(text) if "|" in text else code(text)


# --- CSV ----------------------------------------------------------------------------------------------------------

_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
"""How a cell begins that a spreadsheet would compute, or that hides such a beginning."""


def cell(value: object) -> Markup:
    """The value as one cell of CSV (RFC 4180); one that a spreadsheet would compute begins with an apostrophe."""
    if isinstance(value, Markup):
        return value
    text = "\n".join(visible(row) for row in text_of(value).replace("\r\n", "\n").split("\n"))
    if not isinstance(value, int) and _FORMULA.match(text):
        text = f"'{text}"
    if re.search(r'[,;"\n]|^ | $', text):
        text = '"' + text.replace('"', '""') + '"'
    return Markup(text)  # noqa: S704 - a cell is no HTML; Markup says that it is of its form already


def row(values: Iterable[object], delimiter: str = ",") -> Markup:
    """The values as one row of CSV."""
    return Markup(delimiter.join(cell(value) for value in values))  # noqa: S704 - see `cell`


# --- JSON ---------------------------------------------------------------------------------------------------------


def as_json(value: object, indent: int | None = None) -> Markup:
    """The value as JSON, in ASCII. No dollar sign stands in it: Orthanc fills in `${NAME}` before it reads JSON."""
    text = json.dumps(value, indent=indent)
    return Markup(text.replace("$", "\\u0024"))  # noqa: S704 - see `cell`


# --- anything else ------------------------------------------------------------------------------------------------


def plain(value: object) -> Markup:
    """The value on one line, nothing in it that is not seen."""
    if isinstance(value, Markup):
        return value
    return Markup(visible(text_of(value)))  # noqa: S704 - see `cell`


_PLAIN = Form(plain)
_HTML = Form(html)
_CSV = Form(cell, {"row": row})
_JSON = Form(plain, {"json": as_json})
_FORMS: Mapping[str, Form] = {
    "html": _HTML,
    "htm": _HTML,
    "xml": _HTML,
    "svg": _HTML,
    "md": Form(markdown, {"code": code, "fence": fence, "key": key, "link": link}),
    "csv": _CSV,
    "json": _JSON,
}
