"""`retention compile`: what an archive gets for the rules; and `plan` and `apply`, which give it to it."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Hospital

HOSPITAL = """\
sites:
  main: {name: Main campus, networks: [10.20.0.0/16]}
devices:
  arc:
    type: archive
    site: main
    host: 10.20.0.5
    port: 11112
    ae_title: ARCHIVE
    offers: [verification]
    vendor: {dcm4chee: {fuzzy_algorithm: org.dcm4che3.soundex.ESoundex, retention: declared}}
"""
SYSTEMS = """\
systems:
  directory: {type: dicom-directory, url: ldaps://ldap.example.org, base: "dc=x", extensions: [dcm4chee]}
environments: {lab: {dial: {"*": none}}}
"""
RETENTION = """\
retention:
  rules:
    mammography:
      match: {modality: MG}
      keep: {for: 10y}
      approval: {by: board, on: 2026-01-01}
    contact:
      match: {institution: North}
      keep: {for: 8y, from: last_seen}
      approval: {by: board, on: 2026-01-01}
    draft:
      match: {modality: CT}
      keep: {for: 30y}
  default:
    keep: {for: 5y}
    approval: {by: board, on: 2026-01-01}
  on_missing: {modality: no_match, institution: no_match}
  holds:
    case: {studies: sha256:HASH, reason_ref: L-1, placed_by: legal, since: 2026-01-01}
""".replace("HASH", "a" * 64)


@pytest.fixture
def hospital(repository) -> Hospital:
    return repository(hospital=HOSPITAL, systems=SYSTEMS, retention=RETENTION)


def test_policies_are_shown_from_the_one_that_counts_first_with_what_cannot_be_done(hospital):
    said = hospital.ok("retention", "compile").said
    assert "4 policies for arc" in said
    assert said.index("P999Y") < said.index("P10Y2D from the study date") < said.index("P5Y2D")
    assert "Modality=^(?:MG)$" in said
    assert "the day the patient was last seen is not known to the archive: no end there (P999Y)" in said
    assert "draft: nobody approved it" in said
    assert "legal hold case: 1 study known by hash alone" in said
    assert "inventory/retention.yaml:3" in said


def test_scripts_get_the_same(hospital):
    body = hospital.ok("retention", "compile", "--format", "json").json
    assert body["format_version"] == 1
    assert body["archives"] == ["arc"]
    assert [(one["rule"], one["period"], one["start"]) for one in body["policies"]][1:] == [
        ("contact", "P999Y", "the study date"),
        ("mammography", "P10Y2D", "the study date"),
        ("default", "P5Y2D", "the study date"),
    ]
    assert body["drafts"] == ["draft"]
    assert body["holds"] == [{"name": "case", "studies": 1}]


def test_where_no_archive_takes_them_that_is_said(hospital):
    hospital.edit(", retention: declared", "")
    assert "no archive takes them: none says" in hospital.ok("retention", "compile").said


def test_an_inventory_that_does_not_stand_is_shown_instead(hospital):
    hospital.edit("for: 10y", "for: 10 years", "retention")
    ran = hospital("retention", "compile")
    assert (ran.code, ran.out) == (3, "")
