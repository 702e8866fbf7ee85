"""What a run has to try, from the inventory, and what the steps that only look make of it."""

from __future__ import annotations

import pytest

from pacsconf.core.finding import Finding
from pacsconf.dicom.commission import looking
from pacsconf.dicom.commission.conduct import TAKE, conduct
from pacsconf.dicom.commission.run import STEPS, Ticked
from pacsconf.dicom.commission.scope import FIND, scope
from pacsconf.inventory import uids
from pacsconf.inventory.model import Selector
from pacsconf.lab import processes
from tests.dicom.commission.cases import NOW, device, inventory, running, trial

CT = uids.sop_class("ct-image-storage")
PRIVATE = "1.3.46.670589.5.0.1"


def an_archive(**more):
    return device("archive", "ARCHIVE", 11112, offers=("storage", "study-root-find"), type="archive", **more)


def the(given, **more):
    return scope(given, (given.devices["ct-9"], given.devices["ct-9"].ae_titles["CT9"]), "probe", NOW, **more)


def test_a_peer_is_asked_for_what_the_modality_uses_and_a_flow_lets_through():
    given = inventory(an_archive(), uses=["ct-image-storage", "mpps", PRIVATE], port=104)
    lets = given.flows["accept"].model_copy(update={"services": ("storage", PRIVATE)})
    found = the(given.model_copy(update={"flows": {"accept": lets}}))
    (peer,) = found.peers

    assert (peer.name, peer.asks) == ("archive/ARCHIVE", {CT, PRIVATE})
    assert [uid for uid, _ in peer.stores] == [CT, PRIVATE]
    assert FIND in peer.offers
    assert (found.own.port, found.own.calling, peer.target.calling, found.calling) == (104, *["PROBE"] * 3)
    assert found.serving(uids.MPPS) == ()


def test_a_flow_that_does_not_ask_for_its_life_cycle_does_not_find_it():
    given = inventory(an_archive(), uses=["ct-image-storage"])
    blind = given.flows["accept"].model_copy(update={"callers": (Selector(device=("ct-9",)),)})
    given = given.model_copy(update={"flows": {"accept": blind}})
    assert the(given).peers == ()
    run = trial(given)
    record = looking.record(run)
    assert (record.result, "lifecycle: commissioning" in record.text) == ("failed", True)
    assert looking.contexts(run).result == "not done"


def test_a_modality_that_only_calls_has_nobody_to_answer():
    run = trial(inventory(an_archive(), uses=["ct-image-storage"]))
    assert the(inventory(an_archive(), uses=["ct-image-storage"])).own is None
    assert looking.echo_modality(run).result == "skipped"


def test_under_its_own_title_peers_are_called_as_the_modality():
    found = the(inventory(an_archive(), uses=["ct-image-storage"]), as_itself=True)
    assert (found.calling, found.peers[0].target.calling, found.peers[0].target.borrowed) == (
        "CT9",
        "CT9",
        True,
    )


@pytest.mark.parametrize(
    ("severity", "result"), [("error", "failed"), ("warning", "passed"), ("info", "passed")]
)
def test_what_validate_says_is_a_step(severity, result):
    findings = [Finding("PACS-X-001", severity, "something is odd")]
    step = looking.record(trial(inventory(an_archive(), uses=["ct-image-storage"]), findings=findings))
    assert step.result == result
    assert "something is odd" in step.text


def test_a_device_of_level_tcp_is_connected_to_and_no_more(tmp_path):
    port = processes.free_port()
    command = ["/usr/bin/storescp", "--fork", "-od", str(tmp_path), str(port)]
    with running(command, port, tmp_path / "storescp.log"):
        archive = device("archive", "ANY", port, offers=("storage",), probe="tcp")
        run = trial(inventory(archive, uses=["ct-image-storage"]))
        assert looking.tcp(run).result == "passed"
        step = looking.echo_archive(run)
    assert (step.result, step.text) == ("not done", "its probe level is tcp")


def test_without_anybody_to_call_as_nothing_is_associated():
    given = inventory(an_archive(), uses=["ct-image-storage"])
    run = trial(given)
    run.scope = scope(given, (given.devices["ct-9"], given.devices["ct-9"].ae_titles["CT9"]), None, NOW)
    step = looking.contexts(run)
    assert (step.result, "probe_as" in step.text) == ("not done", True)


def test_every_step_but_a_persons_is_taken_and_in_order():
    assert set(TAKE) == {plan.name for plan in STEPS if plan.how != "manual"}
    assert list(TAKE) == [plan.name for plan in STEPS if plan.name in TAKE]


def test_what_was_found_before_stands_where_a_step_cannot_be_taken_now():
    run = trial(inventory(an_archive(), uses=["ct-image-storage"]), may_store=False)
    run.run = run.run.ticking(Ticked("store", "failed", "before"))
    assert list(conduct(run, ["store"])) == []
    assert run.run.step("store").text == "before"
    fresh = trial(inventory(an_archive(), uses=["ct-image-storage"]), may_store=False)
    assert [step.result for step in conduct(fresh, ["store", "phantom"])] == ["not done"]
