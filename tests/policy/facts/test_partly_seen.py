"""Of an AE that listens in several places, what was seen of some of them shows no more than it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pacsconf.dicom.observation import Doors, Encryption, Fault, Negotiated, Observation
from pacsconf.dicom.probe.run import Sighting
from pacsconf.dicom.targets import Target, targets
from pacsconf.inventory.model import Connection, Device, Flow, Inventory, NetworkAE, Node, Selector
from pacsconf.policy.evidence import Evidence
from pacsconf.policy.facts.observed import of
from tests.dicom.probe.runs import AT, CT, IMPLICIT, healthy, shut, step

NOW = datetime(2026, 11, 28, 6, 20, tzinfo=UTC)
WELL = {
    **dict.fromkeys(
        ("any_caller", "any_called", "stranger_echo", "stranger_store", "stranger_query", "plain"), False
    ),
    **{key: [] for key in ("old_tls", "weak_ciphers", "refused_classes", "refused_syntaxes", "plain_called")},
    **dict.fromkeys(("answers", "tls", "client_certificate"), True),
    "certificate_problem": "",
}
"""By field, the value that rules pass on."""

CIPHERS = ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",)
PACS = Inventory(
    devices={
        "pacs": Device(
            name="pacs",
            type="archive",
            nodes={"a": Node(host="10.0.0.2"), "cold": Node(host="10.0.0.3", standby=True)},
            connections={
                "plain": Connection(host="10.0.0.1", port=104),
                "tls": Connection(host="10.0.0.1", port=2762, tls=CIPHERS),
            },
            ae_titles={
                "PACS": NetworkAE(title="PACS", connections=("plain", "tls"), initiator=True, acceptor=True)
            },
        )
    },
    flows={
        "images": Flow(
            name="images",
            callers=(Selector(type=("modality",)),),
            called=(Selector(type=("archive",)),),
            services=("storage",),
        )
    },
)
PLACES = targets(PACS, None, None)


def test_each_connection_and_each_node_behind_it_is_a_place():
    assert [(one.connection, one.node, one.standby) for one in PLACES] == [
        *(("plain", None, False), ("plain", "a", False), ("plain", "cold", True)),
        *(("tls", None, False), ("tls", "a", False), ("tls", "cold", True)),
    ]


door = st.sampled_from(("refused", "open", "unknown"))
weak = st.sampled_from((None, (), ("TLS 1.0",)))
doors = st.none() | st.builds(Doors, door, door, door, door, door, door, weak, weak)
encryption = st.none() | st.builds(
    Encryption,
    st.sampled_from(("TLS 1.2", "TLS 1.3", "")),
    st.just("ECDHE"),
    days_left=st.sampled_from((None, -5, 10, 400)),
    untrusted=st.sampled_from(("", "CERTIFICATE_VERIFY_FAILED: certificate has expired")),
    client_certificate=st.sampled_from((None, False, True)),
)
contexts = st.sampled_from(((), (Negotiated(CT, IMPLICIT, 0),), (Negotiated(CT, IMPLICIT, 3),)))
PLAINTEXT = (step("tcp"), step("tls", False, fault=Fault("TLS", alert="WRONG_VERSION_NUMBER")))


@st.composite
def seen_at(draw: st.DrawFn, target: Target) -> Observation | None:
    """What may be seen of one place; None: it was not looked at."""
    how = draw(st.sampled_from(("healthy", "shut", "asleep", "plaintext", "unseen")))
    if how == "unseen":
        return None
    if how in ("shut", "asleep"):
        return shut(target=target, verdict="failing" if how == "shut" else "asleep")
    if how == "plaintext" and target.tls:
        return Observation(target, "failing", PLAINTEXT, at=AT)
    spoken = draw(encryption) if target.tls else None
    return healthy(target=target, doors=draw(doors), encryption=spoken, contexts=draw(contexts))


everything = st.tuples(*(seen_at(target) for target in PLACES))


def told(seen: Sequence[Observation | None]) -> dict[str, Any]:
    """What is observed of the AE, and of the flow to it."""
    sightings = tuple(Sighting(one, "ws", AT) for one in seen if one is not None)
    found = of(Evidence(PACS, NOW, sightings=sightings))
    flow = found["flow"].get("images", {})
    return {**found["ae"].get("pacs/PACS", {}), **{f"flow.{name}": value for name, value in flow.items()}}


def is_well(field: str, value: object) -> bool:
    name = field.removeprefix("flow.")
    return (name in WELL and value == WELL[name]) or (name == "certificate_days" and value == 398)


def weakened(one: Observation) -> list[Observation | None]:
    """A place of which less was seen."""
    return [None, replace(one, doors=None), replace(one, encryption=None), replace(one, contexts=())]


@given(everything, st.data())
def test_what_is_wrong_is_never_well_by_looking_at_fewer_places(seen, data):
    whole = told(seen)
    less = told([data.draw(st.sampled_from([one, *weakened(one)])) if one else None for one in seen])
    for field, value in less.items():
        if is_well(field, value):
            assert field not in whole or is_well(field, whole[field]), field


@given(everything)
def test_that_all_is_well_takes_every_place_but_a_standby(seen):
    unseen = any(one is None for one, target in zip(seen, PLACES, strict=True) if not target.standby)
    well = {field for field, value in told(seen).items() if is_well(field, value)}
    of_tls = {"client_certificate", "old_tls", "weak_ciphers", "certificate_problem", "certificate_days"}
    assert not unseen or well <= of_tls


def test_all_places_together_tell_that_all_is_well():
    good = Doors("refused", "refused", "refused", "refused", "refused", "refused", (), ())
    spoken = Encryption("TLS 1.2", "ECDHE", days_left=400, client_certificate=True)
    seen = [
        healthy(
            target=one,
            doors=good,
            contexts=(Negotiated(CT, IMPLICIT, 0),),
            encryption=spoken if one.tls else None,
        )
        for one in PLACES
        if not one.standby
    ]
    found = told(seen)
    assert {field for field in found if not is_well(field, found[field])} == {
        *("days_since", "tls_version", "plain", "flow.plain_called")
    }
    silent = [shut(target=one, verdict="standby") for one in PLACES if one.standby]
    assert told([*seen, *silent]) == found
