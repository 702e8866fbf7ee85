"""kill -9 while one plan changes a directory, an Orthanc and a console; what waits, is handed out and attested."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pacsconf.lab import orthanc
from tests.e2e.crash.hospital import AFTER_THE_LEASE, git, killed
from tests.e2e.crash.network import Network, Site, make_network

WHY = ("--reason", "ACME was here")
CHANGES = 16


@pytest.fixture(scope="session")
def network(stage, tmp_path_factory) -> Iterator[Network]:
    yield from make_network(stage, tmp_path_factory.mktemp("network"))


@pytest.fixture
def site(network: Network, tmp_path: Path) -> Site:
    """A clone without a remote, the second version committed and nothing of it applied."""
    network.reset()
    shutil.copytree(network.folder / "alone", tmp_path / "alone")
    return network.site(tmp_path / "alone")


@pytest.fixture
def sites(network: Network, tmp_path: Path) -> Callable[[str], Site]:
    """Makes clones of a bare repository."""
    network.reset()
    shutil.copytree(network.folder / "server.git", tmp_path / "server.git")

    def clone(name: str) -> Site:
        git(tmp_path, "clone", "-q", f"file://{tmp_path}/server.git", name, home=network.home)
        return network.site(tmp_path / name)

    return clone


def words(ran) -> str:
    """What a command printed, without its line ends."""
    return " ".join(ran.text.split())


def sheets(site: Site) -> list[str]:
    return sorted(path.suffix for path in (site.path / "sheets").glob("*"))


# --- kill -9 ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "point",
    [
        "open.after",
        "put.before",
        "put.sent",
        "put.sent*3",
        "put.after*2",
        "hand.after*2",
        "outcomes.half*6",
        "closed.written",
    ],
)
def test_killed_in_the_middle_of_it_it_is_resumed(site, point):
    killed(site, point)
    shut_out = site.run("attest", "pacs", *WHY)
    assert (shut_out.code, "is open on test: by Maria Weber" in words(shut_out)) == (7, True), shut_out.text
    resumed = site.run("resume", later=AFTER_THE_LEASE)
    assert (resumed.code, f"{CHANGES - 3} of {CHANGES} changes done" in resumed.text) == (0, True), (
        resumed.text
    )
    site.require_done()
    assert sheets(site) == [".html", ".md"]


@pytest.mark.parametrize("point", ["put.sent*2", "hand.before*3"])
def test_killed_in_one_clone_it_is_resumed_in_another(sites, point):
    one, two = sites("one"), sites("two")
    killed(one, point)
    assert two.run("apply", two.stage.plan).code == 7
    resumed = two.run("resume", later=AFTER_THE_LEASE)
    assert resumed.code == 0, resumed.text
    two.require_done()
    one.run("plan")
    assert one.waiting() == two.waiting()


def test_the_same_apply_again_carries_it_to_its_end(site):
    killed(site, "hand.after*3")
    ran = site.run("apply", site.stage.plan, later=AFTER_THE_LEASE)
    assert (ran.code, "it is carried to its end first" in ran.text) == (0, True), ran.text
    site.require_done()


@pytest.mark.parametrize("point", ["closed.published", "finish.after", "sheet.before"])
def test_killed_before_its_sheet_was_printed_everything_is_done_and_the_sheet_is_printed_again(site, point):
    killed(site, point)
    resumed = site.run("resume", later=AFTER_THE_LEASE)
    assert (resumed.code, "No change set is open on test" in resumed.text) == (0, True)
    assert sheets(site) == []
    printed = site.run("render", "console-sheet", "pacs", "--format", "md")
    assert (printed.code, "MR_1" in printed.text) == (0, True), printed.text
    shutil.rmtree(site.path / ".git" / "pacsconf")  # a kill after the close leaves notes that nobody needs
    site.require_done()


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_stopped_in_a_layer_of_orthanc_it_finishes_the_request_and_records_it(site, name):
    ran = site.run("apply", site.stage.plan, point="put.sent", signal=name)
    assert (ran.code, "stopping: what was begun is finished" in ran.text) == (8, True), ran.text
    assert (
        len([one for one in site.stage.peers() if site.stage.peers()[one] != site.stage.before.get(one)]) < 2
    )
    again = site.run("apply", str(site.plan()))
    assert again.code == 0, again.text
    site.require_done()


# --- an Orthanc that restarts -----------------------------------------------------------------------------------


def test_an_orthanc_that_restarts_in_the_middle_and_keeps_its_peers_changes_nothing(site):
    living = site.stopped("apply", site.stage.plan, point="put.before", nth=2)
    orthanc.restart(site.stage.server)
    ended = living.end()
    resumed = site.run("apply", str(site.plan())) if ended.code else ended
    assert resumed.code == 0, resumed.text
    site.require_done()


@contextmanager
def forgetting(server: orthanc.Orthanc) -> Iterator[None]:
    """For the length of a `with` block, restarted as a server that keeps no peer over a restart."""
    careful = server.settings_file.read_text()
    server.settings_file.write_text(json.dumps({**json.loads(careful), "DicomModalitiesInDatabase": False}))
    orthanc.restart(server)
    try:
        yield
    finally:
        server.settings_file.write_text(careful)
        orthanc.restart(server)


def test_an_orthanc_that_forgets_its_peers_is_seen_and_filled_again(site, network, tmp_path):
    killed(site, "put.before")
    with forgetting(network.server):
        assert network.peers() == {}
        resumed = site.run("resume", later=AFTER_THE_LEASE)
        assert resumed.code == 8, resumed.text
        assert "it is gone: somebody else deleted it" in words(resumed)
        assert network.peers().keys() == {"MR_1"}
        file = str(tmp_path / "repair.json")
        planned = site.run("plan", "--repair", "orthanc/*", "--out", file)
        assert planned.code == 0, planned.text
        assert site.run("apply", file).code == 0
        assert network.peers().keys() == {"CT_1", "MR_1"}
        plan = site.planned()
        assert (plan["changes"], plan["drifts"], len(plan["waiting"])) == ([], [], 3)


# --- attest -----------------------------------------------------------------------------------------------------


def test_what_was_attested_in_one_clone_is_attested_in_every_one(sites):
    one, two = sites("one"), sites("two")
    assert one.run("apply", one.stage.plan).code == 0
    assert two.run("attest", "pacs", *WHY).code == 0
    assert one.waiting() == {}
    planned = one.planned()
    assert (planned["changes"], planned["waiting"], planned["takes"]) == ([], [], [])


def test_of_an_apply_and_an_attest_at_once_the_first_to_push_wins(sites):
    one, two = sites("one"), sites("two")
    late = two.stopped("attest", "pacs/network-ae/archive", *WHY, point="attest.written")
    early = one.stopped("apply", one.stage.plan, point="open.after")
    ended = late.end()
    assert (ended.code, "is open on test: by Maria Weber" in words(ended)) == (7, True), ended.text
    assert early.end().code == 0
    one.require_done()


def test_an_apply_that_an_attest_overtook_is_told_and_writes_nothing(sites):
    one, two = sites("one"), sites("two")
    late = one.stopped("apply", one.stage.plan, point="open.written")
    assert two.run("attest", "pacs/network-ae/archive", *WHY).code == 0
    ended = late.end()
    assert (ended.code, "moved while this was prepared: attest by" in ended.text) == (6, True), ended.text
    assert one.stage.directory.writes().total() == 0
    assert one.run("apply", one.stage.plan).code == 0
    one.require_done()


def test_two_clones_that_attest_at_once_both_count(sites):
    one, two = sites("one"), sites("two")
    assert one.run("apply", one.stage.plan).code == 0
    late = two.stopped("attest", "pacs/peer/CT_1", *WHY, point="attest.written")
    assert one.run("attest", "pacs/peer/MR_1", *WHY).code == 0
    assert late.end().code == 0
    assert one.waiting() == two.waiting()
    assert [str(address) for address in one.waiting()] == ["pacs/peer/US_1"]


def test_an_attest_that_was_killed_is_said_again_or_stands(site):
    assert site.run("apply", site.stage.plan).code == 0
    assert site.run("attest", "pacs", *WHY, point="attest.written").code == -9
    assert site.waiting().keys() == site.stage.waiting.keys()
    assert site.run("attest", "pacs", *WHY, point="attest.published").code == -9
    assert site.waiting() == {}


def test_what_was_asked_for_anew_meanwhile_is_not_attested_by_who_saw_the_former_row(sites):
    """A person says of port 11112 that it stands; meanwhile port 11113 was handed out."""
    one, two = sites("one"), sites("two")
    assert one.run("apply", one.stage.plan).code == 0
    late = two.stopped("attest", "pacs/peer/CT_1", *WHY, point="attest.before")
    devices = (one.path / "inventory" / "devices.yaml").read_text()
    one.declare(devices.replace("11112", "11113"), "inventory: another port")
    assert one.run("apply", str(one.plan())).code == 0
    ended = late.end()
    assert ended.code == 6, ended.text
    assert len(one.waiting()) == 3
