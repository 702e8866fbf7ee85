"""What is written for an operator: the first file, bindings added to one, and lines that a message proposes."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from pacsconf.core.errors import OperatorError
from pacsconf.operator.binding import Binding, toml_string
from pacsconf.operator.layout import layout, table
from pacsconf.operator.private import NOT_WRITTEN_BY_OTHERS, read_private

_FIRST = """\
# What pacsconf may do from this machine. Read by pacsconf alone, never from a repository.
# Keep it to yourself: chmod 600. It holds no secret, only where secrets are kept and where they may go.

# One block for each place a secret may be sent to: exactly this scheme, host and port.
# A reference is env:NAME, file:PATH, age:PATH or prompt:LABEL.
{bindings}

# The environments that apply may write. The practice lab on this machine needs no permission.
{environments}

# The key that opens age: secrets: an age identity, or a private SSH key without a passphrase.
# [age]
# identity = "~/.config/age/key.txt"
"""

_EXAMPLE = """\
# [[secret]]
# ref = "env:PACSCONF_LDAP_PASSWORD"
# for = "ldaps://ldap.example.org:636\""""


def first_file(bindings: Iterable[Binding], environments: Iterable[str]) -> str:
    """The text of a first operator file: these bindings, and these environments to be written."""
    blocks = [binding.toml() for binding in dict.fromkeys(bindings)]
    return _FIRST.format(
        bindings="\n\n".join(blocks) or _EXAMPLE, environments=environments_table(sorted(set(environments)))
    )


def write_first(path: Path, text: str) -> None:
    """The file, new and for this user alone (mode 0600; so are folders that are made for it: 0700).

    Raises: OperatorError when there is one already, or it cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(
            os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as file:
            file.write(text)
    except OSError as exc:
        if os.path.lexists(path):
            raise OperatorError(
                f"{path} is there already and stays as it is", fix="Edit it by hand."
            ) from exc
        raise OperatorError(f"{path} cannot be written: {exc.strerror}") from exc


def add_bindings(path: Path, bindings: Iterable[Binding]) -> None:
    """The file with these bindings behind what it says already.

    Raises: OperatorError when it would not stand with them, or cannot be written; then it is as it was.
    """
    blocks = "\n\n".join(binding.toml() for binding in dict.fromkeys(bindings))
    content = read_private(path, forbidden=NOT_WRITTEN_BY_OTHERS)
    more = f"\n{blocks}\n" if content.endswith(b"\n") else f"\n\n{blocks}\n"
    layout(path, table(path, content + more.encode()))
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(more)
    except OSError as exc:
        raise OperatorError(
            f"{path} cannot be written: {exc.strerror}", fix=f"Add to it by hand:\n\n{blocks}"
        ) from exc


def environments_table(names: Iterable[str]) -> str:
    """The table that lets these environments be written."""
    return f"[environments]\n{write_line(names)}"


def write_line(names: Iterable[str]) -> str:
    """Its one line, where the table stands already."""
    return f"write = [{', '.join(map(toml_string, names))}]"
