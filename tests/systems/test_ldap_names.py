"""Distinguished names: what is put together comes apart the same, whatever is in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.systems._ldap import names

VALUES = st.text(min_size=1, max_size=20).filter(lambda text: "\0" not in text and text.strip() == text)


@given(
    st.lists(st.tuples(st.sampled_from(["cn", "dicomAETitle", "2.5.4.3"]), VALUES), min_size=1, max_size=4)
)
def test_a_name_that_was_put_together_comes_apart_again(parts):
    dn = ",".join(names.rdn(*part) for part in parts)
    assert names.parse(dn) == tuple((part,) for part in parts)


@given(st.text(max_size=30))
def test_any_text_is_a_name_or_a_value_error(text):
    try:
        names.parse(text)
    except ValueError:
        assert names.canonical(text) == text


PLAIN = ["cn=a", "CN = A b", "cn=a  b", "cn=", "cn=x=y", "2.5.4.3=a", "dicomAETitle=CT_1"]
RELATIVE = st.text("ab=é #<\t\xa0", max_size=4) | st.sampled_from(
    [*PLAIN, "a=1+b=2", "a=1+", "cn=a\\,b", "cn=a\\"]
)


@given(st.lists(RELATIVE, max_size=5), st.sampled_from([",", ", ", ";", "+", ",,"]))
def test_a_name_that_begins_plainly_is_taken_apart_as_any_other(relative, between):
    """What is above an entry is remembered; that changes nothing, the complaint included."""
    dn = between.join(relative)

    def outcome(function):
        try:
            return function(dn)
        except ValueError as exc:
            return str(exc)

    assert outcome(names.parse) == outcome(names._walk)
    assert outcome(names.key) == outcome(lambda dn: names._folded_all(names._walk(dn)))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("cn=A,dc=x", "CN=a, DC=X", True),
        ("cn=a b,dc=x", "cn=a   b,dc=x", True),
        ("cn=a\\,b,dc=x", "cn=a\\2cb,dc=x", True),
        ("cn=caf\\C3\\A9", "cn=CAFÉ", True),
        ("a=1+b=2,dc=x", "b=2 + a=1, dc=x", True),
        ("dicomAETitle=CT,dc=x", "dicomaetitle=CT,dc=x", True),
        ("dicomAETitle=CT,dc=x", "dicomAETitle=ct,dc=x", False),
        ("cn=a,dc=x", "cn=a,dc=y", False),
        ("dcmStorageID=fs1,dc=x", "DCMSTORAGEID=fs1,DC=X", True),
        ("dcmStorageID=fs1,dc=x", "dcmStorageID=FS1,dc=x", False),
        ("acmeQueueName=a", "acmeQueueName=A", False),
        ("dicomHostname=A.example+dicomPort=104", "dicomPort=104+dicomhostname=a.EXAMPLE", True),
    ],
)
def test_names_are_compared_as_a_directory_does(one, other, same):
    assert (names.key(one) == names.key(other)) == same
    assert (names.canonical(one) == names.canonical(other)) == same


@pytest.mark.parametrize("value", [" a", "a ", "#a", "a\\", 'a"b', "a,b+c=d;e<f>"])
def test_values_that_need_escapes_keep_what_they_are(value):
    assert names.parse(names.child("dc=x", "cn", value)) == ((("cn", value),), (("dc", "x"),))


def test_a_name_may_be_of_any_depth():
    dn = ",".join(["dc=x"] * 5000)
    assert names.parse(dn) == ((("dc", "x"),),) * 5000
    assert names.key(dn) == (frozenset({("dc", "x")}),) * 5000


def test_the_empty_name_has_no_parts():
    assert (names.parse(""), names.leaf("")) == ((), "")


@pytest.mark.parametrize("text", ["x", "cn=a,", "cn=a,,dc=x", "=a", 'cn="a"'])
def test_what_is_no_name_is_refused(text):
    with pytest.raises(ValueError, match="is not a distinguished name"):
        names.parse(text)


def test_case_counts_as_it_does_in_the_schemas_that_there_are(shared_server):
    """What an attribute's rule in a real server says of case, and what is taken for granted without asking it."""
    import ldap3

    from pacsconf.systems._ldap.schema import parse

    found = shared_server[1].conn
    wanted = ["attributeTypes", "objectClasses"]
    found.search("cn=Subschema", "(objectClass=subschema)", ldap3.BASE, attributes=wanted)
    raw = found.response[0]["raw_attributes"]
    schema = parse(raw["attributeTypes"], raw["objectClasses"])
    structural = [each for each in schema.classes.values() if each.kind == "structural"]
    naming = {name for each in structural for name in (each.must or each.may)}
    wrong = []
    for name in sorted(naming):
        known = schema.attribute(name)
        rule = known.rule.lower() if known else ""
        if rule.startswith(("caseignore", "caseexact")) and name.startswith(("cn", "dcm", "dicom", "hl7")):
            same = names.key(f"{name}=a") == names.key(f"{name}=A")
            wrong += [name] if same != rule.startswith("caseignore") else []
    assert wrong == []
