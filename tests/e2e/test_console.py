"""A console that only a person can change, through the command line: sheets, attestations, exports, probes."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator

import pytest

from pacsconf.lab import processes

CONSOLE = """\
systems:
  ct-console: {type: console, ae: ct-1, mode: write, contact: "ACME service, 555-12"}
  pacs:
    type: console
    ae: archive
    mode: write
    export: {file: exports/pacs.csv, delimiter: ";", columns: {alias: Name, ae_title: AE, host: IP, port: Port}}
environments: {lab: {dial: {"*": none}}}
"""
HOSPITAL = """\
sites:
  main: {networks: [10.20.0.0/16]}
devices:
  archive: {type: archive, site: main, ae_title: ARCHIVE, host: 10.20.0.5, port: 11112, offers: [ct-image-storage]}
  ct-1: {type: modality, modality: [CT], site: main, ae_title: CT1, host: 10.20.4.17, port: 104, probe: echo,
         uses: [ct-image-storage], offers: [verification]}
  ct-2: {type: modality, modality: [CT], site: main, ae_title: CT2, host: 10.20.4.18, port: 104,
         uses: [ct-image-storage], offers: [verification]}
  ws-1: {type: workstation, site: main, ae_title: WS1, host: 10.20.9.1, port: 104, uses: [verification]}
flows:
  images: {from: {type: modality}, to: {ae_title: ARCHIVE}, services: [storage]}
pacsconf: {probe_as: ws-1/WS1}
"""
OWN, PEER = "ct-console/network-ae/ct-1", "ct-console/peer/ARCHIVE"
WHY = ("--reason", "keyed in by ACME")


def export(hospital, *rows: str) -> None:
    """What the PACS exports: these rows below its headings."""
    folder = hospital.path / "exports"
    folder.mkdir(exist_ok=True)
    (folder / "pacs.csv").write_text("Name;AE;IP;Port\n" + "".join(f"{row}\n" for row in rows))


CT1, CT2 = "CT1;CT1;10.20.4.17;104", "CT2;CT2;10.20.4.18;104"


@pytest.fixture
def consoles(repository):
    """A scanner's console of which nothing is known, and a PACS that exports its peers."""
    made = repository(hospital=HOSPITAL, systems=CONSOLE)
    export(made, CT1, CT2)
    made.ok("record", "init")
    return made


def applied(hospital, *options: str):
    hospital.ok("plan", "--out", "plan.json", *options)
    return hospital.ok("apply", "plan.json")


def standing(hospital) -> None:
    """All that is declared was keyed in and attested."""
    hospital.ok("attest", "--all", *WHY)


def plan_code(hospital) -> int:
    return hospital("plan", "--detailed-exitcode").code


# --- declare, plan, apply, attest --------------------------------------------------------------------------------


def test_what_is_keyed_in_is_planned_handed_over_waits_and_is_attested(consoles):
    plan = consoles("plan", "--detailed-exitcode")
    assert plan.code == 2
    assert f"+ {PEER}" in plan.out
    ran = applied(consoles)
    assert "0 of 3 changes done, 3 for a person to do" in ran.out
    assert "for a person to enter at the console of ct-1 (ACME service, 555-12)" in ran.said
    assert "To be keyed in at ct-console (ACME service, 555-12): 2 rows" in ran.out
    waits = consoles.ok("plan", "--detailed-exitcode")
    assert f"? {PEER}\n      ae_title  ARCHIVE\n" in waits.out
    assert "keyed in?  pacsconf -e lab attest ct-console" in waits.out
    done = consoles.ok("attest", "ct-console", *WHY)
    assert f"  attested  {OWN}\n  attested  {PEER}\n" in done.out
    assert "2 rows recorded as attested. 1 row still waiting:\n  ? pacs/network-ae/archive\n" in done.out
    consoles.ok("attest", "pacs/network-ae/archive", *WHY)
    assert "No changes." in consoles.ok("plan", "--detailed-exitcode").out
    assert "No drift." in consoles.ok("drift").out


def test_a_sheet_is_written_for_each_console_and_never_over_another(consoles):
    applied(consoles)
    sheets = sorted(path.name for path in (consoles.path / "sheets").iterdir())
    assert len(sheets) == 4
    html = next((consoles.path / "sheets").glob("ct-console-*.html")).read_text()
    assert "10.20.0.5" in html
    assert "ACME service, 555-12" in html
    consoles.edit("host: 10.20.4.17", "host: 10.20.4.27")
    applied(consoles)
    assert len(list((consoles.path / "sheets").iterdir())) > 4


def test_sheets_go_where_they_are_wanted_or_nowhere(consoles):
    consoles.ok("plan", "--out", "plan.json")
    consoles.ok("apply", "plan.json", "--sheets", "none")
    assert not (consoles.path / "sheets").exists()
    consoles.edit("host: 10.20.4.17", "host: 10.20.4.27")
    consoles.ok("plan", "--out", "plan.json")
    ran = consoles.ok("apply", "plan.json", "--sheets", "print/here")
    assert "sheet      print/here/ct-console-" in ran.out
    assert list((consoles.path / "print" / "here").glob("ct-console-*.md"))


def test_a_folder_that_cannot_be_written_fails_no_apply(consoles):
    (consoles.path / "sheets").write_text("a file is here")
    ran = applied(consoles)
    assert "no sheet can be written in sheets: File exists" in ran.err
    assert "pacsconf -e lab render console-sheet" in ran.err
    assert f"? {PEER}" in ran.out


def test_a_value_declared_anew_is_a_new_change(consoles):
    applied(consoles)
    consoles.edit("port: 11112", "port: 11113")
    plan = consoles("plan", "--detailed-exitcode")
    assert plan.code == 2
    assert f"+ {PEER}" in plan.out
    assert f"? {OWN}" in plan.out


def test_what_goes_waits_too_and_is_attested_to_be_gone(consoles):
    standing(consoles)
    consoles.edit("from: {type: modality}", "from: {device: ct-1}")
    ran = applied(consoles)
    assert "? pacs/peer/CT2  to be deleted" in ran.out
    assert plan_code(consoles) == 0
    done = consoles.ok("attest", "pacs", *WHY)
    assert "attested  pacs/peer/CT2" in done.out
    assert "is gone" in done.out
    assert "No changes." in consoles.ok("plan", "--detailed-exitcode").out


def test_a_device_that_retires_is_forgotten(consoles):
    standing(consoles)
    consoles.edit("ae_title: CT1, host", "lifecycle: retired, ae_title: CT1, host")
    plan = consoles("plan", "--detailed-exitcode")
    assert "- pacs/peer/CT1" in plan.out
    assert "Out of the record" in plan.out
    assert "- ct-console/" not in plan.out


# --- the first day, and what is refused --------------------------------------------------------------------------


def test_on_the_first_day_all_that_is_declared_is_attested_at_once(consoles):
    done = consoles.ok("attest", "--all", *WHY)
    assert f"attested  {PEER}" in done.out
    assert "attested  pacs/peer/CT1" in done.out
    assert plan_code(consoles) == 0


def test_one_console_alone_can_be_attested_whole(consoles):
    consoles.ok("attest", "ct-console", "--all", *WHY)
    plan = consoles("plan", "--detailed-exitcode")
    assert (plan.code, "ct-console/" in plan.out) == (2, False)


def test_a_whole_address_is_attested_though_nobody_was_asked_for_it(consoles):
    done = consoles.ok("attest", PEER, *WHY)
    assert "1 row recorded as attested." in done.out
    assert f"+ {PEER}" not in consoles("plan").out


def test_a_pattern_attests_only_what_waits(consoles):
    ran = consoles("attest", "ct-console/*", *WHY)
    assert ran.code == 1
    assert 'nothing waits for a person at "ct-console/*"' in ran.said


def test_what_pacsconf_reads_itself_cannot_be_attested(repository, tmp_path):
    systems = CONSOLE.replace(
        "systems:\n", f'systems:\n  memory: {{type: memory, file: "{tmp_path}/memory.json", mode: write}}\n'
    )
    made = repository(hospital=HOSPITAL, systems=systems)
    export(made, CT1, CT2)
    made.ok("record", "init")
    ran = made("attest", "memory/device/ct-1", *WHY)
    assert ran.code == 1
    assert "memory is read by pacsconf itself, so nothing there can be attested" in ran.said
    assert made("attest", "nobody/peer/X", *WHY).code == 1


def test_an_inventory_without_consoles_has_nothing_to_attest(small):
    small.ok("record", "init")
    assert "nothing to attest" in small("attest", "--all", *WHY).err


def test_nobody_here_to_be_asked_must_give_the_reason(consoles):
    assert consoles("attest", "--all").code == 64
    assert consoles("attest", *WHY).code == 64
    assert consoles("attest", "--all", "--probe").code == 64


def test_on_a_terminal_the_reason_is_asked_for(consoles):
    ran = consoles.on_terminal("attest", "--all", answers="ACME was here\n")
    assert ran.code == 0
    assert "For the record: " in ran.err
    assert "ACME was here" in consoles.ok("history").said


def test_while_a_change_set_is_open_nothing_is_attested(consoles):
    consoles.ok("plan", "--out", "plan.json")
    consoles.ok("apply", "plan.json")
    before = consoles.git("rev-parse", "pacsconf/lab~1")  # the open change set
    consoles.git("update-ref", "refs/heads/pacsconf/lab", before)
    shutil.rmtree(consoles.path / ".git" / "pacsconf", ignore_errors=True)
    ran = consoles("attest", "--all", *WHY)
    assert ran.code == 7
    assert "is open on lab" in ran.err


def test_a_read_only_console_is_never_handed_over_but_attested(consoles):
    text = consoles.file("systems").read_text()
    consoles.file("systems").write_text(text.replace("mode: write", "mode: read-only"))
    consoles.commit("read-only")
    assert consoles("plan", "--out", "plan.json").code == 0
    assert consoles("apply", "plan.json").code == 5
    consoles.ok("attest", "--all", *WHY)
    assert plan_code(consoles) == 0


def test_history_and_show_tell_what_was_attested(consoles):
    consoles.ok("attest", PEER, *WHY)
    entry = consoles.ok("history", "--format", "json").json["entries"][0]
    assert (entry["kind"], entry["summary"]) == ("attest", "1 address · keyed in by ACME")
    shown = consoles.ok("show", entry["commit"][:7])
    assert "keyed in by ACME" in shown.out
    assert f"  {PEER}\n      ae_title     ARCHIVE\n" in shown.out
    (one,) = consoles.ok("show", entry["commit"], "--format", "json").json["attestations"]
    assert (one["address"], one["how"]) == (PEER, "attested")


# --- an export ---------------------------------------------------------------------------------------------------


def test_drift_in_a_new_export_is_put_back_by_a_person_and_closed_by_the_next(consoles):
    standing(consoles)
    export(consoles, "CT1;CT1;10.20.4.99;104", CT2)
    drift = consoles("drift")
    assert drift.code == 2
    assert "in pacs.csv" in drift.out
    assert "10.20.4.99" in drift.out
    assert plan_code(consoles) == 0  # drift alone is no change
    ran = applied(consoles, "--repair", "pacs/peer/CT1")
    assert "host  10.20.4.99 → 10.20.4.17" in ran.out
    waits = consoles.ok("plan", "--detailed-exitcode")
    assert "? pacs/peer/CT1" in waits.out
    assert consoles("drift").code == 0
    export(consoles, CT1, CT2)
    closed = consoles.ok("plan", "--detailed-exitcode", "--out", "plan.json")
    assert "?" not in closed.out
    consoles.ok("apply", "plan.json")
    export(consoles, "CT1;CT1;10.20.4.99;104", CT2)
    assert consoles("drift").code == 2  # the same fault again is drift again


def test_an_attestation_counts_until_a_new_export_says_otherwise(consoles):
    standing(consoles)
    consoles.edit("ae_title: CT2, host: 10.20.4.18", "ae_title: CT2, host: 10.20.4.28")
    applied(consoles)
    consoles.ok("attest", "pacs/peer/CT2", *WHY)
    assert plan_code(consoles) == 0
    assert consoles("drift").code == 0
    export(consoles, CT1, CT2)  # the very same rows: it is the same export
    assert consoles("drift").code == 0
    export(consoles, CT1, "CT2;CT2;10.20.4.18;104;;")  # newly exported: it was never keyed in
    drift = consoles("drift")
    assert drift.code == 2
    assert "10.20.4.18" in drift.out


def test_a_new_export_closes_what_waits(consoles):
    standing(consoles)
    consoles.edit("ae_title: CT2, host: 10.20.4.18", "ae_title: CT2, host: 10.20.4.28")
    applied(consoles)
    export(consoles, CT1, "CT2;CT2;10.20.4.28;104")
    assert "waiting" not in consoles.ok("plan", "--detailed-exitcode").out


def test_all_faults_of_an_export_are_one_report(consoles):
    export(consoles, "CT1;CT1;10.20.4.17;abc", "CT2;CT2", "CT1;CT1;;", "CT1;CT1;;")
    ran = consoles("plan")
    assert ran.code == 1
    assert "its export has 3 faults" in ran.said
    for line in (2, 3, 5):
        assert f"exports/pacs.csv:{line}: " in ran.err


def test_an_export_that_is_not_there_is_a_system_out_of_reach(consoles):
    (consoles.path / "exports" / "pacs.csv").unlink()
    assert consoles("plan").code == 9
    consoles.ok("plan", "--exclude", "pacs")


def test_a_wrong_column_is_found_before_anything_is_read(consoles):
    consoles.edit("columns: {alias: Name,", "columns: {alais: Name,", file="systems")
    ran = consoles("validate")
    assert ran.code == 3
    assert 'cannot be "alais"; did you mean "alias"?' in ran.said


# --- seen on the wire --------------------------------------------------------------------------------------------


@pytest.fixture
def scanner(tmp_path) -> Iterator[int]:
    """A scanner that answers an echo under any title; its port on loopback."""
    folder = tmp_path / "scanner"
    folder.mkdir()
    running: list[subprocess.Popen[bytes]] = []

    def start(port: int) -> int:
        command = [processes.dcmtk("storescp"), "--ignore", str(port)]
        running.append(subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL))
        processes.wait_for(lambda: processes.answers(port), running[-1].pid, folder / "log", "the scanner")
        return port

    try:
        yield processes.at_a_free_port(start)
    finally:
        for process in running:
            process.terminate()
            process.wait(10)


def dialling(hospital, port: int, declared: str = "10.20.4.27:104") -> None:
    hospital.edit(
        'dial: {"*": none}', f'dial: {{"{declared}": "127.0.0.1:{port}", "*": none}}', file="systems"
    )


def moved(hospital, after: str = "10.20.4.27") -> None:
    """The scanner is to get a new address, and its console was handed the sheet."""
    standing(hospital)
    hospital.edit("ae_title: CT1, host: 10.20.4.17", f"ae_title: CT1, host: {after}")
    applied(hospital)


def test_a_new_address_at_which_the_scanner_answers_is_closed_by_a_probe(consoles, scanner):
    dialling(consoles, scanner)
    moved(consoles)
    ran = consoles.ok("attest", "--probe")
    assert f"observed  {OWN}" in ran.out
    assert "CT1 at 10.20.4.27:104 answers" in ran.out
    assert "what a console knows about others, no probe can see" in ran.said  # pacs/peer/CT1
    assert "? pacs/peer/CT1" in ran.out
    entry = consoles.ok("history", "--format", "json").json["entries"][0]
    assert (entry["kind"], entry["summary"]) == ("attest", "1 address · seen on the wire")
    (one,) = consoles.ok("show", entry["commit"], "--format", "json").json["attestations"]
    assert one["how"] == "observed"
    assert OWN not in consoles.ok("plan").out


def test_where_nobody_answers_it_goes_on_waiting(consoles):
    moved(consoles)
    ran = consoles.ok("attest", "--probe", "ct-console")
    assert "nothing leads to this address" in ran.said
    assert "Nothing was recorded." in ran.out
    assert f"? {OWN}" in consoles.ok("plan").out


def test_what_does_not_want_to_be_probed_is_left_alone(consoles, scanner):
    dialling(consoles, scanner)
    consoles.edit("probe: echo", "probe: none")
    moved(consoles)
    assert "not called: do not probe" in consoles.ok("attest", "--probe").said
    consoles.edit("probe: none", "probe: tcp")
    assert "that shows no title" in consoles.ok("attest", "--probe").said


def test_a_new_title_is_not_believed_of_a_scanner_that_answers_to_any(consoles, scanner):
    dialling(consoles, scanner, "10.20.4.17:104")
    standing(consoles)
    consoles.edit("ae_title: CT1,", "ae_title: CT_ONE,")
    consoles.ok("plan", "--out", "plan.json", "--target", "ct-console")
    consoles.ok("apply", "plan.json")
    ran = consoles.ok("attest", "--probe", OWN)
    assert "answers to CT_ONE, and to CT1 as well: it does not tell them apart" in ran.said
    assert "Nothing was recorded." in ran.out
