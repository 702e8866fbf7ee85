"""What became different from one audit to another, since when and why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.core.address import Address
from pacsconf.policy.audit import AuditedSystem, AuditedWaiver, Coverage
from pacsconf.policy.drift import DRIFT_KINDS, WORSE, Applied, Edited, changed_rules, compare, since
from pacsconf.policy.drift_causes import Between, causes, is_about
from pacsconf.policy.results import STATES
from tests.audits import audit_of, audits, result, rule

RULE = "PACS-AE-001"
CT = (RULE, "ct-1/CT_1")


# --- comparing ----------------------------------------------------------------------------------------------------


def test_what_only_one_of_two_audits_was_asked_for_is_no_drift():
    both, ours = rule("BOTH-001", controls={"hipaa": ("164.312(b)",)}), rule("OURS-001")
    whole = audit_of({("BOTH-001", "ct-1"): "pass", ("OURS-001", "ct-1"): "fail"}, rules=(both, ours))
    narrow = audit_of({("BOTH-001", "ct-1"): "fail"}, number=2, rules=(both,), frameworks=("hipaa",))
    for drift, kind in ((compare(whole, narrow), "failing"), (compare(narrow, whole), "closed")):
        assert [(one.key[0], one.kind) for one in drift.results] == [("BOTH-001", kind)]
        assert drift.rules == ()
    another = replace(narrow, frameworks=("gdpr",), rules=(), results=())
    assert compare(narrow, another).results == ()


@given(audits())
def test_an_audit_does_not_differ_from_itself(audit):
    drift = compare(audit, audit)
    assert (drift.results, drift.rules, drift.lost, drift.found) == ((), (), (), ())
    assert sum(drift.steady.values()) == len(audit.results)


@given(audits(), audits())
def test_what_is_listed_and_what_is_steady_are_all_there_is(before, after):
    drift = compare(before, after)
    listed = [one.key for one in drift.results]
    assert len(listed) == len(set(listed))
    now = {one.key for one in after.results}
    assert sum(drift.steady.values()) + len(now.intersection(listed)) == len(now)


@given(audits(), audits())
def test_nothing_that_fails_or_is_unknown_now_is_called_closed(before, after):
    for one in compare(before, after).results:
        state = one.after.state if one.after else None
        if one.kind in ("closed", "known"):
            assert state in ("pass", "n/a", None)
        if one.kind in WORSE:
            assert state in ("fail", "error", "unknown")


@pytest.mark.parametrize(
    ("was", "is_", "kind"),
    [
        ("pass", "fail", "failing"),
        (None, "fail", "failing"),
        ("n/a", "error", "failing"),
        ("unknown", "fail", "failing"),
        ("waived", "fail", "waiver ended"),
        ("fail", "unknown", "unknown"),
        (None, "unknown", "unknown"),
        ("fail", "waived", "waived"),
        ("fail", "pass", "closed"),
        ("fail", None, "closed"),
        ("waived", "n/a", "closed"),
        ("unknown", "pass", "known"),
        ("fail", "error", None),
        ("pass", "n/a", None),
        ("pass", None, None),
    ],
    ids=str,
)
def test_each_way_to_drift(was, is_, kind):
    states = [{} if state is None else {CT: state} for state in (was, is_)]
    before, after = (replace(audit_of(one), rules=(rule(),)) for one in states)
    assert [one.kind for one in compare(before, after).results] == ([kind] if kind else [])


def test_what_is_not_judged_any_more_is_not_closed():
    before, after = audit_of({CT: "fail"}), replace(audit_of({}, number=2), rules=(rule(off="too many"),))
    assert [one.kind for one in compare(before, after).results] == ["not judged"]
    assert [one.kind for one in compare(before, audit_of({}, number=2)).results] == ["not judged"]


def test_what_was_found_in_a_system_that_was_not_reached_is_not_closed():
    """A group that nobody declared is there as long as its system is read."""

    def audit(number: int, how: str, *found: str):
        systems = (AuditedSystem("one", "accounts", how), AuditedSystem("two", "accounts", "configured"))
        results = tuple(result(RULE, name, "fail", system=name) for name in found)
        return replace(
            audit_of({}, number=number), rules=(rule(),), results=results, coverage=Coverage({}, systems)
        )

    first, last = audit(1, "configured", "one", "two"), audit(3, "unreached")
    drift = compare(first, last)
    assert [(one.key[1:], one.kind) for one in drift.results] == [
        (("ae", "one"), "not judged"),
        (("ae", "two"), "closed"),
    ]
    assert [one.text for one in causes(drift.results[0], Between(first, last))] == ["one was not read"]
    between = audit(2, "unreached", "two")
    assert [one.earlier.id[:8] for one in since(drift, first, [between], last).results] == [
        "20261101",
        "20261102",
    ]


def oracle(was: str | None, is_: str | None, looked: bool) -> str | None:
    """How a result drifted, once more and row by row."""
    bad, good = ("fail", "error"), ("pass", "n/a")
    rows: list[tuple[bool, str | None]] = [
        (was == is_, None),
        (was in bad and is_ in bad, None),
        (was == "waived" and is_ in bad, "waiver ended"),
        (is_ in bad, "failing"),
        (is_ == "unknown", "unknown"),
        (is_ == "waived", "waived"),
        (was is None or was in good, None),
        (is_ is None and not looked, "not judged"),
        (was == "unknown" and is_ in good, "known"),
    ]
    return next((kind for holds, kind in rows if holds), "closed")


SYSTEMS = ("", "one", "two")
states = st.none() | st.sampled_from(STATES)
keys = [(f"PACS-AE-00{rule}", name) for rule in (1, 2, 3) for name in ("a", "b")]


@st.composite
def two_audits(draw):
    """Two of the same resources, each found in a system; rules may be changed, and systems lost."""
    system = {key: draw(st.sampled_from(SYSTEMS)) for key in keys}
    made = []
    for number in (1, 2):
        rules = [
            rule(
                id_,
                off=draw(st.sampled_from(("", "", "noise"))),
                params={"days": draw(st.sampled_from((30, 60)))},
            )
            for id_ in sorted({id_ for id_, _ in keys})
            if draw(st.integers(0, 4))
        ]
        judged = {one.id for one in rules if not one.off}
        found = tuple(
            result(*key, state, system=system[key])
            for key in keys
            if key[0] in judged and (state := draw(states)) is not None
        )
        hows = (
            (name, draw(st.sampled_from(("configured", "attested", "unreached")))) for name in SYSTEMS[1:]
        )
        systems = tuple(AuditedSystem(name, "memory", how) for name, how in hows)
        made.append(
            replace(
                audit_of({}, number=number), rules=tuple(rules), results=found, coverage=Coverage({}, systems)
            )
        )
    return made


@given(two_audits())
def test_everything_that_is_otherwise_is_told_once(made):
    before, after = made
    drift = compare(before, after)
    then, now = ({one.key: one for one in audit.results} for audit in made)
    rules = {one.id for one in after.rules if not one.off}
    read = [{one.name for one in audit.coverage.systems if one.how != "unreached"} for audit in made]
    wanted = {}
    for rule_, name in keys:
        key = (rule_, "ae", name)
        was, is_ = (side[key].state if key in side else None for side in (then, now))
        lost = key in then and then[key].system in read[0] - read[1]
        kind = oracle(was, is_, rule_ in rules and not lost)
        if kind:
            wanted[key] = kind
    assert [one.key for one in drift.results] == sorted(
        wanted, key=lambda key: (DRIFT_KINDS.index(wanted[key]), key)
    )
    assert {one.key: one.kind for one in drift.results} == wanted
    assert {(one.before, one.after) for one in drift.results} == {
        (then.get(key), now.get(key)) for key in wanted
    }
    sides = ({one.id: one for one in audit.rules} for audit in made)
    one, other = sides
    assert [each.id for each in drift.rules] == sorted(
        id_
        for id_ in one.keys() | other.keys()
        if id_ not in one or id_ not in other or bool(one[id_].off) != bool(other[id_].off)
        or one[id_].params != other[id_].params
    )  # fmt: skip


def test_results_are_listed_the_worst_first():
    names = ("a", "b", "c", "d")
    before = audit_of(
        dict(zip([(RULE, name) for name in names], ("fail", "unknown", "pass", "waived"), strict=True))
    )
    after = audit_of(
        dict(zip([(RULE, name) for name in names], ("pass", "pass", "fail", "fail"), strict=True))
    )
    kinds = [one.kind for one in compare(before, after).results]
    assert (
        kinds
        == ["failing", "waiver ended", "closed", "known"]
        == [one for one in DRIFT_KINDS if one in kinds]
    )


def test_systems_that_were_not_reached_are_told():
    def coverage(**how):
        return Coverage(systems=tuple(AuditedSystem(name, "memory", each) for name, each in how.items()))

    before = audit_of({}, coverage=coverage(one="configured", two="unreached", three="attested"))
    after = audit_of({}, coverage=coverage(one="unreached", two="configured", three="attested"))
    drift = compare(before, after)
    assert (drift.lost, drift.found) == (("one",), ("two",))


@pytest.mark.parametrize(
    ("before", "after", "how", "fields"),
    [
        ((), (rule(),), "added", ()),
        ((rule(),), (), "gone", ()),
        ((rule(),), (rule(off="noise"),), "switched off", ()),
        ((rule(off="noise"),), (rule(),), "switched on", ()),
        ((rule(),), (rule(severity="low"),), "changed", (("severity", "high", "low"),)),
        (
            (rule(params={"days": 30}),),
            (rule(params={"days": 60, "names": ("a", "b")}),),
            "changed",
            (("params", "days: 30", "days: 60, names: a, b"),),
        ),
    ],
    ids=["added", "gone", "off", "on", "severity", "params"],
)
def test_rules_that_are_others_are_told(before, after, how, fields):
    found = list(changed_rules(audit_of({}, rules=before), audit_of({}, rules=after)))
    assert [(one.how, one.fields) for one in found] == [(how, fields)]


def test_a_rule_whose_words_alone_changed_is_the_same():
    assert list(changed_rules(audit_of({}, rules=(rule(),)), audit_of({}, rules=(rule(why="x"),)))) == []


# --- since when ---------------------------------------------------------------------------------------------------


def test_since_when_is_found_between_the_two():
    states = ("pass", "fail", "pass", "fail", "fail")
    made = [audit_of({CT: state}, number=number) for number, state in enumerate(states, start=1)]
    drift = since(compare(made[0], made[-1]), made[0], reversed(made[1:-1]), made[-1])
    [one] = drift.results
    assert (one.earlier.id[6:8], one.later.id[6:8]) == ("03", "04")


def test_no_more_audits_are_read_than_needed():
    made = [audit_of({CT: state}, number=number) for number, state in ((1, "pass"), (8, "pass"), (9, "fail"))]

    def between():
        yield made[1]
        raise AssertionError("one too many")

    [one] = since(compare(made[0], made[2]), made[0], between(), made[2]).results
    assert one.earlier.id[6:8] == "08"


@given(audits(), st.lists(audits(), max_size=3), audits())
def test_whatever_was_between_every_result_has_a_since(before, between, after):
    drift = compare(before, after)
    dated = since(drift, before, between, after)
    assert [(one.kind, one.key) for one in dated.results] == [(one.kind, one.key) for one in drift.results]


# --- why ----------------------------------------------------------------------------------------------------------


def why(before, after, **known):
    one = next(one for one in compare(before, after).results if one.key[0] == RULE)
    return [(cause.how, cause.text) for cause in causes(one, Between(before, after, **known))]


def live(state, *, number=1, **more):
    found = result(RULE, "ct-1/CT_1", state, evidence="configured", device="ct-1", system="directory", **more)
    return audit_of({}, number=number, rules=(rule(),), results=(found,))


OUTSIDE = [("outside", "it was changed outside pacsconf: neither the inventory nor a change set did it")]


def test_a_live_value_that_moved_alone_was_changed_outside():
    assert why(live("pass"), live("fail", number=2)) == OUTSIDE


def test_a_change_set_that_was_about_it_is_named():
    applied = Applied(
        Address.of("directory", "network-ae", "ct-1", "CT_1"), "20261102-x", "c" * 40, "2026-11-02"
    )
    assert why(live("fail"), live("pass", number=2), applied=[applied]) == [
        ("change set", "pacsconf changed directory/network-ae/ct-1/CT_1")
    ]


def test_a_change_set_beside_it_leaves_it_open():
    applied = Applied(Address.of("directory", "device", "mr-1"), "20261102-x", "c" * 40, "2026-11-02")
    [(how, text)] = why(live("fail"), live("pass", number=2), applied=[applied])
    assert how == "unclear"
    assert "20261102-x" in text
    elsewhere = replace(applied, address=Address.of("orthanc", "peer", "mr-1"))
    assert why(live("fail"), live("pass", number=2), applied=[elsewhere]) == OUTSIDE


@pytest.mark.parametrize(("system", "how"), [("pacs", "change set"), ("other", "outside")])
def test_the_configuration_of_its_own_server_is_about_it_whoever_declares_it(system, how):
    """An application entity is declared in a directory; what lets strangers in is set up in another system."""
    applied = Applied(Address.of(system, "configuration", "server"), "20261102-x", "c" * 40, "2026-11-02")
    server = result("PACS-ADM-005", "pacs", "pass", kind="system", device="ct-1")
    after = live("pass", number=2)
    found = why(live("fail"), replace(after, results=(*after.results, server)), applied=[applied])
    assert found[0][0] == how


def test_commits_that_touched_its_lines_are_named():
    edited = (Edited("a" * 40, "2026-11-02", "tls for ct-1"),)
    before, after = live("fail"), live("pass", number=2, file="inventory/ct.yaml", line=7)
    [one] = compare(before, after).results
    [cause] = causes(one, Between(before, after, edited={("inventory/ct.yaml", 7): edited}))
    assert (cause.how, cause.commits) == ("inventory", edited)


def test_an_inventory_that_changed_elsewhere_leaves_a_live_one_open():
    after = replace(live("fail", number=2), inventory="9" * 64)
    [(how, text)] = why(live("pass"), after, commits=1)
    assert (how, text) == (
        "unclear",
        "it was changed outside pacsconf, or the inventory was changed elsewhere (1 commit)",
    )


def test_what_is_declared_alone_and_did_not_change_is_of_the_day():
    [(how, _)] = why(audit_of({CT: "pass"}), audit_of({CT: "fail"}, number=2))
    assert how == "time"


def test_a_declared_one_changed_with_the_inventory():
    after = audit_of({CT: "fail"}, number=2, inventory="9" * 64)
    assert why(audit_of({CT: "pass"}), after) == [
        ("inventory", "the inventory was changed elsewhere (not committed)")
    ]
    [(_, text)] = why(audit_of({CT: "pass"}), after, commits=None)
    assert text.endswith("(its commits are not known here)")


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        ((rule(condition="false"),), "the rule was changed: condition"),
        ((rule(params={"days": 1}),), "the rule was changed: params"),
    ],
    ids=["condition", "params"],
)
def test_a_rule_that_judges_otherwise_comes_first(rules, text):
    after = audit_of({CT: "fail"}, number=2, rules=rules, inventory="9" * 64)
    assert why(audit_of({CT: "pass"}), after) == [("rule", text)]


def test_a_rule_that_is_only_graver_is_no_cause():
    after = audit_of({CT: "fail"}, number=2, rules=(rule(severity="critical"),))
    assert [how for how, _ in why(audit_of({CT: "pass"}), after)] == ["time"]


def test_a_rule_that_was_switched_off_says_why():
    after = audit_of({}, number=2, rules=(rule(off="noise"),))
    assert why(audit_of({CT: "fail"}), after) == [("rule", "the rule was switched off: noise")]


def waived(until: str, state="waived", number=1):
    waiver = AuditedWaiver("W-1", RULE, ("ae:*/*",), "mweber", "kroth", "old", "zone", "2026-10-01", until)
    found = result(RULE, "ct-1/CT_1", state, waiver="W-1" if state == "waived" else "")
    return audit_of({}, number=number, rules=(rule(),), results=(found,), waivers=(waiver,))


def test_a_waiver_and_its_end_are_named():
    assert why(audit_of({CT: "fail"}), waived("2026-12-31", number=2)) == [
        ("waiver", "waived by W-1 until 31 Dec 2026")
    ]
    assert why(waived("2026-11-01"), waived("2026-11-01", "fail", number=2)) == [
        ("waiver", "waiver W-1 ended on 01 Nov 2026")
    ]
    assert why(waived("2026-12-31"), audit_of({CT: "fail"}, number=2)) == [
        ("waiver", "waiver W-1 does not count for it any more")
    ]


def test_what_could_not_be_looked_at_says_why():
    lost = replace(
        live("unknown", number=2),
        coverage=Coverage(systems=(AuditedSystem("directory", "ldap", "unreached", "no answer in 5 s"),)),
    )
    assert why(live("pass"), lost) == [("evidence", "it could not be looked at: no answer in 5 s")]
    assert why(lost, live("fail", number=3))[0] == (
        "evidence",
        "it could not be looked at before: no answer in 5 s",
    )


@pytest.mark.parametrize(
    ("address", "about"),
    [
        (Address.of("directory", "device", "ct-1"), True),
        (Address.of("directory", "network-ae", "ct-1", "CT_1"), True),
        (Address.of("directory", "device", "ct-10"), False),
        (Address.of("orthanc", "peer", "ct-1"), False),
    ],
    ids=str,
)
def test_an_address_is_about_what_it_names(address, about):
    one = result(RULE, "ct-1/CT_1", "fail", device="ct-1", system="directory")
    assert is_about(address, one) is about


@given(audits(), audits())
def test_of_everything_that_drifted_something_is_said(before, after):
    for one in compare(before, after).results:
        assert all(cause.text for cause in causes(one, Between(before, after)))
