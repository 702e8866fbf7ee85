"""What an account may do in a DICOM directory, found out without changing anything.

Looking is tried by looking. A server tells who may write what only when it is asked to write, so it is asked for
what cannot come to pass, and says either that the account may not do that (50) or why it cannot be (verified on
slapd 2.5.13, which checks access first):

    change            delete a value that no entry has                              16, nothing to delete
    add and delete    rename an entry, delete an entry, each on the condition that  122, the condition fails
                      its version is one that no entry ever had (RFC 4528)

The condition is sent as critical, and only to a server that offers it: one that would overlook it is not asked.
There is no such way to try adding; but renaming needs the right to add and the right to delete below the parent.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import uuid4

from pacsconf.core.address import Address
from pacsconf.core.errors import BadAnswer, Refused
from pacsconf.systems._dicom.tree import Tree, grow
from pacsconf.systems._ldap import Answer, Directory, Entry, Missing, Modification, names
from pacsconf.systems._ldap.answers import ASSERTION_FAILED, NO_SUCH_ATTRIBUTE
from pacsconf.systems._ldap.directory import OPERATIONAL
from pacsconf.systems._ldap.requests import ASSERTION
from pacsconf.systems.abilities import AccountRight

NEVER = b"19700101000000.000000Z#000000#000#000000"
"""A version (entryCSN) that no entry ever had."""

_REFUSED = frozenset({8, 10, 13, 50, 53})
"""Answers that say no to whoever asks: other account, other server, read-only."""
_TRIED: Mapping[str, str] = {
    "device": "dicomManufacturer",
    "network-connection": "dicomHostname",
    "network-ae": "dicomDescription",
    "transfer-capability": "dicomTransferRole",
}
"""By kind: an attribute that pacsconf writes, and that takes any text."""
_NO_LIMIT = 500
"""Entries that slapd gives to anybody, unless it is configured otherwise."""

Verdict = Literal["yes", "no", "unknown"]


@dataclass(frozen=True, slots=True)
class Rights:
    """Tries what an account needs. `locate` finds the suffix and the configuration root, as a read does."""

    directory: Directory
    locate: Callable[[], tuple[str, str | None]]

    def found(self) -> Iterator[AccountRight]:
        """Each right. Raises: Unavailable; Refused when the account is not let in."""
        if not (yield from self._server()):
            return
        try:
            base, root = self.locate()
        except (BadAnswer, Refused) as fault:
            yield _looking("read the DICOM configuration", "no", f"{fault.message}. {fault.fix}")
            return
        if root is None:
            yield from self._nothing(base)
            return
        tree = yield from self._tree(root)
        yield from self._writing(root, tree)

    # --- looking --------------------------------------------------------------------------------------------

    def _server(self) -> Generator[AccountRight, None, bool]:
        """Signing in, what the server offers, its schema. Returns whether there is more to try."""
        try:
            self.directory.root_dse()
        except (BadAnswer, Missing) as fault:
            yield _looking("read the root entry", "no", f"{fault.message}. {fault.fix}")
            return False
        bind = self.directory.config.bind
        yield _looking("sign in", "yes", f"as {bind.dn}" if bind else "without an account (no `bind`)")
        try:
            known = self.directory.schema() is not None
        except Refused:
            known = False
        if known:
            yield _looking("read the schema", "yes")
        else:
            grant = 'grant (slapd): access to dn.base="cn=Subschema" by ACCOUNT read'
            yield _looking("read the schema", "no", f"what the server can hold is not told; {grant}")
        return True

    def _nothing(self, base: str) -> Iterator[AccountRight]:
        text = f"there is none below {base}, or this account may not see it: a directory answers both alike"
        yield _looking("read the DICOM configuration", "unknown", text)
        grant = "that shows when it is made; grant write access to all below " + names.child(
            base, "cn", "DICOM Configuration"
        )
        yield _writing("make the DICOM configuration", "unknown", grant)

    def _tree(self, root: str) -> Generator[AccountRight, None, Tree]:
        """What is shown below the root. Returns the tree, empty where it cannot be read whole."""
        name = "read the DICOM configuration"
        try:
            entries = self.directory.search(root, "(objectClass=*)", ["*", "hasSubordinates", *OPERATIONAL])
            tree = grow(self.directory.config.name, entries)
        except (BadAnswer, Refused) as fault:
            yield _looking(name, "no", f"{fault.message}. {fault.fix}")
            return Tree(self.directory.config.name)
        yield _looking(name, "yes", f"{len(entries)} entries below {root}{_limit(len(entries))}")
        yield from _hidden(entries)
        yield from _history(entries)
        return tree

    # --- writing --------------------------------------------------------------------------------------------

    def _writing(self, root: str, tree: Tree) -> Iterator[AccountRight]:
        for kind, name in (
            ("device", "change devices"),
            ("network-connection", "change connections"),
            ("network-ae", "change AEs"),
            ("transfer-capability", "change capabilities"),
        ):
            entry = _first(tree, kind)
            yield self._changing(name, entry, _TRIED[kind], root)
        for kind, name in (
            ("device", "add and delete devices"),
            ("network-ae", "add and delete AEs"),
            ("unique-ae-title", "reserve and release AE titles"),
        ):
            yield self._moving(name, _first(tree, kind), root)

    def _changing(self, name: str, entry: Entry | None, attribute: str, root: str) -> AccountRight:
        if entry is None:
            return _writing(name, "unknown", f"there is none yet to try it on; {_grant(root)}")
        absent = Modification(attribute, delete=(f"pacsconf-{uuid4()}".encode(),))
        return _told(name, [self.directory.modify(entry.dn, [absent])], NO_SUCH_ATTRIBUTE, entry, root)

    def _moving(self, name: str, entry: Entry | None, root: str) -> AccountRight:
        if not self.directory.supports(ASSERTION):
            text = f"this server cannot be asked without doing it (no assertion control); {_grant(root)}"
            return _writing(name, "unknown", text)
        if entry is None:
            return _writing(name, "unknown", f"there is none yet to try it on; {_grant(root)}")
        answers = [self.directory.rename(entry.dn, NEVER), self.directory.delete(entry.dn, NEVER)]
        return _told(name, answers, ASSERTION_FAILED, entry, root)


def _told(name: str, answers: Sequence[Answer], granted: int, entry: Entry, root: str) -> AccountRight:
    """What answers to what cannot come to pass say: all as if it were allowed, one refused, or neither."""
    refused = next((answer for answer in answers if answer.code in _REFUSED), None)
    if refused is not None:
        return _writing(name, "no", f"{refused.text}; {_grant(root)}")
    odd = next((answer for answer in answers if answer.code != granted), None)
    if odd is not None:
        return _writing(name, "unknown", f"trying it on {names.leaf(entry.dn)}: {odd.text}; {_grant(root)}")
    return _writing(name, "yes", f"tried on {names.leaf(entry.dn)}")


def _first(tree: Tree, kind: str) -> Entry | None:
    address: Address | None = min((each for each in tree.entries if each.kind == kind), default=None)
    return tree.entries[address] if address is not None else None


def _hidden(entries: Sequence[Entry]) -> Iterator[AccountRight]:
    """Whether what stands below an entry is shown, which the entry itself gives away."""
    above = {names.key(entry.dn)[1:] for entry in entries}
    told = [entry for entry in entries if entry.text("hasSubordinates")]
    hollow = [
        entry
        for entry in told
        if entry.text("hasSubordinates") == "TRUE" and names.key(entry.dn) not in above
    ]
    name = "read all that is there"
    if hollow:
        text = f"what stands below {names.leaf(hollow[0].dn)} is hidden; grant read access to all entries"
        yield _looking(name, "no", text)
    elif told:
        yield _looking(name, "yes", "no entry has others below it that are not shown")
    else:
        yield _looking(name, "unknown", "this server does not tell whether it holds something back")


def _history(entries: Sequence[Entry]) -> Iterator[AccountRight]:
    """Whether it is shown who wrote what and when, and versions, by which a write is conditional."""
    missing = [name for name in OPERATIONAL if not any(entry.values(name) for entry in entries)]
    if missing:
        text = f"{', '.join(missing)} not shown; grant read access to all attributes, operational ones too"
        yield _looking("see who changed what", "no", text)
    else:
        yield _looking("see who changed what", "yes")


def _limit(number: int) -> str:
    """What can be said of a limit that was not met."""
    return "" if number > _NO_LIMIT else "; a limit above that would not show, so lift it (size=unlimited)"


def _grant(root: str) -> str:
    return f'grant (slapd): access to dn.subtree="{root}" by ACCOUNT write'


def _looking(name: str, verdict: Verdict, detail: str = "") -> AccountRight:
    return AccountRight(name, "looking", verdict, detail)


def _writing(name: str, verdict: Verdict, detail: str = "") -> AccountRight:
    return AccountRight(name, "writing", verdict, detail)
