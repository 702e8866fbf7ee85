"""Devices, AEs, flows and feeds as rules see them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

HOSPITAL = """\
sites:
  main: {zone: clinical, time_source: time.example.org, timezone: Europe/Berlin, networks: [10.0.0.0/8]}
  north: {zone: clinical, networks: [10.0.0.0/8]}
devices:
  ct-1:
    type: modality
    modality: CT
    site: main
    lifecycle: active
    owner: radiology
    host: 10.0.0.1
    port: 104
    address: reservation
    ae_title: CT_1
    worklist: {from: ris/RIS, station_ae: CT_1}
    uses: [ct-image-storage, storage-commitment, modality-worklist, verification]
    offers: verification
    operating_system: {name: Windows 10, supported_until: 2026-12-07}
    supported_until: 2030-01-01
    documents: {mds2: mds2.pdf}
    audit: {to: [audit.example.org], transport: udp}
    deletes_local_copies: true
  ct-2: {type: modality, modality: CT, site: main, lifecycle: commissioning, host: ct-2.example.org, port: 104,
         address: dns, ae_title: CT_2, uses: [ct-image-storage], offers: verification}
  ct-0: {type: modality, modality: CT, site: main, lifecycle: retired, host: 10.0.0.9, port: 104, ae_title: CT_0,
         uses: [ct-image-storage]}
  archive:
    type: archive
    site: north
    host: 10.0.1.1
    port: 2762
    tls: TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
    offers: [ct-image-storage, storage-commitment, query-retrieve]
    uses: [storage-commitment, ct-image-storage]
    ae_titles: {ARCHIVE: {answers_to: PACS}, TRIAL: {for_tests: true}}
  ris: {type: worklist, site: main, host: 10.0.1.2, port: 104, ae_title: RIS, offers: modality-worklist}
  gateway: {type: router, site: main, zone: dmz, host: 10.0.2.1, port: 104, ae_title: GW,
            uses: ct-image-storage, offers: ct-image-storage}
  partner: {type: partner, external: true, zone: outside, host: pacs.example.net, port: 104, ae_title: PARTNER,
            offers: [mr-image-storage]}
flows:
  store: {from: {type: modality}, to: {ae_title: ARCHIVE}, services: [storage, storage-commitment]}
  confirm: {from: {device: archive}, to: {type: modality}, services: storage-commitment}
  trial: {from: {type: modality, lifecycle: commissioning}, to: {ae_title: TRIAL}, services: storage}
  early: {from: {device: ct-2, lifecycle: commissioning}, to: {ae_title: ARCHIVE}, services: storage}
  list: {from: {type: modality}, to: {device: ris}, services: modality-worklist}
  out: {from: {device: archive}, to: {device: gateway}, services: storage}
  away: {from: {device: gateway}, to: {device: partner}, services: storage}
  echo: {from: {device: ct-1}, to: {device: gateway}, services: verification}
security:
  tls: {require_for: [cross-site], client_certificates_for: cross-site}
"""


@pytest.fixture
def found(of):
    return of(HOSPITAL)


def test_a_device_says_who_answers_for_it_and_until_when(found):
    device = found["device"]["ct-1"].declared
    assert (device["owner"], device["clinical_lead"], device["zone"]) == ("radiology", "", "clinical")
    assert (device["operating_system"], device["support_days"]) == ("Windows 10", 10)
    assert (device["documents"], device["audit_to"]) == (["mds2"], ["audit.example.org"])
    assert (device["audit_transports"], device["time_source"]) == (["udp"], "time.example.org")
    assert device["deletes_locally"]


def test_what_nobody_said_is_empty_or_absent(found):
    device = found["device"]["ct-2"].declared
    assert (device["owner"], device["operating_system"], device["audit_to"]) == ("", "", [])
    assert {"support_days", "deletes_locally", "accepted", "previous_lifecycle"}.isdisjoint(device)


def test_the_day_is_that_of_the_site(of):
    late = datetime(2026, 11, 27, 23, 30, tzinfo=UTC)  # half past midnight in Berlin
    text = (
        "sites: {main: {timezone: Europe/Berlin}}\n"
        "devices: {a: {type: x, site: main, supported_until: 2026-11-28},"
        " b: {type: x, supported_until: 2026-11-28}}"
    )
    devices = of(text, now=late)["device"]
    assert [devices[name].declared["support_days"] for name in "ab"] == [0, 1]


def test_hosts_are_told_apart_by_how_they_are_written(found):
    one, other = found["device"]["ct-1"].declared, found["device"]["ct-2"].declared
    assert (one["literal_hosts"], one["addressing"]) == (["10.0.0.1"], ["reservation"])
    assert (other["hosts"], other["literal_hosts"]) == (["ct-2.example.org"], [])


def test_a_device_knows_its_flows_its_worklist_and_where_it_stores(found):
    device = found["device"]["ct-1"].declared
    assert (device["flows_out"], device["flows_in"]) == (["echo", "list", "store"], ["confirm"])
    assert device["stores_to"] == ["archive"]
    assert (device["worklist_required"], device["worklist_from"], device["worklist_station"]) == (
        True,
        "ris/RIS",
        "CT_1",
    )
    assert found["device"]["archive"].declared["stores_to"] == ["gateway"]


@pytest.mark.parametrize(
    ("back", "works"),
    [("back: {from: {device: pacs}, to: {device: ct}, services: storage-commitment}", True), ("", False)],
    ids=["with-a-way-back", "without"],
)
def test_commitment_works_where_the_report_comes_back(of, back, works):
    text = (
        "devices:\n"
        "  ct: {type: modality, host: ct, port: 104, ae_title: CT, uses: [ct-image-storage, storage-commitment],"
        " offers: verification}\n"
        "  pacs: {type: archive, host: pacs, port: 104, ae_title: PACS, uses: storage-commitment,"
        " offers: [storage, storage-commitment]}\n"
        "flows:\n"
        "  store: {from: {device: ct}, to: {device: pacs}, services: [storage, storage-commitment]}\n"
    )
    device = of(f"{text}  {back}\n")["device"]["ct"].declared
    assert (device["commits"], device["commitment_works"]) == (True, works)


def test_what_the_record_and_git_know_is_added(of):
    known = of(
        "devices: {a: {type: x}, b: {type: x}}",
        accepted={"a": {"version": "VA40A", "at": "2026-11-01T10:00:00Z"}},
        former_lifecycles={"a": "commissioning"},
        findings={"b": ["PACS-REACH-004"]},
    )["device"]
    a, b = known["a"].declared, known["b"].declared
    assert (a["accepted"], a["accepted_version"], a["previous_lifecycle"]) == (True, "VA40A", "commissioning")
    assert b["accepted"] is False
    assert {"accepted_version", "previous_lifecycle"}.isdisjoint(b)
    assert (a["unacknowledged"], b["unacknowledged"]) == ([], ["PACS-REACH-004"])


def test_a_retired_device_is_still_looked_at_with_its_titles(found):
    assert found["device"]["ct-0"].declared["lifecycle"] == "retired"
    ae = found["ae"]["ct-0/CT_0"].declared
    assert (ae["lifecycle"], ae["flows_out"], ae["same_title"]) == ("retired", [], [])


def test_an_ae_has_its_ports_by_encryption_and_what_it_offers(found):
    archive, scanner = found["ae"]["archive/ARCHIVE"].declared, found["ae"]["ct-1/CT_1"].declared
    assert (archive["tls"], archive["tls_ports"], archive["plain_ports"]) == (True, [2762], [])
    assert (scanner["tls"], scanner["ports"], scanner["plain_ports"]) == (False, [104], [104])
    assert (archive["offers_query"], archive["offers_storage"]) == (True, True)
    assert (scanner["offers_query"], scanner["offers_storage"]) == (False, False)


def test_an_ae_knows_who_may_call_it_and_for_what(found):
    archive = found["ae"]["archive/ARCHIVE"].declared
    assert archive["callers"] == ["CT_1", "CT_2"]
    assert archive["services_called"] == ["storage", "storage-commitment"]
    assert archive["services_calling"] == ["storage", "storage-commitment"]
    assert found["ae"]["archive/TRIAL"].declared["callers"] == ["CT_2"]


def test_certificates_are_asked_where_a_caller_is_of_another_site(found):
    asked = {name for name, one in found["ae"].items() if one.declared["mutual_tls"]}
    assert asked == {"archive/ARCHIVE", "archive/TRIAL", "ct-1/CT_1", "gateway/GW"}


@pytest.mark.parametrize(
    ("flow", "expected"),
    [
        ("store", {"crosses_sites": True, "crosses_zones": False, "encrypted": True, "tls_required": True}),
        ("confirm", {"encrypted": False, "plain_called": ["ct-1/CT_1"], "tls_required": True}),
        ("list", {"crosses_sites": False, "tls_required": False, "patient_data": True}),
        ("out", {"crossings": ["clinical → dmz"], "through_gateway": True, "leaves": False}),
        ("away", {"crossings": ["dmz → outside"], "leaves": True, "crosses_sites": False}),
        ("echo", {"patient_data": False}),
        ("trial", {"commissioning": ["ct-2/CT_2"], "production": []}),
        ("early", {"commissioning": ["ct-2/CT_2"], "production": ["archive/ARCHIVE"]}),
    ],
)
def test_a_flow_knows_what_it_crosses(found, flow, expected):
    facts = found["flow"][flow].declared
    assert {name: facts[name] for name in expected} == expected


def test_a_flow_without_a_sop_class_in_common_says_between_whom(found):
    assert found["flow"]["away"].declared["no_common_class"] == ["GW → PARTNER: storage"]
    assert found["flow"]["out"].declared["no_common_class"] == []


def test_a_flow_that_only_loses_says_what(of):
    facts = of(
        "devices:\n"
        "  us-1: {type: modality, host: us-1, port: 104, ae_title: US_1, uses: ultrasound-image-storage,"
        " transfer_syntaxes: [jpeg-baseline-8-bit]}\n"
        "  us-2: {type: modality, host: us-2, port: 104, ae_title: US_2, uses: ultrasound-image-storage,"
        " transfer_syntaxes: [jpeg-baseline-8-bit]}\n"
        "  mr-1: {type: modality, host: mr-1, port: 104, ae_title: MR_1, uses: mr-image-storage,"
        " transfer_syntaxes: [rle-lossless]}\n"
        "  pacs: {type: archive, host: pacs, port: 104, ae_title: PACS, offers: storage,"
        " transfer_syntaxes: [jpeg-baseline-8-bit]}\n"
        "flows: {store: {from: {type: modality}, to: {type: archive}, services: storage}}\n"
    )["flow"]["store"].declared
    assert facts["lossy_only"] == ["US_1 → PACS: ultrasound-image-storage (2 pairs alike)"]
    assert facts["no_common_syntax"] == ["MR_1 → PACS: mr-image-storage"]


def test_a_flow_between_two_zones_without_a_gateway_says_so(of):
    facts = of(
        "devices:\n"
        "  a: {type: modality, zone: one, host: a, port: 104, ae_title: A, uses: ct-image-storage}\n"
        "  b: {type: router, zone: one, host: b, port: 104, ae_title: B, uses: ct-image-storage}\n"
        "  c: {type: archive, zone: two, host: c, port: 104, ae_title: C, offers: ct-image-storage}\n"
        "flows:\n"
        "  both: {from: {device: [a, b]}, to: {device: c}, services: storage}\n"
        "  over: {from: {device: b}, to: {device: c}, services: storage}\n"
    )["flow"]
    assert [facts[name].declared["through_gateway"] for name in ("both", "over")] == [False, True]
    assert facts["both"].declared["crossings"] == ["one → two"]


def test_a_flow_names_who_is_on_the_way_out(of):
    text = (
        "devices:\n"
        "  a: {type: modality, lifecycle: retiring, host: a, port: 104, ae_title: A, uses: ct-image-storage}\n"
        "  b: {type: modality, lifecycle: retired, host: b, port: 104, ae_title: B, uses: ct-image-storage}\n"
        "  b2: {type: modality, lifecycle: retired, host: b, port: 104, ae_title: B2, uses: ct-image-storage}\n"
        "  c: {type: archive, host: c, port: 104, ae_title: C, offers: ct-image-storage}\n"
        "flows: {store: {from: [{device: [a, b]}, {ae_title: [A, B2]}], to: {device: c}, services: storage}}\n"
    )
    assert of(text)["flow"]["store"].declared["retiring"] == ["a", "b", "b2"]


def test_a_feed_is_as_open_as_the_most_open_receiver(of):
    text = (
        "sites: {one: {zone: a}, two: {zone: b}}\n"
        "devices:\n"
        "  ris: {type: ris, site: one, connections: {hl7: {host: ris, port: 2575, protocol: hl7}},"
        " hl7_applications: {RIS|H: {}}}\n"
        "  pacs: {type: archive, site: two, connections: {hl7: {host: pacs, port: 2575, protocol: hl7,"
        " tls: TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384}}, hl7_applications: {PACS|H: {}}}\n"
        "  dose: {type: dose, site: one, connections: {hl7: {host: dose, port: 2575, protocol: hl7}},"
        " hl7_applications: {DOSE|H: {}}}\n"
        "hl7_feeds:\n"
        "  orders: {from: ris, to: [pacs, dose], messages: ORM^O01}\n"
        "  patients: {from: ris, to: pacs, messages: ADT^A08}\n"
        "  doses: {from: ris, to: dose, messages: ADT^A08}\n"
    )
    feeds = of(text)["feed"]
    assert feeds["orders"].declared["receivers"] == ["pacs/PACS|H", "dose/DOSE|H"]
    assert [feeds[name].declared["encrypted"] for name in ("orders", "patients", "doses")] == [
        False,
        True,
        False,
    ]
    assert [feeds[name].declared["crosses_zones"] for name in ("orders", "patients", "doses")] == [
        True,
        True,
        False,
    ]


def test_subjects_know_where_they_are_declared_and_who_they_are_live(of):
    text = HOSPITAL.replace(
        "security:",
        "systems:\n"
        "  directory: {type: dicom-directory, url: ldaps://ldap.example.org}\n"
        "  orthanc: {type: orthanc, url: https://pacs.example.org, ae: gateway}\n"
        "security:",
    )
    found = of(text)
    ae = found["ae"]["archive/ARCHIVE"]
    assert (ae.path, ae.device) == (("devices", "archive", "ae_titles", "ARCHIVE"), "archive")
    assert list(map(str, ae.about)) == ["directory/network-ae/archive/ARCHIVE", "orthanc/peer/ARCHIVE"]
    assert list(map(str, found["device"]["archive"].about)) == [
        "directory/device/archive",
        "orthanc/peer/ARCHIVE",
        "orthanc/peer/TRIAL",
    ]
    assert found["flow"]["store"].path == ("flows", "store")
    assert ae.site["name"] == "north"
