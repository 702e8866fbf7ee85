"""Carries changes out, each on what it was planned for.

A layer of many goes many at once, where the server itself keeps the conditions; what it answers with anything but
success is read again, judged afresh, and tried by itself.
"""

from __future__ import annotations

import time
from collections import ChainMap, deque
from collections.abc import Callable, Generator, Iterable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from pacsconf.core.address import Address
from pacsconf.core.change import Change, Outcome, Status
from pacsconf.core.errors import SystemFault, Unavailable
from pacsconf.core.resource import Value
from pacsconf.core.secret import Secret
from pacsconf.inventory.values import SecretRef
from pacsconf.systems._dicom.attributes import Shape
from pacsconf.systems._dicom.check import Check
from pacsconf.systems._dicom.kinds import EXTRA
from pacsconf.systems._dicom.reader import Reader
from pacsconf.systems._dicom.requests import Requests
from pacsconf.systems._dicom.vocabulary import CLASSES, VENDOR
from pacsconf.systems._ldap import (
    Answer,
    Directory,
    Entry,
    Lost,
    Request,
    names,
)
from pacsconf.systems._ldap.answers import (
    ASSERTION_FAILED,
    ENTRY_EXISTS,
    NO_SUCH_ATTRIBUTE,
    NO_SUCH_ENTRY,
    NOT_ALLOWED_ON_NON_LEAF,
    VALUE_EXISTS,
)
from pacsconf.systems._ldap.requests import ASSERTION
from pacsconf.systems.base import conflict, stands

_MOVED_ON = frozenset({NO_SUCH_ATTRIBUTE, VALUE_EXISTS, NO_SUCH_ENTRY, ENTRY_EXISTS, ASSERTION_FAILED})
"""Answers that say: it is not as you think. The entry is read again and judged afresh."""
_ATTEMPTS = 4

MANY = 16
"""From so many changes on a layer goes many at once. Of fewer each waits for the one before: that costs a moment,
and a connection that breaks leaves only one in doubt."""

_RESERVED = "the title was reserved by {} since the plan was made. Choose another title."

Verdict = tuple[Status, str]


@dataclass
class Writer:
    """Carries out changes on a directory as it was read; keeps up with what it writes itself."""

    directory: Directory
    reader: Reader
    base: str
    """The suffix below which `cn=DICOM Configuration` stands or is to stand."""
    secret: Callable[[SecretRef], Secret]
    """Resolves what is to be written into this directory; raises SystemFault."""
    known: dict[Address, Entry] = field(default_factory=dict)
    stale: set[Address] = field(default_factory=set)
    requests: Requests = field(init=False)
    down: str = ""
    """Why the server cannot be reached any more, once that showed."""
    refused: dict[Address, Answer] = field(default_factory=dict)
    """What was said of those that are to be tried again, each by itself."""
    held: bool = False
    """Whether somebody wants no more to be sent."""

    def __post_init__(self) -> None:
        tree = self.reader.tree
        self.known = dict(tree.entries)
        made: dict[names.Key, Address] = {}
        read = cast("MutableMapping[names.Key, Address]", tree.addresses)  # only the first is written to
        self.reader = replace(self.reader, tree=replace(tree, addresses=ChainMap(made, read)))
        dns = {address: entry.dn for address, entry in self.known.items()}
        self.requests = Requests(self.reader, self.base, self.secret, dns, made)

    def apply(self, layer: Sequence[Change]) -> Iterator[Outcome]:
        """What fails does not stop the others, but a server that is gone does, and so does `hold`.

        Many at once are those whose conditions the server itself keeps, judged by what was read; what it answers
        with anything but success, and the rest, goes one after the other, `MANY` at most before more are sent.
        """
        self.down, self.held, self.refused = "", False, {}
        left, many = deque(layer), len(layer) >= MANY
        while left and not self.held:
            alone: list[Change] = []
            if many and not self.down:
                many = yield from self._many(left, alone)
            if not many or self.down:
                alone += left
                left.clear()
            yield from self._one_by_one(alone)

    def hold(self) -> None:
        """Send nothing more of this layer; what is on its way is still answered."""
        self.held = True

    # --- many at once ---------------------------------------------------------------------------------------

    def _many(self, left: deque[Change], alone: list[Change]) -> Generator[Outcome, None, bool]:
        """Takes from `left` what it tries, and puts into `alone` what is to be tried by itself.

        It pauses when there is much of that, since nobody hears of it, or can stop it, before it is tried. Returns
        whether the rest may go this way too.
        """
        try:
            self.directory.supports(ASSERTION)  # asked now: nothing can be while requests are on their way
            while left and not self.held and len(alone) < MANY:
                if not self.directory.takes_many():
                    return False
                requests = self._first_tries(left, alone)
                for change, answer, took in self.directory.write_all(requests):
                    self.stale.add(change.address)
                    if isinstance(answer, Lost):
                        yield Outcome(change.address, change.action, "unknown", _in_doubt(answer), took)
                    elif answer.ok:
                        yield Outcome(change.address, change.action, "applied", "", took)
                    else:
                        self.refused[change.address] = answer
                        alone.append(change)
        except Unavailable as gone:
            self.down = gone.message
        except SystemFault:
            return False  # each change by itself tells what it is
        return True

    def _first_tries(self, left: deque[Change], alone: list[Change]) -> Iterator[tuple[Change, Request]]:
        """Requests for what stands at `before` as it was read, which nobody else can undo unnoticed meanwhile."""
        while left and not self.held and len(alone) < MANY:
            change = left.popleft()
            if change.address in self.stale or (change.action != "create" and not self._is_guarded(change)):
                alone.append(change)
                continue
            try:
                ready = stands(change, self._fields(change)) == "before" and not self._foreign(change)
            except SystemFault:
                ready = False
            if ready:
                yield change, self._request(change)
            else:
                alone.append(change)

    def _request(self, change: Change) -> Request:
        asserting = self.directory.supports(ASSERTION)
        return self.requests.of(change, self.known.get(change.address), asserting=asserting)

    def _is_guarded(self, change: Change) -> bool:
        """Whether the server itself sees to it that an entry is as it was read.

        Some offer the assertion and keep no entryCSN, or do not show it to everybody.
        """
        entry = self.known.get(change.address)
        return self.directory.supports(ASSERTION) and (entry is None or bool(entry.values("entryCSN")))

    # --- one after the other --------------------------------------------------------------------------------

    def _one_by_one(self, changes: Iterable[Change]) -> Iterator[Outcome]:
        for change in changes:
            if self.held:
                return
            began = time.perf_counter()
            status, error = self._attempt(change)
            took = (time.perf_counter() - began) * 1000
            yield Outcome(change.address, change.action, status, error, took)

    def _attempt(self, change: Change) -> Verdict:
        if self.down:
            return "failed", self._unsent(change)
        try:
            return self._carry_out(change)
        except Lost as lost:
            self.stale.add(change.address)
            return "unknown", _in_doubt(lost)
        except Unavailable as gone:
            self.down = gone.message
            return "failed", self._unsent(change)
        except SystemFault as fault:
            return "failed", fault.message

    def _unsent(self, change: Change) -> str:
        """Why a change is not made on a server that is gone."""
        refused = self.refused.get(change.address)
        return refused.text if refused else f"nothing was sent: {self.down}"

    def _carry_out(self, change: Change) -> Verdict:
        address = change.address
        if not self._is_guarded(change) or stands(change, self._fields(change)) != "before":
            self.stale.add(address)  # judged by what stands now, not by what stood when it was read
        for _ in range(_ATTEMPTS):
            live = self._fields(change)
            found = stands(change, live)
            if found == "after":
                return self._settled(change)
            if found == "neither":
                return "failed", conflict(change, live)
            foreign = self._foreign(change)
            if foreign:
                return (
                    "failed",
                    f"it holds what pacsconf never wrote: {', '.join(foreign)}. Nothing was written.",
                )
            answer = self.directory.write(self._request(change))
            self.stale.add(address)
            if answer.ok:
                return "applied", ""
            if answer.code not in _MOVED_ON:
                return "failed", self._explained(change, answer)
        return "failed", "somebody else keeps changing it. Nothing was written; plan again."

    def _foreign(self, change: Change) -> list[str]:
        """What deleting an entry would lose for somebody else; empty for other changes."""
        entry = self.known.get(change.address)
        if change.action != "delete" or entry is None:
            return []
        return list(Check(self.reader.tree, self.reader.schema).unwritten(change, entry))

    def _settled(self, change: Change) -> Verdict:
        """A change that stands already. A reserved title stands only if the reservation is our own.

        Adding the entry is how a title is won (PS3.15 section H.1.4.1): one that is there belongs to who made it.
        """
        entry = self.known.get(change.address)
        if _reserves(change) and entry is not None and not self._is_ours(maker := entry.text("creatorsName")):
            return "failed", _RESERVED.format(maker or "somebody else")
        return "applied", ""

    def lost_to(self, change: Change) -> str:
        """Who else is known to have won what this change, of which no answer came, was sent for; in words."""
        entry = self.known.get(change.address)
        maker = entry.text("creatorsName") if entry is not None and _reserves(change) else None
        return _RESERVED.format(maker) if maker is not None and not self._is_ours(maker) else ""

    def _is_ours(self, maker: str | None) -> bool:
        bind = self.directory.config.bind
        return maker is not None and bind is not None and names.canonical(maker) == names.canonical(bind.dn)

    # --- what stands now ------------------------------------------------------------------------------------

    def _entry(self, address: Address) -> Entry | None:
        if address in self.stale:
            entry = self.directory.entry(self.requests.dn(address))
            self.stale.discard(address)
            if entry is None:
                self.known.pop(address, None)
            else:
                self.known[address] = entry
                self.requests.dns[address] = entry.dn
        return self.known.get(address)

    def _fields(self, change: Change) -> dict[str, Value] | None:
        entry = self._entry(change.address)
        if entry is None:
            return None
        sides = [side.fields for side in (change.before, change.after) if side is not None]
        form = self.reader.tree.vocabulary.shape(change.address)
        return self.reader.fields(
            change.address, entry, _scope(form, [name for fields in sides for name in fields])
        )

    def _explained(self, change: Change, answer: Answer) -> str:
        if answer.code != NOT_ALLOWED_ON_NON_LEAF:
            return answer.text
        below = self.directory.search(
            self.requests.dn(change.address), "(objectClass=*)", ["1.1"], scope="LEVEL"
        )
        return f"{answer.text}: {', '.join(names.leaf(entry.dn) for entry in below)}"


def _reserves(change: Change) -> bool:
    return change.action == "create" and change.address.kind.startswith("unique-")


def _scope(form: Shape, fields: Sequence[str]) -> list[str]:
    """What is to be looked at of an entry, of that which others may write too, for these fields."""
    scope = [name.removeprefix(EXTRA) for name in fields if name.startswith(EXTRA)]
    scope += [VENDOR + name for name in {form.row(field).extension for field in fields} if name]
    scope += ["dicomVendorData"] if "vendor_data" in fields else []
    return [*scope, CLASSES] if "object_classes" in fields else scope


def _in_doubt(lost: Lost) -> str:
    return f"{lost.message}. Whether it was done shows in the next plan."
