"""Made-up studies of many kinds, ages and dates: those of the practice lab."""

from __future__ import annotations

from pacsconf.lab.studies import NAME, MadeUp, put

__all__ = ["NAME", "MadeUp", "put"]
