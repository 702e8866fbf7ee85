"""From changes to requests, each conditional on what it changes.

An update deletes the value that was read and adds the one wanted, in one request, so that a third value makes the
server refuse it. Attributes that a server cannot compare (vendor data) are replaced, and sets could gain members
unnoticed: both are guarded by an assertion on the entry's version (entryCSN, RFC 4528) where the server offers it,
and by a read just before where it does not. What the request says nothing of is left as it is.
"""

from __future__ import annotations

import time
from collections import ChainMap, deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from pacsconf.core.address import Address
from pacsconf.core.change import Change, FieldChange, Outcome, Status
from pacsconf.core.errors import Refused, SystemFault, Unavailable
from pacsconf.core.resource import Value
from pacsconf.core.secret import Secret
from pacsconf.inventory.values import SecretRef
from pacsconf.systems._dicom.attributes import Refer, Row, Shape, encode
from pacsconf.systems._dicom.check import Check
from pacsconf.systems._dicom.kinds import CONNECTION, EXTRA
from pacsconf.systems._dicom.reader import Reader
from pacsconf.systems._dicom.vocabulary import CLASSES, OTHER, VENDOR, Vocabulary
from pacsconf.systems._ldap import (
    Add,
    Answer,
    Delete,
    Directory,
    Entry,
    Lost,
    Modification,
    Modify,
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
from pacsconf.systems._ldap.entry import Values
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
    dns: dict[Address, str] = field(default_factory=dict)
    addresses: dict[names.Key, Address] = field(default_factory=dict)
    """Of connections that it made itself."""
    down: str = ""
    """Why the server cannot be reached any more, once that showed."""
    refused: dict[Address, Answer] = field(default_factory=dict)
    """What was said of those that are to be tried again, each by itself."""
    held: bool = False
    """Whether somebody wants no more to be sent."""

    def __post_init__(self) -> None:
        tree = self.reader.tree
        self.known = dict(tree.entries)
        self.dns = {address: entry.dn for address, entry in self.known.items()}
        read = cast("MutableMapping[names.Key, Address]", tree.addresses)  # only the first is written to
        self.reader = replace(self.reader, tree=replace(tree, addresses=ChainMap(self.addresses, read)))

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
            entry = self.directory.entry(self._dn(address))
            self.stale.discard(address)
            if entry is None:
                self.known.pop(address, None)
            else:
                self.known[address] = entry
                self.dns[address] = entry.dn
        return self.known.get(address)

    def _fields(self, change: Change) -> dict[str, Value] | None:
        entry = self._entry(change.address)
        if entry is None:
            return None
        sides = [side.fields for side in (change.before, change.after) if side is not None]
        form = self._words.shape(change.address)
        return self.reader.fields(
            change.address, entry, _scope(form, [name for fields in sides for name in fields])
        )

    def _dn(self, address: Address) -> str:
        """The name of an entry: as it was read, or as it is to be."""
        known = self.dns.get(address)
        if known is not None:
            return known
        words = self._words
        if address.kind == "container":
            cn = words.containers[address.name][1]
            root = Address.of(address.system, "container", "configuration")
            return names.child(self.base if address == root else self._dn(root), "cn", cn)
        above = self._dn(words.parent(address))
        if address.kind == OTHER:
            return f"{self._spelled(address)},{above}"
        return names.child(above, words.shape(address).naming, self._spelled(address))

    @property
    def _words(self) -> Vocabulary:
        return self.reader.tree.vocabulary

    def _spelled(self, address: Address) -> str:
        intent = self.reader.intent
        return (intent.spelling.get(address) if intent else None) or address.parts[-1]

    # --- requests -------------------------------------------------------------------------------------------

    def _request(self, change: Change) -> Request:
        address, entry = change.address, self.known.get(change.address)
        if change.action == "create":
            dn = self._dn(address)
            self.dns[address] = dn
            if address.kind in (CONNECTION, "device"):  # others are not referred to by their DN
                self.addresses[names.key(dn)] = address
            return Add(dn, self._attributes(change))
        assert entry is not None, "what stands at before is there"
        version = next(iter(entry.values("entryCSN")), None) if self.directory.supports(ASSERTION) else None
        if change.action == "delete":
            return Delete(entry.dn, version)
        return Modify(entry.dn, tuple(self._modifications(change, entry)), version)

    def _attributes(self, change: Change) -> dict[str, Values]:
        """All attributes of an entry to be made."""
        address = change.address
        form = self._words.shape(address)
        assert change.after is not None, "what is made has an after"
        fields = dict(change.after.fields)
        named = fields.pop("object_classes", None)
        rows = [(form.row(name), value) for name, value in fields.items()]
        values = {row.attribute: self._encoded(address, row, value) for row, value in rows}
        if named is None and not (self.reader.intent and self.reader.intent.names_classes(address)):
            named = form.usual
        classes = [*filter(None, [form.object_class]), *(named if isinstance(named, tuple) else ())]
        classes += _needed([row for row, _ in rows], classes)
        naming = self._naming(address, form, values)
        classes += self._auxiliary(values, classes, naming)
        own = {CLASSES: tuple(name.encode() for name in classes), **naming}
        return values | own

    def _naming(self, address: Address, form: Shape, values: Mapping[str, Values]) -> dict[str, Values]:
        """The attributes that name an entry to be made; of one without words of ours with what else they hold."""
        if address.kind == "container":
            return {form.naming: (self._words.containers[address.name][1].encode(),)}
        if address.kind != OTHER:
            return {form.naming: (self._spelled(address).encode(),)}
        held = {name.lower(): (name, given) for name, given in values.items()}
        found: dict[str, Values] = {}
        for attribute, text in names.parse(self._spelled(address))[0]:
            name, given = held.get(attribute.lower(), (attribute, ()))
            found[name] = given if text.encode() in given else (text.encode(), *given)
        return found

    def _modifications(self, change: Change, entry: Entry) -> list[Modification]:
        form = self._words.shape(change.address)
        changed = [(form.row(each.name), each) for each in change.fields]
        made = [self._modification(change, entry, row, each) for row, each in changed]
        added = [each.attribute for each in made if each.add and each.attribute != CLASSES]
        held = [
            *entry.texts(CLASSES),
            *(name for each in change.fields if each.name == "object_classes" for name in each.added),
        ]
        rows = [row for row, each in changed if each.after is not None]
        classes = _needed(rows, held)
        classes += self._auxiliary(added, [*held, *classes], entry.attributes)
        if classes:
            made.append(Modification(CLASSES, add=tuple(name.encode() for name in classes)))
        return made

    def _modification(self, change: Change, entry: Entry, row: Row, each: FieldChange) -> Modification:
        """Only the members that go or come; all of them where the server cannot tell single values apart."""
        after = self._encoded(change.address, row, each.after)
        if row.syntax == "secret":
            return Modification(row.attribute, add=after, replace=True)
        before = encode(row, each.before, self._reference(change.address))
        if row.default is not None and each.before is None:
            before = entry.values(row.attribute)  # its default may stand there, or nothing
        known = self.reader.schema.attribute(row.attribute) if self.reader.schema else None
        comparable = known.equality if known else row.syntax != "binary"
        if not comparable:
            return Modification(row.attribute, add=after, replace=True)
        gone = tuple(value for value in before if value not in after)
        return Modification(row.attribute, gone, tuple(value for value in after if value not in before))

    def _encoded(self, address: Address, row: Row, value: Value | None) -> Values:
        """The LDAP values of a field; a secret is resolved here, at the moment of use.

        Raises: SystemFault for a secret that may not be written here, or of which nobody knows what it was.
        """
        if row.syntax != "secret" or value is None:
            return encode(row, value, self._reference(address))
        intent = self.reader.intent
        use = intent.secrets.get(address, {}).get(row.field) if intent else None
        if use is None or str(use) != value:
            raise Refused(
                self.reader.tree.system,
                f"{value} of the secret {row.attribute} is not what the inventory declares now",
                fix="No secret can be read back. Declare it with a version of its own, or set it by hand.",
            )
        return (self.secret(use.secret).reveal().encode(),)

    def _auxiliary(self, attributes: Iterable[str], classes: Sequence[str], held: Iterable[str]) -> list[str]:
        """Auxiliary classes to add so that the entry may hold these attributes beside those that it has."""
        schema = self.reader.schema
        return schema.auxiliaries(attributes, classes, held) if schema else []

    def _reference(self, address: Address) -> Refer:
        """From the name of a connection of the same device, or of any device, to its DN; a DN stays one."""

        def dn(kind: str, name: str) -> str:
            device = address.parts[:1] if kind == CONNECTION else ()
            meant = Address.of(address.system, kind, *device, name.lower())
            return name if meant not in self.dns and "=" in name else self._dn(meant)

        return dn

    def _explained(self, change: Change, answer: Answer) -> str:
        if answer.code != NOT_ALLOWED_ON_NON_LEAF:
            return answer.text
        below = self.directory.search(self._dn(change.address), "(objectClass=*)", ["1.1"], scope="LEVEL")
        return f"{answer.text}: {', '.join(names.leaf(entry.dn) for entry in below)}"


def _reserves(change: Change) -> bool:
    return change.action == "create" and change.address.kind.startswith("unique-")


def _scope(form: Shape, fields: Sequence[str]) -> list[str]:
    """What is to be looked at of an entry, of that which others may write too, for these fields."""
    scope = [name.removeprefix(EXTRA) for name in fields if name.startswith(EXTRA)]
    scope += [VENDOR + name for name in {form.row(field).extension for field in fields} if name]
    scope += ["dicomVendorData"] if "vendor_data" in fields else []
    return [*scope, CLASSES] if "object_classes" in fields else scope


def _needed(rows: Iterable[Row], held: Sequence[str]) -> list[str]:
    """Auxiliary classes that rows of extensions ask for, and an entry does not have."""
    have = {name.lower() for name in held}
    wanted = dict.fromkeys(row.object_class for row in rows if row.object_class)
    return [name for name in wanted if name.lower() not in have]


def _in_doubt(lost: Lost) -> str:
    return f"{lost.message}. Whether it was done shows in the next plan."
