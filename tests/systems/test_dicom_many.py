"""Large layers on a real slapd: many changes on their way at once, each with its own condition and outcome."""

from __future__ import annotations

import os
import signal
from collections import Counter

import pytest

from pacsconf.lab import slapd
from pacsconf.systems._dicom.write import MANY
from pacsconf.systems._ldap import names, pipeline, wire
from pacsconf.systems.carry_out import STOPPED, carry_out
from tests.ldap_front import line

COUNT = 60


@pytest.fixture
def scanners(steps):
    """A hospital of many scanners, each with a title of its own."""

    def make(count=COUNT, **more):
        return steps.hospital(*(steps.ct(f"ct-{n}", f"CT_{n}", **more) for n in range(count)))

    return make


def device(steps, number):
    return f"dicomDeviceName=ct-{number},{steps.devices}"


def statuses(outcomes):
    return Counter(outcome.status for outcome in outcomes)


def layer_of(cut, kind, action):
    """The layer that holds changes of a kind."""
    return next(layer for layer in cut if any((c.address.kind, c.action) == (kind, action) for c in layer))


def test_five_hundred_entries_are_made_with_a_bounded_number_on_their_way(directory, server, steps, scanners):
    inventory = scanners(100)
    with line(server.port) as front:
        system = directory(url=front.url)
        steps.bring(system, inventory)
        system.close()
    assert front.written == 3 + 500
    assert pipeline.WINDOW // 4 < front.most <= pipeline.WINDOW
    assert steps.plan(directory(), inventory) == ()


@pytest.mark.parametrize("there", [0, 3], ids=["made", "deleted"])
def test_no_entry_of_a_layer_stands_below_another_of_it(directory, steps, scanners, there):
    """What is on its way together may be done in any order."""
    if there:
        steps.bring(directory(), scanners(there))
    system = directory()
    cut = steps.plan(system, scanners(3 - there))
    assert len(cut) > 2
    for layer in cut:
        keys = {names.key(system._writer.requests.dn(change.address)) for change in layer}
        assert len(keys) == len(layer)
        assert not {key[at:] for key in keys for at in range(1, len(key))} & keys


def test_many_are_changed_and_deleted_as_well(directory, server, steps, scanners):
    steps.bring(directory(), scanners())
    inventory = scanners(COUNT - 20, manufacturer="ACME")
    with line(server.port) as front:
        system = directory(url=front.url)
        steps.bring(system, inventory)
        system.close()
    assert front.written == (COUNT - 20) + 5 * 20
    assert front.most > 1
    assert steps.plan(directory(), inventory) == ()


def test_over_tls_with_large_values(directory, server, steps, scanners):
    inventory = scanners(40, description="ä" * 20_000)
    system = directory(url=server.tls_url, ca_file=str(server.ca_file))
    steps.bring(system, inventory)
    assert steps.plan(directory(), inventory) == ()


@pytest.mark.parametrize("reverse", [False, True], ids=["as they come", "in reverse"])
def test_a_duplicate_in_the_middle_is_the_one_that_fails(directory, server, hands, steps, scanners, reverse):
    steps.bring(directory(), steps.hospital())
    with line(server.port, reverse=reverse) as front:
        system = directory(url=front.url)
        cut = steps.plan(system, scanners())
        hands.add(device(steps, 50), "dicomDevice", dicomDeviceName="ct-50", dicomInstalled="FALSE")
        hands.add(f"dicomAETitle=CT_7,{steps.titles}", "dicomUniqueAETitle", dicomAETitle="CT_7")
        outcomes = list(system.apply(layer_of(cut, "device", "create")))
        system.close()
    assert statuses(outcomes) == {"applied": 2 * COUNT - 2, "failed": 2}
    failed = {outcome.address.name: outcome.error for outcome in outcomes if outcome.status == "failed"}
    assert failed["ct-50"].startswith("it exists already, with other values")
    assert failed["CT_7"].startswith("the title was reserved by cn=admin,")
    assert all(outcome.milliseconds > 0 for outcome in outcomes)


def test_what_somebody_edits_meanwhile_is_judged_afresh_and_the_others_are_done(
    directory, hands, steps, scanners
):
    steps.bring(directory(), scanners(manufacturer="Old"))
    system = directory()
    (layer,) = steps.plan(system, scanners(manufacturer="New"))
    hands.modify(device(steps, 30), dicomDescription="by hand")
    hands.modify(device(steps, 40), dicomManufacturer="Third")
    outcomes = {outcome.address.name: outcome for outcome in system.apply(layer)}
    assert statuses(outcomes.values()) == {"applied": COUNT - 1, "failed": 1}
    assert '"Third" where "Old" was read' in outcomes["ct-40"].error
    assert hands.entry(device(steps, 30))["dicomManufacturer"] == [b"New"]
    assert hands.entry(device(steps, 40))["dicomManufacturer"] == [b"Third"]


def test_what_is_not_ours_keeps_its_entry_among_many_deletes(directory, hands, steps, scanners):
    steps.bring(directory(), scanners())
    hands.modify(device(steps, 8), objectClass=["dicomDevice", "dcmDevice"], dcmKeyStorePin="changeit")
    system = directory()
    cut = steps.plan(system, steps.hospital())
    hands.add(f"cn=keep,{device(steps, 9)}", "dcmStudyRetentionPolicy", cn="keep", dcmRetentionPeriod="P1Y")
    failed = {o.address.name: o.error for o in steps.apply(system, cut) if o.status != "applied"}
    assert failed.keys() == {"ct-8", "ct-9"}
    assert failed["ct-8"].startswith("it holds what pacsconf never wrote: dcmKeyStorePin")
    assert failed["ct-9"].endswith("cn=keep")


def test_what_an_account_may_not_do_fails_in_words_for_each(opener, server, steps, scanners):
    system = opener(server, bind={"dn": server.viewer_dn, "password": "env:LDAP"})
    cut = steps.plan(system, scanners(20))
    outcomes = [*system.apply(cut[0]), *system.apply(layer_of(cut, "device", "create"))]
    assert statuses(outcomes) == {"failed": 41}


# --- when it breaks -----------------------------------------------------------------------------------------


def test_a_server_killed_in_the_middle_leaves_a_window_in_doubt_and_the_rest_unsent(
    opener, steps, tmp_path, scanners
):
    running = slapd.start(tmp_path / "slapd", slapd.Options(tls=False, tree=True))
    try:
        with line(
            running.port, at_answer=lambda n: n < 70 or bool(os.kill(running.pid, signal.SIGKILL))
        ) as front:
            system = opener(running, url=front.url)
            layer = layer_of(steps.plan(system, scanners(150)), "device", "create")
            outcomes = list(system.apply(layer))
            system.close()
        running = slapd.restart(running)
        there = {each.address for each in opener(running).read().resources}
    finally:
        running.stop()
    found = {status: {o.address for o in outcomes if o.status == status} for status in statuses(outcomes)}
    assert found.keys() == {"applied", "unknown", "failed"}
    assert {change.address for change in layer} == set().union(*found.values())
    assert len(found["unknown"]) <= pipeline.WINDOW + 1
    assert found["applied"] <= there
    assert not found["failed"] & there
    assert {o.error.partition(":")[0] for o in outcomes if o.status == "failed"} == {"nothing was sent"}
    assert all(
        "the connection broke before the answer came" in o.error for o in outcomes if o.status == "unknown"
    )


def test_what_was_refused_before_the_server_was_gone_is_not_called_unsent(opener, steps, tmp_path, scanners):
    """It would have been tried again by itself."""
    running = slapd.start(tmp_path / "slapd", slapd.Options(tls=False, tree=True))
    try:
        steps.bring(opener(running), steps.hospital())
        with line(
            running.port, at_answer=lambda n: n < 10 or bool(os.kill(running.pid, signal.SIGKILL))
        ) as front:
            reader = {"dn": running.viewer_dn, "password": "env:LDAP"}
            system = opener(running, url=front.url, bind=reader)
            outcomes = list(system.apply(layer_of(steps.plan(system, scanners(50)), "device", "create")))
            system.close()
    finally:
        running.stop()
    told = Counter(outcome.error.partition(":")[0] for outcome in outcomes if outcome.status == "failed")
    refused = "the account that pacsconf uses may not do this (no write access to parent)"
    assert told.keys() == {refused, "nothing was sent"}
    assert 1 <= told[refused] <= 9


def test_what_is_in_doubt_is_read_again_and_the_rest_goes_on(directory, server, steps, scanners):
    """The way breaks once, in the middle; the server lives."""
    steps.bring(directory(), steps.hospital())
    with line(server.port, at_answer=lambda n: n != 60) as front:
        system = directory(url=front.url)
        layer = layer_of(steps.plan(system, scanners()), "device", "create")
        outcomes = list(carry_out(system, layer, lambda: False))
        there = {each.address for each in system.read().resources}
        system.close()
    assert len(outcomes) == len(layer)
    assert statuses(outcomes).keys() <= {"applied", "failed"}
    assert statuses(outcomes)["failed"] <= pipeline.WINDOW
    assert {o.address for o in outcomes if o.status == "applied"} == {c.address for c in layer} & there


@pytest.mark.parametrize("count", [1, 20])
def test_a_title_that_somebody_else_won_is_not_ours_because_no_answer_came(
    directory, server, hands, steps, scanners, count
):
    steps.bring(directory(), steps.hospital())
    with line(server.port, at_answer=lambda n: n != 2 * count) as front:
        system = directory(url=front.url)
        layer = layer_of(steps.plan(system, scanners(count)), "device", "create")
        last = layer[-1].address
        hands.add(f"dicomAETitle={last.name},{steps.titles}", "dicomUniqueAETitle", dicomAETitle=last.name)
        outcomes = {outcome.address: outcome for outcome in carry_out(system, layer, lambda: False)}
        system.close()
    assert outcomes[last].status == "failed"
    assert outcomes[last].error.startswith("the title was reserved by cn=admin,")
    assert statuses(outcomes.values())["applied"] == 2 * count - 1


def test_a_connection_closed_while_idle_is_opened_again(opener, steps, tmp_path, scanners):
    running = slapd.start(tmp_path / "slapd", slapd.Options(tls=False, tree=True))
    try:
        system = opener(running)
        for layer in steps.plan(system, scanners(30)):
            running = slapd.restart(running)
            assert statuses(system.apply(layer)) == {"applied": len(layer)}
    finally:
        running.stop()


@pytest.mark.parametrize("after", [1, 30])
def test_whoever_stops_it_gets_what_was_sent_and_the_rest_skipped(directory, server, steps, scanners, after):
    steps.bring(directory(), steps.hospital())
    with line(server.port) as front:
        system = directory(url=front.url)
        layer = layer_of(steps.plan(system, scanners()), "device", "create")
        seen = []
        seen.extend(carry_out(system, layer, lambda: front.answered >= after + 3))
        there = {each.address for each in system.read().resources}
        system.close()
    assert len(seen) == len(layer)
    assert {o.address for o in seen if o.status == "applied"} == {c.address for c in layer} & there
    assert 1 <= statuses(seen)["applied"] <= after + pipeline.WINDOW
    assert {o.error for o in seen if o.status == "skipped"} == {STOPPED}
    assert front.written == statuses(seen)["applied"]


def test_whoever_stops_what_is_refused_is_heard_before_all_of_it_is_sent(directory, server, steps, scanners):
    steps.bring(directory(), steps.hospital())
    with line(server.port) as front:
        system = directory(url=front.url, bind={"dn": server.viewer_dn, "password": "env:LDAP"})
        layer = layer_of(steps.plan(system, scanners(150)), "device", "create")
        seen = list(carry_out(system, layer, lambda: front.written > 0))
        system.close()
    assert statuses(seen) == {"failed": 1, "skipped": 299}
    assert front.written <= pipeline.WINDOW


# --- when it is not done ------------------------------------------------------------------------------------


def test_where_the_socket_is_not_ours_alone_they_go_one_by_one(
    directory, server, steps, scanners, monkeypatch
):
    monkeypatch.setattr(wire, "usable", lambda _conn: False)
    with line(server.port) as front:
        system = directory(url=front.url)
        for each in steps.plan(system, scanners(20)):
            assert statuses(system.apply(each)) == {"applied": len(each)}
        system.close()
    assert front.most == 1


def test_a_few_go_one_by_one(directory, server, steps):
    with line(server.port) as front:
        system = directory(url=front.url)
        steps.bring(system, steps.hospital(steps.ct(), steps.ct("ct-2", "CT_2")))
        system.close()
    assert front.most == 1


def test_without_assertions_only_what_is_made_goes_many_at_once(
    directory, server, hands, steps, scanners, monkeypatch
):
    from pacsconf.systems._ldap import Directory

    monkeypatch.setattr(Directory, "supports", lambda _self, _control: False)
    with line(server.port) as front:
        system = directory(url=front.url)
        steps.bring(system, scanners(20))
        assert front.most > 1
        system.close()
    with line(server.port) as front:
        system = directory(url=front.url)
        (layer,) = steps.plan(system, scanners(20, software_versions=("1",)))
        hands.modify(device(steps, 3), dicomSoftwareVersion="9")
        assert statuses(system.apply(layer)) == {"applied": 19, "failed": 1}
        system.close()
    assert front.most == 1


@pytest.mark.parametrize("count", [MANY - 1, MANY])
def test_where_versions_are_not_shown_it_is_read_just_before(opener, tmp_path, steps, scanners, count):
    """The server offers the assertion, but there is nothing to assert."""
    access = "access to attrs=entryCSN by * none", f'access to * by dn="cn=pacsconf,{slapd.BASE}" write'
    running = slapd.start(tmp_path / "slapd", slapd.Options(tls=False, tree=True, access=access))
    try:
        steps.bring(opener(running), scanners(count))
        system, hands = opener(running), steps.Hands(running)
        (layer,) = steps.plan(system, scanners(count, software_versions=("1",)))
        hands.modify(device(steps, 3), dicomSoftwareVersion="9")
        hands.conn.unbind()
        failed = [o.address.name for o in system.apply(layer) if o.status != "applied"]
    finally:
        running.stop()
    assert failed == ["ct-3"]


def test_what_is_not_as_it_was_read_is_read_first(directory, steps, scanners):
    """A layer that is tried twice: what stands counts as applied, though nothing of it is at `before`."""
    system = directory()
    cut = steps.plan(system, scanners(20))
    for _ in range(2):
        for layer in cut:
            assert statuses(system.apply(layer)) == {"applied": len(layer)}
