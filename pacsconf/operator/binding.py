"""Where a secret may be sent, and how the operator file says so."""

from __future__ import annotations

import json
from dataclasses import dataclass

from pacsconf.inventory.endpoint import Endpoint
from pacsconf.inventory.values import SecretRef


@dataclass(frozen=True, order=True, slots=True)
class Binding:
    """One secret and one place it may be sent to."""

    ref: SecretRef
    endpoint: Endpoint

    def toml(self) -> str:
        """The lines of the operator file that say so."""
        return f"[[secret]]\nref = {toml_string(str(self.ref))}\nfor = {toml_string(str(self.endpoint))}"


def toml_string(text: str) -> str:
    """`text` as a TOML basic string: JSON's spelling, and DEL escaped, which TOML wants too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
