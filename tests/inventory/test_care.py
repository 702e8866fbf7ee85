"""What is known of devices beside the network, TLS and backups: how it is written, and what is said of mistakes."""

from __future__ import annotations

import pytest

HOSPITAL = """\
sites:
  main: {zone: clinical, time_source: time.example.org, location: building A}
profiles:
  scanner: {type: modality, clinical_lead: radiology, criticality: high, zone: modalities}
devices:
  audit-1: {type: audit, host: 10.0.0.9, port: 6514, site: main, location: server room,
            storage: {copies: 1, encrypted: true}}
  ct-1:
    profile: scanner
    site: main
    host: 10.0.0.1
    ae_title: CT_1
    uses: ct-image-storage
    operating_system: {name: Windows 10 IoT, supported_until: 2029-01-09}
    compensating_controls: behind a firewall of its own
    documents: {mds2: docs/ct-1-mds2.pdf}
    audit: {to: [audit-1, 10.0.0.77]}
    deletes_local_copies: true
security:
  tls: {minimum: 1.3, require_for: cross-site, client_certificates_for: [external, cross-zone]}
  backups:
    nightly: {of: [audit-1], what: database, every: 24h, last_success: "2026-11-27T02:10:00Z", offsite: true}
"""


@pytest.fixture
def built(declare):
    loaded = declare(HOSPITAL)
    assert [one for one in loaded.findings if one.severity != "info"] == []
    return loaded.built


def test_zone_time_and_place_come_from_the_device_then_its_profile_then_its_site(built):
    scanner, sink = built.devices["ct-1"], built.devices["audit-1"]
    assert (scanner.location, sink.location) == ("building A", "server room")
    assert (scanner.zone, scanner.time_source) == ("modalities", "time.example.org")
    assert (sink.zone, sink.time_source) == ("clinical", "time.example.org")


def test_papers_support_and_audit_are_kept_as_they_were_written(built):
    scanner = built.devices["ct-1"]
    assert scanner.operating_system.supported_until == "2029-01-09"
    assert scanner.compensating_controls == ("behind a firewall of its own",)
    assert (scanner.documents.mds2, scanner.documents.conformance_statement) == ("docs/ct-1-mds2.pdf", None)
    assert (scanner.audit.to, scanner.audit.transport) == (("audit-1", "10.0.0.77"), "tls")
    assert scanner.deletes_local_copies
    assert (scanner.clinical_lead, scanner.criticality) == ("radiology", "high")


def test_tls_and_backups_stand_under_security(built):
    tls, backup = built.security.tls, built.security.backups["nightly"]
    assert (tls.minimum, tls.require_for) == ("1.3", ("cross-site",))
    assert tls.client_certificates_for == ("external", "cross-zone")
    assert (backup.of, backup.what, backup.every) == (("audit-1",), ("database",), 24 * 60)
    assert (backup.offsite, backup.encrypted) == (True, False)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "devices: {a: {type: x, audit: {to: audit}}, audit-1: {type: x}}",
            (
                'error PACS-REF-010 1:36 "audit", which device a names, is neither a device '
                'nor a host; did you mean "audit-1"?'
            ),
        ),
        (
            "sites: {main: {time_source: clock}}\ndevices: {a: {type: x, site: main}}",
            ('error PACS-REF-010 1:29 "clock", which site main names, is neither a device nor a host'),
        ),
        (
            "security: {backups: {nightly: {of: archiv, what: images}}}\ndevices: {archive: {type: x}}",
            (
                'error PACS-REF-011 1:36 Backup nightly is of "archiv", which is neither a '
                'system nor a device; did you mean "archive"?'
            ),
        ),
        (
            "devices: {a: {type: x, supported_until: 2027-02-30}}",
            ("error PACS-VAL-002 1:41 devices.a.supported_until: the calendar has no day 2027-02-30"),
        ),
        (
            (
                'security: {backups: {b: {of: a, what: images, last_success: "2026-11-27T02:10"}}}\n'
                "devices: {a: {type: x}}"
            ),
            (
                "error PACS-VAL-002 1:61 security.backups.b.last_success: a moment is written "
                "as 2026-01-31T02:15:00Z, a day as 2026-01-31 (ISO 8601)"
            ),
        ),
        (
            "security: {tls: {minimum: 1.1}}",
            ('error PACS-VAL-002 1:27 security.tls.minimum cannot be "1.1"; did you mean "1.3"?'),
        ),
    ],
    ids=["audit", "time", "backup", "day", "moment", "version"],
)
def test_mistakes_are_told_at_their_place(told, text, line):
    lines = (one.replace("inventory/hospital.yaml:", "") for one in told(text))
    assert [one for one in lines if one.startswith("error")] == [line]
