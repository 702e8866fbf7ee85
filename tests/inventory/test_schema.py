"""The JSON Schema, judged by a validator that is not ours."""

from __future__ import annotations

import jsonschema
import pytest

from pacsconf.inventory.declaration import COLLECTIONS
from pacsconf.inventory.document import parse
from pacsconf.inventory.schema import json_schema
from pacsconf.inventory.tree import core

GOOD = """\
pacsconf: {quarantine: 90d, guards: {removals: {device: 3}}, probe_as: ct-1}
sites:
  main: {name: Main campus, timezone: Europe/Berlin, networks: [10.20.0.0/16], patient_id_issuer: "HOSP&1.2.3&ISO"}
profiles:
  ct: {type: modality, modality: [CT], uses: [ct-image-storage, mpps], offers: [verification], probe: echo}
devices:
  ct-1: {profile: ct, site: main, ae_title: 010, host: 10.20.4.18, port: 104, serial_number: 0815, owner: }
  ct-2:
    profile: ct
    connections: {dicom: {host: ct-2.example.org, port: 104, seen_from: {north: {host: h}}}}
    ae_titles:
      CT_ER_1:
        connections: [dicom]
        accepts: [CT_*]
        transfer_capabilities: [{sop_class: CTImageStorage, role: SCU}]
    worklist: {from: ris/RIS_MWL, station_ae: CT_ER_1, modality_code: CT}
flows:
  store: {from: {type: modality}, to: [{ae_title: ARCHIVE}], services: storage}
systems:
  directory: {type: dicom-directory, url: ldaps://h, bind: {dn: cn=a, password: env:X}, mode: write}
  lab-only: {type: dicom-directory}
  other: {type: vendor-x, shelf: 7}
environments: {lab: {systems: {directory: {url: ldap://127.0.0.1}, other: null}}}
users:
  anyone: {roles: radiologist, break_glass: {role: emergency, until: 2026-11-27, reason: x}}
  other: {kind: vendor, roles: [{role: a, from: 2026-01-01}, b], ends: 2026-12-31, trainings: {cd: 2026-01-01}}
users_from: {csv: people/hr.csv, columns: {id: 1, trainings: {cd: CD}}, roles_by: {column: J, map: {x: a, y: [b]}}}
service_accounts: {svc: {owner: a, purpose: b, roles: c, password: {from: env:X, version: 2}}}
roles: {r: {permissions: [study:view, {permission: study:query, site: main}], review_every: 90d}}
security: {password_policy: {min_length: 12, lockout_for: 30m}, password_policies: {a: {kinds: service}}, tls: {}}
"""


@pytest.fixture(scope="module")
def validator():
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def instance(text):
    tree, findings = parse(text, "f")
    assert findings == ()
    return core(tree) if tree else None


def test_a_good_file_passes(validator, told):
    assert [error.message for error in validator.iter_errors(instance(GOOD))] == []


@pytest.mark.parametrize(
    "text",
    [
        "devices: {ct-1: {worklist: {station_ae: CT_1}, loan: {until: 2026-12-31}, nodes: {a: {port: 1}}}}",
        "systems: {directory: {type: dicom-directory, url: ldaps://h, bind: {dn: cn=a}}}",
        "capability_sets: {s: {includes: {set: t, role: SCU}, groups: {role: [SCU, SCP], sop_classes: storage}}}",
        "devices: {a: {ae_titles: {A: {capability_sets: [s, {set: t, role: SCP}]}}}}",
    ],
    ids=["by a profile", "by an environment", "by another set", "by a set"],
)
def test_what_is_completed_elsewhere_passes(validator, text):
    assert [error.message for error in validator.iter_errors(instance(text))] == []


@pytest.mark.parametrize("text", ["", "devices:\n", "# nothing\n"])
def test_an_empty_file_passes(validator, text):
    assert validator.is_valid(instance(text))


@pytest.mark.parametrize(
    "text",
    [
        "devises: {}",
        "devices: []",
        "devices: {a: {hots: h}}",
        "devices: {a: {port: far}}",
        "devices: {a: {port: 70000}}",
        "devices: {a: {ae_title: ABCDEFGHIJKLMNOPQ}}",
        "devices: {a: {ae_title: 'A\\B'}}",
        "devices: {a: {ae_title: ''}}",
        "devices: {a: {ae_title: ' '}}",
        "devices: {a: {lifecycle: dead}}",
        "devices: {a: {external: maybe}}",
        "devices: {a: {device_uid: 1.02}}",
        "devices: {a: {transfer_capabilities: [{role: SCU}]}}",
        "devices: {a: {transfer_capabilities: [{sop_class: CT, role: BOTH}]}}",
        "devices: {a: {capability_sets: [{role: SCU}]}}",
        "capability_sets: {s: {groups: [{sop_classes: storage}]}}",
        "capability_sets: {s: {groups: [{role: BOTH, sop_classes: storage}]}}",
        "flows: {f: {from: {type: m}, services: storage}}",
        "systems: {d: {url: x}}",
        "systems: {d: {type: memory, url: x}}",
        "systems: {d: {type: dicom-directory, url: x, bind: {dn: cn=a, password: hunter2}}}",
        "pacsconf: {quarantine: 90}",
        "users: {a: {kind: service}}",
        "users: {a: {break_glass: {role: b}}}",
        "users_from: {csv: a.csv}",
        "roles: {a: {permissions: study:veiw}}",
        "security: {password_policy: {lockout_for: 30}}",
    ],
)
def test_a_bad_file_fails(validator, text):
    assert not validator.is_valid(instance(text))


def test_every_collection_and_key_is_described():
    schema = json_schema()
    assert set(COLLECTIONS) < set(schema["properties"])
    device = schema["$defs"]["DeviceDeclaration"]["properties"]
    assert device["uses"]["description"] == "Services and SOP classes it asks others for (SCU)."
    assert device["lifecycle"] == {
        "anyOf": [
            {"enum": ["planned", "commissioning", "active", "retiring", "retired"], "type": "string"},
            {"type": "null"},
        ]
    }
