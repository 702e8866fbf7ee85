"""The transport: search, add, modify and delete on one connection, opened when it is first needed.

Reads are whole or raise. Writes return the server's `Answer`, and raise `Lost` when none came; many at once tell of
each that was lost. A connection that the server closed while it was idle is opened again before anything is sent,
so that a restart in between is no loss.
"""

from __future__ import annotations

import logging
import select
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Literal, TypeVar

from pacsconf.core import garbage
from pacsconf.core.errors import BadAnswer, SystemFault
from pacsconf.core.secret import Secret
from pacsconf.inventory.endpoint import Endpoint
from pacsconf.inventory.systems import LDAPConfig
from pacsconf.systems._ldap import names, ranges, wire
from pacsconf.systems._ldap.answers import Answer, Lost, Missing
from pacsconf.systems._ldap.connect import NONSENSE, connect, hang_up
from pacsconf.systems._ldap.entry import Entry, Values
from pacsconf.systems._ldap.framing import Garbled
from pacsconf.systems._ldap.pipeline import Key, Pipeline
from pacsconf.systems._ldap.requests import ASSERTION, Add, Modification, Modify, Request, assertion
from pacsconf.systems._ldap.schema import Schema, parse
from pacsconf.systems._ldap.stream import Stream
from pacsconf.systems._ldap.wire import PAGED, WITHIN, Search

log = logging.getLogger(__name__)

Scope = Literal["BASE", "LEVEL", "SUBTREE"]
Fault = TypeVar("Fault", bound=SystemFault)

PAGE_SIZE = 1000
"""Entries in one answer. Active Directory gives no more."""
OPERATIONAL = ("entryCSN", "creatorsName", "modifiersName", "modifyTimestamp")
"""Kept by the server itself: a version, and who wrote when."""

_STEPS = ("MODIFY_ADD", "MODIFY_DELETE", "MODIFY_REPLACE")
"""ldap3's names, by the number of the operation."""


class Directory:
    """A directory server, reached when it is first asked something.

    `password` is called at every connect with the endpoint that the secret would be sent to.
    """

    def __init__(self, config: LDAPConfig, password: Callable[[Endpoint], Secret | None]) -> None:
        self.config = config
        self._password = password
        self._conn: Any = None
        self._root_dse: Entry | None = None

    def root_dse(self) -> Entry:
        """What the server says about itself.

        Raises: Unavailable, Refused; BadAnswer when it says nothing.
        """
        if self._root_dse is None:
            wanted = ["namingContexts", "defaultNamingContext", "subschemaSubentry", "supportedControl"]
            found = self.search("", "(objectClass=*)", wanted, scope="BASE")
            if not found:
                raise BadAnswer(
                    self.config.name,
                    "the directory does not show its root entry to this account",
                    fix='Let the account read it (slapd: access to dn.base="" by * read).',
                )
            self._root_dse = found[0]
        return self._root_dse

    def supports(self, control: str) -> bool:
        """Whether the server offers a control, by its OID."""
        return control in self.root_dse().texts("supportedControl")

    def schema(self) -> Schema | None:
        """What the server can hold; None when it does not tell this account."""
        subentry = self.root_dse().text("subschemaSubentry")
        if subentry is None:
            return None
        wanted = ["attributeTypes", "objectClasses"]
        found = self.search(subentry, "(objectClass=subschema)", wanted, scope="BASE")
        if not found or not found[0].values("objectClasses"):
            return None
        return parse(found[0].values("attributeTypes"), found[0].values("objectClasses"))

    def search(
        self, base: str, matching: str, attributes: Sequence[str], scope: Scope = "SUBTREE"
    ) -> tuple[Entry, ...]:
        """Every entry that matches, whole.

        Raises: Missing when there is no `base`; BadAnswer when the answer is cut short or leads elsewhere;
        Unavailable, Refused.
        """
        paged = scope != "BASE" and self.supports(PAGED)
        within = scope != "BASE" and self.supports(WITHIN)
        search, found = Search(base, matching, attributes, scope, within), Stream()
        with garbage.waits():
            cookie = self._page(found, search, b"" if paged else None)
            while cookie:
                cookie = self._page(found, search, cookie)
        return self._whole(found, base)

    def entry(self, dn: str) -> Entry | None:
        """One entry with its operational attributes, or None when it is not there."""
        try:
            found = self.search(dn, "(objectClass=*)", ["*", *OPERATIONAL], scope="BASE")
        except Missing:
            return None
        return next(iter(found), None)

    def write(self, request: Request) -> Answer:
        """Carry one request out. Raises: Lost; Unavailable or Refused when it cannot even be sent."""
        if isinstance(request, Add):
            return self.add(request.dn, request.attributes)
        if isinstance(request, Modify):
            return self.modify(request.dn, request.modifications, request.version)
        return self.delete(request.dn, request.version)

    def takes_many(self) -> bool:
        """Whether several writes may be on their way at once. Raises: Unavailable or Refused when none can."""
        return wire.usable(self._connection())

    def write_all(
        self, requests: Iterable[tuple[Key, Request]]
    ) -> Iterator[tuple[Key, Answer | Lost, float]]:
        """Carry requests out of which none needs another and no two are about one entry, many at once.

        Each is drawn when its turn comes, and nothing else may be asked of the directory until the end. Gives what
        each was called, its answer, and after how many milliseconds that came. When the connection breaks it gives
        `Lost` for all that was sent and not answered, and draws no more.

        Raises: Unavailable or Refused when nothing can be sent; then nothing was drawn.
        """
        pipeline: Pipeline[Key] = Pipeline(self._connection())
        try:
            yield from pipeline.run(requests)
        except (OSError, Garbled) as exc:
            lost = [(key, self._lost(request.doing, exc), 0.0) for key, request in pipeline.unanswered]
            self.close()
            yield from lost
        finally:
            if pipeline.unanswered or pipeline.beyond:
                self.close()  # answers that nobody waits for must not be taken for those of another request

    def add(self, dn: str, attributes: Mapping[str, Values]) -> Answer:
        """Make an entry. Raises: Lost; Unavailable or Refused when it cannot even be sent."""
        conn = self._connection()
        with self._exchange(f"adding {dn}", writes=True):
            conn.add(dn, attributes={name: list(values) for name, values in attributes.items()})
        return _answer(conn)

    def modify(self, dn: str, modifications: Iterable[Modification], version: bytes | None = None) -> Answer:
        """Change an entry in one step, only while its entryCSN is `version` where that is given.

        Raises: Lost; Unavailable or Refused when it cannot even be sent.
        """
        conn = self._connection()
        changes = {each.attribute: _operations(each) for each in modifications}
        with self._exchange(f"changing {dn}", writes=True):
            conn.modify(dn, changes, controls=_only_while(version))
        return _answer(conn)

    def delete(self, dn: str, version: bytes | None = None) -> Answer:
        """Take an entry away, only while its entryCSN is `version` where that is given.

        Raises: Lost; Unavailable or Refused when it cannot even be sent.
        """
        conn = self._connection()
        with self._exchange(f"deleting {dn}", writes=True):
            conn.delete(dn, controls=_only_while(version))
        return _answer(conn)

    def rename(self, dn: str, version: bytes) -> Answer:
        """Give an entry the name that it has, only while its entryCSN is `version`: what is asked tells the rights.

        Raises: Lost; Unavailable or Refused when it cannot even be sent.
        """
        conn = self._connection()
        with self._exchange(f"renaming {dn}", writes=True):
            conn.modify_dn(dn, names.leaf(dn), controls=_only_while(version))
        return _answer(conn)

    def set_password(self, dn: str, password: Secret) -> Answer:
        """Give an entry a password, which the server hashes (RFC 3062).

        Raises: Lost; Unavailable or Refused when it cannot even be sent.
        """
        conn = self._connection()
        with self._exchange(f"setting the password of {dn}", writes=True):
            conn.extend.standard.modify_password(dn, new_password=password.reveal())
        return _answer(conn)

    def close(self) -> None:
        """Let go of the connection; the next request opens another."""
        from ldap3.core.exceptions import LDAPException

        if self._conn is not None:
            with suppress(LDAPException, OSError):
                self._conn.unbind()
            hang_up(self._conn)
            self._conn = None

    # --- one exchange ---------------------------------------------------------------------------------------

    def _connection(self) -> Any:
        if self._conn is not None and _was_closed(self._conn):
            log.info("%s: the directory closed the connection; opening another", self.config.name)
            self.close()
        if self._conn is None:
            self._conn = connect(self.config, self._password)
        return self._conn

    @contextmanager
    def _exchange(self, doing: str, writes: bool = False) -> Iterator[None]:
        """One request and its answer; a connection that failed in between is of no more use.

        An answer to a write that makes no sense is none.
        """
        from ldap3.core.exceptions import LDAPException

        try:
            yield
        except (LDAPException, OSError) as exc:
            self.close()
            raise self._lost(doing, exc) from exc
        except NONSENSE as exc:
            self.close()
            raise (self._lost(doing, exc) if writes else self._nonsense(BadAnswer, doing)) from exc
        except BaseException:
            self.close()  # the rest of an answer must not be taken for that to another request
            raise

    def _lost(self, doing: str, cause: Exception) -> Lost:
        """Why the answer to a request is not known."""
        if isinstance(cause, NONSENSE):
            return self._nonsense(Lost, doing)
        return Lost(
            self.config.name,
            f"{doing}: the connection broke before the answer came",
            fix="Check that the directory runs, then plan again: the plan shows what stands.",
        )

    def _nonsense(self, kind: type[Fault], doing: str) -> Fault:
        return kind(
            self.config.name,
            f"{doing}: what answered does not speak LDAP",
            fix="Check host and port in `url`, and what stands between this machine and the directory.",
        )

    def _page(self, found: Stream, search: Search, cookie: bytes | None) -> bytes:
        """Take in one page of an answer; the cookie for the next. A `cookie` of None asks for all in one."""
        conn = self._connection()
        doing = f"reading {search.base or 'the root entry'}"
        with self._exchange(doing):
            result = found.ask(conn, search, None if cookie is None else (PAGE_SIZE, cookie))
        if found.beyond:
            self.close()
        if not result.answer.ok:
            raise result.answer.fault(self.config.name, doing)
        return b"" if cookie is None else result.cookie

    def _whole(self, found: Stream, base: str) -> tuple[Entry, ...]:
        """Raises: BadAnswer when what was found is not all there is."""
        if found.elsewhere:
            raise BadAnswer(
                self.config.name,
                f"reading {base}: part of it is on another server, which pacsconf does not follow",
                fix="Point `url` at the server that holds all of it.",
            )
        if found.partial is None:
            return tuple(found.entries)
        return tuple(self._completed(entry) for entry in found.entries)

    def _completed(self, entry: Entry) -> Entry:
        """The entry with all values of attributes of which a part came. Raises: as `search`."""
        cut = list(ranges.parts(entry.attributes))
        if not cut:
            return entry
        whole = {name: values for name, values in entry.attributes.items() if ranges.parse(name) is None}
        for part, values in cut:
            whole[part.attribute] = self._rest(entry.dn, part, values)
        return Entry(entry.dn, whole)

    def _rest(self, dn: str, part: ranges.Range, values: Values) -> Values:
        """All values of an attribute, of which these are the first part."""
        held, at = dict.fromkeys(values), 0
        while part.first == at and part.following is not None and part.following > at:
            at = part.following
            found = Stream()
            self._page(found, Search(dn, "(objectClass=*)", [part.rest], "BASE"), None)
            answered = [each for entry in found.entries for each in ranges.parts(entry.attributes)]
            if len(answered) != 1 or answered[0][0].attribute != part.attribute:
                break
            part, more = answered[0]
            held |= dict.fromkeys(more)
        if part.following is not None or part.first != at:
            raise BadAnswer(
                self.config.name,
                f"{dn}: the directory gave only a part of {part.attribute}",
                fix="Read again. Where that does not help, raise its limit of values in one answer (MaxValRange).",
            )
        return tuple(held)


def _answer(conn: Any) -> Answer:
    return Answer(conn.result["result"], conn.result["message"] or "")


def _operations(modification: Modification) -> list[tuple[str, list[bytes]]]:
    return [(_STEPS[number], list(values)) for number, values in modification.steps]


def _only_while(version: bytes | None) -> list[tuple[str, bool, bytes]] | None:
    """The assertion control (RFC 4528) that the entry's entryCSN is `version`."""
    return None if version is None else [(ASSERTION, True, assertion(version))]


def _was_closed(conn: Any) -> bool:
    """Whether the server hung up while nothing was asked: nothing else makes an idle connection readable."""
    if conn.closed or conn.socket is None:
        return True
    readable, _, _ = select.select([conn.socket], [], [], 0)
    return bool(readable)
