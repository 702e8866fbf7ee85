"""Inventories whose flows come to peer tables, and what systems list beside, with much that is odd in both."""

from __future__ import annotations

from hypothesis import strategies as st

from pacsconf.inventory.model import Connection, Device, Flow, Inventory, NetworkAE, Selector, Site

NAMES = st.sampled_from(["ct-1", "mr.2", "us_3", "CT-1"])
TITLES = st.sampled_from(["CT1", "CT 1", "CT.1", "ct1", "MR\u00e4", "US"])
HOSTS = st.sampled_from(["10.20.0.1", "192.0.2.7", "ct.example.org"])
CONNECTIONS = st.builds(
    Connection,
    host=HOSTS,
    port=st.sampled_from([None, 104, 65535]),
    tls=st.sampled_from([(), ("TLS_AES_128_GCM_SHA256",)]),
    installed=st.sampled_from([None, True, False]),
)
ENTITIES = st.builds(
    NetworkAE.model_construct,
    title=TITLES,
    connections=st.lists(st.sampled_from(["a", "b", "gone"]), max_size=3, unique=True).map(tuple),
    initiator=st.just(True),
    acceptor=st.booleans(),
)
DEVICES = st.builds(
    Device,
    name=NAMES,
    type=st.sampled_from(["modality", "router"]),
    site=st.sampled_from([None, "main", "gone"]),
    lifecycle=st.sampled_from(["active", "active", "retired"]),
    manufacturer=st.sampled_from([None, "SIEMENS", "GE", "Generic"]),
    connections=st.dictionaries(st.sampled_from(["a", "b"]), CONNECTIONS),
    ae_titles=st.lists(ENTITIES, min_size=1, max_size=2).map(
        lambda found: {each.title: each for each in found}
    ),
    rewrites=st.sampled_from([{}, {"X": "OUT"}]),
)
LISTED = st.fixed_dictionaries(
    {},
    optional={
        "ae": st.sampled_from(["ct-1", "ct-1/CT1", "nobody"]),
        "ae_title": st.sampled_from(["CT1", "Other"]),
        "host": HOSTS,
        "port": st.sampled_from([104, 65535]),
        "allow": st.sampled_from([["echo"], "all", ["store", "echo"], []]),
        "manufacturer": st.sampled_from(["Generic", "GE", "ge"]),
        "local_ae_title": st.just("US"),
        "timeout": st.sampled_from([0, 5]),
        "tls": st.booleans(),
    },
)
PEERS = st.dictionaries(st.sampled_from(["CT1", "x", "x 1"]), LISTED, max_size=2)
"""What a system lists under `peers`."""
SERVICES = st.sampled_from([("ct-image-storage",), ("storage-commitment", "storage"), ("query-retrieve",)])


@st.composite
def hospitals(draw) -> Inventory:
    """An archive `pacs` that is called, and calls, and any devices beside it."""
    archive = Device(
        name="pacs",
        type="archive",
        site="main",
        connections={"a": Connection(host="10.20.0.5", port=104)},
        ae_titles={"PACS": NetworkAE(title="PACS", connections=("a",), initiator=True, acceptor=True)},
    )
    devices = (archive, *draw(st.lists(DEVICES, max_size=4)))
    ends = {"in": (("modality", "router"), ("archive",)), "out": (("archive",), ("router",))}
    flows = {
        name: Flow(
            name=name,
            callers=(Selector(type=callers),),
            called=(Selector(type=called),),
            services=draw(SERVICES),
        )
        for name, (callers, called) in ends.items()
    }
    site = Site(name="main", networks=("10.20.0.0/16",))
    return Inventory(devices={each.name: each for each in devices}, flows=flows, sites={"main": site})
