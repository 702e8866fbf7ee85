"""LDIF files (RFC 2849), whole ones and broken ones."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.core.errors import PacsconfError
from pacsconf.systems._ldap import Entry, ldif


def entries(text: str | bytes) -> list[tuple[str, dict[str, tuple[bytes, ...]]]]:
    """What a file without mistakes holds."""
    found = ldif.parse(text.encode() if isinstance(text, str) else text, "x.ldif")
    assert found.findings == ()
    return [(entry.dn, dict(entry.attributes)) for entry in found.entries]


def mistakes(text: str | bytes) -> list[tuple[str, str, int]]:
    """What is wrong with a file: rule, severity and line."""
    found = ldif.parse(text.encode() if isinstance(text, str) else text, "x.ldif").findings
    assert {each.place.file for each in found if each.place} <= {"x.ldif"}
    return [(each.rule, each.severity, each.place.line if each.place else 0) for each in found]


# --- what stands -----------------------------------------------------------------------------------------------

A = ("dc=x", {"cn": (b"a",)})
WHOLE = {
    "as slapcat writes it": ("dn: dc=x\ncn: a\n\n", [A]),
    "with a version": ("version: 1\n\ndn: dc=x\ncn: a\n", [A]),
    "with a version in the first record": ("version: 1\ndn: dc=x\ncn: a\n", [A]),
    "a version after comments": ("# by hand\n\nversion: 1\ndn: dc=x\ncn: a\n", [A]),
    "without an end": ("dn: dc=x\ncn: a", [A]),
    "Windows line ends": ("dn: dc=x\r\ncn: a\r\n\r\ndn: dc=y\r\ncn: b\r\n", [A, ("dc=y", {"cn": (b"b",)})]),
    "a byte order mark": ("\ufeffdn: dc=x\ncn: a\n", [A]),
    "folded": ("dn: dc\n =x\nc\n n: \n a\n", [A]),
    "a folded comment": ("# one\n two: three\ndn: dc=x\n# in between\ncn: a\n", [A]),
    "base64": ("dn:: ZGM9eA==\ncn:: YQ==\n", [A]),
    "base64, folded": ("dn:: ZGM\n 9eA==\ncn::YQ==\n", [A]),
    "a fold within ::": ("dn:\n : ZGM9eA==\ncn:\n : YQ==\n", [A]),
    "a fold before ::": ("dn: dc=x\ncn\n :: YQ==\n", [A]),
    "a fold after ::": ("dn: dc=x\ncn::\n  YQ\n ==\n", [A]),
    "spaces in base64": ("dn: dc=x\ncn:: IGEg\n", [("dc=x", {"cn": (b" a ",)})]),
    "a value that begins like an address": ("dn: dc=x\ncn: < a\n", [("dc=x", {"cn": (b"< a",)})]),
    "an entry added, said in base64 and last": ("dn: dc=x\ncn: a\nchangetype:: YWRk\n", [A]),
    "an attribute called as a change is": ("dn: dc=x\nadd: cn\n", [("dc=x", {"add": (b"cn",)})]),
    "binary": ("dn: dc=x\nphoto:: AP+A\n", [("dc=x", {"photo": (b"\x00\xff\x80",)})]),
    "an empty value": ("dn: dc=x\ncn:\n", [("dc=x", {"cn": (b"",)})]),
    "spaces before a value do not count": ("dn:   dc=x\ncn:a\n", [A]),
    "spaces after a value do": ("dn: dc=x\ncn: a \n", [("dc=x", {"cn": (b"a ",)})]),
    "text in UTF-8 as it is": ("dn: dc=x\ncn: ä\n", [("dc=x", {"cn": ("ä".encode(),)})]),
    "names in any case": ("DN: dc=x\ncn: a\nCN: b\n", [("dc=x", {"cn": (b"a", b"b")})]),
    "a value twice": ("dn: dc=x\ncn: a\ncn: a\n", [A]),
    "options": (
        "dn: dc=x\nuserCertificate;binary:: MIIB\n",
        [("dc=x", {"usercertificate;binary": (b"0\x82\x01",)})],
    ),
    "an attribute by its OID": ("dn: dc=x\n2.5.4.3: a\n", [("dc=x", {"2.5.4.3": (b"a",)})]),
    "a variable stays as it is": (
        "dn: dc=x\nurl: ${jboss.server.config.url}/a.p12\n",
        [("dc=x", {"url": (b"${jboss.server.config.url}/a.p12",)})],
    ),
    "an added entry": ("dn: dc=x\ncontrol: 1.2.3 true\nchangetype: add\ncn: a\n", [A]),
    "what ldapsearch says beside entries": (
        "# extended LDIF\n#\n# LDAPv3\n\ndn: dc=x\ncn: a\n\n# search result\nsearch: 2\nresult: 0 Success\n",
        [A],
    ),
    "secrets by name alone": (
        "dn: dc=x\ncn: a\nuserPassword:: c2VjcmV0\ndcmKeyStorePin: secret\n",
        [("dc=x", {"cn": (b"a",), "userpassword": (), "dcmkeystorepin": ()})],
    ),
    "nothing": ("", []),
    "comments alone": ("# a\n\n# b", []),
}


@pytest.mark.parametrize(("text", "held"), WHOLE.values(), ids=WHOLE)
def test_a_whole_file(text: str, held: list[tuple[str, dict[str, tuple[bytes, ...]]]]):
    assert entries(text) == held


def test_names_of_attributes_are_kept_as_they_are_spelled_first():
    found = ldif.parse(b"dn: dc=x\ndcmTimeZoneOfDevice: UTC\nDCMTIMEZONEOFDEVICE: CET\n", "x.ldif")
    assert found.spellings == {"dcmtimezoneofdevice": "dcmTimeZoneOfDevice"}


# --- what does not ---------------------------------------------------------------------------------------------

BROKEN = {
    "no colon": ("dn: dc=x\nnonsense\n", [("LDIF-SYNTAX", "error", 2)]),
    "an attribute that is none": ("dn: dc=x\na b: c\n", [("LDIF-SYNTAX", "error", 2)]),
    "no name": ("cn: a\n", [("LDIF-SYNTAX", "error", 1)]),
    "a continuation at the very beginning": (" dc=x\n", [("LDIF-SYNTAX", "error", 1)]),
    "records that no empty line parts": ("dn: dc=x\ncn: a\ndn: dc=y\n", [("LDIF-SYNTAX", "error", 3)]),
    "no distinguished name": ("dn: x\ncn: a\n", [("LDIF-DN", "error", 1)]),
    "a name that is no text": ("dn:: /w==\ncn: a\n", [("LDIF-ENCODING", "error", 1)]),
    "base64 that is none": ("dn: dc=x\ncn:: %%%\n", [("LDIF-BINARY", "error", 2)]),
    "base64 cut short": ("dn: dc=x\ncn:: QUJ\n", [("LDIF-BINARY", "error", 2)]),
    "a name cut short": ("dn:: QUJ\ncn: a\n", [("LDIF-BINARY", "error", 1)]),
    "a value kept elsewhere": ("dn: dc=x\ncn:< file:///etc/passwd\n", [("LDIF-URL", "warning", 2)]),
    "a name kept elsewhere": ("dn:< file:///etc/passwd\ncn: a\n", [("LDIF-URL", "warning", 1)]),
    "another version": ("version: 2\ndn: dc=x\n", [("LDIF-VERSION", "error", 1)]),
    "an entry twice": ("dn: dc=x\n\ndn: DC = X\n", [("LDIF-TWICE", "error", 3)]),
    "a modification": (
        "dn: dc=x\nchangetype: modify\nreplace: cn\ncn: a\n-\n",
        [("LDIF-CHANGE", "warning", 2)],
    ),
    "a modification that does not say so": (
        "dn: dc=x\nadd: cn\ncn: a\n-\nreplace: sn\nsn: b\n-\n",
        [("LDIF-CHANGE", "warning", 2)],
    ),
    "a deletion after an attribute": (
        "dn: dc=x\ncn: a\nchangetype: delete\n",
        [("LDIF-CHANGE", "warning", 3)],
    ),
    "a change kept elsewhere": ("dn: dc=x\nchangetype:< file:///etc/passwd\n", [("LDIF-URL", "warning", 2)]),
    "a value kept elsewhere, folded": (
        "dn: dc=x\ncn:\n < file:///etc/passwd\n",
        [("LDIF-URL", "warning", 2)],
    ),
    "a deletion": ("dn: dc=x\nchangetype: delete\n", [("LDIF-CHANGE", "warning", 2)]),
    "a new name": (
        "dn: dc=x\nchangetype: modrdn\nnewrdn: dc=y\ndeleteoldrdn: 1\n",
        [("LDIF-CHANGE", "warning", 2)],
    ),
    "a comment within a folded value": ("dn: dc=x\ncn: a\n# or\n b\n", [("LDIF-COMMENT", "warning", 4)]),
    "an answer that was cut": (
        "dn: dc=x\ncn: a\n\nsearch: 2\nresult: 4 Size limit exceeded\n",
        [("LDIF-CUT", "error", 5)],
    ),
    "a part on another server": (
        "dn: dc=x\ncn: a\n\nref: ldap://elsewhere/dc=y\n",
        [("LDIF-CUT", "error", 4)],
    ),
    "UTF-16": ("dn: dc=x\n".encode("utf-16"), [("LDIF-ENCODING", "error", 1)]),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00", [("LDIF-SYNTAX", "error", 1)]),
}


@pytest.mark.parametrize(("text", "found"), BROKEN.values(), ids=BROKEN)
def test_a_mistake_has_its_line(text: str | bytes, found: list[tuple[str, str, int]]):
    assert mistakes(text) == found


def test_all_mistakes_are_in_one_report_and_the_rest_is_read():
    text = "dn: dc=x\nnonsense\n\ndn: dc=y\ncn:: %\ncn: b\n\ndn: oops\n\ndn: dc=z\ncn: c\n"
    assert [line for _, _, line in mistakes(text)] == [2, 5, 8]
    found = ldif.parse(text.encode(), "x.ldif").entries
    assert found == (Entry("dc=x", {}), Entry("dc=y", {"cn": (b"b",)}), Entry("dc=z", {"cn": (b"c",)}))


def test_the_second_of_two_entries_names_the_first():
    (finding,) = ldif.parse(b"dn: dc=x\n\ndn: dc=x\n", "x.ldif").findings
    assert [(str(place), words) for place, words in finding.also] == [("x.ldif:1:1", "is the first one")]


def test_a_file_of_mistakes_is_given_up():
    found = mistakes("nonsense\n\n" * 10_000)
    assert len(found) == ldif.MISTAKES + 1
    assert found[-1] == ("LDIF-MANY", "error", 199)


def test_a_file_that_is_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ldif, "LIMIT", 1024 * 1024)
    assert mistakes(b"dn: dc=x\ncn: " + b"a" * 1024 * 1024) == [("LDIF-SIZE", "error", 1)]


def test_a_file_that_is_not_there_says_so(tmp_path):
    with pytest.raises(PacsconfError, match="cannot be read: No such file or directory"):
        ldif.read(tmp_path / "none.ldif")


def test_no_secret_is_in_what_was_read():
    found = ldif.parse(b"dn: dc=x\nuserPassword: hunter2\nnonsense hunter2\n", "x.ldif")
    assert "hunter2" not in repr(found)


# --- properties ------------------------------------------------------------------------------------------------


@given(st.binary(max_size=400))
def test_no_bytes_make_it_fail(data: bytes):
    found = ldif.parse(data, "x.ldif")
    assert all(isinstance(each, Entry) for each in found.entries)


VALUES = st.lists(st.binary(min_size=1, max_size=60), min_size=1, max_size=4, unique=True)


@given(st.lists(VALUES, min_size=1, max_size=5), st.integers(2, 20), st.sampled_from(["\n", "\r\n"]))
def test_what_is_written_is_read_however_it_is_folded(held: list[list[bytes]], width: int, end: str):
    def folded(line: str) -> str:
        parts = [line[at : at + width] for at in range(0, len(line), width)]
        return f"{end} ".join(parts)

    records = [
        [f"dn: cn={number}", *(f"cn:: {base64.b64encode(value).decode()}" for value in values)]
        for number, values in enumerate(held)
    ]
    text = (end * 2).join(end.join(map(folded, record)) for record in records)
    assert entries(text) == [(f"cn={number}", {"cn": tuple(values)}) for number, values in enumerate(held)]


def test_nothing_that_a_file_names_is_opened(monkeypatch: pytest.MonkeyPatch, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    at = secret.as_uri()
    text = f"dn: dc=x\ncn:< {at}\nsn:<{at}\nou:\n < {at}\n\ndn:< {at}\ncn: a\n"
    opened: list[object] = []
    monkeypatch.setattr("builtins.open", lambda *args, **_: opened.append(args))
    found = ldif.parse(text.encode(), "x.ldif")
    monkeypatch.undo()
    assert "hunter2" not in repr(found)
    assert opened == []
    assert [each.rule for each in found.findings] == ["LDIF-URL"] * 4
