"""Places on the network."""

from __future__ import annotations

import pytest

from pacsconf.inventory.endpoint import Endpoint


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("ldaps://ldap.example.org", "ldaps://ldap.example.org:636"),
        ("LDAP://LDAP.Example.ORG", "ldap://ldap.example.org:389"),
        ("http://10.0.0.1:8042/orthanc?x#y", "http://10.0.0.1:8042"),
        ("https://[2001:DB8::1]", "https://[2001:db8::1]:443"),
    ],
)
def test_a_url_names_scheme_host_and_port(url, endpoint):
    assert str(Endpoint.parse(url)) == endpoint


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ldap.example.org",
        "ldaps://",
        "dicom://host",
        "ldap://host:0",
        "ldap://host:65536",
        "ldap://host:x",
        "ldap://[::1",
        "ldap://ho st",
        "ldap://ho\nst",
        "ldap://user:hunter2@host",
        "ldap://user:hunter2",
    ],
)
def test_what_is_no_place_is_refused_without_repeating_it(url):
    with pytest.raises(ValueError, match=r"^(write|a URL holds)") as caught:
        Endpoint.parse(url)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__context__ is None


def test_host_and_scheme_ignore_case_and_ports_are_explicit():
    assert Endpoint("LDAPS", "Ldap.Example.org", 636) == Endpoint.parse("ldaps://ldap.example.ORG")
    assert Endpoint("ldap", "[::1]", 389) == Endpoint.parse("ldap://[::1]")
    assert Endpoint("ldap", "a", 389) != Endpoint("ldaps", "a", 389)


@pytest.mark.parametrize(
    ("host", "stays"),
    [
        ("localhost", True),
        ("127.3.2.1", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost.example.org", False),
        ("10.0.0.1", False),
        ("127.0.0.1.nip.example", False),
    ],
)
def test_only_the_loopback_stays_on_this_machine(host, stays):
    assert Endpoint("ldap", host, 389).is_loopback is stays
