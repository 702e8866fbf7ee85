"""CEL, and its owner: what rules may say is checked when a pack is loaded, and rules are judged on resources.

Nothing else imports cel_expr_python or protobuf, and these are imported when there is a rule to look at.

environment  what CEL is told of a kind: its fields and their types
faults       what CEL says of an expression, in plain words and with its place in there
check        the check of a rule's expressions against the types of its kind
program      a rule as it is run
judge        all rules of a kind on its resources
outcome      what that comes to, kept small
workers      the same over several processes
"""

from pacsconf.policy.engine.check import check
from pacsconf.policy.engine.faults import Fault
from pacsconf.policy.engine.workers import evaluate

__all__ = ["Fault", "check", "evaluate"]
