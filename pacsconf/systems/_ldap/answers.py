"""What a server answered, and what it means in words (RFC 4511 section 4.1.9)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pacsconf.core.errors import BadAnswer, Refused, SystemFault, Unavailable

SUCCESS = 0
NO_SUCH_ATTRIBUTE = 16
VALUE_EXISTS = 20
NO_SUCH_ENTRY = 32
UNWILLING = 53
SCHEMA_FORBIDS = 65
CONSTRAINT = 19
NOT_ALLOWED_ON_NON_LEAF = 66
ENTRY_EXISTS = 68
ASSERTION_FAILED = 122
WRONG_CREDENTIALS = frozenset({32, 34, 48, 49, 50, 53})
"""What servers answer to a bind with a DN that is none, or a password that is not its own."""

_MEANINGS = {
    1: "the directory reports an internal error",
    2: "the directory did not understand the request",
    3: "the answer was cut short by the directory's time limit",
    4: "the answer was cut short by the directory's size limit",
    7: "the directory does not offer this way to sign in",
    8: "the directory asks for a stronger way to sign in",
    10: "the directory refers to another server, which pacsconf does not follow",
    11: "the answer was cut short by a limit that the directory's administrator set",
    12: "the directory does not know an extension that is needed",
    13: "the directory takes this only over an encrypted connection",
    16: "the value to be replaced is not there any more",
    17: "the directory's schema does not know the attribute",
    18: "the directory cannot compare values of this attribute",
    19: "the value breaks a rule of the directory",
    20: "the value is there already",
    21: "the value does not have the form that the directory's schema asks for",
    32: "there is no such entry",
    34: "the name of the entry is not one that the directory takes",
    48: "the directory does not take this way to sign in",
    49: "the name or the password is wrong",
    50: "the account that pacsconf uses may not do this",
    51: "the directory is busy",
    52: "the directory is not available at the moment",
    53: "the directory is not willing to do this",
    64: "the entry may not be called so",
    65: "the directory's schema does not allow this entry",
    66: "the entry still has entries below it",
    67: "the value is part of the entry's name, which cannot be changed in place",
    68: "an entry of this name is there already",
    69: "the kind of entry cannot be changed",
    80: "the directory reports an error of its own",
    122: "the entry was changed by somebody else",
}
_INVALID_CREDENTIALS = 49
_SUB_CODE = re.compile(r"\bdata ([0-9a-f]{3}), v")
_KEPT_OUT = {
    "525": "there is no such account",
    "530": "the account may not sign in at this time of day",
    "531": "the account may not sign in from this machine",
    "532": "the account's password has expired",
    "533": "the account is disabled",
    "701": "the account has expired",
    "773": "the account's password must be changed first",
    "775": "the account is locked, since too many passwords were tried",
}
"""Error codes of Windows that Active Directory adds to a refused sign-in ([MS-ERREF] 2.2, in hexadecimal)."""
_SEE_LOG = "The directory's own log says more."
_OTHER_ACCOUNT = "Let the account that pacsconf uses do this, or name another under `bind`."
_ENCRYPT = "Write ldaps:// in `url`, or start_tls: true."
_LIFT = 'Lift the limit for the account that pacsconf uses (slapd: limits dn.exact="..." size=unlimited).'
_FIXES = {
    3: _LIFT,
    4: _LIFT,
    8: _ENCRYPT,
    10: "Point `url` at the server that holds the data itself.",
    11: _LIFT,
    13: _ENCRYPT,
    32: "Check `base`; an account that may not see an entry is told this too.",
    50: _OTHER_ACCOUNT,
    51: "Try again later.",
    52: "Try again later.",
    53: _OTHER_ACCOUNT,
}
_CUT_SHORT = frozenset({3, 4, 11})
_UNAVAILABLE = frozenset({51, 52})
_NONSENSE = frozenset({1, 2, 10, 12, 80})


class Missing(Refused):
    """The entry to search from does not exist, or this account may not see it."""


class Lost(Unavailable):
    """A request was sent and its answer never came: what became of it is not known."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of one request: the code, and the server's own remark (never a value we sent)."""

    code: int
    remark: str = ""

    @property
    def ok(self) -> bool:
        return self.code == SUCCESS

    @property
    def kept_out(self) -> str | None:
        """Why Active Directory does not let an account in whose name and password it knows, in words."""
        found = _SUB_CODE.search(self.remark) if self.code == _INVALID_CREDENTIALS else None
        return _KEPT_OUT.get(found[1]) if found else None

    @property
    def text(self) -> str:
        """What it means, in words, with the server's remark."""
        meaning = self.kept_out or _MEANINGS.get(self.code, f"the directory answered with code {self.code}")
        return f"{meaning} ({self.remark})" if self.remark else meaning

    def fault(self, system: str, doing: str, fix: str = "") -> SystemFault:
        """The exception for an answer that ends what we were `doing`; `fix` where that is known better there."""
        message = f"{doing}: {self.text}"
        fix = fix or _FIXES.get(self.code, _SEE_LOG)
        if self.code == NO_SUCH_ENTRY:
            return Missing(system, message, fix=fix)
        if self.code in _CUT_SHORT:
            return BadAnswer(system, f"{message}. Half an answer would look like deletions.", fix=fix)
        if self.code in _UNAVAILABLE:
            return Unavailable(system, message, fix=fix)
        return (BadAnswer if self.code in _NONSENSE else Refused)(system, message, fix=fix)
