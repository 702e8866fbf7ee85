"""Storage and legal holds through the command line, on a real Orthanc: told, protected, released, foretold."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from pacsconf.lab import orthanc
from tests.e2e.conftest import Hospital
from tests.made_up import MadeUp, put

FIRST, SECOND = MadeUp(1, patient="ZZA"), MadeUp(2, ("MG",), patient="ZZB")
NOWHERE = MadeUp(9)
LIMITS = {"MaximumStorageSize": 1, "MaximumPatientCount": 10, "MaximumStorageMode": "Recycle"}
DEVICES = """\
devices:
  archive: {type: archive, ae_title: ORTHANC, host: 10.20.0.5, port: 11112, offers: [verification]}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[orthanc.Orthanc]:
    options = orthanc.Options(settings=LIMITS)
    with orthanc.started(tmp_path_factory.mktemp("storage") / "orthanc", options) as running:
        put(running, (FIRST, SECOND))
        yield running


@pytest.fixture
def patients(server) -> Iterator[Callable[[], set[str]]]:
    """The patients that are protected, by ID; nobody is at first."""
    client = httpx2.Client(base_url=server.url, auth=(server.colleague, server.password), trust_env=False)
    numbers = {one["MainDicomTags"]["PatientID"]: one["ID"] for one in client.get("/patients?expand").json()}
    for number in numbers.values():
        client.put(f"/patients/{number}/protected", json=0).raise_for_status()
    yield lambda: {
        name for name, number in numbers.items() if client.get(f"/patients/{number}/protected").json() == 1
    }
    client.close()


@pytest.fixture
def hospital(repository, server, tmp_path, monkeypatch) -> Hospital:
    operator = tmp_path / "operator.toml"
    operator.write_text(
        f'[[secret]]\nref = "env:WEB_PASSWORD"\nfor = "{server.url}"\n[environments]\nwrite = ["main"]\n'
    )
    monkeypatch.setenv("PACSCONF_CONFIG", str(operator))
    monkeypatch.setenv("WEB_PASSWORD", server.password)
    made = repository(hospital=DEVICES)
    made.env |= {"PACSCONF_CONFIG": str(operator), "WEB_PASSWORD": server.password}
    made.secrets += [server.password, "ZZA", "ZZB", FIRST.uid, SECOND.uid]
    systems(made, server)
    return made


def systems(hospital: Hospital, server: orthanc.Orthanc, storage: str = "") -> None:
    hospital.file("systems").write_text(
        f'systems:\n  pacs: {{type: orthanc, url: "{server.url}", ae: archive, mode: write,\n'
        f'    settings_file: "{server.settings_file}", {storage}\n'
        "    login: {user: pacsconf, password: env:WEB_PASSWORD}}\n"
        'environments: {main: {dial: {"*": none}}}\n'
    )
    hospital.commit("the systems")


def hold(hospital: Hospital, *studies: MadeUp, released: str = "") -> None:
    names = ", ".join(f'"{one.reference}"' for one in studies)
    hospital.file("holds").write_text(
        f"retention: {{holds: {{case-1: {{studies: [{names}], reason_ref: L-1, placed_by: legal, "
        f"since: 2026-03-02{released}}}}}}}\n"
    )
    hospital.commit("the holds")


def run(hospital: Hospital, *words: str):
    return hospital.here("-e", "main", *words)


def applied(hospital: Hospital, *words: str):
    planned = run(hospital, "plan", "--out", "plan.json")
    assert planned.code in (0, 5), planned
    return run(hospital, "apply", "plan.json", *words)


def test_a_hold_protects_its_patient_and_its_release_needs_its_own_word(hospital, patients):
    assert run(hospital, "record", "init").code == 0
    hold(hospital, FIRST)
    ran = applied(hospital)
    assert ran.code == 0, ran
    assert patients() == {"ZZA"}
    assert "No changes." in run(hospital, "plan").out

    hold(hospital, FIRST, released=", released: {on: 2026-03-03, by: legal}")
    refused = applied(hospital)
    assert refused.code == 5, refused
    assert "GUARD-PURGE" in refused.said
    assert patients() == {"ZZA"}

    digest = json.loads(hospital.plan_file.read_text())["digest"][:8]
    address = f"pacs/held-study/{FIRST.reference[7:]}"
    acks = ["--ack", f"{digest}:GUARD-PURGE:{address}", "--reason", "case closed"]
    ran = run(hospital, "apply", "plan.json", *acks)
    assert ran.code == 0, ran
    assert patients() == set()
    assert "No changes." in run(hospital, "plan").out


def test_a_hold_that_is_deleted_from_the_inventory_is_noticed(hospital, patients):
    assert run(hospital, "record", "init").code == 0
    hold(hospital, SECOND)
    assert applied(hospital).code == 0
    hospital.file("holds").unlink()
    hospital.commit("without holds")
    refused = applied(hospital)
    assert refused.code == 5, refused
    assert "GUARD-PURGE" in refused.said
    assert "GUARD-VANISHED" in refused.said
    assert patients() == {"ZZB"}


def test_no_log_of_holds_names_a_patient_or_a_study(hospital, server, patients):
    with httpx2.Client(base_url=server.url, auth=(server.colleague, server.password)) as client:
        hospital.secrets += [*client.get("/patients").json(), *client.get("/studies").json()]
    assert run(hospital, "record", "init").code == 0
    hold(hospital, FIRST, SECOND)
    run(hospital, "plan", "--out", "plan.json")
    assert hospital.here("--log", "-e", "main", "apply", "plan.json").code == 0
    assert patients() == {"ZZA", "ZZB"}
    for words in (["plan"], ["drift"], ["storage"], ["plan", "--format", "json"]):
        ran = hospital.here("--log", "-e", "main", *words)
        assert "Traceback" not in ran.said


def test_a_hold_on_nothing_is_a_warning(hospital):
    assert run(hospital, "record", "init").code == 0
    hold(hospital, NOWHERE)
    ran = run(hospital, "plan")
    assert "ORTHANC-HELD-NOWHERE" in ran.said
    assert "No changes." in ran.out


def test_a_purge_that_is_armed_stops_plans_for_the_only_copy(hospital, server):
    assert run(hospital, "record", "init").code == 0
    assert "ORTHANC-PURGE-ARMED" in run(hospital, "plan").said
    systems(hospital, server, "storage: {copies: only, mode: reject},")
    hold(hospital, FIRST)
    ran = applied(hospital)
    assert ran.code == 5, ran
    assert '"MaximumStorageMode": "Reject"' in run(hospital, "plan").said


def test_doctor_tells_it_too(hospital, server):
    ran = run(hospital, "doctor", "--system", "pacs")
    assert (ran.code, "warning[ORTHANC-PURGE-ARMED]" in ran.out) == (0, True)
    systems(hospital, server, "storage: {copies: only},")
    ran = run(hospital, "doctor", "--system", "pacs")
    assert (ran.code, "error[ORTHANC-PURGE-ARMED]" in ran.out) == (1, True)


def test_adopting_beside_holds_takes_none_of_them_for_peers(hospital, server, patients):
    assert run(hospital, "record", "init").code == 0
    hold(hospital, FIRST)
    assert applied(hospital).code == 0
    login = ("--user", "pacsconf", "--password", "env:WEB_PASSWORD")
    ran = run(hospital, "adopt", "orthanc", "--url", server.url, *login, "--name", "pacs")
    assert ran.code in (0, 1), ran
    assert "held-study" not in ran.said
    assert patients() == {"ZZA"}


# --- how full it is -----------------------------------------------------------------------------------------------


def test_how_full_it_is_is_told_and_a_forecast_takes_samples(hospital):
    ran = run(hospital, "storage")
    assert ran.code == 0, ran
    assert "pacs" in ran.out
    assert "of 1.0 MB or 10 patients, 20% full" in ran.said
    assert "No forecast: 1 sample" in ran.said
    assert "Purge armed: yes." in ran.said


def test_past_its_threshold_the_command_ends_with_2(hospital, server):
    systems(hospital, server, "storage: {warn_at: 20%},")
    ran = run(hospital, "storage", "pacs")
    assert ran.code == 2, ran
    assert "past 20%" in ran.out
    assert "ORTHANC-FULL" in run(hospital, "plan").said
    morning = run(hospital, "status").said
    assert "storage 2 to look at" in morning
    assert "Orthanc pacs is 20% full" in morning


def test_samples_are_kept_in_the_record_and_a_line_is_laid_through_them(hospital, monkeypatch):
    from pacsconf.cli import workspace

    assert run(hospital, "record", "init").code == 0
    now = datetime.now(UTC)
    for days in (40, 20, 10):
        monkeypatch.setattr(workspace, "now", lambda days=days: now - timedelta(days=days))
        ran = run(hospital, "storage", "--record")
        assert ran.code == 0, ran
    monkeypatch.setattr(workspace, "now", lambda: now)
    (told,) = run(hospital, "storage", "--format", "json").json["storages"]
    assert (told["forecast"]["trend"], told["forecast"]["points"]) == ("steady", 4)
    assert told["forecast"]["full"] is None
    history = run(hospital, "history")
    assert history.code == 0
    assert "pacs 1" in history.out
    commit = json.loads(run(hospital, "history", "--format", "json").out)["entries"][0]["commit"]
    shown = run(hospital, "show", commit)
    assert shown.code == 0, shown
    assert "10 patients" in shown.out


def test_without_a_record_it_is_told_all_the_same_and_not_kept(hospital):
    assert run(hospital, "storage").code == 0
    assert run(hospital, "storage", "--record").code == 5


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["pasc"], "no system"),
        (["--within", "soon"], "a period is a number and a unit"),
    ],
)
def test_what_is_typed_wrong_is_said(hospital, words, text):
    ran = run(hospital, "storage", *words)
    assert ran.code == 64, ran
    assert text in ran.said


def test_one_that_cannot_be_reached_does_not_hide_the_others(hospital, server):
    text = hospital.file("systems").read_text()
    other = '  away: {type: orthanc, url: "http://127.0.0.1:9", storage: {copies: cache}}\n'
    hospital.file("systems").write_text(text.replace("environments:", f"{other}environments:"))
    hospital.commit("another")
    ran = run(hospital, "storage")
    assert ran.code == 9, ran
    assert "20% full" in ran.said


def test_an_inventory_without_an_archive_has_nothing_to_tell(small):
    ran = small("storage")
    assert ran.code == 0
    assert "No system here keeps images" in ran.err
