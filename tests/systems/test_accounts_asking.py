"""What an identity team is asked for, and whether the DN of an account may be shown to others."""

from __future__ import annotations

import pytest

from pacsconf.systems._accounts.asking import tells_nobody
from pacsconf.systems._accounts.flavour import Facts
from pacsconf.systems._accounts.tree import Account
from pacsconf.systems._ldap import Entry


@pytest.mark.parametrize(
    ("dn", "nobody"),
    [
        ("uid=mmueller,ou=people,dc=x", True),
        ("UID=MMueller,ou=people,dc=x", True),
        ("CN=Martha Mueller,OU=x", False),
        ("cn=mmueller+sn=Mueller,ou=x", False),
        (r"cn=mmueller\, M,ou=x", False),
    ],
)
def test_a_dn_is_shown_where_it_says_no_more_than_the_login(dn: str, nobody: bool) -> None:
    account = Account("mm", "mmueller", "staff", Entry(dn, {}), Facts("mmueller"))
    assert tells_nobody(account) is nobody


def test_a_login_with_a_comma_is_its_own_dn() -> None:
    account = Account("mm", "m, mueller", "staff", Entry(r"uid=m\, mueller,ou=x", {}), Facts("m, mueller"))
    assert tells_nobody(account)
