"""A waiver accepts what it names, until its day, by two people; each mistake in one is told at its place."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.core.address import Address
from pacsconf.core.finding import Finding, Place
from pacsconf.inventory.baseline import Accepted, accepted
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.people import User
from pacsconf.policy.results import STATES, Result, RuleResults, State, code_of
from pacsconf.policy.rule import Rule
from pacsconf.policy.subject import Subject
from pacsconf.policy.waiver import LONGEST, Waiver
from pacsconf.policy.waiver_remarks import misfits, standing, state_of
from pacsconf.policy.waivers import FILE, alike, apply, as_accepted, read, waiver_of

GOOD = {
    "rule": "PACS-TLS-001",
    "scope": "[ae:us-1/*]",
    "owner": "radiology-it",
    "approver": "m.rossi",
    "reason": "the cart knows no TLS",
    "control": "it stands in a network of its own",
    "since": "2026-11-01",
    "until": "2027-02-01",
}
TODAY = date(2026, 11, 24)


def text(**changed: str | None) -> bytes:
    keys = {**GOOD, **changed}
    lines = [f"    {key}: {value}" for key, value in keys.items() if value is not None]
    return "\n".join(["waivers:", "  carts:", *lines, ""]).encode()


def told(data: bytes) -> list[tuple[str, int, int]]:
    waivers, findings = read(FILE, data)
    assert waivers == () or not findings, "a waiver with a mistake does not stand"
    assert all(one.place is not None and one.place.file == FILE for one in findings)
    return [(one.rule, one.place.line, one.place.column) for one in findings if one.place]


def test_a_waiver_is_read_with_its_place():
    waivers, findings = read(FILE, text(renewals="[2026-12-01]"))
    assert findings == ()
    assert waivers == (
        Waiver(
            "carts",
            "PACS-TLS-001",
            ("ae:us-1/*",),
            "radiology-it",
            "m.rossi",
            "the cart knows no TLS",
            "it stands in a network of its own",
            date(2026, 11, 1),
            date(2027, 2, 1),
            (date(2026, 12, 1),),
            Place(FILE, 2, 3, 5),
        ),
    )


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        pytest.param(text(until=None), [("PACS-WAIV-001", 2, 3)], id="no end"),
        pytest.param(text(reason=None, control="' '"), [("PACS-WAIV-002", 2, 3)], id="no reason"),
        pytest.param(text(owner=None), [("PACS-WAIV-002", 2, 3)], id="no owner"),
        pytest.param(text(scope="[]"), [("PACS-WAIV-002", 2, 3)], id="no scope"),
        pytest.param(text(approver="radiology-it"), [("PACS-WAIV-003", 6, 15)], id="approves it alone"),
        pytest.param(text(approver="Radiology IT"), [("PACS-WAIV-003", 6, 15)], id="spelled alike"),
        pytest.param(text(scope="['*']"), [("PACS-WAIV-004", 4, 13)], id="everything"),
        pytest.param(text(scope="[device:us-1, 'ae:*/*']"), [("PACS-WAIV-004", 4, 26)], id="every AE"),
        pytest.param(text(scope="us-1"), [("PACS-WAIV-004", 4, 12)], id="neither kind nor address"),
        pytest.param(text(scope="devise:us-1"), [("PACS-WAIV-004", 4, 12)], id="unknown kind"),
        pytest.param(text(until="2026-10-31"), [("PACS-WAIV-005", 10, 12)], id="ends before it begins"),
        pytest.param(text(until="2027-05-01"), [("PACS-WAIV-006", 10, 12)], id="181 days"),
        pytest.param(text(until="2027-04-30"), [], id="180 days"),
        pytest.param(
            text(until="2027-10-27", renewals="['2027-04-30']"), [], id="180 days after its former end"
        ),
        pytest.param(
            text(until="2027-10-28", renewals="['2027-04-30']"), [("PACS-WAIV-006", 10, 12)], id="and one more"
        ),
        pytest.param(
            text(until="2027-06-01", renewals="['2027-06-01']"), [("PACS-WAIV-005", 10, 12)], id="not renewed"
        ),
        pytest.param(text(until="31.12.2026"), [("PACS-VAL-002", 10, 12)], id="no date"),
        pytest.param(text(expires="2026-12-31"), [("PACS-KEY-001", 11, 5)], id="unknown key"),
        pytest.param(text() + text()[9:], [("PACS-YAML-004", 11, 3)], id="duplicate id"),
        pytest.param(text() + b"other: {}\n", [("PACS-KEY-001", 11, 1)], id="another key at the top"),
        pytest.param(b"waivers: [a]\n", [("PACS-YAML-012", 1, 10)], id="a list"),
        pytest.param(b"- a\n", [("PACS-YAML-012", 1, 1)], id="a list at the top"),
        pytest.param(b"waivers: {a: [\n", [("PACS-YAML-001", 2, 1)], id="no YAML"),
        pytest.param(b"waivers: {a: \xff}", [("PACS-FILE-002", 1, 14)], id="no UTF-8"),
        pytest.param(b"waivers: {'a  b': {}}", [("PACS-NAME-002", 1, 11)], id="no name"),
        pytest.param(b"waivers:\n", [], id="none yet"),
        pytest.param(b"", [], id="an empty file"),
    ],
)  # fmt: skip
def test_each_mistake_is_told_at_its_place(data, wanted):
    waivers, findings = read(FILE, data)
    assert [(one.rule, one.place.line, one.place.column) for one in findings if one.place] == wanted
    assert {one.severity for one in findings} <= {"error"}
    assert all(one.id == "carts" for one in waivers)


def test_a_name_with_spaces_is_told_apart_from_its_day():
    entry = waiver(id="carts until spring")
    assert (
        waiver_of(next(apply([results({"us-1/A": "fail"})], [entry], {}, TODAY).results[0].of("waived")))
        == entry.id
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("m.rossi", "M. Rossi"),
        ("Rossi, M", "m rossi"),
        ("m.rossi", "m.rossi@hospital.example"),
        ("José", "jose"),
        ("radiology-it", "radiology_it"),
    ],
)
def test_the_same_somebody_in_another_spelling(one, other):
    assert alike(one, other)


def test_others_are_others():
    assert not alike("m.rossi", "p.rossi")
    assert not alike("山田", "田中")


# --- applied


def subject(name: str, kind: str = "ae", site: str = "north", about: tuple[str, ...] = ()) -> Subject:
    device, _, title = name.partition("/")
    path = ("devices", device, "ae_titles", title) if title else ("devices", device)
    addresses = tuple(map(Address.parse, about))
    return Subject(kind, name, {}, site={"name": site}, path=path, device=device, about=addresses)


def results(states: dict[str, State], rule: str = "PACS-TLS-001", **about: tuple[str, ...]) -> RuleResults:
    judged = Rule(rule, "TLS", "high", "ae", "true")
    subjects = [
        subject(name, about=about.get(name.partition("/")[0].replace("-", "_"), ())) for name in states
    ]
    found = [Result(judged, one, state) for one, state in zip(subjects, states.values(), strict=True)]
    kept = {at: one for at, one in enumerate(found) if one.state not in ("pass", "n/a")}
    return RuleResults(judged, subjects, bytes(code_of(one.state) for one in found), kept)


def waiver(**changed: object) -> Waiver:
    base = Waiver(
        "carts", "PACS-TLS-001", ("ae:us-1/*",), "radiology-it", "m.rossi", "why", "what",
        date(2026, 11, 1), date(2027, 2, 1), place=Place(FILE, 2, 3, 5),
    )  # fmt: skip
    values = {name: getattr(base, name) for name in Waiver.__slots__}
    return Waiver(**{**values, **changed})  # type: ignore[arg-type]


def states(judged: RuleResults) -> list[State]:
    return [one.state for one in judged]


def test_a_waiver_accepts_the_failures_that_it_names():
    made = apply([results({"us-1/A": "fail", "us-2/A": "fail", "us-1/B": "pass"})], [waiver()], {}, TODAY)
    assert states(made.results[0]) == ["waived", "fail", "pass"]
    assert next(made.results[0].of("waived")).waiver == "carts until 2027-02-01 by radiology-it"
    assert waiver_of(next(made.results[0].of("waived"))) == "carts"
    assert (made.uses, made.findings) == ({"carts": 1}, ())


@pytest.mark.parametrize("state", ["error", "unknown"])
def test_what_is_broken_or_not_known_is_nobodys_to_accept(state):
    made = apply([results({"us-1/A": state})], [waiver()], {}, TODAY)
    assert states(made.results[0]) == [state]
    assert made.uses == {}, "whether it is used cannot be told"
    assert made.findings == ()


@pytest.mark.parametrize(
    ("scope", "wanted"),
    [
        ("ae:us-1/A", ["waived", "fail"]),
        ("ae:us-?/A", ["waived", "waived"]),
        ("device:us-2", ["fail", "waived"]),
        ("site:north", ["waived", "waived"]),
        ("site:south", ["fail", "fail"]),
        ("archive/peer/US_2", ["fail", "waived"]),
        ("archive/peer/*", ["fail", "waived"]),
        ("archive/peer", ["fail", "waived"]),
        ("device:us", ["fail", "fail"]),
    ],
)
def test_what_a_scope_means(scope, wanted):
    judged = results({"us-1/A": "fail", "us-2/A": "fail"}, us_2=("archive/peer/US_2/echo",))
    assert states(apply([judged], [waiver(scope=(scope,))], {}, TODAY).results[0]) == wanted


def test_a_waiver_of_another_rule_accepts_nothing():
    made = apply([results({"us-1/A": "fail"}, "PACS-TLS-002")], [waiver()], {}, TODAY)
    assert states(made.results[0]) == ["fail"]
    assert made.findings == (), "its own rule was not judged"


def test_a_waiver_that_accepts_nothing_is_told():
    made = apply(
        [results({"us-1/A": "pass"})], [waiver(), waiver(id="others", scope=("device:us-9",))], {}, TODAY
    )
    assert [(one.rule, one.severity, one.summary, one.detail) for one in made.findings] == [
        (
            "PACS-WAIV-010", "warning", "Waiver carts accepts nothing: PACS-TLS-001 does not fail there",
            "While it stands, the same fault would come back unseen.",
        ),
        (
            "PACS-WAIV-010", "warning", "Waiver others accepts nothing: PACS-TLS-001 does not fail there",
            "Its scope matches nothing.",
        ),
    ]  # fmt: skip


def test_it_is_told_that_a_waiver_ends_soon_and_that_it_has_ended():
    ending, ended = waiver(until=date(2026, 12, 24)), waiver(id="old", until=date(2026, 11, 23))
    made = apply([results({"us-1/A": "fail"})], [ending, ended], {}, TODAY)
    assert [(one.rule, one.summary) for one in made.findings] == [
        ("PACS-WAIV-011", "Waiver carts ends on 2026-12-24, in 30 days"),
        ("PACS-WAIV-009", "Waiver old has ended on 2026-11-23: PACS-TLS-001 fails there again"),
    ]
    assert all(one.place == Place(FILE, 2, 3, 5) for one in made.findings)


def test_a_renewed_waiver_says_so():
    made = apply(
        [results({"us-1/A": "fail"})], [waiver(until=TODAY, renewals=(date(2026, 11, 20),))], {}, TODAY
    )
    assert "It was renewed once." in made.findings[0].detail
    assert made.findings[0].summary.endswith(", today")


@given(
    st.dates(date(2026, 1, 1), date(2028, 1, 1)),
    st.integers(0, LONGEST),
    st.dates(date(2025, 6, 1), date(2028, 12, 1)),
)
def test_it_counts_from_its_first_to_its_last_day_and_on_no_other(since, days, today):
    one = waiver(since=since, until=since + timedelta(days))
    made = apply([results({"us-1/A": "fail"})], [one], {}, today)
    counts = since <= today <= one.until
    assert states(made.results[0]) == (["waived"] if counts else ["fail"])
    assert (state_of(one, made.uses, today) in ("active", "ends soon")) == counts


@given(st.lists(st.integers(-5, 400), min_size=1, max_size=4))
def test_no_step_of_a_waiver_that_stands_is_longer_than_allowed(steps):
    days = [date(2026, 1, 1)]
    for step in steps:
        days.append(days[-1] + timedelta(step))
    since, *renewals, until = days
    made, findings = read(
        FILE,
        text(
            since=str(since), until=str(until), renewals="[" + ", ".join(f"'{day}'" for day in renewals) + "]"
        ),
    )
    fit = all(0 <= step <= LONGEST for step in steps) and all(step > 0 for step in steps[1:])
    assert bool(made) == fit == (not findings)


@given(st.dictionaries(st.sampled_from(["us-1/A", "us-1/B", "us-2/A", "ct-1/A"]), st.sampled_from(STATES)))
def test_nothing_but_failures_changes(found):
    found = {name: "pass" if state == "waived" else state for name, state in found.items()}
    made = apply([results(found)], [waiver()], {}, TODAY).results[0]
    for before, after in zip(found.values(), made, strict=True):
        assert after.state == before or (before == "fail" and after.state == "waived")


def test_the_baseline_accepts_failures_of_policies_too():
    entry = Accepted(rule="PACS-TLS-001", at="devices.us-1", owner="radiology-it", until="2027-01-01")
    old = entry.model_copy(update={"until": "2026-11-23", "at": "devices.us-2"})
    made = apply([results({"us-1/A": "fail", "us-2/A": "fail"})], [], {"carts": entry, "old": old}, TODAY)
    assert states(made.results[0]) == ["waived", "fail"]
    assert waiver_of(next(made.results[0].of("waived"))) == "baseline/carts"
    assert made.uses == {"baseline/carts": 1}


# --- beside rules and people


def test_a_waiver_for_a_rule_that_does_not_exist_does_not_count():
    found = list(misfits([waiver(rule="PACS-TLS-01")], {"PACS-TLS-001"}, Inventory(), TODAY))
    assert [(one.rule, one.severity) for one in found] == [("PACS-WAIV-007", "error")]
    assert "PACS-TLS-001" in found[0].summary
    assert standing([waiver(rule="PACS-TLS-01")], {"PACS-TLS-001"}, Inventory(), TODAY) == ()


def test_renewing_ahead_again_and_again_is_refused():
    once = waiver(renewals=(date(2026, 12, 1),))
    twice = waiver(renewals=(date(2026, 12, 1), date(2027, 1, 1)))
    assert list(misfits([once], {"PACS-TLS-001"}, Inventory(), TODAY)) == []
    assert [one.rule for one in misfits([twice], {"PACS-TLS-001"}, Inventory(), TODAY)] == ["PACS-WAIV-005"]


def test_an_owner_who_has_left_is_told_and_the_waiver_counts():
    gone = User(id="radiology-it", collection="users", name="", kind="person", status="left")
    inventory = Inventory(users={"radiology-it": gone})
    found = list(misfits([waiver()], {"PACS-TLS-001"}, inventory, TODAY))
    assert [(one.rule, one.severity) for one in found] == [("PACS-WAIV-008", "warning")]
    assert standing([waiver()], {"PACS-TLS-001"}, inventory, TODAY) == (waiver(),)


# --- built-in checks


def test_a_waiver_accepts_what_a_built_in_check_finds():
    at = ("devices", "us-1", "ae_titles", "US_1", "ports")
    found = [
        Finding("PACS-TLS-001", "error", "a", path=at),
        Finding("PACS-TLS-001", "error", "b", path=at[:2]),
    ]
    marked = accepted(found, as_accepted([waiver()], Inventory()), TODAY)
    assert [one.accepted for one in marked] == ["until 2027-02-01 by radiology-it, waiver carts", ""]
    assert [
        one.accepted for one in accepted(found, as_accepted([waiver()], Inventory()), date(2027, 2, 2))
    ] == ["", ""]
    assert [
        one.accepted for one in accepted(found, as_accepted([waiver()], Inventory()), date(2026, 10, 1))
    ] == ["", ""]
    made = apply([], [waiver()], {}, TODAY, marked, {"PACS-TLS-001"})
    assert (made.uses, made.findings) == ({"carts": 1}, ())
    unused = apply([], [waiver()], {}, TODAY, (), {"PACS-TLS-001"})
    assert [one.rule for one in unused.findings] == ["PACS-WAIV-010"]


def test_a_waiver_accepts_what_is_found_live_by_its_address():
    found = [Finding("PACS-ORTH-001", "warning", "a", about=Address.parse("archive/peer/US_1/echo"))]
    live = waiver(rule="PACS-ORTH-001", scope=("archive/peer/US_*",))
    assert accepted(found, as_accepted([live], Inventory()), TODAY)[0].accepted
