"""The files for TLS are looked at before anything is sent, where they are needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from pacsconf.cli.wire import require_tls
from pacsconf.core.errors import OperatorError, PacsconfError
from pacsconf.dicom.targets import Target
from pacsconf.dicom.wire import Identity, Wire


def target(**more) -> Target:
    usual = {"device": "ct-1", "title": "CT1", "connection": "dicom", "host": "10.20.0.1", "port": 2762}
    usual |= {"declared": "10.20.0.1:2762", "level": "echo", "calling": "PROBE", "tls": True}
    return Target(**(usual | more))


@pytest.fixture
def key(tmp_path: Path) -> Path:
    made = tmp_path / "probe.key"
    made.write_text("nonsense")
    return made


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_key_that_others_can_read_is_refused(key, mode):
    key.chmod(mode)
    with pytest.raises(OperatorError, match="other users of this machine may read or change"):
        require_tls(Wire(tls=Identity(certificate="cert.pem", key=str(key))), [target()])


def test_a_key_beside_its_certificate_is_looked_at_too(key):
    key.chmod(0o644)
    with pytest.raises(OperatorError, match="other users"):
        require_tls(Wire(tls=Identity(certificate=str(key))), [target()])


def test_a_key_of_our_own_is_read_as_one(key):
    key.chmod(0o600)
    with pytest.raises(PacsconfError, match="not readable as PEM"):
        require_tls(Wire(tls=Identity(certificate=str(key), key=str(key))), [target()])


@pytest.mark.parametrize("more", [{"tls": False}, {"level": "tcp"}, {"level": "none"}], ids=str)
def test_where_no_tls_is_spoken_no_file_is_looked_at(key, more):
    key.chmod(0o644)
    require_tls(Wire(tls=Identity("missing.pem", str(key), str(key))), [target(**more)])
