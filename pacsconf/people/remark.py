"""A remark on what is live in a system of accounts: its kinds, their rules, and what to do about each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from pacsconf.core.finding import Severity
from pacsconf.inventory.nesting import GroupPath

Kind = Literal[
    "left", "undeclared", "extra", "separation", "administrators", "missing", "no-account", "disabled", "expired",
    "dangling", "elsewhere", "circle", "dormant", "old-password", "locked", "never-seen", "unknown",
]  # fmt: skip


class Rule(NamedTuple):
    """What a kind of remark is called, and how bad it is."""

    id: str
    severity: Severity
    title: str
    advice: str


KINDS: Mapping[Kind, Rule] = {
    "left": Rule(
        "PACS-USR-001", "error", "Left or suspended, and still in",
        "apply takes it out of its groups, and disables it or asks the identity team to.",
    ),
    "undeclared": Rule(
        "PACS-USR-003", "error", "In a group, and not declared at all",
        "Declare them under users with a role, or take them out: a plan shows how.",
    ),
    "extra": Rule(
        "PACS-USR-002", "error", "In a group that none of their roles leads to",
        "Give them the role in the inventory, or take them out: a plan shows how.",
    ),
    "separation": Rule(
        "PACS-USR-009", "error", "Has two roles that nobody may have both",
        "Take one of them away, in the inventory or where somebody added it.",
    ),
    "administrators": Rule(
        "PACS-USR-045", "error", "Too few administrators",
        "Give somebody else an administrator's role, and apply.",
    ),
    "missing": Rule(
        "PACS-USR-040", "warning", "Not in a group that a role leads to",
        "apply puts them in. Somebody took them out, or it was not applied yet.",
    ),
    "no-account": Rule(
        "PACS-USR-041", "warning", "Has a role here, and no account",
        "apply makes it, or asks the identity team for it; or logins names another one.",
    ),
    "disabled": Rule(
        "PACS-USR-044", "warning", "At work, and cannot sign in: the account is disabled",
        "Enable it, or declare status: suspended.",
    ),
    "expired": Rule(
        "PACS-USR-043", "warning", "At work, and cannot sign in: the account has expired",
        "Correct ends in the inventory, or the day at the account.",
    ),
    "dangling": Rule(
        "PACS-USR-015", "warning", "A member of a group that does not exist",
        "Take it out: who is given that name next has the rights of the group.",
    ),
    "elsewhere": Rule(
        "PACS-USR-015", "warning", "A member of a group from outside the declared branches",
        "Take it out, or declare its branch under people.",
    ),
    "circle": Rule(
        "PACS-USR-015", "warning", "Groups that contain each other in a circle",
        "Take one of them out of the next: whoever is in one is in all of them.",
    ),
    "dormant": Rule(
        "PACS-USR-004", "warning", "Nobody has signed in for long",
        "Ask whether the account is needed.",
    ),
    "old-password": Rule(
        "PACS-USR-011", "warning", "The password of a service account is old",
        "Renew it where it is kept, and count password.version up.",
    ),
    "locked": Rule(
        "PACS-USR-042", "info", "Locked for a time after failed attempts",
        "Ask who tried. It opens again by itself, or the identity team opens it.",
    ),
    "never-seen": Rule(
        "PACS-USR-004", "info", "Nobody has ever signed in, as far as the server has kept it",
        "Ask whether the account is needed; a server that began to keep it lately knows of nobody yet.",
    ),
    "unknown": Rule(
        "", "info", "Not known",
        "What the server does not tell counts as nothing, neither good nor bad.",
    ),
}  # fmt: skip
"""In the order in which they are told."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that is not as it should be. `path` is the way into `group` that somebody has."""

    kind: Kind
    system: str
    text: str
    user: str = ""
    group: str = ""
    path: GroupPath = ()
    accepted: str = ""
    """Until when and by whom it is accepted (`baseline`); empty: it is not."""

    @property
    def rule(self) -> Rule:
        return KINDS[self.kind]

    @property
    def counts(self) -> bool:
        """Whether it is one for which something is not as declared."""
        return self.rule.severity != "info" and not self.accepted
