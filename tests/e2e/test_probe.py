"""The network is asked through the real command line: listeners of DCMTK, some that misbehave, real git."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import stat
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pacsconf.cli.world import world_of
from pacsconf.lab import processes
from tests.e2e.conftest import PACSCONF, TIMEOUT, Hospital, Ran

STORESCP = "/usr/bin/storescp"
EVERYTHING = """\
[[TransferSyntaxes]]
[Every]
TransferSyntax1 = LocalEndianExplicit
TransferSyntax2 = OppositeEndianExplicit
TransferSyntax3 = LittleEndianImplicit

[[PresentationContexts]]
[Services]
PresentationContext1 = VerificationSOPClass\\Every
PresentationContext2 = CTImageStorage\\Every
PresentationContext3 = MRImageStorage\\Every

[[Profiles]]
[Default]
PresentationContexts = Services
"""
HOSPITAL = """\
sites:
  main: {name: Main campus, networks: [10.20.0.0/16]}
  north: {name: North clinic}
  south: {name: South clinic, probe: none}
profiles:
  ct: {type: modality, modality: [CT], uses: [ct-image-storage], offers: [verification]}
  archive: {type: archive, offers: [verification, ct-image-storage, mr-image-storage]}
devices:
  archive: {profile: archive, site: main, ae_title: ARCHIVE, host: 10.20.0.5, port: 11112}
  ct-1: {profile: ct, site: main, ae_title: CT1, host: 10.20.4.17, port: 104}
  ct-2: {profile: ct, site: north, ae_title: CT2, host: 10.20.4.18, port: 104, expected: intermittent}
  ct-3: {profile: ct, site: south, ae_title: CT3, host: 10.20.4.19, port: 104}
  ct-4: {profile: ct, site: south, ae_title: CT4, host: 10.20.4.20, port: 104}
  ct-5: {profile: ct, site: south, ae_title: CT5, host: 10.20.4.21, port: 104}
  ct-6: {profile: ct, site: main, ae_title: CT6, host: 10.20.4.22, port: 104, lifecycle: commissioning}
  ws-1: {type: workstation, site: main, ae_title: WS1, host: 10.20.9.1, uses: [verification]}
pacsconf: {probe_as: ws-1}
"""
SYSTEMS = """\
systems:
  memory: {{type: memory, file: "{file}", mode: write}}
environments:
  lab:
    dial: {{"*": none, "10.20.0.5:11112": "127.0.0.1:{archive}", "10.20.4.17:104": "127.0.0.1:{ct_1}",
      "10.20.4.17:105": "127.0.0.1:{ct_1}", "10.20.4.18:104": "127.0.0.1:{ct_2}"}}
  other: {{dial: {{"*": none}}}}
"""


class Archive:
    """A storescp at a port of its own, started and stopped by the test."""

    def __init__(self, folder: Path) -> None:
        self.port = processes.free_port()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, contexts: str = EVERYTHING) -> None:
        self._folder.mkdir(exist_ok=True)
        config = self._folder / "associations.cfg"
        config.write_text(contexts)
        command = [STORESCP, "--fork", "--ignore", "-od", str(self._folder), "-xf", str(config), "Default"]
        self._process = subprocess.Popen(
            [*command, str(self.port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        processes.wait_for(
            lambda: processes.answers(self.port), self._process.pid, self._folder / "log", "storescp"
        )

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None


@dataclass
class Silent:
    """Takes every connection, counts it, and never says a word."""

    port: int
    taken: list[object] = field(default_factory=list)
    first: threading.Event = field(default_factory=threading.Event)


@contextmanager
def silent() -> Iterator[Silent]:
    held = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made = Silent(listener.getsockname()[1])

        def behave() -> None:
            with suppress(OSError):
                while True:
                    connection, address = listener.accept()
                    held.append(connection)
                    made.taken.append(address)
                    made.first.set()

        thread = threading.Thread(target=behave)
        thread.start()
        try:
            yield made
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)
            for connection in held:
                connection.close()


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    made = Archive(tmp_path / "archive")
    made.start()
    yield made
    made.stop()


@pytest.fixture
def a_hospital(repository: Callable[..., Hospital], tmp_path: Path) -> Callable[..., Hospital]:
    """Makes the hospital; each of its dialled devices is at a port, and at one where nobody listens unless told."""

    def make(**ports: int) -> Hospital:
        nobody = processes.free_port()
        at = {"archive": nobody, "ct_1": nobody, "ct_2": nobody} | ports
        return repository(hospital=HOSPITAL, systems=SYSTEMS.format(file=tmp_path / "memory.json", **at))

    return make


@pytest.fixture
def hospital(a_hospital: Callable[..., Hospital], archive: Archive) -> Hospital:
    """The archive answers, ct-1 fails, ct-2 sleeps, three of the south are not probed; a record was begun."""
    made = a_hospital(archive=archive.port)
    made.ok("record", "init")
    return made


def verdicts(ran: Ran) -> dict[str, str]:
    return {one["subject"]: one["verdict"] for one in ran.json["observations"]}


def last(hospital: Hospital, path: str = "last.jsonl") -> list[dict]:
    text = hospital.git("show", f"pacsconf/lab:evidence/probes/{path}")
    return [json.loads(line) for line in text.splitlines()[1:]]


def newest(hospital: Hospital) -> dict:
    return hospital.ok("history", "--format", "json").json["entries"][0]


# --- the sweep --------------------------------------------------------------------------------------------------


def test_a_sweep_shows_devices_by_layers_and_counts_them(hospital):
    ran = hospital("probe")
    assert ran.code == 2
    rows = [line.split() for line in ran.out.splitlines()]
    assert rows[0] == ["tcp", "assoc", "contexts", "echo"]
    assert rows[1][:5] == ["✓", "main/archive", "ok", "ok", "6/6"]
    assert ["✗", "main/ct-1", "SHUT", "–", "–", "–"] in rows  # noqa: RUF001
    assert ["–", "north/ct-2", "SHUT", "–", "–", "–"] in rows  # noqa: RUF001
    assert ["·", "south/*", "(3)", *"····", "do", "not", "probe", "(site", "south)"] in rows
    assert "1 healthy · 1 failing · 1 asleep · 3 not probed · p95 echo " in ran.out
    assert ran.out.endswith("Next: pacsconf -e lab diagnose ws-1 ct-1/CT1\n")
    assert "inventory/hospital.yaml:10" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80


def test_all_well_is_exit_0(hospital):
    ran = hospital.ok("probe", "archive", "ct-2", "south/*")
    assert "1 healthy · 0 failing · 1 asleep · 3 not probed" in ran.said


def test_what_was_left_alone_is_one_row_unless_all_is_asked_for(hospital):
    out = hospital("probe", "south/*", "-v").out
    assert [line.split()[1] for line in out.splitlines() if line.startswith("·")] == [
        "south/ct-3", "south/ct-4", "south/ct-5",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "devices"),
    [
        (["archive"], {"archive/ARCHIVE"}),
        (["CT1"], {"ct-1/CT1"}),
        (["ct-1/CT1", "ct-2"], {"ct-1/CT1", "ct-2/CT2"}),
        (["north/*"], {"ct-2/CT2"}),
        (["main/ct-*"], {"ct-1/CT1"}),
        (["--site", "north"], {"ct-2/CT2"}),
        (["--site", "main", "ct-*"], {"ct-1/CT1"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_selectors_choose(hospital, words, devices):
    ran = hospital("probe", *words, "--level", "tcp", "--no-record", "--format", "json")
    assert verdicts(ran).keys() == devices


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["arcive"],
            '"arcive" is no declared device or AE title or HL7 application; did you mean "archive"?',
        ),
        (["xyz-*"], '"xyz-*" fits no declared device or AE title or HL7 application'),
        (["--site", "nort"], 'there is no site "nort"; did you mean "north"?'),
        (["--site", "north", "ct-1"], '"ct-1" is not at site north'),
        (["--impersonate", "CT9"], '"CT9" is no declared device or AE title; did you mean "CT'),
        (["--save", "../x"], "a name of a-z, 0-9, dots and dashes"),
        (["--save", "last"], "`last` is taken"),
        (["--save", "x", "--no-record"], "a saved run is kept in the record"),
        (["--out", "-"], "a run goes to a file"),
        (["--level", "none"], "--level"),
        (["import"], "name the files that probe --out wrote"),
        (["import", "x.json", "--site", "north"], "nothing is asked when runs are imported"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_is_told(hospital, words, said):
    ran = hospital("probe", *words)
    assert ran.code == 64
    assert said in ran.said


def test_a_device_that_is_never_called_is_told_so(hospital):
    ran = hospital.ok("probe", "ct-6")
    assert "Nobody is to be asked: what was named only calls, is not installed, or is planned" in ran.said
    assert "0 healthy · 0 failing · 0 asleep · 0 not probed" in ran.out


def test_a_level_only_lowers(hospital):
    ran = hospital("probe", "--level", "services", "--no-record", "--format", "json")
    assert {one["subject"]: one["target"]["level"] for one in ran.json["observations"]} == {
        "archive/ARCHIVE": "services", "ct-1/CT1": "echo", "ct-2/CT2": "echo",
        "ct-3/CT3": "none", "ct-4/CT4": "none", "ct-5/CT5": "none",
    }  # fmt: skip
    ran = hospital("probe", "archive", "--level", "tcp", "--no-record", "--format", "json")
    assert [step["name"] for step in ran.json["observations"][0]["steps"]] == ["tcp"]


def test_json_holds_every_observation(hospital):
    body = hospital("probe", "--format", "json").json
    assert body["format_version"] == 1
    assert body["counts"] == {"healthy": 1, "failing": 1, "asleep": 1, "not probed": 3, "unknown": 0}
    seen = {one["subject"]: one for one in body["observations"]}
    assert seen["archive/ARCHIVE"]["software"]["implementation_version"].startswith("OFFIS_DCMTK_")
    assert len(seen["archive/ARCHIVE"]["contexts"]) == 6
    assert seen["ct-1/CT1"]["findings"][0]["place"]["file"] == "inventory/hospital.yaml"
    assert body["latency"]["echo"]["count"] == 1
    assert hospital.git("rev-parse", "pacsconf/lab") == body["commit"]


def test_junit_is_what_ci_servers_read(hospital):
    suite = ElementTree.fromstring(  # noqa: S314 - it is ours
        hospital("probe", "--format", "junit").out
    ).find("testsuite")
    assert suite is not None
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "6", "failures": "1", "errors": "0", "skipped": "4",
    }  # fmt: skip
    failed = [case for case in suite.iter("testcase") if case.find("failure") is not None]
    assert [case.get("classname") for case in failed] == ["main.ct-1"]
    assert failed[0].find("failure").get("type") == "WIRE-TCP"
    assert "connection refused: nothing listens" in failed[0].find("failure").text


def test_a_hanging_peer_is_given_up_after_the_timeout(a_hospital):
    with silent() as peer:
        hospital = a_hospital(ct_1=peer.port)
        ran = hospital("probe", "ct-1", "--timeout", "0.3", "--no-record")
    assert ran.code == 2
    assert "✗ main/ct-1  ok   MUTE" in ran.out


# --- the record -------------------------------------------------------------------------------------------------


def test_what_was_seen_is_merged_into_the_record(hospital, archive):
    hospital("probe")
    assert [line["seen"]["target"]["device"] for line in last(hospital)] == ["archive", "ct-1", "ct-2"]
    archive.stop()
    hospital("probe", "archive")
    seen = {line["seen"]["target"]["device"]: line["seen"]["verdict"] for line in last(hospital)}
    assert seen == {"archive": "failing", "ct-1": "failing", "ct-2": "asleep"}
    entry = newest(hospital)
    assert (entry["kind"], entry["summary"]) == (
        "probe",
        "1 target · 0 healthy · 1 failing · 0 asleep · 0 not probed",
    )


def test_what_is_declared_no_more_leaves_the_record(hospital):
    hospital("probe")
    hospital.remove("ct-2")
    hospital("probe", "archive")
    assert [line["seen"]["target"]["device"] for line in last(hospital)] == ["archive", "ct-1"]


def test_a_fault_that_lasts_is_told_since_when(hospital):
    first = hospital("probe", "ct-1")
    assert "(since " not in first.out
    begun = last(hospital)[0]["since"]
    until = time.monotonic() + 5
    while int(time.time()) == int(_seconds(begun)):  # to the next second, which is as fine as times are kept
        assert time.monotonic() < until
        time.sleep(0.05)
    assert "(since " in hospital("probe", "ct-1").said
    assert last(hospital)[0]["since"] == begun


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


def test_without_a_record_the_result_is_shown_and_that_it_is_not_kept(a_hospital, archive):
    hospital = a_hospital(archive=archive.port)
    ran = hospital("probe", "archive")
    assert ran.code == 0
    assert "not recorded: there is no record of lab yet" in ran.err
    ran = hospital("probe", "archive", "--save", "before")
    assert ran.code == 5
    assert "1 healthy" in ran.out
    assert "there is no record of lab yet" in ran.err


def test_without_git_the_result_is_shown(a_hospital, archive):
    hospital = a_hospital(archive=archive.port)
    shutil.rmtree(hospital.path / ".git")
    ran = hospital("probe", "archive")
    assert ran.code == 0
    assert ran.out.startswith(" ")
    assert "not recorded: " in ran.err


def test_while_somebody_applies_nothing_is_recorded(hospital, left_open):
    left_open(hospital)
    before = hospital.git("rev-parse", "pacsconf/lab")
    ran = hospital("probe", "archive")
    assert ran.code == 0
    assert "not recorded: " in ran.err
    assert hospital("probe", "archive", "--save", "before").code == 7
    assert hospital.git("rev-parse", "pacsconf/lab") == before


@pytest.fixture
def left_open(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Hospital], None]]:
    """Leaves a change set open."""
    from pacsconf import engine
    from pacsconf.cli import workspace
    from pacsconf.cli.progress import Reporter
    from pacsconf.cli.screen import Screen
    from pacsconf.core.changeset import ChangeSet, changeset_id
    from pacsconf.core.plan import Options

    with ExitStack() as stack:

        def leave(hospital: Hospital) -> None:
            monkeypatch.chdir(hospital.path)
            world = stack.enter_context(world_of(workspace.opened(Path(), "lab"), Reporter(Screen(None))))
            planned = engine.plan(world, Options())
            now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
            changeset = ChangeSet(
                changeset_id(now, planned.plan.digest), planned.plan, "John Doe", "jdoe@ws-3:4711", now, ""
            )
            world.record.begin(changeset, planned.record).release()

        yield leave


def test_who_may_not_push_is_told_and_sees_the_result(hospital, tmp_path):
    bare = tmp_path / "central.git"
    hospital.git("clone", "-q", "--bare", ".", str(bare))
    hospital.git("remote", "add", "origin", str(bare))
    hook = bare / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'you may not write here' >&2\nexit 1\n")
    hook.chmod(0o755)
    ran = hospital("probe", "archive")
    assert ran.code == 0
    assert "not recorded: " in ran.err
    assert "you may not write here" in ran.said
    assert hospital("probe", "archive", "--save", "before").code == 1


@contextmanager
def kept(hospital: Hospital, monkeypatch: pytest.MonkeyPatch, **files: bytes) -> Iterator[None]:
    """The record with these files below evidence/probes."""
    from pacsconf.record.record import Record

    monkeypatch.chdir(hospital.path)
    with Record.open(hospital.path, "lab", clock=lambda: datetime.now(UTC)) as record:
        record.keep("probe", {f"probes/{name}.jsonl": data for name, data in files.items()}, reason="by hand")
    yield


def test_what_another_version_wrote_is_neither_read_nor_lost(hospital, monkeypatch):
    newer = b'{"kind": "pacsconf probe", "format_version": 99}\n'
    with kept(hospital, monkeypatch, last=newer):
        ran = hospital("probe", "archive")
        assert (
            "not recorded: the record's probes/last.jsonl:1: the run is of another format than 1" in ran.said
        )
        assert (
            "Wire: the last probe that is recorded cannot be read by this version" in hospital.ok("plan").said
        )
        assert hospital.ok("status").code == 0


def test_what_is_damaged_is_written_anew(hospital, monkeypatch):
    with kept(hospital, monkeypatch, last=b"\x00\n"):
        assert "cannot be read by this version" in hospital.ok("plan").said
        hospital("probe", "archive")
        assert "Wire: last probed just now, 1 of 1 healthy" in hospital.ok("plan").said


def test_so_many_runs_are_kept_by_name_and_no_more(hospital, monkeypatch):
    with kept(hospital, monkeypatch, **{f"saved/run-{n}": b"x" for n in range(50)}):
        ran = hospital("probe", "archive", "--save", "one-more")
        assert ran.code == 1
        assert "50 runs are saved already" in ran.said
        assert hospital("probe", "archive", "--save", "run-7").code == 0


def test_a_file_that_cannot_be_written_is_told(hospital, tmp_path):
    ran = hospital("probe", "archive", "--out", str(tmp_path / "nowhere" / "x.json"))
    assert ran.code == 1
    assert "x.json: No such file or directory" in ran.said
    assert "1 healthy" in ran.said  # what was seen is shown all the same


def test_a_run_in_a_file_is_for_its_owner_and_the_command_that_brings_it_in_can_be_typed(hospital, tmp_path):
    out = tmp_path / "north site.json"
    out.touch(0o644)
    ran = hospital.ok("probe", "archive", "--out", str(out))
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir() if "north" in one.name] == ["north site.json"]
    assert f"pacsconf -e lab probe import '{out}'" in ran.said


def test_no_record_leaves_the_record_alone(hospital):
    before = hospital.git("rev-parse", "pacsconf/lab")
    hospital("probe", "--no-record")
    assert hospital.git("rev-parse", "pacsconf/lab") == before


def test_when_nobody_was_asked_nothing_is_recorded(hospital):
    before = hospital.git("rev-parse", "pacsconf/lab")
    hospital.ok("probe", "south/*")
    assert hospital.git("rev-parse", "pacsconf/lab") == before


def test_a_commit_of_the_record_shows_its_matrix(hospital):
    hospital("probe", "archive", "--save", "before")
    commit = newest(hospital)["commit"]
    ran = hospital.ok("show", commit[:8])
    assert f"kept in    probes/saved/before.jsonl, commit {commit[:7]}" in ran.out
    assert "by         Maria Weber <mweber@example.org>" in ran.out
    assert ran.out.count("✓ main/archive  ok   ok     6/6") == 2
    body = hospital.ok("show", commit, "--format", "json").json
    assert body["runs"].keys() == {"probes/last.jsonl", "probes/saved/before.jsonl"}


# --- two runs ---------------------------------------------------------------------------------------------------


def test_after_an_upgrade_what_was_lost_is_named(hospital, archive):
    hospital("probe", "archive", "--save", "before")
    archive.stop()
    archive.start(EVERYTHING.replace("PresentationContext3 = MRImageStorage\\Every\n", ""))
    ran = hospital("probe", "archive", "--against", "before")
    assert 'Changed since run "before" of ' in ran.said
    assert "✗ contexts lost 2 of 6" in ran.said
    assert "MR Image Storage, Explicit VR Little Endian" in ran.said
    body = hospital("probe", "archive", "--against", "before", "--format", "json").json
    lost = [one for one in body["against"]["differences"] if one["what"] == "contexts lost"]
    assert lost[0]["items"] == [
        ["1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.1.2"],
        ["1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.1.2.1"],
    ]


def test_a_run_of_some_is_compared_with_some(hospital):
    hospital("probe", "--save", "before")
    ran = hospital("probe", "archive", "--against", "before")
    assert 'Nothing changed since run "before" of ' in ran.said
    assert "1 target was looked at in both." in ran.said


def test_a_run_that_nobody_saved_is_told_before_anything_is_asked(a_hospital):
    with silent() as peer:
        hospital = a_hospital(ct_1=peer.port)
        hospital.ok("record", "init")
        ran = hospital("probe", "ct-1", "--against", "befor")
        assert ran.code == 1
        assert 'no run is saved as "befor"' in ran.said
        assert peer.taken == []


# --- other machines ---------------------------------------------------------------------------------------------


def test_a_run_of_another_machine_is_brought_in(hospital, tmp_path):
    there = tmp_path / "there"
    hospital.git("clone", "-q", str(hospital.path), str(there))
    clone = Hospital(there, hospital.env)
    file = tmp_path / "main.json"
    ran = clone("probe", "--site", "main", "--out", str(file))
    assert ran.code == 2
    assert f"bring it in with: pacsconf -e lab probe import {file}" in ran.said
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    ran = hospital("probe", "import", str(file))
    assert ran.code == 2
    assert "1 healthy · 1 failing" in ran.out
    assert [line["seen"]["target"]["device"] for line in last(hospital)] == ["archive", "ct-1"]
    assert f"imported from {socket.gethostname()}" in newest(hospital)["summary"]


def test_a_file_that_was_tampered_with_changes_nothing(hospital, tmp_path):
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    hospital("probe", "archive", "--out", str(good))
    before = hospital.git("rev-parse", "pacsconf/lab")
    text = good.read_text()
    hostile = {
        "cut short": text[:-40],
        "another verdict": text.replace('"healthy"', '"fine"'),
        "an escape": text.replace('"text":"connected"', '"text":7'),
        "of tomorrow": text.replace('"at":"20', '"at":"29'),
        "elsewhere": text.replace('"environment":"lab"', '"environment":"other"'),
        "no run": '{"format_version": 1}\n',
        "no text": "\x00" * 100,
    }
    for name, data in hostile.items():
        bad.write_text(data)
        ran = hospital("probe", "import", str(good), str(bad))
        assert ran.code == 1, name
        assert f"{bad}" in ran.said, name
    assert hospital.git("rev-parse", "pacsconf/lab") == before


def test_a_run_under_anothers_title_is_not_mixed_with_others(hospital, tmp_path):
    own, borrowed = (str(tmp_path / name) for name in ("own.json", "borrowed.json"))
    hospital.ok("probe", "archive", "--out", own)
    hospital("probe", "archive", "--impersonate", "CT1", "--out", borrowed)
    for files in ((own, borrowed), (borrowed, own)):
        ran = hospital("probe", "import", *files)
        assert ran.code == 1
        assert "kept apart" in ran.said
    hospital.ok("probe", "import", borrowed)
    assert [line["seen"]["target"]["calling"] for line in last(hospital, "impersonated.jsonl")] == ["CT1"]


def test_what_a_file_says_acts_on_no_terminal(hospital, tmp_path):
    file = tmp_path / "run.json"
    hospital("probe", "ct-1", "--out", str(file))
    file.write_text(file.read_text().replace("connection refused", "\\u001b[2Jgone"))
    ran = hospital("probe", "import", str(file))
    assert ran.code == 2
    assert "\\x1b[2Jgone" in ran.said


def test_a_file_that_is_not_there_is_told(hospital):
    ran = hospital("probe", "import", "nowhere.json")
    assert ran.code == 1
    assert "nowhere.json cannot be read: No such file or directory" in ran.said


def test_what_is_not_declared_here_is_shown_and_not_recorded(hospital, tmp_path):
    file = tmp_path / "run.json"
    hospital("probe", "archive", "ct-2", "--out", str(file))
    hospital.remove("ct-2")
    ran = hospital("probe", "import", str(file))
    assert "not declared to be called here, so not recorded: ct-2" in ran.said
    assert [line["seen"]["target"]["device"] for line in last(hospital)] == ["archive"]


def test_whom_it_lets_in_is_tried_when_asked_for_and_remembered(hospital):
    ran = hospital("probe", "archive", "--negatives", "--now")
    assert ran.code == 2
    assert ["!", "main/archive", "OPEN", "OPEN", "OPEN", "OPEN", "refused"] in [
        line.split() for line in ran.out.splitlines()
    ]
    assert "error[WIRE-STRANGER] ARCHIVE of archive" in ran.out
    assert "Whom it lets in" not in hospital.ok("probe", "archive").out
    assert "Wire: last probed just now, 0 of 1 healthy, 1 failing" in hospital.ok("plan").said


def test_called_as_another_is_recorded_apart(hospital):
    hospital("probe", "archive")
    before = last(hospital)
    ran = hospital.ok("probe", "archive", "--impersonate", "CT1")
    assert "Called as CT1, which is another's title" in ran.said
    assert last(hospital) == before
    assert last(hospital, "impersonated.jsonl")[0]["seen"]["target"]["calling"] == "CT1"
    assert "called as CT1" in newest(hospital)["summary"]


# --- Ctrl-C, and a terminal -------------------------------------------------------------------------------------


def test_ctrl_c_shows_what_was_seen_and_ends_within_two_seconds(a_hospital, archive):
    with silent() as peer:
        hospital = a_hospital(archive=archive.port, ct_1=peer.port)
        hospital.ok("record", "init")
        before = hospital.git("rev-parse", "pacsconf/lab")
        process = subprocess.Popen(
            [*PACSCONF, "-e", "lab", "probe", "--timeout", "60"],
            cwd=hospital.path,
            env=hospital.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert peer.first.wait(TIMEOUT)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=2)
    assert process.returncode == 130
    assert "Stopped: this is what was seen until then." in " ".join(out.decode().split())
    assert "nothing of this was recorded" in err.decode()
    assert "Traceback" not in err.decode()
    assert hospital.git("rev-parse", "pacsconf/lab") == before


def test_a_terminal_shows_how_far_it_is(hospital):
    ran = hospital.on_terminal("probe", answers="")
    assert ran.code == 2
    assert "probing" in ran.err
    assert "probing" not in hospital("probe").err


# --- commands that ask nobody -----------------------------------------------------------------------------------


@pytest.fixture
def watched(a_hospital: Callable[..., Hospital]) -> Iterator[tuple[Hospital, Silent]]:
    """A hospital with a record, whose one scanner counts who calls."""
    with silent() as peer:
        hospital = a_hospital(ct_1=peer.port)
        hospital.ok("record", "init")
        yield hospital, peer


def test_plan_and_drift_and_status_send_nothing(watched):
    hospital, peer = watched
    for command in ("plan", "drift", "status"):
        hospital(command)
    assert peer.taken == []


def test_plan_says_how_old_the_last_look_is_and_what_failed(hospital):
    assert "Wire: never probed (pacsconf -e lab probe)" in hospital.ok("plan").said
    hospital("probe", "archive", "ct-1")
    ran = hospital.ok("plan")
    assert "Wire: last probed just now, 1 of 2 healthy, 1 failing, 1 never probed" in ran.said
    assert "warning[WIRE-TCP] CT1 of ct-1 fails on the wire" in ran.said
    assert f"Seen just now from {socket.gethostname()}." in ran.said
    assert "WIRE-UNSEEN" not in ran.said  # the line has counted it
    named = hospital.ok("plan", "--verbose").said
    assert "note[WIRE-UNSEEN] 1 of 3 targets was never probed as declared now" in named


def test_what_is_known_of_the_wire_is_no_part_of_the_digest(hospital):
    before = hospital.ok("plan", "--format", "json").json
    hospital("probe")
    after = hospital.ok("plan", "--format", "json").json
    assert (before["wire"]["last"], after["wire"]["counts"]["failing"]) == (None, 1)
    assert after["digest"] == before["digest"]
    hospital.plan_file.write_text(hospital.ok("plan", "--format", "json").out)
    hospital("probe")
    assert hospital("apply", "plan.json").code in (0, 8)


def test_a_device_that_is_declared_elsewhere_counts_as_not_probed(hospital):
    hospital("probe")
    hospital.edit("host: 10.20.0.5, port: 11112", "host: 10.20.0.6, port: 11112")
    hospital.edit('"10.20.0.5:11112"', '"10.20.0.6:11112"', "systems")
    assert "0 of 2 healthy, 1 failing, 1 asleep, 1 never probed" in hospital.ok("plan").said


def test_drift_and_the_comment_on_a_request_tell_it_too(hospital):
    hospital("probe", "archive")
    assert "Wire: last probed just now, 1 of 1 healthy, 2 never probed" in hospital("drift").said
    assert hospital("drift", "--format", "json").json["wire"]["never"] == ["ct-1/CT1", "ct-2/CT2"]
    assert (
        "\nWire: last probed just now, 1 of 1 healthy, 2 never probed\n"
        in hospital.ok("plan", "--format", "markdown").out
    )


def test_with_probe_plan_looks_first(hospital):
    ran = hospital.ok("plan", "--probe")
    assert "Wire: last probed just now, 1 of 3 healthy, 1 failing, 1 asleep" in ran.said
    assert newest(hospital)["kind"] == "probe"
    assert "Wire: last probed just now, 1 of 3 healthy" in hospital("drift", "--probe").said


def test_with_probe_plan_tells_what_it_saw_though_nothing_can_be_recorded(a_hospital, archive):
    ran = a_hospital(archive=archive.port).ok("plan", "--probe")
    assert "not recorded: there is no record of lab yet" in ran.said
    assert "Wire: last probed just now, 1 of 3 healthy" in ran.said


def test_status_tells_of_the_last_probe(hospital):
    assert "wire 3 never probed" in hospital.ok("status").said
    hospital("probe")
    said = hospital.ok("status").said
    assert "wire 1 of 3 healthy, 1 failing, 1 asleep, last tried just now" in said
    assert "✗ ct-1/CT1 connection refused" in said


def test_what_apply_proves_says_how_far_it_went(hospital):
    hospital.ok("plan", "--out", "plan.json")
    ran = hospital("apply", "plan.json")
    assert "archive/ARCHIVE healthy echo " in ran.said
    assert ", 6 of 6 presentation contexts accepted" in ran.said


def test_what_apply_proves_counts_for_plan_and_drift_and_status(hospital):
    hospital.ok("plan", "--out", "plan.json")
    hospital("apply", "plan.json")
    assert newest(hospital)["kind"] == "closed"
    told = "last probed just now, 1 of 3 healthy, 1 failing, 1 asleep"
    assert f"Wire: {told}" in hospital.ok("plan").said
    assert f"Wire: {told}" in hospital("drift").said
    assert "wire 1 of 3 healthy, 1 failing, 1 asleep, last tried just now" in hospital.ok("status").said
    hospital.edit("host: 10.20.0.5, port: 11112", "host: 10.20.0.6, port: 11112")
    hospital.edit('"10.20.0.5:11112"', '"10.20.0.6:11112"', "systems")
    assert "0 of 2 healthy, 1 failing, 1 asleep, 1 never probed" in hospital.ok("plan").said
    assert "0 of 2 healthy, 1 failing, 1 asleep" in hospital.ok("status").said


def test_plan_and_status_count_the_same_targets(hospital):
    hospital.edit(
        "host: 10.20.4.17, port: 104}",
        "connections: {a: {host: 10.20.4.17, port: 104}, b: {host: 10.20.4.17, port: 105}}}",
    )
    hospital("probe", "archive")
    told = "1 of 1 healthy, 3 never probed"
    assert told in hospital.ok("plan").said
    assert told in hospital.ok("status").said


def test_an_apply_whose_proof_lacks_its_files_is_closed_nonetheless(hospital):
    hospital.edit("ae_title: CT1, ", "ae_title: CT1, tls: [TLS_RSA_WITH_AES_128_CBC_SHA], ")
    hospital.edit("{probe_as: ws-1}", "{probe_as: ws-1, probe_tls: {ca_file: missing.pem}}")
    hospital.ok("plan", "--out", "plan.json")
    ran = hospital("apply", "plan.json")
    assert "ct-1/CT1 unknown" in ran.said
    assert "missing.pem cannot be used as authorities to trust for TLS" in ran.said
    assert "archive/ARCHIVE healthy" in ran.said
    assert newest(hospital)["kind"] == "closed"
    assert hospital("probe").code == 1


def test_a_key_that_others_can_read_is_not_used(hospital, tmp_path):
    key = tmp_path / "probe.key"
    key.touch(0o644)
    hospital.edit("ae_title: CT1, ", "ae_title: CT1, tls: [TLS_RSA_WITH_AES_128_CBC_SHA], ")
    hospital.edit("{probe_as: ws-1}", f"{{probe_as: ws-1, probe_tls: {{certificate: a.pem, key: {key}}}}}")
    ran = hospital("probe")
    assert ran.code == 5
    assert f"other users of this machine may read or change {key}" in ran.said
    assert f"chmod 600 {key}" in ran.said
