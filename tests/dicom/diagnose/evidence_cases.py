"""Evidence as the files of cases write it: one pair in one state, and what is to be said of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from pacsconf.core.address import Address
from pacsconf.dicom.diagnose.evidence import End, Evidence, FlowSeen, Obstacle, Row, Table, WorklistSeen
from pacsconf.dicom.heard import Heard
from pacsconf.dicom.observation import Encryption, Fault, Negotiated, Observation, Step
from pacsconf.dicom.targets import Target

CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
CALLER = {
    "title": "CT_ER_1",
    "device": "ct-er-1",
    "host": "10.20.7.17",
    "port": 104,
    "place": "inventory/devices/ct.yaml:14",
    "address_place": "inventory/devices/ct.yaml:9",
    "asks": [[CT, ["1.2.840.10008.1.2"]]],
}
CALLED = {
    "title": "ARCHIVE",
    "device": "archive",
    "host": "10.20.0.5",
    "port": 11112,
    "place": "inventory/devices/archive.yaml:2",
    "address_place": "inventory/devices/archive.yaml:3",
    "offers": [[CT, ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"]], [MR, ["1.2.840.10008.1.2"]]],
}
FLOWS = [{"name": "modalities-to-archive", "services": ["storage"], "place": "inventory/flows.yaml:3"}]


def cases(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.yaml"))


def evidence(written: dict[str, Any]) -> Evidence:
    """The evidence of a case: what it does not say is two that are declared, connected by a flow, and well."""
    keys = {"flows": FLOWS, "services": ["storage"], "probed_as": "PACS_ADMIN"} | written
    called = End(**_tuples(CALLED | keys.pop("called", {})))
    return Evidence(
        caller=End(**_tuples(CALLER | keys.pop("caller", {}))),
        called=called,
        flows=tuple(FlowSeen(**_tuples(flow)) for flow in keys.pop("flows")),
        reverse=tuple(FlowSeen(**_tuples(flow)) for flow in keys.pop("reverse", ())),
        obstacles=tuple(Obstacle(**each) for each in keys.pop("obstacles", ())),
        tables=tuple(map(_table, keys.pop("tables", ()))),
        wire=_seen(keys.pop("wire", None), called),
        further=tuple(filter(None, (_seen(each, called) for each in keys.pop("further", ())))),
        impersonated=_seen(keys.pop("impersonated", None), called),
        heard=tuple(Heard(**_tuples(each)) for each in keys.pop("heard", ())),
        worklist=_worklist(keys.pop("worklist", None)),
        **_tuples(keys),
    )


def _tuples(value: Any) -> Any:
    """Lists, however deep, as tuples, but for the keys of a map."""
    if isinstance(value, dict):
        return {key: _deep(each) for key, each in value.items()}
    return _deep(value)


def _deep(value: Any) -> Any:
    return tuple(map(_deep, value)) if isinstance(value, list) else value


def _table(written: dict[str, Any]) -> Table:
    keys = {"type": "orthanc", "holder": "called"} | written
    rows = tuple(_row(keys["system"], row) for row in keys.pop("rows", ()))
    rules = frozenset(keys.pop("rules", ()))
    return Table(rows=rows, rules=rules, **keys)


def _row(system: str, written: dict[str, Any]) -> Row:
    keys = {"about": "caller"} | _tuples(written)
    for side in ("declared", "live", "last"):
        if side in keys:
            keys[side] = _tuples(keys[side])
    return Row(address=Address.parse(f"{system}/{keys.pop('address')}"), **keys)


def _seen(written: dict[str, Any] | None, called: End) -> Observation | None:
    if written is None:
        return None
    keys = dict(written)
    target = {
        "device": called.device,
        "title": called.title,
        "connection": "dicom",
        "host": called.host,
        "port": called.port,
        "declared": called.at,
        "level": "services",
        "calling": "PACS_ADMIN",
        "tls": called.tls,
        "contexts": called.offers,
    } | _tuples(keys.pop("target", {}))
    encryption = keys.pop("encryption", None)
    return Observation(
        target=Target(**target),
        steps=tuple(map(_step, keys.pop("steps", ()))),
        contexts=tuple(Negotiated(*each) for each in keys.pop("contexts", ())),
        encryption=Encryption(**_tuples(encryption)) if encryption else None,
        **keys,
    )


def _step(written: dict[str, Any] | str) -> Step:
    if isinstance(written, str):
        return Step(written, True, "well", 1.0)  # type: ignore[arg-type]
    keys = {"passed": False, "text": "it failed", "milliseconds": 1.0} | written
    fault = keys.pop("fault", None)
    return Step(fault=Fault(**_tuples(fault)) if fault else None, **keys)


def _worklist(written: dict[str, Any] | None) -> WorklistSeen | None:
    if written is None:
        return None
    keys = _tuples(written)
    step = keys.pop("step", None)
    return WorklistSeen(step=_step(step) if step else None, **keys)


def load(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(file.read_text())
    return found
