"""What a system may do beside its contract, each for one command; a system that has none of it is whole.

The command asks by `isinstance`, so a third party adds an ability by having its methods.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from pacsconf.core.address import Address
from pacsconf.core.attestation import Attestation
from pacsconf.core.change import Change
from pacsconf.core.finding import Finding
from pacsconf.core.resource import State
from pacsconf.inventory.accounts import Flavour
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.words import Words
from pacsconf.people.live import LiveAccounts
from pacsconf.retention.capacity import Stock
from pacsconf.retention.reading import Told, Wanted

if TYPE_CHECKING:
    from pacsconf.policy.evidence import Configured


@runtime_checkable
class Inspectable(Protocol):
    """Tells what is odd about what it read (`look`, `adopt`)."""

    def oddities(self) -> Sequence[Finding]:
        """What is wrong or unusual about what was read last: each with `about`, nothing about the inventory."""
        ...

    def unseen(self) -> Sequence[str]:
        """What could not be seen, and why, one sentence each: what this account may not read, what REST hides."""
        ...


@runtime_checkable
class Extended(Protocol):
    """Holds what extensions have words for (`adopt`)."""

    def spoken(self) -> tuple[str, ...]:
        """The extensions there are that have words for something of what was read last."""
        ...

    @property
    def words(self) -> Words:
        """What it was read by."""
        ...


@runtime_checkable
class Holdable(Protocol):
    """Has several changes of a layer on their way at once (`apply`)."""

    def hold(self) -> None:
        """Begin no further change: the `apply` under way yields the outcomes of those that were sent, then ends."""
        ...


@runtime_checkable
class Contested(Protocol):
    """Holds what belongs to whoever made it first (`apply`)."""

    def lost_to(self, change: Change) -> str:
        """Why what `read` found is not this change's doing though it is as that wants it; empty where it may be.

        Asked of what was sent without an answer.
        """
        ...


@runtime_checkable
class Entitled(Protocol):
    """Is an application entity itself (`adopt`)."""

    def own_entity(self) -> tuple[str, int | None]:
        """Its AE title and the port where it listens (None: nowhere), as `read` found them."""
        ...


@runtime_checkable
class Attested(Protocol):
    """Knows some or all of its live side only from what a person attested (`console`)."""

    def recall(self, attestations: Mapping[Address, Attestation]) -> None:
        """What was attested of this system so far, by address. Called before every `read`."""
        ...

    def basis(self) -> str:
        """What an attestation made now builds on (the digest of an export); empty for nothing."""
        ...


@runtime_checkable
class Remembering(Protocol):
    """Finds some of what it holds only where it knows what to look for (`orthanc`: studies on hold), or shows it as
    it was applied (`dicom-directory`: object classes)."""

    def remember(self, owned: Mapping[Address, State]) -> None:
        """What was applied here before, which the inventory may not name any more. Called before every `read`."""
        ...


@runtime_checkable
class Keeping(Protocol):
    """Holds studies, and knows which of those on legal hold are not among them (`plan`)."""

    def without(self) -> Set[str]:
        """The studies on hold of which nothing is here, by their references, as `read` found them."""
        ...

    def studies(self, asked: Collection[Wanted], since: date | None, until: date | None) -> Iterator[Told]:
        """What it tells of each study of these days: no more than is asked for. `read` need not come first.

        Raises: Unavailable, Refused; BadAnswer when it is not whole.
        """
        ...


@runtime_checkable
class Stocked(Protocol):
    """Keeps images, and tells how much of its room they take (`storage`)."""

    def stock(self, now: datetime) -> Stock:
        """What it holds now, and how much it may hold. `read` need not come first.

        Raises: Unavailable; Refused when this account may not ask; BadAnswer.
        """
        ...

    def warn_at(self) -> int:
        """From how many percent of its maximum on its filling is a warning."""
        ...


@runtime_checkable
class Asking(Protocol):
    """Makes some of its changes by asking others for them (`plan`)."""

    def asks(self, change: Change) -> str:
        """What others are asked for instead of a change, in words; empty for what is made from here."""
        ...

    def takes_up(self, asked: Change) -> bool:
        """Whether what others were asked for is made from here by now. It comes after `read`."""
        ...


@runtime_checkable
class EditsFiles(Protocol):
    """Writes files of this machine, where the operator lets it (`orthanc`: its configuration)."""

    def permit(self, may_edit: Callable[[Path], bool]) -> None:
        """What tells of a path whether it may be written from here. Until it is called, none may."""
        ...


@runtime_checkable
class Peopled(Protocol):
    """Holds people's accounts and the groups they are in (`access`, `adopt accounts`)."""

    def live(self) -> LiveAccounts:
        """All accounts and groups, as `read` found them. It comes after `declared` and `read`."""
        ...

    def live_of(self, user: str) -> LiveAccounts:
        """One user's account, and the groups that it is in, as such or through others; asked for alone.

        It comes after `declared`; `read` need not come first.

        Raises: Unavailable, Refused, BadAnswer.
        """
        ...


@runtime_checkable
class Foreseeing(Protocol):
    """Tells whose accounts there would be, and in which groups (`plan`, `audit`)."""

    def accounts_of(self, states: Mapping[Address, State]) -> LiveAccounts:
        """All accounts and groups, were these its resources; without who somebody is. Asks nobody.

        It comes after `declared` and `read`. Of whoever has no resource here, what `read` found is told.
        """
        ...


@dataclass(frozen=True, slots=True)
class Surveyed:
    """Where a directory keeps people: what kind it is, and the DNs of its branches of accounts and of groups."""

    flavour: Flavour
    people: tuple[str, ...]
    groups: tuple[str, ...]


@runtime_checkable
class Surveying(Protocol):
    """Finds out where there are people (`look`)."""

    def survey(self, base: str | None = None) -> Surveyed | None:
        """The branches below `base`, or anywhere; None where there is nobody, or no group.

        Raises: Unavailable, Refused, BadAnswer.
        """
        ...


@dataclass(frozen=True, slots=True)
class AccountRight:
    """One thing that an account must be allowed: `name` in words, what for, and whether it is.

    `unknown` where that cannot be told without writing; `detail` says how it was found out, or what to grant.
    """

    name: str
    needed_for: Literal["looking", "writing"]
    verdict: Literal["yes", "no", "unknown"]
    detail: str = ""


@runtime_checkable
class RightsKnown(Protocol):
    """Finds out what its account may do (`doctor --system`)."""

    def rights(self) -> Iterator[AccountRight]:
        """Each right that looking or writing needs. Changes nothing.

        Raises: Unavailable; Refused when the account is not let in at all.
        """
        ...


@dataclass(frozen=True, slots=True)
class LoginTried:
    """One try to sign in: whether it should succeed (`wanted`), and whether it did."""

    name: str
    wanted: bool
    verdict: Literal["yes", "no", "unknown"]
    detail: str = ""


@runtime_checkable
class LoginsTried(Protocol):
    """Tries whether those who may sign in can, and the others cannot (`doctor --system NAME --logins`)."""

    def try_logins(self) -> Iterator[LoginTried]:
        """Each login by one try, and one without a password. Changes nothing. It comes after `declared`."""
        ...


@runtime_checkable
class Evident(Protocol):
    """Tells what it holds in the words that rules have for it (`plan`, `audit`)."""

    def evidence(self, states: Mapping[Address, State], inventory: Inventory) -> Configured:
        """What rules may know of it, were these its resources: as `read` found them, or as a plan leaves them.

        It comes after `declared` and `read`; asks nobody. What cannot be told is absent.
        """
        ...
