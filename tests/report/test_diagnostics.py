from dataclasses import replace

import pytest

from pacsconf.core.finding import Finding, Place
from pacsconf.report.diagnostics import checked_text, excerpt, findings_text
from pacsconf.report.lines import joined, plain

LINES = {
    ("inventory/devices/ct.yaml", 6): "      CT01: {connections: [dicom]}",
    ("inventory/devices/ct.yaml", 7): "\tmodel: SOMATOM go.Top",
    ("inventory/devices/mr.yaml", 2): "  mr-2: {profile: mr, site: main, stationname: MR2}",
}


def line_of(file, number):
    return LINES.get((file, number))


def place_of(path):
    known = {("devices", "ct-er-2", "ae_titles", "CT01"): Place("inventory/devices/ct.yaml", 6, 7, 4)}
    return known.get(path)


def test_findings_read_like_a_compilers_in_the_order_of_the_files(findings, golden):
    shown = findings_text(findings, place_of=place_of, line_of=line_of)
    size = checked_text(findings, {"device": 61, "AE": 84, "flow": 37}, 0.31)
    golden("findings.txt", plain(joined((shown, size))))


@pytest.mark.parametrize(
    ("place", "source", "shown"),
    [
        (Place("f", 3, 1, 4), "port: 104", "   3 | port: 104\n     | ^^^^\n"),
        (Place("f", 3, 2), "\t\tport: 104", "   3 | →   →   port: 104\n     |     ^^^^\n"),
        (Place("f", 12, 7, 99), "name: 病院", "   12 | name: 病院\n      |       ^^^^\n"),
        (Place("f", 1, 10), "port:", "   1 | port:\n     |      ^\n"),
        (Place("f", 1, 1, 2), "a\x1b[2Jb", "   1 | a\\x1b[2Jb\n     | ^^^^^\n"),
        (Place("f", 1, 1), "", "   1 |\n     | ^\n"),
    ],
    ids=["word", "tab", "wide", "beyond", "escape", "empty"],
)
def test_the_caret_stands_below_what_is_meant(place, source, shown):
    assert plain(excerpt(place, source, 80)) == shown


def test_of_a_long_line_the_part_around_the_place_is_shown():
    source = "x" * 300 + "HERE" + "y" * 300
    above, below = plain(excerpt(Place("f", 1, 301, 4), source, 80)).splitlines()
    assert len(above) <= 80
    assert above.startswith("   1 | …x")
    assert above.endswith("y…")
    start = below.index("^")
    assert above[start : start + 4] == "HERE"


def test_a_place_without_a_source_line_is_still_named():
    finding = Finding("X-1", "error", "Something is wrong", place=Place("gone.yaml", 9, 1))
    shown = findings_text([finding], place_of=place_of, line_of=line_of)
    assert plain(shown) == "error[X-1] Something is wrong\n   gone.yaml:9:1\n"


def test_a_note_in_brief_says_what_and_what_to_do():
    note = Finding("PACS-X", "info", "It is not known", "Nobody tells.", "Ask.", path=("devices", "ct-1"))
    warning = replace(note, severity="warning")
    shown = findings_text([note, warning], place_of=place_of, line_of=line_of, brief=True)
    assert plain(shown).split("\n\n")[0] == "note[PACS-X] It is not known\n   fix  Ask."
    assert "why  Nobody tells." in plain(shown).split("\n\n")[1]


def test_without_a_place_the_path_is_named():
    finding = Finding("X-1", "info", "Worth a look", path=("devices", "ct-1", "nodes", 0))
    shown = findings_text([finding], place_of=place_of, line_of=line_of)
    assert plain(shown) == "note[X-1] Worth a look\n   devices.ct-1.nodes.0\n"


def test_the_same_findings_in_another_order_give_the_same_screen(findings):
    def shown(these):
        return findings_text(these, place_of=place_of, line_of=line_of)

    assert shown(findings) == shown(tuple(reversed(findings)))


def test_nothing_wrong_is_said_with_what_was_looked_at(findings):
    many = {"device": 73, "AE": 76, "flow": 38, "user": 132, "role": 18}
    assert plain(checked_text([], many, 0.35, 70)) == (
        "No errors · 73 devices, 76 AEs, 38 flows, 132 users, 18 roles\n  checked in 0.35 s\n"
    )
    assert plain(checked_text([], {"device": 1}, 0.042)) == "No errors · 1 device checked in 0.04 s\n"
    warnings = [replace(findings[0], severity=severity) for severity in ("warning", "warning", "info")]
    shown = plain(checked_text(warnings, {"device": 61, "AE": 84}, 0.3))
    assert shown == "\nNo errors, 2 warnings, 1 note · 61 devices, 84 AEs checked in 0.30 s\n"
