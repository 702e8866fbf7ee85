from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacsconf.core.address import Address
from pacsconf.dicom.diagnose.cause import AGREES, BEHIND, WRONG
from pacsconf.dicom.diagnose.diagnosis import diagnose
from pacsconf.dicom.diagnose.evidence import End, Evidence, FlowSeen, Obstacle, Row, Table, WorklistSeen
from pacsconf.dicom.heard import Heard
from pacsconf.dicom.observation import Encryption, Fault, Negotiated, Observation, Step
from pacsconf.dicom.targets import Target
from tests.dicom.diagnose.evidence_cases import cases, evidence, load

CASES = Path(__file__).parent / "cases" / "diagnosis"


@pytest.mark.parametrize("file", cases(CASES), ids=lambda file: file.stem)
def test_a_case_is_named_with_its_place_and_its_way_out(file):
    case = load(file)
    wanted = case["expect"]
    found = diagnose(evidence(case["evidence"]))
    wrong = found.wrong
    assert found.verdict == wanted["verdict"], found.causes
    first = wrong[0] if wrong else None
    assert (first.key if first else None) == wanted.get("first", first.key if first else None)
    told = [] if first is None else [first.sentence, *first.details]
    assert [text for text in wanted.get("says", ()) if text not in told] == []
    if "direction" in wanted:
        assert first is not None
        assert first.direction == wanted["direction"]
    if "proofs" in wanted:
        assert first is not None
        assert [[proof.who, proof.says, proof.where] for proof in first.proofs] == wanted["proofs"]
    if "ways" in wanted:
        assert first is not None
        assert [[way.when, way.text, way.command] for way in first.ways] == wanted["ways"]
    assert {*wanted.get("also", ())} <= {cause.key for cause in wrong}
    assert {*wanted.get("possible", ())} <= {cause.key for cause in found.causes if cause.score < WRONG}
    assert {*wanted.get("unknown", ())} <= {each.text for each in found.unknowns}
    assert list(found.next) == wanted.get("next", list(found.next))


def test_what_lies_behind_a_closed_port_is_not_what_stops_them_now():
    case = load(CASES / "near-miss-by-hand.yaml")["evidence"]
    open_, closed = (
        evidence(case),
        evidence(case | {"wire": load(CASES / "port-closed.yaml")["evidence"]["wire"]}),
    )
    alone = next(cause.score for cause in diagnose(open_).causes if cause.key == "title-differs")
    behind = next(cause.score for cause in diagnose(closed).causes if cause.key == "title-differs")
    assert behind == alone - BEHIND
    assert diagnose(closed).causes[0].key == "port-closed"


@pytest.mark.parametrize(
    ("name", "key"), [("near-miss-by-hand", "title-differs"), ("unknown-to-the-archive", "title-unknown")]
)
def test_a_call_refused_under_the_callers_title_agrees_with_a_table_that_lacks_it(name, key):
    case = load(CASES / f"{name}.yaml")["evidence"]
    refused = load(CASES / "rejected-as-caller.yaml")["evidence"]["impersonated"]
    alone, agreed = (
        next(cause.score for cause in diagnose(evidence(each)).causes if cause.key == key)
        for each in (case, case | {"impersonated": refused})
    )
    assert agreed == alone + AGREES


def test_the_direction_follows_what_the_caller_was_heard_to_send_last():
    case = load(CASES / "near-miss-by-hand.yaml")["evidence"]
    before = {"calling": "CT_ER1", "called": "X", "host": "10.20.7.17", "at": "2026-11-01T10:00:00Z"}
    after = {"calling": "CT_ER_1", "called": "X", "host": "10.20.7.17", "at": "2026-11-20T10:00:00Z"}
    found = diagnose(evidence(case | {"heard": [before, after]}))
    assert found.causes[0].direction == "called"
    assert diagnose(evidence(case | {"heard": [after, before]})).causes[0].direction == "inventory"


def test_nothing_heard_of_a_caller_without_a_title_names_no_side():
    case = load(CASES / "near-miss-by-hand.yaml")["evidence"]
    found = diagnose(evidence(case | {"caller": {"title": ""}}))
    assert [cause.direction for cause in found.causes if cause.key == "title-differs"] == [""]


def test_a_title_that_only_looks_like_the_callers_is_said_to_be_a_guess():
    case = load(CASES / "works.yaml")["evidence"]
    heard = {"calling": "CT_ER_9", "called": "ARCHIVE", "host": "10.20.7.99"}
    cause = diagnose(evidence(case | {"heard": [heard]})).causes[0]
    assert cause.key == "caller-sends-other"
    guess = "By the title alone it is taken for ct-er-1: it called from 10.20.7.99, and not from 10.20.7.17."
    assert guess in cause.details
    own = diagnose(evidence(case | {"heard": [heard | {"host": "10.20.7.17"}]})).causes[0]
    assert (own.key, guess in own.details) == ("caller-sends-other", False)


def test_an_ipv6_address_stands_in_brackets_before_a_port():
    ends = End("X", "::1", 104), End("X", "::1"), End("X", "10.20.0.5", 104)
    assert [end.at for end in ends] == ["[::1]:104", "::1", "10.20.0.5:104"]


# --- any evidence whatever ----------------------------------------------------------------------------------------

TITLES = st.sampled_from(["CT_ER_1", "CT_ER1", "ct_er_1", "MR1", "ARCHIVE", "ARCHIV", "", " X "])
HOSTS = st.sampled_from(
    ["10.20.7.17", "10.20.4.17", "ct.example.org", "", "10.20.0.0/16", "::1", "127.0.0.1", "?"]
)
PORTS = st.sampled_from([None, 104, 11112])
UIDS = st.sampled_from(
    ["1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.31", "1.2.3.4", "1.2.840.10008.1.2", "nonsense"]
)
SERVICES = st.sampled_from(
    ["storage", "query-retrieve", "modality-worklist", "storage-commitment", "1.2.3.4"]
)
CONTEXTS = st.lists(st.tuples(UIDS, st.lists(UIDS, max_size=2).map(tuple)), max_size=2).map(tuple)
ENDS = st.builds(
    End,
    title=TITLES,
    host=HOSTS,
    port=PORTS,
    device=st.sampled_from(["", "ct-er-1", "archive"]),
    aliases=st.lists(TITLES, max_size=1).map(tuple),
    lifecycle=st.sampled_from(["active", "planned", "retired", "commissioning", "retiring"]),
    installed=st.booleans(),
    initiator=st.booleans(),
    acceptor=st.booleans(),
    tls=st.booleans(),
    calls_from=st.lists(HOSTS, max_size=2).map(tuple),
    expected=st.sampled_from(["always", "intermittent", "mon-fri 07:00-18:00"]),
    max_associations=st.sampled_from([None, 1]),
    offers=CONTEXTS,
    asks=CONTEXTS,
    reserved=st.sampled_from(["", "2027-01-01"]),
)
FAULTS = st.builds(
    Fault,
    how=st.sampled_from(
        [
            *("no such name", "no name server", "refused", "no way there", "no connection in time", "TLS"),
            *("rejected", "aborted", "closed", "silent", "not DICOM", "context", "status", "otherwise"),
        ]
    ),
    numbers=st.lists(st.integers(0, 0xFFFF), max_size=4).map(tuple),
    alert=st.sampled_from(["", "unknown_ca", "certificate_required", "TLS expected", "?"]),
)
STEPS = st.builds(
    Step,
    name=st.sampled_from(["name", "tcp", "tls", "association", "contexts", "echo", "query", "worklist"]),
    passed=st.sampled_from([True, False, None]),
    text=st.text(max_size=5),
    milliseconds=st.just(1.0),
    fault=st.none() | FAULTS,
)
SEEN = st.builds(
    Observation,
    target=st.builds(
        Target,
        device=st.just("archive"),
        title=TITLES,
        connection=st.just("dicom"),
        host=HOSTS,
        port=st.just(104),
        declared=st.just("10.20.0.5:104"),
        level=st.sampled_from(["none", "tcp", "echo", "contexts", "services"]),
        calling=st.none() | TITLES,
        standby=st.booleans(),
        tls=st.booleans(),
    ),
    verdict=st.sampled_from(["healthy", "failing", "asleep", "not probed", "unknown"]),
    steps=st.lists(STEPS, max_size=4).map(tuple),
    reason=st.text(max_size=5),
    contexts=st.lists(st.builds(Negotiated, UIDS, UIDS, st.integers(0, 5)), max_size=3).map(tuple),
    encryption=st.none()
    | st.builds(Encryption, st.just("TLS 1.2"), st.just("X"), days_left=st.none() | st.integers(-9, 9)),
)
FIELDS = st.none() | st.fixed_dictionaries(
    {},
    optional={
        "ae_title": TITLES,
        "host": HOSTS,
        "port": st.sampled_from([104, 11112]),
        "allow": st.sampled_from([("echo",), ("echo", "find"), ()]),
        "tls": st.sampled_from([True, ("TLS_AES_128_GCM_SHA256",)]),
        "installed": st.booleans(),
        "sop_class": UIDS,
        "transfer_syntaxes": st.lists(UIDS, max_size=2).map(tuple),
    },
)
ROWS = st.builds(
    Row,
    address=st.sampled_from(
        [
            Address.parse(f"orthanc/{name}")
            for name in (
                "peer/CT_ER_1",
                "network-connection/ct/dicom",
                "device/ct",
                "transfer-capability/ct/CT/x",
            )
        ]
    ),
    about=st.sampled_from(["caller", "called"]),
    declared=FIELDS,
    live=FIELDS,
    last=FIELDS,
    recorded=st.booleans(),
    writes=st.booleans(),
    waits=st.booleans(),
    held=st.booleans(),
    note=st.sampled_from(["", "by jdoe"]),
)
TABLES = st.builds(
    Table,
    system=st.sampled_from(["orthanc", "directory"]),
    type=st.sampled_from(["orthanc", "console", "dicom-directory"]),
    holder=st.sampled_from(["caller", "called", "directory"]),
    rows=st.lists(ROWS, max_size=3).map(tuple),
    fault=st.sampled_from(["", "down"]),
    complete=st.booleans(),
    own_title=TITLES,
    own_port=PORTS,
)
HEARD = st.builds(
    Heard,
    calling=TITLES,
    called=TITLES,
    host=HOSTS,
    at=st.sampled_from(["", "2026-11-01T10:00:00Z"]),
    source=st.sampled_from(["listen", "a.log"]),
    contexts=CONTEXTS,
)
COUNTS = st.none() | st.integers(0, 3)
EVIDENCE = st.builds(
    Evidence,
    caller=ENDS,
    called=ENDS,
    flows=st.lists(
        st.builds(FlowSeen, st.just("f"), st.lists(SERVICES, max_size=2).map(tuple)), max_size=2
    ).map(tuple),
    services=st.lists(SERVICES, max_size=2).map(tuple),
    asked=st.just("") | SERVICES,
    obstacles=st.lists(st.builds(Obstacle, st.text(max_size=5)), max_size=1).map(tuple),
    tables=st.lists(TABLES, max_size=2).map(tuple),
    wire=st.none() | SEEN,
    further=st.lists(SEEN, max_size=1).map(tuple),
    impersonated=st.none() | SEEN,
    probed_as=TITLES,
    prober_may=st.booleans(),
    heard=st.lists(HEARD, max_size=2).map(tuple),
    worklist=st.none()
    | st.builds(
        WorklistSeen,
        TITLES,
        st.sampled_from(["", "CT"]),
        COUNTS,
        st.none()
        | st.lists(st.tuples(TITLES, st.sampled_from(["CT", ""]), st.integers(1, 3)), max_size=2).map(tuple),
        COUNTS,
        st.booleans(),
        st.none() | STEPS,
    ),
)


@given(EVIDENCE)
def test_no_evidence_is_too_odd_and_the_same_evidence_gives_the_same_answer(seen):
    first, again = diagnose(seen), diagnose(seen)
    assert first == again
    assert [cause.score for cause in first.causes] == sorted(
        (cause.score for cause in first.causes), reverse=True
    )
    assert (first.verdict == "wrong") == bool(first.wrong)
    assert len({(cause.key, cause.sentence) for cause in first.causes}) == len(first.causes)


@given(EVIDENCE)
def test_no_side_is_named_as_the_one_to_change_unless_the_caller_was_heard(seen):
    found = diagnose(replace(seen, heard=()))
    assert {cause.direction for cause in found.causes} <= {""}
    for cause in found.causes:
        if cause.key in ("title-differs", "address-differs"):
            assert all(way.when for way in cause.ways)


@given(EVIDENCE)
def test_the_order_in_which_tables_were_read_does_not_matter(seen):
    found = diagnose(seen)
    other = diagnose(replace(seen, tables=tuple(reversed(seen.tables))))
    assert {(cause.key, cause.sentence, cause.score) for cause in found.causes} == {
        (cause.key, cause.sentence, cause.score) for cause in other.causes
    }
