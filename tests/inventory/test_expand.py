"""Spelling out: short forms, capabilities, what comes from profile and site, what is resolved."""

from __future__ import annotations

import pytest

from pacsconf.inventory import uids
from pacsconf.inventory.model import Connection, SeenFrom, TransferCapability, Was

CT = "1.2.840.10008.5.1.4.1.1.2"


@pytest.fixture
def device(declare):
    """The device ct-1 of a text, which must be without errors."""

    def only(text):
        loaded = declare(text)
        assert loaded.inventory is not None, loaded.findings
        return loaded.inventory.devices["ct-1"]

    return only


def test_short_and_long_form_are_the_same_device(device):
    short = device(
        "devices:\n  ct-1: {type: modality, offers: verification, ae_title: CT_1, host: h, port: 104}\n"
    )
    long = device("""\
devices:
  ct-1:
    type: modality
    connections: {dicom: {host: h, port: 104}}
    ae_titles:
      CT_1:
        connections: [dicom]
        transfer_capabilities:
          - sop_class: Verification
            role: SCP
            transfer_syntaxes: [implicit-vr-little-endian, 1.2.840.10008.1.2.1]
""")
    assert short == long


def test_connection_of_the_short_form_takes_every_key_of_one(device):
    text = """\
sites: {north: {}}
devices:
  ct-1:
    {type: m, ae_title: A, host: h, port: 104, calls_from: 10.0.0.0/8, seen_from: {north: {host: n, port: 1104}},
     address: reservation, was: {host: old, until: 2026-12-31}, tls: TLS_AES_256_GCM_SHA384}
"""
    assert device(text).connections == {
        "dicom": Connection(
            host="h",
            port=104,
            calls_from=("10.0.0.0/8",),
            seen_from={"north": SeenFrom(host="n", port=1104)},
            address="reservation",
            was=Was(host="old", until="2026-12-31"),
            tls=("TLS_AES_256_GCM_SHA384",),
        )
    }


def test_uses_and_offers_become_capabilities_by_name(device):
    ae = device(
        "devices:\n  ct-1: {type: m, ae_title: A, host: h, port: 1, uses: [ct-image-storage, mpps], offers: mwl}\n"
    )
    assert [(c.name, c.role, c.sop_class) for c in ae.ae_titles["A"].capabilities] == [
        ("ct-image-storage-scu", "SCU", CT),
        ("modality-performed-procedure-step-scu", "SCU", uids.MPPS),
        ("modality-worklist-information-model-find-scp", "SCP", uids.MODALITY_WORKLIST),
    ]
    assert {c.transfer_syntaxes for c in ae.ae_titles["A"].capabilities} == {uids.DEFAULT_TRANSFER_SYNTAXES}


def test_transfer_syntaxes_are_those_of_storage_only(device):
    keys = "uses: [ct-image-storage, mpps], transfer_syntaxes: JPEGLosslessSV1"
    text = f"devices:\n  ct-1: {{type: m, ae_title: A, host: h, {keys}}}\n"
    storage, mpps = device(text).ae_titles["A"].capabilities
    assert storage.transfer_syntaxes == ("1.2.840.10008.1.2.4.70",)
    assert mpps.transfer_syntaxes == uids.DEFAULT_TRANSFER_SYNTAXES


def test_capability_spelled_out_wins_over_a_short_one(device):
    text = """\
devices:
  ct-1:
    type: m
    host: h
    uses: [ct-image-storage, mpps]
    ae_title: A
    transfer_capabilities:
      - {sop_class: ct-image-storage, role: SCU, transfer_syntaxes: rle-lossless, name: CT, extra: {dcmX: y}}
"""
    assert device(text).ae_titles["A"].capabilities[0] == TransferCapability(
        name="CT",
        sop_class=CT,
        role="SCU",
        transfer_syntaxes=("1.2.840.10008.1.2.5",),
        extra={"dcmX": ("y",)},
    )


def test_ae_says_for_itself_what_differs_from_its_device(device):
    text = """\
devices:
  ct-1:
    type: m
    host: h
    port: 104
    uses: [mpps]
    offers: [verification]
    accepts: any
    ae_titles:
      A: {}
      B: {uses: [], accepts: [CT_*]}
"""
    a, b = device(text).ae_titles.values()
    assert (a.initiator, a.acceptor, a.accepts) == (True, True, "any")
    assert (b.initiator, b.acceptor, b.accepts) == (False, True, ("CT_*",))


@pytest.mark.parametrize(
    ("keys", "initiator", "acceptor"),
    [
        ("uses: mpps", True, False),
        ("offers: verification, port: 104", False, True),
        ("uses: mpps, offers: verification, port: 104", True, True),
        ("port: 104", False, True),
        ("calls_from: h2", True, False),
        ("uses: mpps, initiator: false", False, False),
        ("port: 104, initiator: true", True, True),
    ],
)
def test_who_calls_and_who_is_called_follows_from_the_services(device, keys, initiator, acceptor):
    ae = device(f"devices:\n  ct-1: {{type: m, ae_title: A, host: h, {keys}}}\n").ae_titles["A"]
    assert (ae.initiator, ae.acceptor) == (initiator, acceptor)


def test_same_capability_twice_is_refused(told):
    one = "{sop_class: ct-image-storage, role: SCU}"
    text = f"devices:\n  ct-1: {{type: m, ae_title: A, host: h, transfer_capabilities: [{one}, {one}]}}\n"
    (line,) = told(text)
    assert line == "error PACS-TC-001 inventory/hospital.yaml:2:107 CT Image Storage as SCU is listed twice"


def test_two_capabilities_of_one_name_are_refused(told):
    text = """\
devices:
  ct-1:
    type: m
    ae_title: A
    host: h
    transfer_capabilities:
      - {sop_class: ct-image-storage, role: SCU, name: images}
      - {sop_class: mr-image-storage, role: SCU, name: images}
"""
    assert told(text) == [
        'error PACS-TC-002 inventory/hospital.yaml:8:9 Two capabilities of A have the name "images"'
    ]


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("ae_title: A", "Device ct-1 has an AE title but no host"),
        ("port: 104", "Device ct-1 has port but no host"),
        ("host: h, ae_title: A, ae_titles: {B: {}}", "Device ct-1 has both ae_title and ae_titles"),
        ("host: h, ae_title: A, connections: {x: {host: i}}", "Device ct-1 has both connections and host"),
        ("connections: {x: {port: 1}}", "Connection x of device ct-1 has no host"),
        (
            "host: h, ae_titles: {A: {}, B: {}}, answers_to: C",
            "Device ct-1 answers to C, but has 2 AE titles",
        ),
    ],
)
def test_half_a_device_is_told_what_it_lacks(declare, keys, words):
    assert [finding.summary for finding in declare(f"devices:\n  ct-1: {{type: m, {keys}}}\n").findings] == [
        words
    ]


def test_device_without_a_type_is_refused(told):
    assert told("devices:\n  ct-1: {host: h}\n") == [
        "error PACS-DEV-001 inventory/hospital.yaml:2:3 Device ct-1 has no type"
    ]


def test_planned_device_may_be_a_title_alone(device):
    planned = device("devices:\n  ct-1: {type: m, lifecycle: planned, ae_title: A}\n")
    assert (planned.installed, list(planned.ae_titles), planned.connections) == (False, ["A"], {})


@pytest.mark.parametrize(
    ("keys", "installed"),
    [
        ("", True),
        (", lifecycle: commissioning", False),
        (", lifecycle: commissioning, installed: true", True),
    ],
)
def test_installed_follows_the_life_cycle_unless_said(device, keys, installed):
    assert device(f"devices:\n  ct-1: {{type: m{keys}}}\n").installed is installed


def test_site_gives_what_the_device_does_not_say(declare):
    text = """\
sites:
  main:
    {patient_id_issuer: "HOSP&1.2.3&ISO", character_sets: ISO_IR 192, institution_name: Main, ae_domain: main}
devices:
  ct-1: {type: m, site: main, ae_title: A, host: h, modality: CT}
  ct-2: {type: m, site: main, patient_id_issuer: OTHER, character_sets: ISO_IR 100, ae_domain: x, device_types: WSD}
"""
    one, two = declare(text).inventory.devices.values()
    assert (
        one.patient_id_issuer,
        one.character_sets,
        one.institution_names,
        one.ae_domain,
        one.device_types,
    ) == (
        "HOSP&1.2.3&ISO",
        ("ISO_IR 192",),
        ("Main",),
        "main",
        ("CT",),
    )
    assert one.ae_titles["A"].character_sets == ("ISO_IR 192",)
    assert (two.patient_id_issuer, two.character_sets, two.ae_domain, two.device_types) == (
        "OTHER",
        ("ISO_IR 100",),
        "x",
        ("WSD",),
    )


@pytest.mark.parametrize(
    ("device_keys", "profile", "site", "level"),
    [
        ("type: modality", "", "", "echo"),
        ("type: archive", "", "", "services"),
        ("type: workstation", "", "", "none"),
        ("type: modality, probe: services", "", "", "services"),
        ("type: modality", "probe: tcp", "", "tcp"),
        ("type: modality", "", "probe: none", "none"),
        ("type: workstation", "", "probe: echo", "echo"),
        ("type: modality, probe: echo", "probe: tcp", "probe: contexts", "tcp"),
        ("type: modality, probe: echo", "", "probe: tcp", "tcp"),
        ("type: modality, probe: tcp", "probe: echo", "probe: services", "tcp"),
        ("type: modality, probe: services, external: true", "", "", "none"),
    ],
)
def test_probe_level_is_never_raised_below_profile_and_site(declare, device_keys, profile, site, level):
    above = f"sites: {{s: {{{site}}}}}\nprofiles: {{p: {{{profile}}}}}\n"
    text = f"{above}devices:\n  ct-1: {{profile: p, site: s, {device_keys}}}\n"
    assert declare(text).inventory.devices["ct-1"].probe == level


@pytest.mark.parametrize(
    ("above", "device", "asked", "limit"),
    [
        ("sites: {s: {probe: tcp}}", "site: s, probe: echo", "echo", "site s allows at most tcp"),
        ("profiles: {p: {probe: tcp}}", "profile: p, probe: echo", "echo", "profile p allows at most tcp"),
        (
            "{sites: {s: {probe: none}}, profiles: {p: {probe: tcp}}}",
            "site: s, profile: p, probe: services",
            "services",
            "site s allows at most none",
        ),
    ],
    ids=["its site", "its profile", "the lower of the two"],
)
def test_asking_for_more_than_allowed_is_a_warning(declare, above, device, asked, limit):
    (finding,) = declare(limits=above, ct=f"devices:\n  ct-1: {{type: m, {device}}}\n").findings
    assert (finding.rule, finding.severity, finding.place.line) == ("PACS-PROBE-001", "warning", 2)
    assert finding.place.file == "inventory/ct.yaml"
    assert finding.summary == f"Device ct-1 asks for probe level {asked}, but {limit}"


def test_profile_lowered_by_the_site_is_no_warning(told):
    text = """\
sites: {s: {probe: none}}
profiles: {p: {type: printer, probe: tcp}}
devices: {printer: {profile: p, site: s}}
"""
    assert told(text) == []


def test_null_takes_away_what_the_profile_gives(declare):
    text = """\
profiles:
  p: {type: m, owner: physics, connections: {a: {host: h}, b: {host: i}}, ae_titles: {X: {}, Y: {}}}
devices:
  ct-1: {profile: p, owner: , connections: {b: }, ae_titles: {Y: }}
"""
    device = declare(text).inventory.devices["ct-1"]
    assert (device.owner, list(device.connections), list(device.ae_titles)) == (None, ["a"], ["X"])


def test_every_attribute_of_annex_h_can_be_set(device):
    text = """\
devices:
  ct-1:
    type: modality
    description: CT 1
    manufacturer: ACME
    model: Scan
    software_versions: ["1", "2"]
    station_name: CT1
    serial_number: 007
    device_uid: 1.2.3
    device_types: [CT]
    institution_names: [A]
    institution_addresses: [B]
    institution_departments: [C]
    institution_codes: ['(1, 99X, "A")']
    patient_id_issuer: A
    accession_number_issuer: B
    order_placer: C
    order_filler: D
    admission_id_issuer: E
    service_episode_id_issuer: F
    container_id_issuer: G
    specimen_id_issuer: H
    related_devices: ["cn=a"]
    authorized_certificates: ["cn=b"]
    own_certificates: ["cn=c"]
    vendor_data: [AAEC]
    installed: false
    extra: {dcmRolesSCP: [x]}
    connections:
      dicom: {host: h, port: 104, tls: [TLS_AES_128_GCM_SHA256], installed: true, extra: {dcmBindAddress: 0.0.0.0}}
    ae_titles:
      A:
        {connections: [dicom], description: D, initiator: true, acceptor: true, clusters: [c],
         preferred_called: [B], preferred_calling: [C], character_sets: [ISO_IR 100],
         installed: true, vendor_data: [AAEC], extra: {a: b}}
"""
    found = device(text)
    ae = found.ae_titles["A"]
    assert (found.serial_number, found.vendor_data, found.extra) == (
        "007",
        ("AAEC",),
        {"dcmRolesSCP": ("x",)},
    )
    assert found.connections["dicom"].extra == {"dcmBindAddress": ("0.0.0.0",)}
    assert (
        ae.description,
        ae.clusters,
        ae.preferred_called,
        ae.preferred_calling,
        ae.installed,
        ae.extra,
    ) == (
        "D",
        ("c",),
        ("B",),
        ("C",),
        True,
        {"a": ("b",)},
    )


def test_child_profile_completes_a_map_of_its_parent(declare):
    text = """\
profiles:
  sensor: {type: modality, worklist: {from: ris/RIS_MWL, modality_code: IO}}
  panoramic: {profile: sensor, worklist: {modality_code: PX}}
devices:
  ris: {type: worklist, ae_title: RIS_MWL, host: r, port: 104}
  px-1: {profile: panoramic}
"""
    loaded = declare(text)
    assert loaded.findings == ()
    worklist = loaded.inventory.devices["px-1"].worklist
    assert (worklist.source, worklist.modality_code) == ("ris/RIS_MWL", "PX")


def test_device_gives_what_its_profile_leaves_out(told):
    text = """\
profiles:
  scanner: {type: modality, worklist: {modality_code: CT}, loan: {returns_to: VENDOR}}
devices:
  ris: {type: worklist, ae_title: RIS_MWL, host: r, port: 104}
  ct-1: {profile: scanner, worklist: {from: ris/RIS_MWL}, loan: {until: 2026-12-31}}
"""
    assert told(text) == []


def test_required_key_that_nobody_gives_is_asked_of_the_device(told):
    text = """\
profiles:
  scanner: {type: modality, worklist: {modality_code: CT}}
devices:
  ct-1: {profile: scanner, worklist: {station_ae: CT_1}}
"""
    assert told(text) == [
        'error PACS-VAL-003 inventory/hospital.yaml:4:28 devices.ct-1.worklist needs the key "from"'
    ]


def test_mistake_in_a_profile_is_not_repeated_for_those_that_build_on_it(told):
    text = "profiles:\n  b: {profile: a}\n  a: {ownr: x, port: far}\ndevices:\n  d: {profile: b, type: m}\n"
    assert told(text) == [
        'error PACS-KEY-001 inventory/hospital.yaml:3:7 Unknown key "ownr" in profiles.a; did you mean "owner"?',
        (
            "error PACS-VAL-001 inventory/hospital.yaml:3:22 profiles.a.port: a whole number is needed here, "
            "without leading zeros"
        ),
    ]


def test_empty_profile_is_told_once(told):
    assert told("profiles:\n  a:\ndevices:\n  d: {profile: a, type: m}\n") == [
        "error PACS-VAL-004 inventory/hospital.yaml:2:3 profiles.a is empty"
    ]
