"""CEL, and its owner: what rules may say is checked when a pack is loaded, and rules are judged on resources.

Nothing else imports cel_expr_python or protobuf, and these are imported when there is a rule to look at.

types        what CEL is told of a kind to check by: its fields and their types; the one owner of protobuf
faults       what CEL says of an expression, in plain words and with its place in there
checking     the check of a rule's expressions against the types of its kind
environment  what CEL is told of a kind to run rules in
program      a rule as it is run
judge        all rules of a kind on its resources
alike        resources that are alike in all that rules look at, judged once
outcome      what that comes to, kept small
workers      the same over several processes
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pacsconf.policy.engine.workers import evaluate

if TYPE_CHECKING:
    from pacsconf.policy.engine.faults import Fault
    from pacsconf.policy.rule import Rule

__all__ = ["check", "evaluate"]


def check(rule: Rule) -> tuple[Fault, ...]:
    """Everything that is wrong with the expressions of a rule whose kind is known."""
    from pacsconf.policy.engine import checking

    return checking.check(rule)
