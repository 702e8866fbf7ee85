"""Days as they are typed."""

from __future__ import annotations

from datetime import date

import typer

from pacsconf.cli import workspace


def day_of(text: str | None, option: str) -> date | None:
    """The day that was typed after an option; None where none was.

    Raises: BadParameter.
    """
    from pacsconf.inventory import formats

    if text is None:
        return None
    try:
        return date.fromisoformat(formats.date(text))
    except ValueError as exc:
        raise typer.BadParameter(str(exc), param_hint=option) from None


def day_to_come(text: str | None, option: str) -> date | None:
    """The same of a day that is still to come: what was on a day that is over, the record tells.

    Raises: BadParameter.
    """
    day = day_of(text, option)
    today = workspace.now().date()
    if day is not None and day <= today:
        raise typer.BadParameter(
            f"{day} is not to come: today is {today} (UTC). For today leave {option} out; what was on a day that is"
            " over, pacsconf history tells",
            param_hint=option,
        )
    return day
