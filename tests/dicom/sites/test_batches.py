from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf import __version__
from pacsconf.dicom.probe.findings import finding
from pacsconf.dicom.probe.run import moment
from pacsconf.dicom.sites.batches import (
    LIMIT,
    NotAnswered,
    answered,
    carried_out,
    in_batches,
    ordered,
    unlike,
    unseen,
)
from pacsconf.dicom.targets import Target
from pacsconf.dicom.wire import Identity, Wire

A_TARGET = Target("ct-1", "CT1", "dicom", "127.0.0.1", 1, "10.20.0.1:104", "echo", "PROBE", site="north")
CONTEXTS = (("1.2.840.10008.5.1.4.1.1.2", ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1")),)


def test_what_a_worker_sees_comes_back_as_it_was(storescp, a_target):
    port = storescp()
    targets = [a_target(port, site="north", contexts=CONTEXTS), a_target(1, device="mr-1", site="north")]
    answer = carried_out(ordered(targets, Wire(timeout=5), 60))
    first, second = answered(answer, targets)
    assert (first.target, first.verdict) == (targets[0], "healthy")
    assert (second.target, second.verdict) == (targets[1], "failing")
    assert finding(second).rule == "WIRE-TCP"


def test_a_worker_asks_hl7_applications_too(stranger, a_target):
    port = stranger(b"HTTP/1.1 400 Bad Request\r\n\r\n").port
    target = a_target(port, title="RIS|HOSP", calling="PROBE|", protocol="hl7")
    (seen,) = answered(carried_out(ordered([target], Wire(timeout=5), 60)), [target])

    assert (seen.verdict, [step.name for step in seen.steps]) == ("failing", ["tcp", "mllp"])
    assert seen.reason == "it speaks HTTP at this port"


def test_a_worker_calls_nobody_that_its_orders_lead_nowhere(stranger, a_target):
    listener = stranger()
    target = a_target(listener.port)
    (seen,) = answered(carried_out(ordered([target], Wire({"*": "none"}), 60)), [target])
    assert (seen.verdict, listener.heard) == ("not probed", [])


def test_a_worker_of_another_version_does_not_look(stranger, a_target):
    listener = stranger()
    target = a_target(listener.port, site="north")
    order = json.loads(ordered([target], Wire(), 60)) | {"version": "99.0"}
    with pytest.raises(
        NotAnswered, match=f"runs pacsconf {__version__}, this is 99.0: install the same there"
    ):
        list(answered(carried_out(json.dumps(order)), [target]))
    assert listener.heard == []


def test_what_the_worker_had_no_time_for_is_unknown():
    targets = [replace(A_TARGET, device=f"ct-{number}") for number in range(3)]
    answer = carried_out(ordered(targets, Wire(timeout=1), 0))
    seen = list(answered(answer, targets))
    assert [one.verdict for one in seen if one.verdict == "unknown"] == ["unknown", "unknown"]
    assert {one.reason for one in seen if one.verdict == "unknown"} == {
        "site north: the worker's time was over before it came to it"
    }


@pytest.mark.parametrize(("seconds", "wanted"), [(3600, False), (0.1, True)], ids=["taken back", "time over"])
def test_a_worker_hangs_up_on_who_is_silent_when_its_order_does_not_count_any_more(
    stranger, a_target, seconds, wanted
):
    target = a_target(stranger().port, site="north")
    answer = carried_out(ordered([target], Wire(timeout=3600), seconds), lambda: wanted)
    assert [seen.verdict for seen in answered(answer, [target])] == ["unknown"]


def test_files_of_the_worker_are_where_its_machine_has_them(monkeypatch, storescp, a_target, tmp_path):
    sent = Identity("/nowhere/ca.pem", "/nowhere/cert.pem", "/nowhere/key.pem")
    used = []
    look = "pacsconf.dicom.sites.batches.observe"
    monkeypatch.setattr(look, lambda targets, wire, **_: used.append(wire.tls) or [])
    monkeypatch.setenv("PACSCONF_PROBE_CA_FILE", "/etc/site/ca.pem")
    carried_out(ordered([A_TARGET], Wire(tls=sent), 60))
    assert used == [Identity("/etc/site/ca.pem", "/nowhere/cert.pem", "/nowhere/key.pem")]


def test_files_that_the_workers_machine_does_not_have_are_said_to_be_missing_there():
    target = replace(A_TARGET, tls=True)
    order = ordered([target], Wire(tls=Identity(ca_file="/nowhere/ca.pem")), 60)
    with pytest.raises(NotAnswered, match=r"on the worker's machine .*/nowhere/ca.pem"):
        list(answered(carried_out(order), [target]))


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(None, id="nothing"),
        pytest.param(b"{}", id="bytes"),
        pytest.param("", id="empty"),
        pytest.param('{"seen": [[0, {}]]}', id="half"),
        pytest.param("x" * (LIMIT + 1), id="endless"),
        pytest.param('{"seen": [[0, {"target": 5}]]}', id="of another shape"),
    ],
)
def test_an_answer_that_is_none_is_said_to_be_none(answer):
    with pytest.raises(NotAnswered, match="not one of pacsconf's"):
        list(answered(answer, [A_TARGET]))


def dated(at: str) -> str:
    answer = json.loads(carried_out(ordered([A_TARGET], Wire(timeout=1), 60)))
    answer["seen"][0][1]["at"] = at
    return json.dumps(answer)


def test_a_worker_whose_clock_is_ahead_does_not_count_as_the_newest_for_days():
    (seen,) = answered(dated("2999-01-01T00:00:00+00:00"), [A_TARGET])
    assert moment(seen.at) <= datetime.now(UTC)


@pytest.mark.parametrize("at", ["yesterday", "2026-11-26T06:10:00", "0001-01-01T00:00:00+14:00"])
def test_a_moment_that_is_none_is_no_answer(at):
    with pytest.raises(NotAnswered, match="not one of pacsconf's"):
        list(answered(dated(at), [A_TARGET]))


def test_a_worker_cannot_say_anything_of_what_it_was_not_asked():
    asked = replace(A_TARGET, device="mr-1")
    (seen,) = answered(carried_out(ordered([A_TARGET], Wire(timeout=1), 60)), [asked])
    assert seen.target == asked


def test_a_site_that_cannot_look_is_one_finding_for_all_its_devices():
    targets = [A_TARGET, replace(A_TARGET, device="mr-1", port=104, title="MR1")]
    findings = {finding(unseen(target, "no worker")) for target in targets}
    (one,) = findings
    assert (one.rule, one.verdict, one.path) == ("WIRE-SITE", "unknown", ("sites", "north"))
    assert one.detail == "site north: no worker. Whether they answer is not known."


def test_what_nobody_may_call_is_not_missed():
    target = replace(A_TARGET, level="none", why="do not probe")
    seen = unseen(target, "no worker")
    assert (seen.verdict, seen.reason, finding(seen)) == ("not probed", "do not probe", None)


def test_the_other_version_is_named():
    assert unlike("1", "2") == "the worker runs pacsconf 2, this is 1: install the same there"


some_targets = st.lists(
    st.builds(
        lambda device, host, port: replace(A_TARGET, device=device, host=host, port=port),
        st.sampled_from([f"d{number}" for number in range(12)]),
        st.sampled_from([f"h{number}" for number in range(12)]),
        st.integers(1, 9),
    ),
    max_size=40,
    unique=True,
)


@given(some_targets, st.integers(1, 10))
def test_batches_hold_every_target_once_and_no_host_or_device_in_two(targets, size):
    batches = list(in_batches(targets, size))
    flat = [target for batch in batches for target in batch]
    assert sorted(flat, key=repr) == sorted(targets, key=repr)
    for key in ("device", "host"):
        holders = [{getattr(target, key) for target in batch} for batch in batches]
        assert sum(map(len, holders)) == len(set().union(*holders)) if holders else True


def test_a_batch_is_full_before_the_next_one_begins():
    targets = [replace(A_TARGET, device=f"d{number}", host=f"h{number}") for number in range(250)]
    assert [len(batch) for batch in in_batches(targets, 100)] == [100, 100, 50]
