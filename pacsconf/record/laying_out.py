"""Files of an evidence pack that was verified, laid into a folder that was empty."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pacsconf.core.errors import RecordError
from pacsconf.policy.evidence_pack import NAME, is_plain


def lay_out(files: Mapping[str, bytes], folder: Path) -> None:
    """Write files into a folder, which is made, or is empty.

    Raises: RecordError when something is there, a name could lead elsewhere, or it cannot be written.
    """
    if odd := sorted(path for path in files if not is_plain(path) and path != NAME):
        raise RecordError(f"{odd[0]!r:.200} is no name that a file is written under")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise RecordError(
                f"{folder} is not empty, and nothing there is written over", fix="Name another folder."
            )
        for path, data in sorted(files.items()):
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            opened = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
            with os.fdopen(opened, "wb") as file:
                file.write(data)
    except OSError as exc:
        raise RecordError(f"{folder} cannot be written: {exc.strerror}", fix="Name another folder.") from exc
