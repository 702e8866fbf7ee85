"""Policies stop what would break them before it happens: in a change of files, and in a plan for live systems."""

from __future__ import annotations

import textwrap
from datetime import UTC, datetime, timedelta

import pytest

from pacsconf.cli import workspace
from tests.e2e.conftest import HOSPITAL as SMALL
from tests.e2e.conftest import Hospital, Ran
from tests.e2e.test_archive_callers import HOSPITAL, callers

PACK = """\
pack: {name: ours}
rules:
  - id: OUR-NET-001
    title: Scanners have an address of our own
    severity: high
    kind: device
    when: type == "modality"
    condition: hosts.all(host, host.startsWith("10.20."))
    message: name + " is at " + hosts.join(", ")
    why: Whatever else has a route to the archive was looked at by nobody.
    fix: Give it an address of the campus.
  - id: OUR-AE-001
    title: Archives take declared callers alone
    severity: high
    kind: ae
    when: offers_storage
    condition: "!configured.any_caller"
    message: title + " takes whoever calls"
    why: Anybody in the network could store.
    fix: Name those who may call.
  - id: OUR-LC-001
    title: Somebody answers for it
    severity: low
    kind: device
    condition: owner != ""
"""
BAD = "  ct-9: {type: modality, modality: [CT], ae_title: CT9, host: 192.0.2.9, port: 104, uses: [verification]}\n"


def with_policies(hospital: Hospital, **files: str) -> Hospital:
    """The hospital with these files of policies, committed."""
    (hospital.path / "policies").mkdir(exist_ok=True)
    for name, text in {"ours": PACK, **files}.items():
        (hospital.path / "policies" / f"{name}.yaml").write_text(text)
    hospital.commit("policies")
    return hospital


def waived(hospital: Hospital, rule: str, scope: str, *more: str) -> Ran:
    said = (
        "--owner",
        "radiology-it",
        "--approver",
        "m.rossi",
        "--reason",
        "a trial",
        "--control",
        "a firewall",
    )
    return hospital.here("waiver", "add", "--rule", rule, "--scope", scope, *said, *more)


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch):
    """Puts the clock forward by days."""

    def put(days: int) -> None:
        monkeypatch.setattr(workspace, "now", lambda: datetime.now(UTC) + timedelta(days=days))

    return put


# --- a change of files: nothing live is needed


@pytest.fixture
def files(repository) -> Hospital:
    """The files alone, with policies that they keep but for owners."""
    return with_policies(repository(hospital=SMALL))


def test_what_keeps_the_policies_stands(files: Hospital):
    ran = files.here("validate")
    assert ran.code == 0, ran
    assert "2 rules checked on 6 devices: 6 low fail" in ran.said
    assert "1 more need live systems: pacsconf audit" in ran.said
    assert "low[OUR-LC-001] Somebody answers for it: 6 devices: archive, ct-1" in ran.said


def test_a_change_that_adds_a_violation_is_stopped_at_its_line(files: Hospital):
    files.edit("  ct-1:", f"{BAD}  ct-1:")
    ran = files.here("validate")
    assert ran.code == 4, ran
    assert "high[OUR-NET-001] Scanners have an address of our own: ct-9" in ran.said
    assert "inventory/hospital.yaml:9:3" in ran.out
    assert "why ct-9 is at 192.0.2.9. Whatever else has a route" in ran.said
    assert "fix Give it an address of the campus." in ran.said
    assert "refused: the gate is high" in ran.said
    assert "mend it, or have it accepted until a day: pacsconf waiver add" in ran.said
    assert files.here("validate", "--fail-on", "critical").code == 0
    assert files.here("validate", "--fail-on", "low").code == 4


def test_each_form_tells_what_fails_and_where(files: Hospital):
    files.edit("  ct-1:", f"{BAD}  ct-1:")
    told = files.here("validate", "--format", "json").json
    failing = [one for one in told["findings"] if one.get("policy") == "high"]
    assert [(one["rule"], one["place"]["file"], one["place"]["line"]) for one in failing] == [
        ("OUR-NET-001", "inventory/hospital.yaml", 9)
    ]
    assert told["policies"] == {
        "rules": 2,
        "need_live_systems": 1,
        "off": 0,
        "gate": "high",
        "stopping": 1,
        "states": {"pass": 4, "fail": 8, "n/a": 2},
    }
    assert (
        "**high** `OUR-NET-001` `inventory/hospital.yaml:9`"
        in files.here("validate", "--format", "markdown").out
    )
    sarif = files.here("validate", "--format", "sarif")
    assert sarif.code == 4
    assert {
        (one["ruleId"], one["locations"][0]["physicalLocation"]["region"]["startLine"])
        for one in sarif.json["runs"][0]["results"]
        if one["ruleId"] == "OUR-NET-001"
    } == {("OUR-NET-001", 9)}
    assert {one["kind"] for one in sarif.json["runs"][0]["results"]} == {"fail"}, "each becomes an alert"
    assert sarif.json["runs"][0]["properties"]["results"]["pass"] == 4
    junit = files.here("validate", "--format", "junit")
    assert "OUR-NET-001" in junit.out
    assert "<failure" in junit.out


def test_a_waiver_lets_it_through_until_its_day_and_no_longer(files: Hospital, on):
    files.edit("  ct-1:", f"{BAD}  ct-1:")
    added = waived(files, "OUR-NET-001", "device:ct-9")
    assert added.code == 0, added
    assert "It accepts 1 failure" in added.said
    assert "git add policies/waivers.yaml" in added.said
    assert files.here("validate").code == 0
    assert "1 waived" in files.here("validate").said
    on(61)
    ending = files.here("validate")
    assert (ending.code, "PACS-WAIV-011" in ending.out) == (0, True)
    assert "waiver our-net-001-ct-9 ends" in files.here("status").said
    on(91)
    ended = files.here("validate")
    assert (ended.code, "PACS-WAIV-009" in ended.out) == (4, True)
    assert "ended, until" in files.here("waiver", "list").said


def test_a_renewed_waiver_counts_on_and_keeps_its_former_end(files: Hospital, on):
    files.edit("  ct-1:", f"{BAD}  ct-1:")
    waived(files, "OUR-NET-001", "device:ct-9")
    before = (files.path / "policies" / "waivers.yaml").read_text()
    on(80)
    assert files.here("waiver", "add", "--renew", "our-net-001-ct-9").code == 0
    after = (files.path / "policies" / "waivers.yaml").read_text()
    assert [line for line in before.splitlines() if line not in after.splitlines()] == [
        line for line in before.splitlines() if line.startswith("    until:")
    ]
    on(91)
    assert files.here("validate").code == 0
    listed = files.here("waiver", "list", "--format", "json").json["waivers"]
    assert [(one["id"], len(one["renewals"]), one["used"]) for one in listed] == [("our-net-001-ct-9", 1, 1)]


def test_a_waiver_that_accepts_nothing_is_told(files: Hospital):
    waived(files, "OUR-NET-001", "device:ct-1")
    ran = files.here("validate")
    assert (ran.code, "PACS-WAIV-010" in ran.out) == (0, True)
    assert "policies/waivers.yaml:4:3" in ran.out


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ("    until: {day}\n", "PACS-WAIV-001"),
        ("rule: OUR-NET-001", "PACS-WAIV-007"),
        ("approver: m.rossi", "PACS-WAIV-003"),
    ],
    ids=["no end", "no such rule", "approves it alone"],
)
def test_a_mistake_in_a_waiver_is_a_mistake_of_the_inventory(files: Hospital, changed, wanted):
    waived(files, "OUR-NET-001", "device:ct-1")
    file = files.path / "policies" / "waivers.yaml"
    day = (datetime.now(UTC) + timedelta(90)).date()
    instead = {
        "PACS-WAIV-001": "",
        "PACS-WAIV-007": "rule: OUR-NET-01",
        "PACS-WAIV-003": "approver: Radiology-IT",
    }
    text = file.read_text()
    assert changed.format(day=day) in text
    file.write_text(text.replace(changed.format(day=day), instead[wanted]))
    ran = files.here("validate")
    assert (ran.code, wanted in ran.err) == (3, True), ran
    assert "policies/waivers.yaml:" in ran.err
    assert " | " in ran.err, "the line is shown"


def test_a_broken_pack_is_a_mistake_of_the_inventory(files: Hospital):
    with_policies(
        files,
        more="rules:\n  - {id: OUR-X-001, title: x, severity: high, kind: device, condition: nmae == ''}\n",
    )
    ran = files.here("validate")
    assert ran.code == 3, ran
    assert "policies/more.yaml:2" in ran.err


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("--scope", "device:ct-9"), "names nothing"),
        (("--scope", "*"), "everything there is"),
        (("--approver", "Radiology-IT"), "owner and approver"),
        (("--rule", "OUR-NET-009"), "there is no rule"),
        (("--until", "2099-01-01"), "180 are the most"),
        (("--until", "2020-01-01"), "do not follow"),
    ],
    ids=["names nothing", "everything", "alone", "no rule", "too long", "over"],
)
def test_a_waiver_that_would_be_wrong_is_not_written(files: Hospital, args, told):
    ran = waived(files, "OUR-NET-001", "device:ct-1", *args) if args[0] != "--scope" else waived(
        files, "OUR-NET-001", args[1]
    )  # fmt: skip
    assert (ran.code, told in ran.said) == (64, True), ran
    assert not (files.path / "policies" / "waivers.yaml").exists()


def test_without_policies_nothing_is_judged(repository):
    ran = repository(hospital=SMALL).here("validate")
    assert (ran.code, "rule" in ran.out) == (0, False)


# --- a plan for a live archive


@pytest.fixture
def archive(in_a_lab) -> Hospital:
    """An archive in a real directory, everything applied; its policies came afterwards."""
    made = in_a_lab(hospital=HOSPITAL, systems=WITH_ARCHIVE)
    made.applied()
    return with_policies(made)


WITH_ARCHIVE = textwrap.dedent(
    """\
    systems:
      directory:
        type: dicom-directory
        url: ldaps://ldap.example.org
        base: "dc=hospital,dc=example"
        extensions: [dcm4chee]
    environments: {lab: {dial: {"*": none}}}
    """
)
OPEN = ("ARCHIVE: {offers", "ARCHIVE: {accepts: any, offers")
WIDEN = "GUARD-WIDEN"


def acknowledged(plan: Ran) -> tuple[str, ...]:
    """What lets the guard through that counts such changes too, so that policies alone are left."""
    return ("--ack", f"{plan.json['digest'][:8]}:{WIDEN}", "--reason", "a trial")


def test_a_plan_that_would_break_a_policy_is_refused_before_anything_is_written(archive: Hospital):
    archive.edit(*OPEN)
    plan = archive("plan", "--out", "plan.json")
    assert plan.code == 5, plan  # a guard counts it as well
    assert "Archives take declared callers alone: would fail on ae:arc/ARCHIVE (OUR-AE-001)" in plan.said
    assert "1 high would fail by these changes" in plan.said
    told = archive("plan", "--format", "json")
    assert [one["rule"] for one in told.json["policies"]["caused"]] == ["OUR-AE-001"]
    assert told.json["policies"]["refuses"] is True
    assert "would fail on ae:arc/ARCHIVE" in archive("plan", "--format", "markdown").out
    refused = archive("apply", "plan.json", *acknowledged(told))
    assert refused.code == 4, refused
    assert "pacsconf waiver add" in refused.said
    assert callers(archive) == [b"CT1", b"CT2"]


def test_a_plan_that_was_saved_before_is_judged_anew(archive: Hospital):
    """What a saved plan says of itself counts for nothing: policies are asked here and now."""
    (archive.path / "policies" / "ours.yaml").unlink()
    archive.edit(*OPEN)
    told = archive("plan", "--format", "json", "--out", "plan.json")
    assert told.json["blocked"] == []
    with_policies(archive)
    refused = archive("apply", "plan.json", *acknowledged(told))
    assert refused.code == 4, refused
    assert archive("apply", "--expect", told.json["digest"][:8], *acknowledged(told)).code == 4
    assert callers(archive) == [b"CT1", b"CT2"]


OWNED = """\
rules:
  - id: OUR-DEV-001
    title: Somebody answers for what archives know
    severity: high
    kind: device
    condition: owner != "nobody" && size(configured.held_by) > 0
"""


def test_a_line_that_breaks_a_policy_beside_what_is_live_is_no_older_failure(archive: Hospital):
    (archive.path / "policies" / "owned.yaml").write_text(OWNED)
    archive.commit("a rule about what is declared and live")
    assert archive("plan").code == 0
    archive.edit("ct-1: {", "ct-1: {owner: nobody, ")
    plan = archive("plan")
    assert plan.code == 4, plan
    assert "would fail on device:ct-1 (OUR-DEV-001)" in plan.said


def test_a_waiver_lets_a_plan_through_and_what_was_applied_fails_no_plan_afterwards(archive: Hospital, on):
    archive.edit(*OPEN)
    assert waived(archive, "OUR-AE-001", "ae:arc/ARCHIVE").code == 0
    archive.commit("agreed")
    told = archive("plan", "--format", "json", "--out", "plan.json")
    assert told.json["policies"]["caused"] == []
    archive.ok("apply", "plan.json", *acknowledged(told))
    assert callers(archive) == []
    on(100)
    later = archive("plan")
    assert later.code == 0, later  # it is no doing of this plan, and an audit tells it
    assert "1 high fail live before and after: pacsconf audit" in later.said
    assert "PACS-WAIV-009" in later.said


def test_a_plan_that_mends_is_not_refused(archive: Hospital):
    archive.edit(*OPEN)
    waived(archive, "OUR-AE-001", "ae:arc/ARCHIVE")
    archive.commit("agreed")
    told = archive("plan", "--format", "json", "--out", "plan.json")
    archive.ok("apply", "plan.json", *acknowledged(told))
    (archive.path / "policies" / "waivers.yaml").unlink()
    archive.edit(*reversed(OPEN))
    plan = archive("plan", "--out", "plan.json")
    assert plan.code == 0, plan
    assert "1 would fail no more" in plan.said
    archive.ok("apply", "plan.json")
    assert callers(archive) == [b"CT1", b"CT2"]


def test_what_is_declared_against_a_policy_refuses_the_plan_and_drift_is_still_told(archive: Hospital):
    archive.edit("  arc:\n", f"{BAD}  arc:\n")
    plan = archive("plan", "--out", "plan.json")
    assert plan.code == 4, plan
    assert "1 high, 4 low fail as it is declared" in plan.said
    assert "inventory/hospital.yaml:6:3" in plan.said
    assert archive("apply", "plan.json").code == 4
    assert archive("drift").code == 0


def test_taking_back_is_in_nobodys_way(archive: Hospital):
    archive.edit(*OPEN)
    (archive.path / "policies" / "ours.yaml").unlink()
    told = archive("plan", "--format", "json", "--out", "plan.json")
    archive.ok("apply", "plan.json", *acknowledged(told))
    with_policies(archive, more="no: [yaml")
    back = archive("rollback", _last_applied(archive), "--format", "json")
    assert back.code == 0, back


def _last_applied(hospital: Hospital) -> str:
    """The id of the last change set."""
    entries = hospital.ok("history", "--format", "json").json["entries"]
    return next(one["id"] for one in entries if one["kind"] == "closed")


def test_a_person_at_a_terminal_is_asked_for_what_is_not_given(small: Hospital):
    hospital = with_policies(small)
    answers = "ae:mr-1/MR1, device:mr-2\nradiology-it\nm.rossi\nit is old\na firewall\n\n"
    ran = hospital.on_terminal("waiver", "add", "mr", "--rule", "OUR-NET-001", answers=answers)
    assert ran.code == 0, ran
    assert "Who agreed (somebody else):" in ran.err
    (one,) = hospital.ok("waiver", "list", "--format", "json").json["waivers"]
    assert (one["id"], one["scope"], one["owner"]) == ("mr", ["ae:mr-1/MR1", "device:mr-2"], "radiology-it")
    assert (one["approver"], one["reason"], one["control"]) == ("m.rossi", "it is old", "a firewall")
    assert datetime.fromisoformat(one["until"]) - datetime.fromisoformat(one["since"]) == timedelta(90)
