"""Secrets by reference: whether the operator file lets one be sent there; then, at that moment, the secret.

No secret is ever in a repr, a message, a log line or an exception. Where a library's exception could carry
one, ours is raised after the `except` block has ended, so that not even the hidden context holds it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pacsconf.core.errors import OperatorError
from pacsconf.core.secret import Secret
from pacsconf.inventory.endpoint import Endpoint
from pacsconf.inventory.values import SecretRef
from pacsconf.operator.binding import Binding
from pacsconf.operator.private import NOT_TOUCHED_BY_OTHERS, read_private

Ask = Callable[[str], str]
"""Asks a person on a terminal without showing what is typed: `getpass.getpass`."""

EMPTY = "an empty password makes a directory accept anybody as nobody (RFC 4513 section 5.1.2)"


@dataclass(frozen=True, slots=True)
class Keyring:
    """Resolves references for one command: `keyring(ref, scheme, host, port)`.

    `path` is the operator file, for messages; `root` is where relative paths of references start;
    `lab_folder` is where `lab up` keeps the secrets it made. An answer to a prompt is remembered for as long.
    """

    path: Path
    bindings: tuple[Binding, ...]
    identity: Path | None
    root: Path
    lab_folder: Path | None
    environ: Mapping[str, str] = field(repr=False)
    ask: Ask | None = field(repr=False)
    _answers: dict[SecretRef, Secret] = field(default_factory=dict, repr=False)

    def __call__(self, ref: SecretRef, scheme: str, host: str, port: int) -> Secret:
        """The secret, for a place it is bound to.

        Raises: OperatorError when it is bound elsewhere or nowhere, or cannot be had.
        """
        endpoint = Endpoint(scheme, host, port)
        self.permit(ref, endpoint)
        return self._resolved(ref, endpoint)

    def permit(self, ref: SecretRef, endpoint: Endpoint) -> None:
        """Nothing, when the secret may be sent there.

        Raises: OperatorError with the lines that would allow it.
        """
        if Binding(ref, endpoint) in self.bindings or self._is_the_labs_own(ref, endpoint):
            return
        allow = f"If {endpoint} is the right place, add to {self.path}:\n\n{Binding(ref, endpoint).toml()}"
        elsewhere = sorted(str(binding.endpoint) for binding in self.bindings if binding.ref == ref)
        if elsewhere:
            raise OperatorError(
                f"{ref} is bound to {', '.join(elsewhere)}; the inventory wants to send it to {endpoint}. "
                "A changed address in the inventory must not receive a password.",
                fix=f"Find out who changed the address, and why: git log -p -- inventory\n{allow}",
            )
        raise OperatorError(
            f"{ref} is not bound to {endpoint}. Only a place that the operator file names may receive a "
            "secret, so that a change in the inventory cannot send it elsewhere.",
            fix=allow,
        )

    def _is_the_labs_own(self, ref: SecretRef, endpoint: Endpoint) -> bool:
        """Whether `lab up` made this secret and it stays on this machine; links are followed first."""
        if ref.scheme != "file" or self.lab_folder is None or not endpoint.is_loopback:
            return False
        return self._place(ref).resolve().is_relative_to(self.lab_folder.resolve())

    def _resolved(self, ref: SecretRef, endpoint: Endpoint) -> Secret:
        match ref.scheme:
            case "env":
                return Secret(self._from_environment(ref))
            case "file":
                return Secret(_text(ref, read_private(self._place(ref), forbidden=NOT_TOUCHED_BY_OTHERS)))
            case "age":
                return Secret(_text(ref, self._decrypted(ref)))
            case "prompt":
                if ref not in self._answers:
                    self._answers[ref] = Secret(self._answer(ref, endpoint))
                return self._answers[ref]
        raise AssertionError(f"{ref.scheme} is a known kind of reference without a way to resolve it")

    def _from_environment(self, ref: SecretRef) -> str:
        text = self.environ.get(ref.rest, "")
        if not text:
            state = "empty" if ref.rest in self.environ else "not set"
            raise OperatorError(
                f"the environment variable {ref.rest} is {state}; {ref} cannot be resolved",
                fix=f"Set {ref.rest} for this command, or keep the secret in a file: file:PATH or age:PATH.",
            )
        return text

    def _answer(self, ref: SecretRef, endpoint: Endpoint) -> str:
        if self.ask is None:
            raise OperatorError(
                f"{ref} asks a person, and there is no terminal here",
                fix="Run it on a terminal, or use env:NAME, file:PATH or age:PATH for runs without a person.",
            )
        try:
            text = self.ask(f"{ref.rest} (for {endpoint}): ")
        except EOFError:
            text = ""
        if not text:
            raise OperatorError(f"{ref}: nothing was typed; {EMPTY}")
        return text

    def _decrypted(self, ref: SecretRef) -> bytes:
        import pyrage  # type: ignore[import-untyped]

        path = self._place(ref)
        identity = self._identity(ref)
        ciphertext = read_private(path, forbidden=0)
        try:
            plaintext: bytes = pyrage.decrypt(ciphertext, identity)
        except pyrage.DecryptError as exc:
            raise OperatorError(
                f"{path} cannot be decrypted with {self.identity}: {exc}",
                fix="Encrypt the secret again for this identity's public key: age -r RECIPIENT -o FILE",
            ) from exc
        return plaintext

    def _identity(self, ref: SecretRef) -> list[Any]:
        """The private keys of the identity file: age's own, one a line, or one OpenSSH key (ed25519, RSA)."""
        if self.identity is None:
            raise OperatorError(
                f"{ref} is encrypted, and the operator file names no key to open it",
                fix=f'Add to {self.path}:\n\n[age]\nidentity = "PATH of an age identity or an SSH key"',
            )
        import pyrage

        content = read_private(self.identity, forbidden=NOT_TOUCHED_BY_OTHERS)
        try:
            if content.lstrip().startswith(b"-----BEGIN"):
                return [pyrage.ssh.Identity.from_buffer(content)]
            keys = [pyrage.x25519.Identity.from_str(line) for line in _key_lines(content)]
        except pyrage.IdentityError as exc:
            raise OperatorError(f"{self.identity} is not a key that can be used: {exc}", fix=_USABLE) from exc
        if not keys:
            raise OperatorError(f"{self.identity} holds no key", fix=_USABLE)
        return keys

    def _place(self, ref: SecretRef) -> Path:
        if "\0" in ref.rest:
            raise OperatorError("a path holds no NUL character; the reference cannot be resolved")
        return self.root / os.path.expanduser(ref.rest)


_USABLE = "Name an age identity (age-keygen -o FILE), or an SSH key (ed25519, RSA) without a passphrase."


def _key_lines(content: bytes) -> list[str]:
    lines = [line.strip() for line in content.decode("ascii", "replace").splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def _text(ref: SecretRef, data: bytes) -> str:
    """The secret's text: UTF-8, less a byte order mark and the one line end that editors add."""
    text = _decoded(data)
    if text is None:
        raise OperatorError(f"{ref} is not text in UTF-8", fix="Save it again as UTF-8.")
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise OperatorError(f"{ref} is empty; {EMPTY}")
    return text


def _decoded(data: bytes) -> str | None:
    """None for what is no UTF-8: the decoder's own exception holds the bytes and must not travel."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
