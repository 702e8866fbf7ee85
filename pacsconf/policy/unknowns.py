"""Of what is unknown: which fields are missing, and why, as one message; and that taken apart again. Pure.

Both ends are here, since an audit keeps the message alone.
"""

from __future__ import annotations

_BEGINS = "not known: "


def message(fields: str, why: str) -> str:
    """What is told of a result that is unknown: the fields, with what each is, and why they are not known."""
    return f"{_BEGINS}{fields}{f'; {why}' if why else ''}"


def details(message: str) -> str:
    """The same after words that say already that it is not known."""
    return message.removeprefix(_BEGINS)


def cause_of(message: str) -> str:
    """Of a message that names fields with an explanation each, and then why they are not known, that alone.

    `not known: configured.x (what x is; and more); orthanc was not reached` is `orthanc was not reached`.
    """
    if not message.startswith(_BEGINS):
        return message or "nothing was looked at that could tell"
    fields, _, why = message.rpartition("; ")
    is_why = fields.startswith(_BEGINS) and why.count("(") == why.count(")")
    return why if is_why else message.partition(" (")[0]
