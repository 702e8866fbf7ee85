"""Writing an Orthanc: each change is read before, merged, written and read again.

Orthanc has no compare-and-swap, and its PUT replaces the whole object. Between our read and our write somebody
else's write may be lost; the read after it shows only what came later. That race is a few milliseconds long.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pacsconf.core.address import Address
from pacsconf.core.change import Change, Status
from pacsconf.core.errors import PacsconfError, Refused
from pacsconf.core.resource import Fields, Value
from pacsconf.core.secret import Secret
from pacsconf.systems._http import Answer, Lost
from pacsconf.systems._orthanc.kinds import DICOMWEB, PEER
from pacsconf.systems._orthanc.live import Live, Server
from pacsconf.systems._orthanc.objects import PEER_FIELDS, Raw, foreign, peer_json, unreadable, web_json
from pacsconf.systems.base import conflict, stands

Password = Callable[[Address, str], Secret]
"""The password of the user of a web server, for the server's URL.

Raises: Refused when the inventory has no password for that user, OperatorError when it may not be sent there.
"""


class Writer:
    """Carries out changes on one Orthanc."""

    def __init__(self, live: Live, server: Server, password: Password) -> None:
        self.live = live
        self.server = server
        self.password = password

    def carry_out(self, change: Change) -> tuple[Status, str]:
        """What became of one change.

        Raises: SystemFault for a request that failed before anything can have been written.
        """
        kind, name = change.address.kind, change.address.parts[0]
        raw = self.live.one(self.server, kind, name)
        live = self._fields(change.address, raw)
        found = stands(change, live)
        if found == "after":
            return "applied", ""
        if found == "neither":
            return "failed", conflict(change, live)
        try:
            unclear = self._write(change, raw, live)
        except Lost as fault:
            return "unknown", fault.message
        if unclear:
            return "unknown", unclear
        return self._proven(change)

    def _fields(self, address: Address, raw: Raw | None) -> Fields | None:
        return None if raw is None else self.live.fields(address, raw)

    def _write(self, change: Change, raw: Raw | None, live: Fields | None) -> str:
        """Send the change: empty, or why it is not known whether it was made.

        Raises: Refused, Lost.
        """
        web = self.live.web
        place = (*self.server.places()[change.address.kind], change.address.parts[0])
        if change.after is None:
            self._require_ours(change.address, raw or {})
            answer = web.ask("DELETE", *place)
        else:
            body = self._body(change, raw or {}, live or {})
            answer = web.ask("PUT", *place, body=body)
        if answer.ok or (change.after is None and _was_gone(change.address.kind, answer)):
            return ""
        fault = web.fault(answer, f"Orthanc did not {change.action} it")
        if answer.is_unclear:
            return fault.in_full
        raise fault

    def _require_ours(self, address: Address, raw: Raw) -> None:
        """Refuse to delete what somebody wrote into a server since the plan was made: a resume may be days later.

        Raises: Refused.
        """
        if address.kind != PEER and (names := foreign(raw)):
            raise Refused(
                address.system,
                f"it holds what pacsconf never wrote ({', '.join(names)}), and deleting it would lose that",
                fix="Remove it by hand if nobody needs it, then plan again.",
            )

    def _body(self, change: Change, raw: Raw, live: Fields) -> Mapping[str, object]:
        """The whole object: what was read just before, with what the change names over it."""
        assert change.after is not None, "a delete has no body"
        changed = {field.name: field.after for field in change.fields}
        wanted = {**live, **changed}
        fields: dict[str, Value] = {name: value for name, value in wanted.items() if value is not None}
        if change.address.kind == PEER:
            names = frozenset(changed) if change.action == "update" else PEER_FIELDS
            return {**raw, **peer_json(fields, names)}
        if lost := unreadable(raw):
            raise Refused(
                change.address.system,
                f"it holds {' and '.join(lost)} that Orthanc does not give back, so a write would lose them",
                fix="Change it by hand, or delete it by hand and let pacsconf make it anew.",
            )
        return web_json(fields, raw, self._secret(change.address, fields))

    def _secret(self, address: Address, fields: Fields) -> str | None:
        """The password to write: PUT replaces, so it is needed however small the change is."""
        if "user" not in fields:
            return None
        return self.password(address, str(fields["user"])).reveal()

    def _proven(self, change: Change) -> tuple[Status, str]:
        """Read what was written: only what stands there counts."""
        try:
            raw = self.live.one(self.server, change.address.kind, change.address.parts[0])
            live = self._fields(change.address, raw)
        except PacsconfError as fault:
            return "unknown", f"it was written, and could not be read again: {fault.message}"
        if stands(change, live) == "after":
            return "applied", ""
        return "failed", f"it was written, but does not stand: {_instead(change, live)}"


def _was_gone(kind: str, answer: Answer) -> bool:
    """Whether a delete found nothing; the DICOMweb plugin calls that a bad request."""
    return answer.status == (400 if kind == DICOMWEB else 404)


def _instead(change: Change, live: Fields | None) -> str:
    if live is None:
        return "somebody else deleted it at the same time"
    if change.after is None:
        return "somebody else made it again, or it comes from Orthanc's configuration file"
    wrong = sorted(
        name
        for name in {field.name for field in change.fields}
        if live.get(name) != change.after.fields.get(name)
    )
    return (
        f"Orthanc answers with another {', '.join(wrong)}; it does not keep that, or somebody else wrote too"
    )
