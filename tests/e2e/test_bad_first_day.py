"""The first day with everything broken that can be: what is said, how it ends, and that nothing is half written."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pacsconf.report.sheets import bounded
from tests.e2e.conftest import HOSPITAL, Hospital, Ran
from tests.fronts import PAGE, front, half, reply

SYSTEM = {"Version": "1.10.1", "DicomAet": "ARCHIVE", "DicomPort": 4242}
FLAGS = ("Echo", "Find", "FindWorklist", "Get", "Move", "Store", "NAction", "EventReport", "Transcoding")


def modality(title: Any = "CT1", host: Any = "10.20.4.17", port: Any = 104, **more: Any) -> dict[str, Any]:
    """A modality as an Orthanc tells of it."""
    return {"AET": title, "Host": host, "Port": port, **{f"Allow{flag}": True for flag in FLAGS}, **more}


def orthanc(
    modalities: Any = None, system: Any = None, raw: Mapping[str, str] | None = None
) -> Callable[[str, str], bytes]:
    """The answers of an Orthanc with these modalities; `raw` gives bodies as they are, by path."""
    given = {
        "system": SYSTEM if system is None else system,
        "plugins": [],
        "modalities": {"CT1": modality()} if modalities is None else modalities,
        "peers": {},
    } | dict(raw or {})

    def answer(_method: str, path: str) -> bytes:
        place = path.partition("?")[0].strip("/")
        return reply(200, given[place]) if place in given else reply(404, {"Message": "Unknown resource"})

    return answer


def always(answer: bytes) -> Callable[[str, str], bytes]:
    return lambda _method, _path: answer


@pytest.fixture
def desk(repository: Callable[..., Hospital], tmp_path: Path) -> Hospital:
    """The command line in an empty folder."""
    made = repository()
    made.path = tmp_path / "first-day"
    made.path.mkdir()
    return made


@contextmanager
def served(answers: Callable[[str, str], bytes]) -> Iterator[str]:
    """The address of a web service that answers so."""
    with front(None, answers) as running:
        yield f"http://127.0.0.1:{running.port}"


def contents(folder: Path) -> dict[str, str]:
    """Every file below a folder by a hash of what is in it; a folder is one too."""
    return {
        str(each.relative_to(folder)): hashlib.sha256(each.read_bytes()).hexdigest() if each.is_file() else ""
        for each in sorted(folder.rglob("*"))
    }


def adopted_to_no_change(desk: Hospital, ran: Ran) -> None:
    """What was adopted stands, and a plan on it has nothing to do."""
    assert ran.code == 0, ran
    desk.git("init", "-q")
    desk.commit("adopted")
    for command in (["validate"], ["record", "init"], ["plan", "--detailed-exitcode"]):
        again = desk.here(*command)
        assert again.code == 0, again


# --- what answers is no Orthanc, or not whole --------------------------------------------------------------------

NO_ORTHANC: Mapping[str, tuple[bytes, int, str]] = {
    "text": (reply(200, "hello", kind="text/plain"), 1, "something that is no JSON"),
    "a sign-in page": (PAGE, 1, "answers with a web page where JSON is expected"),
    "a page for 502": (reply(502, "<html>", kind="text/html"), 9, "gets no answer from it (HTTP 502)"),
    "a redirect": (reply(302, Location="https://sso.example.org/"), 1, "sends us on to https://sso.example"),
    "500": (reply(500, {"Message": "boom \x1b[31m"}), 1, "it reports an error (HTTP 500: boom ?[31m)"),
    "nothing in it": (reply(204), 1, "answers with nothing where JSON is expected"),
    "cut short": (half(reply(200, SYSTEM)), 1, "is not whole"),
    "a list": (reply(200, []), 1, "answers in JSON, but not as Orthanc does"),
    "nested without end": (reply(200, "[" * 100_000), 1, "something that is no JSON"),
    "half a character": (
        reply(200, '{"Version": "\\ud800", "DicomAet": "A"}'),
        1,
        "something that is no JSON",
    ),
    "a line that drops": (b"", 9, "hung up without an answer"),
    "noise": (b"\x00\x01\xff" * 50, 9, "does not speak HTTP"),
    "wrong credentials": (reply(401), 1, "the user name or the password is wrong (HTTP 401)"),
    "not allowed": (reply(403), 1, "this account may not do this (HTTP 403)"),
}


@pytest.mark.parametrize("command", ["look", "adopt"])
@pytest.mark.parametrize(("answer", "code", "words"), NO_ORTHANC.values(), ids=NO_ORTHANC)
def test_what_is_no_orthanc_is_told_from_one(desk, command, answer, code, words):
    with served(always(answer)) as url:
        ran = desk.here(*(("look", url) if command == "look" else ("adopt", "orthanc", "--url", url)))
    assert (ran.code, ran.out) == (code, "")
    assert words in ran.said
    assert "   fix  " in ran.err
    assert url.removeprefix("http://") in ran.said
    assert contents(desk.path) == {}


def test_what_to_do_about_a_login_is_said_in_words_that_were_typed(desk):
    with served(always(reply(401))) as url:
        ran = desk.here("adopt", "orthanc", "--url", url)
    assert "--user NAME --password prompt:Password" in ran.said
    assert "`login`" not in ran.said


ANOTHER_SHAPE: Mapping[str, tuple[Callable[[str, str], bytes], str]] = {
    "modalities in a list": (orthanc([]), "/modalities answers in JSON, but not as Orthanc does"),
    "a modality that is none": (orthanc({"CT1": None}), "/modalities/CT1 answers in JSON, but not"),
    "a title that is a number": (
        orthanc({"CT1": modality(5)}),
        "orthanc/peer/CT1: AET is missing, or is not",
    ),
    "a port that is text": (orthanc({"CT1": modality(port="104")}), "orthanc/peer/CT1: Port is missing, or"),
    "a port with a fraction": (orthanc({"CT1": modality(port=104.5)}), "orthanc/peer/CT1: Port is missing"),
    "no name": (orthanc({"": modality()}), "/modalities answers in JSON, but not as Orthanc does"),
    "half a character in a name": (
        orthanc(raw={"modalities": '{"\\ud800": {}}'}),
        "/modalities answers with something that is no JSON",
    ),
}


@pytest.mark.parametrize(("answers", "words"), ANOTHER_SHAPE.values(), ids=ANOTHER_SHAPE)
def test_an_answer_of_another_shape_is_none(desk, answers, words):
    with served(answers) as url:
        for command in (("look", url), ("adopt", "orthanc", "--url", url)):
            ran = desk.here(*command)
            assert (ran.code, ran.out) == (1, "")
            assert words in ran.said
            assert "Check `url`" in ran.said
    assert contents(desk.path) == {}


def test_an_answer_of_100_megabytes_is_not_read_to_its_end(desk):
    with served(always(reply(200, "x" * 100_000_000))) as url:
        ran = desk.here("look", url)
    assert (ran.code, ran.out) == (1, "")
    assert "answers with more than 64 MB; the rest was not read" in ran.said


# --- what an Orthanc holds that no inventory can -----------------------------------------------------------------

BY_HAND: Mapping[str, tuple[dict[str, Any], str]] = {
    "a title of 300 characters": (modality("X" * 300), "an AE title has at most 16 characters"),
    "a title with control characters": (modality("A\x1b[31mB\n\x00"), "printable ASCII characters only"),
    "no title": (modality(""), "at least one character"),
    "a host that is none": (modality(host="10.0.0.300"), "looks like an IP address and is none"),
    "a port beyond all ports": (modality(port=10**30), "a port is a whole number from 1 to 65535"),
    "a timeout below nothing": (modality(Timeout=-5), "its timeout: a number of things is at least 0"),
    "a calling title that is none": (modality(LocalAet="\x07"), "the title that it is called with"),
}


@pytest.mark.parametrize(("made", "why"), BY_HAND.values(), ids=BY_HAND)
def test_a_modality_that_cannot_be_declared_is_shown_and_left_alone(desk, made, why):
    with served(orthanc({"BAD": made, "MR1": modality("MR1", "10.20.4.18")})) as url:
        assert desk.here("look", url).code == 0
        ran = desk.here("adopt", "orthanc", "--url", url)
        assert 'Peer "BAD"' in ran.said
        assert why in ran.said
        adopted_to_no_change(desk, ran)


NAMES = (
    "a/b",
    "a\nb",
    "a b",
    ".",
    "..",
    "*",
    "ü" * 200,
    "null",
    "1e3",
    "~",
    "#",
    "- x",
    "%",
    "\x1b[31m",
    "'\"",
)


def test_aliases_and_titles_that_yaml_would_read_as_something_else_stay_what_they_are(desk):
    titles = [
        "NULL",
        "null",
        "1E3",
        "2024-01-01",
        "~",
        "YES",
        "0x10",
        "&A",
        "*A",
        "- A",
        "# A",
        "{A}",
        "'",
        '"',
        "%",
    ]
    found = {
        name: modality(title, f"10.20.4.{at}")
        for at, (name, title) in enumerate(zip(NAMES, titles, strict=True))
    }
    with served(orthanc(found)) as url:
        assert desk.here("look", url).code == 0
        adopted_to_no_change(desk, desk.here("adopt", "orthanc", "--url", url))
        shown = desk.here("plan", "--show-unmanaged", "--format", "json").json
    assert shown["changes"] == []


def test_two_thousand_modalities_are_adopted_and_planned(desk):
    found = {
        f"CT{at}": modality(f"CT{at}", f"10.{20 + at // 250}.{at % 250}.1", Manufacturer="Generic")
        for at in range(2_000)
    }
    with served(orthanc(found)) as url:
        ran = desk.here("adopt", "orthanc", "--url", url)
        assert "2000 peers" in ran.out
        adopted_to_no_change(desk, ran)


# --- a source that dies, a place that cannot be written ----------------------------------------------------------


@pytest.mark.parametrize("whole", range(6), ids=lambda number: f"after {number} answers")
def test_a_source_that_dies_half_way_leaves_nothing(desk, whole):
    asked: list[str] = []
    answers = orthanc()

    def dying(method: str, path: str) -> bytes:
        asked.append(path)
        return answers(method, path) if len(asked) <= whole else b""

    with served(dying) as url:
        ran = desk.here("adopt", "orthanc", "--url", url)
    assert (ran.code, ran.out) == (9, "")
    assert contents(desk.path) == {}


def test_a_source_that_answers_by_halves_at_last_leaves_nothing(desk):
    asked: list[str] = []
    answers = orthanc()

    def failing(method: str, path: str) -> bytes:
        asked.append(path)
        return answers(method, path) if len(asked) <= 5 else half(answers(method, path))

    with served(failing) as url:
        ran = desk.here("adopt", "orthanc", "--url", url)
    assert (ran.code, ran.out) == (1, "")
    assert "is not whole" in ran.said
    assert contents(desk.path) == {}


def test_no_file_that_is_there_is_touched(desk):
    there = {
        "notes.txt": b"mine",
        "devices/others.yaml": b"# mine\n",
        "systems.yaml": b"",
        "Profiles.YAML": b"# mine\n",
        "README.md": b"\xff",
    }
    for name, data in there.items():
        file = desk.path / "inventory" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    before = contents(desk.path)
    with served(orthanc()) as url:
        ran = desk.here("adopt", "orthanc", "--url", url)
        after = contents(desk.path)
        assert {name: after[name] for name in before} == before
        assert "inventory/devices/others-orthanc.yaml" in after.keys() - before.keys()
        adopted_to_no_change(desk, ran)


def a_file(path: Path) -> None:
    path.write_text("mine")


def a_file_within(path: Path) -> None:
    path.mkdir()
    (path / "devices").write_text("mine")


def a_link_out(path: Path) -> None:
    (path.parent.parent / "elsewhere").mkdir()
    path.symlink_to(path.parent.parent / "elsewhere")


def a_link_to_nothing(path: Path) -> None:
    path.symlink_to(path.parent.parent / "nowhere")


def a_linked_file(path: Path) -> None:
    path.mkdir()
    (path.parent.parent / "mine.yaml").write_text("# mine\n")
    (path / "systems.yaml").symlink_to(path.parent.parent / "mine.yaml")


def no_utf8(path: Path) -> None:
    path.mkdir()
    (path / "mine.yaml").write_bytes(b"# caf\xe9\n")


@pytest.mark.parametrize(
    ("made", "code", "words"),
    [
        (a_file, 1, "inventory is no folder"),
        (a_file_within, 1, "inventory/devices is no folder"),
        (a_link_out, 1, "inventory is a link that leads out of the repository"),
        (a_link_to_nothing, 1, "inventory is a link that leads out of the repository"),
        (a_linked_file, 3, "is a link that leads out of the repository, and was not read"),
        (no_utf8, 3, "The file is not UTF-8 text inventory/mine.yaml:1:6"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_where_nothing_can_be_written_nothing_is(desk, made, code, words):
    made(desk.path / "inventory")
    before = contents(desk.path.parent)
    with served(orthanc()) as url:
        ran = desk.here("adopt", "orthanc", "--url", url)
    assert (ran.code, ran.out) == (code, "")
    assert words in ran.said
    assert "   fix  " in ran.err
    assert contents(desk.path.parent) == before


def test_a_folder_that_nobody_may_write_is_left_as_it_is(desk):
    with served(orthanc()) as url:
        ran = desk.here("adopt", "orthanc", "--url", url, "--into", "/proc/inventory")
    assert (ran.code, ran.out) == (1, "")
    assert "/proc/inventory/baseline.yaml cannot be written" in ran.said


# --- writing, where others and full disks come in between --------------------------------------------------------

WRITES: Mapping[str, tuple[bytes, str]] = {
    "its disk is full": (
        reply(507, {"Message": "Full storage"}),
        "its disk is full (HTTP 507: Full",
    ),
    "it fails": (
        reply(500, {"Message": "Internal error"}),
        "it reports an error (HTTP 500: Internal",
    ),
    "a proxy's page": (
        reply(502, "<html>", kind="text/html"),
        "gets no answer from it (HTTP 502)",
    ),
    "it may not": (reply(403), "this account may not do this (HTTP 403)"),
    "the line drops": (b"", "What was sent may have been done"),
    "an answer by halves": (half(reply(200, {"a": "b"})), "What was sent may have been done"),
    "a redirect": (reply(307, Location="http://127.0.0.1:1/"), "it sends us on to"),
}


@pytest.fixture
def written(repository: Callable[..., Hospital]) -> Callable[[str], Hospital]:
    """A hospital with an Orthanc at this address, in which one modality is to be changed."""

    def make(url: str) -> Hospital:
        made = repository(
            hospital=HOSPITAL,
            systems=f"systems: {{orthanc: {{type: orthanc, url: '{url}', ae: archive, mode: write}}}}\n"
            'environments: {lab: {dial: {"*": none}}}\n',
        )
        made.ok("record", "init")
        made.ok("plan", "--target", "orthanc/peer/CT1", "--out", "plan.json")
        return made

    return make


@pytest.mark.parametrize(("answer", "words"), WRITES.values(), ids=WRITES)
def test_a_write_that_is_not_answered_well_says_what_became_of_it(written, answer, words):
    live = {"CT1": modality(host="10.20.4.99")}
    read = orthanc(live, raw={"modalities/CT1/configuration": json.dumps(live["CT1"])})
    with served(lambda method, path: read(method, path) if method == "GET" else answer) as url:
        hospital = written(url)
        ran = hospital("apply", "plan.json")
        assert ran.code == 8, ran
        assert "✗ failed orthanc/peer/CT1" in ran.said
        assert words in ran.said
        again = hospital.ok("plan", "--target", "orthanc/peer/CT1")
    assert "host 10.20.4.99 → 10.20.4.17" in again.said


def test_a_write_that_was_made_although_the_line_dropped_counts_as_done(written):
    may_not = {
        f"Allow{flag}": False for flag in ("Find", "FindWorklist", "Get", "Move", "NAction", "EventReport")
    }
    live = {"CT1": modality(host="10.20.4.99", **may_not)}

    def answer(method: str, path: str) -> bytes:
        if method == "PUT":
            live["CT1"] = modality(**may_not)
            return b""
        return orthanc(live, raw={"modalities/CT1/configuration": json.dumps(live["CT1"])})(method, path)

    with served(answer) as url:
        hospital = written(url)
        ran = hospital("apply", "plan.json")
        assert ran.code == 0, ran
        assert "No changes." in hospital.ok("plan", "--target", "orthanc/peer/CT1").out


def test_a_modality_that_was_deleted_between_read_and_write_is_not_made_again(written):
    asked: list[str] = []
    read = orthanc({"CT1": modality(host="10.20.4.99")})

    def answer(method: str, path: str) -> bytes:
        asked.append(f"{method} {path}")
        return read(method, path)

    with served(answer) as url:
        ran = written(url)("apply", "plan.json")
    assert ran.code == 8, ran
    assert "✗ failed orthanc/peer/CT1" in ran.said
    assert "GET /modalities/CT1/configuration" in asked
    assert not [each for each in asked if not each.startswith("GET")]


# --- exports of a directory --------------------------------------------------------------------------------------

ROOT = "cn=DICOM Configuration,dc=hospital,dc=example"
CONTAINERS = f"dn: {ROOT}\nobjectClass: dicomConfigurationRoot\ncn: DICOM Configuration\n\n" + "".join(
    f"dn: cn={name},{ROOT}\nobjectClass: {kind}\ncn: {name}\n\n"
    for name, kind in (
        ("Devices", "dicomDevicesRoot"),
        ("Unique AE Titles Registry", "dicomUniqueAETitlesRegistryRoot"),
    )
)
DEVICE = f"dicomDeviceName=ct-1,cn=Devices,{ROOT}"
WHOLE = (
    CONTAINERS
    + f"dn: {DEVICE}\nobjectClass: dicomDevice\ndicomDeviceName: ct-1\ndicomInstalled: TRUE\n\n"
    + f"dn: cn=dicom,{DEVICE}\nobjectClass: dicomNetworkConnection\ncn: dicom\n"
    "dicomHostname: 10.20.4.17\ndicomPort: 104\n\n"
    + f"dn: dicomAETitle=CT1,cn=Unique AE Titles Registry,{ROOT}\n"
    "objectClass: dicomUniqueAETitle\ndicomAETitle: CT1\n\n"
    + f"dn: dicomAETitle=CT1,{DEVICE}\nobjectClass: dicomNetworkAE\ndicomAETitle: CT1\n"
    f"dicomNetworkConnectionReference: cn=dicom,{DEVICE}\n"
    "dicomAssociationInitiator: TRUE\ndicomAssociationAcceptor: TRUE\n"
)
LINES = WHOLE.count("\n")
ENTRY = "objectClass: dicomDevice\ndicomInstalled: TRUE\ndicomDeviceName"


def exported(desk: Hospital, text: str | bytes) -> None:
    (desk.path / "x.ldif").write_bytes(text if isinstance(text, bytes) else text.encode())


READ: Mapping[str, tuple[str | bytes, int, str]] = {
    "version 1": ("version: 1\n\n" + WHOLE, 0, "1 reserved title"),
    "version 2": ("version: 2\n\n" + WHOLE, 1, "error[LDIF-VERSION]"),
    "folded and base64": (
        WHOLE.replace("dicomInstalled: TRUE", "dicomInst\n alled:: VFJV\n RQ==", 1).replace("\n", "\r\n"),
        0,
        "1 device",
    ),
    "comments": ("# folded\n  here\n" + WHOLE.replace("\n\n", "\n\n# between\n\n"), 0, "1 device"),
    "a value elsewhere": (
        WHOLE.replace("dicomHostname: 10.20.4.17", "dicomHostname:< file:///etc/passwd"),
        0,
        "warning[LDIF-URL] The value of dicomHostname is kept elsewhere",
    ),
    "a change record": (
        WHOLE + f"\ndn: dicomDeviceName=ct-2,cn=Devices,{ROOT}\nchangetype: delete\n",
        0,
        'warning[LDIF-CHANGE] A change record ("delete") is left out',
    ),
    "a name with NUL": (
        WHOLE + f"\ndn: dicomDeviceName=x\0y,cn=Devices,{ROOT}\n{ENTRY}: x\0y\n",
        0,
        r"Device x\x00y",
    ),
    "a name that is no UTF-8": (
        WHOLE.encode() + f"\ndn: dicomDeviceName=caf\xe9,cn=Devices,{ROOT}\n{ENTRY}: b\n".encode("latin-1"),
        1,
        f"error[LDIF-ENCODING] The name of this entry is not UTF-8 text x.ldif:{LINES + 2}",
    ),
    "a port that is text": (
        WHOLE.replace("dicomPort: 104", "dicomPort: abc"),
        1,
        "error[LDIF-VALUE] A value of this entry was left out: dicomPort is no whole number x.ldif:18",
    ),
    "an unknown class": (
        WHOLE + f"\ndn: cn=more,cn=Devices,{ROOT}\nobjectClass: acmeThing\ncn: more\n",
        0,
        "note[DIR-CLASS] 1 entry is of class acmeThing",
    ),
    "a name of two parts": (
        WHOLE + f"\ndn: dicomDeviceName=mr-1+dicomInstalled=TRUE,cn=Devices,{ROOT}\n{ENTRY}: mr-1\n",
        0,
        "An entry is called by several attributes at once",
    ),
    "another spelling": (
        WHOLE.replace(f"dn: cn=dicom,{DEVICE}", f"dn: CN = DICOM , {DEVICE.upper().replace('=', ' = ')}"),
        0,
        "1 device",
    ),
    "a reference to nothing": (
        WHOLE.replace("Reference: cn=dicom", "Reference: cn=gone"),
        0,
        "error[DIR-REFERENCE]",
    ),
    "a reference without a name": (
        WHOLE.replace(f"Reference: cn=dicom,{DEVICE}", "Reference: "),
        0,
        "error[DIR-REFERENCE]",
    ),
    "a reserved title of nobody": (
        WHOLE.replace(f"CT1,{DEVICE}", f"CT2,{DEVICE}").replace(
            "dicomAETitle: CT1\ndicomNet", "dicomAETitle: CT2\ndicomNet"
        ),
        0,
        "warning[DIR-TITLE-UNRESERVED] CT2 of ct-1 is not reserved",
    ),
    "values that YAML reads as something else": (
        WHOLE.replace("CT1", "NULL").replace("ct-1", "1e3"),
        0,
        "1 device",
    ),
}


@pytest.mark.parametrize(("text", "code", "words"), READ.values(), ids=READ)
def test_an_export_is_told_with_all_that_is_odd_and_adopted_as_far_as_it_goes(desk, text, code, words):
    exported(desk, text)
    looked = desk.here("look", "x.ldif", "--all")
    assert (looked.code, looked.err) == (code, "")
    assert words in looked.said
    assert desk.here("look", "x.ldif", "--format", "json").json["format_version"] == 1
    ran = desk.here("adopt", "ldif", "x.ldif")
    assert ran.code == 0, ran
    assert desk.here("validate").code == 0


NOTHING: Mapping[str, tuple[str | bytes, int, str]] = {
    "0 bytes": (b"", 0, "nothing was found in x.ldif"),
    "UTF-16": (WHOLE.encode("utf-16"), 1, "The file is UTF-16, where LDIF is UTF-8 (x.ldif:1:1)"),
    "a change alone": (
        f"dn: {DEVICE}\nchangetype: delete\n",
        0,
        'A change record ("delete") is left out: it is not applied to anything (x.ldif:2:1)',
    ),
    "nothing but containers": (CONTAINERS, 0, "nothing of what was found can be declared"),
    "names that cannot be declared": (
        CONTAINERS + f"dn: dicomDeviceName=x\0y,cn=Devices,{ROOT}\n{ENTRY}: x\0y\n",
        0,
        "nothing of what was found can be declared",
    ),
    "another program's file": (b"\x89PNG\r\n\x1a\n\0", 1, "The line is neither an attribute with its value"),
    "nonsense without end": ("nonsense\n\n" * 5_000, 1, "Reading ended here, after 100 mistakes"),
    "an answer that was cut": (
        WHOLE + "\nsearch: 2\nresult: 4 Size limit exceeded\n",
        1,
        f"x.ldif:{LINES + 3}:1: The export is not whole: the server ended it with 4 Size limit exceeded",
    ),
    "a part on another server": (
        WHOLE + "\nref: ldap://elsewhere.example.org/dc=x\n",
        1,
        f"x.ldif:{LINES + 2}:1: The export stops at another server's part",
    ),
}


@pytest.mark.parametrize(("text", "code", "words"), NOTHING.values(), ids=NOTHING)
def test_an_export_that_gives_no_inventory_is_refused_and_says_why(desk, text, code, words):
    exported(desk, text)
    assert desk.here("look", "x.ldif").code == code
    for more in ((), ("--dry-run",), ("--format", "json")):
        ran = desk.here("adopt", "ldif", "x.ldif", *more)
        assert (ran.code, ran.out) == (1, "")
        assert words in ran.said
        assert "   fix  " in ran.err
    assert list(contents(desk.path)) == ["x.ldif"]


def test_what_is_empty_is_not_said_to_be_adopted_next(desk):
    exported(desk, b"")
    assert desk.here("look", "x.ldif").out.endswith("Nothing was changed.\n")


def test_what_is_no_file_is_not_read(desk):
    (desk.path / "x.ldif").mkdir()
    for command in (("look", "x.ldif"), ("adopt", "ldif", "x.ldif"), ("adopt", "ldif", "none.ldif")):
        ran = desk.here(*command)
        assert (ran.code, ran.out) == (1, "")
        assert f"{command[-1]} cannot be read: " in ran.said


# --- words of the command line -----------------------------------------------------------------------------------

SECRET = "S3ntinel-of-this-test"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("127.0.0.1:1",), 64, "a directory is ldaps://HOST"),
        (("https://127.0.0.1:0",), 64, "https://host:port/path"),
        (("ldap://127.0.0.1:0",), 64, "a port is a whole number from 1 to 65535, not 0"),
        (("ldap://127.0.0.1:70000",), 64, "a port is a whole number from 1 to 65535, not 70000"),
        ((f"https://viewer:{SECRET}@127.0.0.1:1",), 64, "no account and no password stand in an address"),
        (("ldaps://[::1",), 64, "ldaps://host"),
        (("https://[::1]:1",), 9, "https://[::1]:1 cannot be reached"),
        (("ldap://[::1]:1",), 9, "ldap://[::1]:1 cannot be reached"),
        (("A@[::1]:1",), 9, "nothing listens at port 1"),
        (("A@127.0.0.1:0",), 64, "AET@HOST:PORT is needed"),
        ((r"A\B@127.0.0.1:1",), 64, "may not hold a backslash"),
        (("http://127.0.0.1:1", "--user", "u", "--password", SECRET), 64, "a secret is named, never written"),
        (("http://127.0.0.1:1", "--timeout", "0"), 64, "--timeout"),
        (("http://127.0.0.1:1", "--timeout", "99999999999999"), 64, "--timeout"),
        (("A@127.0.0.1:1", "--timeout", "99999999999999"), 64, "--timeout"),
        (("https://127.0.0.1:1", "--ca-file", "/nonexistent"), 9, "/nonexistent cannot be read"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_look_says_which_word_is_wrong(desk, arguments, code, words):
    desk.secrets.append(SECRET)
    ran = desk.here("look", *arguments)
    assert ran.code == code, ran
    assert words in ran.said


@pytest.mark.parametrize("seconds", [0, -1, 3601, 10**14])
def test_a_time_to_wait_that_no_clock_holds_is_an_invalid_inventory(small, seconds):
    small.file("other").write_text(
        f"systems:\n  o: {{type: orthanc, url: 'http://127.0.0.1:1', timeout: {seconds}}}\n"
    )
    ran = small("plan")
    assert (ran.code, ran.out) == (3, "")
    assert f"a time to wait is 1 to 3600 seconds, not {seconds}" in ran.said
    assert "inventory/other.yaml:2:58" in ran.said


def test_render_and_doctor_name_all_that_they_do_not_know(small):
    for command, words in (
        (("render", "nope"), 'there is no template "nope"'),
        (("render", "modality-sheet", "ct-1", "ct-9", "xyz"), 'there is no device "ct-9"'),
        (("render", "modality-sheet", "ct-1", "ct-9", "xyz"), 'there is no device "xyz"'),
        (("render", "console-sheet", "nope"), "nope"),
        (("doctor", "--system", "nope"), 'there is no system "nope" in lab fix Declared: memory.'),
    ):
        ran = small(*command)
        assert (ran.code, ran.out) == (1, ""), ran
        assert words in ran.said


# --- templates, attestations, a record that is damaged -----------------------------------------------------------

TEMPLATES: Mapping[str, tuple[bytes, str]] = {
    "syntax": (b"one\n{% if %}", "templates/a.md.j2:2: "),
    "an unknown name": (b"{{ devcies }}", 'templates/a.md.j2:1: there is no name "devcies" here'),
    "a loop": (
        b"{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "templates/a.md.j2: ",
    ),
    "a range": (b"{% for a in range(10**9) %}{% endfor %}", "templates/a.md.j2:1: Range too big"),
    "much text": (
        b"{% for a in range(999) %}{{ 'x' * 99999 }}{% endfor %}",
        "more than 5,000,000 characters",
    ),
    "no UTF-8": (b"a\ncaf\xe9", "templates/a.md.j2:2: this is not UTF-8"),
    "half a character": (b"{{ '\\ud800' }}", "it writes half a character"),
    "itself": (b"{% include 'a.md.j2' %}", "templates/a.md.j2:1: it goes round in circles"),
    "Python": (b"{{ ''.__class__ }}", "templates/a.md.j2:1: access to attribute '__class__'"),
}


@pytest.mark.parametrize(("text", "words"), TEMPLATES.values(), ids=TEMPLATES)
def test_a_template_that_is_broken_is_named_and_writes_nothing(small, text, words, monkeypatch):
    assert bounded.rendered.__kwdefaults__ is not None
    monkeypatch.setitem(
        bounded.rendered.__kwdefaults__, "seconds", 2
    )  # of its 10: what loops does so for all of them
    (small.path / "templates").mkdir()
    (small.path / "templates" / "a.md.j2").write_bytes(text)
    ran = small("render", "a", "--out", "a.md")
    assert (ran.code, ran.out) == (3, ""), ran
    assert words in ran.said
    assert "   fix  " in ran.err
    assert not (small.path / "a.md").exists()


CONSOLE = """\
systems:
  con: {type: console, ae: archive, mode: write}
  scanner: {type: console, ae: ct-1, mode: write, export: {file: ct.csv, columns: {ae_title: AE, port: Port}}}
environments: {lab: {dial: {"*": none}}}
"""


@pytest.fixture
def consoles(repository: Callable[..., Hospital]) -> Hospital:
    """A console that only people know, and one that exports a table."""
    made = repository(hospital=HOSPITAL, systems=CONSOLE)
    (made.path / "ct.csv").write_text("AE,Port\nARCHIVE,11112\n")
    return made


def test_attest_names_what_it_does_not_know_and_writes_nothing(consoles):
    assert consoles("attest", "con", "--reason", "x").code == 5  # there is no record yet
    consoles.ok("record", "init")
    head = consoles.git("rev-parse", "pacsconf/lab")
    for arguments, code, words in (
        (("nope", "--reason", "x"), 1, '"nope" names no system'),
        (("con/peer/NOPE", "--reason", "x"), 1, 'nothing waits for a person at "con/peer/NOPE"'),
        (("con/peer/%ZZ", "--reason", "x"), 1, "nothing waits"),
        (("", "--reason", "x"), 1, "names no system"),
        (("--reason", "x"), 64, "say what was keyed in"),
        (("--all",), 64, "needs a reason"),
        (("--all", "--reason", "  "), 64, "needs a reason"),
        (("--all", "--probe"), 64, "a probe sees what waits"),
    ):
        ran = consoles("attest", *arguments)
        assert (ran.code, ran.out) == (code, ""), ran
        assert words in ran.said
    assert consoles.git("rev-parse", "pacsconf/lab") == head


EXPORTS: Mapping[str, tuple[bytes, int, str]] = {
    "0 bytes": (b"", 1, "ct.csv:1: no row of headings stands here"),
    "no UTF-8": (b"AE,Port\ncaf\xe9,1\n", 1, "ct.csv:2: this is no utf-8"),
    "NUL": (b"AE,Port\nA\0B,1\n", 1, "ct.csv:2: "),
    "a quote without end": (b'AE,Port\n"A,1\nB,2\n', 1, "ct.csv:2: the row that begins here is no CSV"),
    "another table": (b"Name;Number\nx;1\n", 1, 'ct.csv:1: no column has the heading "AE"'),
    "twice": (b"AE,Port\nA,1\nA,2\n", 1, 'ct.csv:3: "A" stands in line 2 already'),
    "a port beyond": (b"AE,Port\nA,99999\n", 1, "ct.csv:2: Port: a port is a whole number"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0", 1, "ct.csv:1: this is no utf-8"),
    "9 MB": (b"AE,Port\n" + b"A,1\n" * 2_300_000, 1, "ct.csv"),
}


@pytest.mark.parametrize(("data", "code", "words"), EXPORTS.values(), ids=EXPORTS)
def test_an_export_of_a_console_that_is_none_is_told_with_its_line(consoles, data, code, words):
    (consoles.path / "ct.csv").write_bytes(data)
    for command in ("plan", "drift", "record init"):
        ran = consoles(*command.split())
        assert (ran.code, ran.out) == (code, ""), ran
        assert words in ran.said
    morning = consoles("status")
    assert morning.code == code
    assert "! scanner" in morning.out
    assert consoles.git("branch", "--list", "pacsconf/*") == ""


@pytest.mark.parametrize(
    "junk", [b"garbage", b"[]", b"null", b"\xff\xfe", b"[" * 50_000, b'{"address": "\\ud800"}']
)
def test_a_record_that_is_damaged_is_unknown_to_every_command(consoles, tmp_path, junk):
    consoles.ok("record", "init")
    consoles.ok("attest", "--all", "--reason", "x")
    work = tmp_path / "work"
    consoles.git("worktree", "add", "-q", "-f", str(work), "pacsconf/lab")
    (work / "attested" / "con.jsonl").write_bytes(junk)
    consoles.git("-C", str(work), "commit", "-q", "-a", "-m", "damaged")
    consoles.git("worktree", "remove", "-f", str(work))
    head = consoles.git("rev-parse", "pacsconf/lab")
    for command in (["drift"], ["drift", "--format", "json"], ["attest", "--all", "--reason", "x"]):
        ran = consoles(*command)
        assert (ran.code, ran.out) == (5, ""), ran
        assert "attested/con.jsonl:1 cannot be understood" in ran.said
        assert "record init --accept --reason TEXT" in ran.said
    morning = consoles("status")
    assert "lab · the record is unknown" in morning.out
    assert consoles("plan").code == 5
    assert consoles.git("rev-parse", "pacsconf/lab") == head


# --- passwords ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kept", ["env", "file"])
def test_no_byte_that_anything_writes_holds_a_password(desk, tmp_path, monkeypatch, kept):
    secret_file = tmp_path / "password"
    secret_file.write_text(SECRET)
    secret_file.chmod(0o600)
    monkeypatch.setenv("ORTHANC_PASSWORD", SECRET)
    desk.secrets.append(SECRET)  # every run looks for it in what it put out
    reference = "env:ORTHANC_PASSWORD" if kept == "env" else f"file:{secret_file}"
    live = {"CT1": modality(), "BAD": modality("X" * 20)}
    servers = {"other": {"Url": f"http://viewer:{SECRET}@10.20.9.9:8042/", "Username": "viewer"}}
    read = orthanc(live, raw={"peers": json.dumps(servers)})
    refused: list[str] = []

    def answer(method: str, path: str) -> bytes:
        return reply(401, {"Message": "no"}) if refused else read(method, path)

    with served(answer) as url:
        config = tmp_path / "operator.toml"
        config.write_text(f'[[secret]]\nref = "{reference}"\nfor = "{url}"\n')
        config.chmod(0o600)
        monkeypatch.setenv("PACSCONF_CONFIG", str(config))
        sign_in = ("--user", "viewer", "--password", reference)
        for form in ("text", "json"):
            assert desk.here("--log", "look", url, *sign_in, "--format", form).code == 0
            assert (
                desk.here(
                    "--log", "adopt", "orthanc", "--url", url, *sign_in, "--dry-run", "--format", form
                ).code
                == 0
            )
        assert desk.here("--log", "adopt", "orthanc", "--url", url, *sign_in).code == 0
        desk.git("init", "-q")
        desk.commit("adopted")
        for command in (
            ["record", "init"],
            ["plan", "--verbose", "--show-unmanaged", "--out", "plan.json"],
            ["show", "plan.json", "--format", "json"],
            ["drift", "--format", "json"],
            ["status", "--format", "json"],
            ["history", "--format", "json"],
            ["doctor", "--system", "orthanc"],
            ["render", "ae-titles", "--out", "titles.html"],
            ["render", "modality-sheet", "ct1", "--out", "sheet.html"],
        ):
            ran = desk.here("--log", *command)
            assert ran.code == 0, ran
        refused.append("from now on")
        assert desk.here("--log", "plan").code == 1
    for kept_file in desk.path.rglob("*"):
        assert not kept_file.is_file() or SECRET.encode() not in kept_file.read_bytes(), kept_file
    blobs = subprocess.run(
        ["git", "cat-file", "--batch", "--batch-all-objects"], cwd=desk.path, capture_output=True, check=True
    ).stdout
    assert b"ct1" in blobs
    assert SECRET.encode() not in blobs


def test_an_export_with_passwords_in_it_gives_none_of_them(desk):
    desk.secrets.append(SECRET)
    exported(desk, WHOLE.replace("dicomInstalled: TRUE", f"userPassword: {SECRET}\ndicomInstalled: TRUE", 1))
    for form in ("text", "json"):
        assert desk.here("--log", "look", "x.ldif", "--all", "--format", form).code == 0
    assert desk.here("--log", "adopt", "ldif", "x.ldif", "--url", "ldap://127.0.0.1:1").code == 0
    assert not [each for each in (desk.path / "inventory").rglob("*.yaml") if SECRET in each.read_text()]
