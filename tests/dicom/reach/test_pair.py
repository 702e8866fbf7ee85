"""One pair: what works, and each thing that can keep it from working, named at its place."""

from __future__ import annotations

import pytest

from pacsconf.dicom.reach.rules import RULES
from tests.dicom.reach.conftest import FEW, IMAGES, KEEPS, SENDS, WORKLIST, causes, fits

NO_BACK = ("  confirms: {from: {device: archive}, to: {type: modality}, services: storage-commitment}\n", "")
NO_FETCH = ("  fetched: {from: {device: archive}, to: {type: workstation}, services: storage}\n", "")
CT_PORT = "ae_title: CT_1, host: 10.0.1.1, port: 104"
ARCHIVE_PORT = "ae_title: ARCHIVE, host: 10.0.0.1, port: 104"
SUITE, OTHER = "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"


def reason(result, cause):
    """The reason of this cause."""
    return next(reason for reason in result.reasons if reason.cause == cause)


def said(result, cause):
    """A reason in words."""
    wanted = reason(result, cause)
    at = [finding.summary for finding in result.findings]
    return at[result.reasons.index(wanted)]


def test_what_is_declared_on_both_sides_works(asks):
    result = asks("ct-1", "ARCHIVE")
    assert (result.outcome, fits(result), causes(result)) == (
        "works",
        {"storage": "works", "storage-commitment": "works"},
        [],
    )
    assert (result.flows, result.host, result.port, result.tls) == (("images",), "10.0.0.1", 104, False)
    assert [(back.kind, back.flow, back.works) for back in result.back] == [
        ("storage-commitment", "confirms", True)
    ]


def test_sop_classes_and_transfer_syntaxes_in_common_are_those_of_both(asks):
    syntaxes = "transfer_syntaxes: [explicit-vr-little-endian, jpegls-lossless]"
    wide = (SENDS, f"{syntaxes}, {SENDS}")
    storage = asks("ct-1", "ARCHIVE", wide).services[0]
    assert {one.uid.rpartition(".")[2]: (one.fit, one.common) for one in storage.classes} == {
        "2": ("works", ("1.2.840.10008.1.2.1",)),
        "67": ("works", ("1.2.840.10008.1.2.1",)),
    }


# --- flows -------------------------------------------------------------------------------------------------------


def test_without_a_flow_nothing_works_and_what_would_is_shown(asks):
    result = asks("ct-1", "WS_1")
    assert (result.outcome, result.flows, causes(result)) == ("fails", (), ["undeclared", "classes-lack"])
    assert [
        (service.name, service.flow, [one.fit for one in service.classes]) for service in result.services
    ] == [("storage", "", ["works", "not-offered"])]


@pytest.mark.parametrize(
    ("change", "misses"),
    [
        ((IMAGES, IMAGES.replace("type: modality", "type: modality, site: north")),
         'CT_1 is at site main, and "from" asks for north'),
        ((IMAGES, IMAGES.replace("archive", "ris")),
         'ARCHIVE is device archive, and "to" asks for ris'),
        (("ct-1:\n    {", "ct-1:\n    {lifecycle: commissioning, "),
         'CT_1 is commissioning, and "from" asks for active or retiring (as where lifecycle is not given)'),
    ],
    ids=["site", "device", "life cycle"],
)  # fmt: skip
def test_the_nearest_flow_says_what_keeps_it_from_fitting(asks, change, misses):
    near = asks("ct-1", "ARCHIVE", change).nearest
    assert (near.flow, near.misses) == ("images", (misses,))


def test_a_flow_of_the_service_is_nearer_than_one_of_an_echo(asks):
    echo = "  echo: {from: {type: modality, site: north}, to: {device: archive}, services: verification}\n"
    north = ("images: {from: {type: modality}", "images: {from: {type: modality, site: north}")
    assert asks("ct-1", "ARCHIVE", ("flows:\n", f"flows:\n{echo}"), north).nearest.flow == "images"


ROUTED = """\
  router: {type: router, site: north, ae_title: ROUTER, host: 10.0.3.1, port: 104, uses: storage, offers: storage}
flows:
  in: {from: {type: modality}, to: {device: router}, services: storage}
  out: {from: {device: router}, to: {device: ris}, services: storage}
"""


def test_a_router_that_would_pass_images_on_is_named(asks):
    stores = ("offers: modality-worklist}", "offers: storage}")
    result = asks("ct-1", "RIS", ("flows:\n", ROUTED), stores, (f"  {WORKLIST}\n", ""))
    assert [ae.title for _, ae in result.via] == ["ROUTER"]


def test_a_service_that_was_asked_for_and_that_no_flow_lets_through_is_not_declared(asks):
    result = asks("ct-1", "ARCHIVE", ("services: [storage, storage-commitment]", "services: [ct-image-storage]"),
                  services=("storage",))  # fmt: skip
    assert (result.outcome, causes(result)) == ("partly", ["class-undeclared"])
    assert said(result, "class-undeclared") == (
        "no flow from CT_1 to ARCHIVE lets x-ray-radiation-dose-sr-storage through"
    )


# --- roles and SOP classes ---------------------------------------------------------------------------------------


def test_a_service_of_the_flow_that_the_caller_never_asks_for_is_no_fault(asks):
    both = ("services: modality-worklist", "services: [modality-worklist, mpps]")
    mpps = ("offers: modality-worklist}", "offers: [modality-worklist, mpps]}")
    result = asks("ct-1", "RIS", both, mpps)
    assert (result.outcome, fits(result)) == ("works", {"modality-worklist": "works", "mpps": "idle"})
    asked = asks("ct-1", "RIS", services=("mpps",))
    assert (asked.outcome, causes(asked)) == ("fails", ["caller-lacks"])


def test_a_flow_that_names_the_caller_means_what_it_lets_it_ask_for(asks):
    named = ("worklist: {from: {type: modality}", "worklist: {from: {device: ct-1}")
    both = ("services: modality-worklist", "services: [modality-worklist, mpps]")
    mpps = ("offers: modality-worklist}", "offers: [modality-worklist, mpps]}")
    result = asks("ct-1", "RIS", named, both, mpps)
    assert (result.outcome, causes(result), reason(result, "caller-lacks").told) == (
        "partly",
        ["caller-lacks"],
        True,
    )


def test_what_the_called_one_does_not_offer_fails(asks):
    result = asks("ct-1", "RIS", ("offers: modality-worklist}", "offers: verification}"))
    assert (result.outcome, causes(result)) == ("fails", ["called-lacks"])
    assert said(result, "called-lacks") == "RIS does not offer modality-worklist, which CT_1 asks of it"


@pytest.mark.parametrize(("services", "told"), [("[storage, storage-commitment]", True), ("storage", False)])
def test_a_class_that_is_not_taken_is_told_where_images_are_to_be_kept(asks, services, told):
    result = asks(
        "ct-1",
        "ARCHIVE",
        FEW,
        ("services: [storage, storage-commitment]", f"services: {services}"),
        NO_BACK if services == "storage" else ("", ""),
    )  # fmt: skip
    assert fits(result)["storage"] == "partly"
    lacks = reason(result, "classes-lack")
    assert (lacks.told, lacks.uids) == (told, ("1.2.840.10008.5.1.4.1.1.88.67",))
    assert lacks.sides[0][0] == ("devices", "ct-1", "ae_titles", "CT_1", "capabilities", 4)


# --- transfer syntaxes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ours", "theirs", "outcome", "fit", "cause"),
    [
        ("[explicit-vr-little-endian]", "[implicit-vr-little-endian]", "fails", "no-syntax", "no-syntax"),
        ("[jpeg-baseline-8-bit, rle-lossless]", "[jpeg-baseline-8-bit]", "works", "lossy", "lossy-only"),
        ("[jpegls-near-lossless]", "[jpegls-near-lossless]", "works", "lossy", "lossy-only"),
        ("[jpeg2000]", "[jpeg2000]", "works", "may-be-lossy", "maybe-lossy"),
        ("[jpeg2000-lossless, jpeg-baseline-8-bit]", "[jpeg2000-lossless]", "works", "works", None),
    ],
)  # fmt: skip
def test_transfer_syntaxes_in_common_decide(asks, ours, theirs, outcome, fit, cause):
    result = asks(
        "ct-1",
        "ARCHIVE",
        ("offers: verification,\n", f"offers: verification, transfer_syntaxes: {ours},\n"),
        (SENDS, f"transfer_syntaxes: {theirs}, {SENDS}"),
        services=("ct-image-storage",),
    )  # fmt: skip
    assert (result.outcome, result.services[0].classes[0].fit) == (outcome, fit)
    assert [one.cause for one in result.reasons] == ([cause] if cause else [])
    assert all(one.told == (cause != "maybe-lossy") for one in result.reasons)


# --- the way -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ct", "archive", "expected"),
    [
        ("", SUITE, "tls-caller-plain"),
        (SUITE, "", "tls-called-plain"),
        (SUITE, OTHER, "tls-suites"),
        (SUITE, f"[{OTHER}, {SUITE}]", None),
        ("", "", None),
    ],
    ids=["caller plain", "called plain", "no suite", "both", "neither"],
)
def test_tls_must_be_spoken_by_both_with_a_common_suite(asks, ct, archive, expected):
    result = asks(
        "ct-1",
        "ARCHIVE",
        (CT_PORT, CT_PORT + (f", tls: {ct}" if ct else "")),
        (ARCHIVE_PORT, ARCHIVE_PORT + (f", tls: {archive}" if archive else "")),
        services=("storage",),
    )
    assert causes(result) == ([expected] if expected else [])
    assert result.tls == (expected is None and bool(archive))
    if expected:
        assert [path for path, _ in reason(result, expected).sides] == [
            ("devices", "ct-1", "connections", "dicom", *(["tls"] if ct else [])),
            ("devices", "archive", "connections", "dicom", *(["tls"] if archive else [])),
        ]


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (("ct-1:\n    {", "ct-1:\n    {lifecycle: planned, "), "caller-planned"),
        (("ct-1:\n    {", "ct-1:\n    {lifecycle: retired, "), "caller-retired"),
        (("offers: verification,\n", "initiator: false, offers: verification,\n"), "calls-nobody"),
    ],
)
def test_who_is_not_there_or_calls_nobody_is_named(asks, change, cause):
    assert cause in causes(asks("ct-1", "ARCHIVE", change))


def test_the_address_is_the_one_that_the_caller_sees(asks):
    seen = (ARCHIVE_PORT, ARCHIVE_PORT + ", seen_from: {north: {host: 192.168.0.1, port: 10104}}")
    assert (asks("ws-1", "ARCHIVE", seen).host, asks("ws-1", "ARCHIVE", seen).port) == ("192.168.0.1", 10104)
    assert asks("ct-1", "ARCHIVE", seen).host == "10.0.0.1"


# --- who is let in -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepts", "let_in"),
    [("[CT_*]", True), ("[MR_*]", False), ("any", True), ("declared", True), ("[ct_1]", False)],
)
def test_patterns_let_in_whose_title_fits(asks, accepts, let_in):
    result = asks("ct-1", "ARCHIVE", (ARCHIVE_PORT, f"{ARCHIVE_PORT}, accepts: {accepts}"))
    assert (result.outcome, causes(result)) == (("works", []) if let_in else ("fails", ["pattern"]))


def test_a_title_that_a_router_rewrites_to_must_be_let_in_as_well(asks):
    router = ("type: modality, modality: CT,", "type: modality, modality: CT, rewrites: {CT_1: NORTH},")
    result = asks("ct-1", "ARCHIVE", router, (ARCHIVE_PORT, f"{ARCHIVE_PORT}, accepts: [CT_*]"))
    assert (result.outcome, [one.cause for one in result.reasons]) == ("works", ["pattern-of-NORTH"])
    assert said(result, "pattern-of-NORTH") == "ARCHIVE accepts only CT_*, and CT_1 also calls as NORTH"


def listed(keys):
    """An Orthanc that is the archive, and lists the scanner."""
    orthanc = f"{{type: orthanc, url: 'http://localhost:1', ae: archive, peers: {{CT_1: {keys}}}}}"
    return "flows:\n", f"systems:\n  orthanc: {orthanc}\nflows:\n"


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ("{ae: ct-1}", []),
        ("{ae: ct-1, allow: [echo, store, n-action]}", []),
        ("{ae: ct-1, allow: [echo, n-action]}", [("right-store", True, "allow")]),
        ("{ae: ct-1, allow: [echo, store]}", [("right-n-action", True, "allow")]),
        ("{ae: ct-1, host: 10.0.1.99}", [("peer-host", False, "host")]),
        ("{host: 10.0.1.1}", []),
        ("{host: ct-1.example.org}", []),  # a name: which address it has is not known here
    ],
)
def test_what_a_system_lists_of_the_caller_counts(asks, keys, found):
    result = asks("ct-1", "ARCHIVE", listed(keys))
    assert [(one.cause, one.breaks, one.sides[0][0][-1]) for one in result.reasons if one.told] == found


def test_the_address_that_calls_come_from_is_known_to_be_the_callers(asks):
    net = (CT_PORT, f"{CT_PORT}, calls_from: 10.0.9.0/24")
    assert asks("ct-1", "ARCHIVE", net, listed("{ae: ct-1, host: 10.0.9.7}")).outcome == "works"
    was = (CT_PORT, f"{CT_PORT}, was: {{host: 10.0.7.7}}")
    assert asks("ct-1", "ARCHIVE", was, listed("{ae: ct-1, host: 10.0.7.7}")).reasons == ()


# --- the way back ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "cause", "words"),
    [
        ([NO_BACK], "commitment-one-way", "ARCHIVE has no way back to CT_1 for storage commitment"),
        ([("offers: verification,\n", "\n"), NO_BACK], "commitment-deaf",
         "ARCHIVE has no way back to CT_1 for storage commitment: CT_1 is called by nobody"),
        ([(SENDS, "uses: []"), NO_BACK, NO_FETCH], "commitment-mute",
         "ARCHIVE has no way back to CT_1 for storage commitment: ARCHIVE calls nobody"),
    ],
    ids=["no flow", "not called", "not calling"],
)  # fmt: skip
def test_commitment_needs_a_way_back(asks, changes, cause, words):
    result = asks("ct-1", "ARCHIVE", *changes, services=("storage-commitment",))
    assert (causes(result), said(result, cause), result.outcome) == ([cause], words, "fails")
    assert [back.works for back in result.back] == [False]


SECRET = f"connections: {{out: {{host: w}}, in: {{host: w, port: 2762, tls: {SUITE}}}}}"
"""It calls without TLS, and is called with it alone."""


def test_a_way_back_on_which_tls_does_not_fit_is_none(asks):
    result = asks("ct-1", "ARCHIVE", (CT_PORT, f"{SECRET}, ae_titles: {{CT_1: {{}}}}"))
    assert fits(result) == {"storage": "works", "storage-commitment": "fails"}
    assert said(result, "commitment-blocked-tls-caller-plain") == (
        "the report of storage commitment from ARCHIVE to CT_1 does not get through (flow confirms): "
        "CT_1 takes TLS only, and ARCHIVE speaks none"
    )


def test_the_report_of_commitment_works_the_other_way(asks):
    result = asks("ARCHIVE", "ct-1")
    assert (result.outcome, result.services[0].reports) == ("works", True)


def test_a_report_that_nobody_can_ask_for_is_told(asks):
    result = asks("ARCHIVE", "ct-1", ("services: [storage, storage-commitment]", "services: [storage]"))
    assert causes(result) == ["commitment-unasked"]


def test_a_report_to_whom_never_asks_is_no_fault(asks):
    result = asks(
        "ARCHIVE",
        "ct-1",
        ("x-ray-radiation-dose-sr-storage, storage-commitment,", "x-ray-radiation-dose-sr-storage,"),
    )
    assert (fits(result), [one.cause for one in result.reasons]) == (
        {"storage-commitment": "idle"},
        ["never-asked"],
    )


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ([NO_FETCH], "move-one-way"),
        ([("offers: ct-image-storage", "offers: mr-image-storage"), (SENDS, "uses: ct-image-storage")],
         "move-nothing-in-common"),
        ([(SENDS, "uses: verification")], "move-sends-nothing"),
        ([("host: 10.0.2.1, port: 11112", SECRET), ("ae_title: WS_1, ", "ae_titles: {WS_1: {}}, ")],
         "move-blocked-tls-caller-plain"),
    ],
    ids=["no flow", "nothing in common", "sends nothing", "tls"],
)  # fmt: skip
def test_images_sent_for_need_a_way_back(asks, changes, cause):
    result = asks("ws-1", "ARCHIVE", *changes)
    assert (result.outcome, fits(result), causes(result)) == ("partly", {"query-retrieve": "partly"}, [cause])
    move = next(one for one in result.services[0].classes if one.uid.endswith(".2.2"))
    assert move.fit == "no-way-back"


def test_what_the_archive_may_hold_and_the_caller_does_not_take_is_known(loads):
    from pacsconf.dicom.reach import Solver
    from pacsconf.inventory.whom import meant

    inventory = loads().inventory
    solver = Solver(inventory)
    ws, archive, ct = (meant(inventory, name) for name in ("ws-1", "ARCHIVE", "ct-1"))
    assert solver.held_back(solver.reach(ws, archive)) == ("1.2.840.10008.5.1.4.1.1.88.67",)
    assert solver.held_back(solver.reach(ct, archive)) == ()


def test_images_taken_on_the_callers_own_connection_are_those_it_offers(asks):
    get = ("uses: [query-retrieve]", "uses: [study-root-get]")
    assert asks("ws-1", "ARCHIVE", get).reasons == ()
    result = asks("ws-1", "ARCHIVE", get, ("offers: ct-image-storage", "offers: verification"))
    assert ([one.cause for one in result.reasons], result.works) == (["get-unknown"], True)


def test_as_many_callers_as_are_served_at_a_time_are_no_matter(asks):
    assert asks("ARCHIVE", "ct-1", ("modality: CT,", "modality: CT, max_associations: 1,")).reasons == ()


def test_more_callers_than_are_served_at_a_time_are_told(asks):
    result = asks("ct-1", "ARCHIVE", (KEEPS, f"max_associations: 1, {KEEPS}"))
    assert said(result, "few-associations") == "ARCHIVE takes 1 association at a time, and 2 may call it"
    assert result.works


# --- what is not understood --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ours", "theirs", "told"),
    [
        ("ISO_IR 100", "ISO_IR 100", None),
        ("ISO_IR 100", "ISO_IR 192", True),
        ("[ISO_IR 100, ISO_IR 192]", "ISO_IR 192", False),
        ("ISO_IR 6", "ISO_IR 192", None),
        ("ISO_IR 100", "", None),
        ("ISO_IR 100", "ISO 2022 IR 100", None),
        ("ISO 2022 IR 100", "ISO_IR 100", True),
        ("GBK", "GB18030", None),
    ],
)
def test_character_sets_that_do_not_meet_are_told(asks, ours, theirs, told):
    result = asks(
        "ct-1",
        "ARCHIVE",
        ("modality: CT,", f"modality: CT, character_sets: {ours},"),
        (ARCHIVE_PORT, ARCHIVE_PORT + (f", character_sets: {theirs}" if theirs else "")),
    )
    assert [one.told for one in result.reasons if one.rule == "PACS-REACH-013"] == (
        [] if told is None else [told]
    )
    assert result.works


@pytest.mark.parametrize(
    ("caller", "called", "sender"), [("ct-1", "ARCHIVE", "CT_1"), ("ct-1", "RIS", "RIS")]
)
def test_patient_ids_of_two_issuers_are_a_remark_about_who_sends_them(asks, caller, called, sender):
    result = asks(
        caller,
        called,
        ("modality: CT,", "modality: CT, patient_id_issuer: A,"),
        (ARCHIVE_PORT, f"{ARCHIVE_PORT}, patient_id_issuer: B"),
        ("ae_title: RIS,", "ae_title: RIS, patient_id_issuer: B,"),
    )
    (remark,) = [one for one in result.reasons if one.rule == "PACS-REACH-014"]
    assert (remark.told, result.works) == (False, True)
    assert said(result, remark.cause).startswith(
        f"{sender} has patient IDs of {'A' if sender == 'CT_1' else 'B'}"
    )


@pytest.mark.parametrize(
    ("worklist", "found"),
    [
        ("", ["worklist-undeclared"]),
        ("worklist: {from: ris/RIS, station_ae: CT_1, modality_code: CT},", []),
        ("worklist: {from: archive/ARCHIVE},", ["worklist-elsewhere"]),
        (
            "worklist: {from: ris/RIS, station_ae: CT_2, modality_code: MR},",
            ["worklist-station", "worklist-modality"],
        ),
    ],
)
def test_what_is_declared_of_the_worklist_is_compared(asks, worklist, found):
    result = asks("ct-1", "RIS", ("modality: CT,", f"modality: CT, {worklist}"))
    assert ([one.cause for one in result.reasons], result.works) == (found, True)


def test_a_reason_about_odd_names_is_shown_as_they_are(asks):
    result = asks(
        "ct-1",
        "ARCHIVE",
        ("ae_title: CT_1", 'ae_title: "{caller}"'),
        (ARCHIVE_PORT, f'{ARCHIVE_PORT}, accepts: ["X{{}}"]'),
    )
    assert said(result, "pattern") == "ARCHIVE accepts only X{}, and not {caller}"


# --- what nobody declared ----------------------------------------------------------------------------------------

BARE = """\
devices:
  scanner: {type: modality, ae_title: SCANNER, host: 10.0.1.1, port: 104, initiator: true}
  server: {type: archive, ae_title: SERVER, host: 10.0.0.1, port: 104, initiator: true}
  viewer: {type: workstation, ae_title: VIEWER, host: 10.0.0.3, port: 104, uses: query-retrieve,
           offers: verification}
flows:
  images: {from: {device: [scanner, viewer]}, to: {device: server}, services: [storage, query-retrieve]}
  fetched: {from: {device: server}, to: {device: viewer}, services: storage}
"""


def test_what_is_not_declared_is_not_known_and_no_fault(asks, loads):
    result = asks("scanner", "SERVER", text=BARE)
    assert (result.outcome, fits(result), causes(result)) == (
        "unknown",
        {"storage": "unknown", "query-retrieve": "unknown"},
        [],
    )
    assert said(result, "caller-untold") == "what SCANNER uses is not declared"
    result = asks("viewer", "SERVER", ("device: [scanner, viewer]", "type: workstation"), text=BARE)
    assert (result.outcome, fits(result)) == ("unknown", {"storage": "idle", "query-retrieve": "unknown"})
    assert said(result, "called-untold") == "what SERVER offers is not declared"
    loaded = loads(("device: [scanner, viewer]", "type: modality"), text=BARE, further=RULES)
    assert loaded.findings == ()


def test_what_keeps_out_a_caller_keeps_it_out_whatever_it_does(asks):
    result = asks("scanner", "SERVER", ("ae_title: SERVER,", f"ae_title: SERVER, tls: [{SUITE}],"), text=BARE)
    assert (result.outcome, result.services[0].outcome) == ("fails", "fails")


def test_what_an_archive_sends_is_not_known_where_it_is_not_declared(asks):
    offers = (
        "SERVER, host: 10.0.0.1, port: 104,",
        "SERVER, host: 10.0.0.1, port: 104, offers: query-retrieve,",
    )
    result = asks("viewer", "SERVER", offers, text=BARE, services=("query-retrieve",))
    assert [(back.kind, back.works) for back in result.back] == [("retrieve", True)]
    assert causes(result) == []


def test_who_never_asks_for_what_its_flow_lets_through_is_no_failure(asks):
    worklist = (
        "worklist: {from: {type: [modality, workstation]}, to: {device: ris}, services: modality-worklist}"
    )
    assert asks("ws-1", "RIS", (WORKLIST, worklist)).outcome == "idle"
