"""Over several processes rules come to the same."""

from __future__ import annotations

from pacsconf.policy.engine import evaluate
from pacsconf.policy.rule import Rule
from pacsconf.policy.subject import Subject

RULES = [
    Rule("X-1", "Short", "low", "ae", "size(self.title) < 4", message="'long: ' + title"),
    Rule("X-2", "TLS", "low", "ae", "has(observed.tls) ? observed.tls : configured.tls", when="acceptor"),
    Rule("X-3", "Broken", "low", "ae", "1 / size(ports) == 1"),
    Rule("X-4", "Site", "low", "ae", "site.name != ''"),
]


def subjects() -> list[Subject]:
    return [
        Subject(
            "ae",
            f"d/{number}",
            {
                "title": f"T{number}",
                "ports": [1] * (number % 3),
                "acceptor": number % 2 == 0,
                "unused": object(),
            },
            {"tls": number % 5 == 0} if number % 3 else None,
            {"tls": True} if number % 7 == 0 else {},
            {"name": "north"} if number % 4 else None,
            blind="" if number % 2 else "nobody looked",
        )
        for number in range(250)
    ]


def test_three_processes_come_to_what_one_does():
    rows = subjects()
    one, three = (evaluate(RULES, {"ae": rows}, processes=number) for number in (1, 3))
    assert [list(each) for each in three] == [list(each) for each in one]
    assert [each.states for each in three] == [each.states for each in one]
    assert [dict(each.details) for each in three] == [dict(each.details) for each in one]
    assert {each.state for results in one for each in results} == {"pass", "fail", "unknown", "n/a", "error"}


def test_fewer_resources_than_processes():
    rows = subjects()[:2]
    assert [list(each) for each in evaluate(RULES, {"ae": rows}, processes=4)] == [
        list(each) for each in evaluate(RULES, {"ae": rows}, processes=1)
    ]


def test_no_resources_and_no_rules():
    assert [one.states for one in evaluate(RULES, {})] == [b""] * 4
    assert evaluate([], {"ae": subjects()}) == ()


def test_a_result_that_is_replaced_stays_among_the_others():
    (one, *_) = evaluate(RULES, {"ae": subjects()}, processes=1)
    failed = next(one.of("fail"))
    position = int(failed.subject.name.removeprefix("d/"))
    changed = one.replaced({position: failed.waived("w-1")})
    assert changed.count() == {**one.count(), "fail": one.count()["fail"] - 1, "waived": 1}
    assert changed.state(position) == "waived"
    assert [each.waiver for each in changed.of("waived")] == ["w-1"]
