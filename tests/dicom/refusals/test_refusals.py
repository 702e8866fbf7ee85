"""Every refusal from its bytes on: provoked from a real server where one gives it, else sent by a bare peer."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.dicom.observation import Fault, How
from pacsconf.dicom.refusals.lines import tls
from pacsconf.dicom.refusals.statuses import status
from pacsconf.dicom.refusals.table import REJECTIONS, context, rejected, translated
from pacsconf.dicom.upper_layer.association import Association
from pacsconf.dicom.upper_layer.peer_fault import PeerFault
from pacsconf.dicom.upper_layer.stream import Plain
from pacsconf.inventory import uids
from pacsconf.lab import orthanc
from tests.dicom.conftest import running

CT = "1.2.840.10008.5.1.4.1.1.2"
JPEG_2000 = "1.2.840.10008.1.2.4.90"
PROFILE = """\
[[TransferSyntaxes]]
[Plain]
TransferSyntax1 = LittleEndianExplicit
TransferSyntax2 = LittleEndianImplicit
[[PresentationContexts]]
[Ctx]
PresentationContext1 = VerificationSOPClass\\Plain
PresentationContext2 = CTImageStorage\\Plain
[[Profiles]]
[Lab]
PresentationContexts = Ctx
"""


class Bent:
    """A stream that changes the first thing that is sent."""

    def __init__(self, port: int, bend: Callable[[bytes], bytes]) -> None:
        self._plain = Plain(socket.create_connection(("127.0.0.1", port), 5))
        self._bend: Callable[[bytes], bytes] = bend

    def send(self, data: bytes, deadline: float) -> None:
        self._plain.send(self._bend(data), deadline)
        self._bend = bytes

    def some(self, deadline: float) -> bytes:
        return self._plain.some(deadline)

    def close(self) -> None:
        self._plain.close()


def second_version(request: bytes) -> bytes:
    return request[:6] + b"\0\2" + request[8:]


def other_context(request: bytes) -> bytes:
    assert b"1.2.840.10008.3.1.1.1" in request
    return request.replace(b"1.2.840.10008.3.1.1.1", b"1.2.840.10008.3.1.1.9")


def refused(
    port: int,
    called: str = "ARCHIVE",
    calling: str = "PROBE",
    bend: Callable[[bytes], bytes] = bytes,
    timeout: float = 5,
) -> Fault:
    """How the server at this port refuses an association."""
    with pytest.raises(PeerFault) as caught, Association(Bent(port, bend), timeout) as association:
        association.request(calling, called)
    return caught.value.fault


def meant(fault: Fault) -> tuple[tuple[int, ...], str]:
    found = translated(fault)
    return fault.numbers, found.words


UNKNOWN_CALLED = "the called side does not answer to the title it was called by"
UNKNOWN_CALLER = "the called side does not know who is calling"
NOT_AS_DICOM = "the called side was not spoken to as DICOM has it"
OTHER_VERSION = "the called side speaks another version of the DICOM protocol"
NO_REASON = "the called application refused, and does not say why"
FULL = "the called side has no association free"


# --- real servers -------------------------------------------------------------------------------------------------


def test_dcmqrscp_refuses_each_in_its_way(archive):
    assert meant(refused(archive, called="NOBODY")) == ((1, 1, 7), UNKNOWN_CALLED)
    # It has no other number for a caller that it does not know, which is why the causes name it.
    assert meant(refused(archive, calling="STRANGER")) == ((1, 1, 7), UNKNOWN_CALLED)
    assert "dcmqrscp" in " ".join(rejected(1, 1, 7).causes)
    assert meant(refused(archive, bend=other_context)) == ((2, 1, 2), NOT_AS_DICOM)
    assert meant(refused(archive, bend=second_version)) == ((1, 2, 2), OTHER_VERSION)


def test_dcmqrscp_is_full(archive):
    with ExitStack() as stack:
        fault = None
        for _ in range(8):  # its limit is four
            association = stack.enter_context(Association(Bent(archive, bytes), 5))
            try:
                association.request("PROBE", "ARCHIVE")
            except PeerFault as exc:
                fault = exc.fault
                break
    assert fault is not None
    assert meant(fault) == ((2, 3, 2), FULL)
    assert "transient" in rejected(2, 3, 2).meaning


def test_a_storage_provider_that_refuses_everybody(storescp):
    fault = refused(storescp("--refuse"))
    assert meant(fault) == ((1, 1, 1), NO_REASON)
    assert translated(fault).who == "the called side's administrator"


@pytest.fixture
def worklist(free_port: int, tmp_path: Path) -> Iterator[int]:
    folder = tmp_path / "worklist"
    (folder / "RIS").mkdir(parents=True)
    (folder / "RIS" / "lockfile").touch()
    command = ["/usr/bin/wlmscpfs", "--max-associations", "2", "-dfp", str(folder), str(free_port)]
    with running(command, free_port) as port:
        yield port


def test_a_worklist_server_refuses_another_title_and_other_protocols(worklist):
    assert meant(refused(worklist, called="NOBODY")) == ((1, 1, 7), UNKNOWN_CALLED)
    assert meant(refused(worklist, called="RIS", bend=other_context)) == ((2, 1, 2), NOT_AS_DICOM)
    assert meant(refused(worklist, called="RIS", bend=second_version)) == ((1, 2, 2), OTHER_VERSION)


def test_an_orthanc_tells_the_two_titles_apart(tmp_path):
    options = orthanc.Options(
        aet="PACS", modalities_in_database=False, modalities={"probe": ["PROBE", "127.0.0.1", 104]}
    )
    with orthanc.started(tmp_path / "pacs", options) as running_:
        port = running_.dicom_port
        assert meant(refused(port, called="NOBODY")) == ((1, 1, 7), UNKNOWN_CALLED)
        assert meant(refused(port, called="PACS", calling="STRANGER")) == ((1, 1, 3), UNKNOWN_CALLER)
        assert meant(refused(port, called="PACS", bend=other_context)) == ((1, 1, 2), NOT_AS_DICOM)
        assert meant(refused(port, called="PACS", bend=second_version)) == ((1, 2, 2), OTHER_VERSION)


def test_a_provider_takes_some_classes_in_some_encodings(storescp, tmp_path):
    profile = tmp_path / "profile.cfg"
    profile.write_text(PROFILE)
    port = storescp("-xf", str(profile), "Lab")
    proposed = (
        (uids.VERIFICATION, (uids.IMPLICIT_VR_LE,)),
        (CT, (JPEG_2000,)),
        ("1.2.3.4", (uids.IMPLICIT_VR_LE,)),
    )
    with Association(Bent(port, bytes), 5) as association:
        results = [seen.result for seen in association.request("PROBE", "ANY", proposed).results]
    assert results == [0, 4, 3]
    assert context(4).words == "the two have no encoding in common for this kind of object"
    assert context(3).words.startswith("the called side does not take this kind of object")


def test_nothing_listens(free_port):
    with pytest.raises(ConnectionRefusedError) as caught:
        socket.create_connection(("127.0.0.1", free_port), 5)
    found = translated(Fault("refused", (caught.value.errno or 0,)))
    assert found.words == "nothing listens there"
    assert found.standard == "TCP: connection refused (ECONNREFUSED)"


def test_a_plain_call_of_a_port_that_speaks_tls(tmp_path):
    with orthanc.started(tmp_path / "pacs", orthanc.Options(dicom_tls=True)) as running_:
        fault = refused(running_.dicom_port)
    found = translated(fault)
    assert "encrypted" in " ".join((found.words, *found.causes))


# --- bare peers ---------------------------------------------------------------------------------------------------


def rejection(result: int, source: int, reason: int) -> bytes:
    return bytes([0x03, 0, 0, 0, 0, 4, 0, result, source, reason])


def abort(source: int, reason: int) -> bytes:
    return bytes([0x07, 0, 0, 0, 0, 4, 0, 0, source, reason])


@pytest.mark.parametrize("numbers", sorted(REJECTIONS), ids=str)
def test_every_row_of_the_table_is_told_from_its_bytes(stranger, numbers):
    source, reason = numbers
    fault = refused(stranger(rejection(1, source, reason)).port)
    name, row = REJECTIONS[numbers]
    found = translated(fault)
    assert (found.words, found.causes, found.action, found.who) == (
        row.words,
        row.causes,
        row.action,
        row.who,
    )
    assert found.standard.startswith("rejected-permanent, DICOM UL service-")
    assert found.standard.endswith(f"{name} (PS3.8 9.3.4: 1/{source}/{reason})")


@pytest.mark.parametrize(
    ("source", "reason"),
    [(1, 4), (1, 5), (1, 6), (1, 8), (1, 9), (1, 10), (3, 0), (3, 3), (3, 7), (2, 3), (9, 9)],
)
def test_a_reserved_number_is_the_vendors_matter(stranger, source, reason):
    fault = refused(stranger(rejection(1, source, reason)).port)
    assert fault.numbers == (1, source, reason)
    found = translated(fault)
    assert found.words == "the called side refused with a number that the standard does not use"
    assert found.who == "the vendor"
    assert f"1/{source}/{reason}" in found.standard


def test_congestion_which_no_server_here_gives(stranger):
    found = translated(refused(stranger(rejection(2, 3, 1)).port))
    assert (found.words, "temporary-congestion" in found.standard) == ("the called side is busy", True)
    assert "may succeed later" in found.meaning


@pytest.mark.parametrize(
    ("source", "reason", "name"),
    [
        (0, 0, "A-ABORT, DICOM UL service-user (PS3.8 9.3.8: 0/0)"),
        (2, 0, "A-ABORT, DICOM UL service-provider, reason-not-specified (PS3.8 9.3.8: 2/0)"),
        (2, 1, "A-ABORT, DICOM UL service-provider, unrecognized-PDU (PS3.8 9.3.8: 2/1)"),
        (2, 2, "A-ABORT, DICOM UL service-provider, unexpected-PDU (PS3.8 9.3.8: 2/2)"),
        (2, 3, "A-ABORT, DICOM UL service-provider, reserved reason 3 (PS3.8 9.3.8: 2/3)"),
        (2, 4, "A-ABORT, DICOM UL service-provider, unrecognized-PDU-parameter (PS3.8 9.3.8: 2/4)"),
        (2, 5, "A-ABORT, DICOM UL service-provider, unexpected-PDU-parameter (PS3.8 9.3.8: 2/5)"),
        (2, 6, "A-ABORT, DICOM UL service-provider, invalid-PDU-parameter-value (PS3.8 9.3.8: 2/6)"),
        (1, 0, "A-ABORT, reserved source 1 (PS3.8 9.3.8: 1/0)"),
    ],
)
def test_every_abort_is_told_from_its_bytes(stranger, source, reason, name):
    fault = refused(stranger(abort(source, reason)).port)
    assert (fault.how, translated(fault).standard) == ("aborted", name)


@pytest.mark.parametrize(
    ("answer", "hang_up", "words"),
    [
        (b"", True, "it took the connection, and hung up without a word"),
        (b"", False, "it took the connection, and says nothing"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", True, "what answers there is not DICOM"),
        (b"\x15\x03\x03\x00\x02\x02\x28", True, "it expects an encrypted call at this port"),
    ],
    ids=["hangs up", "silent", "a web server", "a TLS alert"],
)
def test_what_is_no_refusal_and_looks_like_one(stranger, answer, hang_up, words):
    fault = refused(stranger(answer, hang_up=hang_up).port, timeout=0.5)
    assert translated(fault).words == words


# --- tables -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "asked", "words"),
    [
        (0x0122, "C-ECHO", "it does not take this kind of object"),
        (0x0124, "C-STORE", "the caller may not do that"),
        (0xA700, "C-STORE", "it has no room"),
        (0xA7FF, "C-FIND", "it has no room"),
        (0xA701, "C-MOVE", "it could not find out how many objects there are"),
        (0xA702, "C-MOVE", "it could not send the objects on"),
        (0xA801, "C-MOVE", "it does not know where to send the objects"),
        (0xA900, "C-FIND", "what was sent does not fit the service that it was sent for"),
        (0xA9FF, "C-STORE", "what was sent does not fit the service that it was sent for"),
        (0xC000, "C-STORE", "it does not understand what was sent"),
        (0xCFFF, "C-FIND", "it could not work on the query"),
        (0xB000, "C-MOVE", "not all of the objects arrived"),
        (0xB000, "C-STORE", "it stored the object and changed something in it"),
        (0xB006, "C-STORE", "it stored the object and changed something in it"),
        (0xFE00, "C-FIND", "it stopped because it was told to"),
        (0x0117, "N-ACTION", "the object's UID is not one"),
        (0x1234, "C-FIND", "it answered with a number that the standard does not use here"),
    ],
)
def test_a_status_in_words(code, asked, words):
    found = status(code, asked)
    assert found.words == words
    assert f"status of {asked} 0x{code:04X}" in found.standard


@pytest.mark.parametrize(
    ("alert", "words"),
    [
        ("unknown_ca", "the certificate comes from an authority that is not trusted"),
        (
            "CERTIFICATE_VERIFY_FAILED: self-signed certificate",
            "the certificate comes from an authority that is not trusted",
        ),
        (
            "CERTIFICATE_VERIFY_FAILED: unable to get local issuer certificate",
            "the certificate comes from an authority that is not trusted",
        ),
        ("CERTIFICATE_VERIFY_FAILED: certificate has expired", "its certificate has expired"),
        ("certificate_expired", "its certificate has expired"),
        ("hostname mismatch: it is for a, not for b", "the certificate belongs to another name"),
        ("certificate_required", "it wants the caller to show a certificate"),
        ("bad_certificate", "it does not like the certificate that it was shown"),
        ("certificate_revoked", "the certificate was withdrawn"),
        ("protocol_version", "the two have no version of TLS in common"),
        ("handshake_failure", "the two have no way of encrypting in common"),
        ("WRONG_VERSION_NUMBER", "it does not speak TLS at this port"),
        ("closed", "it hung up while encryption was being agreed upon"),
        ("internal_error", "encryption could not be agreed upon"),
        ("", "encryption could not be agreed upon"),
    ],
)
def test_an_alert_in_words(alert, words):
    assert tls(alert).words == words


def test_an_expired_certificate_as_openssl_says_it():
    error = ssl.SSLCertVerificationError()
    error.verify_message = "certificate has expired"
    assert translated(Fault("TLS", alert=f"CERTIFICATE_VERIFY_FAILED: {error.verify_message}")).who == (
        "the called side's administrator"
    )


@pytest.mark.parametrize(
    ("how", "number", "words", "code"),
    [
        ("no such name", 0, "there is no such name", ""),
        ("no name server", 0, "no name server answers this machine", ""),
        ("no connection in time", errno.ETIMEDOUT, "nobody answers", "ETIMEDOUT"),
        ("no way there", errno.EHOSTUNREACH, "there is no way to that address", "EHOSTUNREACH"),
        ("no way there", errno.ENETUNREACH, "there is no way to that address", "ENETUNREACH"),
        ("otherwise", errno.ECONNRESET, "it took the connection, and hung up without a word", "ECONNRESET"),
        ("otherwise", 0, "it answered otherwise than the protocol has it", ""),
    ],
)
def test_a_connection_that_failed_in_words(how, number, words, code):
    found = translated(Fault(how, (number,) if number else ()))
    assert found.words == words
    assert code in found.standard


def test_an_unknown_result_of_a_context_is_told():
    assert context(7).standard == "reserved result 7 (PS3.8 9.3.3.2: 7)"
    assert context(0).causes == ()
    assert "user-rejection" in context(1).standard
    assert context(2).standard == "no-reason (provider rejection) (PS3.8 9.3.3.2: 2)"


@given(
    st.sampled_from(get_args(How)),
    st.lists(st.integers(0, 0xFFFF), max_size=4).map(tuple),
    st.text(max_size=20),
    st.sampled_from(["", "C-ECHO", "C-FIND", "C-MOVE", "C-STORE"]),
)
def test_every_fault_has_a_translation_that_says_what_to_do_and_who(how, numbers, alert, asked):
    found = translated(Fault(how, numbers, alert), asked)
    assert all((found.words, found.standard, found.meaning, found.action, found.who))


def test_the_page_has_every_rejection_in_the_words_of_the_command():
    page = (Path(__file__).parents[3] / "docs" / "diagnose.md").read_text(encoding="utf-8")
    for (source, reason), (name, row) in REJECTIONS.items():
        assert f"| {source}/{reason} | {name} | {row.words} | {'; '.join(row.causes)} | {row.who} |" in page
