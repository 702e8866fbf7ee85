"""What a server says it can hold."""

from __future__ import annotations

from pacsconf.systems._ldap.schema import parse

SCHEMA = parse(
    [
        b"( 2.5.4.41 NAME 'name' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )",
        b"( 2.5.4.3 NAME ( 'cn' 'commonName' ) DESC 'a (name)' SUP name )",
        b"( 1.1.1 NAME 'blob' SYNTAX 1.3.6.1.4.1.1466.115.121.1.5 )",
        b"( 1.1.2 NAME 'one' EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )",
    ],
    [
        b"( 2.5.6.0 NAME 'top' ABSTRACT MUST objectClass )",
        b"( 1.2.1 NAME 'base' SUP top STRUCTURAL MUST cn MAY blob )",
        b"( 1.2.2 NAME 'derived' SUP base STRUCTURAL MAY ( one ) )",
        b"( 1.2.3 NAME 'wide' SUP top AUXILIARY MAY ( one $ blob ) )",
        b"( 1.2.4 NAME 'narrow' SUP top AUXILIARY MAY one )",
        b"( 1.2.5 NAME 'demanding' SUP top AUXILIARY MUST cn MAY one )",
    ],
)


def test_names_are_found_by_alias_oid_and_any_case():
    assert {SCHEMA.attribute(name).name for name in ("cn", "CommonName", "2.5.4.3", "cn;lang-de")} == {"cn"}
    assert SCHEMA.attribute("nosuch") is None
    assert SCHEMA.spelling("COMMONNAME;binary") == "cn;binary"


def test_an_equality_rule_may_come_from_above():
    assert [SCHEMA.attribute(name).equality for name in ("cn", "blob", "one")] == [True, False, True]


def test_a_class_takes_what_its_superiors_have():
    derived = SCHEMA.object_class("DERIVED")
    assert (derived.kind, derived.must, derived.may) == (
        "structural",
        frozenset({"objectclass", "cn"}),
        frozenset({"blob", "one"}),
    )
    assert derived.superiors == {"base", "top"}


def test_the_auxiliary_class_that_asks_for_least_is_chosen():
    assert SCHEMA.auxiliary_for("one").name == "narrow"
    assert SCHEMA.auxiliary_for("blob").name == "wide"
    assert SCHEMA.auxiliary_for("cn") is not None
    assert SCHEMA.auxiliary_for("name") is None


def test_a_class_that_leads_back_to_itself_is_left():
    looped = parse([], [b"( 1.1 NAME 'a' SUP b )", b"( 1.2 NAME 'b' SUP a MAY cn )"])
    assert looped.object_class("a").allows("cn")
