"""Loading a whole repository, and asking where things come from."""

from __future__ import annotations

import pytest

from pacsconf.inventory.loader import digest, load

# The example of the design, word for word.
DESIGN = """\
sites:
  main: {name: Main campus, timezone: Europe/Berlin, networks: [10.20.0.0/16], patient_id_issuer: "HOSP&1.2.3&ISO"}
profiles:
  ct: {type: modality, modality: [CT], uses: [ct-image-storage, storage-commitment, modality-worklist, mpps], offers: [verification]}
devices:
  ct-er-2: {profile: ct, site: main, ae_title: CT_ER_2, host: 10.20.4.18, port: 104}      # the vendor's form in one line
  ct-er-1:                                                                              # everything spelled out
    profile: ct
    site: main
    manufacturer: SIEMENS
    model: SOMATOM go.Top
    lifecycle: active            # planned → commissioning → active → retiring → retired
    owner: radiology-physics
    max_associations: 1
    expected: always             # always | HOURS | intermittent (a portable that is off is asleep, not ill)
    probe: echo                  # none | tcp | echo | contexts | services
    connections:
      dicom: {host: ct-er-1.rad.example.org, port: 104}
    ae_titles: {CT_ER_1: {connections: [dicom]}}
    worklist: {from: ris/RIS_MWL, station_ae: CT_ER_1, modality_code: CT}
flows:                           # who may talk to whom, for what; the rest is derived from this
  modalities-to-archive: {from: {type: modality}, to: {ae_title: ARCHIVE}, services: [storage, storage-commitment]}
users: {mmueller: {employee: "4711", roles: [radiologist], starts: 2026-01-01, ends: 2027-06-30}}
roles: {radiologist: {permissions: [study:view, study:query, report:sign], conflicts_with: [pacs-admin]}, pacs-admin: {}}
retention: {rules: {mammography: {match: {modality: MG}, keep: {for: 10y, from: study_date}, source: "21 CFR 900.12(c)(4)(i)"}}}
security: {password_policy: {min_length: 12, lockout_after: 10}, tls: {minimum: "1.2", require_for: [cross-site]}}
systems:
  directory: {type: dicom-directory, url: ldaps://ldap.example.org, base: "dc=example,dc=org", bind: {dn: "cn=pacsconf,dc=example,dc=org", password: env:PACSCONF_LDAP_PASSWORD}}
environments: {production: {}, lab: {}}
"""  # noqa: E501
OTHERS = """\
devices:
  archive: {type: archive, ae_title: ARCHIVE, host: 10.20.0.5, port: 11112, offers: [storage, storage-commitment]}
  ris: {type: worklist, ae_title: RIS_MWL, host: 10.20.0.6, port: 104, offers: modality-worklist}
"""


@pytest.fixture
def hospital(declare):
    return declare(DESIGN, others=OTHERS)


def test_the_example_loads_as_it_is_written(hospital):
    assert [(finding.severity, finding.rule) for finding in hospital.findings] == [
        ("info", "PACS-USR-007"),
        ("info", "PACS-ROLE-003"),
        ("info", "PACS-ROLE-003"),
    ]
    assert sorted(hospital.inventory.devices) == ["archive", "ct-er-1", "ct-er-2", "ris"]
    assert hospital.inventory.devices["ct-er-1"].worklist.source == "ris/RIS_MWL"


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (("devices", "ct-er-1", "manufacturer"), "inventory/hospital.yaml:10"),
        (("devices", "ct-er-1"), "inventory/hospital.yaml:7"),
        (("devices", "ct-er-1", "type"), "profile ct (inventory/hospital.yaml:4)"),
        (("devices", "ct-er-1", "patient_id_issuer"), "site main (inventory/hospital.yaml:2)"),
        (("devices", "ct-er-1", "serial_number"), "default"),
        (("devices", "ct-er-2", "connections", "dicom", "host"), "inventory/hospital.yaml:6"),
        (("devices", "ct-er-2", "ae_titles", "CT_ER_2"), "inventory/hospital.yaml:6"),
        (
            ("devices", "ct-er-2", "ae_titles", "CT_ER_2", "capabilities", 0),
            "profile ct (inventory/hospital.yaml:4)",
        ),
        (("devices", "ct-er-1", "worklist", "source"), "inventory/hospital.yaml:20"),
        (("flows", "modalities-to-archive", "callers", 0, "type"), "inventory/hospital.yaml:22"),
        (("flows", "modalities-to-archive", "services", 1), "inventory/hospital.yaml:22"),
        (("devices", "archive", "ae_titles", "ARCHIVE", "capabilities", 3), "inventory/others.yaml:2"),
    ],
)
def test_every_value_can_name_where_it_comes_from(hospital, path, told):
    assert hospital.sources.told(path) == told


def test_chain_names_what_was_overridden(declare):
    loaded = declare("profiles:\n  p: {type: m, owner: a}\ndevices:\n  d: {profile: p, owner: b}\n")
    assert [str(origin) for origin in loaded.sources.chain(("devices", "d", "owner"))] == [
        "inventory/hospital.yaml:4",
        "profile p (inventory/hospital.yaml:2)",
    ]


def test_place_of_a_default_is_that_of_what_it_belongs_to(hospital):
    assert (
        str(hospital.sources.place(("devices", "ct-er-1", "serial_number"))) == "inventory/hospital.yaml:7:3"
    )
    assert hospital.sources.place(("nothing",)) is None


def test_line_of_a_file_for_an_excerpt(hospital):
    assert hospital.line("inventory/others.yaml", 1) == "devices:"
    assert hospital.line("inventory/others.yaml", 99) is None
    assert hospital.line("inventory/nothing.yaml", 1) is None


def test_files_of_any_depth_are_read_and_hidden_ones_are_not(tmp_path):
    for name in ("inventory/a/b/c.yml", "inventory/.git/d.yaml", "inventory/.e.yaml", "inventory/f.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"sites: {{{path.stem.strip('.')}: {{}}}}\n")
    loaded = load(tmp_path)
    assert list(loaded.inventory.sites) == ["c"]
    assert [path.name for path in loaded.files] == ["c.yml"]


def test_digest_goes_by_names_and_contents(declare):
    first = declare(a="sites: {}\n", b="sites: {}\n").digest
    assert declare(a="sites: {}\n", b="sites: {}\n").digest == first
    assert declare(a="sites: {}\n", b="sites: {} \n").digest != first


def test_digest_does_not_confuse_names_with_contents():
    assert digest([("ab", b"c")]) != digest([("a", b"bc")])
    assert digest([("a", b"1"), ("b", b"2")]) == digest([("b", b"2"), ("a", b"1")])


def test_empty_inventory_is_an_inventory(declare):
    loaded = declare("")
    assert (loaded.findings, dict(loaded.inventory.devices)) == ((), {})


def test_a_thousand_devices_load(declare):
    devices = "".join(
        f"  ct-{n}: {{profile: ct, ae_title: CT_{n}, host: 10.1.{n // 250}.{n % 250 + 1}, port: 104}}\n"
        for n in range(1000)
    )
    loaded = declare(
        f"profiles: {{ct: {{type: modality, uses: [ct-image-storage, mpps], offers: echo}}}}\ndevices:\n{devices}"
    )
    assert len(loaded.inventory.devices) == 1000
