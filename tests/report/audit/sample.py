"""Audits of a made-up hospital: one with every state, one where nothing failed, and very large ones."""

from __future__ import annotations

from dataclasses import replace

from pacsconf.policy.audit import (
    Audit,
    AuditedResult,
    AuditedRule,
    AuditedSystem,
    AuditedWaiver,
    Chain,
    Coverage,
    Point,
)

TITLES = {
    "hipaa": {
        "164.308(a)(1)(ii)(A)": "Risk analysis",
        "164.308(a)(3)(ii)(C)": "Termination procedures",
        "164.312(a)(2)(i)": "Unique user identification",
        "164.312(b)": "Audit controls",
        "164.312(c)(1)": "Integrity",
        "164.312(e)(1)": "Transmission security",
    },
    "nist-800-53": {"AC-2": "Account Management", "AC-10": "Concurrent Session Control", "SC-8": "Transmission "
                    "Confidentiality and Integrity", "CM-8": "System Component Inventory"},
}  # fmt: skip

AE_003 = AuditedRule(
    "PACS-AE-003", "Every AE title belongs to one device", "critical", "ae", "configured",
    condition="size(same_title) == 0",
    why="Peers address a device by its title alone: images may reach the wrong one.",
    fix="Give one of them another title.", pack="core",
    controls={"nist-800-53": ("CM-8",), "csf": ("ID.AM-1",), "dicom": ("PS3.15 H.1.2",)},
    file="policies/core.yaml", line=12,
)  # fmt: skip
AE_009 = AuditedRule(
    "PACS-AE-009", "What is declared as active answers", "high", "ae", "observed",
    condition="observed.days_since_answer <= params.stale", when='lifecycle == "active" && acceptor',
    why="A title that nobody answers for is either a fault or a leftover.",
    fix="Run pacsconf diagnose for the device, or set its lifecycle to retired.", pack="core",
    params={"stale": 7}, controls={"nist-800-53": ("CM-8",), "csf": ("DE.CM-7",)},
    changed=("stale: 7 → 14",), file="policies/core.yaml", line=30,
)  # fmt: skip
NET_002 = AuditedRule(
    "PACS-NET-002", "Images that cross zones are encrypted", "high", "flow", "observed",
    condition="observed.tls || configured.tls", when="crosses_zones",
    why="Whoever is on the way can read and change what is sent in the clear.",
    fix="Declare a TLS profile on the listener, and let the caller use it.", pack="core",
    controls={"hipaa": ("164.312(e)(1)",), "nist-800-53": ("SC-8", "AC-10"), "gdpr": ("32(1)(a)",),
              "iso27799": ("13.2.1",), "dicom": ("PS3.15 B.12",), "ihe": ("ITI-19",)},
    file="policies/core.yaml", line=51,
)  # fmt: skip
RET_006 = AuditedRule(
    "PACS-RET-006", "No archive deletes by itself unless that is declared", "critical", "storage", "configured",
    condition="configured.purge_armed == purge_declared",
    why="An archive that is full and recycles drops the oldest patients, silently.",
    fix="Set the maximum storage mode to Reject, or declare the storage as a cache.", pack="core",
    controls={"hipaa": ("164.312(c)(1)",)}, file="policies/core.yaml", line=80,
)  # fmt: skip
USR_001 = AuditedRule(
    "PACS-USR-001", "Who has left has no open account", "critical", "user", "configured",
    condition='!(stage == "left" && configured.enabled)', why="An open account of somebody who left is a way in.",
    fix="Apply the plan, or ask the identity team to disable it.", pack="core",
    controls={"hipaa": ("164.308(a)(3)(ii)(C)",), "nist-800-53": ("AC-2",), "gdpr": ("32",)},
    file="policies/core.yaml", line=101,
)  # fmt: skip
AE_012 = AuditedRule(
    "PACS-AE-012", "Every device has an owner and a contact", "low", "device", "declared",
    condition='owner != ""', why="Whoever finds a fault must know whom to call.", fix="Add owner to the device.",
    pack="core", controls={"csf": ("ID.AM-5",)}, file="policies/core.yaml", line=120,
)  # fmt: skip
BROKEN = AuditedRule(
    "SITE-001", "Scanners of the emergency room are in zone er", "medium", "device", "declared",
    condition='zones["er"] == zone', pack="site", file="policies/site-rules.yaml", line=4,
)  # fmt: skip
OFF = AuditedRule(
    "PACS-USR-004", "No account sleeps for more than 90 days", "medium", "user", "configured",
    off="The directory does not record sign-ins; the identity team reports it by quarter.",
    controls={"nist-800-53": ("AC-2(3)",)}, file="policies/core.yaml", line=140,
)  # fmt: skip


def _devices():
    sites = {
        "main": ("ct-er-1", "ct-er-2", "mr-1", "us-1", "archive"),
        "north": ("us-7", "cr-3"),
        "south": ("ct-9",),
    }
    return [(site, name) for site, names in sites.items() for name in names]


def _ae(rule, state, device, site, message="", evidence="declared", **more):
    name = f"{device}/{device.upper().replace('-', '_')}"
    return AuditedResult(rule.id, "ae", name, state, evidence, message, site, device, f"inventory/devices/"
                         f"{device[:2]}.yaml", 14, 7, **more)  # fmt: skip


def _results():
    at = _devices()
    yield from (_ae(AE_003, "pass", name, site, evidence="configured") for site, name in at if name != "us-7")
    yield _ae(AE_003, "fail", "us-7", "north", 'The title "US_7" is also that of us-1 in Orthanc.', "configured",
              system="orthanc")  # fmt: skip
    states = {"mr-1": ("fail", "No answer for 19 days: association rejected, called AE title not recognised."),
              "ct-9": ("unknown", "worker-south was not reached"), "us-1": ("n/a", "")}  # fmt: skip
    for site, name in at:
        state, message = states.get(name, ("pass", ""))
        yield _ae(
            AE_009, state, name, site, message, "declared" if state in ("unknown", "n/a") else "observed"
        )
    for name, site in (("us-7", "north"), ("cr-3", "north")):
        yield AuditedResult(
            NET_002.id, "flow", f"{name}-to-archive", "waived", "observed",
            "It sends images in the clear from zone clinic to zone core.", site, name, "inventory/flows.yaml", 9, 3,
            waiver="W-7",
        )  # fmt: skip
    yield AuditedResult(NET_002.id, "flow", "ct-er-1-to-archive", "pass", "observed", "", "main", "ct-er-1",
                        "inventory/flows.yaml", 20, 3)  # fmt: skip
    yield AuditedResult(NET_002.id, "flow", "archive-to-telerad", "fail", "observed",
                        "It sends images in the clear from zone core to zone outside.", "main", "archive",
                        "inventory/flows.yaml", 31, 3)  # fmt: skip
    yield AuditedResult(RET_006.id, "storage", "orthanc", "fail", "configured",
                        "It holds 412 GB of 500 GB, deletes the oldest patients when full, and is declared as the "
                        "only copy.", "main", "archive",
                        "inventory/storage.yaml", 3, 3, system="orthanc")  # fmt: skip
    yield AuditedResult(RET_006.id, "storage", "pacs-2", "unknown", "declared", "pacs-2 was not reached", "north",
                        "", "inventory/storage.yaml", 11, 3)  # fmt: skip
    for number in range(1, 41):
        yield AuditedResult(USR_001.id, "user", f"u{number:04}", "pass", "configured", "", "main", "",
                            "inventory/people/staff.csv", number + 1, 1)  # fmt: skip
    for number in range(41, 61):
        yield AuditedResult(USR_001.id, "user", f"u{number:04}", "unknown", "declared",
                            "accounts-north was not reached", "north", "", "inventory/people/staff.csv",
                            number + 1, 1)  # fmt: skip
    for site, name in at:
        yield AuditedResult(AE_012.id, "device", name, "fail" if name == "cr-3" else "pass", "declared",
                            "It has no owner." if name == "cr-3" else "", site, name,
                            f"inventory/devices/{name[:2]}.yaml", 12, 3)  # fmt: skip
    yield AuditedResult(BROKEN.id, "device", "ct-er-1", "error", "declared", 'no such key "er" in map', "main",
                        "ct-er-1", "inventory/devices/ct.yaml", 4, 3)  # fmt: skip


WAIVERS = (
    AuditedWaiver("W-7", "PACS-NET-002", ("flow:us-7-*", "flow:cr-3-*"), "head-of-radiology", "ciso",
                  "The portable ultrasound cannot encrypt; it is replaced in the new year.",
                  "Its VLAN has no way out but to the archive.", "2026-06-27", "2026-12-24", ("2026-06-26",),
                  "ends soon", 2),
    AuditedWaiver("W-9", "PACS-AE-012", ("device:us-old",), "pacs-team", "ciso", "Is being retired.",
                  "None needed.",
                  "2026-09-01", "2027-02-20", (), "unused", 0),
    AuditedWaiver("W-2", "PACS-AE-009", ("ae:mr-1/*",), "mri-lead", "ciso", "Being moved to the new wing.",
                  "Images are taken by disc.", "2026-05-01", "2026-10-30", (), "ended", 0),
    AuditedWaiver("baseline/2026-03-01", "PACS-AE-012", ("device:ris",), "", "", "Found when adopted.", "",
                  "2026-03-01", "", (), "active", 0, baseline=True),
)  # fmt: skip

SYSTEMS = (
    AuditedSystem("accounts", "accounts", "configured", "", 412, "2026-11-27T05:02:10Z"),
    AuditedSystem("directory", "dicom-directory", "configured", "", 212, "2026-11-27T05:02:11Z"),
    AuditedSystem("orthanc", "orthanc", "configured", "its users cannot be listed", 38, "2026-11-27T05:02:12Z"),
    AuditedSystem("pacs-2", "orthanc", "unreached", "connection refused at pacs-2.example.org:8042"),
    AuditedSystem("ris", "console", "attested", "", 14, "2026-10-02T09:00:00Z"),
)  # fmt: skip

AUDIT = Audit(
    id="20261127-050214-8c1e", at="2026-11-27T05:02:14Z", by="ci@runner-3", environment="production",
    version="0.8.0", commit="3f2a9c1d5e6f7a8b9c0d", inventory="a1" * 32, policies="b2" * 32, frameworks=(),
    rules=(AE_003, AE_009, AE_012, NET_002, RET_006, OFF, USR_001, BROKEN), results=tuple(_results()),
    waivers=WAIVERS,
    coverage=Coverage(
        {"ae": {"observed": 5, "configured": 1, "attested": 1, "declared": 0, "unreachable": 1},
         "account": {"observed": 0, "configured": 40, "attested": 0, "declared": 0, "unreachable": 20},
         "rule": {"observed": 2, "configured": 3, "attested": 0, "declared": 1, "unreachable": 1}},
        SYSTEMS, ("viewer-3", "worklist-old"),
    ),
    chain=Chain("9d41f07a1b2c3d4e5f60718293a4b5c6d7e8f901", "20261124-141205-5be1", "c3" * 32, 212),
    probed="2026-11-27T04:30:00Z",
)  # fmt: skip
"""Every state, every severity that matters, every kind of waiver, systems in every way."""

TREND = tuple(
    Point(
        f"202611{day:02}-050211-0a{day:02}", f"2026-11-{day:02}T05:02:11Z", f"{day:02}bc" * 10,
        {"fail": failing, "error": 0, "unknown": unknown, "waived": 2, "pass": 70, "n/a": 1},
        {"critical": 1, "high": failing - 3, "low": 2},
    )
    for day, failing, unknown in ((2, 14, 3), (9, 12, 2), (16, 9, 30), (20, 9, 4), (23, 6, 4), (26, 7, 22))
)  # fmt: skip


def clean() -> Audit:
    """The same hospital, nothing failing; its coverage is what it is."""
    return replace(AUDIT, rules=(AE_003,), results=tuple(one for one in AUDIT.results if one.rule == AE_003.id
                                                         and one.state == "pass"), waivers=())  # fmt: skip


def large(devices: int, rules: int = 30) -> Audit:
    """A hospital group with so many devices, each with an AE that every rule is about."""
    found = []
    for number in range(rules):
        rule = f"PACS-X-{number:03}"
        for at in range(devices):
            state = "pass"
            if (at * 31 + number * 17) % 97 == 0:
                state = "fail"
            elif at % 11 == 0 and number % 3 == 0:
                state = "unknown"
            name, site = f"modality-{at:05}", f"site-{at % 40:02}"
            message = {
                "fail": f"{name} is not as rule {number} asks.",
                "unknown": f"worker-{site} was not reached",
            }
            found.append(AuditedResult(rule, "ae", f"{name}/AE_{at:05}", state, "observed", message.get(state, ""),
                                       site,
                                       name, "inventory/devices/all.yaml", at + 1, 3))  # fmt: skip
    made = tuple(replace(AE_009, id=f"PACS-X-{number:03}", title=f"Rule {number}") for number in range(rules))
    return replace(AUDIT, rules=made, results=tuple(found))
