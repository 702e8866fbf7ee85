"""The types of systems that we know ourselves, each with the model of its keys."""

from __future__ import annotations

from collections.abc import Mapping

from pacsconf.inventory.accounts import AccountsConfig
from pacsconf.inventory.systems import (
    ConsoleConfig,
    DirectoryConfig,
    MemoryConfig,
    OrthancConfig,
    SystemConfig,
)

CONFIGS: Mapping[str, type[SystemConfig]] = {
    "dicom-directory": DirectoryConfig,
    "accounts": AccountsConfig,
    "orthanc": OrthancConfig,
    "console": ConsoleConfig,
    "memory": MemoryConfig,
}
