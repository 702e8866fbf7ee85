from __future__ import annotations

from pathlib import Path

from pacsconf.inventory import uids
from pacsconf.inventory.hl7_model import Feed, HL7Application
from pacsconf.inventory.model import (
    Connection,
    Device,
    Inventory,
    SeenFrom,
    Settings,
    TransferCapability,
    Worklist,
)
from pacsconf.lab.archives import dcmqrscp_config
from pacsconf.lab.network import Address, Application, Caller, HL7Address, Network, Order, Part, network

FIND = "1.2.840.10008.5.1.4.1.2.2.1"
IMPLICIT = "1.2.840.10008.1.2"
ECHO = (uids.VERIFICATION, uids.DEFAULT_TRANSFER_SYNTAXES)
ENTITIES = (
    ("ARCHIVE", "archive"),
    ("CT1", "ct-1"),
    ("PARTNER", "partner"),
    ("PROBE", "probe"),
    ("US1", "us-1"),
)
TITLES = ("ARCHIVE", "CT1", "PARTNER", "PROBE", "US1")


def offering(device, *sop_classes: str):
    """The same device, whose one AE offers these as well."""
    (ae,) = device.ae_titles.values()
    more = tuple(
        TransferCapability(name=uid, sop_class=uid, role="SCP", transfer_syntaxes=(IMPLICIT,))
        for uid in sop_classes
    )
    given = ae.model_copy(update={"capabilities": (*ae.capabilities, *more)})
    return device.model_copy(update={"ae_titles": {ae.title: given}})


def played(*devices) -> Network:
    return network(Inventory(devices={device.name: device for device in devices}))


def by(net: Network) -> dict[str, str]:
    return {part.name: part.by for each in net.addresses for part in each.parts}


def test_every_declared_address_has_its_part(hospital):
    archive = Part("archive", "ARCHIVE", "dcmqrscp", (ECHO, (FIND, (IMPLICIT,))), ("OLD_PACS",), TITLES)
    assert network(hospital) == Network(
        addresses=(
            Address("10.20.0.1:104", (Part("ct-1", "CT1", "storescp", callers=TITLES),)),
            Address("10.20.0.5:104", (archive,)),
            Address("10.20.0.6:104", (archive,)),
        ),
        silent=("10.20.0.2:104", "10.20.0.7:104"),
        entities=ENTITIES,
    )


def test_what_an_ae_offers_says_who_plays_it(a_device):
    archive = offering(a_device("archive", "ARCHIVE", "h1", queried=True), uids.STORAGE_COMMITMENT)
    net = played(
        archive,
        a_device("old", "OLD", "h2", queried=True),
        offering(a_device("ris", "RIS", "h3"), uids.MODALITY_WORKLIST, uids.MPPS),
        offering(a_device("mpps", "MPPS", "h4"), uids.MPPS),
        offering(a_device("ct", "CT", "h5"), uids.VERIFICATION),
    )
    assert by(net) == {
        "archive/ARCHIVE": "orthanc",
        "old/OLD": "dcmqrscp",
        "ris/RIS": "wlmscpfs",
        "mpps/MPPS": "mpps",
        "ct/CT": "storescp",
    }
    assert (net.count("orthanc", "dcmqrscp"), [part.title for part in net.parts("dcmqrscp")]) == (2, ["OLD"])


def test_a_title_that_dcmqrscp_cannot_spell_is_played_as_a_station(a_device):
    net = played(a_device("archive", "MY ARCHIVE", "10.20.0.5", queried=True))
    assert by(net) == {"archive/MY ARCHIVE": "storescp"}


def test_who_accepts_any_caller_is_open_and_patterns_are_kept(a_device):
    net = played(
        a_device("a", "A", "h1", ae={"accepts": "any"}),
        a_device("b", "B", "h2", ae={"accepts": ("CT_*",)}),
    )
    assert [part.callers for each in net.addresses for part in each.parts] == [None, ("CT_*",)]


def test_two_that_share_an_address_are_two_parts_of_it(a_device):
    net = played(a_device("a", "A", "h"), a_device("b", "B", "h"))
    assert [(each.declared, [part.title for part in each.parts]) for each in net.addresses] == [
        ("h:104", ["A", "B"])
    ]


def test_a_tls_address_is_called_by_its_name_and_by_those_that_other_sites_see(a_device):
    seen = {"partner": SeenFrom(host="tele.example.org", port=2762)}
    connection = Connection(host="gw.example.org", port=2762, tls=("TLS_AES_256_GCM_SHA384",), seen_from=seen)
    device = a_device("gw", "GW", "h").model_copy(update={"connections": {"dicom": connection}})
    (address,) = played(device).addresses
    assert address.names == ("gw.example.org", "tele.example.org")


def test_a_station_has_an_order_on_its_worklist_while_it_is_in_use(a_device):
    ris = offering(a_device("ris", "RIS", "h"), uids.MODALITY_WORKLIST)
    asks = {"worklist": Worklist.model_validate({"from": "ris", "modality_code": "CT"})}
    coming = {"modality": ("MR",), "lifecycle": "commissioning"}
    named = {"worklist": Worklist.model_validate({"from": "ris/RIS", "station_ae": "ROOM2"})}
    net = played(
        ris,
        a_device("ct-1", "CT1", "h1", **asks),
        a_device("mr-1", "MR1", "h2", **(named | coming)),
        a_device("ct-9", "CT9", "h3", lifecycle="retired", **asks),
    )
    assert net.orders == (
        Order("ris/RIS", "ct-1", "CT1", "CT"),
        Order("ris/RIS", "mr-1", "ROOM2", "MR"),
    )


def test_a_device_that_is_being_installed_answers_though_nobody_probes_it(a_device):
    coming = a_device("mr-1", "MR1", "h1", lifecycle="commissioning", probe="none")
    outside = a_device("mr-2", "MR2", "h2", lifecycle="commissioning", external=True)
    assert by(played(coming, outside)) == {"mr-1/MR1": "storescp"}


def test_where_pacsconf_is_called_back_nobody_else_answers(a_device):
    devices = {"probe": a_device("probe", "PROBE", "h", probe="none"), "ct": a_device("ct", "CT", "h2")}
    net = network(Inventory(devices=devices, settings=Settings(probe_as="probe")))
    assert (net.ours, [each.declared for each in net.addresses]) == (("h:104",), ["h2:104"])


def test_an_archive_knows_whom_flows_lead_to_it_and_where_they_are_called_back(a_device):
    from pacsconf.inventory.model import Flow, Selector

    archive = offering(a_device("archive", "ARCHIVE", "h1", queried=True), uids.STORAGE_COMMITMENT)
    flow = Flow(
        name="asks",
        callers=(Selector(device=("ct-1",)),),
        called=(Selector(device=("archive",)),),
        services=("study-root-find",),
    )
    devices = {"archive": archive, "ct-1": a_device("ct-1", "CT1", "10.20.0.1")}
    net = network(Inventory(devices=devices, flows={"asks": flow}))
    assert net.callers == (
        ("archive/ARCHIVE", (Caller("CT1", "10.20.0.1:104", ("echo", "find", "transcoding")),)),
    )


def test_dcmqrscp_reads_no_line_that_it_would_cut():
    callers = tuple(f"A_LONG_TITLE_{number:03}" for number in range(500))
    archive = Part("a", "ARCHIVE", "dcmqrscp", callers=callers)
    net = Network((Address("h:104", (archive,)),), entities=tuple((title, title) for title in callers))
    text = dcmqrscp_config(net, 11112, Path("storage"))
    assert max(map(len, text.splitlines())) < 511
    assert "ARCHIVE storage/ARCHIVE RW (200, 1024mb) declared" in text.splitlines()


def test_an_archive_of_dcmqrscp_is_open_to_all_where_any_caller_is_accepted():
    net = Network((Address("h:104", (Part("a", "ARCHIVE", "dcmqrscp", aliases=("OLD",)),)),))
    lines = dcmqrscp_config(net, 11112, Path("s")).splitlines()
    assert [line for line in lines if " RW " in line] == [
        "ARCHIVE s/ARCHIVE RW (200, 1024mb) ANY",
        "OLD s/OLD RW (200, 1024mb) ANY",
    ]


def test_the_address_of_a_declared_orthanc_is_its_own_and_of_two_the_first_by_name_has_it(with_orthanc):
    hospital = with_orthanc()
    again = hospital.systems["research"].model_copy(update={"name": "again"})
    both = hospital.model_copy(update={"systems": {**hospital.systems, "again": again}})

    assert network(hospital).orthancs == (("10.20.0.8:4242", "research"),)
    assert "10.20.0.8:4242" not in [each.declared for each in network(hospital).addresses]
    assert network(both).orthancs == (("10.20.0.8:4242", "again"),)


def test_an_orthanc_that_nobody_may_call_has_no_part(with_orthanc):
    hospital = with_orthanc()
    research = hospital.devices["research"].model_copy(update={"probe": "none"})
    left_alone = hospital.model_copy(update={"devices": {**hospital.devices, "research": research}})

    assert network(left_alone).orthancs == ()


# --- HL7 ----------------------------------------------------------------------------------------------------------


def hl7(name: str, application: str, host: str, *, protocol="hl7", tls=(), **more) -> Device:
    return Device(
        name=name,
        connections={"hl7": Connection(host=host, port=2575, protocol=protocol, tls=tls)},
        hl7_applications={application: HL7Application(name=application, connections=("hl7",))},
        **({"type": "ris", "probe": "echo"} | more),
    )


def test_hl7_applications_are_played_as_feeds_and_senders_are_declared():
    devices = [
        hl7("ris", "RIS|H", "h1"),
        hl7("pacs", "PACS|H", "h2", protocol="hl7-mllp2", tls=("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",)),
        hl7("asleep", "A|H", "h3", expected="intermittent"),
        hl7("partner", "P|H", "h4", external=True),
        hl7("untouched", "U|H", "h5", probe="none"),
    ]
    feed = Feed(name="orders", sender="ris", receivers=("pacs",), messages=("ORM^O01",))
    net = network(Inventory(devices={one.name: one for one in devices}, hl7_feeds={"orders": feed}))
    everybody = ("A|H", "PACS|H", "P|H", "RIS|H", "U|H")

    assert net.hl7 == (
        HL7Address("h1:2575", "hl7", (Application("ris", ("RIS|H",), everybody, ()),)),
        HL7Address(
            "h2:2575", "hl7-mllp2", (Application("pacs", ("PACS|H",), everybody, ("ORM^O01",)),), ("h2",)
        ),
    )
    assert (net.addresses, net.silent) == ((), ("h3:2575",))


def test_two_applications_at_one_port_are_one_address():
    both = {name: HL7Application(name=name, connections=("hl7",)) for name in ("A|H", "B|H")}
    device = hl7("ris", "A|H", "h1").model_copy(update={"hl7_applications": both})
    net = played(device)

    assert [[one.names for one in each.applications] for each in net.hl7] == [[("A|H",), ("B|H",)]]


def test_where_hl7_is_spoken_pacsconf_is_not_called_back(a_device):
    prober = a_device("probe", "PROBE", "h1")
    spoken = {**prober.connections, "hl7": Connection(host="h1", port=2575, protocol="hl7")}
    prober = prober.model_copy(update={"connections": spoken, "probe": "none"})
    net = network(Inventory(devices={"probe": prober}, settings=Settings(probe_as="probe")))

    assert net.ours == ("h1:104",)
