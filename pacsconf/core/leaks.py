"""Secrets where none may be: what looks like one, and those that are known. None is repeated here. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

SHORTEST = 6
"""Characters of a known secret that is looked for: a shorter one stands in many a text by chance."""

_LOOKS_LIKE: Mapping[str, re.Pattern[bytes]] = {
    "a private key": re.compile(rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"),
    "an age identity": re.compile(rb"AGE-SECRET-KEY-1[0-9A-Z]{20,}"),
    "a password in a URL": re.compile(rb"[a-z]://[^\s/:@\"'<>*]{1,64}:[^\s/:@\"'<>*]{1,128}@"),
    "a hash of a password": re.compile(
        rb"\{(?:S?SHA(?:256|384|512)?|S?MD5|CRYPT|ARGON2|PBKDF2[A-Z0-9-]*)\}[A-Za-z0-9+/=$.,]{16,}"
        rb"|\$(?:2[aby]|5|6|y|argon2id?)\$[A-Za-z0-9./=,$+]{20,}"
    ),
    "a web token": re.compile(rb"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"),
    "an access key": re.compile(
        rb"\b(?:(?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|glpat-[A-Za-z0-9_-]{20,})\b"
    ),
}


class Leak(NamedTuple):
    """A file, and what it seems to hold."""

    path: str
    what: str


def leaks(files: Mapping[str, bytes], known: Mapping[str, str]) -> Iterator[Leak]:
    """The files that hold something like a secret, or one of those known, which are named by their references."""
    spelt = {name: tuple(_spellings(secret)) for name, secret in known.items() if len(secret) >= SHORTEST}
    for path, data in sorted(files.items()):
        for what, pattern in _LOOKS_LIKE.items():
            if pattern.search(data):
                yield Leak(path, what)
        for name, spellings in spelt.items():
            if any(one in data for one in spellings):
                yield Leak(path, f"the secret {name}")


def _spellings(secret: str) -> Iterable[bytes]:
    """A secret as text, and as JSON spells it."""
    return dict.fromkeys(
        text.encode()
        for text in (secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    )
