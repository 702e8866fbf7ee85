"""What is odd about peers as somebody left them."""

from __future__ import annotations

import pytest

from pacsconf.core.address import Address
from pacsconf.inventory.systems import RIGHTS
from pacsconf.systems._orthanc.kinds import PeerEntry
from pacsconf.systems._orthanc.odd import oddities


def peer(alias, **fields):
    address = Address.of("pacs", "peer", alias)
    plain = {
        "ae_title": alias.upper(),
        "host": f"{alias.lower().replace('_', '-')}.example.org",
        "port": 104,
        "allow": ("echo",),
    }
    return PeerEntry(address=address, root=address, **(plain | fields))


def told(*peers):
    return [(one.rule, one.severity, one.about.parts[0]) for one in oddities(peers)]


def test_an_ordinary_peer_is_not_odd():
    assert told(peer("ct1"), peer("ct-er-1", ae_title="CT_ER_1"), peer("CT2_main", ae_title="CT2")) == []


@pytest.mark.parametrize(
    ("fields", "rule", "severity"),
    [
        ({"ae_title": "A TITLE THAT IS TOO LONG"}, "ORTHANC-ODD-TITLE", "warning"),
        ({"ae_title": None}, "ORTHANC-ODD-TITLE", "warning"),
        ({"ae_title": "MR7"}, "ORTHANC-ODD-ALIAS", "info"),
        ({"host": None}, "ORTHANC-ODD-HOST", "warning"),
        ({"host": "10.20.0.1000"}, "ORTHANC-ODD-HOST", "warning"),
        ({"allow": ()}, "ORTHANC-ODD-NOTHING-ALLOWED", "info"),
        ({"allow": RIGHTS}, "ORTHANC-ODD-ALL-ALLOWED", "warning"),
        ({"manufacturer": "GE"}, "ORTHANC-ODD-MANUFACTURER", "info"),
    ],
)
def test_each_oddity_of_one_peer(fields, rule, severity):
    assert told(peer("ct1", **fields)) == [(rule, severity, "ct1")]


def test_titles_that_come_twice_whatever_their_case():
    one, two = peer("ct1"), peer("ct1_b", ae_title="Ct1")
    assert told(one, two) == [("ORTHANC-ODD-TITLE-TWICE", "warning", "ct1_b")]


def test_two_titles_at_one_address():
    one, two = peer("ct1", host="h"), peer("ct2", host="h")
    assert told(one, two) == [("ORTHANC-ODD-ADDRESS-TWICE", "info", "ct2")]
    assert told(one, peer("ct2", host="h", port=105)) == []


def test_that_everything_is_allowed_is_told_once_with_how_many():
    (one,) = oddities([peer("ct1", allow=RIGHTS), peer("ct2"), peer("ct3", allow=RIGHTS)])
    assert one.summary == "2 of 3 peers are allowed everything"
