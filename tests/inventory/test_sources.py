"""Where values come from, asked of a table by hand."""

from __future__ import annotations

from pacsconf.core.finding import Finding, Place
from pacsconf.inventory.document import parse
from pacsconf.inventory.sources import Origin, Sources


def sources(text, aliases=()):
    return Sources(parse(text, "inventory/a.yaml")[0], dict(aliases))


def test_alias_leads_from_the_model_to_what_was_written():
    table = sources("a: {port: 104}\n", {("a", "connections", "dicom"): (("a",), "")})
    assert table.told(("a", "connections", "dicom", "port")) == "inventory/a.yaml:1"


def test_longest_alias_counts():
    table = sources("a: 1\nb: 2\n", {("x",): (("a",), ""), ("x", "y"): (("b",), "site s")})
    assert table.told(("x",)) == "inventory/a.yaml:1"
    assert table.told(("x", "y")) == "site s (inventory/a.yaml:2)"


def test_null_is_no_source():
    assert sources("a: {b: }\n").told(("a", "b")) == "default"


def test_position_in_a_list_and_a_single_value_for_a_list():
    table = sources("a: [x, y]\nb: z\n")
    assert [str(table.place(path)) for path in (("a", 1), ("b", 0), ("a", 7))] == [
        "inventory/a.yaml:1:8",
        "inventory/a.yaml:2:4",
        "inventory/a.yaml:1:1",
    ]


def test_finding_about_a_key_points_at_the_key():
    table = sources("a:\n  porrt: 104\n")
    about_key, about_value = (
        Finding(rule, "error", "", path=("a", "porrt")) for rule in ("PACS-KEY-001", "X")
    )
    assert [str(finding.place) for finding in table.located([about_key, about_value])] == [
        "inventory/a.yaml:2:3",
        "inventory/a.yaml:2:10",
    ]


def test_place_that_is_known_already_is_kept():
    at = Place("inventory/b.yaml", 9, 9)
    (finding,) = sources("a: 1\n").located([Finding("X", "error", "", path=("a",), place=at)])
    assert finding.place == at


def test_origin_for_the_eye():
    assert str(Origin(Place("inventory/a.yaml", 4, 2), "profile ct")) == "profile ct (inventory/a.yaml:4)"
