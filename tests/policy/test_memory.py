"""A rule that was found right is not checked again, until anything that its check depends on is another."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pacsconf.policy import engine, packs
from pacsconf.policy.memory import Memory
from pacsconf.policy.rule import Rule

RULE = Rule("X-1", "Short", "low", "ae", "size(title) <= params.most", params={"most": 16})
FILE = """
pack: x
rules:
  - {id: X-1, title: Short, severity: low, kind: ae, condition: "size(title) <= params.most", params: {most: 16}}
  - {id: X-2, title: Wrong, severity: low, kind: ae, condition: "titel == 'A'"}
"""


@pytest.fixture
def checked(monkeypatch) -> list[str]:
    """The rules that were checked, in order."""
    asked: list[str] = []
    plainly = engine.check
    monkeypatch.setattr(engine, "check", lambda rule: asked.append(rule.id) or plainly(rule))
    return asked


def test_a_right_rule_is_checked_once_and_a_wrong_one_each_time(checked):
    first = Memory("now")
    wrong = packs.parse({"policies/x.yaml": FILE.encode()}, first).findings
    assert (checked, first.is_new, len(first.right)) == (["X-1", "X-2"], True, 1)
    again = Memory("now", frozenset(first.right))
    assert packs.parse({"policies/x.yaml": FILE.encode()}, again).findings == wrong
    assert (checked, again.is_new) == (["X-1", "X-2", "X-2"], False)
    packs.parse({"policies/x.yaml": FILE.encode()}, Memory("after an update", frozenset(first.right)))
    assert checked[3:] == ["X-1", "X-2"]


def test_what_a_site_changes_is_checked(checked):
    first = Memory("now")
    packs.parse({"policies/x.yaml": FILE.encode()}, first)
    site = b"overrides: {X-1: {params: {most: 10}}}"
    files = {"policies/x.yaml": FILE.encode(), "policies/site.yaml": site}
    packs.parse(files, Memory("now", frozenset(first.right)))
    assert checked == ["X-1", "X-2", "X-1", "X-2"]


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": "device"},
        {"condition": "size(title) < params.most"},
        {"when": "acceptor"},
        {"message": "title"},
        {"params": {"most": True}},
        {"params": {"most": "16"}},
        {"params": {"least": 16}},
    ],
    ids=str,
)
def test_another_rule_is_not_taken_for_it(changed):
    memory = Memory("now")
    memory.keep(RULE)
    known = Memory("now", frozenset(memory.right))
    assert known.holds(RULE)
    assert known.holds(replace(RULE, id="Y-1", title="Another title", severity="high", why="Because."))
    assert not known.holds(replace(RULE, **changed))


def test_what_is_kept_is_bounded_and_the_rules_of_now_come_first():
    memory = Memory("now", frozenset("abc"))
    memory.keep(RULE)
    assert [*memory.most(3)] == [*memory.right, "a", "b"]
