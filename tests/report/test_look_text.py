"""What looking at something shows."""

from __future__ import annotations

import json

import pytest

from pacsconf.core.address import Address
from pacsconf.core.finding import Finding, Place, Severity
from pacsconf.report.lines import plain
from pacsconf.report.look_text import Called, Look, called_json, called_text, look_json, look_text, oddest


def odd(rule: str, severity: Severity, name: str = "ct-1", detail: str = "Because.") -> Finding:
    about = Address.of("directory", "device", name)
    return Finding(rule, severity, f"{rule} of {name}", detail, "Do it.", about=about, evidence="configured")


def a_look(*findings: Finding, **keys: object) -> Look:
    usual = {"where": "ldaps://host", "what": "A directory", "counts": {"device": 2, "AE title": 1}}
    usual |= {"seconds": 0.314, "command": "pacsconf adopt ldap --url ldaps://host"}
    return Look(**(usual | {"findings": findings} | keys))


def shown(look: Look, *, everything: bool = False, width: int = 80) -> str:
    return plain(look_text(look, width, everything=everything))


def test_the_answer_comes_first_and_the_next_command_last():
    assert shown(a_look(odd("A-B", "warning"), unseen=["Nobody signed in."])) == (
        "A directory\n"
        "  ldaps://host, read in 0.31 s, nobody signed in\n"
        "  2 devices · 1 AE title\n"
        "\n"
        "What is odd: 1 warning\n"
        "\n"
        "  warning[A-B] A-B of ct-1\n"
        "     directory/device/ct-1\n"
        "     why  Because.\n"
        "\n"
        "  what to do about each: --all\n"
        "\n"
        "Not seen\n"
        "  ? Nobody signed in.\n"
        "\n"
        "Nothing was changed.\n"
        "Next: pacsconf adopt ldap --url ldaps://host\n"
    )


def test_nothing_odd_is_said():
    assert "Nothing odd was found." in shown(a_look())


def test_where_nothing_was_seen_nothing_is_praised():
    text = shown(a_look(counts={}, unseen=["There is none."]))
    assert "nothing that pacsconf knows" in text
    assert "Nothing odd" not in text


def test_the_worst_come_first_and_among_them_the_rarest():
    findings = [
        odd("N-A", "info"),
        odd("W-A", "warning", "a"),
        odd("E-MANY", "error", "a"),
        odd("E-MANY", "error", "b"),
        odd("W-A", "warning", "b"),
        odd("E-ONE", "error"),
    ]
    assert [[each.summary for each in group] for group in oddest(findings)] == [
        ["E-ONE of ct-1"],
        ["E-MANY of a", "E-MANY of b"],
        ["W-A of a", "W-A of b"],
        ["N-A of ct-1"],
    ]


def test_ten_kinds_are_shown_and_the_rest_is_counted():
    findings = [odd(f"A-{letter}", "error", f"d-{number}") for letter in "ABCDEFGHIJKL" for number in (1, 2)]
    text = shown(a_look(*findings))
    assert text.count("error[") == 10
    assert "     directory/device/d-1, and 1 more like this\n" in text
    assert "  … and 14 more (--all, with what to do about each)\n" in text


def test_all_means_each_with_what_to_do():
    findings = [odd("A-B", "error", f"d-{number}") for number in range(30)]
    text = shown(a_look(*findings), everything=True)
    assert (text.count("error[A-B]"), text.count("     fix  Do it.\n"), "(--all" in text) == (30, 30, False)


def test_a_mistake_in_a_file_has_its_line():
    finding = Finding("LDIF-DN", "error", "No name", place=Place("x.ldif", 7, 1))
    assert "     x.ldif:7\n" in shown(a_look(finding, account=None))


def test_what_strangers_were_shown_is_harmless_on_a_terminal():
    text = shown(a_look(odd("A-B", "error", "a", "\x1b[2J\u202eevil"), what="An \x1b[31mOrthanc"))
    assert "\x1b" not in text
    assert "\u202e" not in text


@pytest.mark.parametrize("width", [40, 80, 120])
def test_it_fits_the_screen(width: int):
    findings = [odd("A-B", "error", "a-name", "Many words. " * 20)]
    look = a_look(*findings, unseen=["Many words. " * 20], command="pacsconf adopt ldap")
    assert [row for row in shown(look, width=width).splitlines() if len(row) > width] == []


def test_json_has_everything():
    findings = [odd(f"A-{letter}", "error") for letter in "ABCDEFGHIJKL"]
    body = json.loads(look_json(a_look(*findings, account="cn=a")))
    assert (body["format_version"], body["account"], body["counts"]) == (
        1,
        "cn=a",
        {"device": 2, "AE title": 1},
    )
    assert [each["rule"] for each in body["findings"]] == [each.rule for each in findings]
    assert body["findings"][0] == {
        "rule": "A-A",
        "severity": "error",
        "verdict": "fail",
        "evidence": "configured",
        "accepted": "",
        "summary": "A-A of ct-1",
        "detail": "Because.",
        "fix": "Do it.",
        "path": [],
        "place": None,
        "also": [],
        "about": "directory/device/ct-1",
    }


CALLED = Called(
    where="A@host:104",
    calling="PACSCONF",
    good=True,
    text="the association was accepted, with 2 of 3 services that were proposed",
    echo="answered",
    implementation="THEIRS · 1.2.3",
    max_pdu=16384,
    accepted=["verification", "ct-image-storage"],
    refused={"abstract syntax not supported": ["mpps"]},
    milliseconds=4.4,
    declaration="NAME: {type: TYPE, ae_title: A, host: host, port: 104}",
    command="pacsconf validate",
)


def test_an_association_is_told_with_all_that_was_answered():
    assert plain(called_text(CALLED)) == (
        "✓ A@host:104: the association was accepted, with 2 of 3 services that were\n"
        "  proposed\n"
        "  echo     answered\n"
        "  software THEIRS · 1.2.3\n"
        "  PDU      16384 bytes at most\n"
        "  time     4 ms\n"
        "\n"
        "It takes\n"
        "  verification, ct-image-storage\n"
        "\n"
        "Not taken: abstract syntax not supported\n"
        "  mpps\n"
        "\n"
        "To declare it, under devices:\n"
        "  NAME: {type: TYPE, ae_title: A, host: host, port: 104}\n"
        "\n"
        "One association was requested under the title PACSCONF. No data was sent.\n"
        "Nothing was changed.\n"
        "Next: pacsconf validate\n"
    )


def test_where_nobody_answered_no_association_is_claimed():
    called = Called("A@h:1", "PACSCONF", False, "connection refused", command="pacsconf look A@h:1")
    assert plain(called_text(called)) == (
        "✗ A@h:1: connection refused\n"
        "\n"
        "No association could be requested. Nothing was changed.\n"
        "Next: pacsconf look A@h:1\n"
    )


def test_an_association_in_json():
    body = json.loads(called_json(CALLED))
    assert (body["format_version"], body["good"], body["accepted"], body["findings"]) == (
        1,
        True,
        ["verification", "ct-image-storage"],
        [],
    )
