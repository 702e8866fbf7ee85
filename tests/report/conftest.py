"""A small hospital group in the middle of its working day, as plans, drifts, findings and change sets."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from pacsconf.core.address import Address
from pacsconf.core.change import Change, Outcome
from pacsconf.core.changeset import ChangeSet, Proof
from pacsconf.core.compare import Difference, field_differences
from pacsconf.core.finding import Finding, Place
from pacsconf.core.guard import Guard
from pacsconf.core.plan import Basis, Options, Plan
from pacsconf.core.resource import Fields, State
from pacsconf.report.plan.history_text import Entry
from pacsconf.report.view import View

CASES = Path(__file__).parent / "cases"

CT_STORAGE, ENHANCED_CT, COMMITMENT = (
    "1.2.840.10008.5.1.4.1.1.2",
    "1.2.840.10008.5.1.4.1.1.2.1",
    "1.2.840.10008.1.20.1",
)
IMPLICIT, EXPLICIT, JPEG_LS = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.80"
UID_NAMES: Mapping[str, str] = {
    CT_STORAGE: "CT Image Storage",
    ENHANCED_CT: "Enhanced CT Image Storage",
    COMMITMENT: "Storage Commitment Push Model",
    IMPLICIT: "Implicit VR Little Endian",
    EXPLICIT: "Explicit VR Little Endian",
    JPEG_LS: "JPEG-LS Lossless",
}
ORIGINS: Mapping[tuple[str, str], str] = {
    ("device/ct-er-2", ""): "inventory/devices/ct.yaml:31",
    ("device/ct-er-2", "description"): "inventory/devices/ct.yaml:33",
    ("device/ct-er-2", "device_types"): "profile ct (inventory/profiles.yaml:4)",
    ("device/ct-er-2", "installed"): "default",
    ("device/ct-er-2", "institution_names"): "site main (inventory/sites.yaml:3)",
    ("device/ct-er-2", "manufacturer"): "inventory/devices/ct.yaml:34",
    ("device/ct-er-2", "model"): "inventory/devices/ct.yaml:35",
    ("device/ct-er-2", "station_name"): "inventory/devices/ct.yaml:36",
    ("network-connection/ct-er-2/dicom", ""): "inventory/devices/ct.yaml:37",
    ("network-ae/ct-er-2/CT_ER_2", ""): "inventory/devices/ct.yaml:38",
    ("network-connection/ct-er-1/dicom", "hostname"): "inventory/devices/ct.yaml:9",
    (
        "transfer-capability/ct-er-1/CT_ER_1/ct-image-storage-scu",
        "transfer_syntaxes",
    ): "profile ct (inventory/profiles.yaml:11)",
    ("network-connection/mr-1/dicom", "port"): "inventory/devices/mr.yaml:12",
    ("device/us-7", ""): "inventory/devices/us.yaml:61",
    ("network-ae/archive/ARCHIVE", "preferred_calling"): "inventory/devices/archive.yaml:18",
    ("network-ae/archive/ARCHIVE", "description"): "inventory/devices/archive.yaml:17",
}


def address(text: str) -> Address:
    return Address.parse(text if text.startswith(("directory/", "orthanc/")) else f"directory/{text}")


def state(where: str, fields: Fields, root: str = "") -> State:
    return State(address(where), address(root or where), fields)


def origin(at: Address, field: str) -> str:
    return ORIGINS.get((f"{at.kind}/{at.name}", field), "")


def setting(name: str) -> str:
    return "inventory/pacsconf.yaml:12" if name == "pacsconf.guards.removals.device" else ""


VIEW = View(
    plan_file="plan.json",
    since="last apply 9d41f07, 2 days ago",
    next_step="pacsconf -e lab apply plan.json",
    seconds={"directory": 0.094, "orthanc": 0.021},
    origin=origin,
    setting=setting,
    uid_name=lambda uid: UID_NAMES.get(uid, ""),
)

BASIS = Basis("a1" * 32, "b2" * 32, "c3" * 32, "3f2a9c1d5e6f7a8b9c0d", "9d41f07a1b2c3d4e5f60", "2026-11-24")
CT_ER_2 = "device/ct-er-2"
SOP_CLASSES = (
    "ct-image-storage", "enhanced-ct-image-storage", "modality-worklist", "mpps", "query-retrieve-find",
    "secondary-capture-image-storage", "storage-commitment", "verification", "x-ray-radiation-dose-sr-storage",
)  # fmt: skip


def created(where: str, fields: Fields, root: str = CT_ER_2) -> Change:
    made = state(where, fields, root)
    return Change("create", None, made, made)


def new_scanner() -> tuple[Change, ...]:
    """A second emergency CT with its connection, title and what it can do."""
    device: dict[str, bool | int | str | tuple[str, ...]] = {
        "description": "CT in the emergency room",
        "device_types": ("CT",),
        "installed": True,
        "institution_names": ("Main campus",),
        "manufacturer": "SIEMENS",
        "model": "SOMATOM go.Top",
        "station_name": "CTER2",
    }
    ae = {"acceptor": True, "connections": ("dicom",), "initiator": True}
    capability = {"role": "SCU", "sop_class": CT_STORAGE, "transfer_syntaxes": (IMPLICIT, EXPLICIT)}
    return (
        created("unique-ae-title/CT_ER_2", {}, "unique-ae-title/CT_ER_2"),
        created(CT_ER_2, device),
        created("network-connection/ct-er-2/dicom", {"hostname": "10.20.4.18", "port": 104}),
        created("network-ae/ct-er-2/CT_ER_2", ae),
        *(created(f"transfer-capability/ct-er-2/CT_ER_2/{name}-scu", capability) for name in SOP_CLASSES),
    )


def updated(where: str, before: Fields, after: Fields, root: str, **more: object) -> Change:
    live = state(where, before, root)
    return Change("update", live, live.with_fields(after), live.with_fields(after), **more)  # type: ignore[arg-type]


def changed_scanner() -> tuple[Change, ...]:
    return (
        updated(
            "network-connection/ct-er-1/dicom",
            {"hostname": "10.20.4.17", "port": 104},
            {"hostname": "10.20.7.17", "port": 104},
            "device/ct-er-1",
            risk="access",
            effects=frozenset({"readdresses"}),
        ),
        updated(
            "transfer-capability/ct-er-1/CT_ER_1/ct-image-storage-scu",
            {"role": "SCU", "sop_class": CT_STORAGE, "transfer_syntaxes": (IMPLICIT, JPEG_LS)},
            {"role": "SCU", "sop_class": CT_STORAGE, "transfer_syntaxes": (IMPLICIT, EXPLICIT)},
            "device/ct-er-1",
        ),
    )


def retired_ultrasound() -> tuple[Change, ...]:
    entries = ("network-ae/us-old/US_OLD", "network-connection/us-old/dicom", "device/us-old")
    reason = "lifecycle retired since 81bc02e (3 days ago); its title stays reserved"
    return tuple(
        Change(
            "delete",
            state(where, {"description": "old portable"}, "device/us-old"),
            None,
            effects=frozenset({"removes"}),
            reason=reason if where.startswith("device/") else "",
        )
        for where in entries
    )


def moved_port() -> Difference:
    """Somebody moved a scanner's port at night."""
    declared, live = (
        {"hostname": "mr-1.example.org", "port": 104},
        {"hostname": "mr-1.example.org", "port": 11112},
    )
    return difference("network-connection/mr-1/dicom", "device/mr-1", declared, live, declared, "drift")


def difference(
    where: str, root: str, declared: Fields | None, live: Fields | None, last: Fields | None, verdict: str
) -> Difference:
    sides = [None if fields is None else state(where, fields, root) for fields in (declared, live, last)]
    fields = field_differences(declared, live, last) if declared is not None and live is not None else ()
    return Difference(address(where), *sides, verdict, fields)  # type: ignore[arg-type]


def drifts() -> tuple[Difference, ...]:
    """One of each: a moved port, an archive edited on both sides, a deleted device, an edited leftover."""
    return (
        moved_port(),
        difference(
            "network-ae/archive/ARCHIVE",
            "device/archive",
            {"description": "Image archive", "preferred_calling": ("CT_ER_1", "CT_ER_2", "MR_1")},
            {"description": "Archive, new disks", "preferred_calling": ("CT_ER_1", "MR_1", "MR_9")},
            {"description": "Image archive", "preferred_calling": ("CT_ER_1", "MR_1")},
            "clash",
        ),
        difference(
            "device/us-7", "device/us-7", {"installed": True}, None, {"installed": True}, "deleted-outside"
        ),
        difference(
            "network-connection/dose-old/dicom",
            "device/dose-old",
            None,
            {"hostname": "dose2"},
            {"hostname": "dose"},
            "clash",
        ),
    )


REMOVALS = Guard(
    "GUARD-REMOVE", "devices of directory", (address("device/us-old"),), 61, 3,
    "something would be taken away from them", "pacsconf.guards.removals.device",
)  # fmt: skip


@pytest.fixture
def view() -> View:
    return VIEW


@pytest.fixture
def plan() -> Plan:
    """A working day's plan: something new, changed, retired, and a drift beside it."""
    return Plan(
        "lab",
        BASIS,
        changes=(*new_scanner(), *changed_scanner(), *retired_ultrasound()),
        guards=(REMOVALS,),
        drifts=(moved_port(),),
        reserved={address("unique-ae-title/US_OLD"): "2027-02-24"},
        unmanaged=(address("device/archive-test"), address("unique-ae-title/OLD_PACS")),
        counts={"directory": 212, "orthanc": 38},
        notes={address("network-connection/mr-1/dicom"): "by cn=jdoe, 23 Nov 03:12"},
    )


@pytest.fixture
def busy_plan() -> Plan:
    """All that a plan can hold beside ordinary changes, and two reasons not to apply it."""
    gone = tuple(address(f"device/us-{number}") for number in range(1, 7))
    waiting = updated(
        "orthanc/peer/ARCHIVE", {"host": "10.20.0.4"}, {"host": "10.20.0.5"}, "orthanc/peer/ARCHIVE"
    )
    taken = updated(
        "device/printer-1", {"installed": False}, {"installed": True}, "device/printer-1", takes_over=True
    )
    shown = updated(
        "orthanc/peer/CT_ER_1", {"allow": ("echo", "store")}, {"allow": ("echo",)}, "orthanc/peer/CT_ER_1",
        mode="read-only", risk="data-loss",
    )  # fmt: skip
    return Plan(
        "production",
        BASIS,
        options=Options(target=("directory/*",)),
        changes=(taken, shown),
        guards=(
            Guard(
                "GUARD-REMOVE", "devices of directory", gone, 61, 3, "something would be taken away from them",
                "pacsconf.guards.removals.device",
            ),
            Guard(
                "GUARD-VANISHED", "devices of directory", gone[:1], 61, 0,
                "they are no longer in the inventory; take something out by `lifecycle: retired`",
                notes=("directory/device/us-1 looks renamed to directory/device/us-21: it takes its name",),
            ),
        ),
        takes=tuple(state(f"device/mr-{number}", {"installed": True}) for number in (1, 2, 3)),
        forgets=(address("network-connection/us-9/dicom"),),
        drifts=drifts(),
        waiting=(waiting,),
        held=changed_scanner()[:1],
        unmanaged=(address("device/archive-test"),),
        counts={"directory": 212, "orthanc": 38},
        notes={address("network-connection/mr-1/dicom"): "by cn=jdoe, 23 Nov 03:12"},
        blocked=("orthanc is read-only: its 1 change is shown and would not run.",),
    )  # fmt: skip


@pytest.fixture
def first_plan() -> Plan:
    """The first plan of an empty directory: more than anybody reads field by field."""
    names = [f"ct-{number:02}" for number in range(1, 15)]
    devices = [
        created(where, {"installed": True}, f"device/{name}")
        for name in names
        for where in (f"device/{name}", f"network-connection/{name}/dicom")
    ]
    titles = [
        created(f"unique-ae-title/{name.upper()}", {}, f"unique-ae-title/{name.upper()}") for name in names
    ]
    return Plan("lab", BASIS, changes=(*devices, *titles, *changed_scanner()), counts={"directory": 4})


@pytest.fixture
def hostile_plan() -> Plan:
    """Values of a live system that somebody wrote to deceive whoever reads the plan."""
    terminal = "\x1b]0;owned\x07\x1b[2J[bold red]x[/] \u202e"
    markdown = "gpj.exe\u2069 ``` </details><script>alert(1)</script> @team #1 ![i](http://x)"
    evil = terminal + markdown
    live = {"description": evil, "software_versions": (evil, "```diff\n+ fake"), "station_name": "CT\xa01"}
    where = "network-connection/mr-1/dicom"
    return Plan(
        "lab",
        replace(BASIS, commit=evil),
        changes=(
            updated("device/mr-1", live, {"description": "MR"}, "device/mr-1"),
            created("device/evil", {evil: evil}),
        ),
        guards=(
            Guard("GUARD-WIDEN", evil, (Address("directory", "device", evil),), 1, 0, evil, notes=(evil,)),
        ),
        drifts=(
            difference(
                where, "device/mr-1", {"port": 104}, {"port": 104, "hostname": evil}, {"port": 104}, "drift"
            ),
        ),
        unmanaged=(Address("directory", "device", evil),),
        counts={evil: 3},
        notes={address(where): evil},
        blocked=(evil,),
    )


@pytest.fixture
def changeset(plan: Plan) -> ChangeSet:
    """An apply that went almost well."""
    good = [
        Outcome(change.address, change.action, "applied", milliseconds=4.2) for change in plan.changes[:16]
    ]
    return ChangeSet(
        "20261124-141205-5be1",
        plan,
        "Maria Weber <m.weber@example.org>",
        "ci@runner-3:4711",
        "2026-11-24T14:12:05Z",
        "2026-11-24T14:22:05Z",
        "closed",
        reason="second emergency CT goes live",
        ticket="RAD-118",
        acks=("GUARD-REMOVE",),
        outcomes=(
            *good,
            Outcome(
                plan.changes[16].address,
                "delete",
                "failed",
                "insufficient access: ask for write on cn=Devices",
                12,
            ),
            Outcome(plan.changes[17].address, "delete", "skipped", f"{plan.changes[16].address} failed"),
        ),
        proofs=(
            Proof("CT_ER_2 → ARCHIVE", "healthy", "echo 3 ms, 6 of 6 presentation contexts accepted"),
            Proof("CT_ER_1 → ARCHIVE", "failing", "association rejected: called AE title not recognised"),
            Proof("US_7 → ARCHIVE", "asleep", "expected intermittent, does not answer"),
        ),
        closed="2026-11-24T14:12:09Z",
    )


@pytest.fixture
def entries() -> tuple[Entry, ...]:
    return (
        Entry(
            "20261124-141205-5be1",
            "24 Nov 14:12",
            "M. Weber",
            "apply",
            "16 of 18 changes done, 1 failed",
            "c0ffee1a2b",
        ),
        Entry(
            "",
            "23 Nov 09:01",
            "J. Doe",
            "hold",
            "directory/network-connection/ct-er-1/dicom: scanner moves on Friday",
            "badc0de5f6",
        ),
        Entry(
            "20261122-080000-77aa", "22 Nov 08:00", "ci", "apply", "212 taken into the record", "9d41f07a1b"
        ),
    )


@pytest.fixture
def findings() -> tuple[Finding, ...]:
    return (
        Finding(
            "KEY-001",
            "warning",
            'Unknown key "stationname" in device mr-2; did you mean "station_name"?',
            fix='Write "station_name", or put attributes that pacsconf does not model under "extra".',
            place=Place("inventory/devices/mr.yaml", 2, 37, 11),
        ),
        Finding(
            "PACS-AE-003",
            "error",
            "AE title CT01 belongs to two devices",
            "Peers address a device by its title alone: images may reach the wrong one.",
            "Give one of them another title. Free by your naming rule: CT02, CT03.",
            path=("devices", "ct-er-2", "ae_titles", "CT01"),
            also=((Place("inventory/devices/ct.yaml", 3, 17, 4), "also the title of ct-er-1"),),
        ),
        Finding(
            "YAML-TAB",
            "error",
            "A tab where YAML wants spaces",
            "Editors show tabs at different widths, so YAML does not take them for indentation.",
            "Replace the tab by spaces.",
            place=Place("inventory/devices/ct.yaml", 7, 1),
        ),
        Finding(
            "DIR-SCHEMA",
            "error",
            "The directory's schema has no dicomDeviceUID",
            about=address("device/ct-er-2"),
        ),
    )


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compares with a file under cases/; `PACSCONF_GOLDEN=write` writes it first, to be read before committing."""

    def check(name: str, text: str) -> None:
        file = CASES / name
        if os.environ.get("PACSCONF_GOLDEN") == "write":
            file.write_text(text, encoding="utf-8")
        assert text == file.read_text(encoding="utf-8")

    return check
