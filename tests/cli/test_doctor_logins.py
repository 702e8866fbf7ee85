"""The screen of `doctor --system NAME --logins`."""

from __future__ import annotations

import pytest

from pacsconf.cli.doctor_logins import is_wrong, logins_text
from pacsconf.report.lines import plain
from pacsconf.systems.abilities import LoginTried


@pytest.mark.parametrize(
    ("wanted", "verdict", "wrong"),
    [
        (True, "yes", False),
        (True, "no", True),
        (True, "unknown", False),
        (False, "yes", True),
        (False, "no", False),
        (False, "unknown", False),
    ],
)
def test_what_is_wrong_is_to_be_refused_or_to_be_let_in(wanted, verdict, wrong):
    assert is_wrong(LoginTried("ann", wanted, verdict)) is wrong


def test_each_has_a_row_and_the_sum_stands_below():
    tried = (
        LoginTried("nobody", False, "no"),
        LoginTried("ann", True, "yes"),
        LoginTried("bob", True, "no", "answered with 401"),
        LoginTried("old", False, "yes", "answered with 200"),
        LoginTried("x", True, "unknown", "env:X is not set"),
    )
    assert plain(logins_text("pacs", tried, 80)) == (
        "Who can sign in at pacs\n"
        "\n"
        "  ✓ nobody  is turned away, as is right\n"
        "  ✓ ann     can sign in\n"
        "  ✗ bob     is refused: answered with 401\n"
        "  ✗ old     is let in and must not be: answered with 200\n"
        "  ? x       not known: env:X is not set\n"
        "\n"
        "2 not as declared. Render its file of users again, put it in place and restart\n"
        "it.\n"
    )


def test_what_could_not_be_tried_is_no_good_news():
    assert plain(logins_text("pacs", (LoginTried("ann", True, "unknown"),), 80)).endswith(
        "As declared, as far as it could be tried (1 not known).\n"
    )
