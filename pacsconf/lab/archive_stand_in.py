"""A stand-in for one call of a dcm4chee archive: `POST /dcm4chee-arc/ctrl/reload`. It is not an archive.

No archive can be installed beside a test. This process does in the call what an archive does as far as one can see
from outside: it reads its device from the directory, answers 204 when all of it can be loaded, and 409 with
`{"errorMessage": ...}` when it cannot. `GET /dcm4chee-arc/ctrl/status` says that it runs. There is nothing else:
no DICOM, no web services, no database.

Run as `python -m pacsconf.lab.archive_stand_in FOLDER/NAME.json`, which says where the directory is and at which
port to answer; it is read for each call, so that a directory may move. `NAME.fault` beside it, with
`{"status": 500, "seconds": 0}`, makes the next calls fail or wait.
"""

from __future__ import annotations

import hmac
import json
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

from pacsconf.lab.archive_config import Entry, entries, name, wrong

ROOT = "/dcm4chee-arc"
SERVER = "pacsconf-lab-reload-stand-in (not an archive)"
FAULT = ".fault"
_LONGEST = 60.0
_WITHIN = 30
"""Seconds: to be waited for at most, and for the directory."""
_MOST = 65536
"""Bytes that are read of what comes with a call."""

Answer = tuple[int, Mapping[str, str] | None]
"""A status, and the JSON that goes with it."""


class Handler(BaseHTTPRequestHandler):
    """Answers one archive's calls."""

    server_version = SERVER
    sys_version = ""
    settings: ClassVar[Path]

    def do_GET(self) -> None:
        self._answer("ctrl/status", lambda _: (HTTPStatus.OK, {"status": "STARTED"}))

    def do_POST(self) -> None:
        self._answer("ctrl/reload", reloaded)

    def _answer(self, path: str, made: Any) -> None:
        length = self.headers.get("Content-Length", "")
        self.rfile.read(min(int(length), _MOST) if length.isdecimal() else 0)
        asked: dict[str, Any] = json.loads(self.settings.read_text())
        if self.path.partition("?")[0] != f"{ROOT}/{path}":
            self._send((HTTPStatus.NOT_FOUND, {"errorMessage": f"{SERVER}: there is nothing but ctrl here"}))
            return
        refused = _refused(asked, self.headers.get("Authorization"))
        self._send((refused, None) if refused else _disturbed(self.settings) or made(asked))

    def _send(self, answer: Answer) -> None:
        status, said = answer
        body = json.dumps(said).encode() if said is not None else b""
        self.send_response(status)
        if status == HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", 'Bearer realm="practice"')
        if body:  # as the archive does, errors in JSON go by the type of plain text
            kind = "application/json" if status == HTTPStatus.OK else "text/plain"
            self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _refused(asked: Mapping[str, Any], given: str | None) -> int:
    """401 for a caller who does not say who he is, 403 for a wrong one; 0 for the right, or where none is asked."""
    if "token" in asked:
        expected = f"Bearer {Path(asked['token']).read_text()}"
    elif "login" in asked:
        user, password = asked["login"]
        expected = "Basic " + b64encode(f"{user}:{Path(password).read_text()}".encode()).decode()
    else:
        return 0
    if given is None:
        return HTTPStatus.UNAUTHORIZED
    return 0 if hmac.compare_digest(given.encode(), expected.encode()) else HTTPStatus.FORBIDDEN


def _disturbed(settings: Path) -> Answer | None:
    """What somebody wished to go wrong; None when the call is to be answered as usual."""
    try:
        fault = json.loads(settings.with_suffix(FAULT).read_text())
    except FileNotFoundError:
        return None
    time.sleep(min(float(fault.get("seconds", 0)), _LONGEST))
    status = fault.get("status")
    return (int(status), {"errorMessage": "as it was wished"}) if status else None


def reloaded(asked: Mapping[str, Any]) -> Answer:
    """What becomes of reading the device again.

    It is the device of its own name where there is one, else every device that is an archive.
    """
    try:
        whole = list(entries(_searched(asked, "(objectClass=*)", "1.1")))
        found = [*entries(_searched(asked, "(objectClass=dcmArchiveDevice)", "dicomDeviceName"))]
        named = [each for each in found if asked["name"] in each["dicomDeviceName"]]
        if not found:
            return HTTPStatus.CONFLICT, {"errorMessage": "no archive device in the directory"}
        known = frozenset(name(each["dn"][0]) for each in whole)
        for archive in named or found:
            said = wrong(_device(asked, archive), known)
            if said:
                return HTTPStatus.CONFLICT, {"errorMessage": said}
    except (subprocess.SubprocessError, OSError) as exc:
        return HTTPStatus.INTERNAL_SERVER_ERROR, {"errorMessage": f"the directory cannot be read: {exc}"}
    return HTTPStatus.NO_CONTENT, None


def _device(asked: Mapping[str, Any], archive: Entry) -> list[Entry]:
    return list(entries(_searched({**asked, "base": archive["dn"][0]}, "(objectClass=*)")))


def _searched(asked: Mapping[str, Any], condition: str, *attributes: str) -> str:
    """What ldapsearch prints of the entries below `base`; its DNs in plain text, since they are looked at."""
    who = ["-x", "-H", asked["ldap"], "-D", asked["bind"], "-y", asked["password"]]
    command = ["ldapsearch", "-LLL", "-o", "ldif-wrap=no", *who, "-b", asked["base"], condition, *attributes]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_WITHIN, check=False)
    if done.returncode:
        raise subprocess.SubprocessError(done.stderr.strip()[:200])
    return done.stdout


def serve(settings: Path) -> None:
    """Answer at the loopback until the end."""
    Handler.settings = settings
    port = json.loads(settings.read_text())["port"]
    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        server.serve_forever()


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
