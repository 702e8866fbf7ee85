"""Systems, storages and backups as rules see them, and what systems tell beside it."""

from __future__ import annotations

import pytest

from pacsconf.policy.evidence import SystemEvidence

HOSPITAL = """\
sites: {main: {zone: clinical}}
devices:
  research: {type: archive, site: main, host: 10.0.0.1, port: 104, ae_title: RESEARCH, uses: verification,
             offers: [storage, verification], storage: {encrypted: true}}
  cardio: {type: archive, host: 10.0.0.2, port: 104, ae_title: CARDIO, offers: [storage, verification],
           storage: {copies: 2, offsite: true}}
  arc:
    type: archive
    host: 10.0.0.3
    port: 104
    ae_title: ARC
    offers: [storage, verification]
    vendor: {dcm4chee: {storages: {fs1: {uri: "file:///a/"}, fs2: {uri: "file:///b/"}}}}
  gone: {type: archive, lifecycle: retired, host: 10.0.0.4, port: 104, ae_title: GONE}
systems:
  directory: {type: dicom-directory, url: "ldap://ldap.example.org", start_tls: true, extensions: dcm4chee}
  plain: {type: dicom-directory, url: "ldap://127.0.0.1", verify: false,
          bind: {dn: "cn=x", password: env:X}}
  orthanc: {type: orthanc, url: "http://orthanc.example.org:8042", ae: research, mode: write,
            storage: {copies: cache, warn_at: 70%}}
  console: {type: console, ae: cardio}
security:
  backups:
    nightly: {of: [arc, directory], what: [database, configuration], every: 24h, offsite: true, encrypted: true,
              last_success: "2026-11-26T20:30:00Z", restore_tested: 2026-11-20}
    images: {of: [research], what: images, every: 90m, last_success: 2026-11-27}
"""


@pytest.fixture
def found(of):
    return of(HOSPITAL)


@pytest.mark.parametrize(
    ("system", "expected"),
    [
        (
            "directory",
            {"encrypted": True, "verifies": True, "signs_in": False, "archive": True, "loopback": False},
        ),
        (
            "plain",
            {"encrypted": False, "verifies": False, "signs_in": True, "archive": False, "loopback": True},
        ),
        ("orthanc", {"encrypted": False, "mode": "write", "device": "research", "archive": True}),
        ("console", {"encrypted": True, "url": "", "device": "cardio", "archive": True, "loopback": True}),
    ],
)
def test_a_system_says_how_it_is_reached(found, system, expected):
    facts = found["system"][system].declared
    assert {name: facts[name] for name in expected} == expected


@pytest.mark.parametrize("url", ["file-7", "[1]", "https://me:hunter2@pacs.example.org"])
def test_what_is_no_address_is_not_taken_for_a_safe_one_and_not_repeated(of, url):
    facts = of(f"systems: {{a: {{type: elsewhere, url: {url}}}}}")["system"]["a"].declared
    assert (facts["encrypted"], facts["loopback"], facts["url"]) == (False, False, "")


def test_a_system_knows_what_saves_it_or_its_device(found):
    saved = {name: one.declared["saved_by"] for name, one in found["system"].items()}
    assert saved == {"directory": ["nightly"], "plain": [], "orthanc": ["images"], "console": []}


def test_every_archive_has_one_storage_or_those_that_it_names(found):
    said = {
        name: (facts["system"], facts["device"], facts["copies"], facts["offsite"], facts["encrypted"])
        for name, one in found["storage"].items()
        for facts in [one.declared]
    }
    assert said == {
        "directory/arc/fs1": ("directory", "arc", 0, False, False),
        "directory/arc/fs2": ("directory", "arc", 0, False, False),
        "orthanc": ("orthanc", "research", 2, False, True),
        "device/cardio": ("", "cardio", 2, True, False),
    }
    assert found["storage"]["orthanc"].declared["warn_percent"] == 70
    assert found["storage"]["device/cardio"].declared["warn_percent"] == 80
    assert found["storage"]["orthanc"].site["zone"] == "clinical"


def test_a_backup_says_how_long_ago_it_succeeded_and_was_tried(found):
    nightly, images = (found["backup"][name].declared for name in ("nightly", "images"))
    assert (nightly["every_hours"], nightly["hours_since"], nightly["restore_days_since"]) == (24, 12, 7)
    assert (images["every_hours"], images["hours_since"]) == (2, 0)
    assert "restore_days_since" not in images
    assert (nightly["offsite"], nightly["encrypted"], images["offsite"]) == (True, True, False)


def test_nobody_said_is_absent(of):
    backup = of("devices: {a: {type: x}}\nsecurity: {backups: {b: {of: a, what: images}}}")["backup"]["b"]
    assert backup.declared.keys() == {"name", "of", "what", "offsite", "encrypted"}
    assert (backup.path, backup.device) == (("security", "backups", "b"), "a")


def test_what_systems_hold_stands_beside_what_is_declared(of):
    held = {"ae": {"cardio/CARDIO": {"any_caller": True}}, "system": {"console": {"version": "4"}}}
    found = of(
        HOSPITAL,
        systems={
            "console": SystemEvidence("console", "console", "configured", configured=held),
            "orthanc": SystemEvidence("orthanc", "orthanc", "unreached", why="no answer within 30 s"),
        },
    )
    assert found["ae"]["cardio/CARDIO"].configured["any_caller"] is True
    assert found["system"]["console"].configured["version"] == "4"
    assert found["system"]["orthanc"].blind == "orthanc: no answer within 30 s"
    assert found["system"]["directory"].blind == ""


def test_the_whole_counts_what_is_in_use(of):
    whole = of(HOSPITAL)["inventory"]["inventory"].declared
    assert (whole["devices"], whole["archives"]) == (3, ["arc", "cardio", "research"])
    assert (whole["backups"], whole["has_retention"]) == (["images", "nightly"], False)
    assert "tls_minimum" not in whole
    with_tls = of("security: {tls: {minimum: 1.3}}")["inventory"]["inventory"].declared
    assert with_tls["tls_minimum"] == "1.3"


def test_a_site_counts_its_devices_and_archives(of):
    sites = of(HOSPITAL)["site"]
    assert (sites["main"].declared["devices"], sites["main"].declared["archives"]) == (1, 1)
    assert sites["main"].site == sites["main"].declared
