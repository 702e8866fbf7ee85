"""What an archive's tree may hold too: allowed, seldom, and easily lost on the way."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator

from tests.ldif_text import Entry, Values, entry, escaped

CERTIFICATE = base64.b64decode(
    "MIIBijCCATGgAwIBAgIUDGCizEbliiwMmsaXHesYTC7et8AwCgYIKoZIzj0EAwIwGjEYMBYGA1UEAwwPWlpURVNUIFBBQ1NDT05G"
    "MCAXDTI2MTEyNjE4MzYwM1oYDzIxMjYxMTAyMTgzNjAzWjAaMRgwFgYDVQQDDA9aWlRFU1QgUEFDU0NPTkYwWTATBgcqhkjOPQIB"
    "BggqhkjOPQMBBwNCAAT8o5/ss14JV9l34BXWUly0v8EUHNAtlLGB6RjW8gP8aQLmbvT1YSSJcnL883P6Upubrl3NGa/x0eOsBRSw"
    "lsHMo1MwUTAdBgNVHQ4EFgQUdn8dA22LDx0xvjLfRDjsijHkOvAwHwYDVR0jBBgwFoAUdn8dA22LDx0xvjLfRDjsijHkOvAwDwYD"
    "VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiBD9E8NAWrr0FHWWeGEitCZxEcCsTyRGNbglS9lR8/lWQIgYeiUympYjxU3"
    "SQ8k5+/k/ehuVN4GB/iMEfEWDyATzEk="
)
"""Of nobody: its key was thrown away."""


def oddities(devices: str, titles: str, wanted: frozenset[str]) -> Iterator[Entry]:
    """The wanted of `ENTRIES`, below the entries of devices and of AE titles."""
    for name in sorted(wanted & ENTRIES.keys()):
        yield from ENTRIES[name](devices, titles)


def _device(devices: str, name: str, classes: str = "", **attributes: Values) -> Entry:
    kinds = f"dicomDevice {classes}"
    return entry((("dicomDeviceName", name),), devices, kinds, dicomInstalled="TRUE", **attributes)


def _spaces(devices: str, _: str) -> Iterator[Entry]:
    yield _device(
        devices, "odd-spaces", dicomDescription=" before and after ", dicomManufacturer="two  inside"
    )


def _non_ascii(devices: str, _: str) -> Iterator[Entry]:
    yield _device(devices, "gerät-süd", dicomDescription="Röntgen, 2. Stock", dicomStationName="研究用")


def _vendor_data(devices: str, _: str) -> Iterator[Entry]:
    yield _device(devices, "odd-vendor", dicomVendorData=[b"PK\x03\x04\x00\xff\xfe\r\n", bytes(range(256))])


def _binary(devices: str, _: str) -> Iterator[Entry]:
    yield _device(devices, "odd-certificate", "pkiUser", userCertificate__binary=CERTIFICATE)


def _multi_rdn(devices: str, titles: str) -> Iterator[Entry]:
    above = f"dicomDeviceName=odd-names,{devices}"
    yield _device(devices, "odd-names")
    yield entry((("dicomHostname", "10.20.9.9"), ("dicomPort", "104")), above, "dicomNetworkConnection")
    yield entry(
        (("dicomAETitle", "ODD_NAMES"),),
        above,
        "dicomNetworkAE",
        dicomAssociationInitiator="TRUE",
        dicomAssociationAcceptor="FALSE",
        dicomNetworkConnectionReference=f"dicomHostname=10.20.9.9+dicomPort=104,{above}",
    )
    yield entry(
        (("dicomSOPClass", "1.2.840.10008.1.1"), ("dicomTransferRole", "SCU")),
        f"dicomAETitle=ODD_NAMES,{above}",
        "dicomTransferCapability",
        dicomTransferSyntax="1.2.840.10008.1.2",
    )
    yield entry((("dicomAETitle", "ODD_NAMES"),), titles, "dicomUniqueAETitle")


def _escapes(devices: str, _: str) -> Iterator[Entry]:
    device = 'room 3, "left" + right'
    yield _device(devices, device)
    for name in ("#1", "a=b;c", " padded ", "back\\slash", "<dicom>"):
        above = f"dicomDeviceName={escaped(device)},{devices}"
        yield entry((("cn", name),), above, "dicomNetworkConnection", dicomHostname="10.20.9.8")


ENTRIES: dict[str, Callable[[str, str], Iterator[Entry]]] = {
    "binary": _binary,
    "escapes": _escapes,
    "multi_rdn": _multi_rdn,
    "non_ascii": _non_ascii,
    "spaces": _spaces,
    "vendor_data": _vendor_data,
}
"""Each makes its entries from the DNs of the entries of devices and of AE titles."""
