"""Inviting whom an account was given to set a first password, by the program that the operator file names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pacsconf.cli import workspace
from pacsconf.core.errors import OperatorError, SystemFault

if TYPE_CHECKING:
    from pacsconf.core.change import Change, Outcome
    from pacsconf.systems.base import System


class Inviting:
    """Calls the program for one account after another."""

    def __init__(self, work: workspace.Workspace, systems: Mapping[str, System]) -> None:
        self._work = work
        self._systems = systems

    def __call__(self, change: Change) -> Outcome | None:
        """What became of an invitation; None where no program is named."""
        from pacsconf.core.change import Outcome
        from pacsconf.people.inviting import invited_at

        at = invited_at(change)
        try:
            why = self._invited(at.system, change.address.parts[0])
        except (OperatorError, SystemFault) as exc:
            why = exc.message
        if why is None:
            return None
        return Outcome(at, "invite", "failed" if why else "applied", why)

    def _invited(self, system: str, user: str) -> str | None:
        """Why somebody was not invited, and how to do it then; None where no program is named."""
        from pacsconf.systems.abilities import Peopled

        inviter = workspace.operator(self._work).inviter()
        if inviter is None:
            return None
        peopled = self._systems[system]
        assert isinstance(peopled, Peopled), "only they have accounts"
        account = peopled.live_of(user).accounts.get(user)
        if account is None:
            return "the account is gone"
        why = inviter.invite(system, user, account.login, account.dn)
        if not why:
            return ""
        dn = account.dn if account.dn_tells_nobody else "DN"
        return f"{why}. Invite them by hand: {inviter.spelt([system, user, account.login, dn])}"
