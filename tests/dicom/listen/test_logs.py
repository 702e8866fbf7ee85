"""Who called, by the logs of other servers: those of DCMTK and Orthanc are written here, dcm4chee's is not."""

from __future__ import annotations

import io
import subprocess
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacsconf.dicom.heard import Heard
from pacsconf.dicom.listen.logs import names
from pacsconf.dicom.listen.logs.dcm4che import Dcm4che
from pacsconf.dicom.listen.logs.draft import Draft
from pacsconf.dicom.listen.logs.reading import Log, read
from pacsconf.inventory import uids
from pacsconf.lab import orthanc, processes
from tests.dicom.callers import CT, ECHOSCU, FINDSCU, IMPLICIT, VERIFICATION, run
from tests.dicom.conftest import CONFIG, DCMQRSCP, STORESCP

DCM4CHEE = Path(__file__).parent / "logs" / "dcm4chee.log"
JPEG = "1.2.840.10008.1.2.4.70"
WORKLIST, COMMITMENT = "1.2.840.10008.5.1.4.31", "1.2.840.10008.1.20.1"


def told(text: str | bytes, name: str = "log") -> Log:
    return read(io.BytesIO(text.encode() if isinstance(text, str) else text), name)


def titles(log: Log) -> list[tuple[str, str, str]]:
    return [
        (each.heard.calling_title, each.heard.called_title, each.heard.answer) for each in log.associations
    ]


@contextmanager
def logged(command: list[str], port: int, file: Path):
    """A server whose log goes to a file."""
    with file.open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            until = time.monotonic() + 10
            while not processes.answers(port):
                assert process.poll() is None, file.read_text()
                assert time.monotonic() < until
                time.sleep(0.02)
            yield
        finally:
            process.terminate()


# --- DCMTK -------------------------------------------------------------------------------------------------------


@pytest.fixture
def dcmtk(free_port, tmp_path):
    """The log of a DCMTK server that was called as CT_ER1 and as X with a space ahead."""

    def make(*command: str) -> Log:
        file = tmp_path / "server.log"
        with logged([*command, str(free_port)], free_port, file):
            run(ECHOSCU, free_port, "-aet", "CT_ER1", "-aec", "ARCHIVE")
            run(FINDSCU, free_port, "-W", "-aet", " X", "-aec", "ARCHIVE", "-k", "PatientName")
            run(ECHOSCU, free_port, "-aet", "CT_ER1", "-aec", "ARCHIVE")
        return told(file.read_bytes(), "server.log")

    return make


def test_storescp_with_d_tells_everything_to_the_character(dcmtk, tmp_path):
    log = dcmtk(STORESCP, "-d", "-od", str(tmp_path))
    first, other = log.associations
    assert (first.count, other.count) == (2, 1)
    assert first.heard.calling == "CT_ER1".ljust(16)
    assert first.heard.called == "ARCHIVE".ljust(16)
    assert first.heard.contexts == ((VERIFICATION, (IMPLICIT,)),)
    assert first.heard.implementation.startswith("1.2.276.0.7230010")
    assert first.heard.version.startswith("OFFIS_DCMTK")
    assert (first.heard.max_pdu, first.heard.answer) == (16384, "accepted")
    assert first.heard.host in ("localhost", "127.0.0.1")
    assert first.heard.source.startswith("server.log:")
    assert other.heard.calling == " X".ljust(16)
    assert [uid for uid, _ in other.heard.contexts] == [WORKLIST]
    assert list(log.known) == ["DCMTK"]
    assert 0 < log.unknown < log.lines


def test_storescp_with_v_names_nobody(dcmtk, tmp_path):
    log = dcmtk(STORESCP, "-v", "-od", str(tmp_path))
    assert log.associations == ()
    assert log.nameless == 3 + 1, "the fourth asked only whether the port is open"


@pytest.mark.parametrize("option", ["-v", "-d"])
def test_dcmqrscp_names_both_titles_and_its_refusal(dcmtk, free_port, tmp_path, option):
    config = tmp_path / "dcmqrscp.cfg"
    config.write_text(CONFIG.format(port=free_port, folder=tmp_path))
    log = dcmtk(DCMQRSCP, option, "-c", str(config))
    assert titles(log) == [
        ("CT_ER1", "ARCHIVE", "rejected: BadAEService"),
        ("X", "ARCHIVE", "rejected: BadAEService"),
    ]
    assert bool(log.associations[0].heard.contexts) == (option == "-d")


@pytest.mark.parametrize("option", ["-v", "-d"])
def test_wlmscpfs_names_both_titles(dcmtk, tmp_path, option):
    (tmp_path / "ARCHIVE").mkdir()
    (tmp_path / "ARCHIVE" / "lockfile").touch()
    log = dcmtk("/usr/bin/wlmscpfs", option, "-dfp", str(tmp_path))
    assert [title[:2] for title in titles(log)] == [("CT_ER1", "ARCHIVE"), ("X", "ARCHIVE")]


def test_of_a_request_that_is_cut_off_the_words_are_taken(free_port, tmp_path):
    """DCMTK prints 512 bytes of it: the titles are in them, most contexts are not."""
    file = tmp_path / "server.log"
    with logged([STORESCP, "-d", "-od", str(tmp_path), str(free_port)], free_port, file):
        dump, image = tmp_path / "x.dump", tmp_path / "x.dcm"
        dump.write_text(
            f"(0008,0016) UI {CT}\n(0008,0018) UI 1.2.3.4\n(0020,000d) UI 1.2\n(0020,000e) UI 1.2.1\n"
        )
        subprocess.run(["/usr/bin/dump2dcm", str(dump), str(image)], check=True, capture_output=True)
        run("/usr/bin/storescu", free_port, "-R", "-xs", files=[str(image)])
        run(ECHOSCU, free_port, "--propose-ts", "38", "--propose-pc", "20")
    (one, other) = told(file.read_bytes()).associations
    assert dict(one.heard.contexts)[CT] == (JPEG, "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", IMPLICIT)
    assert other.heard.calling == "ECHOSCU".ljust(16)
    assert len(other.heard.contexts[0][1]) == 38


def test_what_a_dcmtk_client_asks_itself_is_not_heard(archive):
    done = run(ECHOSCU, archive, "-d", "-aet", "CT_ER1", "-aec", "ARCHIVE")
    log = told(done.stdout + done.stderr)
    assert log.associations == ()


def test_times_in_front_of_lines_do_not_matter(free_port, tmp_path):
    file, config = tmp_path / "server.log", tmp_path / "logger.cfg"
    config.write_text(
        "log4cplus.rootLogger = DEBUG, console\n"
        "log4cplus.appender.console = log4cplus::ConsoleAppender\n"
        "log4cplus.appender.console.layout = log4cplus::PatternLayout\n"
        "log4cplus.appender.console.layout.ConversionPattern = %D{%Y-%m-%d %H:%M:%S.%q%z} %P: %m%n\n"
    )
    with logged([STORESCP, "-lc", str(config), "-od", str(tmp_path), str(free_port)], free_port, file):
        run(ECHOSCU, free_port, "-aet", "CT_ER1")
    (one,) = told(file.read_bytes()).associations
    assert one.heard.calling == "CT_ER1".ljust(16)
    assert one.heard.at.endswith("Z")


@pytest.mark.parametrize(
    ("name", "uid"),
    [
        ("CTImageStorage", CT),
        ("VerificationSOPClass", VERIFICATION),
        ("FINDModalityWorklistInformationModel", WORKLIST),
        ("MOVEStudyRootQueryRetrieveInformationModel", "1.2.840.10008.5.1.4.1.2.2.2"),
        ("StorageCommitmentPushModelSOPClass", COMMITMENT),
        ("ModalityPerformedProcedureStepSOPClass", "1.2.840.10008.3.1.2.3.3"),
        ("1.2.3.4", "1.2.3.4"),
        ("NoSuchThing", ""),
        ("", ""),
    ],
)
def test_the_names_of_dcmtk_are_known(name, uid):
    assert names.sop_class(name) == uid


def test_every_transfer_syntax_that_dcmtk_names_is_one():
    for name, uid in names._SYNTAXES.items():
        assert names.transfer_syntax(name) == uid
        assert uids.dictionary()[uid].kind == "transfer syntax"


# --- Orthanc -----------------------------------------------------------------------------------------------------

KNOWN = {"probe": ["PROBE", "127.0.0.1", 104], "else": ["ELSE", "10.99.0.1", 104]}


@pytest.fixture(scope="module")
def of_orthanc(tmp_path_factory):
    """What Orthanc writes by default, with --verbose and with --trace-dicom, of the same four calls."""

    def make(*options: str) -> Log:
        folder = tmp_path_factory.mktemp("orthanc")
        port, file = processes.free_port(), folder / "orthanc.log"
        configuration = (
            f'{{"DicomAet": "ORTHANC", "DicomPort": {port}, "HttpServerEnabled": false, "Plugins": [],'
            f' "StorageDirectory": "{folder}", "IndexDirectory": "{folder}", "DicomCheckCalledAet": true,'
            ' "DicomCheckModalityHost": true, "DicomAlwaysAllowEcho": false, "DicomAlwaysAllowStore": false,'
            f' "DicomModalities": {str(KNOWN).replace(chr(39), chr(34))}}}'
        )
        (folder / "c.json").write_text(configuration)
        with logged([orthanc._program(), *options, str(folder / "c.json")], port, file):
            for calling, called in (
                ("CT_ER1", "ORTHANC"),
                ("PROBE", "ORTHANC"),
                ("PROBE", "WRONG"),
                ("ELSE", "ORTHANC"),
            ):
                run(ECHOSCU, port, "-aet", calling, "-aec", called)
        return told(file.read_bytes(), "orthanc.log")

    return make


UNKNOWN, ELSEWHERE = (
    "rejected: its title is not known there",
    "rejected: its address is not the configured one",
)


def test_orthanc_by_default_names_whom_it_rejects(of_orthanc):
    log = of_orthanc()
    assert titles(log) == [("CT_ER1", "", UNKNOWN), ("ELSE", "", ELSEWHERE)]
    assert log.nameless == 1
    assert {each.heard.host for each in log.associations} == {"127.0.0.1"}
    assert list(log.known) == ["Orthanc"]


@pytest.mark.parametrize("option", ["--verbose", "--trace-dicom"])
def test_orthanc_asked_to_say_more_names_everybody(of_orthanc, option):
    log = of_orthanc(option)
    assert titles(log) == [
        ("CT_ER1", "ORTHANC", UNKNOWN),
        ("PROBE", "ORTHANC", "accepted"),
        ("PROBE", "WRONG", "rejected: called AE title not recognised"),
        ("ELSE", "ORTHANC", ELSEWHERE),
    ]
    assert [bool(each.heard.contexts) for each in log.associations] == [option == "--trace-dicom"] * 4


def test_a_newer_orthanc_names_its_threads():
    log = told(
        "I0312 10:00:00.01 DICOM-SERVER C.cpp:333] (dicom) Association Received from AET CT 1 on IP 10.20.4.17\n"
        "I0312 10:00:00.02 D-1 main.cpp:317] Incoming connection from AET CT 1 on IP 10.20.4.17, calling AET O\n"
        "I0312 10:00:00.03 DICOM-1 C.cpp:664] (dicom) Association Acknowledged to AET CT 1 on IP 10.20.4.17\n"
    )
    assert titles(log) == [("CT 1", "O", "accepted")]


# --- dcm4chee ----------------------------------------------------------------------------------------------------


def test_dcm4chee_tells_the_titles_the_address_and_what_was_asked():
    log = told(DCM4CHEE.read_bytes(), "server.log")
    assert log.associations[0].heard == Heard(
        calling="CT_ER1",
        called="ARCHIVE",
        host="10.20.4.17",
        source="server.log:3",
        contexts=((CT, (IMPLICIT, JPEG)), (COMMITMENT, (IMPLICIT,))),
        implementation="1.3.12.2.1107.5.8.3",
        version="SCANNER_9",
        max_pdu=32768,
        as_scp=(COMMITMENT,),
        answer="rejected (1/1/3): calling-AE-title-not-recognized",
    )
    assert list(log.known) == ["dcm4che"]


def test_a_length_of_thousands_of_digits_is_none():
    text = DCM4CHEE.read_text().replace("maxPDULength: 32768", f"maxPDULength: {'9' * 5000}")
    assert told(text).associations[0].heard == replace(
        told(DCM4CHEE.read_text()).associations[0].heard, max_pdu=None
    )


def test_lines_of_several_connections_are_told_apart_by_their_number():
    found = {each.heard.calling: each.heard for each in told(DCM4CHEE.read_bytes()).associations}
    assert (found["MR1"].host, found["MR1"].answer) == ("10.20.5.17", "accepted")
    assert found["MR1"].at == "2026-11-26T07:00:02Z"
    assert (found["MR 2"].host, found["MR 2"].answer) == ("10.20.5.18", "")
    assert (found["US1"].host, found["US1"].called) == ("10.20.6.1", "ANY-SCP")
    assert found["US1"].answer == "rejected (1/1/7): permanent called-AE-title-not-recognized"
    assert set(found) == {"CT_ER1", "MR1", "MR 2", "US1"}


# --- bad logs ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["", "\n\n", "nothing of it\n" * 100, "\xff\xfe\x00", "D: \nI: \nAssociation\n"]
)
def test_a_log_without_associations_has_none(text):
    log = told(text)
    assert (log.associations, log.nameless) == ((), 0)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "latin-1"])
def test_the_encoding_does_not_matter(encoding):
    text = "Grüße\nI: Association Received (ct-1:CT_ER1 -> ARCHIVE)\r\nI: Refusing Association (BadAEService)\r\n"
    assert titles(told(text.encode(encoding))) == [("CT_ER1", "ARCHIVE", "rejected: BadAEService")]


def test_many_that_are_alike_are_one_and_many_that_differ_are_bounded():
    alike = "I: Association Received (ct-1:CT_ER1 -> ARCHIVE)\nI: Association Acknowledged\n" * 5000
    (one,) = told(alike).associations
    assert (one.count, one.heard.source) == (5000, "log:9999")
    differ = "".join(f"I: Association Received (ct-1:CT{n} -> ARCHIVE)\n" for n in range(3000))
    log = told(differ)
    assert (len(log.associations), log.left, log.cut) == (2000, 1000, False)


def test_associations_are_told_in_the_order_in_which_they_were_there_last():
    calls = [f"I: Association Received (ct-1:{title} -> ARCHIVE)\n" for title in ("CT_1", "CT1", "CT_1")]
    log = told("".join(calls))
    assert [each.calling for each in log.in_order] == ["CT1", "CT_1"]
    assert [(each.heard.calling, each.count) for each in log.associations] == [("CT_1", 2), ("CT1", 1)]


def test_connections_that_never_say_a_word_fill_no_memory():
    found: list[Draft] = []
    reader = Dcm4che(found.append)
    for number in range(5000):
        assert reader.take(number, f"state 10.0.0.1<-/10.20.4.17:{number}({number}): opened")
    assert len(reader._hosts) <= 1000


def test_lines_that_begin_nothing_are_passed_over_and_those_of_a_request_are_not():
    log = told(
        "noise\nI: Association Received (ct-1:CT_1 -> ARCHIVE)\nmore noise\n"
        "D: ====================== BEGIN A-ASSOCIATE-RQ =====================\n"
        "D: Their Implementation Version Name: SCANNER_1\n"
        "D: ======================= END A-ASSOCIATE-RQ ======================\nnoise\n"
    )
    assert [each.heard.version for each in log.associations] == ["SCANNER_1"]
    assert (log.lines, log.unknown) == (7, 3)


def test_a_line_without_end_and_bytes_without_end_are_read_in_bounded_pieces():
    begins = b"D: PDU Type: Associate Request, PDU Length: 205 + 6 bytes PDU header\n"
    log = told(b"x" * 5_000_000 + b"\n" + begins + b"D:   41  41  41\n" * 100_000)
    assert log.associations == ()


WHOLE = (
    DCM4CHEE.read_text() + "D: Association Received: ct\nD: PDU Type: Associate Request, PDU Length: 9\n"
).splitlines()
PIECES = [
    *WHOLE,
    "D:   01  00  00  00  00  cd  00  01",
    "D: ====================== BEGIN A-ASSOCIATE-RQ =====================",
    "D: Calling Application Name:    CT",
    "D:     Abstract Syntax: =CTImageStorage",
    "D:       =LittleEndianImplicit",
    "D: Their Max PDU Receive Size:  99999999999999999999",
    "D: ======================= END A-ASSOCIATE-RQ ======================",
    "I: Association Received (a:b -> c)",
    "I: Association Received",
    "I: Association Acknowledged (Max Send PDV: 16372)",
    "I: Refusing Association (BadAEService)",
    "I: Requesting Association",
    "W1126 15:26:05.649155 CommandDispatcher.cpp:617] Rejected association for remote AET CT_ER1 on IP 127.0.0.1",
    "W1126 15:26:05.777524 C.cpp:602] Rejected association, because of a bad called AET in the request (WRONG)",
    'W1126 15:26:05.7 O.cpp:7] Forbidding access from AET "E" given its hostname (1.1.1.1) does not match the "D"',
    "2026-13-45T99:99:99Z I: Association Received (x:y -> z)",
]


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=40), max_size=40))
def test_whatever_the_order_of_lines_it_is_read(lines):
    log = told("\n".join(lines))
    assert log.unknown >= 0
    for each in log.associations:
        assert each.count > 0
        assert each.heard.calling.strip(" \0")
        assert len(each.heard.calling) <= 256


@given(st.binary(max_size=400))
def test_whatever_bytes_there_are_they_are_read(data):
    assert told(data).lines >= 0
