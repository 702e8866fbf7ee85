"""What flows cross, by the sets of their ends, held against looking at every pair."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from pacsconf.inventory.flows import pairs
from pacsconf.inventory.model import Connection, Device, Flow, Inventory, NetworkAE, Pair, Selector, Site
from pacsconf.inventory.people import Security
from pacsconf.inventory.safeguards import TLSRules
from pacsconf.policy.evidence import Evidence
from pacsconf.policy.facts import subjects
from tests.policy.facts.conftest import MORNING

SUITE = "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
WAYS = st.lists(st.sampled_from(("all", "cross-site", "cross-zone", "external")), unique=True, max_size=2)


@st.composite
def devices(draw: st.DrawFn, number: int) -> Device:
    """A device of some site and zone, or of none."""
    tls = draw(st.sampled_from(((), (SUITE,))))
    return Device(
        name=f"d{number}",
        type=draw(st.sampled_from(("modality", "archive", "router"))),
        site=draw(st.sampled_from((None, "one", "two"))),
        zone=draw(st.sampled_from((None, "a", "b", "c"))),
        external=draw(st.sampled_from((False, False, True))),
        connections={
            "dicom": Connection(host=f"h{number}", port=draw(st.sampled_from((104, None))), tls=tls)
        },
        ae_titles={
            f"T{number}": NetworkAE(
                title=f"T{number}",
                connections=("dicom",),
                initiator=draw(st.booleans()),
                acceptor=draw(st.booleans()),
            )
        },
    )


@st.composite
def inventories(draw: st.DrawFn) -> Inventory:
    """A few devices, and one flow between some of them."""
    several = [draw(devices(number)) for number in range(draw(st.integers(2, 6)))]
    ends = st.lists(st.sampled_from([one.name for one in several]), min_size=1, max_size=4, unique=True)
    flow = Flow(
        name="f",
        callers=(Selector(device=tuple(draw(ends))),),
        called=(Selector(device=tuple(draw(ends))),),
        services=("storage",),
    )
    rules = TLSRules(require_for=tuple(draw(WAYS)), client_certificates_for=tuple(draw(WAYS)))
    return Inventory(
        sites={"one": Site(), "two": Site()},
        devices={one.name: one for one in several},
        flows={"f": flow},
        security=Security(tls=rules),
    )


@given(inventories())
@settings(max_examples=100, deadline=None)
def test_a_flow_crosses_what_its_pairs_cross(inventory):
    found = subjects(Evidence(inventory, MORNING))
    flow = found["flow"][0].declared
    several = pairs(inventory)
    zones = {_ends(inventory, pair, "zone") for pair in several}
    sites = {_ends(inventory, pair, "site") for pair in several}

    assert flow["crossings"] == [f"{one} → {other}" for one, other in sorted(filter(_differ, zones))]
    assert flow["crosses_zones"] == any(map(_differ, zones))
    assert flow["crosses_sites"] == any(map(_differ, sites))
    assert flow["through_gateway"] == all(
        "router" in _ends(inventory, pair, "type")
        for pair in several
        if _differ(_ends(inventory, pair, "zone"))
    )
    if several:
        required = inventory.security.tls.require_for
        assert flow["tls_required"] == any(_falls_under(inventory, pair, required) for pair in several)
    asked = inventory.security.tls.client_certificates_for
    assert {one.name for one in found["ae"] if one.declared["mutual_tls"]} == {
        f"{pair.called_device}/{pair.called}" for pair in several if _falls_under(inventory, pair, asked)
    }
    plain = {
        f"{pair.called_device}/{pair.called}"
        for pair in several
        for connection in [inventory.devices[pair.called_device].connections["dicom"]]
        if connection.port and not connection.tls
    }
    assert plain <= set(flow["plain_called"])
    assert flow["encrypted"] == (flow["plain_called"] == [])


def _ends(inventory: Inventory, pair: Pair, key: str) -> tuple[str, str]:
    one, other = inventory.devices[pair.calling_device], inventory.devices[pair.called_device]
    return getattr(one, key) or "", getattr(other, key) or ""


def _differ(ends: tuple[str, str]) -> bool:
    return bool(ends[0] and ends[1]) and ends[0] != ends[1]


def _falls_under(inventory: Inventory, pair: Pair, ways: tuple[str, ...]) -> bool:
    ends = [inventory.devices[name] for name in (pair.calling_device, pair.called_device)]
    is_of = {
        "all": True,
        "cross-site": _differ(_ends(inventory, pair, "site")),
        "cross-zone": _differ(_ends(inventory, pair, "zone")),
        "external": any(one.external for one in ends),
    }
    return any(is_of[way] for way in ways)
