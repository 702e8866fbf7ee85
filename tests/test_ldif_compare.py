"""The comparison that round trips are judged by: it must tell apart what differs, and nothing else."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ldif_compare import differences, name_of, of_text, told
from tests.ldif_text import entry, written

texts = st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), min_size=1, max_size=60)
ways = st.frozensets(st.sampled_from(["base64", "comments", "folded"]))


@given(
    st.lists(texts, min_size=1, max_size=3, unique=True), st.lists(st.binary(min_size=1), max_size=3), ways
)
def test_what_is_written_is_read_as_it_was(names, values, how):
    rdn = tuple((f"a{number}", name) for number, name in enumerate(names))
    made = entry(rdn, "dc=x", "top", description=values, userCertificate__binary=values)
    ((dn, read),) = of_text(written([made], how)).items()
    assert dn == (frozenset(rdn), frozenset({("dc", "x")}))
    assert (
        read.get("description", frozenset()) == read.get("usercertificate;binary", frozenset()) == {*values}
    )
    assert {read[attribute] for attribute, _ in rdn} == {frozenset({name.encode()}) for name in names}


ONE = """version: 1

# a comment
dn: cn=dicom,dicomDeviceName=ct-1,dc=example
objectClass: top
objectClass: dicomNetworkConnection
cn: dicom
dicomTLSCipherSuite: A
dicomTLSCipherSuite: B
dcmKeyStorePin: secret
entryCSN: 1

"""


def lines(before: str, after: str, **how) -> list[str]:
    return differences(of_text(before), of_text(after), **how)


def test_the_same_in_another_spelling_is_the_same():
    other = """dn:: Y249ZGljb20sIERpY29tRGV2aWNlTmFtZT1jdC0xLGRjPWV4YW1wbGU=
objectclass: DicomNetworkConnection
objectclass: top
CN: di
 com
dicomTLSCipherSuite: B
dicomTLSCipherSuite:: QQ==
dcmKeyStorePin: another
entryCSN: 2
"""
    assert lines(ONE, other) == []
    assert lines(ONE, other, secrets=True) == [
        "cn=dicom,dicomdevicename=ct-1,dc=example: dcmkeystorepin -b'secret' +b'another'"
    ]


@pytest.mark.parametrize(
    ("old", "new", "told_as"),
    [
        ("dicomTLSCipherSuite: B\n", "", ": dicomtlsciphersuite -b'B'"),
        ("Suite: B\n", "Suite: b\n", ": dicomtlsciphersuite -b'B' +b'b'"),
        ("Suite: B\n", "Suite:: QiA=\n", ": dicomtlsciphersuite -b'B' +b'B '"),
        ("objectClass: top\n", "", ": objectclass -b'top'"),
        ("cn: dicom\n", "cn: dicom\nx;binary: 1\n", ": x;binary +b'1'"),
    ],
)
def test_every_difference_of_a_value_is_told(old, new, told_as):
    assert lines(ONE, ONE.replace(old, new)) == [f"cn=dicom,dicomdevicename=ct-1,dc=example{told_as}"]


def test_entries_that_are_missing_or_new_are_told():
    other = ONE.replace("ct-1", "ct-2")
    assert lines(ONE, other) == [
        "- cn=dicom,dicomdevicename=ct-1,dc=example",
        "+ cn=dicom,dicomdevicename=ct-2,dc=example",
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("cn=a,dc=b", "CN = a , dc=b"),
        ("a=1+b=2,dc=x", "b=2+a=1,dc=x"),
        (r"cn=a\,b,dc=x", r"cn=a\2Cb,dc=x"),
        (r"cn=\ a\ ,dc=x", r"cn=\20a\20,dc=x"),
        ("cn=ü,dc=x", r"cn=\C3\BC,dc=x"),
        (r"cn=a\\,dc=x", r"cn=a\5C,dc=x"),
    ],
)
def test_spellings_of_a_name(one, other):
    assert name_of(one) == name_of(other)


def test_names_that_differ():
    names = ["cn=a,dc=x", "cn=A,dc=x", r"cn=a\ ,dc=x", "cn=a", r"cn=a\,dc\=x", "cn=a+dc=x"]
    assert len({name_of(each) for each in names}) == len(names)
    assert told(name_of(r"cn=a\,b,dc=x")) == "cn=a,b,dc=x"


def test_references_are_compared_as_names():
    entry = "dn: cn=x\ndicomNetworkConnectionReference: "
    assert lines(f"{entry}cn=dicom,dc=x\n", f"{entry}CN=dicom, dc=x\n") == []
    assert lines(f"{entry}cn=dicom,dc=x\n", f"{entry}cn=dicom,dc=y\n") == [
        "cn=x: dicomnetworkconnectionreference -'cn=dicom,dc=x' +'cn=dicom,dc=y'"
    ]


def test_it_is_a_program_too(tmp_path):
    before, after = tmp_path / "before.ldif", tmp_path / "after.ldif"
    before.write_text(ONE)
    after.write_text(ONE.replace("Suite: A", "Suite: C"))
    for other, code in ((before, 0), (after, 1)):
        command = [sys.executable, "-m", "tests.ldif_compare", str(before), str(other)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, "-b'A' +b'C'" in done.stdout) == (code, bool(code)), done.stderr
