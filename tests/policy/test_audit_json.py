"""An audit as the record keeps it: it reads as it was written, and what others wrote is not believed blindly."""

from __future__ import annotations

import json

import pytest
from hypothesis import given

from pacsconf.core.errors import RecordError
from pacsconf.policy.audit_json import audit_from_lines, audit_to_json, audit_to_lines
from tests.audits import audits


@given(audits())
def test_it_reads_as_it_was_written(audit):
    assert audit_from_lines(audit_to_lines(audit)) == audit


@given(audits())
def test_a_result_is_a_line_so_that_git_shows_what_changed(audit):
    lines = audit_to_lines(audit).splitlines()
    assert len(lines) == 1 + len(audit.rules) + len(audit.results) + len(audit.waivers)
    assert len(audit_to_json(audit)["results"]) == len(audit.results)


@pytest.mark.parametrize(
    "spoilt",
    [
        b"",
        b"[]",
        b"{}",
        b"null\n",
        b"\xff",
        b'{"kind": "pacsconf audit"}',
        b'{"kind": "pacsconf audit", "format_version": 99}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_audit_is_refused(spoilt: bytes):
    with pytest.raises(RecordError):
        audit_from_lines(spoilt)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("state", "fine"),
        ("evidence", "hearsay"),
        ("line", "7"),
        ("message", 7),
        ("more", "x"),
        ("kind", None),
    ],
)
def test_a_result_that_says_something_else_is_refused(name: str, value: object):
    row = {"rule": "PACS-AE-001", "kind": "ae", "name": "ct-1/CT_1", "state": "pass"}
    with pytest.raises(RecordError):
        audit_from_lines(_head() + json.dumps({"result": row | {name: value}}).encode())
    assert audit_from_lines(_head() + json.dumps({"result": row}).encode()).results[0].state == "pass"


def _head() -> bytes:
    texts = dict.fromkeys(
        ("id", "at", "by", "environment", "version", "commit", "inventory", "policies", "probed"), "x"
    )
    head = {"kind": "pacsconf audit", "format_version": 1, "frameworks": ["hipaa"], **texts}
    return json.dumps(head).encode() + b"\n"
