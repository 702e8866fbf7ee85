"""Policies and studies for the tests of retention: small ones by hand, many by hypothesis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pacsconf.inventory.retention import Retention


@pytest.fixture
def retention() -> Callable[..., Retention]:
    """A `retention` of the given parts, as YAML would have them."""

    def made(**parts: Any) -> Retention:
        return Retention.model_validate(parts)

    return made
