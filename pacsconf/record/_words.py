"""What git, a hook or a remote said, as it may be shown."""

from __future__ import annotations

import re

_MAX_ERROR_CHARACTERS = 2000
_EMPTY_WORDS = ("Please make sure you have the correct access rights", "and the repository exists.")


def explain(text: str) -> str:
    """What git, a hook or a remote said, made safe to show: no control characters, no password of a URL."""
    lines = (re.sub(r"^(remote:|error:|fatal:)\s*", "", line).strip() for line in text.splitlines())
    told = (line.rstrip(".") for line in lines if line and not line.startswith(("hint:", *_EMPTY_WORDS)))
    shown = "; ".join(told)
    shown = re.sub(r"(?<=://)[^/@\s]+@", "***@", shown)
    shown = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in shown)
    return shown[:_MAX_ERROR_CHARACTERS] or "it gave no reason"
