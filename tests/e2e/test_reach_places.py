"""What `reach` and `validate` say of a pair points at the very words that it is about, as text and as JSON."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import indent
from typing import Any

import pytest

HOSPITAL = """\
sites: {main: {}}
devices:
  archive:
    type: archive
    patient_id_issuer: HOSP
    ae_titles:
      ARCHIVE:
        answers_to: OLD_PACS
        connections: [dicom]
        character_sets: [ISO_IR 100]
        accepts: [CT*, WS1, "X*"]
        uses: [storage, storage-commitment]
        offers: [ct-image-storage, storage-commitment, query-retrieve]
        transfer_syntaxes: [jpeg-baseline-8-bit, explicit-vr-big-endian]
    connections:
      dicom: {host: 10.20.0.5, port: 11112}
  ct-1:
    type: modality
    modality: CT
    ae_title: CT1
    host: 10.20.4.17
    port: 104
    character_sets: [ISO_IR 192]
    patient_id_issuer: OTHER
    transfer_syntaxes: [jpeg-baseline-8-bit]
    uses: [ct-image-storage, mr-image-storage, storage-commitment, modality-worklist]
    offers: verification
    worklist:
      from: ris/RIS
      station_ae: CT9
      modality_code: MR
  ct-2:
    type: modality
    modality: CT
    ae_title: CT2
    host: 10.20.4.18
    port: 104
    uses: ct-image-storage
    offers: verification
  ws-1:
    type: workstation
    ae_title: WS1
    host: 10.20.9.1
    port: 104
    uses: query-retrieve
    offers: verification
  ris: {type: worklist, ae_title: RIS, host: 10.20.0.9, port: 104, offers: modality-worklist}
  secret:
    type: archive
    ae_title: SECRET
    host: 10.20.0.7
    port: 2762
    tls: [TLS_AES_128_GCM_SHA256]
    offers: ct-image-storage
  router: {type: router, ae_title: XR, host: 10.20.0.8, port: 104, rewrites: {CT1: NORTH}, uses: ct-image-storage}
  research: {type: archive, ae_title: ORTHANC, host: 10.20.0.10, port: 4242, offers: [ct-image-storage]}
flows:
  images: {from: {type: modality}, to: {device: archive}, services: [storage, storage-commitment]}
  worklist: {from: {type: modality}, to: {device: ris}, services: modality-worklist}
  reading: {from: {type: workstation}, to: {device: archive}, services: query-retrieve}
  hidden: {from: {device: ct-2}, to: {device: secret}, services: storage}
  routed: {from: {device: router}, to: {device: archive}, services: storage}
  research: {from: {device: [ct-2, router]}, to: {device: research}, services: storage}
systems:
  orthanc:
    type: orthanc
    url: https://orthanc.example.org:8042
    ae: research
    peers:
      narrow: {ae: ct-2/CT2, allow: [echo, find]}
      moved: {ae: router/XR, host: 10.20.0.77}
"""
PEERS = HOSPITAL[HOSPITAL.index("    peers:") :]


@pytest.fixture
def hospital(repository: Callable[..., Any]) -> Any:
    return repository(hospital=HOSPITAL)


def pointed(place: dict[str, Any]) -> str:
    """The line that a place is on, the meant words in braces."""
    assert place["file"] == "inventory/hospital.yaml"
    text = HOSPITAL.splitlines()[place["line"] - 1]
    start = place["column"] - 1
    return f"{text[:start]}{{{text[start : start + place['length']]}}}".strip()


@pytest.mark.parametrize(
    ("caller", "called", "cause", "sides"),
    [
        ("ct-1", "OLD_PACS", "lossy-only", ["uses: [{ct-image-storage}", "offers: [{ct-image-storage}"]),
        ("ct-1", "ARCHIVE", "classes-lack", ["uses: [ct-image-storage, {mr-image-storage}", "{ARCHIVE}"]),
        ("ct-1", "ARCHIVE", "character-sets-caller", ["{character_sets}", "{character_sets}"]),
        ("ct-1", "ARCHIVE", "issuers-caller", ["patient_id_issuer: {OTHER}", "patient_id_issuer: {HOSP}"]),
        ("ct-1", "ARCHIVE", "commitment-one-way", ["ae_title: {CT1}", "{ARCHIVE}"]),
        ("ct-2", "ARCHIVE", "no-syntax", ["uses: {ct-image-storage}", "offers: [{ct-image-storage}"]),
        ("ct-1", "ris", "worklist-station", ["station_ae: {CT9}"]),
        ("ct-1", "ris", "worklist-modality", ["modality_code: {MR}"]),
        ("ws-1", "archive", "move-one-way", ["ae_title: {WS1}", "{ARCHIVE}"]),
        ("ct-2", "secret", "tls-caller-plain", ["host: {10.20.4.18}", "{tls}"]),
        ("router", "archive", "pattern-of-NORTH", ["{accepts}", "ae_title: {XR}"]),
        ("ct-2", "ORTHANC", "right-store", ["{allow}", "ae_title: {CT2}"]),
        ("router", "research", "peer-host", ["host: {10.20.0.77}", "ae_title: {XR}"]),
    ],
)
def test_each_reason_points_at_the_words_that_it_is_about(hospital, caller, called, cause, sides):
    body = hospital.here("reach", caller, called, "--format", "json").json
    (reason,) = (one for one in body["reasons"] if one["cause"] == cause)
    found = [pointed(side["place"]) for side in reason["sides"]]
    assert [text.endswith(side) for text, side in zip(found, sides, strict=True)] == [True] * len(sides), (
        found
    )
    ran = hospital.here("reach", caller, called)
    assert reason["summary"] in ran.said
    assert max(map(len, ran.out.splitlines())) <= 80
    for side in reason["sides"]:
        assert f"see {side['place']['file']}:{side['place']['line']} {side['text']}" in ran.said


def test_validate_points_at_the_service_of_the_flow_or_at_the_flow(hospital):
    findings = hospital.here("validate", "--format", "json").json["findings"]
    found = {(one["rule"][-3:], pointed(one["place"])[-45:]) for one in findings}
    assert {(rule, text.rpartition("{")[2]) for rule, text in found} >= {
        ("004", "storage}"),
        ("005", "storage}"),
        ("006", "storage}"),
        ("007", "hidden}"),
        ("008", "routed}"),
        ("010", "storage-commitment}"),
        ("011", "query-retrieve}"),
        ("012", "CT9}"),
        ("012", "MR}"),
        ("013", "storage}"),
    }
    assert max(map(len, hospital.here("validate").out.splitlines())) <= 80


def test_peers_of_one_environment_are_looked_at_there(hospital):
    text = HOSPITAL.replace(
        PEERS, "environments:\n  prod:\n    systems:\n      orthanc:\n" + indent(PEERS, "    ")
    )
    hospital.file().write_text(text)
    told = "orthanc lists CT2 without the right to store, which storage needs"
    assert told in hospital.here("validate").said
    ran = hospital.here("-e", "prod", "reach", "--all", "research")
    assert (ran.code, told in ran.said) == (2, True)
    number = text.splitlines().index("          narrow: {ae: ct-2/CT2, allow: [echo, find]}") + 1
    assert f"see inventory/hospital.yaml:{number}:34 what orthanc allows" in ran.said
