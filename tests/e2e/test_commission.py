"""The acceptance run of a new modality as a person does it: against a real Orthanc, kept in real git."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from pynetdicom import AE, evt

from pacsconf.core.changeset import ChangeSet, changeset_id
from pacsconf.core.plan import Basis, Plan
from pacsconf.dicom.commission.run import STEPS, Ticked
from pacsconf.inventory import uids
from pacsconf.lab import orthanc, processes
from pacsconf.record.unsigned import UnsignedRuns
from tests.dicom.commission.cases import running
from tests.e2e.conftest import DIRECTORY, PACSCONF, Hospital, Ran

RIGHTS = ("Echo", "Store", "Find", "Get", "Move", "NAction", "Transcoding", "StorageCommitment")
MANUAL = ("phantom", "failure", "viewer", "security")

HOSPITAL = """\
sites: {{main: {{name: Main campus, timezone: Europe/Berlin}}}}
devices:
  ct-9:
    type: modality
    modality: CT
    site: main
    lifecycle: commissioning
    manufacturer: ACME
    model: Scanner 9
    probe: echo
    ae_title: CT9
    host: 10.20.4.99
    port: 104
    uses: [ct-image-storage, secondary-capture-image-storage, x-ray-radiation-dose-sr-storage, storage-commitment]
    offers: [verification]
  ct-1:
    {{type: modality, modality: CT, site: main, ae_title: CT1, host: 10.20.4.1, port: 104, uses: ct-image-storage}}
  archive:
    {{type: archive, site: main, ae_title: ARCHIVE, host: 10.20.0.5, port: 11112, probe: services,
     uses: [storage-commitment], offers: [storage, storage-commitment, query-retrieve, verification]}}
  probe: {{type: workstation, site: main, ae_title: PROBE, host: 10.20.9.1, port: 11113, uses: [verification]}}
flows:
  accept:
    from: {{device: ct-9, lifecycle: commissioning}}
    to: {{device: archive}}
    services: [storage, storage-commitment]
  commit:
    from: {{device: archive}}
    to: {{device: ct-9, lifecycle: commissioning}}
    services: storage-commitment
pacsconf: {{probe_as: probe}}
environments:
  test:
    dial: {{"*": none, "10.20.4.99:104": "127.0.0.1:{modality}", "10.20.0.5:11112": "127.0.0.1:{archive}"}}
"""


@dataclass
class Site:
    """A repository, a modality that answers an echo, and an archive that knows PROBE."""

    hospital: Hospital
    archive: orthanc.Orthanc
    listen: int

    def __call__(self, *args: str) -> Ran:
        return self.hospital.here("-e", "test", "commission", "ct-9", *args)

    def whole(self, *args: str) -> Ran:
        """A run that leaves test objects behind and hears the archive's answers."""
        return self("--yes-store-test-objects", "--listen", f"127.0.0.1:{self.listen}", "--wait", "20", *args)

    def here(self, *args: str) -> dict[str, Any]:
        """The run as JSON."""
        body: dict[str, Any] = self("--show", "--format", "json", *args).json
        return body

    def kept(self) -> list[str]:
        """The instances that the archive has."""
        passwords = urllib.request.HTTPPasswordMgrWithPriorAuth()
        server = self.archive
        passwords.add_password(None, server.url, server.colleague, server.password, is_authenticated=True)
        opener = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(passwords))
        with opener.open(f"{server.url}/instances?expand", timeout=10) as answer:
            return sorted(one["MainDicomTags"]["SOPInstanceUID"] for one in json.loads(answer.read()))

    def removed_by_the_archives_people(self, instance: str) -> None:
        """One object is gone, by other hands than pacsconf's."""
        server = self.archive
        passwords = urllib.request.HTTPPasswordMgrWithPriorAuth()
        passwords.add_password(None, server.url, server.colleague, server.password, is_authenticated=True)
        opener = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(passwords))
        lookup = urllib.request.Request(f"{server.url}/tools/lookup", instance.encode(), method="POST")  # noqa: S310
        with opener.open(lookup, timeout=10) as answer:
            found = json.loads(answer.read())
        gone = urllib.request.Request(f"{server.url}{found[0]['Path']}", method="DELETE")  # noqa: S310
        opener.open(gone, timeout=10).close()

    def results(self) -> dict[str, str]:
        return {step["name"]: step["result"] for step in self.here()["steps"]}


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def site(repository: Callable[..., Hospital], tmp_path: Path, stack: ExitStack) -> Callable[..., Site]:
    """Makes the site; `rights` are what PROBE may at the archive, `settings` what the archive is told beside."""

    def make(rights: tuple[str, ...] = RIGHTS, **settings: Any) -> Site:
        modality, listen = processes.free_port(), processes.free_port()
        command = ["/usr/bin/storescp", "--fork", "-od", str(tmp_path), str(modality)]
        stack.enter_context(running(command, modality, tmp_path / "modality.log"))
        allow = {f"Allow{right}": right in rights for right in RIGHTS}
        known = {"probe": {"AET": "PROBE", "Host": "127.0.0.1", "Port": listen, **allow}}
        careful = {f"DicomAlwaysAllow{right}": False for right in ("Find", "Get", "Move")}
        options = orthanc.Options(
            "ARCHIVE", modalities_in_database=False, modalities=known, settings=careful | settings
        )
        server = stack.enter_context(orthanc.started(tmp_path / "orthanc", options))
        made = repository(hospital=HOSPITAL.format(modality=modality, archive=server.dicom_port))
        return Site(made, server, listen)

    return make


def test_a_run_from_the_first_step_to_the_second_signature(site, tmp_path):
    ct = site()
    ran = ct.hospital.here("-e", "test", "record", "init")
    assert ran.code == 0, ran

    # Without a word of consent nothing is left behind.
    ran = ct.hospital.run("-e", "test", "commission", "ct-9")
    assert ran.code == 0, ran
    assert ct.kept() == []
    assert ct.results()["store"] == "not done"
    assert "it leaves test objects behind: --yes-store-test-objects" in ran.said

    ran = ct.whole("--negatives")
    assert ran.code == 0, ran
    came = ct.results()
    assert {name for name, result in came.items() if result == "passed"} == {
        *("record", "name", "tcp", "echo-modality", "echo-archive", "strangers"),
        *("contexts", "store", "commitment", "query", "retrieve"),
    }
    run = ct.here()
    instances = sorted(one["instance_uid"] for one in run["stored"])
    assert len(instances) == 6
    assert ct.kept() == instances, "what was sent is there, and stays there"
    assert run["software"]["archive/ARCHIVE"]
    assert run["calling"] == ["PROBE"]

    # The list of what was left behind is handed over.
    listed = next((ct.hospital.path / "commissioning").glob("ct-9-*-test-objects.csv"))
    rows = list(csv.DictReader(listed.read_text().splitlines()))
    assert sorted(row["instance_uid"] for row in rows) == instances
    assert {row["where"] for row in rows} == {"archive/ARCHIVE"}
    assert "Nothing of it is deleted by pacsconf" in ran.said
    assert listed.name in "".join(ran.out.split())

    # What only a person can say.
    refused = ct("--sign", "pacs-admin", "--reason", "all fine")
    assert refused.code == 5, refused
    assert "phantom: not done" in refused.said
    for step in MANUAL:
        assert ct("--attest", step, "--note", f"{step} looked at with A. Klein").code == 0
    assert ct("--accept", "echo-back", "--note", "the console has no verify button").code == 0
    assert ct("--accept", "clock", "--note", "set by NTP, seen").code == 0

    first = ct("--sign", "pacs-admin", "--reason", "accepted after repair of the detector")
    assert first.code == 0, first
    again = ct("--sign", "clinical-lead", "--reason", "me too")
    assert again.code == 5, again
    assert "is for another person" in again.said
    other = {
        "GIT_AUTHOR_NAME": "Dr. B",
        "GIT_COMMITTER_NAME": "Dr. B",
        "GIT_COMMITTER_EMAIL": "b@example.org",
    }
    words = ("commission", "ct-9", "--sign", "clinical-lead", "--reason", "images are good")
    second = ct.hospital.run("-e", "test", *words, env=other)
    assert second.code == 0, second
    assert "set lifecycle: active (inventory/hospital.yaml:7)" in second.said

    # Everybody finds it in the record, in another clone too.
    history = ct.hospital.here("-e", "test", "history").said
    assert history.count("commission") >= 2
    kept = ct.hospital.git("show", f"pacsconf/test:evidence/commissioning/ct-9/{run['id']}.json")
    assert json.loads(kept) == ct.here()
    assert [(one["role"], one["by"]) for one in json.loads(kept)["signatures"]] == [
        ("pacs-admin", "Maria Weber <mweber@example.org>"),
        ("clinical-lead", "Dr. B <b@example.org>"),
    ]
    commit = ct.hospital.git("rev-parse", "pacsconf/test")
    shown = ct.hospital.here("-e", "test", "show", commit)
    assert shown.code == 0, shown
    assert f"Acceptance run {run['id']}" in shown.said
    assert "Dr. B" in shown.said
    as_json = ct.hospital.here("-e", "test", "show", commit, "--format", "json").json
    assert as_json["format_version"] == 1

    page = tmp_path / "page.html"
    assert ct("--show", "--out", str(page)).code == 0
    text = page.read_text()
    assert all(word in text for word in (run["id"], "ZZTEST^PACSCONF", "Dr. B", instances[0], "ACME"))

    # It stays as it was signed; the objects stay too.
    late = ct()
    assert late.code == 5, late
    assert "--new" in late.said
    assert ct.kept() == instances


def test_what_was_removed_since_is_neither_committed_nor_given_back(site):
    ct = site()
    assert ct.whole().code == 0
    (lost, *_), run = ct.kept(), ct.here()["id"]
    ct.removed_by_the_archives_people(lost)
    ran = ct.whole("--step", "commitment", "--step", "retrieve")
    assert ran.code == 2, ran
    assert "1 of 6 objects are not committed, though it had stored them" in ran.said
    came = ct.results()
    assert (came["commitment"], came["retrieve"], came["store"]) == ("failed", "failed", "passed")
    assert ct.here()["id"] == run


def test_the_second_signature_may_come_from_another_clone(site, tmp_path):
    ct = site()
    assert ct.hospital.here("-e", "test", "record", "init").code == 0
    for step in [plan.name for plan in STEPS]:
        assert ct("--accept", step, "--note", "tried elsewhere").code == 0
    assert ct("--sign", "pacs-admin", "--reason", "fine").code == 0
    ct.hospital.git("clone", "-q", ct.hospital.path, tmp_path / "other")
    other = Site(Hospital(tmp_path / "other", ct.hospital.env), ct.archive, ct.listen)
    other.hospital.git("config", "user.name", "Dr. B")
    other.hospital.git("config", "user.email", "b@example.org")
    ran = other("--sign", "clinical-lead", "--reason", "fine as well")
    assert ran.code == 0, ran
    assert [one["role"] for one in ct.here()["signatures"]] == ["pacs-admin", "clinical-lead"]


def _all_accepted(site, tmp_path, *people: str) -> list[Site]:
    """The clones of these people, of a bare repository; the first has a run that can be signed."""
    ct, bare = site(), tmp_path / "central.git"
    ct.hospital.git("init", "-q", "--bare", bare)
    ct.hospital.git("remote", "add", "origin", bare)
    ct.hospital.git("push", "-q", "-u", "origin", "HEAD")
    assert ct.hospital.here("-e", "test", "record", "init").code == 0
    assert ct("--accept", "record", "--note", "tried elsewhere").code == 0
    kept = UnsignedRuns.open(ct.hospital.path, "test")
    run = kept.read("ct-9")
    for plan in STEPS:
        run = run.ticking(Ticked(plan.name, "passed", "tried elsewhere"))
    kept.write(run)
    clones = [ct]
    for person in people:
        path = tmp_path / person
        ct.hospital.git("clone", "-q", bare, path)
        other = Site(Hospital(path, ct.hospital.env), ct.archive, ct.listen)
        other.hospital.git("config", "user.name", person)
        other.hospital.git("config", "user.email", f"{person}@example.org")
        clones.append(other)
    return clones


def test_two_who_sign_at_once_in_two_clones_do_not_undo_each_other(site, tmp_path):
    first, *others = _all_accepted(site, tmp_path, "b", "c")
    assert first("--sign", "pacs-admin", "--reason", "fine").code == 0
    signing = [
        subprocess.Popen(
            [*PACSCONF, *("-e", "test", "commission", "ct-9", "--sign", "clinical-lead", "--reason", "good")],
            cwd=one.hospital.path,
            env=one.hospital.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for one in others
    ]
    said = [process.communicate(timeout=60) for process in signing]
    codes = sorted(process.returncode for process in signing)
    assert codes == [0, 5], said
    assert b"signed as clinical-lead on" in b"".join(err for _, err in said)
    assert [one["role"] for one in first.here()["signatures"]] == ["pacs-admin", "clinical-lead"]


def test_an_apply_that_has_the_lock_keeps_a_signature_out(site, tmp_path):
    from pacsconf.cli import workspace

    (ct,) = _all_accepted(site, tmp_path)
    plan = Plan("test", Basis("1" * 64, "2" * 64, "3" * 64, "3f2a9c1", "", "2026-11-26"))
    opened = workspace.now().isoformat(timespec="seconds")
    changeset = ChangeSet(
        changeset_id(opened, plan.digest),
        plan,
        "A <a@example.org>",
        "a@ws-3:1",
        opened,
        "",
        "new scanner",
        "",
    )
    with workspace.record(workspace.opened(ct.hospital.path, "test")) as store:
        lock = store.begin(changeset, store.state())
        ran = ct("--sign", "pacs-admin", "--reason", "fine")
        lock.close(outcomes=(), owned={})
    assert ran.code == 7, ran
    assert ct.here()["signatures"] == []


def test_a_signature_that_came_in_between_is_kept(site, tmp_path):
    """What is signed is the run as the record has it at that instant, not as it was read before."""
    from pacsconf.cli import commission_run, workspace

    first, other = _all_accepted(site, tmp_path, "b")
    assert first("--sign", "pacs-admin", "--reason", "fine").code == 0
    work = workspace.opened(other.hospital.path, "test")
    kept = UnsignedRuns.open(work.root, "test")
    before = commission_run.current(work, kept, "ct-9")
    late = replace(before, signatures=())  # as it was read before the first signature came
    run, _ = commission_run.signed(work, kept, late, "clinical-lead", "good")
    assert [one.role for one in run.signatures] == ["pacs-admin", "clinical-lead"]


def test_one_person_with_two_names_is_one_person(site, tmp_path):
    (ct,) = _all_accepted(site, tmp_path)
    assert ct("--sign", "pacs-admin", "--reason", "fine").code == 0
    words = ("commission", "ct-9", "--sign", "clinical-lead", "--reason", "me again")
    ran = ct.hospital.run("-e", "test", *words, env={"GIT_COMMITTER_NAME": "M. Weber"})
    assert ran.code == 5, ran
    assert "is for another person" in ran.said


def test_a_way_back_that_is_not_declared_fails_the_first_step(site):
    ct = site()
    text = ct.hospital.file().read_text()
    flow = text[text.index("  commit:") : text.index("pacsconf: {")]
    ct.hospital.edit(flow, "")
    ran = ct("--step", "record")
    assert ran.code == 2, ran
    assert "no way back" in ran.said


def test_a_transfer_syntax_that_is_refused_fails_by_name(site):
    ct = site(AcceptedTransferSyntaxes=["1.2.840.10008.1.2"])
    ran = ct.whole()
    assert ran.code == 2, ran
    came = ct.results()
    assert (came["contexts"], came["store"], came["retrieve"]) == ("failed", "failed", "passed")
    failed = [
        item["what"] for step in ct.here()["steps"] if step["name"] == "store" for item in step["items"]
    ]
    assert "ct-image-storage, explicit-vr-little-endian → archive/ARCHIVE" in failed
    assert "PS3.8 9.3.3.2" in ran.said, ran.said
    assert len(ct.kept()) == 3


def test_an_archive_that_lets_us_store_and_not_ask_fails_at_the_queries(site):
    ct = site(rights=("Echo", "Store"))
    ran = ct.whole()
    assert ran.code == 2, ran
    came = ct.results()
    assert (came["store"], came["query"], came["retrieve"]) == ("passed", "failed", "failed")
    assert "--step query --step retrieve" in ran.said or "--step query" in ran.said
    assert len(ct.kept()) == 6

    again = ct("--step", "query", "--verbose")
    assert again.code == 2, again
    assert ct.results()["store"] == "passed", "what was ticked off stays"


def test_an_archive_that_does_not_store_is_a_failure_with_advice(site):
    ct = site(rights=("Echo",))
    ran = ct.whole()
    assert ran.code == 2, ran
    assert ct.results()["store"] == "failed"
    assert ct.kept() == []
    listed = next((ct.hospital.path / "commissioning").glob("*.csv"))
    assert {row["stored"] for row in csv.DictReader(listed.read_text().splitlines())} == {"unknown"}


def test_only_a_device_that_is_being_commissioned_is_accepted(site):
    ct = site()
    ran = ct.hospital.here("-e", "test", "commission", "ct-1", "--yes-store-test-objects")
    assert ran.code == 5, ran
    assert "ct-1 is active" in ran.said
    assert "set lifecycle: commissioning (inventory/hospital.yaml:16)" in ran.said
    assert ct.kept() == []


def test_a_step_that_stores_is_refused_by_name_without_consent(site):
    ct = site()
    ran = ct("--step", "store")
    assert ran.code == 5, ran
    assert "--yes-store-test-objects" in ran.said
    assert ct.kept() == []


def test_a_practice_lab_that_is_not_up_is_no_way_to_the_real_archive(repository):
    text = HOSPITAL.format(modality=1, archive=1).partition("environments:")[0]
    made = repository(hospital=text, systems=DIRECTORY.replace("lab: {}", "lab: {}, production: {}"))
    ran = made("commission", "ct-9", "--yes-store-test-objects")
    assert ran.code == 1, ran
    assert "the practice lab is not up" in ran.said


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--step", "stoer"), 'is no step; did you mean "store"?'),
        (("--sign", "boss"), "one of pacs-admin, clinical-lead"),
        (("--listen", "here"), "a port, or HOST:PORT"),
        (("--attest", "phantom"), "a few words, for the record"),
        (("--attest", "phantom", "--accept", "store", "--note", "x"), "one at a time"),
        (("--assist",), "this is no terminal"),
    ],
    ids=["step", "role", "port", "no note", "two at once", "nobody there"],
)
def test_what_is_typed_wrong_is_said(small, args, said):
    ran = small("commission", "ct-1", *args)
    assert ran.code == 64, ran
    assert said in ran.said


def test_a_device_that_is_not_declared_is_said_with_the_nearest(small):
    ran = small("commission", "ct-3")
    assert ran.code == 64, ran
    assert "ct-3" in ran.said


def test_an_interrupted_run_keeps_what_was_done_and_is_taken_up(site):
    ct = site()
    # A commitment that is waited for gives the time to interrupt: our port is not where the archive calls.
    command = [*PACSCONF, "-e", "test", "commission", "ct-9", "--yes-store-test-objects"]
    command += ["--listen", f"127.0.0.1:{processes.free_port()}", "--wait", "60"]
    process = subprocess.Popen(
        command,
        cwd=ct.hospital.path,
        env=ct.hospital.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    run = ct.hospital.path / ".git" / "pacsconf" / "test" / "commission" / "ct-9.json"
    processes.wait_for(
        lambda: run.exists() and '"store"' in run.read_text(), process.pid, ct.archive.log, "pacsconf"
    )
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=5)

    assert process.returncode == 130, (out, err)
    assert b"Traceback" not in err
    assert b"Interrupted. What was done is kept" in err
    assert ct.results()["store"] == "passed"
    assert "commitment" not in ct.results()
    stored = ct.kept()
    assert len(stored) == 6

    ran = ct.whole()
    assert ran.code == 0, ran
    assert ct.results()["commitment"] == "passed"
    assert ct.kept() == stored, "the same run sends nothing twice"


@pytest.mark.parametrize("after", [0, 2], ids=["before the first", "in the middle"])
def test_killed_between_two_objects_every_uid_that_left_is_on_the_list(repository, tmp_path, after):
    """The archive hangs; the process is killed while it waits. What the archive has is listed after that."""
    sent: list[str] = []
    killed = threading.Event()

    def store(event):
        sent.append(event.request.AffectedSOPInstanceUID)
        if len(sent) > after:
            os.kill(process.pid, signal.SIGKILL)
            killed.set()
        return 0

    ae = AE("ARCHIVE")
    for name in ("ct-image-storage", "secondary-capture-image-storage", "x-ray-radiation-dose-sr-storage"):
        ae.add_supported_context(uids.sop_class(name))
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, store)])
    try:
        port = server.socket.getsockname()[1]
        hospital = repository(hospital=HOSPITAL.format(modality=1, archive=port))
        command = [
            *PACSCONF,
            "-e",
            "test",
            "commission",
            "ct-9",
            "--yes-store-test-objects",
            "--step",
            "store",
        ]
        process = subprocess.Popen(
            command, cwd=hospital.path, env=hospital.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        process.communicate(timeout=60)
        assert killed.wait(10)
    finally:
        server.shutdown()
    assert process.returncode == -signal.SIGKILL
    shown = hospital.here("-e", "test", "commission", "ct-9", "--show")
    assert shown.code == 0, shown
    listed = next((hospital.path / "commissioning").glob("*.csv"))
    rows = {row["instance_uid"]: row["stored"] for row in csv.DictReader(listed.read_text().splitlines())}
    assert len(sent) == after + 1
    assert set(rows) == set(sent)

    # A new run does not forget what the one before it left behind; one that is refused leaves that as it is.
    listed.unlink()
    refused = hospital.here("-e", "test", "commission", "ct-9", "--new", "--step", "store")
    assert (refused.code, listed.exists()) == (5, False)
    ran = hospital.here("-e", "test", "commission", "ct-9", "--new", "--step", "record")
    assert f"The list of what it left behind is commissioning/{listed.name}" in ran.said
    assert all(uid in listed.read_text() for uid in sent)


def test_a_run_edited_by_hand_is_a_clear_error_and_status_tells_it(site):
    ct = site()
    assert ct.hospital.here("-e", "test", "record", "init").code == 0
    assert ct("--accept", "echo-back", "--note", "no button \x1b[31m\u202e red").code == 0
    said = ct.hospital.here("-e", "test", "status", "--offline").said
    assert "acceptance ct-9: 1 of 20 steps, not signed" in said
    assert "pacsconf -e test commission ct-9 --show" in said
    assert "\\x1b[31m" in ct("--show").said

    file = ct.hospital.path / ".git" / "pacsconf" / "test" / "commission" / "ct-9.json"
    for broken in ("[" * 100_000, file.read_text().replace('"root": "', '"root": "x'), "{}"):
        file.write_text(broken)
        for args in (("--show",), ("--new",), ("--step", "record")):
            ran = ct(*args)
            assert ran.code == 1, ran
            assert "cannot be understood" in ran.said
        assert file.read_text() == broken, "what it may list is not lost"
    ran = ct.hospital.here("-e", "test", "status", "--offline")
    assert (ran.code, "cannot be understood" in ran.said) == (1, True), ran


def test_a_run_in_the_record_edited_by_hand_is_a_clear_error(site, tmp_path):
    (ct,) = _all_accepted(site, tmp_path)
    assert ct("--sign", "pacs-admin", "--reason", "fine").code == 0
    git = ct.hospital.git
    git("fetch", "-q", "origin")
    git("worktree", "add", "-q", "-B", "edit", tmp_path / "edit", "pacsconf/test")
    (path,) = (tmp_path / "edit" / "evidence" / "commissioning" / "ct-9").iterdir()
    path.write_text(path.read_text().replace('"device": "ct-9"', '"device": "ct-1"'))
    git("-C", tmp_path / "edit", "commit", "-qam", "by hand")
    git("-C", tmp_path / "edit", "push", "-q", "origin", "HEAD:pacsconf/test")
    for args in (("--show",), ("--sign", "clinical-lead", "--reason", "x")):
        ran = ct(*args)
        assert ran.code == 1, ran
        assert "says that it is commissioning/ct-1/" in ran.said


def test_what_a_screen_says_to_type_next_can_be_typed(site):
    """With an archive that stores nothing: each command is taken from the screen and typed as it stands."""
    ct = site(rights=("Echo",))
    typed = re.findall(r"(?m)(?:^ +|: )pacsconf -e test (commission ct-9 .*)$", ct.whole().out)
    assert any("--step store" in one and "--yes-store-test-objects --listen 11113" in one for one in typed), (
        typed
    )
    for one in typed:
        if "--assist" not in one:  # which needs a terminal
            ran = ct.hospital.here("-e", "test", *one.split())
            assert ran.code in (0, 2), (one, ran)


def test_under_the_modalitys_own_title_a_rejection_proves_nothing(site):
    ct = site()
    ran = ct.whole("--impersonate")
    assert ran.code == 0, ran
    run = ct.here()
    assert ct.results()["store"] == "unknown"
    assert (run["impersonated"], run["calling"]) == (True, ["CT9"])
    assert "Called under the modality's own title, CT9" in ran.said
    assert ct.kept() == []


def test_nobody_there_at_all_ends_with_9(site, stack):
    ct = site()
    ct.archive.stop()
    text = ct.hospital.file().read_text()
    port = text.partition('"10.20.4.99:104": "127.0.0.1:')[2].partition('"')[0]
    ct.hospital.edit(f'"127.0.0.1:{port}"', f'"127.0.0.1:{processes.free_port()}"')
    ran = ct()
    assert ran.code == 9, ran
    assert "nothing listens" in ran.said


def test_a_person_at_the_console_is_asked(site):
    ct = site()
    ran = _on_terminal(ct, "--step", "echo-back", "--step", "clock", "--assist", answers="y\n00:00\n")
    assert ran.code == 0, ran
    assert ct.results() == {"echo-back": "passed", "clock": "not done"}
    assert "is no time such as 14:05:30" in ran.said


def _on_terminal(ct: Site, *args: str, answers: str) -> Ran:
    """The same as `on_terminal`, in environment test."""
    import pty

    from tests.e2e.conftest import TIMEOUT, _all_of

    keyboard, terminal = pty.openpty()
    try:
        process = subprocess.Popen(
            [*PACSCONF, "-e", "test", "commission", "ct-9", *args],
            cwd=ct.hospital.path,
            env=ct.hospital.env,
            stdin=terminal,
            stderr=terminal,
            stdout=subprocess.PIPE,
        )
        os.close(terminal)
        os.write(keyboard, answers.encode())
        err = _all_of(keyboard, process)
        out, _ = process.communicate(timeout=TIMEOUT)
    finally:
        os.close(keyboard)
    return Ran(process.returncode, out.decode(), err)
