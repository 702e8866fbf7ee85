"""For all tests.

A property is tried without a limit on its time, since a busy machine is no fault of the code. git does not wait for
the disk: programs are killed here, and no machine loses its power.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from tests.domains import Domain

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

os.environ["GIT_TEST_FSYNC"] = "0"
os.environ["XDG_CACHE_HOME"] = os.devnull  # no folder: what was found right before is found anew


@pytest.fixture(scope="session")
def domain_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An Active Directory domain to be copied, made once for all processes of pytest."""
    from tests.domains import template

    own = tmp_path_factory.getbasetemp()
    return template(own.parent if os.environ.get("PYTEST_XDIST_WORKER") else own)


@pytest.fixture(scope="session")
def shared_domain(domain_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Domain]:
    """A running Active Directory domain, one for each process of pytest; reset it before use."""
    from tests.domains import started

    with started(domain_template, tmp_path_factory.mktemp("ad") / "dc") as running:
        yield running
