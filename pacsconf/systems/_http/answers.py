"""What a web service answered, and what it means in words (RFC 9110 section 15)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pacsconf.core.errors import BadAnswer, Refused, SystemFault, Unavailable

UNAUTHORIZED, FORBIDDEN, NOT_FOUND, DISK_FULL = 401, 403, 404, 507
_GATEWAY = frozenset({502, 503, 504})
_MEANINGS = {
    UNAUTHORIZED: "the user name or the password is wrong",
    FORBIDDEN: "this account may not do this",
    NOT_FOUND: "there is no such thing",
    405: "it does not take such a request here",
    407: "a proxy in between asks for a login of its own",
    409: "somebody else changed it at the same time",
    413: "it does not take so much at once",
    429: "it is asked too often",
    502: "the proxy in front of it gets no answer from it",
    503: "it is not available at the moment",
    504: "the proxy in front of it gets no answer from it in time",
    DISK_FULL: "its disk is full",
}
_FIXES = {
    FORBIDDEN: "Let the account that pacsconf uses do this, or name another under `login`.",
    407: "Reach it without that proxy.",
    429: "Try again later.",
    502: "See that the service behind the proxy runs.",
    503: "Try again later.",
    504: "See that the service behind the proxy runs.",
    DISK_FULL: "Make room on its disk; nothing can be written until then.",
}
_SEE_LOG = "The server's own log says more."
_SAID = ("Message", "Details", "errorMessage")
"""Where a server's own words stand: Orthanc's in the first two, dcm4chee's in the last."""
_LONGEST = 200
"""Characters of a server's own words that are repeated."""


class Lost(Unavailable):
    """A request was sent and its answer never came: what became of it is not known."""


class HungUp(Lost):
    """The connection ended before an answer began."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The whole answer to one request."""

    status: int
    content_type: str
    body: bytes
    location: str = ""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_unclear(self) -> bool:
        """Whether a write that was answered so may have been made all the same."""
        return self.status >= 500

    @property
    def text(self) -> str:
        """What it means, in words, with the server's own message."""
        if 300 <= self.status < 400:
            where = f" to {told(self.location)}" if self.location else ""
            return f"it sends us on{where} (HTTP {self.status}), which pacsconf does not follow"
        meaning = _MEANINGS.get(self.status, "it reports an error" if self.status >= 500 else "it refuses")
        remark = self.remark
        return f"{meaning} (HTTP {self.status}{': ' + remark if remark else ''})"

    @property
    def remark(self) -> str:
        """The server's own message, bounded and printable."""
        try:
            said = json.loads(self.body)
        except (ValueError, RecursionError):
            return ""
        if not isinstance(said, dict):
            return ""
        words = [said[key] for key in _SAID if isinstance(said.get(key), str)]
        return told(": ".join(word for word in words if word))

    def json(self, system: str, what: str) -> Any:
        """The JSON in it.

        Raises: BadAnswer when it is something else, such as the sign-in page of a proxy.
        """
        try:
            return _text_only(self.body, json.loads(self.body))
        except (ValueError, RecursionError) as exc:
            raise BadAnswer(
                system,
                f"{what} answers with {self._form()} where JSON is expected",
                fix="Check `url`: a proxy or another service may stand in between.",
            ) from exc

    def _form(self) -> str:
        if not self.body:
            return "nothing"
        page = self.body.lstrip()[:1] == b"<" or "html" in self.content_type
        return "a web page" if page else "something that is no JSON, or is cut short"

    def fault(self, system: str, doing: str, fix: str = "") -> SystemFault:
        """The exception for an answer that ends what we were `doing`; `fix` where that is known better there."""
        message = f"{doing}: {self.text}"
        fix = fix or _FIXES.get(self.status, _SEE_LOG)
        if 300 <= self.status < 400:
            return BadAnswer(system, message, fix="Write the address that is meant in `url`.")
        if self.status in _GATEWAY:
            return Unavailable(system, message, fix=fix)
        refused = self.status < 500 or self.status == DISK_FULL
        return (Refused if refused else BadAnswer)(system, message, fix=fix)


def _text_only(body: bytes, found: Any) -> Any:
    """What was parsed, as it is. JSON can spell half a character (a lone surrogate), which no text holds.

    In ASCII only an escape spells one, and most answers have none; NUL is what an answer in UTF-16 would have.

    Raises: ValueError for that.
    """
    if not body.isascii() or b"\\" in body or b"\0" in body:
        json.dumps(found, ensure_ascii=False).encode()
    return found


def told(text: str) -> str:
    """What somebody else's server said, bounded and without control characters."""
    shown = "".join(character if character.isprintable() else "?" for character in text[: _LONGEST + 1])
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
