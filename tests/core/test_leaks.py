"""What looks like a secret is found, and never repeated; what is none is let through."""

from __future__ import annotations

import pytest

from pacsconf.core.leaks import leaks

LEAKY = {
    "a private key": b"x: |\n  -----BEGIN OPENSSH PRIVATE KEY-----\n  b3Blbn",
    "an age identity": b"AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQ",
    "a password in a URL": b'{"url": "ldap://admin:geheim@ldap.example.org"}',
    "a hash of a password": b"userPassword: {SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9gabcde",
    "a web token": b"Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0abc.c2lnbmF0dXJl",
    "an access key": b"AKIAIOSFODNN7EXAMPLE",
}


@pytest.mark.parametrize("what", LEAKY)
def test_what_looks_like_a_secret_is_found(what):
    assert list(leaks({"a.yaml": LEAKY[what]}, {})) == [("a.yaml", what)]


@pytest.mark.parametrize(
    "text",
    [
        b"bind_password: env:LDAP_PASSWORD",
        b"https://archive.example.org:8042/modalities",
        b"mail: mweber@example.org, see http://example.org/a:b and c@d",
        b'"SHA256:4mQFJ0n5qd0yPq1zXkq0r2qkqz2"',
        b"-----BEGIN CERTIFICATE-----",
        b"-----BEGIN SSH SIGNATURE-----",
        b"1.2.840.10008.5.1.4.1.1.2",
    ],
)
def test_what_is_no_secret_is_let_through(text):
    assert list(leaks({"a": text}, {})) == []


def test_a_known_secret_is_found_however_it_is_spelt():
    known = {"env:PW": 'tür"geheim', "file:short": "abc"}
    files = {"text": 'tür"geheim'.encode(), "json": b't\\u00fcr\\"geheim', "other": b"abc"}
    assert list(leaks(files, known)) == [("json", "the secret env:PW"), ("text", "the secret env:PW")]
    assert "geheim" not in str(list(leaks(files, known)))
