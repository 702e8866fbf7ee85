"""A small hospital, changed by each test in one point, and the solver asked about it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pacsconf.dicom.reach import Reach, reach
from pacsconf.inventory.loader import Loaded, load
from pacsconf.inventory.whom import meant

HOSPITAL = """\
sites: {main: {}, north: {}}
devices:
  ct-1:
    {type: modality, modality: CT, site: main, ae_title: CT_1, host: 10.0.1.1, port: 104, offers: verification,
     uses: [ct-image-storage, x-ray-radiation-dose-sr-storage, storage-commitment, modality-worklist]}
  ws-1:
    {type: workstation, site: north, ae_title: WS_1, host: 10.0.2.1, port: 11112, offers: ct-image-storage,
     uses: [query-retrieve]}
  archive:
    {type: archive, site: main, ae_title: ARCHIVE, host: 10.0.0.1, port: 104,
     uses: [storage, storage-commitment], offers: [storage, storage-commitment, query-retrieve]}
  ris: {type: worklist, site: main, ae_title: RIS, host: 10.0.0.2, port: 104, offers: modality-worklist}
flows:
  images: {from: {type: modality}, to: {device: archive}, services: [storage, storage-commitment]}
  confirms: {from: {device: archive}, to: {type: modality}, services: storage-commitment}
  reading: {from: {type: workstation}, to: {device: archive}, services: query-retrieve}
  fetched: {from: {device: archive}, to: {type: workstation}, services: storage}
  worklist: {from: {type: modality}, to: {device: ris}, services: modality-worklist}
"""

KEEPS = "offers: [storage, storage-commitment, query-retrieve]"
"""What the archive offers."""
FEW = (KEEPS, KEEPS.replace("[storage,", "[ct-image-storage,"))
SENDS = "uses: [storage, storage-commitment]"
"""What the archive uses."""
IMAGES = "images: {from: {type: modality}, to: {device: archive}"
WORKLIST = "worklist: {from: {type: modality}, to: {device: ris}, services: modality-worklist}"

Loads = Callable[..., Loaded]
Asks = Callable[..., Reach]


@pytest.fixture
def loads(tmp_path: Path) -> Loads:
    """The hospital loaded, each pair of texts replaced; `text` is another one, `further` as `load` takes it."""

    def loaded(*changes: tuple[str, str], text: str = HOSPITAL, further=None) -> Loaded:
        for before, after in changes:
            assert before in text, before
            text = text.replace(before, after)
        folder = tmp_path / "inventory"
        folder.mkdir(exist_ok=True)
        (folder / "all.yaml").write_text(text, encoding="utf-8")
        return load(tmp_path, None, further)

    return loaded


@pytest.fixture
def asks(loads: Loads) -> Asks:
    """Whether `caller` would reach `called` in the hospital with these changes."""

    def asked(
        caller: str, called: str, *changes: tuple[str, str], services=None, text: str = HOSPITAL
    ) -> Reach:
        loaded = loads(*changes, text=text)
        assert loaded.built is not None, loaded.findings
        ends = (meant(loaded.built, name) for name in (caller, called))
        return reach(loaded.built, *ends, services)

    return asked


def causes(result: Reach) -> list[str]:
    """What keeps a pair from working."""
    return [reason.cause for reason in result.reasons if reason.breaks]


def fits(result: Reach) -> dict[str, str]:
    """How each service fares."""
    return {service.name: service.outcome for service in result.services}
