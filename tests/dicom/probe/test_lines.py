"""Runs as text: what is written reads back, and what others wrote is trusted in nothing."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import replace

import pytest
from hypothesis import given, settings

from pacsconf.core.errors import PacsconfError
from pacsconf.dicom.observation import Doors, Negotiated
from pacsconf.dicom.probe.lines import MAX_BYTES, from_lines, plain, tidy, to_lines
from tests.dicom.probe.runs import (
    CT,
    EXPLICIT,
    IMPLICIT,
    MR,
    a_run,
    a_target,
    healthy,
    left_alone,
    runs,
    shut,
)


@given(runs)
@settings(max_examples=40)
def test_what_is_written_reads_back(run):
    assert from_lines(to_lines(run), "run") == tidy(run)


@given(runs)
@settings(max_examples=40)
def test_equal_runs_are_equal_text(run):
    assert to_lines(from_lines(to_lines(run), "run")) == to_lines(run)
    assert to_lines(run).isascii()


def test_doors_of_a_run_that_knew_no_tries_of_tls_read_as_not_tried():
    run = tidy(a_run(healthy(doors=Doors(unknown_calling="open"))))
    head, line = to_lines(run).splitlines()
    assert json.loads(line)["seen"]["doors"] == {"unknown_calling": "open"}
    doors = from_lines(head + b"\n" + line + b"\n", "run").observations[0].doors
    assert (doors.plain, doors.old_tls, doors.weak_ciphers) == ("unknown", None, None)


def test_contexts_that_were_answered_alike_stand_together():
    classes = [f"1.2.840.10008.5.1.4.1.1.{n}" for n in range(100)]
    contexts = tuple(Negotiated(one, syntax, 0) for one in classes for syntax in (IMPLICIT, EXPLICIT))
    offered = tuple((one, (IMPLICIT, EXPLICIT)) for one in classes)
    run = a_run(healthy(target=a_target(level="contexts", contexts=offered), contexts=contexts))
    written = to_lines(run)
    assert from_lines(written, "run") == tidy(run)
    assert len(written) < 8000


def test_half_a_character_of_a_peer_does_not_make_a_run_unreadable():
    run = a_run(replace(healthy(), reason="a\udc80b"))
    assert from_lines(to_lines(run), "run").observations[0].reason == "a?b"


def test_in_plain_values_nothing_is_left_out():
    seen = healthy(contexts=(Negotiated(CT, IMPLICIT, 0), Negotiated(MR, IMPLICIT, 3)))
    body = plain(seen)
    assert body["target"]["device"] == "ct-1"
    assert [one["result"] for one in body["contexts"]] == [0, 3]
    assert json.loads(json.dumps(body)) == body


# --- what others wrote ------------------------------------------------------------------------------------------

RUN = a_run(
    healthy("ct-1", contexts=(Negotiated(CT, IMPLICIT, 0),)), shut("ct-2", "CT2"), left_alone("ct-3", "CT3")
)
GOOD = to_lines(RUN)


def changed(before: str, after: str) -> bytes:
    assert before.encode() in GOOD
    return GOOD.replace(before.encode(), after.encode(), 1)


MISTAKES = {
    "empty": (b"", "run:1: this is no run of pacsconf probe"),
    "another file": (b'{"format_version": 1}\n', "run:1: this is no run of pacsconf probe"),
    "no JSON": (b"\x00\xff\n", "run:1: this is no run of pacsconf probe"),
    "a list": (b"[[[]]]\n", "run:1: this is no run of pacsconf probe"),
    "nested without end": (b"[" * 100_000 + b"\n", "run:1: this is no run of pacsconf probe"),
    "a newer format": (changed('"format_version":1', '"format_version":2'), "of another format than 1"),
    "a key of the head too much": (
        changed('"by":', '"x":1,"by":'),
        "run:1: x: Extra inputs are not permitted",
    ),
    "a head without a time zone": (
        changed('"at":"2026-11-26T06:10:00Z"', '"at":"2026-11-26T06:10:00"'),
        "run:1: .*has no time zone",
    ),
    "cut in a line": (GOOD[:-30], "run:4: the file is cut short: its last line has no end"),
    "cut between lines": (GOOD[: GOOD.rindex(b"{", 0, -200)], "run:.: the file is cut short"),
    "a line too few": (b"".join(GOOD.splitlines(keepends=True)[:-1]), "it tells of 3 targets and holds 2"),
    "a target twice": (
        b"".join([*GOOD.splitlines(keepends=True), GOOD.splitlines(keepends=True)[1]]),
        "run:5: this target stands in line 2 too",
    ),
    "an unknown verdict": (changed('"healthy"', '"splendid"'), "run:2: seen.verdict: Input should be"),
    "a text for a number": (changed('"port":104', '"port":"104"'), "run:2: seen.target.port: "),
    "a port that cannot be": (changed('"port":104', '"port":-1'), "run:2: a port or a time is not one"),
    "a time that cannot be": (changed('"milliseconds":1.0', '"milliseconds":-1'), "run:2: a port or a time"),
    "not a number": (changed('"milliseconds":1.0', '"milliseconds":NaN'), "run:2: .*finite"),
    "half a character": (changed('"reason":"con', '"reason":"\\ud800con'), "run:3: Invalid JSON"),
    "a moment that is none": (
        changed('"seen":{"at":"2026-11-26T06:10:00Z"', '"seen":{"at":"yesterday"'),
        "run:2: Invalid isoformat",
    ),
    "a moment of another zone": (
        changed('"seen":{"at":"2026-11-26T06:10:00Z"', '"seen":{"at":"0001-01-01T00:00:00+14:00"'),
        "run:2: .*is not in UTC",
    ),
    "a text without end": (
        changed('"reason":"con', '"reason":"' + 9000 * "x" + "con"),
        "run:3: a text is longer than any that probe writes",
    ),
    "an unknown key": (changed('"device":"ct-1"', '"device":"ct-1","x":1'), "run:2: seen.target.x: "),
    "a line without end": (
        GOOD.replace(b'"ws-3"}\n', b'"' + b"a" * 2**20 + b'"}\n', 2),
        "run:2: the line is longer",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_error_with_its_line(name):
    data, said = MISTAKES[name]
    with pytest.raises(PacsconfError, match=said) as caught:
        from_lines(data, "run")
    assert len(caught.value.message) < 400


def test_few_bytes_do_not_stand_for_millions_of_contexts():
    many = json.dumps([str(n) for n in range(20_000)])
    bomb = changed('"classes":["1.2.840.10008.5.1.4.1.1.2"]', f'"classes":{many}')
    bomb = bomb.replace(
        b'{"1.2.840.10008.1.2":0}', json.dumps({str(n): 0 for n in range(20_000)}).encode(), 1
    )
    with pytest.raises(PacsconfError, match="run:2: it stands for more contexts than any device has"):
        from_lines(bomb, "run")


def test_nor_do_many_lines_of_few_bytes():
    contexts = tuple((f"1.2.{n}", (IMPLICIT,)) for n in range(10_000))
    line = to_lines(a_run(replace(left_alone("x-0", "X"), target=a_target("x-0", contexts=contexts))))
    head, body = line.splitlines(keepends=True)
    many = b"".join(body.replace(b"x-0", f"x-{n}".encode()) for n in range(201))
    with pytest.raises(PacsconfError, match="run:202: the run stands for more contexts than a network has"):
        from_lines(head + many, "run")


def test_a_file_of_nothing_but_line_ends_is_not_spelt_out():
    data = GOOD.splitlines(keepends=True)[0] + b"\n" * 2**22
    tracemalloc.start()
    with pytest.raises(PacsconfError, match="run:2: "):
        from_lines(data, "run")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2**22


def test_a_file_that_is_too_large_is_not_looked_at():
    with pytest.raises(PacsconfError, match="run is larger than 64 MiB"):
        from_lines(b"\n" * (MAX_BYTES + 1), "run")


@given(runs)
@settings(max_examples=40)
def test_whatever_is_cut_off_is_noticed(run):
    data = to_lines(run)
    for end in range(0, len(data), max(1, len(data) // 20)):
        with pytest.raises(PacsconfError):
            from_lines(data[:end], "run")
