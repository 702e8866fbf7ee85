"""A run of probe on the screen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pacsconf.core.finding import Place
from pacsconf.dicom.observation import Doors, Encryption, Fault, Negotiated
from pacsconf.dicom.probe.compare import compare
from pacsconf.report.lines import plain
from pacsconf.report.wire.probe_against import against_text
from pacsconf.report.wire.probe_matrix import Matrix
from pacsconf.report.wire.probe_text import counts_text, doors_text, findings_of, head_text, probe_text
from tests.dicom.probe.runs import (
    CT,
    EXPLICIT,
    IMPLICIT,
    a_run,
    a_target,
    acknowledging,
    healthy,
    left_alone,
    shut,
    step,
)

NOW = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
SHOWN = Matrix(
    NOW, command="pacsconf -e lab", prober="ws-1", place_of=lambda _path: Place("inventory/ct.yaml", 14, 7)
)


def screen(*seen, shown=SHOWN, **more) -> list[str]:
    return plain(probe_text(a_run(*seen, **more), shown)).splitlines()


def rejected(device="mr-1", title="MR1"):
    reason = "called AE title not recognised"
    steps = (step("tcp"), step("association", False, text=reason, fault=Fault("rejected", (1, 1, 7))))
    return replace(healthy(device, title), verdict="failing", steps=steps, reason=reason)


def spoken(device="ct-1", title="CT1", **more):
    names = ("name", "tcp", "tls", "association", "contexts", "echo", "query")
    return healthy(
        device,
        title,
        steps=tuple(step(name, milliseconds=3) for name in names),
        contexts=(Negotiated(CT, IMPLICIT, 0), Negotiated(CT, EXPLICIT, 3)),
        encryption=Encryption("TLSv1.3", "TLS_AES_256_GCM_SHA384"),
        **more,
    )


def test_the_whole_screen():
    south = (left_alone(f"us-{n}", f"US{n}") for n in range(14))
    assert screen(spoken(), rejected(), shut("us-p", "USP", verdict="asleep"), *south) == [
        "                 dns  tcp   tls  assoc  contexts  echo  query",
        "✓ main/ct-1      ok   ok    1.3  ok     1/2       3 ms  ok",
        "✗ main/mr-1      –    ok    –    REJ    –         –     –",  # noqa: RUF001
        "    called AE title not recognised",
        "– main/us-p      –    SHUT  –    –      –         –     –",  # noqa: RUF001
        "    connection refused: nothing listens at port 104",
        "· south/*  (14)  ·    ·     ·    ·      ·         ·     ·",
        "    do not probe (site south)",
        "",
        "error[WIRE-ASSOC] MR1 of mr-1 fails on the wire",
        "   inventory/ct.yaml:14:7",
        "   why  called AE title not recognised (asked at 10.20.4.17:104).",
        "   fix  Compare the AE titles and addresses that both sides hold.",
        "",
        "latency  tcp p50 1, p95 3, max 3 ms · assoc p50 3, p95 3, max 3 ms ·",
        "         echo p50 3, p95 3, max 3 ms · query p50 3, p95 3, max 3 ms",
        "1 healthy · 1 failing · 1 asleep · 14 not probed · p95 echo 3 ms",
        "Next: pacsconf -e lab diagnose ws-1 mr-1/MR1",
    ]


def test_the_counts_read_as_agreed():
    seen = [
        *(healthy(f"ct-{n}", f"C{n}", echo=21) for n in range(58)),
        rejected("mr-1"),
        rejected("mr-2", "MR2"),
    ]
    asleep = (shut(f"us-{n}", f"U{n}", verdict="asleep") for n in range(9))
    quiet = (left_alone(f"xa-{n}", f"X{n}") for n in range(14))
    wide = replace(SHOWN, width=120)
    assert screen(*seen, *asleep, *quiet, shown=wide)[-1] == (
        "58 healthy · 2 failing · 9 asleep · 14 not probed · p95 echo 21 ms      "
        "Next: pacsconf -e lab diagnose ws-1 mr-1/MR1"
    )


def test_what_could_not_be_looked_at_is_counted_too():
    assert counts_text(a_run(shut(verdict="unknown"))) == [
        "0 healthy", "0 failing", "0 asleep", "0 not probed", "1 unknown",
    ]  # fmt: skip


def test_columns_that_nobody_was_asked_for_are_left_out():
    assert screen(healthy(steps=(step("tcp"),)))[:2] == ["             tcp", "✓ main/ct-1  ok"]
    assert screen(left_alone("us-1", "US1"))[0] == "· south/us-1  do not probe (site south)"


@pytest.mark.parametrize(
    ("how", "word"),
    [
        ("rejected", "REJ"),
        ("aborted", "ABORT"),
        ("closed", "HUNG"),
        ("silent", "MUTE"),
        ("not DICOM", "FAIL"),
    ],
)
def test_a_layer_says_how_it_failed(how, word):
    steps = (step("tcp"), step("association", False, fault=Fault(how)))
    assert screen(replace(rejected(), steps=steps))[1].split()[3] == word


def test_an_hl7_application_is_a_row_of_the_same_matrix():
    told = screen(acknowledging("AR"), healthy())

    assert told[0].split() == ["tcp", "hl7", "assoc", "echo"]
    assert [line.split() for line in told[1:3]] == [
        ["✓", "main/ct-1", "ok", "–", "ok", "3", "ms"],  # noqa: RUF001
        ["✓", "main/ris", "ok", "AR", "3", "ms", "–", "–"],  # noqa: RUF001
    ]
    assert "hl7 p50 3, p95 3, max 3 ms" in " ".join(told)
    assert "AR: refused" in " ".join(screen(acknowledging("AR"), shown=replace(SHOWN, verbose=True)))


def test_what_to_type_next_is_about_dicom():
    dead = shut(target=acknowledging().target)

    assert "diagnose" not in " ".join(screen(dead))
    assert screen(dead, shut())[-1].endswith("diagnose ws-1 ct-1/CT1")


def test_a_note_that_many_rows_have_is_told_once():
    why = "it takes one association at a time, and this is outside its probe_window (mon-fri 06:00-07:00)"
    knocked = (replace(healthy(f"ct-{n}", f"CT{n}", steps=(step("tcp"),)), reason=why) for n in range(3))
    told = screen(*knocked)
    assert told[1:6] == [
        "✓ main/ct-0  ok   [1]",
        "✓ main/ct-1  ok   [1]",
        "✓ main/ct-2  ok   [1]",
        "  [1]  it takes one association at a time, and this is outside its probe_window",
        "       (mon-fri 06:00-07:00)",
    ]


def test_a_long_note_ends_where_the_finding_tells_it_whole():
    reason = "24 of 46 accepted; not " + ", ".join(f"SOP class number {n}" for n in range(9))
    told = screen(
        replace(rejected(), reason=reason, steps=(step("tcp"), step("contexts", False, text=reason)))
    )
    assert told[2].startswith("    24 of 46 accepted; not SOP class number 0")
    assert told[3].endswith(" …")
    assert told[4] == ""
    assert "SOP class number 8" in " ".join(told)


def test_what_a_fault_has_lasted_stands_in_its_row():
    run = a_run(shut())
    today = replace(run, sightings=(replace(run.sightings[0], since="2026-11-26T05:10:00Z"),))
    assert "(since 05:10 UTC)" in plain(probe_text(today, SHOWN))
    before = replace(run, sightings=(replace(run.sightings[0], since="2026-11-20T05:10:00Z"),))
    assert "(since 20 Nov 2026 05:10 UTC)" in " ".join(plain(probe_text(before, SHOWN)).split())


def test_names_are_as_long_as_tells_them_apart():
    rows = screen(
        healthy("pacs", "A", target=a_target("pacs", "A")),
        healthy("pacs", "A", target=a_target("pacs", "A", node="n-1")),
        healthy("pacs", "B", target=a_target("pacs", "B")),
        healthy("ris", "R", target=a_target("ris", "R", connection="one")),
        healthy("ris", "R", target=a_target("ris", "R", connection="two")),
        healthy("lost", "L", target=a_target("lost", "L", site=None)),
    )
    assert [row[:16].rstrip() for row in rows[1:7]] == [
        "✓ lost", "✓ main/pacs/A", "✓   n-1", "✓ main/pacs/B", "✓ main/ris one", "✓ main/ris two",
    ]  # fmt: skip


def test_of_a_site_that_was_left_alone_in_part_that_is_said():
    site = (left_alone(f"us-{n}", f"US{n}", site="main", why="do not probe") for n in range(3))
    assert "· main/*  (3 of 4)" in screen(healthy(), *site)[-5]


def test_every_row_stands_there_when_all_is_asked_for():
    rows = screen(*(left_alone(f"us-{n}", f"US{n}") for n in range(5)), shown=replace(SHOWN, verbose=True))
    assert [row[:12] for row in rows[:5]] == [f"· south/us-{n}" for n in range(5)]


def test_of_many_findings_the_first_are_told_whole():
    seen = [rejected(f"mr-{n}", f"MR{n}") for n in range(12)]
    told = "\n".join(screen(*seen))
    assert told.count("error[WIRE-ASSOC]") == 10
    assert "… and 2 more (-v shows them)" in told
    assert "\n".join(screen(*seen, shown=replace(SHOWN, verbose=True))).count("error[WIRE-ASSOC]") == 12


def test_what_fails_comes_before_what_will():
    due = replace(healthy(), encryption=Encryption("TLSv1.3", "X", not_after="2026-12-01", days_left=5))
    found = findings_of(a_run(due, rejected()))
    assert [finding.severity for finding in found] == ["error", "warning"]


def test_what_could_not_be_seen_is_a_finding_when_all_is_asked_for():
    run = a_run(shut(verdict="unknown"))
    assert (len(findings_of(run)), len(findings_of(run, everything=True))) == (0, 1)


def test_whom_it_lets_in_is_a_table_of_its_own():
    doors = Doors("refused", "open", "open", "refused", "unknown")
    run = a_run(replace(healthy(), doors=doors), rejected())
    assert plain(doors_text(run.sightings, SHOWN)).splitlines()[2:] == [
        "             wrong title  stranger  echo     store    query",
        "! main/ct-1  refused      OPEN      OPEN     refused  unknown",
    ]


def test_a_door_that_is_declared_open_is_no_fault():
    doors = Doors("refused", "open", "open", "open", "open")
    run = a_run(replace(healthy(), target=a_target(accepts="any"), doors=doors))
    assert plain(doors_text(run.sightings, SHOWN)).splitlines()[-1].startswith("✓ main/ct-1")


def test_a_run_that_was_stopped_says_so():
    told = screen(healthy(), whole=False)
    assert any(row.startswith("Stopped: this is what was seen until then.") for row in told)


def test_who_was_impersonated_is_said():
    assert "Called as CT9, which is another's title" in "\n".join(screen(healthy(), impersonated="CT9"))


def test_that_nobody_is_named_to_call_as_is_told_with_what_to_do():
    unasked = replace(healthy(target=a_target(calling=None)), verdict="unknown", reason="connected")
    said = " ".join(" ".join(screen(unasked)).split())
    assert "name it in the inventory: pacsconf: {probe_as: DEVICE}" in said
    assert "probe_as" not in " ".join(screen(healthy()))


def test_text_of_a_peer_acts_on_no_terminal():
    told = "\n".join(screen(replace(rejected(), reason="\x1b[2J\u202egone")))
    assert "\\x1b[2J\\u202egone" in told
    assert "\x1b" not in told


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_no_line_is_wider_than_the_screen(width):
    seen = [spoken(f"computed-tomograph-{n}", f"TITLE_{n:010}") for n in range(3)]
    told = screen(*seen, rejected(), left_alone("us-1", "US1"), shown=replace(SHOWN, width=width))
    assert max(map(len, told)) <= max(80, width)


@pytest.mark.parametrize("called", ["dns", "no dns"])
def test_a_matrix_of_all_layers_fits_into_eighty_columns(called):
    slow = [
        replace(one, milliseconds=1250) for one in spoken().steps if called == "dns" or one.name != "name"
    ]
    seen = [replace(spoken(f"us-portable-{n}", f"US_{n}"), steps=tuple(slow)) for n in range(4)]
    answered = acknowledging("AR")
    late = tuple(replace(one, milliseconds=1250) for one in answered.steps)
    why = "its note is too long to stand in the row, and is told at its foot"
    noted = [replace(rejected(f"mr-{n}", f"MR{n}"), reason=why) for n in range(3)]
    told = screen(*seen, *noted, replace(answered, steps=late))
    matrix = told[: told.index("")]
    assert [line for line in matrix if len(line) > 80] == []
    assert [line for line in matrix if line.strip().startswith("[")] == []


def test_a_run_that_was_kept_says_where_it_comes_from():
    told = plain(head_text(a_run(site="north"), SHOWN, "probes/last.jsonl")).splitlines()
    assert told == [
        "Probe of lab",
        "  kept in    probes/last.jsonl",
        "  asked at   26 Nov 2026 06:10 UTC",
        "  by         Maria Weber <mweber@example.org>",
        "  from       ws-3, site north",
        "",
    ]


# --- two runs ---------------------------------------------------------------------------------------------------


def against(before, after, **more) -> list[str]:
    return plain(against_text(compare(before, after), "before", **more)).splitlines()


def test_the_worse_comes_first_and_contexts_are_named():
    lost = healthy("zz", "ZZ", contexts=(Negotiated(CT, IMPLICIT, 0), Negotiated(CT, EXPLICIT, 4)))
    had = replace(lost, contexts=(Negotiated(CT, IMPLICIT, 0), Negotiated(CT, EXPLICIT, 0)))
    told = against(a_run(shut("ct-1"), had), a_run(healthy("ct-1"), lost), uid_name=lambda uid: uid[-3:])
    assert told == [
        'Changed since run "before" of 26 Nov 2026 06:10 UTC: 2 targets; 2 targets were',
        "looked at in both.",
        "  zz/ZZ",
        "    ✗ contexts lost    1 of 2",
        "        1.2, 2.1",
        "  ct-1/CT1",
        "    ✓ verdict          failing → healthy",
        "Echo of 1 target: median 3 → 3 ms, p95 3 → 3 ms",
    ]


def test_of_many_contexts_a_few_are_named():
    classes = [f"1.2.840.10008.5.1.4.1.1.{n}" for n in range(20)]
    had, lost = (
        healthy(contexts=tuple(Negotiated(one, IMPLICIT, result) for one in classes)) for result in (0, 3)
    )
    assert "        … 12 more (-v)" in against(a_run(had), a_run(lost))
    assert sum(IMPLICIT in row for row in against(a_run(had), a_run(lost), verbose=True)) == 20


def test_when_nothing_changed_that_is_said():
    assert against(a_run(healthy()), a_run(healthy()))[0] == (
        'Nothing changed since run "before" of 26 Nov 2026 06:10 UTC: 1 target was looked'
    )
