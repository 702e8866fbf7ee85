"""One association in which an acceptance run asks for something: store, query, fetch, commit, report a step."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from pacsconf.dicom.upper_layer.acceptance import NO_ANSWER, Acceptance, Contexts, context_id
from pacsconf.dicom.upper_layer.association import Association, Took
from pacsconf.dicom.upper_layer.messages import MOST_DATA, Message, Value
from pacsconf.dicom.upper_layer.peer_fault import PeerFault, context_result
from pacsconf.dicom.upper_layer.stream import Stream

LONGEST = 120.0
"""Seconds for all answers to one request: who sends one just before each time-out would hold us for hours."""


class Exchange(Association):
    """An association that remembers what became of its contexts, and in which the peer asks for something too."""

    most_bytes = 4 * MOST_DATA

    def __init__(self, stream: Stream, timeout: float) -> None:
        super().__init__(stream, timeout)
        self.most_seconds = max(LONGEST, 2 * timeout)
        self.accepted: Acceptance | None = None
        self._contexts: tuple[tuple[str, int, str], ...] = ()

    def open(self, calling: str, called: str, contexts: Contexts, taking: Sequence[str] = ()) -> Acceptance:
        """Establish it, as `request` does."""
        self.accepted = self.request(calling, called, contexts, taking)
        self._contexts = tuple(
            (sop_class, seen.result, seen.syntax)
            for (sop_class, _), seen in zip(contexts, self.accepted.results, strict=True)
        )
        return self.accepted

    def context(self, sop_class: str, syntax: str = "") -> tuple[int, str]:
        """Id and transfer syntax of an accepted context for this class, and this syntax where one is named.

        Raises: PeerFault when it accepted none.
        """
        for at, (uid, result, found) in enumerate(self._contexts):
            if uid == sop_class and result == 0 and syntax in ("", found):
                return context_id(at), found
        worst = max((result for uid, result, _ in self._contexts if uid == sop_class), default=0) or NO_ANSWER
        raise PeerFault(f"not accepted: {context_result(worst)}", "context", (worst,))

    def last(
        self,
        context: int,
        field: int,
        elements: Mapping[str, Value],
        data: bytes | None,
        *,
        name: str,
        take: Took | None = None,
    ) -> Message:
        """The last answer of `ask`."""
        *_, answer = self.ask(context, field, elements, data, name=name, take=take)
        return answer

    def heed(self, seconds: float, take: Took) -> bool:
        """Wait so long for a request of the peer's own, and answer it; False when none came."""
        try:
            if not self._came and not self._read:
                self._read += self._some(time.monotonic() + seconds, "request")
        except PeerFault as fault:
            if fault.how == "silent":
                return False
            raise
        came = self._next("request", self._deadline())
        self.answer(came, take(came))
        return True
