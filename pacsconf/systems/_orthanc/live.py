"""What an Orthanc holds now, over REST: whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pacsconf.core.address import Address
from pacsconf.core.errors import BadAnswer
from pacsconf.core.resource import State, Typed, Value
from pacsconf.systems._http import Web
from pacsconf.systems._orthanc.kinds import DICOMWEB, KINDS, ORTHANC, PEER
from pacsconf.systems._orthanc.objects import Raw, peer_fields, web_fields
from pacsconf.systems._orthanc.storage import Filling, Limits, filling, limits

Path = tuple[str, ...]
"""Segments of a path below the address of the REST interface."""

_NOW = "%Y%m%dT%H%M%S"
"""How /tools/now spells the moment, in UTC."""

PROJECTIONS: Mapping[str, Callable[[Raw], dict[str, Value]]] = {
    PEER: peer_fields,
    ORTHANC: web_fields,
    DICOMWEB: web_fields,
}


@dataclass(frozen=True, slots=True)
class Server:
    """What an Orthanc tells of itself; `dicomweb` is where its plugin answers, None without one."""

    version: str
    ae_title: str
    dicom_port: int | None
    dicomweb: Path | None
    limits: Limits = field(default_factory=Limits)
    plugins: frozenset[str] = frozenset()
    """The names under which its plugins present themselves."""

    def places(self) -> Mapping[str, Path]:
        """Where each kind is that this server has."""
        found: dict[str, Path] = {PEER: ("modalities",), ORTHANC: ("peers",)}
        return found | ({DICOMWEB: (*self.dicomweb, "servers")} if self.dicomweb else {})


class Live:
    """Reads one Orthanc. Whatever is not of the shape that Orthanc answers in is a BadAnswer."""

    def __init__(self, web: Web) -> None:
        self.web = web

    def server(self) -> Server:
        """What it tells of itself."""
        told = self._object(self.web.get("system"), "system")
        version, title, port = told.get("Version"), told.get("DicomAet"), told.get("DicomPort")
        if not isinstance(version, str) or not isinstance(title, str):
            raise self._no_orthanc("system")
        plugins = self._plugins()
        return Server(
            version,
            title,
            port if isinstance(port, int) else None,
            self._dicomweb() if "dicom-web" in plugins else None,
            limits(told, whole=False),
            plugins,
        )

    def filling(self) -> Filling | None:
        """How full it is; None where this account may not ask. It counts all images, which may take a while."""
        answer = self.web.ask("GET", "statistics")
        return filling(answer.json(self.web.service.name, self.web.at("statistics"))) if answer.ok else None

    def now(self) -> datetime | None:
        """What its clock shows, in UTC and whole seconds; None where it does not say so to this account."""
        answer = self.web.ask("GET", "tools", "now")
        try:
            return datetime.strptime(answer.body.decode("ascii"), _NOW).replace(tzinfo=UTC)
        except ValueError:
            return None

    def _plugins(self) -> frozenset[str]:
        found = self.web.get("plugins")
        if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
            raise self._no_orthanc("plugins")
        return frozenset(found)

    def _dicomweb(self) -> Path:
        """Where the DICOMweb plugin answers: its settings may move it, and its own page tells (`RootUri`)."""
        about = self._object(self.web.get("plugins", "dicom-web"), "plugins/dicom-web")
        root, _, page = str(about.get("RootUri", "")).partition("/app/")
        segments = tuple(segment for segment in root.split("/") if segment not in ("", ".", ".."))
        return segments if page and segments else ("dicom-web",)

    def everything(self, server: Server) -> dict[str, dict[str, Raw]]:
        """All objects by kind and name, one request for each kind."""
        return {kind: self._all(place) for kind, place in server.places().items()}

    def one(self, server: Server, kind: str, name: str) -> Raw | None:
        """One object as it is at this moment; None where there is none."""
        place = server.places()[kind]
        if kind == DICOMWEB:  # the plugin tells of one server only together with all
            return self._all(place).get(name)
        found = self.web.find(*place, name, "configuration")
        return None if found is None else self._object(found, "/".join((*place, name)))

    def _all(self, place: Path) -> dict[str, Raw]:
        at = "/".join(place)
        found = self._object(self.web.get(*place, query="expand"), at)
        if "" in found:
            raise self._no_orthanc(at)  # Orthanc gives everything a name
        for name, raw in found.items():
            if not isinstance(raw, dict):
                raise self._no_orthanc(f"{at}/{name}")
        return found

    def resources(self, system: str, objects: Mapping[str, Mapping[str, Raw]]) -> Typed:
        """The objects as resources, with the fields that we know; typed when somebody looks at them."""
        states: dict[Address, State] = {}
        for kind in sorted(objects):
            for name in sorted(objects[kind]):
                address = Address.of(system, kind, name)
                states[address] = State(address, address, self.fields(address, objects[kind][name]))
        return Typed(states, KINDS)

    def fields(self, address: Address, raw: Raw) -> dict[str, Value]:
        """Our fields of one object."""
        try:
            return PROJECTIONS[address.kind](raw)
        except ValueError as exc:
            raise BadAnswer(
                address.system,
                f"{address}: {exc} is missing, or is not what Orthanc answers",
                fix="Check `url`, and the version of Orthanc: pacsconf knows 1.10 and later.",
            ) from exc

    def _object(self, value: Any, at: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self._no_orthanc(at)
        return value

    def _no_orthanc(self, at: str) -> BadAnswer:
        return BadAnswer(
            self.web.service.name,
            f"{self.web.at(at)} answers in JSON, but not as Orthanc does",
            fix="Check `url`: it is the address under which Orthanc's REST interface has /system.",
        )
