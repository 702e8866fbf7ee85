"""A directory of people: their accounts, the groups they are in, and what their passwords must be like.

Membership of the declared groups is pacsconf's to change; accounts and password policies only in branches that it
owns, else an identity team is asked. Nothing here is ever deleted: who leaves is disabled and taken out of groups.

The walk here: `declared` (in `_accounts.declare`), `read` (`_accounts.tree`, `_accounts.live`), `check`
(`_accounts.check`), `apply` (`_accounts.write`). What differs between servers is in the flavours.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, Literal

from pacsconf.core.address import Address
from pacsconf.core.change import Change, Outcome
from pacsconf.core.departed import DEPARTED
from pacsconf.core.errors import OperatorError, Refused
from pacsconf.core.finding import Finding
from pacsconf.core.resource import Resource, Snapshot, State, Typed
from pacsconf.core.secret import Secret
from pacsconf.inventory.accounts import AccountsConfig
from pacsconf.inventory.endpoint import Endpoint
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.systems import SystemConfig
from pacsconf.inventory.values import SecretRef
from pacsconf.people.entries import ACCOUNT, DISABLED, MEMBERSHIP, USER
from pacsconf.people.live import LiveAccounts
from pacsconf.people.oddities import oddities
from pacsconf.systems._accounts import asking
from pacsconf.systems._accounts.active_directory import ActiveDirectory
from pacsconf.systems._accounts.check import Check
from pacsconf.systems._accounts.declare import Intent, declare
from pacsconf.systems._accounts.evident import Evidence
from pacsconf.systems._accounts.flavour import Flavour
from pacsconf.systems._accounts.kinds import KINDS, user_at
from pacsconf.systems._accounts.live import Projection, live_accounts
from pacsconf.systems._accounts.openldap import OpenLDAP
from pacsconf.systems._accounts.rights import Rights
from pacsconf.systems._accounts.survey import survey
from pacsconf.systems._accounts.tree import Reader, Tree
from pacsconf.systems._accounts.write import Writer
from pacsconf.systems._ldap import Directory, names
from pacsconf.systems._ldap.connect import refuse_clear_text
from pacsconf.systems.abilities import AccountRight, Surveyed
from pacsconf.systems.base import Declared, Secrets

if TYPE_CHECKING:
    from pacsconf.policy.evidence import Configured

log = logging.getLogger(__name__)

_ROLELESS = "has no role here any more"
"""Why groups go of somebody who is declared still."""


def _flavour(config: AccountsConfig) -> Flavour:
    return ActiveDirectory() if config.flavour == "active-directory" else OpenLDAP()


class AccountsSystem:
    """Keeps `System`, and is `Peopled`, `Foreseeing`, `Evident`, `Asking`, `Surveying`, `Remembering`,
    `Inspectable`, `RightsKnown`.

    A write and its condition are one request; membership is one value at a time.
    """

    kinds: ClassVar[Mapping[str, type[Resource]]] = KINDS
    guarantee: ClassVar[Literal["atomic", "checked"]] = "atomic"

    def __init__(self, name: str, config: SystemConfig, secrets: Secrets) -> None:
        self.name = name
        self.config = AccountsConfig.model_validate({**config.model_dump(), "name": name})
        self._secrets = secrets
        self._directory = Directory(self.config, self._password)
        self.flavour = _flavour(self.config)
        self._intent = Intent()
        self._owned: Mapping[Address, State] = {}
        self._tree: Tree | None = None
        self._named = True
        """Whether who somebody is was read too."""

    def declared(self, inventory: Inventory) -> Declared:
        """Everybody with a role that lands here, on the day of the inventory; groups and password policies."""
        declared, self._intent = declare(self.config, inventory, self._own_user)
        users = inventory.users

        def why(address: Address) -> str:
            return _ROLELESS if address.parts[0] in users else DEPARTED

        return replace(declared, lasting=replace(declared.lasting, departing=self._departed, why=why))

    def remember(self, owned: Mapping[Address, State]) -> None:
        """Whom the inventory may not name any more, and which passwords were written."""
        self._owned = owned

    def read(self) -> Snapshot:
        """All accounts and groups of the branches that are declared.

        Raises: Unavailable, Refused; BadAnswer when it is cut short, or two groups have one name.
        """
        self._named = self._intent.is_named
        self._tree = self._reader().tree(named=self._named)
        states = self._projection().states(self._tree)
        log.debug(
            "%s: read %d accounts, %d groups", self.name, len(self._tree.accounts), len(self._tree.groups)
        )
        return Snapshot(self.name, Typed(states, KINDS))

    def check(self, changes: Sequence[Change]) -> Sequence[Finding]:
        """What these changes would not come to, as far as what was read tells."""
        return Check(self.config, self.flavour, self._intent, self._read(), self._owned).findings(changes)

    def asks(self, change: Change) -> str:
        """What the identity team is asked for instead of a change; empty for what is made from here."""
        return asking.theirs(self.config, self._intent, self._tree, change) if self._tree else ""

    def takes_up(self, asked: Change) -> bool:
        """Whether what the identity team was asked for is made from here by now."""
        return asking.taken_up(self.config, self._intent, self._read(), asked)

    def apply(self, layer: Sequence[Change]) -> Iterator[Outcome]:
        """Each change by itself; what is the identity team's to do waits for them."""
        writer = Writer(
            self.config,
            self.flavour,
            self._directory,
            self._intent,
            self._read(),
            self._projection(),
            self._secret,
        )
        yield from writer.apply(layer)

    def settle(self, applied: Sequence[Change]) -> Iterator[Outcome]:
        """Nothing to reload: whoever asks for a group asks the directory."""
        yield from ()

    def live(self) -> LiveAccounts:
        """All accounts and groups, as `read` found them; asked again where it left out who somebody is.

        Raises: Unavailable, Refused, BadAnswer.
        """
        tree = self._read()
        if not self._named:  # of a hundred thousand people that is half of what there is to read
            self._named, tree = True, self._reader().tree()
            self._tree = tree
        return live_accounts(self.config, self.flavour, self._intent, tree)

    def accounts_of(self, states: Mapping[Address, State]) -> LiveAccounts:
        """All accounts and groups, were these the resources here."""
        return self._evidence(states).accounts(
            live_accounts(self.config, self.flavour, self._intent, self._read())
        )

    def evidence(self, states: Mapping[Address, State], inventory: Inventory) -> Configured:
        """Password policies, and what was seen of the server; who is in which groups, `accounts_of` tells."""
        return self._evidence(states).told(inventory)

    def live_of(self, user: str) -> LiveAccounts:
        """One user's account and the groups that they are in; `read` need not come first.

        Raises: Unavailable, Refused, BadAnswer.
        """
        tree = self._reader().tree_of(user)
        return live_accounts(self.config, self.flavour, self._intent, tree)

    def survey(self, base: str | None = None) -> Surveyed | None:
        """Where there are people, for whoever does not know it; None where there are none."""
        return survey(self._directory, base)

    def oddities(self) -> Sequence[Finding]:
        """What is odd about accounts and groups, whatever an inventory says."""
        return oddities(self.live(), datetime.now(UTC))

    def unseen(self) -> Sequence[str]:
        """What this server does not tell, or not this account."""
        return [f"The directory does not tell {what}." for what in self.live().cannot_tell]

    def rights(self) -> Iterator[AccountRight]:
        """What the account that pacsconf binds with may do. Changes nothing."""
        return Rights(self.config, self._directory, lambda: self._reader().tree(named=False)).found()

    def close(self) -> None:
        """Let go of the connection."""
        self._directory.close()

    # --- within ---------------------------------------------------------------------------------------------------

    def _read(self) -> Tree:
        assert self._tree is not None, "read comes first"
        return self._tree

    def _reader(self) -> Reader:
        return Reader(self.config, self.flavour, self._directory, self._intent, self._owned)

    def _projection(self) -> Projection:
        return Projection(self.config, self.flavour, self._intent, self._owned)

    def _evidence(self, states: Mapping[Address, State]) -> Evidence:
        tree = self._read()
        return Evidence(self.config, self.flavour, tree, self._projection().states(tree), states)

    def _own_user(self) -> str | None:
        """Whose account pacsconf binds with, where that is one of those that were read."""
        if self.config.bind is None or self._tree is None:
            return None
        own = names.canonical(self.config.bind.dn)
        found = (user for dn, user in self._tree.user_of.items() if names.canonical(dn) == own)
        return next(found, None)

    def _departed(self, last: State, live: State) -> State:
        """Of what the inventory names no more: an account of ours is disabled, and nobody stays in a group."""
        address = last.address
        if address.kind == USER:
            closed = {**live.fields, ACCOUNT: DISABLED} if self._is_ours(address.parts[0]) else live.fields
            return last.with_fields(closed)
        if address.kind == MEMBERSHIP:
            user = address.parts[0]
            needs = frozenset({user_at(self.name, user)} if self._is_ours(user) else ())
            return State(address, user_at(self.name, user), {}, needs)
        return last.with_fields(live.fields)

    def _is_ours(self, user: str) -> bool:
        account = self._read().accounts.get(user)
        return account is not None and self.config.people[account.place].owns_accounts

    def _password(self, endpoint: Endpoint) -> Secret | None:
        if self.config.bind is None:
            return None
        return self._secrets(self.config.bind.password, endpoint.scheme, endpoint.host, endpoint.port)

    def _secret(self, ref: SecretRef) -> Secret:
        """A password that is to be written here.

        Raises: Refused when the operator file does not let it be sent here, it would travel in clear (also where
        nobody signs in), or it cannot be had.
        """
        endpoint = Endpoint.parse(self.config.url)
        refuse_clear_text(self.config, endpoint)
        try:
            return self._secrets(ref, endpoint.scheme, endpoint.host, endpoint.port)
        except OperatorError as exc:
            raise Refused(self.name, exc.message, fix=exc.fix) from exc
