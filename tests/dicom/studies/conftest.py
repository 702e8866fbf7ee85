"""A dcmqrscp that holds made-up studies."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

STORESCU = "/usr/bin/storescu"


@pytest.fixture
def archive_with(archive, tmp_path) -> Callable[..., int]:
    """Stores studies in the dcmqrscp that is ARCHIVE, and gives its port."""

    def filled(studies) -> int:
        files = []
        for study in studies:
            for at, data in enumerate(study.objects()):
                files.append(tmp_path / f"{study.number}-{at}.dcm")
                files[-1].write_bytes(data)
        command = [STORESCU, "-aet", "PROBE", "-aec", "ARCHIVE", "127.0.0.1", str(archive), *map(str, files)]
        subprocess.run(command, check=True, capture_output=True)
        return archive

    return filled
