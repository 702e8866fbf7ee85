"""Rendering what is about an Orthanc: its users, its roles, and a site's own documents about them.

Passwords are marks while a template is filled in: it never sees one. They are resolved when a file of JSON is
written, which is its owner's alone; whatever else is shown has `***` in their place.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import mkstemp
from typing import TYPE_CHECKING

import typer

from pacsconf.cli import opening, workspace
from pacsconf.cli.screen import Screen
from pacsconf.core.errors import PacsconfError
from pacsconf.report.lines import Span, line, wrapped

if TYPE_CHECKING:
    from pacsconf.inventory.systems import OrthancConfig
    from pacsconf.operator.secrets import Keyring
    from pacsconf.report.sheets.orthanc import Orthanc
    from pacsconf.report.sheets.render import Template

USERS, PERMISSIONS = "orthanc-users", "orthanc-permissions"
SHORTEST = 8
"""Characters of a password that is written for an Orthanc, whose server refuses none."""
_TRIED_FIRST = frozenset({"alicepassword", "change-me", "changeme", "orthanc", "password"})
"""Passwords of examples and images."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """The passwords of an Orthanc's users, and by login what stands for each in a text."""

    config: OrthancConfig
    keyring: Callable[[], Keyring] = field(repr=False)
    marks: Mapping[str, str] = field(default_factory=dict)

    def masked(self, text: str) -> str:
        """The text as anybody may see it."""
        for mark in self.marks.values():
            text = text.replace(mark, "***")
        return text

    def opened(self, text: str) -> str:
        """The text with the passwords in it.

        Raises: OperatorError when one may not go to this Orthanc or cannot be had; PacsconfError for one that is
        no better than none.
        """
        from pacsconf.inventory.endpoint import Endpoint
        from pacsconf.report.sheets.forms import as_json

        at, keyring = Endpoint.parse(self.config.url), self.keyring()
        for login, mark in self.marks.items():
            if mark in text:
                secret = keyring(self.config.users[login].password, at.scheme, at.host, at.port)
                _require_good(login, secret.reveal())
                text = text.replace(mark, as_json(secret.reveal())[1:-1])
        return text

    def in_it(self, text: str) -> bool:
        """Whether a password is meant to stand in this text."""
        return any(mark in text for mark in self.marks.values())


def _require_good(login: str, password: str) -> None:
    lowered = password.casefold()
    if lowered in _TRIED_FIRST or lowered == login.casefold() or len(password) < SHORTEST:
        raise PacsconfError(
            f"the password of {login} is one that is tried first: its own name, one of an example, or shorter than "
            f"{SHORTEST} characters",
            fix="Orthanc neither refuses such a password nor slows down who guesses. Put another in its place.",
        )


# --- what a template sees -----------------------------------------------------------------------------------------


def orthancs(
    screen: Screen, work: workspace.Workspace, template: Template, about: list[str]
) -> Iterator[tuple[Orthanc, Sealed]]:
    """What the template sees of each Orthanc that is named, and the passwords apart from it.

    Raises: PacsconfError where one is none, or has nothing that the template could say.
    """
    from pacsconf.report.sheets.orthanc import orthanc

    if not about:
        raise typer.BadParameter(f"{template.name} is about an Orthanc: pacsconf render {template.name} NAME")
    opening.require_lab(work)
    for name in dict.fromkeys(about):
        config = _config(work, name)
        marks = {login: f"sealed{secrets.token_hex(16)}" for login in config.users}
        sealed = Sealed(config, partial(opening.keyring, work), marks if template.form == "json" else {})
        seen = orthanc(work.inventory, config, sealed.marks)
        _require_something(template, config, seen)
        _tell(screen, template, seen)
        yield seen, sealed


def _config(work: workspace.Workspace, name: str) -> OrthancConfig:
    from pacsconf.inventory.merge import nearest
    from pacsconf.inventory.systems import OrthancConfig

    known = {each: one for each, one in work.inventory.systems.items() if isinstance(one, OrthancConfig)}
    if name not in known:
        raise PacsconfError(
            f'there is no Orthanc "{name}" in {work.environment}{nearest(name, known)}',
            fix=f"Systems of type orthanc: {', '.join(sorted(known)) or 'none is declared'}.",
        )
    return known[name]


def _require_something(template: Template, config: OrthancConfig, seen: Orthanc) -> None:
    if template.name == USERS and not seen.registered:
        left = f": {'; '.join(one.left_out for one in seen.logins)}" if seen.logins else ""
        raise PacsconfError(
            f"nobody could sign in at Orthanc {config.name}{left}",
            fix=f"Declare who may under systems.{config.name}.users, pacsconf's own login too.",
        )
    if template.name == PERMISSIONS and not config.authorization:
        raise PacsconfError(
            f"Orthanc {config.name} has no authorization plugin, so roles have no effect there",
            fix=f"Where it has one, write authorization: true at systems.{config.name}.",
        )
    if template.name == PERMISSIONS and not seen.roles:
        raise PacsconfError(
            f"no role lands in Orthanc {config.name} with anything that it has a word for",
            fix=f"Say where: roles.ROLE.groups.{config.name}, the name of a role of the plugin's service.",
        )


def _tell(screen: Screen, template: Template, seen: Orthanc) -> None:
    """Who and what is left out."""
    left_out = [one.left_out for one in seen.logins if one.left_out] if template.name == USERS else []
    not_given = seen.not_given if template.name == PERMISSIONS else ()
    for text in left_out:
        screen.note(wrapped(f"left out: {text}", screen.width, first=line(Span("  - ", "delete")), indent=4))
    for text in not_given:
        screen.note(wrapped(text, screen.width, first=line(Span("  ! ", "warning")), indent=4))


def tell_next(screen: Screen, systems: Sequence[str]) -> None:
    """What is to be done with files of users."""
    text = (
        "Put it into the folder of Orthanc's configuration, whose other files must not have these keys, for it "
        "alone to read; restart it, and delete this one (docs/people.md)."
    )
    screen.note(wrapped(text, screen.width))
    for name in systems:
        screen.note((line(f"Next: {screen.command} doctor --system {name} --logins"),))


# --- a file with passwords ----------------------------------------------------------------------------------------


def require_private_place(path: Path) -> None:
    """Nothing, where a file with passwords may stand.

    Raises: PacsconfError inside a git repository, whose history is for ever.
    """
    folder = path.parent.absolute()
    for place in (folder, folder.resolve()):
        repository = next((each for each in (place, *place.parents) if (each / ".git").exists()), None)
        if repository is not None:
            raise PacsconfError(
                f"{path} lies in the git repository {repository}, and passwords would stand in it",
                fix="Name a file outside of it. What git has once taken in cannot be taken back.",
            )


def write_private(path: Path, text: str) -> None:
    """The file, whole or not at all, which nobody else can read from its first byte on (mode 0600).

    Raises: OSError.
    """
    handle, part = mkstemp(prefix=f".{path.name}-", dir=path.parent)  # of mode 0600, and nobody's link
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(part).replace(path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise
