"""What the lab itself tells its Orthancs over their REST interface, as pacsconf's user."""

from __future__ import annotations

import base64
import json
import urllib.request
from collections.abc import Collection, Mapping
from typing import Any

from pacsconf.inventory.systems import Right
from pacsconf.lab.orthanc import Orthanc

_RIGHTS: Mapping[Right, str] = {
    "echo": "AllowEcho",
    "find": "AllowFind",
    "worklist": "AllowFindWorklist",
    "get": "AllowGet",
    "move": "AllowMove",
    "n-action": "AllowNAction",
    "n-event-report": "AllowEventReport",
    "store": "AllowStore",
    "transcoding": "AllowTranscoding",
}


def modality(title: str, host: str, port: int, allow: Collection[Right]) -> dict[str, Any]:
    """A modality in whole: what is left out of one, Orthanc allows."""
    allowed = {word: right in allow for right, word in _RIGHTS.items()}
    return {"AET": title, "Host": host, "Port": port, **allowed}


def put(server: Orthanc, path: str, body: object) -> None:
    """Change something in an Orthanc of the lab, as pacsconf."""
    asked(server, path, "PUT", body)


def asked(server: Orthanc, path: str, method: str = "GET", body: object = None) -> Any:
    """What an Orthanc of the lab answers."""
    return _answered(server, path, method, None if body is None else json.dumps(body).encode())


def stored(server: Orthanc, data: bytes) -> bool:
    """Store an object, as a file, in an Orthanc of the lab. False: it was there already."""
    return bool(_answered(server, "/instances", "POST", data)["Status"] == "Success")


def _answered(server: Orthanc, path: str, method: str, content: bytes | None) -> Any:
    login = base64.b64encode(f"{server.user}:{server.password}".encode()).decode()
    request = urllib.request.Request(  # noqa: S310  (its address is ours)
        server.url + path,
        content,
        {"Authorization": f"Basic {login}"},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        text = answer.read()
    return json.loads(text) if text.strip() else None
