"""JSON with comments, changed in place: every byte that need not change stays. Pure.

Orthanc's configuration is JSON with comments, which people wrote. So options are changed where they stand:

1. The text is cut into tokens: texts, comments, signs, and words (numbers, true, null).
2. Of the members of the outermost object the place of each name and value is noted.
3. A value is replaced in its place. What is not there yet follows the last member, and what is said behind that.
4. What comes out must say the same as before, but for what was to be changed.

Bytes are looked at as if each were a character (Latin-1): all signs of JSON are ASCII, and no byte of another
character of UTF-8 is. What is written is ASCII.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Option = bool | int | str

_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|//[^\r\n]*|/\*.*?\*/|[{}\[\],:]|[^\s{}\[\],:"/]+', re.DOTALL)
_COMMENTS = re.compile(r'"(?:\\.|[^"\\])*"|//[^\r\n]*|/\*.*?\*/', re.DOTALL)
_MARK = b"\xef\xbb\xbf"
"""What some editors begin a text in UTF-8 with."""


def parsed(data: bytes) -> dict[str, Any]:
    """What the object says.

    Raises: ValueError when it is no JSON object with comments, or is nested too deeply.
    """
    text = data.removeprefix(_MARK).decode("utf-8", "replace")
    bare = _COMMENTS.sub(lambda match: match[0] if match[0].startswith('"') else " ", text)
    try:
        try:
            found = json.loads(bare)
        except ValueError:
            found = json.loads(_without_last_commas(bare))
    except RecursionError as exc:
        raise ValueError("it is nested too deeply") from exc
    if not isinstance(found, dict):
        raise ValueError("it is no object")
    return found


def _without_last_commas(text: str) -> str:
    """The same without a comma behind a last member, which Orthanc takes (seen with 1.10.1) and JSON does not."""
    parts: list[str] = []
    at, comma = 0, -1
    for match in _TOKEN.finditer(text):
        if match[0] in ("}", "]") and comma >= 0:
            parts.append(text[at:comma])
            at = comma + 1
        comma = match.start() if match[0] == "," else -1
    return "".join((*parts, text[at:]))


@dataclass(frozen=True, slots=True)
class _Member:
    """One member of the outermost object: its name, where that begins, and from where to where its value is."""

    name: str
    at: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class _Layout:
    """The members of the outermost object. Behind `tail` nothing follows but spaces, until it ends at `end`.

    `continues`: a comma stands behind the last member already.
    """

    members: tuple[_Member, ...]
    continues: bool
    tail: int
    end: int


def named(data: bytes) -> tuple[str, ...]:
    """The names in the outermost object, as often as they stand there.

    Raises: ValueError.
    """
    return tuple(one.name for one in _layout(_checked(data)).members)


def edited(data: bytes, wanted: Mapping[str, Option]) -> bytes:
    """The same object with these options; what says so already stays as it is.

    Raises: ValueError when it is none, an option stands in it twice, or nothing else came out than was wanted.
    """
    text = _checked(data)
    said, found = parsed(data), _layout(text)
    names = [one.name for one in found.members]
    if twice := sorted(name for name in wanted if names.count(name) > 1):
        raise ValueError(f"{', '.join(twice)} stands in it twice")
    places = {one.name: one for one in found.members}
    changing = {name: value for name, value in wanted.items() if not _is(said.get(name), value)}
    spans = [
        (places[name].start, places[name].stop, json.dumps(value))
        for name, value in changing.items()
        if name in places
    ]
    added = {name: value for name, value in changing.items() if name not in places}
    result = _spliced(text, [*spans, *(_added(text, found, added) if added else ())]).encode("latin-1")
    if not same_but(data, result, changing) or any(
        not _is(parsed(result).get(name), value) for name, value in wanted.items()
    ):
        raise ValueError("it could not be changed without changing something else")
    return result


def same_but(before: bytes, after: bytes, names: Collection[str]) -> bool:
    """Whether both say the same, whatever these options are.

    Raises: ValueError.
    """
    sides = (
        {name: value for name, value in parsed(one).items() if name not in names} for one in (before, after)
    )
    return len({json.dumps(side, sort_keys=True) for side in sides}) == 1


def _is(there: Any, value: Option) -> bool:
    """Whether it is this value: in JSON true is no number."""
    return type(there) is type(value) and bool(there == value)


def _checked(data: bytes) -> str:
    parsed(data)
    return data.decode("latin-1")


def _layout(text: str) -> _Layout:
    """The places in a text that is an object."""
    members: list[_Member] = []
    depth = tail = stop = 0
    continues = False
    name: re.Match[str] | None = None
    begun: int | None = None
    for match in _TOKEN.finditer(text):
        said = match[0]
        if said.startswith(("//", "/*")):
            tail = match.end()
            continue
        if depth == 1 and said in ("}", ","):
            if name is not None and begun is not None:
                members.append(_Member(str(json.loads(name[0])), name.start(), begun, stop))
            if said == "}":
                return _Layout(tuple(members), continues, tail, match.start())
            name = begun = None
            continues = True
        elif depth == 1 and name is None:
            name, continues = match, False
        elif depth == 1 and said != ":" and begun is None:
            begun = match.start()
        depth += (said in ("{", "[")) - (said in ("}", "]"))
        tail = stop = match.end()
    raise ValueError("it does not end")


def _added(text: str, found: _Layout, added: Mapping[str, Option]) -> Iterator[tuple[int, int, str]]:
    """What puts new members behind the last one, in its manner."""
    end = "\r\n" if "\r\n" in text else "\n"
    indent = _indent(text, found)
    lines = f",{end}".join(
        f"{indent}{json.dumps(name)}: {json.dumps(value)}" for name, value in added.items()
    )
    block = f"{end}{lines}" + ("" if "\n" in text[found.tail : found.end] else end)
    if found.members and not found.continues:
        last = found.members[-1].stop
        if last == found.tail:
            block = f",{block}"
        else:
            yield last, last, ","
    yield found.tail, found.tail, block


def _indent(text: str, found: _Layout) -> str:
    """What stands before the first member that begins a line."""
    for member in found.members:
        before = text[text.rfind("\n", 0, member.at) + 1 : member.at]
        if not before.strip(" \t") and "\n" in text[: member.at]:
            return before
    return "  "


def _spliced(text: str, spans: list[tuple[int, int, str]]) -> str:
    parts, at = [], 0
    for start, stop, instead in sorted(spans, key=lambda span: span[:2]):
        parts += [text[at:start], instead]
        at = stop
    return "".join((*parts, text[at:]))
