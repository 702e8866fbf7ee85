"""A small hospital, and a lab folder that is left empty whatever a test does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pacsconf.inventory.model import Connection, Device, Inventory, NetworkAE, Node, TransferCapability
from pacsconf.inventory.systems import DirectoryConfig, OrthancConfig
from pacsconf.lab import practice, processes

STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
IMPLICIT = "1.2.840.10008.1.2"


@pytest.fixture
def a_device() -> Callable[..., Device]:
    """Makes a device with one AE on one connection, probed by echo; `queried`: it is an archive."""

    def make(name: str, title: str, host: str, *, queried=False, port=104, ae=None, **more) -> Device:
        find = TransferCapability(
            name="find", sop_class=STUDY_ROOT_FIND, role="SCP", transfer_syntaxes=(IMPLICIT,)
        )
        spoken = {"title": title, "connections": ("dicom",), "initiator": True, "acceptor": True} | (ae or {})
        return Device(
            name=name,
            connections={"dicom": Connection(host=host, port=port)},
            ae_titles={title: NetworkAE(**spoken, capabilities=(find,) if queried else ())},
            **({"type": "modality", "probe": "echo"} | more),
        )

    return make


@pytest.fixture
def hospital(a_device) -> Inventory:
    """A scanner, an ultrasound that is mostly off, an archive cluster with a standby, a partner, one directory."""
    devices = [
        a_device("ct-1", "CT1", "10.20.0.1"),
        a_device("us-1", "US1", "10.20.0.2", expected="intermittent"),
        a_device(
            "archive",
            "ARCHIVE",
            "10.20.0.5",
            queried=True,
            ae={"answers_to": ("OLD_PACS",)},
            nodes={"a": Node(host="10.20.0.6"), "b": Node(host="10.20.0.7", standby=True)},
        ),
        a_device("partner", "PARTNER", "198.51.100.9", external=True),
        a_device("probe", "PROBE", "10.20.0.9", port=None),
    ]
    directory = DirectoryConfig(
        name="directory", type="dicom-directory", url="ldaps://ldap.example.org", base="dc=example,dc=org"
    )
    return Inventory(devices={device.name: device for device in devices}, systems={"directory": directory})


@pytest.fixture
def with_orthanc(hospital, a_device) -> Callable[..., Inventory]:
    """Makes that hospital with an Orthanc `research`; keywords are facts of its AE, or of its `config`."""

    def make(title: str = "RESEARCH", *, config=None, **ae) -> Inventory:
        device = a_device("research", title, "10.20.0.8", queried=True, port=4242, ae=ae)
        system = OrthancConfig.model_validate(
            {"name": "research", "type": "orthanc", "url": "https://research.example.org", "ae": "research"}
            | (config or {})
        )
        return hospital.model_copy(
            update={
                "devices": {**hospital.devices, "research": device},
                "systems": {**hospital.systems, "research": system},
            }
        )

    return make


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where to make a lab; the space is there because home folders have them."""
    made = tmp_path / "my lab"
    yield made
    practice.down(made)
    left = processes.of(made)
    processes.end(made)
    assert left == {}
