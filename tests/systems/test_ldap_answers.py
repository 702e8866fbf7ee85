"""What a directory's answers mean, and what to do about them."""

from __future__ import annotations

import pytest

from pacsconf.core.errors import BadAnswer, Refused, Unavailable
from pacsconf.systems._ldap import Missing
from pacsconf.systems._ldap.answers import Answer


@pytest.mark.parametrize(
    ("code", "kind", "fix"),
    [
        (1, BadAnswer, "The directory's own log says more."),
        (
            4,
            BadAnswer,
            'Lift the limit for the account that pacsconf uses (slapd: limits dn.exact="..." size=unlimited).',
        ),
        (10, BadAnswer, "Point `url` at the server that holds the data itself."),
        (13, Refused, "Write ldaps:// in `url`, or start_tls: true."),
        (32, Missing, "Check `base`; an account that may not see an entry is told this too."),
        (50, Refused, "Let the account that pacsconf uses do this, or name another under `bind`."),
        (51, Unavailable, "Try again later."),
        (4711, Refused, "The directory's own log says more."),
    ],
)
def test_a_fault_says_what_to_do(code, kind, fix):
    fault = Answer(code, "the server's own words").fault("directory", "reading x")
    assert (type(fault), fault.fix) == (kind, fix)
    assert fault.message.startswith("reading x: ")
    assert "the server's own words" in fault.message
