"""How a run reaches those whom the modality calls: associations under the title that was agreed on."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from pacsconf.dicom.commission.exchange import Exchange
from pacsconf.dicom.commission.run import Item, Result
from pacsconf.dicom.commission.scope import Peer
from pacsconf.dicom.names import Names, NotFound, is_address
from pacsconf.dicom.observation import Fault
from pacsconf.dicom.probe.way import NowhereToCall, Way, dialled
from pacsconf.dicom.refusals.table import translated
from pacsconf.dicom.targets import Target
from pacsconf.dicom.upper_layer.acceptance import Contexts
from pacsconf.dicom.upper_layer.peer_fault import PeerFault
from pacsconf.dicom.wire import Wire

NO_ADDRESS = "it has no address that can be called"
LEFT_ALONE = "it is not to be called"


_OF_RIGHTS = ("rejected", "aborted", "closed")
"""How a peer ends it that does not know a title, or does not allow it something (Orthanc aborts; seen 2026)."""


class Untried(Exception):
    """Nothing was sent; the text says why. `result`: `skipped` where it never is, `not done` where it could be."""

    def __init__(self, text: str, result: Result = "not done") -> None:
        super().__init__(text)
        self.result: Result = result


@dataclass
class Calls:
    """Opens associations. `as_itself`: under the modality's own title, which an archive may rightly refuse."""

    wire: Wire
    as_itself: bool = False
    stop: threading.Event = field(default_factory=threading.Event)
    software: dict[str, str] = field(default_factory=dict)
    """What peers call themselves, by `device/AE_TITLE`."""

    def __post_init__(self) -> None:
        self._names = Names(self.stop)

    @contextmanager
    def association(
        self, peer: Peer, contexts: Contexts, taking: Sequence[str] = (), timeout: float | None = None
    ) -> Iterator[Exchange]:
        """An association with a peer, released at the end.

        Raises: Untried when it may not be called; PeerFault.
        """
        target = callable_target(peer)
        assert target.calling is not None, "what may be called is called as somebody"
        wire = self.wire if timeout is None else replace(self.wire, timeout=timeout)
        stream = self._way(target).again()
        exchange = Exchange(stream, wire.timeout)
        with exchange:
            answer = exchange.open(target.calling, target.title, contexts, taking)
            self.software[peer.name] = " ".join(answer.software.names)
            yield exchange

    def _way(self, target: Target) -> Way:
        try:
            host, port = dialled(target, self.wire.dial)
            addresses = (host,) if is_address(host) else self._names.addresses(host, self.wire.timeout)
        except NowhereToCall as exc:
            raise Untried(str(exc)) from exc
        except NotFound as exc:
            raise PeerFault(f'the name "{target.host}" {exc}', exc.how) from exc
        return Way(target, self.wire, addresses, port, self.stop)

    def failed(self, peer: Peer, fault: PeerFault, asked: str = "", what: str = "") -> Item:
        """What a fault comes to: a failure, with what it usually means; `what` was tried, by default the peer.

        A rejection of one who calls under another's title proves nothing of that one.
        """
        if fault.how == "rejected" and self.as_itself:
            text = f"{fault}. pacsconf called under the modality's title from another address, so this may be right"
            return Item(what or peer.name, "unknown", text)
        text = explained(fault, asked)
        if fault.how in _OF_RIGHTS and peer.target is not None:
            text = f"{text} pacsconf called as {peer.target.calling}: is that title allowed this?"
        return Item(what or peer.name, "failed", text)


def explained(fault: PeerFault, asked: str = "") -> str:
    """A fault in words, with whose turn it is."""
    return advised(str(fault), fault.fault, asked)


def advised(text: str, fault: Fault | None, asked: str) -> str:
    """What went wrong, with whose turn it is where that is known."""
    advice = translated(fault, asked).action if fault else ""
    return f"{text}. {advice}" if advice else text


def callable_target(peer: Peer) -> Target:
    """Where a peer is called.

    Raises: Untried when it may not be, or nobody is named to call as.
    """
    target = peer.target
    if target is None:
        raise Untried(NO_ADDRESS, "skipped")
    if target.level == "none":
        raise Untried(target.why or LEFT_ALONE, "skipped")
    if target.calling is None:
        raise Untried("no device is named to call as (probe_as)")
    return target
