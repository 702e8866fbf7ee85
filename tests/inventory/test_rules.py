"""Rules for the whole: titles, names, addresses."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.inventory.addresses import within
from pacsconf.inventory.model import Site


def pair(first="", second=""):
    return (
        "devices:\n"
        f"  ct-1: {{type: m, ae_title: CT, host: h1, port: 104{first}}}\n"
        f"  ct-2: {{type: m, ae_title: CT, host: h2, port: 104{second}}}\n"
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (", shared_title: a pool", ", shared_title: a pool"),
        (", ae_domain: a", ""),
        (", lifecycle: retired", ""),
        (", lifecycle: retired", ", replaces: ct-1"),
        ("", ", replaces: ct-1, lifecycle: planned"),
    ],
    ids=["pool", "other domain", "retired", "replaced", "planned successor"],
)
def test_title_may_stand_twice_where_that_is_meant(told, first, second):
    assert told(pair(first, second)) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [(", shared_title: a pool", ""), ("", ", replaces: ct-1"), ("", ", lifecycle: planned")],
    ids=["half a pool", "successor beside the active one", "planned stranger"],
)
def test_title_may_not_stand_twice_otherwise(declare, first, second):
    assert [finding.rule for finding in declare(pair(first, second)).findings] == ["PACS-AE-003"]


@pytest.mark.parametrize(
    ("first", "second", "successor", "replaced"),
    [("", ", replaces: ct-1", "ct-2", "ct-1"), (", replaces: ct-2", "", "ct-1", "ct-2")],
    ids=["successor second", "successor first"],
)
def test_a_replaced_device_that_keeps_its_title_is_to_be_retired(declare, first, second, successor, replaced):
    (finding,) = declare(pair(first, second)).findings
    assert finding.fix == (
        f"{successor} replaces {replaced}: set lifecycle: retired at {replaced}. "
        f"Until it goes, {successor} is lifecycle: planned, or has another title."
    )


def test_alias_is_a_title_like_any_other(told):
    text = """\
devices:
  a: {type: m, ae_title: PACS, answers_to: [OLD_PACS, ARCHIVE], host: a, port: 104}
  b: {type: m, ae_title: ARCHIVE, host: b, port: 104}
"""
    assert told(text) == [
        "error PACS-AE-003 inventory/hospital.yaml:3:26 AE title ARCHIVE belongs to two devices, a and b"
    ]


@pytest.mark.parametrize(
    ("title", "rule"), [("A,B", "PACS-AE-014"), ("A=B", "PACS-AE-014"), ("'A  B'", "PACS-AE-015")]
)
def test_title_that_trips_directories_is_a_warning(declare, title, rule):
    loaded = declare(f"devices:\n  a:\n    type: m\n    ae_title: {title}\n    host: h\n")
    assert [(finding.rule, finding.severity) for finding in loaded.findings] == [(rule, "warning")]


def test_device_names_that_differ_by_case_are_refused(told):
    assert told("devices:\n  CT-1: {type: m}\n  ct-1: {type: m}\n") == [
        "error PACS-DEV-005 inventory/hospital.yaml:3:3 Devices CT-1 and ct-1 differ only by capital letters"
    ]


def test_who_offers_must_have_a_port(told):
    assert told("devices:\n  a: {type: m, ae_title: A, host: h, offers: verification}\n") == [
        (
            "error PACS-DEV-004 inventory/hospital.yaml:2:26 AE title A of device a is called, but none of its "
            "connections has a port"
        )
    ]


def test_host_outside_the_networks_of_its_site_is_a_warning(told):
    text = "sites: {s: {networks: 10.20.0.0/16}}\ndevices:\n  a: {type: m, site: s, host: 10.21.0.1}\n"
    assert told(text) == [
        "warning PACS-HOST-005 inventory/hospital.yaml:3:31 10.21.0.1 of device a is outside the networks of site s"
    ]


@pytest.mark.parametrize(
    ("networks", "host", "inside"),
    [
        (["10.20.0.0/16"], "10.20.255.1", True),
        (["10.20.0.0/16"], "10.21.0.1", False),
        (["10.20.0.0/16", "fd00::/8"], "fd00::1", True),
        (["10.20.0.0/16"], "fd00::1", False),
        (["10.20.0.0/16"], "ct-1.example.org", True),
        ([], "10.21.0.1", True),
    ],
)
def test_within_the_networks_of_a_site(networks, host, inside):
    assert within(Site(name="s", networks=tuple(networks)), host) is inside


def networks():
    """Networks of both versions by their first addresses."""
    loose = st.tuples(st.ip_addresses(), st.integers(0, 32)).map(
        lambda drawn: ipaddress.ip_network(f"{drawn[0]}/{drawn[1]}", strict=False)
    )
    return st.lists(loose, min_size=1, max_size=3)


@given(networks(), st.ip_addresses(), st.data())
def test_within_is_what_the_library_finds(several, address, data):
    near = data.draw(st.sampled_from((address, several[0].network_address, several[0].broadcast_address)))
    site = Site(name="s", networks=tuple(map(str, several)))
    assert within(site, str(near)) is any(near in network for network in several)


def test_two_devices_at_one_address_are_a_warning(told):
    text = "devices:\n  a: {type: m, host: H1, port: 104}\n  b: {type: m, host: h1, port: 104}\n"
    assert told(text) == [
        "warning PACS-AE-005 inventory/hospital.yaml:3:22 Devices a and b have the same address h1 port 104"
    ]


def test_router_that_rewrites_an_unknown_title_is_a_warning(told):
    text = "devices:\n  r: {type: router, ae_title: R, host: r, rewrites: {CT_*: R, RR: R, R: RX}}\n"
    assert told(text) == [
        (
            'warning PACS-REF-006 inventory/hospital.yaml:2:67 Device r rewrites the title "RR", which no device '
            'has; did you mean "R"?'
        )
    ]


@pytest.mark.parametrize("caller", ["a", "a/A"])
def test_caller_of_probes_is_declared(told, caller):
    assert told(f"pacsconf: {{probe_as: {caller}}}\ndevices:\n  a: {{type: m, ae_title: A, host: h}}\n") == []


@pytest.mark.parametrize(
    ("caller", "words", "why"),
    [
        (
            "a/B",
            '"a/B" names no AE title to call as; did you mean "a/A"?',
            'Device a has no AE title "B"; it has A.',
        ),
        ("two", '"two" names no AE title to call as', "Device two has X, Y."),
        ("nobody", '"nobody" names no AE title to call as', 'There is no device "nobody".'),
        ("mute", '"mute" names no AE title to call as', "Device mute has no AE title."),
    ],
)
@pytest.mark.parametrize(
    ("above", "at"),
    [
        ("pacsconf: {probe_as: %s}", "1:22"),
        ("environments: {lab: {probe_as: %s}}", "1:32"),
        ("sites: {north: {probe_as: %s}}", "1:27"),
    ],
    ids=["of all", "of one environment", "of one site"],
)
def test_caller_of_probes_that_is_not_declared_is_refused(declare, caller, words, why, above, at):
    text = """
devices:
  a: {type: m, ae_title: A, host: h}
  two: {type: m, ae_titles: {X: {}, Y: {}}, host: h}
  mute: {type: m, host: h}
"""
    (finding,) = declare(above % caller + text).findings
    assert (finding.rule, finding.severity, str(finding.place)) == (
        "PACS-REF-008",
        "error",
        f"inventory/hospital.yaml:{at}",
    )
    assert finding.summary == f"probe_as: {words}"
    assert finding.detail.startswith(f"{why} Devices answer only callers they know")


def test_a_mistake_in_a_profile_or_a_device_does_not_hide_those_in_others(told):
    """What is wrong is left out, and rules look at what is left; of that nothing is said to be missing."""
    found = told(
        """\
sites:
  main: {}
profiles:
  ct: {type: modality, uses: [ct-image-storage, storage-comitment], offers: [verification]}
devices:
  ct-1: {profile: ct, site: main, ae_title: CT1, host: a, port: 104}
  ct-2: {profile: ct, site: mian, ae_title: CT1, host: b, port: 0104}
"""
    )
    assert [one.split(" ")[1:3] for one in found] == [
        ["PACS-UID-002", "inventory/hospital.yaml:4:49"],
        ["PACS-REF-004", "inventory/hospital.yaml:7:29"],
        ["PACS-AE-003", "inventory/hospital.yaml:7:45"],
        ["PACS-VAL-001", "inventory/hospital.yaml:7:65"],
    ]
