"""The rules of the standards for single values."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.inventory import formats

TITLES = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters="\\"), min_size=1, max_size=16
)


@given(TITLES.filter(lambda text: text.strip()))
def test_ae_title_keeps_all_but_outer_spaces(text):
    assert formats.ae_title(text) == text.strip()


@given(st.text())
def test_ae_title_is_always_one_the_standard_allows(text):
    try:
        title = formats.ae_title(text)
    except ValueError:
        return
    assert 1 <= len(title.encode()) <= 16
    assert formats.ae_title(title) == title
    assert "\\" not in title


@pytest.mark.parametrize("text", ["1.2.840.10008.1.1", "2.25.0", "1." + "1" * 62])
def test_uid_of_the_standard_is_taken(text):
    assert formats.uid(text) == text


@pytest.mark.parametrize("text", ["1.02", "1..2", "1.2.", "1", "1.2a", "", "1." + "1" * 63, "\u0661.\u0662"])
def test_uid_that_breaks_a_rule_is_refused(text):
    with pytest.raises(ValueError, match=r"PS3\.5 section 9\.1"):
        formats.uid(text)


@pytest.mark.parametrize(
    "text", ["ct-1", "CT_1", "ct-1.example.org", "ct-1.example.org.", "10.20.4.18", "fd00::1", "3com"]
)
def test_host_is_a_name_or_an_address(text):
    assert formats.host(text) == text


def test_ipv6_address_is_written_one_way():
    assert formats.host("FD00:0:0::1") == "fd00::1"


@given(st.from_regex(r"[0-9]{1,4}(\.[0-9]{1,4}){2,4}", fullmatch=True) | st.ip_addresses(v=4).map(str))
def test_what_is_written_in_numbers_is_an_address_where_the_library_finds_one(text):
    try:
        address = str(ip_address(text))
    except ValueError:
        with pytest.raises(ValueError, match="this looks like an IP address and is none"):
            formats.host(text)
    else:
        assert formats.host(text) == address


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("10.20.4", "looks like an IP address"),
        ("10.20.4.300", "looks like an IP address"),
        ("10.020.4.1", "no leading zeros"),
        ("ct-1:104", "write its port under `port`"),
        ("-ct", "no hyphen at either end"),
        ("ct+1", '"ct\\+1" cannot stand in a host name'),
        ("a..b", '"" cannot stand in a host name'),
        ("", "1 to 253 characters"),
        ("a" * 64, "1 to 63 letters"),
        ("ct 1", '"ct 1" cannot stand'),
    ],
)
def test_host_that_breaks_a_rule_is_told_which(text, words):
    with pytest.raises(ValueError, match=words.replace("(", r"\(")):
        formats.host(text)


@pytest.mark.parametrize(("text", "days"), [("90d", 90), ("12w", 84), ("6m", 180), ("10y", 3650)])
def test_period_is_counted_in_days(text, days):
    assert formats.period(text) == days


@pytest.mark.parametrize("text", ["90", "d", "1:30", "-1d", "1.5y", "90 d"])
def test_what_is_no_period_is_refused(text):
    with pytest.raises(ValueError, match="a number and a unit"):
        formats.period(text)


def test_network_with_host_bits_is_told_the_right_spelling():
    with pytest.raises(ValueError, match=r"10\.20\.0\.0/16"):
        formats.network("10.20.3.4/16")


@pytest.mark.parametrize("text", ["10.0.0.0/8", "fd00::/8", "192.0.2.1/32"])
def test_network_is_taken(text):
    assert formats.network(text) == text


@pytest.mark.parametrize(
    "text", ["TLS_AES_256_GCM_SHA384", "TLS_RSA_WITH_AES_128_CBC_SHA", "SSL_RSA_WITH_3DES_EDE_CBC_SHA"]
)
def test_cipher_suite_has_the_standards_name(text):
    assert formats.cipher_suite(text) == text


def test_openssl_name_of_a_cipher_suite_is_refused():
    with pytest.raises(ValueError, match="not OpenSSL's"):
        formats.cipher_suite("ECDHE-RSA-AES256-GCM-SHA384")


@pytest.mark.parametrize("text", ["LOCAL", "&1.2.3&ISO", "HOSP&1.2.3&ISO", "HOSP&example.org&DNS"])
def test_issuer_is_local_universal_or_both(text):
    assert formats.issuer(text) == text


@pytest.mark.parametrize("text", ["", "A&B", "A&&ISO", "A&1.02&ISO", "A&1.2&ISO&X"])
def test_what_is_no_issuer_is_refused(text):
    with pytest.raises(ValueError, match="PS3"):
        formats.issuer(text)


@pytest.mark.parametrize(
    "text", ["cn=a,dc=b", "cn=a\\,b,dc=c", "2.5.4.3=a", "cn=a+sn=b,dc=c", "cn=x y, dc=c"]
)
def test_dn_is_taken(text):
    assert formats.distinguished_name(text) == text


@pytest.mark.parametrize("text", ["", "a", "cn=", "cn=a,", "cn=a,b", "=a"])
def test_what_is_no_dn_is_refused(text):
    with pytest.raises(ValueError, match="RFC 4514"):
        formats.distinguished_name(text)


@pytest.mark.parametrize(
    "text", ["always", "intermittent", "07:00-18:00", "mon-fri 07:00-18:00", "sat 08:00-24:00"]
)
def test_expected_hours_are_taken(text):
    assert formats.expected(text) == text


@pytest.mark.parametrize("text", ["never", "7:00-18:00", "mon-fri", "fri 25:00-26:00"])
def test_what_are_no_hours_is_refused(text):
    with pytest.raises(ValueError, match="mon-fri 07:00-18:00"):
        formats.expected(text)


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (formats.date, "2026-02-28", "2026-02-30"),
        (formats.date, "2026-12-01", "1.12.2026"),
        (formats.timezone, "Europe/Berlin", "Europe/Berln"),
        (formats.timezone, "UTC", "Europe"),
        (formats.character_set, "ISO_IR 192", "UTF-8"),
        (formats.code, '(113820, DCM, "CT Acquisition")', "113820"),
        (formats.environment_name, "site-2", "Site 2"),
        (formats.name, "CT 1, Room #3", " CT"),
        (formats.base64_text, "AAEC", "A"),
    ],
)
def test_value_is_taken_or_refused(check, good, bad):
    assert check(good) == good
    with pytest.raises(ValueError, match=" "):
        check(bad)
