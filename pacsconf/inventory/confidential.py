"""Source lines that are not shown, since a secret may stand there that somebody typed instead of a reference.

The same holds for a Study Instance UID in a legal hold, which is to name its studies by a hash: a UID leads to a
patient.

And for who somebody is: names, mail addresses and employee numbers below `users`.

A report shows the line of whatever is wrong, and reports end up in logs of CI. So the text decides, whatever the
complaint is about: a line is kept back when something named like a secret has a value on it that is no reference.
One line too many costs an excerpt; one too few would cost a password.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pacsconf.inventory.values import SECRET_SCHEMES

_WORD = (
    r"passw|passphrase|passcode|pwd|\bpw\b|kennwort|secret|token|credential|api[_-]?key"
    r"|store(?:key)?pin|pkcs12|private[_-]?key"
)
_NAMED = re.compile(rf"(?:{_WORD})[\w-]*", re.IGNORECASE)
_GAP = r"(?:\s|\#[^\n]*|[|>][-+0-9]*(?=\s))*+"
_SECRET = re.compile(
    rf"(?:{_WORD})[\w-]*[\"']?\s*[:=]{_GAP}(?=\S)(?![\"']?(?:{'|'.join(SECRET_SCHEMES)}):)", re.IGNORECASE
)
_BIND = re.compile(r"\bbind[\"']?[ \t]*:[ \t]*(?![ \t{#])(?=\S)")
"""A password in the place of `{dn: ..., password: ...}`."""
_IN_URL = re.compile(r"://[^/\s\"']*@")
_STUDY = re.compile(r"\bstudies[\"']?\s*:(?:[^\n]*\n){0,3}?[^\n]*?\b[0-9]+(?:\.[0-9]+){3,}")
_PERSONAL = re.compile(r"\b(?:given_name|family_name|email|employee)[\"']?\s*:")
_NAME = re.compile(r"\bname[\"']?\s*:")
_TOP = re.compile(r"[\"']?[\w-]+[\"']?\s*:")
_BACK = 3
"""Lines between a key and its value that are looked back over: blank ones, comments, the `|` of a block."""


def names_a_secret(key: str) -> bool:
    """Whether what stands under this key is a secret, or is meant as one."""
    return _NAMED.search(key) is not None


def is_confidential(line: str, before: Sequence[str] = ()) -> bool:
    """Whether a line may hold a secret; `before` are those above it, the nearest last."""
    window = "\n".join((*before[-_BACK:], line))
    start = len(window) - len(line)
    if _PERSONAL.search(line) or (_NAME.search(line) and _is_of_people(line, before)):
        return True
    values = (found.end() for pattern in (_SECRET, _STUDY) for found in pattern.finditer(window))
    return any(end >= start for end in values) or bool(_BIND.search(line) or _IN_URL.search(line))


def _is_of_people(line: str, before: Sequence[str]) -> bool:
    """Whether the key at the top of the file that a line is below is `users`."""
    top = next((each for each in (line, *reversed(before)) if _TOP.match(each)), "")
    return top.strip("\"'").startswith("users")
