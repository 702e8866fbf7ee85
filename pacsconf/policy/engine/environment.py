"""What rules are run in: that the fields of their kind are there, of any type."""

from __future__ import annotations

from functools import cache

from cel_expr_python import cel
from cel_expr_python.ext.ext_strings import ExtStrings

from pacsconf.policy.scan import HOLDERS, alias
from pacsconf.policy.vocabulary import KINDS

STRINGS = 2
"""The version of CEL's library of texts (`join`, `format`, `lowerAscii`, `split` ...)."""


@cache
def running(kind: str) -> cel.Env:
    """What rules of a kind are run in: every name is known, of any type."""
    names = (*map(alias, KINDS[kind].fields("declared")), *HOLDERS)
    return cel.NewEnv(variables=dict.fromkeys(names, cel.Type.DYN), extensions=[ExtStrings(STRINGS)])
