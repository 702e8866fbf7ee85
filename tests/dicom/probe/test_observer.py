from __future__ import annotations

import time

import pytest

from pacsconf.core.finding import Finding
from pacsconf.dicom.probe.findings import finding
from pacsconf.dicom.probe.observer import observe, probe
from pacsconf.dicom.wire import Wire

NO_VERIFICATION = """[[TransferSyntaxes]]
[Plain]
TransferSyntax1 = LittleEndianImplicit
[[PresentationContexts]]
[Ctx]
PresentationContext1 = CTImageStorage\\Plain
[[Profiles]]
[Lab]
PresentationContexts = Ctx
"""


def outcome(observation) -> tuple[str, str]:
    return observation.verdict, observation.reason


def steps(observation) -> list[tuple[str, bool, str]]:
    return [(step.name, step.passed, step.text) for step in observation.steps]


def test_a_device_that_answers_an_echo_is_healthy(storescp, a_target):
    observation = probe(a_target(storescp()), Wire())
    assert outcome(observation) == ("healthy", "")
    assert steps(observation) == [
        ("tcp", True, "connected"),
        ("association", True, "accepted"),
        ("echo", True, "answered"),
    ]
    assert finding(observation) is None
    assert 0 < observation.milliseconds < 5000


def test_a_caller_that_the_archive_knows_is_accepted(archive, a_target):
    assert probe(a_target(archive, title="ARCHIVE"), Wire()).verdict == "healthy"


def test_a_caller_that_the_archive_does_not_know_is_rejected_with_its_reason(archive, a_target):
    observation = probe(a_target(archive, title="ARCHIVE", calling="STRANGER"), Wire())
    # dcmqrscp 3.6.7 gives the reason "called", not "calling", for this
    words = 'permanent, by service user, "called AE title not recognised"'
    reason = f"association rejected: {words} (PS3.8 9.3.4: 1/1/7)"
    assert outcome(observation) == ("failing", reason)
    assert finding(observation) == Finding(
        rule="WIRE-ASSOC",
        severity="error",
        summary="ARCHIVE of ct-1 fails on the wire",
        detail=f"{reason} (asked at 127.0.0.1:{archive}).",
        fix="Compare the AE titles and addresses that both sides hold.",
        path=("devices", "ct-1", "ae_titles", "ARCHIVE"),
        evidence="observed",
    )


def test_a_device_that_refuses_everybody_is_failing(storescp, a_target):
    assert outcome(probe(a_target(storescp("--refuse")), Wire())) == (
        "failing",
        'association rejected: permanent, by service user, "no reason given" (PS3.8 9.3.4: 1/1/1)',
    )


def test_a_device_without_verification_is_failing(storescp, a_target, tmp_path):
    (tmp_path / "scp.cfg").write_text(NO_VERIFICATION)
    assert outcome(probe(a_target(storescp("-xf", str(tmp_path / "scp.cfg"), "Lab")), Wire())) == (
        "failing",
        "accepted, but not for Verification: abstract syntax not supported (PS3.8 9.3.3.2: 3)",
    )


def test_a_port_with_nobody_is_failing(free_port, a_target):
    observation = probe(a_target(free_port), Wire())
    assert outcome(observation) == ("failing", f"connection refused: nothing listens at port {free_port}")
    found = finding(observation)
    assert found is not None
    assert (found.rule, found.path) == ("WIRE-TCP", ("devices", "ct-1", "connections", "dicom", "host"))


def test_a_silent_device_that_may_sleep_is_asleep_and_no_finding(free_port, a_target):
    observation = probe(a_target(free_port, may_sleep=True), Wire())
    assert observation.verdict == "asleep"
    assert finding(observation) is None


@pytest.mark.parametrize("answer", [b"", b"\x02\x00"], ids=["nothing", "half a PDU"])
def test_a_device_that_hangs_is_left_after_the_timeout(stranger, a_target, answer):
    since = time.monotonic()
    observation = probe(a_target(stranger(answer).port), Wire(timeout=0.3))
    assert outcome(observation) == (
        "failing",
        "connected, but no answer to the association request within 0.3 s",
    )
    assert time.monotonic() - since < 2


def test_a_host_that_drops_packets_is_left_after_the_timeout(a_target, free_port):
    import socket

    with socket.socket() as full:  # one connection fills the queue of a listener that never accepts
        full.bind(("127.0.0.1", free_port))
        full.listen(0)
        with socket.create_connection(("127.0.0.1", free_port)):
            observation = probe(a_target(free_port), Wire(timeout=0.3))
    assert outcome(observation) == (
        "failing",
        "no answer within 0.3 s: off, not in the network, or behind a firewall that drops",
    )


def test_something_else_at_the_port_is_said(stranger, a_target):
    assert outcome(probe(a_target(stranger(b"HTTP/1.1 400 Bad\r\n\r\n").port), Wire())) == (
        "failing",
        "the answer to the association request is not DICOM: something else listens at this port",
    )


def test_a_device_that_hangs_up_is_failing(stranger, a_target):
    verdict, reason = outcome(probe(a_target(stranger(hang_up=True).port), Wire()))
    assert (verdict, reason) == ("failing", "the peer closed the connection after the association request")


def test_level_tcp_connects_and_says_nothing(stranger, a_target):
    peer = stranger(hang_up=True)
    observation = probe(a_target(peer.port, level="tcp"), Wire())
    assert steps(observation) == [("tcp", True, "connected")]
    assert observation.verdict == "healthy"
    probe(a_target(peer.port), Wire())  # a second connection: when it was heard, the first is over
    assert peer.heard[0] == b""


def test_level_none_opens_no_connection(stranger, a_target):
    peer = stranger()
    observation = probe(a_target(peer.port, level="none", why="do not probe (site south)"), Wire())
    assert outcome(observation) == ("not probed", "do not probe (site south)")
    assert (observation.steps, finding(observation), peer.heard) == ((), None, [])


def test_without_a_title_to_call_as_no_association_is_requested(stranger, a_target):
    peer = stranger(hang_up=True)
    observation = probe(a_target(peer.port, calling=None), Wire())
    assert outcome(observation) == ("unknown", "connected, but no device is named to call as (probe_as)")
    found = finding(observation)
    assert found is not None
    assert (found.rule, found.severity, found.verdict) == ("WIRE-ECHO", "warning", "unknown")


def test_a_standby_must_be_silent(free_port, a_target):
    observation = probe(a_target(free_port, node="b", standby=True), Wire())
    assert outcome(observation) == ("healthy", "")
    assert steps(observation) == [("tcp", True, "silent, as a standby must be")]


def test_a_standby_that_answers_is_failing(stranger, a_target):
    observation = probe(a_target(stranger(hang_up=True).port, node="b", standby=True), Wire())
    found = finding(observation)
    assert found is not None
    assert (found.rule, found.path) == ("WIRE-STANDBY", ("devices", "ct-1", "nodes", "b"))
    assert observation.reason == "a standby answers: two nodes may be active at once"


def test_a_name_that_does_not_exist_is_failing(a_target):
    observation = probe(a_target(104, host="a..b"), Wire())
    assert outcome(observation) == ("failing", 'the name "a..b" does not exist')
    found = finding(observation)
    assert found is not None
    assert found.rule == "WIRE-NAME"


def test_a_name_is_looked_up_first(stranger, a_target):
    observation = probe(a_target(stranger(hang_up=True).port, host="localhost", level="tcp"), Wire())
    assert [step.name for step in observation.steps] == ["name", "tcp"]


def test_dial_names_the_address_to_call_instead(storescp, a_target):
    dial = {"10.20.0.1:104": f"127.0.0.1:{storescp()}"}
    assert probe(a_target(104, host="10.20.0.1"), Wire(dial)).verdict == "healthy"


NOT_CALLED = "not called: in this environment nothing leads to this address"


def test_dial_can_forbid_every_address_it_does_not_name(stranger, a_target):
    peer = stranger()
    observation = probe(a_target(peer.port), Wire({"*": "none"}))
    assert outcome(observation) == ("not probed", NOT_CALLED)
    assert peer.heard == []


@pytest.mark.parametrize("instead", ["localhost", "localhost:", ":104", "host:dicom", "host:70000"])
def test_a_dial_map_that_names_no_address_is_told(a_target, instead):
    assert outcome(probe(a_target(104), Wire({"10.20.0.1:104": instead}))) == (
        "unknown",
        f'the dial map says "{instead}", which is not host:port',
    )


def test_every_target_is_observed_once_and_one_device_one_at_a_time(a_target, stranger):
    peers = [stranger(hang_up=True) for _ in range(3)]
    asked = [a_target(peer.port, device=f"d{number}", level="tcp") for number, peer in enumerate(peers)]
    asked += [a_target(peers[0].port, device="d0", title="SECOND", level="tcp")]
    seen = list(observe(asked, Wire(), at_once=2))
    assert sorted((item.device, item.title, item.verdict) for item in seen) == [
        ("d0", "CT1", "healthy"),
        ("d0", "SECOND", "healthy"),
        ("d1", "CT1", "healthy"),
        ("d2", "CT1", "healthy"),
    ]


def test_observing_can_be_left_early(a_target, free_port):
    for _ in observe([a_target(free_port, device=f"d{number}") for number in range(20)], Wire()):
        break
