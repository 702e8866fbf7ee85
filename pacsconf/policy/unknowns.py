"""Of what is unknown: why, without the fields that are missing. Pure."""

from __future__ import annotations


def cause_of(message: str) -> str:
    """Of a message that names fields with an explanation each, and then why they are not known, that alone.

    `not known: configured.x (what x is; and more); orthanc was not reached` is `orthanc was not reached`.
    """
    if not message.startswith("not known: "):
        return message or "nothing was looked at that could tell"
    fields, _, why = message.rpartition("; ")
    is_why = fields.startswith("not known: ") and why.count("(") == why.count(")")
    return why if is_why else message.partition(" (")[0]
