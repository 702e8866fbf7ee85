"""Orthanc's configuration changed in place: what need not change stays to the byte."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.systems._orthanc.commented import edited, named, parsed, same_but
from pacsconf.systems._orthanc.options import DEFAULTS

HAND_MADE = b"""\
/* The archive.
   "DicomAlwaysAllowStore" : true, is not said here. */
{
  // "DicomAlwaysAllowStore" : true  (of old)
  "Name" : "Caf\xc3\xa9 \\" // no comment",
  "DicomModalities" : {
    "DicomAlwaysAllowStore" : [ "X", "h", 104 ], // a peer of that name
  "odd" : { } },
\t"DicomAlwaysAllowStore"   :   true   /* why */ ,
  "LimitFindResults" : 0 // all of them
  // the end
}
// behind it
"""


@pytest.mark.parametrize(
    ("before", "wanted", "after"),
    [
        (b'{"LimitFindResults": 0}', {"LimitFindResults": 5}, b'{"LimitFindResults": 5}'),
        (b"{}", {"LimitFindResults": 5}, b'{\n  "LimitFindResults": 5\n}'),
        (b'{"a": 1}', {"WebDavEnabled": False}, b'{"a": 1,\n  "WebDavEnabled": false\n}'),
        (
            b'{\r\n    "a": [1, {"b": 2}]\r\n}\r\n',
            {"WebDavEnabled": False, "LimitFindResults": 1},
            b'{\r\n    "a": [1, {"b": 2}],\r\n    "WebDavEnabled": false,\r\n    "LimitFindResults": 1\r\n}\r\n',
        ),
        (
            b'{\n\t"a": 1 // last\n}',
            {"MaximumStorageMode": "Reject"},
            b'{\n\t"a": 1, // last\n\t"MaximumStorageMode": "Reject"\n}',
        ),
        (b'{"a": [1, 2,],\n}', {"WebDavEnabled": True}, b'{"a": [1, 2,],\n  "WebDavEnabled": true\n}'),
        (
            b'{"a": {"b": 1,}, // , }\n}',
            {"LimitFindResults": 2},
            b'{"a": {"b": 1,}, // , }\n  "LimitFindResults": 2\n}',
        ),
        (b'{//x\r"LimitFindResults": 1}', {"LimitFindResults": 2}, b'{//x\r"LimitFindResults": 2}'),
        (b"{ /* none */ }", {"WebDavEnabled": True}, b'{ /* none */\n  "WebDavEnabled": true\n }'),
        (b'{"LimitFindResults": true}', {"LimitFindResults": 1}, b'{"LimitFindResults": 1}'),
        (b'{"\\u0057ebDavEnabled": true}', {"WebDavEnabled": False}, b'{"\\u0057ebDavEnabled": false}'),
        (
            b'\xef\xbb\xbf{"LimitFindResults":0}',
            {"LimitFindResults": 9},
            b'\xef\xbb\xbf{"LimitFindResults":9}',
        ),
    ],
    ids=[
        "replaced",
        "empty",
        "one line",
        "windows",
        "comment last",
        "comma last",
        "comma and comment",
        "old line end",
        "comment alone",
        "type",
        "escaped",
        "mark",
    ],
)
def test_options_are_replaced_or_follow_in_the_manner_of_the_file(
    before: bytes, wanted: dict[str, Any], after: bytes
) -> None:
    assert edited(before, wanted) == after
    assert edited(after, wanted) == after


def test_of_a_file_made_by_hand_nothing_else_changes() -> None:
    after = edited(
        HAND_MADE, {"DicomAlwaysAllowStore": False, "LimitFindResults": 50, "WebDavEnabled": False}
    )
    assert after == (
        HAND_MADE.replace(b":   true   /*", b":   false   /*")
        .replace(b'Results" : 0 //', b'Results" : 50, //')
        .replace(b"// the end\n", b'// the end\n  "WebDavEnabled": false\n')
    )


def test_what_says_so_already_is_left_as_it_is() -> None:
    assert edited(HAND_MADE, {"DicomAlwaysAllowStore": True, "LimitFindResults": 0}) == HAND_MADE


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b'{"WebDavEnabled": true, "WebDavEnabled": false}', "WebDavEnabled stands in it twice"),
        (b"[]", "no object"),
        (b'{"a": ${PORT}}', "Expecting value"),
        (b'{"a": 1', "Expecting ',' delimiter"),
        (b'{"a": 1,,}', "Expecting property name"),
        (b"{,}", "Expecting property name"),
        (b"", "Expecting value"),
        (b"[" * 100_000, "nested"),
    ],
    ids=["twice", "list", "variable", "cut short", "two commas", "comma alone", "empty", "deep"],
)
def test_what_cannot_be_changed_for_certain_is_not(text: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        edited(text, {"WebDavEnabled": True})


def test_the_configuration_that_debian_ships_is_changed_in_two_places() -> None:
    file = Path("/etc/orthanc/orthanc.json")
    if not file.exists():
        pytest.skip("Orthanc's package is not here")
    before = file.read_bytes()
    after = edited(before, {"DicomAlwaysAllowStore": False, "LimitFindResults": 100})
    lines = zip(before.splitlines(), after.splitlines(), strict=True)
    assert [(one, other) for one, other in lines if one != other] == [
        (b'  "DicomAlwaysAllowStore" : true,', b'  "DicomAlwaysAllowStore" : false,'),
        (b'  "LimitFindResults" : 0,', b'  "LimitFindResults" : 100,'),
    ]


# --- any file ----------------------------------------------------------------------------------------------------

OPTION = st.sampled_from(sorted(DEFAULTS))
VALUE = st.one_of(st.booleans(), st.integers(0, 1 << 31), st.sampled_from(["Recycle", "Reject"]))
NAME = st.one_of(OPTION, st.text(max_size=6), st.sampled_from(["//", "/*", "{", '"']))
ANY = st.recursive(
    st.one_of(st.none(), VALUE, st.text(max_size=8), st.floats(allow_nan=False, allow_infinity=False)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAME, inner, max_size=3)),
    max_leaves=6,
)
GAP = st.lists(
    st.sampled_from(
        [" ", "\n", "\t", "\r\n", "// a, b: {\n", '/* "x": 1 } */', '// "WebDavEnabled"\r\n', "/**/"]
    ),
    max_size=3,
).map("".join)


Member = tuple[str, str, str, str, str]
"""What stands before a name, the name, what is between it and its value, the value, and what follows."""


@dataclass(frozen=True)
class Written:
    """A JSON object as people write it: comments and spaces anywhere, other letters in it or escaped."""

    said: dict[str, Any]
    before: str
    members: list[Member]
    inside: str
    behind: str
    comma: bool = False
    """Whether one stands behind the last member, which Orthanc takes."""

    def data(self, wanted: dict[str, Any] | None = None) -> tuple[bytes, bytes]:
        """Up to its last value, and the rest; options that stand in it as they are wanted."""
        texts = [
            "".join((pre, name, mid, self.value(name, value, wanted or {}), post))
            for pre, name, mid, value, post in self.members
        ]
        if self.members:
            texts[-1] = texts[-1].removesuffix(self.members[-1][4])
        comma = "," if self.comma and self.members else ""
        rest = self.members[-1][4] if self.members else self.inside
        head = f"{self.before}{{{','.join(texts)}"
        return head.encode(
            "utf-8", "replace"
        ), f"{rest}{comma}{self.inside if comma else ''}}}{self.behind}".encode("utf-8", "replace")

    def value(self, name: str, value: str, wanted: dict[str, Any]) -> str:
        key = json.loads(name)
        if key not in wanted or json.dumps(self.said[key]) == json.dumps(wanted[key]):
            return value
        return json.dumps(wanted[key])


@st.composite
def files(draw: st.DrawFn) -> Written:
    said = draw(st.dictionaries(NAME, ANY, max_size=5))
    plain = draw(st.booleans())
    members = [
        (
            draw(GAP),
            json.dumps(name, ensure_ascii=plain),
            f"{draw(GAP)}:{draw(GAP)}",
            json.dumps(value, ensure_ascii=plain, indent=draw(st.sampled_from([None, 1]))),
            draw(GAP),
        )
        for name, value in said.items()
    ]
    return Written(said, draw(GAP), members, draw(GAP), draw(GAP), draw(st.booleans()))


@given(files(), st.dictionaries(OPTION, VALUE, max_size=4))
def test_whatever_the_file_it_says_what_is_wanted_and_keeps_every_other_byte(
    file: Written, wanted: dict[str, Any]
) -> None:
    before = b"".join(file.data())
    after = edited(before, wanted)
    head, rest = file.data(wanted)
    assert parsed(after) == {**parsed(before), **wanted}
    assert same_but(before, after, wanted)
    assert edited(after, wanted) == after
    assert set(named(after)) == set(named(before)) | wanted.keys()
    if wanted.keys() <= set(named(before)):
        assert after == head + rest
        return
    assert after.startswith(head)
    comma = b"," if file.members and not file.comma else b""
    added = after.removeprefix(head).removeprefix(comma)
    inside = rest[: len(rest) - len(f"}}{file.behind}".encode())]
    assert added.startswith(inside.rstrip(b" \t\r\n"))
    assert added.endswith(f"}}{file.behind}".encode())
