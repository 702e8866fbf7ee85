"""Two runs, before and after."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings

from pacsconf.dicom.observation import Doors, Encryption, Negotiated, Software
from pacsconf.dicom.probe.compare import Difference, compare
from tests.dicom.probe.runs import (
    CT,
    EXPLICIT,
    IMPLICIT,
    MR,
    a_run,
    a_target,
    acknowledging,
    healthy,
    left_alone,
    runs,
    shut,
)


def told(before, after):
    made = compare(a_run(before), a_run(after))
    return [(one.what, one.text, one.worse) for one in made.differences]


def negotiated(**results):
    names = {"ct_implicit": (CT, IMPLICIT), "ct_explicit": (CT, EXPLICIT), "mr_implicit": (MR, IMPLICIT)}
    return healthy(contexts=tuple(Negotiated(*names[name], result) for name, result in results.items()))


@given(runs)
@settings(max_examples=40)
def test_a_run_does_not_differ_from_itself(run):
    assert compare(run, run).differences == ()


def test_a_device_that_fails_now_is_worse_and_one_that_answers_again_is_not():
    reason = "connection refused: nothing listens at port 104"
    assert told(healthy(), shut()) == [("verdict", f"healthy → failing: {reason}", True)]
    assert told(shut(), healthy()) == [("verdict", "failing → healthy", False)]
    assert told(healthy(), shut(verdict="asleep"))[0][2] is None


def test_contexts_that_are_accepted_no_more_are_named():
    before = negotiated(ct_implicit=0, ct_explicit=0, mr_implicit=3)
    after = negotiated(ct_implicit=0, ct_explicit=4, mr_implicit=0)
    made = compare(a_run(before), a_run(after))
    assert [(one.what, one.text, one.items, one.worse) for one in made.differences] == [
        ("contexts lost", "1 of 2", ((CT, EXPLICIT),), True),
        ("contexts gained", "1", ((MR, IMPLICIT),), False),
    ]


def test_contexts_that_were_not_asked_for_are_not_lost():
    assert told(negotiated(ct_implicit=0, mr_implicit=0), negotiated(ct_implicit=0)) == []
    assert told(negotiated(ct_implicit=0), healthy()) == []


def test_another_software_is_told():
    before = replace(healthy(), software=Software("1.2.276.0.7230010.3.0.3.6.7", "OFFIS_DCMTK_367", 16384))
    after = replace(healthy(), software=Software("1.2.276.0.7230010.3.0.3.6.8", "OFFIS_DCMTK_368", 16384))
    assert told(before, after) == [
        ("software", "version OFFIS_DCMTK_367 → OFFIS_DCMTK_368", None),
        (
            "software",
            "implementation class UID 1.2.276.0.7230010.3.0.3.6.7 → 1.2.276.0.7230010.3.0.3.6.8",
            None,
        ),
    ]


def test_another_encryption_is_told_and_the_days_that_passed_are_not():
    before = replace(
        healthy(), encryption=Encryption("TLSv1.3", "A", "CN=ct", days_left=90, client_certificate=True)
    )
    after = replace(
        healthy(), encryption=Encryption("TLSv1.2", "A", "CN=ct", days_left=80, client_certificate=False)
    )
    assert told(before, after) == [
        ("tls", "version TLSv1.3 → TLSv1.2", None),
        ("tls", "client certificate demanded yes → no", None),
    ]


def test_a_door_that_stands_open_now_is_worse():
    before, after = (replace(healthy(), doors=Doors(unknown_calling=way)) for way in ("refused", "open"))
    assert told(before, after) == [("doors", "unknown calling refused → open", True)]


def test_latency_counts_beyond_noise_alone():
    assert told(healthy(echo=3), healthy(echo=20)) == []  # twice as long, but a busy machine explains it
    assert told(healthy(echo=100), healthy(echo=130)) == []  # 30 ms more, but not twice as long
    assert told(healthy(echo=10), healthy(echo=45)) == [("latency", "echo 10 → 45 ms", True)]
    assert told(healthy(echo=45), healthy(echo=10)) == [("latency", "echo 45 → 10 ms", False)]


def test_targets_of_one_run_alone_are_told_unless_nobody_asked_them():
    made = compare(
        a_run(healthy("ct-1"), left_alone("ct-4", "CT4")),
        a_run(healthy("ct-2", "CT2"), left_alone("ct-3", "CT3")),
    )
    assert [(one.subject, one.text) for one in made.differences] == [
        ("ct-2/CT2", "only in the later run: healthy"),
        ("ct-1/CT1", "only in the former run: healthy"),
    ]
    assert made.compared == 0


def test_what_was_not_probed_in_one_of_them_is_compared_with_nothing():
    assert told(healthy(), replace(left_alone("ct-1", "CT1"), target=a_target(level="none"))) == []


def test_medians_are_of_targets_that_answered_in_both():
    made = compare(
        a_run(healthy("ct-1", echo=3), healthy("ct-2", "CT2", echo=500)),
        a_run(healthy("ct-1", echo=6), shut("ct-2", "CT2")),
    )
    assert (made.echo_before.p50, made.echo_after.p50, made.echo_after.count) == (3, 6, 1)


def test_another_acknowledgement_is_told_and_neither_is_worse():
    made = compare(a_run(acknowledging("AA")), a_run(acknowledging("AR")))

    assert made.differences == (Difference("ris/RIS|HOSP", "hl7", "AA → AR"),)
