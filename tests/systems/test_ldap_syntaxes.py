"""How values are written: what is let through a real slapd takes, and what is refused it refuses."""

from __future__ import annotations

import ldap3
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pacsconf.lab import slapd
from pacsconf.systems._ldap import syntaxes
from pacsconf.systems._ldap.schema import parse
from tests.archive_oddities import CERTIFICATE

RFC_4517 = "1.3.6.1.4.1.1466.115.121.1."
RULES = {
    "5": "",
    "6": "bitStringMatch",
    "7": "booleanMatch",
    "11": "caseIgnoreMatch",
    "12": "distinguishedNameMatch",
    "15": "caseIgnoreMatch",
    "24": "generalizedTimeMatch",
    "26": "caseExactIA5Match",
    "27": "integerMatch",
    "36": "numericStringMatch",
    "38": "objectIdentifierMatch",
    "40": "octetStringMatch",
    "44": "caseIgnoreMatch",
    "50": "telephoneNumberMatch",
    "8": "certificateExactMatch",
}
"""The syntaxes that are looked at, with an equality rule that goes with each."""


@pytest.fixture(scope="module")
def judge(tmp_path_factory):
    """A server with one attribute of each syntax: whether it takes these values of it."""
    folder = tmp_path_factory.mktemp("syntaxes")
    types = [
        f"attributetype ( 2.25.99.1.{number} NAME 'zz{number}' {f'EQUALITY {rule}' if rule else ''} "
        f"SYNTAX {RFC_4517}{number} )"
        for number, rule in RULES.items()
    ]
    types.append("attributetype ( 2.25.99.1.99 NAME 'zz99' EQUALITY UUIDMatch SYNTAX 1.3.6.1.1.16.1 )")
    types.append(
        "attributetype ( 2.25.99.1.98 NAME 'zz98' EQUALITY caseExactMatch SYNTAX " + RFC_4517 + "15 )"
    )
    names = " $ ".join(f"zz{number}" for number in (*RULES, 98, 99))
    types.append(f"objectclass ( 2.25.99.2.1 NAME 'zz' SUP top STRUCTURAL MUST cn MAY ( {names} ) )")
    schema = folder / "zz.schema"
    schema.write_text("\n\n".join(types) + "\n")
    options = slapd.Options(tls=False, tree=True, schemas=(*slapd.SCHEMAS, schema))
    with slapd.started(folder / "slapd", options) as server:
        found = Judge(server)
        yield found
        found.conn.unbind()


class Judge:
    def __init__(self, server):
        where = ldap3.Server(server.url, get_info=ldap3.NONE)
        self.conn = ldap3.Connection(
            where, server.admin_dn, server.password, auto_bind=True, check_names=False
        )
        self.dn = f"cn=zz,{server.base}"
        self.conn.search(
            "cn=Subschema", "(objectClass=subschema)", "BASE", attributes=["attributeTypes", "objectClasses"]
        )
        found = self.conn.response[0]["raw_attributes"]
        self.schema = parse(found["attributeTypes"], found["objectClasses"])

    def takes(self, number, *values):
        option = ";binary" if number in ("8", "9") else ""
        taken = self.conn.add(self.dn, ["zz"], {f"zz{number}{option}": list(values)})
        if taken:
            assert self.conn.delete(self.dn)
        return taken

    def lets_through(self, number, value):
        return not self.schema.broken(f"zz{number}", value)


TEXTS = st.text(max_size=6).map(str.encode)
DIGITS = st.text("0123456789", min_size=1, max_size=4)
MIXED = st.text("0129-+. ZzTRUE:='BD()#_,ab\x7fä", max_size=10).map(str.encode)
TIMES = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["2026", "2024", "2000", "1900", "0000", "202"]),
    st.sampled_from(["0101", "0229", "0231", "1231", "1301", "0001", "0100", "0430", "0431", "0532"]),
    st.sampled_from(["00", "23", "24", "2", "2359", "2360", "235959", "235960", "235961", "23596"]),
    st.sampled_from(["", ".5", ",25", ".", ".x"]),
    st.sampled_from(["Z", "z", "", "+01", "-0130", "+1", "+24", "+0060", "+2359", "+01300", "ZZ"]),
).map(str.encode)
OIDS = st.lists(st.sampled_from(["0", "1", "2", "840", "10008", "01", "", "a"]), max_size=6).map(
    lambda parts: ".".join(parts).encode()
)
BOOLEANS = st.sampled_from(["TRUE", "FALSE", "true", "True", "TRUE ", "1", "YES", ""]).map(str.encode)
INTEGERS = st.builds("{}{}".format, st.sampled_from(["", "-", "+", "0", "-0", " "]), DIGITS).map(str.encode)
NAMES = st.lists(
    st.builds(
        "{}{}{}".format,
        st.sampled_from(
            ["cn", "CN", "dc", "dicomPort", "dicomAETitle", "dicomInstalled", "nosuch", "2.5.4.3", "1a"]
        ),
        st.sampled_from(["=", " = ", "=", ""]),
        st.sampled_from(
            [
                "a",
                "A b",
                "",
                "104",
                "0104",
                "TRUE",
                "true",
                "a\\,b",
                "a\\zz",
                "\\C3\\A4",
                "ä",
                "#04",
                "a<b",
                "\\#a",
                "a=b",
                "a\\",
                " ",
            ]
        ),
    ),
    max_size=3,
)
DNS = st.builds(
    lambda parts, between: between.join(parts).encode(), NAMES, st.sampled_from([",", ", ", "+", ",,", ";"])
)
VALUES = st.one_of(
    *(
        st.tuples(st.just(number), special | MIXED | TEXTS | st.binary(max_size=4))
        for number, special in {
            "5": st.binary(max_size=8),
            "6": st.text("01'B2", max_size=5).map(str.encode),
            "7": BOOLEANS,
            "11": st.text("DEa_- ", max_size=3).map(str.encode),
            "12": DNS,
            "15": TEXTS,
            "24": TIMES,
            "26": TEXTS,
            "27": INTEGERS,
            "36": st.text("01 a", max_size=4).map(str.encode),
            "38": OIDS,
            "40": st.binary(max_size=8),
            "44": TEXTS,
            "50": TEXTS,
        }.items()
    )
)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(VALUES)
@example(("15", b"\xed\xa0\x80"))
@example(("15", b"\xc0\x80"))
@example(("27", b"9" * 60))
@example(("12", b"dicomInstalled=true,dc=x"))
@example(("12", b"dc="))
@example(("24", b"20260101000060Z"))
@example(("26", b""))
@example(("99", b"597ae2f6-16a6-1027-98f4-d28b5365dc14"))
@example(("99", b"597ae2f616a6102798f4d28b5365dc14"))
def test_a_value_is_let_through_where_a_server_takes_it_and_nowhere_else(judge, case):
    number, value = case
    assert judge.lets_through(number, value) == judge.takes(number, value)


@pytest.mark.parametrize("name", [b'cn="a"', b"cn;x=a"])
def test_two_old_forms_of_names_are_refused_though_a_server_takes_them(judge, name):
    """They would come back in another form, and never be as declared."""
    assert (judge.lets_through("12", name), judge.takes("12", name)) == (False, True)


def test_a_certificate_is_looked_at_from_outside_only(judge):
    assert (judge.lets_through("8", CERTIFICATE), judge.takes("8", CERTIFICATE)) == (True, True)
    cut = CERTIFICATE[:-1]
    assert (judge.lets_through("8", cut), judge.takes("8", cut)) == (False, False)
    assert (judge.lets_through("8", b"0\x00"), judge.takes("8", b"0\x00")) == (True, False)


ALIKE = st.text("aAbB äÄß\t-", min_size=1, max_size=4)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["15", "98", "26", "44", "12"]), ALIKE, ALIKE)
@example("15", "A  b", " a B ")
@example("98", "a", " a")
@example("26", "a b", "a  b")
def test_two_values_are_one_where_a_server_takes_them_for_one(judge, number, one, other):
    pair = [f"cn={text}".encode() if number == "12" else text.encode() for text in (one, other)]
    if pair[0] == pair[1] or not all(judge.takes(number, value) for value in pair):
        return
    name = f"zz{number}"
    apart = judge.schema.same(name, pair[0]) != judge.schema.same(name, pair[1])
    assert apart == judge.takes(number, *pair)


def test_what_is_not_known_is_for_the_server_to_judge():
    assert syntaxes.broken("1.2.3", b"\xff") == ""
