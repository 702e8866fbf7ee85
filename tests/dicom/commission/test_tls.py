"""An acceptance run over TLS: with DCMTK's storescp, and with a peer that speaks none."""

from __future__ import annotations

import pytest
import trustme

from pacsconf.dicom.commission import looking, storing
from pacsconf.dicom.wire import Identity, Wire
from pacsconf.inventory.model import Connection
from pacsconf.lab import processes
from tests.dicom.commission.cases import device, inventory, running, trial

MODERN = "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"


@pytest.fixture(scope="module")
def identity(tmp_path_factory):
    """An authority's file, and key and certificate of the loopback."""
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA(key_type=trustme.KeyType.RSA)
    own = authority.issue_cert("127.0.0.1", key_type=trustme.KeyType.RSA)
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    own.private_key_pem.write_to_path(str(folder / "key.pem"))
    own.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    return folder


def a_run(port: int, ca_file: str):
    archive = device("archive", "ANY", port, offers=("storage",), type="archive")
    encrypted = {"dicom": Connection(host="127.0.0.1", port=port, tls=(MODERN,))}
    archive = archive.model_copy(update={"connections": encrypted})
    run = trial(inventory(archive, uses=["ct-image-storage"]))
    run.calls.wire = Wire(timeout=3.0, tls=Identity(ca_file=ca_file))
    return run


@pytest.mark.parametrize(("options", "works"), [(("+tls",), True), ((), False)], ids=["TLS", "plain"])
def test_objects_are_stored_over_tls_where_it_is_declared(identity, tmp_path, options, works):
    port = processes.free_port()
    files = [str(identity / "key.pem"), str(identity / "cert.pem"), "-ic"] if options else []
    command = ["/usr/bin/storescp", "--fork", "-od", str(tmp_path), *options, *files, str(port)]
    with running(command, port, tmp_path / "storescp.log"):
        run = a_run(port, str(identity / "ca.pem"))
        tls, stored = looking.tls(run), storing.store(run)
    assert tls.result == ("passed" if works else "failed"), tls
    assert stored.result == ("passed" if works else "failed"), stored
    assert bool([path for path in tmp_path.iterdir() if path.name.startswith("CT")]) == works


def test_an_authority_that_is_not_trusted_is_a_failure_of_tls(identity, tmp_path):
    port = processes.free_port()
    command = ["/usr/bin/storescp", "--fork", "-od", str(tmp_path), "+tls"]
    command += [str(identity / "key.pem"), str(identity / "cert.pem"), "-ic", str(port)]
    trustme.CA(key_type=trustme.KeyType.RSA).cert_pem.write_to_path(str(tmp_path / "other.pem"))
    with running(command, port, tmp_path / "storescp.log"):
        step = looking.tls(a_run(port, str(tmp_path / "other.pem")))
    assert step.result == "failed"
    assert "not trusted" in step.items[0].text
