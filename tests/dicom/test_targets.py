from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pacsconf.dicom.targets import Target, targets
from pacsconf.inventory.model import Connection, Inventory, NetworkAE, Node, Site


def an_inventory(*devices, **sites) -> Inventory:
    return Inventory(
        devices={device.name: device for device in devices},
        sites={name: Site(name=name, **given) for name, given in sites.items()},
    )


def test_a_device_that_listens_is_called_at_its_declared_address_under_the_named_title(a_device):
    inventory = an_inventory(a_device(), a_device("probe", "PROBE", port=None))
    assert targets(inventory, None, "probe") == (
        Target(
            "ct-1", "CT1", "dicom", "10.20.0.1", 104, "10.20.0.1:104", "echo", "PROBE", accepts="declared"
        ),
    )


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"lifecycle": "planned"}, id="planned"),
        pytest.param({"lifecycle": "commissioning"}, id="commissioning"),
        pytest.param({"lifecycle": "retired"}, id="retired"),
        pytest.param({"port": None}, id="without a port"),
        pytest.param({"ae": {"acceptor": False}}, id="AE that only calls"),
        pytest.param({"installed": False}, id="device not installed"),
        pytest.param({"ae": {"installed": False}}, id="AE not installed"),
        pytest.param({"connection": {"installed": False}}, id="connection not installed"),
    ],
)
def test_there_is_nothing_to_call(a_device, given):
    assert targets(an_inventory(a_device(**given)), None, None) == ()


def test_a_retiring_device_is_called(a_device):
    assert len(targets(an_inventory(a_device(lifecycle="retiring")), None, None)) == 1


def test_only_the_devices_asked_for_are_called(a_device):
    inventory = an_inventory(a_device(), a_device("mr-1", "MR1"))
    assert [target.device for target in targets(inventory, {"mr-1"}, None)] == ["mr-1"]


@pytest.mark.parametrize(
    ("given", "site", "level", "why"),
    [
        pytest.param({"probe": "none"}, {}, "none", "do not probe", id="device says no"),
        pytest.param({}, {"probe": "none"}, "none", "do not probe (site main)", id="site says no"),
        pytest.param({"external": True}, {}, "none", "a partner outside is never called", id="partner"),
        pytest.param({"probe": "tcp"}, {"probe": "echo"}, "tcp", "", id="site does not raise"),
        pytest.param({"probe": "services"}, {"probe": "tcp"}, "tcp", "", id="site lowers"),
        pytest.param({"probe": "services"}, {}, "services", "", id="services"),
    ],
)
def test_the_level_is_never_more_than_device_and_site_allow(a_device, given, site, level, why):
    (target,) = targets(an_inventory(a_device(site="main", **given), main=site), None, None)
    assert (target.level, target.why) == (level, why)


def test_every_node_is_called_beside_the_virtual_address(a_device):
    nodes = {"a": Node(host="10.20.0.11"), "b": Node(host="10.20.0.12", port=105, standby=True)}
    found = targets(an_inventory(a_device(nodes=nodes)), None, None)
    assert [(target.node, target.declared, target.standby) for target in found] == [
        (None, "10.20.0.1:104", False),
        ("a", "10.20.0.11:104", False),
        ("b", "10.20.0.12:105", True),
    ]


def test_another_site_is_called_as_the_caller_sees_it_and_dialled_as_declared(a_device):
    far = a_device(site="south", connection={"seen_from": {"main": {"host": "192.168.7.1", "port": 11104}}})
    inventory = an_inventory(far, a_device("probe", "PROBE", port=None, site="main"))
    (target,) = targets(inventory, None, "probe/PROBE")
    assert (target.host, target.port, target.declared) == ("192.168.7.1", 11104, "10.20.0.1:104")


def test_from_another_site_a_device_is_called_as_that_site_sees_it_under_the_same_title(a_device):
    far = a_device(site="south", connection={"seen_from": {"main": {"host": "192.168.7.1", "port": 11104}}})
    inventory = an_inventory(far, a_device("probe", "PROBE", port=None, site="main"))
    (target,) = targets(inventory, {"ct-1"}, "probe", from_site="south")
    assert (target.host, target.port, target.calling, target.site) == ("10.20.0.1", 104, "PROBE", "south")
    (target,) = targets(inventory, {"ct-1"}, None, from_site="main")
    assert (target.host, target.port, target.calling) == ("192.168.7.1", 11104, None)


def test_an_intermittent_device_may_sleep_and_one_with_hours_outside_them(a_device):
    night = datetime(2026, 11, 24, 3, tzinfo=UTC)
    inventory = an_inventory(
        a_device("us-1", "US1", expected="intermittent"),
        a_device("us-2", "US2", expected="mon-fri 07:00-18:00"),
        a_device("us-3", "US3"),
    )
    assert [target.may_sleep for target in targets(inventory, None, None, night)] == [True, True, False]
    assert [target.may_sleep for target in targets(inventory, None, None)] == [True, False, False]


def test_a_connection_with_cipher_suites_is_marked(a_device):
    (target,) = targets(an_inventory(a_device(connection={"tls": ("TLS_AES_128_GCM_SHA256",)})), None, None)
    assert target.tls


def test_a_connection_that_is_not_declared_is_passed_over(a_device):
    assert targets(an_inventory(a_device(ae={"connections": ("other",)})), None, None) == ()


@pytest.mark.parametrize(
    "probe_as", ["nobody", "two", "two/SIX"], ids=["no device", "which of two", "no title"]
)
def test_nobody_is_called_as_a_caller_that_is_not_declared(a_device, probe_as):
    both = {
        title: NetworkAE(title=title, connections=(), initiator=True, acceptor=False)
        for title in ("ONE", "TWO")
    }
    two = a_device("two").model_copy(update={"ae_titles": both})
    inventory = an_inventory(two, a_device())
    assert [target.calling for target in targets(inventory, None, probe_as)] == [None]


def test_an_ae_on_two_connections_is_called_on_both(a_device):
    device = a_device(ae={"connections": ("dicom", "backup")})
    two = {**device.connections, "backup": Connection(host="10.21.0.1", port=11112)}
    found = targets(an_inventory(device.model_copy(update={"connections": two})), None, None)
    assert [target.declared for target in found] == ["10.20.0.1:104", "10.21.0.1:11112"]


# --- windows, strangers, other titles ----------------------------------------------------------------------------

NIGHT = datetime(2026, 11, 24, 3, tzinfo=UTC)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
WINDOW = "02:00-05:00"
NO_WINDOW = "no probe_window is declared (at the device, its profile or its site)"
OUTSIDE = f"this is outside its probe_window ({WINDOW})"


@pytest.mark.parametrize(
    ("given", "site", "now", "level", "why"),
    [
        pytest.param({}, {}, NOON, "tcp", NO_WINDOW, id="none declared"),
        pytest.param({"probe_window": WINDOW}, {}, NOON, "tcp", OUTSIDE, id="outside"),
        pytest.param({"probe_window": WINDOW}, {}, NIGHT, "echo", "", id="inside"),
        pytest.param({"probe_window": WINDOW}, {}, None, "tcp", OUTSIDE, id="without a clock"),
        pytest.param({}, {"probe_window": WINDOW}, NIGHT, "echo", "", id="of the site"),
        pytest.param(
            {"probe_window": "12:00-13:00"}, {"probe_window": WINDOW}, NOON, "echo", "", id="its own counts"
        ),
        pytest.param(
            {},
            {"probe_window": WINDOW, "timezone": "Asia/Tokyo"},
            NIGHT,
            "tcp",
            OUTSIDE,
            id="the site's clock",
        ),
        pytest.param({"probe": "tcp"}, {}, NOON, "tcp", "", id="tcp needs none"),
        pytest.param({"probe": "none"}, {}, NOON, "none", "do not probe", id="none stays none"),
    ],
)
def test_what_takes_one_association_is_asked_for_one_in_its_window_alone(
    a_device, given, site, now, level, why
):
    inventory = an_inventory(a_device(site="main", max_associations=1, **given), main=site)
    (target,) = targets(inventory, None, None, now)
    assert target.level == level
    assert target.why == (f"it takes one association at a time, and {why}" if why and level == "tcp" else why)


def test_what_takes_several_needs_no_window(a_device):
    (target,) = targets(an_inventory(a_device(max_associations=2)), None, None, NOON)
    assert (target.level, target.why) == ("echo", "")


def test_a_person_may_pass_over_windows(a_device):
    (target,) = targets(an_inventory(a_device(max_associations=1)), None, None, NOON, anytime=True)
    assert (target.level, target.why) == ("echo", "")


@pytest.mark.parametrize(
    ("given", "asked", "negatives", "why_not"),
    [
        pytest.param({"probe_window": WINDOW}, {}, False, "", id="not asked for"),
        pytest.param({"probe_window": WINDOW}, {"negatives": True}, True, "", id="asked for in the window"),
        pytest.param({"probe_window": "12:00-13:00"}, {"negatives": True}, False, None, id="outside it"),
        pytest.param({}, {"negatives": True}, False, NO_WINDOW, id="without one"),
        pytest.param({}, {"negatives": True, "anytime": True}, True, "", id="at any time"),
        pytest.param({"probe": "tcp"}, {"negatives": True, "anytime": True}, False, "", id="not beyond tcp"),
    ],
)
def test_strangers_are_tried_where_they_are_asked_for_and_a_window_is_open(
    a_device, given, asked, negatives, why_not
):
    (target,) = targets(an_inventory(a_device(**given)), None, None, NIGHT, **asked)
    assert target.negatives is negatives
    if why_not is not None:
        assert target.why_not == why_not


def test_another_title_is_called_as_only_when_it_is_named(a_device):
    inventory = an_inventory(a_device(), a_device("probe", "PROBE", port=None))
    borrowed = [(one.calling, one.borrowed) for one in targets(inventory, None, "probe", impersonate="CT9")]
    own = [(one.calling, one.borrowed) for one in targets(inventory, None, "probe", impersonate="PROBE")]
    assert (borrowed, own) == ([("CT9", True)], [("PROBE", False)])


def test_a_device_being_commissioned_is_called_when_it_is_named(a_device):
    inventory = an_inventory(a_device(lifecycle="commissioning", installed=False))
    assert targets(inventory, None, None) == ()
    assert [one.device for one in targets(inventory, None, None, commissioning={"ct-1"})] == ["ct-1"]


def test_what_it_offers_and_accepts_as_declared_goes_with_it(a_device):
    offered = [
        {"name": name, "sop_class": uid, "role": role, "transfer_syntaxes": syntaxes}
        for name, uid, role, syntaxes in (
            ("b", "1.2.2", "SCP", ("1.2.840.10008.1.2",)),
            ("a", "1.2.1", "SCP", ("1.2.840.10008.1.2.1",)),
            ("c", "1.2.1", "SCP", ("1.2.840.10008.1.2",)),
            ("d", "1.2.3", "SCU", ("1.2.840.10008.1.2",)),
        )
    ]
    ae = {"capabilities": offered, "accepts": ["CT_*"], "answers_to": ["OLD"]}
    (target,) = targets(
        an_inventory(a_device(ae=ae, connection={"tls": ("TLS_AES_128_GCM_SHA256",)})), None, None
    )
    assert target.contexts == (
        ("1.2.1", ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2")),
        ("1.2.2", ("1.2.840.10008.1.2",)),
    )
    assert (target.accepts, target.aliases, target.ciphers) == (
        ("CT_*",),
        ("OLD",),
        ("TLS_AES_128_GCM_SHA256",),
    )
