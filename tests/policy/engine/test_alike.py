"""Resources that are alike are judged once, and come to what each comes to by itself."""

from __future__ import annotations

from random import Random
from typing import Any

from pacsconf.policy.engine import evaluate
from pacsconf.policy.engine import judge as judging
from pacsconf.policy.engine.alike import FEW, parted
from pacsconf.policy.rule import Rule
from pacsconf.policy.subject import Subject

RULES = [
    Rule("X-1", "Title", "low", "ae", "!title.endsWith('7')", message="'called ' + title"),
    Rule("X-2", "TLS", "low", "ae", "has(observed.tls) ? observed.tls : configured.tls", when="acceptor"),
    Rule("X-3", "Broken", "low", "ae", "1 / size(ports) == 1"),
    Rule("X-4", "Site", "low", "ae", "site.name != ''", message="title + ' is nowhere'"),
    Rule("X-5", "Whole", "low", "ae", "size(configured) >= 0 && self.acceptor", message="title"),
    Rule("X-6", "No words", "low", "ae", "acceptor"),
]


def subjects(number: int) -> list[Subject]:
    draw = Random(7)  # noqa: S311 - no secret: the same resources each time

    def facts(**known: Any) -> dict[str, Any]:
        return {name: value for name, value in known.items() if draw.random() > 0.2}

    return [
        Subject(
            "ae",
            f"d/{at}",
            {"title": f"T{at}", "ports": [1] * draw.randrange(3), "acceptor": draw.random() > 0.5},
            draw.choice([None, facts(tls=draw.random() > 0.5)]),
            draw.choice([None, facts(tls=draw.random() > 0.5)]),
            draw.choice([None, {"name": ""}, {"name": "north"}]),
            blind=draw.choice(["", "nobody looked"]),
        )
        for at in range(number)
    ]


def test_many_come_to_what_each_comes_to_by_itself():
    rows = subjects(4 * FEW)
    alone, others, _, few = parted("ae", RULES, rows)
    assert ([one.id for one in alone], len(others)) == (["X-1"], 5)
    assert len(few) < len(rows) / 2
    together = [list(one) for one in evaluate(RULES, {"ae": rows})]
    one_by_one = [evaluate(RULES, {"ae": [row]}) for row in rows]
    assert together == [[next(iter(each[at])) for each in one_by_one] for at in range(len(RULES))]


def test_what_failed_is_found_by_its_place():
    rows = subjects(2 * FEW)
    (found,) = evaluate(RULES[3:4], {"ae": rows})
    nowhere = [at for at, row in enumerate(rows) if not (row.site or {}).get("name")]
    assert (list(found.details), len(found.details)) == (nowhere, len(nowhere))
    assert [found.details[at].message for at in nowhere] == [f"T{at} is nowhere" for at in nowhere]
    assert [at in found.details for at in range(len(rows))] == [at in nowhere for at in range(len(rows))]


def test_what_is_alike_is_judged_once(monkeypatch):
    judged = []
    plainly = judging.Judge.judged
    monkeypatch.setattr(
        judging.Judge, "judged", lambda self, rows: judged.append(len(rows)) or plainly(self, rows)
    )
    rows = [Subject("ae", f"d/{at}", {"title": f"T{at}", "acceptor": at % 2 == 0}) for at in range(2 * FEW)]
    evaluate(RULES[5:], {"ae": rows})
    assert judged == [2]


def test_values_that_are_not_plain_are_judged_one_by_one():
    rows = [Subject("ae", f"d/{at}", {"acceptor": True, "ports": range(3)}) for at in range(2 * FEW)]
    assert parted("ae", RULES[2:3], rows) == (RULES[2:3], (), (), ())
