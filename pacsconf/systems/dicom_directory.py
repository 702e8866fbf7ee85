"""A directory that holds DICOM configuration: the Application Configuration Management Profile, PS3.15 Annex H.

One tree holds it all: devices with their connections, entities and capabilities, and beside them the registry in
which every AE title is reserved before an entity has it. pacsconf writes that tree and nothing else, one resource
per entry; what it does not know of an entry it leaves alone.

The walk here: `declared` (in `_dicom.declare`), `read` (`_dicom.tree`), `check` (`_dicom.check`), `apply`
(`_dicom.write`). Everything LDAP goes through `_ldap`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from pacsconf.core.address import Address
from pacsconf.core.change import Change, Outcome
from pacsconf.core.errors import BadAnswer, OperatorError, PacsconfError, Refused
from pacsconf.core.finding import Finding
from pacsconf.core.resource import Resource, Snapshot, State, states_of
from pacsconf.core.secret import Secret
from pacsconf.inventory.endpoint import Endpoint
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.systems import DirectoryConfig, SystemConfig
from pacsconf.inventory.values import SecretRef
from pacsconf.systems._dicom import evident
from pacsconf.systems._dicom.attributes import CONTAINERS
from pacsconf.systems._dicom.check import Check
from pacsconf.systems._dicom.declare import declare
from pacsconf.systems._dicom.export import snapshot_of
from pacsconf.systems._dicom.intent import Intent
from pacsconf.systems._dicom.oddities import Oddities
from pacsconf.systems._dicom.places import Places
from pacsconf.systems._dicom.reader import Reader
from pacsconf.systems._dicom.rights import Rights
from pacsconf.systems._dicom.tree import grow, spoken_in
from pacsconf.systems._dicom.unseen import Unseen
from pacsconf.systems._dicom.vocabulary import Vocabulary, speaking, with_usual
from pacsconf.systems._dicom.write import Writer
from pacsconf.systems._ldap import Directory, Entry, Missing, names
from pacsconf.systems._ldap.directory import OPERATIONAL
from pacsconf.systems.abilities import AccountRight
from pacsconf.systems.base import Declared, Secrets
from pacsconf.systems.directory_extension import Extension, find, registered

if TYPE_CHECKING:
    from pacsconf.policy.evidence import Configured

__all__ = ["DicomDirectory", "snapshot_of"]

log = logging.getLogger(__name__)

_ROOT_CLASS = CONTAINERS["configuration"][0]


def _extension(name: str) -> type[Extension]:
    found = find(name)
    if found is None:
        known = ", ".join(registered()) or "none"
        raise PacsconfError(
            f'there is no extension "{name}" for directories',
            fix=f"Known here: {known}. Correct `extensions:`, or install what brings it.",
        )
    return found


class DicomDirectory:
    """Keeps `System`, `Holdable`, `Inspectable`, `Remembering`, `RightsKnown`, `Evident`.

    A write and its condition are one request.

    Vendors' attributes and entries are known by the extensions that its configuration names.

    Raises: PacsconfError on making it when one of them is not there.
    """

    guarantee: ClassVar[Literal["atomic", "checked"]] = "atomic"

    def __init__(self, name: str, config: SystemConfig, secrets: Secrets) -> None:
        self.name = name
        self.config = DirectoryConfig.model_validate({**config.model_dump(), "name": name})
        self._secrets = secrets
        self._directory = Directory(self.config, self._password)
        self.extensions = tuple(
            _extension(each)(name, self.config, secrets) for each in self.config.extensions
        )
        spoken = speaking(tuple(type(each) for each in self.extensions))
        self.vocabulary = with_usual(spoken, self.config.object_classes)
        self._intent: Intent | None = None
        self._places = Places()
        self._wanted: Mapping[Address, State] = {}
        self._owned: Mapping[Address, State] = {}
        self._writer: Writer | None = None

    @property
    def kinds(self) -> Mapping[str, type[Resource]]:
        """Those of the standard, and of its extensions."""
        return self.vocabulary.kinds

    def declared(self, inventory: Inventory) -> Declared:
        """The three containers, every device in use with all below it, and every title.

        How names are spelled, and which unmodelled attributes are meant, is kept for `read` and `apply`.
        """
        declared, self._intent = declare(self.name, inventory, self.vocabulary, self.extensions)
        self._places = Places(inventory, declared.paths)
        self._wanted = states_of(declared.resources)
        return declared

    def remember(self, owned: Mapping[Address, State]) -> None:
        """What was applied here: of what is not declared any more, it is shown as it was then."""
        self._owned = owned

    def read(self) -> Snapshot:
        """The whole tree below `cn=DICOM Configuration`; nothing where there is none yet.

        Raises: Unavailable, Refused; BadAnswer when it is cut short, makes no sense, or is there more than once.
        """
        base, root = self._locate()
        schema = self._directory.schema()
        tree = grow(self.name, self._below(root) if root else (), self.vocabulary)
        reader = Reader(tree, self._intent, schema, self._owned)
        snapshot = reader.snapshot()
        self._writer = Writer(self._directory, reader, base, self._secret)
        log.debug("%s: read below %s", self.name, root or base)
        return snapshot

    def check(self, changes: Sequence[Change]) -> Sequence[Finding]:
        """What does not fit the server's schema, and deletes that would take somebody else's data with them."""
        reader = self._opened().reader
        check = Check(reader.tree, reader.schema, self._places, reader.misread, reader.intent)
        return check.findings(changes)

    def apply(self, layer: Sequence[Change]) -> Iterator[Outcome]:
        """Each change conditional on what was read; many of a large layer on their way at once."""
        yield from self._opened().apply(layer)

    def hold(self) -> None:
        """Send nothing more of the layer under way."""
        self._opened().hold()

    def lost_to(self, change: Change) -> str:
        """Who else reserved a title that this change was sent to reserve."""
        return self._opened().lost_to(change)

    def settle(self, applied: Sequence[Change]) -> Iterator[Outcome]:
        """A directory is read by others when they need it; programs that keep a copy, extensions tell to reload."""
        for extension in self.extensions:
            yield from extension.settle(applied)

    def oddities(self) -> Sequence[Finding]:
        """What is wrong or unusual about the tree that was read last."""
        reader = self._opened().reader
        spelling = reader.schema.spelling if reader.schema else str
        return Oddities(reader.tree, self.config.bind is None, spelling).findings()

    def unseen(self) -> Sequence[str]:
        """What this account did not see of it."""
        reader = self._opened().reader
        spelling = reader.schema.spelling if reader.schema else str
        return Unseen(reader.tree, self.config.bind is None, reader.schema is not None, spelling).sentences()

    def evidence(self, states: Mapping[Address, State], inventory: Inventory) -> Configured:
        """What these entries mean for rules, those of its extensions too."""
        found = evident.evidence(self.config, states, inventory)
        for extension in self.extensions:
            found = evident.joined(found, extension.evidence(states, self._wanted, inventory))
        return found

    def spoken(self) -> tuple[str, ...]:
        """The extensions there are that have words for something of what was read last."""
        return spoken_in(self._opened().reader.tree)

    @property
    def words(self) -> Vocabulary:
        """What it is read and written by."""
        return self.vocabulary

    def rights(self) -> Iterator[AccountRight]:
        """What the account may do here, as far as that is told without doing it."""
        yield from Rights(self._directory, self._locate).found()

    def close(self) -> None:
        """Let go of the connections."""
        self._directory.close()
        for extension in self.extensions:
            extension.close()

    def _opened(self) -> Writer:
        assert self._writer is not None, "read comes first"
        return self._writer

    def _password(self, endpoint: Endpoint) -> Secret | None:
        if self.config.bind is None:
            return None
        return self._secrets(self.config.bind.password, endpoint.scheme, endpoint.host, endpoint.port)

    def _secret(self, ref: SecretRef) -> Secret:
        """A secret that this directory is to hold.

        Raises: Refused when the operator file does not let it be sent here, or it cannot be had.
        """
        endpoint = Endpoint.parse(self.config.url)
        try:
            return self._secrets(ref, endpoint.scheme, endpoint.host, endpoint.port)
        except OperatorError as exc:
            raise Refused(self.name, exc.message, fix=exc.fix) from exc

    def _below(self, root: str) -> tuple[Entry, ...]:
        return self._directory.search(root, "(objectClass=*)", ["*", *OPERATIONAL])

    # --- where the tree is ----------------------------------------------------------------------------------

    def _locate(self) -> tuple[str, str | None]:
        """The suffix, and the DN of the configuration root where there is one (PS3.15 section H.1.4.2)."""
        contexts = (
            (self.config.base,) if self.config.base else self._directory.root_dse().texts("namingContexts")
        )
        roots = [root for context in contexts for root in self._roots(context)]
        if len(roots) > 1:
            raise BadAnswer(
                self.name,
                f"the directory holds {len(roots)} DICOM configurations: {'; '.join(roots)}",
                fix="Say which one is meant: set `base` to what follows cn=DICOM Configuration.",
            )
        if roots:
            return self.config.base or roots[0].partition(",")[2], roots[0]
        return self._suffix(contexts), None

    def _roots(self, context: str) -> list[str]:
        """Configuration roots: right below a given base, anywhere in a naming context otherwise."""
        scope: Literal["LEVEL", "SUBTREE"] = "LEVEL" if self.config.base else "SUBTREE"
        try:
            found = self._directory.search(context, f"(objectClass={_ROOT_CLASS})", ["cn"], scope=scope)
        except Missing:
            if self.config.base:
                raise
            return []  # a context that this account may not see holds nothing for it
        return [entry.dn for entry in found]

    def _suffix(self, contexts: Sequence[str]) -> str:
        """Where to make a configuration that is not there yet.

        Raises: BadAnswer when the directory has several places for it, or none.
        """
        if self.config.base:
            return self.config.base
        preferred = self._directory.root_dse().text("defaultNamingContext")
        data = [
            each for each in contexts if names.parse(each) and names.parse(each)[-1][0][0].lower() != "cn"
        ]
        if preferred or len(data) == 1:
            return preferred or data[0]
        raise BadAnswer(
            self.name,
            f"the directory holds no DICOM configuration yet, and {len(data)} suffixes where one could be made: "
            + ("; ".join(data) or "none"),
            fix="Set `base` to the suffix under which cn=DICOM Configuration is to stand.",
        )
