"""The archive's part of a directory as dcm4chee is delivered: hundreds of capabilities in one AE, many in its siblings.

Written from what its configuration is like, not copied from it: SOP classes are those of the dictionary, private
ones are made up below an arc of our own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pacsconf.inventory import uids
from pacsconf.systems._ldap import Entry
from tests.adopt.trees import ae, capability, connection, containers, device, reserved

DEVICE = "dcm4chee-arc"
MAIN = "DCM4CHEE"
READERS = ("AS_RECEIVED", "IOCM_EXPIRED", "IOCM_PAT_SAFETY", "IOCM_QUALITY", "IOCM_REGULAR_USE", "IOCM_WRONG_MWL")
WORKLIST = "WORKLIST"

PLAIN = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1")
IMAGE = (*PLAIN, *(f"1.2.840.10008.1.2.4.{leaf}" for leaf in (50, 51, 57, 70, 80, 81, 90, 91)), "1.2.840.10008.1.2.5")
VIDEO = tuple(f"1.2.840.10008.1.2.4.{leaf}" for leaf in (50, 100, 101, 102, 103, 104, 105, 106))
REPORT = (*PLAIN, "1.2.840.10008.1.2.1.99")
PRIVATE = {f"Private Vendor {number} Storage": f"1.3.6.1.4.1.99999.5.{number}" for number in range(1, 41)}


def storage() -> Iterator[tuple[str, str, Sequence[str]]]:
    """Name, UID and transfer syntaxes of every SOP class that an archive stores."""
    for uid, entry in uids.dictionary().items():
        if entry.kind == "SOP class" and "Storage" in entry.keyword and entry.standard == "DICOM":
            if uid == uids.STORAGE_COMMITMENT or "Commitment" in entry.keyword:
                continue
            video = entry.keyword.startswith("Video")
            report = "SR" in entry.keyword
            image = "Image" in entry.keyword or "Map" in entry.keyword
            syntaxes = VIDEO if video else REPORT if report else IMAGE if image else PLAIN
            yield uids.printed(uid), uid, syntaxes
    for name, uid in PRIVATE.items():
        yield name, uid, PLAIN


def asked() -> Iterator[tuple[str, str]]:
    """Name and UID of what an archive is asked."""
    for root in ("1", "2", "3"):
        for leaf in ("1", "2", "3"):
            uid = f"1.2.840.10008.5.1.4.1.2.{root}.{leaf}"
            yield uids.printed(uid), uid


SERVICES = (uids.VERIFICATION, uids.STORAGE_COMMITMENT, uids.MPPS, uids.MODALITY_WORKLIST)


def archive() -> list[Entry]:
    """The tree of the device, with the containers."""
    entries = [*containers(), device(DEVICE, dicomPrimaryDeviceType="ARCHIVE", dicomManufacturer="dcm4che.org")]
    entries.append(connection(DEVICE, dicomHostname="arc.example.org", dicomPort="11112"))
    for title in (MAIN, *READERS, WORKLIST):
        entries += [ae(DEVICE, title), reserved(title), *_capabilities(title)]
    return entries


def _capabilities(title: str) -> Iterator[Entry]:
    def one(name: str, uid: str, role: str, syntaxes: Sequence[str] = PLAIN[:1]) -> Entry:
        return capability(DEVICE, title, f"{name} {role}", uid, role, tuple(syntaxes))

    for uid in SERVICES:
        if title == MAIN or uid == uids.VERIFICATION or title == WORKLIST:
            yield one(uids.printed(uid), uid, "SCP")
    if title == WORKLIST:
        return
    for name, uid, syntaxes in storage():
        yield one(name, uid, "SCU", syntaxes)
        if title == MAIN:
            yield one(name, uid, "SCP", syntaxes)
    for name, uid in asked():
        yield one(name, uid, "SCP")
