"""What must be known of a web service to ask it."""

from __future__ import annotations

from typing import Protocol

from pacsconf.inventory.systems import Login


class Service(Protocol):
    """Where a web service is and how to sign in, as a system's configuration has it."""

    @property
    def name(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def login(self) -> Login | None: ...
    @property
    def allow_clear_text(self) -> bool: ...
    @property
    def ca_file(self) -> str | None: ...
    @property
    def verify(self) -> bool: ...
    @property
    def timeout(self) -> int: ...
