"""What brings the deletion of studies nearer: shown first, and let through one by one, by name, with a reason.

The system is an installed one of somebody else's: the reference system whose devices say for how many years they
keep studies, in their description.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pacsconf.cli.plan_file import load_plan
from pacsconf.core.changeset import ChangeSet, changeset_id
from pacsconf.record.record import Record

SYSTEM = '''
"""The reference system, whose devices keep studies for some years: `description: keep 10`."""

from pacsconf.systems.memory import DeviceResource, MemorySystem


def years(fields):
    words = str((fields or {}).get("description", "")).split()
    return int(words[1]) if words[:1] == ["keep"] else 0


class Keeper(DeviceResource):
    @classmethod
    def purge_note(cls, before, after):
        kept, keeps = years(before), years(after)
        return f"keeps studies {keeps} years, not {kept}" if keeps < kept else None


class KeeperSystem(MemorySystem):
    kinds = {**MemorySystem.kinds, "device": Keeper}

    def __init__(self, name, config, secrets):
        super().__init__(name, config.model_copy(update={"type": "memory"}), secrets)
'''
CT_1, CT_2 = "memory/device/ct-1", "memory/device/ct-2"
HEAD = "!! DELETES STUDIES, or deletes them sooner: each needs an --ack of its own"


@pytest.fixture
def kept(small, tmp_path, monkeypatch):
    """A hospital, all applied, whose two CTs keep their studies for ten years."""
    site = tmp_path / "site"
    about = site / "keeper-1.dist-info"
    about.mkdir(parents=True)
    (site / "keeper_system.py").write_text(SYSTEM)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: keeper\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[pacsconf.systems]\nkeeper = keeper_system:KeeperSystem\n")
    monkeypatch.syspath_prepend(site)
    config = tmp_path / "home" / ".config" / "pacsconf" / "operator.toml"
    config.parent.mkdir(parents=True)
    config.write_text('[environments]\nwrite = ["lab"]\n')
    small.env["PYTHONPATH"] = os.pathsep.join(filter(None, (str(site), small.env.get("PYTHONPATH", ""))))
    small.edit("type: memory", "type: keeper", "systems")
    for scanner in ("SIEMENS", "GE"):
        small.edit(f"manufacturer: {scanner}", f"manufacturer: {scanner}, description: keep 10")
    small.applied()
    return small


@pytest.fixture
def shorter(kept):
    """One of them is to keep studies for one year; saved as a plan."""
    shorten(kept, "SIEMENS")
    assert kept("plan", "--out", "plan.json").code == 5
    return kept


def shorten(hospital, scanner: str) -> None:
    hospital.edit(f"{scanner}, description: keep 10", f"{scanner}, description: keep 1")


def digest(hospital) -> str:
    stated: str = json.loads(hospital.plan_file.read_text())["digest"]
    return stated[:8]


def ack(hospital, *addresses: str) -> list[str]:
    named = [f"{digest(hospital)}:GUARD-PURGE:{address}" for address in addresses]
    return [word for name in named for word in ("--ack", name)] + ["--reason", "agreed with the board"]


def keeps(memory, address: str = CT_1) -> str:
    return memory.entries()[address]["fields"]["description"]


# --- how it is shown ----------------------------------------------------------------------------------------


def test_the_plan_says_it_before_anything_else(kept):
    shorten(kept, "SIEMENS")
    kept.edit("manufacturer: PHILIPS, ae_title: MR1", "manufacturer: Canon, ae_title: MR1")
    ran = kept("plan")
    assert ran.code == 5
    _, shown = ran.out.split("\n\n", 1)
    assert shown.startswith(f"{HEAD}\n  ~ {CT_1}")
    assert "keeps studies 1 years, not 10" in ran.said
    assert "refused[GUARD-PURGE] 1 of 6 devices of memory: the limit is 0" in ran.said
    assert "no setting and no yes lets it through" in ran.said
    assert "purges 1 of 6 devices of memory (limit 0) REFUSED" in ran.said
    assert "highest risk: data-loss" in ran.said
    (command,) = [line.strip() for line in ran.said.split("If that is right:")[1:]]
    assert f":GUARD-PURGE:{CT_1} --reason" in command


def test_scripts_and_reviewers_find_it_on_top_too(shorter):
    body = shorter("plan", "--format", "json").json
    assert next(iter(body)) == "purges"
    assert body["purges"] == [
        {"action": "update", "address": CT_1, "does": "keeps studies 1 years, not 10", "mode": "write"}
    ]
    (guard,) = [one for one in body["guards"] if one["tripped"]]
    assert (guard["id"], guard["each"], guard["counted"]) == ("GUARD-PURGE", True, [CT_1])

    comment = shorter("plan", "--format", "markdown").out
    top = comment.partition("### Needed before")[0]
    assert "### !! DELETES STUDIES, or deletes them sooner" in top
    assert f"`~ {CT_1}`: keeps studies 1 years, not 10" in top


def test_a_plan_that_purges_is_refused_rather_than_one_with_changes(shorter):
    assert shorter("plan", "--detailed-exitcode").code == 5


def test_what_keeps_studies_longer_needs_nothing(kept, memory):
    kept.edit("SIEMENS, description: keep 10", "SIEMENS, description: keep 30")
    kept.ok("plan", "--out", "plan.json")
    kept.ok("apply", "plan.json")
    assert keeps(memory) == "keep 30"


def test_in_a_system_that_is_only_looked_at_it_is_shown_and_refuses_nothing(kept):
    shorten(kept, "SIEMENS")
    kept.edit("mode: write", "mode: read-only", "systems")
    ran = kept.ok("plan")
    assert "!! DELETES STUDIES, or deletes them sooner\n" in ran.out
    assert "read-only, never executed" in ran.said
    assert "GUARD-PURGE" not in ran.said


# --- what does not let it through ---------------------------------------------------------------------------


def test_without_an_ack_it_is_refused_with_the_command_that_gives_it(shorter, memory):
    ran = shorter("apply", "plan.json")
    assert ran.code == 5
    assert f"{CT_1} purges (GUARD-PURGE), and only an --ack of its own" in ran.said
    name = f"{digest(shorter)}:GUARD-PURGE:{CT_1}"
    assert f'pacsconf -e lab apply plan.json --ack {name} --reason "..."' in ran.said
    assert keeps(memory) == "keep 10"


@pytest.mark.parametrize(
    "name",
    [
        "GUARD-PURGE",
        "GUARD-PURGE:",
        "GUARD-PURGE:*",
        "GUARD-PURGE:memory/device/*",
        f"GUARD-PURGE:{CT_2}",
        "GUARD-WIDEN",
        "*",
    ],
)
def test_nothing_but_its_own_ack_lets_it_through(shorter, memory, name):
    ran = shorter("apply", "plan.json", "--ack", f"{digest(shorter)}:{name}", "--reason", "let it be")
    assert ran.code == 5
    assert f"{CT_1} purges (GUARD-PURGE)" in ran.said
    assert keeps(memory) == "keep 10"


def test_an_ack_needs_a_reason(shorter, memory):
    ran = shorter("apply", "plan.json", *ack(shorter, CT_1)[:2])
    assert ran.code == 5
    assert "an --ack needs a --reason" in ran.said
    assert keeps(memory) == "keep 10"


@pytest.mark.parametrize("args", [[], ["plan.json"]], ids=["planned now", "saved"])
def test_a_persons_yes_never_covers_it(shorter, memory, args):
    ran = shorter.on_terminal("apply", *args, answers="yes\n")
    assert ran.code == 5
    assert "only an --ack of its own" in ran.said
    assert "Only yes is taken as yes" not in ran.said, "it is not even asked"
    assert keeps(memory) == "keep 10"


@pytest.mark.parametrize(
    "limits", ["removals: {device: 99}", "updates: {device: 99}", "readdresses: 99"], ids=lambda one: one[:8]
)
def test_no_limit_of_the_inventory_lets_it_through(shorter, memory, limits):
    shorter.edit("pacsconf: {", f"pacsconf: {{guards: {{{limits}}}, ")
    assert shorter("apply", "plan.json").code == 5
    assert keeps(memory) == "keep 10"


def test_the_guard_is_no_setting(shorter):
    shorter.edit("pacsconf: {", "pacsconf: {guards: {purges: {device: 1}}, ")
    ran = shorter("plan")
    assert ran.code == 3
    assert 'Unknown key "purges" in pacsconf.guards' in ran.said


def test_one_ack_lets_no_other_purge_through(shorter, memory):
    shorten(shorter, "GE")
    shorter("plan", "--out", "plan.json")
    ran = shorter("apply", "plan.json", *ack(shorter, CT_1))
    assert ran.code == 5
    assert f"{CT_2} purges (GUARD-PURGE)" in ran.said
    assert f"{CT_1} purges" not in ran.said
    assert [keeps(memory, each) for each in (CT_1, CT_2)] == ["keep 10", "keep 10"]


def test_an_ack_is_for_one_plan(shorter, memory):
    """What was acknowledged is one year: with none at all it is another plan."""
    let = ack(shorter, CT_1)
    shorter.edit("SIEMENS, description: keep 1", "SIEMENS, description: keep 0")
    assert shorter("apply", "plan.json", *let).code == 6
    shorter("plan", "--out", "plan.json")
    assert shorter("apply", "plan.json", *let).code == 5
    assert keeps(memory) == "keep 10"


# --- what does, and every way it may come about --------------------------------------------------------------


def test_with_its_ack_it_is_applied_and_the_record_says_who_let_it_through(shorter, memory):
    shorter.ok("apply", "plan.json", *ack(shorter, CT_1))
    assert keeps(memory) == "keep 1"
    changeset = json.loads(shorter.git("show", "pacsconf/lab:changeset.json"))
    assert changeset["acks"] == [f"{digest(shorter)}:GUARD-PURGE:{CT_1}"]
    said = shorter.ok("show", changeset["id"]).said
    assert HEAD in said
    assert f"let through {digest(shorter)}:GUARD-PURGE:{CT_1}" in said


def test_a_person_with_its_ack_is_still_asked(shorter, memory):
    ran = shorter.on_terminal("apply", *ack(shorter, CT_1), answers="no\n")
    assert ran.code == 5
    assert keeps(memory) == "keep 10"
    assert shorter.on_terminal("apply", *ack(shorter, CT_1), answers="yes\n").code == 0
    assert keeps(memory) == "keep 1"


def test_a_digest_that_is_expected_lets_nothing_through(shorter, memory):
    expected = ("apply", "--expect", digest(shorter))
    assert shorter(*expected).code == 5
    shorter.ok(*expected, *ack(shorter, CT_1))
    assert keeps(memory) == "keep 1"


def test_a_repair_that_purges_needs_it(kept, memory):
    memory.set(CT_1, description="keep 30")
    assert kept("plan", "--repair", CT_1, "--out", "plan.json").code == 5
    assert kept("apply", "plan.json").code == 5
    assert keeps(memory) == "keep 30"
    kept.ok("apply", "plan.json", *ack(kept, CT_1))
    assert keeps(memory) == "keep 10"


def test_a_system_that_enforces_purges_no_more_quietly(kept, memory):
    memory.set(CT_1, description="keep 30")
    kept.edit("mode: write", "mode: write, on_drift: enforce", "systems")
    assert kept("plan", "--out", "plan.json").code == 5
    assert kept("apply", "plan.json").code == 5
    assert keeps(memory) == "keep 30"


def test_what_is_taken_over_needs_it(kept, memory):
    memory.add("memory/device/us-1", description="keep 30", installed=True, hosts=["10.20.6.1:104"])
    kept.edit(
        "  ws-1:", "  us-1: {type: modality, site: main, ae_title: US1, host: 10.20.6.1, port: 104}\n  ws-1:"
    )
    ran = kept("plan", "--out", "plan.json")
    assert ran.code == 5
    assert "takes over" in ran.said
    assert kept("apply", "plan.json").code == 5
    assert memory.entries()["memory/device/us-1"]["fields"]["description"] == "keep 30"


def test_what_is_deleted_needs_it_beside_the_guard_that_it_trips_anyway(kept):
    kept.remove("ct-1")
    kept("plan", "--out", "plan.json")
    ran = kept("apply", "plan.json", "--ack", f"{digest(kept)}:GUARD-VANISHED", "--reason", "it was sold")
    assert ran.code == 5
    assert f"{CT_1} purges (GUARD-PURGE)" in ran.said
    assert "GUARD-VANISHED is tripped" not in ran.said


def test_taking_back_a_revert_is_a_purge_again(kept, memory):
    """There is no way around by first keeping longer: the way back is judged as what it does."""
    kept.edit("SIEMENS, description: keep 10", "SIEMENS, description: keep 30")
    kept.ok("plan", "--out", "plan.json")
    kept.ok("apply", "plan.json")
    kept.edit("SIEMENS, description: keep 30", "SIEMENS, description: keep 10")
    assert kept("plan", "--out", "plan.json").code == 5
    assert kept("apply", "plan.json").code == 5
    assert keeps(memory) == "keep 30"


def test_a_rollback_that_purges_needs_its_own_word(kept, memory):
    """Keeping longer purges nothing, so only the way back does."""
    kept.edit("SIEMENS, description: keep 10", "SIEMENS, description: keep 30")
    kept.ok("plan", "--out", "plan.json")
    kept.ok("apply", "plan.json")
    entries = kept.ok("history", "--format", "json").json["entries"]
    changeset = next(one["id"] for one in entries if one["kind"] == "closed")
    shown = kept("rollback", changeset, "--format", "json")
    assert shown.code == 5
    back = ("rollback", changeset, "--expect", shown.json["digest"][:8])
    refused = kept(*back)
    assert refused.code == 5
    assert f"{CT_1} purges (GUARD-PURGE)" in refused.said
    assert keeps(memory) == "keep 30"
    kept.ok(*back, "--ack", f"{back[-1]}:GUARD-PURGE:{CT_1}", "--reason", "it was to be 10")
    assert keeps(memory) == "keep 10"


# --- an apply that was interrupted ---------------------------------------------------------------------------


def opened(hospital, *acks: str, elsewhere: bool = False) -> ChangeSet:
    """An apply of the saved plan that died right after it got the lock, an hour ago, here or in another clone."""
    made, now = load_plan(hospital.plan_file), datetime.now(UTC)
    at = f"{now:%Y-%m-%dT%H:%M:%SZ}"
    whole = ChangeSet(
        changeset_id(at, made.digest), made, "Maria Weber <mweber@example.org>", "ws-3", at, "", acks=acks
    )
    ended = timedelta(hours=-1)
    with Record.open(Path(hospital.path), "lab", clock=lambda: now, lease=ended) as record:
        record.begin(whole, record.state()).release()
    if elsewhere:
        (hospital.path / ".git" / "pacsconf" / "lab" / f"{whole.id}.jsonl").unlink()
    return whole


def test_one_that_was_acknowledged_goes_on_without_another_ack(shorter, memory):
    opened(shorter, f"{digest(shorter)}:GUARD-PURGE:{CT_1}")
    shorter.ok("resume")
    assert keeps(memory) == "keep 1"


@pytest.mark.parametrize("command", [["resume"], ["apply", "plan.json"]], ids=["resume", "apply"])
def test_one_that_another_clone_opened_is_acknowledged_here_again(shorter, memory, command):
    """Whoever can push to the record can write into it that something was acknowledged."""
    ack = f"{digest(shorter)}:GUARD-PURGE:{CT_1}"
    opened(shorter, ack, elsewhere=True)
    ran = shorter(*command)
    assert ran.code == 5
    assert f"{CT_1} purges (GUARD-PURGE)" in ran.said
    assert f"pacsconf -e lab resume --ack {ack}" in ran.said
    assert keeps(memory) == "keep 10"
    shorter.ok(*command, "--ack", ack)
    assert keeps(memory) == "keep 1"


@pytest.mark.parametrize("command", [["resume"], ["apply", "plan.json"]], ids=["resume", "apply"])
def test_one_that_nobody_acknowledged_is_not_taken_up(shorter, memory, command):
    """Somebody who can push a commit to the record cannot purge by it."""
    opened(shorter, f"{digest(shorter)}:GUARD-PURGE")
    ran = shorter(*command)
    assert ran.code == 5
    assert "is not taken up" in ran.said
    assert f"{CT_1} purges (GUARD-PURGE)" in ran.said
    assert "pacsconf -e lab unlock --reason TEXT" in ran.said
    assert keeps(memory) == "keep 10"
    shorter.ok("unlock", "--reason", "nobody let that through")
    assert shorter("apply", "plan.json").code == 5


def test_one_whose_plan_was_changed_meanwhile_is_not_taken_up(shorter, memory):
    let = opened(shorter, f"{digest(shorter)}:GUARD-PURGE:{CT_1}")
    shorter.ok("unlock", "--reason", "it died")
    shorter.edit("SIEMENS, description: keep 1", "SIEMENS, description: keep 0")
    shorter("plan", "--out", "plan.json")
    opened(shorter, *let.acks)
    assert shorter("resume").code == 5
    assert keeps(memory) == "keep 10"


def test_the_next_apply_after_one_that_was_carried_to_its_end_is_acknowledged_anew(shorter, memory):
    opened(shorter, f"{digest(shorter)}:GUARD-PURGE:{CT_1}")
    shorten(shorter, "GE")
    shorter("plan", "--out", "plan.json")
    ran = shorter("apply", "plan.json")
    assert keeps(memory, CT_1) == "keep 1", "what was let through was carried to its end"
    assert ran.code == 6
    shorter("plan", "--out", "plan.json")
    assert shorter("apply", "plan.json").code == 5
    assert keeps(memory, CT_2) == "keep 10"
