"""Whether a plan is refused, held against a naive reckoning of what fails before and after it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from pacsconf.core.address import Address
from pacsconf.core.change import Change
from pacsconf.core.resource import State
from pacsconf.core.secret import Secret
from pacsconf.inventory.model import Connection, Device, Inventory, NetworkAE
from pacsconf.inventory.systems import MemoryConfig
from pacsconf.judging import Judged, judge
from pacsconf.policy.packs import parse
from pacsconf.policy.rule import SEVERITIES, Severity
from pacsconf.policy.rulebook import Rulebook
from pacsconf.policy.waiver import Waiver
from pacsconf.systems.memory import MemorySystem
from pacsconf.world import World

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
PACK = b"""\
rules:
  - {id: OUR-1, title: No strangers, severity: high, kind: ae, condition: "!configured.any_caller"}
  - {id: OUR-2, title: No others, severity: critical, kind: ae, condition: size(configured.callers_beyond) == 0}
  - {id: OUR-3, title: Encrypted, severity: low, kind: ae, condition: configured.tls}
  - {id: OUR-4, title: Broken on two, severity: high, kind: ae,
     condition: "[true, false][size(configured.accepted_callers)]"}
  - {id: OUR-5, title: On the wire, severity: critical, kind: ae, condition: observed.answers}
  - {id: OUR-6, title: Not c, severity: medium, kind: device, condition: name != 'c'}
"""
POLICIES = parse({"policies/ours.yaml": PACK})
SEVERITY = {rule.id: rule.severity for rule in POLICIES.rules}
NAMES = ("a", "b", "c")

Fields = Mapping[str, Any]
Live = Mapping[str, Fields]
"""By device, the facts of its one AE; without it there is none."""


def device(name: str) -> Device:
    return Device(
        name=name,
        type="archive",
        connections={"dicom": Connection(host="10.0.0.1", port=104)},
        ae_titles={"AE": NetworkAE(title="AE", connections=("dicom",), initiator=True, acceptor=True)},
    )


HOSPITAL = Inventory(
    devices={name: device(name) for name in NAMES},
    systems={"live": MemoryConfig(name="live", type="memory")},
)


class Telling(MemorySystem):
    """The reference system, which tells its fields as evidence."""

    def evidence(self, states: Mapping[Address, State], inventory: Inventory) -> Any:
        return {"ae": {f"{one.address.parts[0]}/AE": dict(one.fields) for one in states.values()}}


def world_of(inventory: Inventory) -> World:
    return cast(
        World,
        SimpleNamespace(
            inventory=inventory,
            systems={"live": Telling("live", HOSPITAL.systems["live"], lambda *_: Secret(""))},
            clock=lambda: NOW,
            today=NOW.date(),
        ),
    )


WORLD = world_of(HOSPITAL)


def states(live: Live) -> dict[Address, State]:
    found = {}
    for name, fields in live.items():
        address = Address.of("live", "entity", name, "AE")
        found[address] = State(address, address, dict(fields))
    return found


def changes(before: Live, after: Live) -> list[Change]:
    """What leads from one to the other."""
    then, now = states(before), states(after)
    made = []
    for address in then.keys() | now.keys():
        old, new = then.get(address), now.get(address)
        if old != new:
            made.append(Change("create" if old is None else "delete" if new is None else "update", old, new))
    return made


def waiver(rule: str, name: str) -> Waiver:
    days = date(2026, 11, 1), date(2026, 12, 1)
    return Waiver(f"{rule} {name}", rule, (f"ae:{name}/AE",), "us", "them", "why", "what", *days)


def verdict(rule: str, name: str, live: Live, waivers: list[Waiver]) -> str:
    """What a rule comes to, without any of what is tested."""
    facts = live.get(name, {})
    wells = {
        "OUR-1": ("any_caller", lambda value: not value),
        "OUR-2": ("callers_beyond", lambda value: not value),
        "OUR-3": ("tls", bool),
        "OUR-4": ("accepted_callers", lambda value: "error" if len(value) > 1 else not value),
    }
    field, well = wells[rule]
    if field not in facts:
        return "unknown"
    found = well(facts[field])
    if found == "error":
        return "error"
    waived = any(one.rule == rule and one.scope == (f"ae:{name}/AE",) for one in waivers)
    return "pass" if found else "waived" if waived else "fail"


facts = st.fixed_dictionaries(
    {},
    optional={
        "any_caller": st.booleans(),
        "callers_beyond": st.sampled_from(((), ("X",))).map(list),
        "tls": st.booleans(),
        "accepted_callers": st.sampled_from(((), ("X",), ("X", "Y"))).map(list),
    },
)
lives = st.dictionaries(st.sampled_from(NAMES), facts)
accepting = st.lists(
    st.builds(waiver, st.sampled_from(("OUR-1", "OUR-2", "OUR-4")), st.sampled_from(NAMES)),
    max_size=3,
    unique_by=lambda one: one.id,
)


def judged(before: Live, runs: list[Change], gate: Severity, waivers: list[Waiver]) -> Judged:
    book = Rulebook(POLICIES.rules, gate, tuple(waivers))
    return judge(WORLD, book, states(before), runs, {"live"})


@given(lives, lives, st.sampled_from(SEVERITIES), accepting)
def test_a_plan_is_refused_for_what_it_breaks_and_for_nothing_else(before, after, gate, waivers):
    found = judged(before, changes(before, after), gate, waivers)
    wanted, standing = set(), 0
    for rule in ("OUR-1", "OUR-2", "OUR-3", "OUR-4"):
        for name in NAMES:
            was, is_ = (verdict(rule, name, live, waivers) for live in (before, after))
            if (is_ == "fail" and was != "fail") or is_ == "error":
                wanted.add((rule, f"ae:{name}/AE"))
            standing += was == is_ == "fail"
    told = {one.key for one in found.caused}
    assert {one.key for one in found.caused if one.state == "fail"} == {
        (rule, where) for rule, where in wanted if verdict(rule, where[3], after, waivers) == "fail"
    }
    assert told <= wanted
    assert {rule for rule, _ in told} == {rule for rule, _ in wanted}, (
        "of a broken rule one may stand for all"
    )
    reached = SEVERITIES[: SEVERITIES.index(gate) + 1]
    of_declared = SEVERITY["OUR-6"] in reached
    assert bool(found.refusing) == (of_declared or any(SEVERITY[rule] in reached for rule, _ in wanted))
    assert sum(found.standing.values()) == standing
    assert [one.key for one in found.declared] == [("OUR-6", "device:c")]
    assert len(set(found.reasons)) == len(found.reasons)


@given(lives, lives, st.sets(st.sampled_from(NAMES)))
def test_a_part_of_a_plan_is_judged_by_what_it_changes_itself(before, after, targets):
    chosen = [one for one in changes(before, after) if one.address.parts[0] in targets]
    reached = {name: facts for name, facts in before.items() if name not in targets} | {
        name: facts for name, facts in after.items() if name in targets
    }
    part = judged(before, chosen, "critical", [])
    whole = judged(before, changes(before, reached), "critical", [])
    assert {one.key for one in part.caused} == {one.key for one in whole.caused}
    assert part.mended == whole.mended


def test_a_plan_that_mends_one_fault_goes_through_though_others_stand():
    before = {"a": {"any_caller": True}, "b": {"any_caller": True, "callers_beyond": ["X"]}}
    after = {**before, "a": {"any_caller": False}}
    found = judged(before, changes(before, after), "high", [])
    assert (found.refusing, found.mended, dict(found.standing)) == ((), 1, {"high": 1, "critical": 1})


def test_what_a_new_line_breaks_beside_what_is_live_is_no_older_failure():
    pack = b"""\
rules:
  - {id: OUR-7, title: Usual ports, severity: high, kind: ae, condition: "configured.tls && 104 in ports"}
"""
    book = Rulebook(parse({"policies/ours.yaml": pack}).rules)
    moved = device("a").model_copy(update={"connections": {"dicom": Connection(host="10.0.0.1", port=105)}})
    former = HOSPITAL.model_copy(update={"devices": {"a": device("a")}})
    changed = world_of(HOSPITAL.model_copy(update={"devices": {"a": moved}}))
    live = states({"a": {"tls": True}})
    assert judge(changed, book, live, [], {"live"}, former).reasons == (
        "high: Usual ports: would fail on ae:a/AE (OUR-7)",
    )
    assert judge(changed, book, live, [], {"live"}, changed.inventory).reasons == ()
    assert judge(changed, book, live, [], {"live"}).standing == {"high": 1}
    back = world_of(former)
    assert judge(back, book, live, [], {"live"}, changed.inventory).mended == 1


def test_what_could_not_be_judged_before_is_no_older_failure():
    broken, failing = {"a": {"accepted_callers": ["X", "Y"]}}, {"a": {"accepted_callers": ["X"]}}
    assert judged(broken, changes(broken, failing), "high", []).reasons == (
        "high: Broken on two: would fail on ae:a/AE (OUR-4)",
    )
    assert judged(failing, changes(failing, broken), "high", []).reasons == (
        "high: Broken on two: cannot be judged on ae:a/AE (OUR-4)",
    )
    assert len(judged(broken, [], "high", []).reasons) == 1
    assert judged(broken, [], "critical", []).reasons == ()
