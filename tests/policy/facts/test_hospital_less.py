"""A whole hospital of which less is read: whatever fails on all of it does not pass on some of it.

Peer tables, a directory and accounts are made up with faults, and told in the words of rules by the modules that do
so of live systems. Then systems are not reached, not asked, or known by what people attested alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from pacsconf.core.address import Address
from pacsconf.core.resource import State
from pacsconf.inventory.loader import load
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.systems import ConsoleConfig, DirectoryConfig, OrthancConfig
from pacsconf.people.live import LiveAccount, LiveAccounts, LiveGroup
from pacsconf.policy.engine import evaluate
from pacsconf.policy.evidence import Evidence, How, SystemEvidence
from pacsconf.policy.facts import subjects
from pacsconf.policy.facts.systems import typed
from pacsconf.systems._console import evident as console
from pacsconf.systems._dicom import evident as directory
from pacsconf.systems.peer_evidence import LivePeer, Table, WantedPeers
from tests.policy.test_starter_pack import RULES

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
HOSPITAL = """\
systems:
  one: {type: orthanc, url: "http://127.0.0.1:8042", ae: pacs-1}
  two: {type: orthanc, url: "http://127.0.0.1:8043", ae: pacs-2}
  desk:
    type: console
    ae: cardio
    export: {file: peers.csv, columns: {alias: Name, host: Host, port: Port, allow: May}}
  tree: {type: dicom-directory, url: "ldaps://ldap.example.org", base: "dc=example,dc=org"}
  staff:
    type: accounts
    url: ldaps://people.example.org
    people: {staff: {base: "ou=people,dc=x"}}
    groups: {pacs: {base: "ou=groups,dc=x"}}
  north:
    type: accounts
    url: ldaps://north.example.org
    people: {staff: {base: "ou=people,dc=n"}}
    groups: {pacs: {base: "ou=groups,dc=n"}}
devices:
  ct: {type: modality, ae_title: CT, host: 10.0.0.1, port: 104, offers: verification, uses: [storage]}
  ws: {type: workstation, ae_title: WS, host: 10.0.0.2, port: 104, offers: storage, uses: [query-retrieve]}
  old: {type: modality, ae_title: OLD, host: 10.0.0.3, port: 104, lifecycle: retired}
  pacs-1: {type: archive, ae_title: P1, host: 10.0.1.1, port: 104, offers: [storage, query-retrieve]}
  pacs-2: {type: archive, ae_title: P2, host: 10.0.1.2, port: 104, offers: [storage, query-retrieve]}
  cardio: {type: archive, ae_title: P3, host: 10.0.1.3, port: 104, offers: [storage, query-retrieve]}
retention:
  holds:
    claim: {studies: ["sha256:%s"], reason_ref: LEGAL-1, placed_by: legal, since: 2026-01-01, review_by: 2027-01-01}
flows:
  images: {from: {type: modality}, to: {type: archive}, services: [storage]}
  reading: {from: {device: ws}, to: {device: pacs-1}, services: [query-retrieve]}
roles:
  reader: {permissions: ["study:view"], groups: {staff: readers, north: readers}}
  admin:
    permissions: ["config:apply"]
    administrator: true
    max_holders: 1
    groups: {staff: admins, north: admins}
    conflicts_with: [reader]
users:
  ann: {name: Ann A, roles: [reader]}
  bob: {name: Bob B, roles: [admin]}
  cy: {name: Cy C, status: left, ends: 2026-01-01}
  vera: {name: Vera V, kind: vendor, sponsor: ann, contract: C-1, ends: 2027-01-01, roles: [reader]}
""" % ("0" * 64)
FOUND_AS_IT_IS = (Phase.explicit, Phase.reuse, Phase.generate)
"""A whole hospital is not made smaller: that takes minutes, and the rule and resource are told anyhow."""
LIVE = {name: rule for name, rule in RULES.items() if rule.needs_live}
TITLES = ("CT", "WS", "OLD", "P1", "P2", "P3", "GHOST")
HOSTS = ("10.0.0.1", "10.0.0.3", "10.9.9.9")
RIGHTS = ("echo", "store", "find", "move")


@cache
def hospital() -> Inventory:
    with TemporaryDirectory() as folder:
        (Path(folder) / "inventory").mkdir()
        (Path(folder) / "inventory" / "all.yaml").write_text(HOSPITAL)
        loaded = load(Path(folder))
    assert [one.summary for one in loaded.findings if one.severity == "error"] == []
    assert loaded.inventory is not None
    systems = {name: typed(config) for name, config in loaded.inventory.systems.items()}
    return loaded.inventory.model_copy(update={"systems": systems})


# --- what is live -------------------------------------------------------------------------------------------------

rows = st.lists(
    st.tuples(st.sampled_from(TITLES), st.sampled_from(HOSTS), st.frozensets(st.sampled_from(RIGHTS))),
    max_size=6,
)
entries = st.sets(
    st.sampled_from(
        [("ct", "CT"), ("old", "OLD"), ("ghost", "GHOST"), ("ghost", "CT"), ("pacs-1", "P1"), ("ct", "X")]
    )
)
moments = st.none() | st.sampled_from([NOW - timedelta(days=days) for days in (1, 100, 1000)])
account = st.tuples(
    st.booleans(), moments, st.booleans(), moments, st.sets(st.sampled_from(("readers", "admins")))
)
people = st.dictionaries(st.sampled_from(("ann", "bob", "cy", "vera", "nobody")), account, max_size=4)


def orthanc(config: OrthancConfig, table: list[tuple[str, str, frozenset[str]]], whole: Inventory) -> Any:
    wanted = WantedPeers(config, whole)
    told = Table(
        wanted,
        (
            LivePeer(Address.of(config.name, "peer", f"{title}-{number}"), title, host, 104, allow)
            for number, (title, host, allow) in enumerate(table)
        ),
    )
    found = told.evidence()
    found["ae"].setdefault(wanted.own, {}).update(told.of_holder(all_move=True))
    protected = not any(title == "GHOST" for title, *_ in table)
    found["hold"] = {"claim": {"protected": protected, "unprotected_in": [] if protected else [config.name]}}
    return found


def of_console(config: ConsoleConfig, table: list[tuple[str, str, frozenset[str]]], whole: Inventory) -> Any:
    states = {}
    for title, host, allow in table:
        address = Address.of(config.name, "peer", title)
        fields: Mapping[str, Any] = {
            "ae_title": title,
            "host": host,
            "port": 104,
            "allow": tuple(sorted(allow)),
        }
        states[address] = State(address, address, fields)
    return console.evidence(config, states, whole)


def of_directory(config: DirectoryConfig, held: set[tuple[str, str]], whole: Inventory) -> Any:
    states = {}
    for device, title in held:
        root = Address.of(config.name, "device", device)
        for address in (root, Address.of(config.name, "network-ae", device, title)):
            states[address] = State(address, root, {})
    return directory.evidence(config, states, whole)


def accounts(system: str, made: Mapping[str, Any]) -> LiveAccounts:
    there = {
        name: LiveAccount(
            name,
            name,
            f"uid={name}",
            "staff",
            enabled,
            last_seen=seen,
            last_seen_known=known,
            password_changed=changed,
        )
        for name, (enabled, seen, known, changed, _) in made.items()
    }
    groups = {
        name: LiveGroup(name, f"cn={name}", tuple(user for user, one in made.items() if name in one[4]))
        for name in ("readers", "admins")
    }
    return LiveAccounts(system, there, groups)


def read(whole: Inventory, live: Mapping[str, Any]) -> dict[str, SystemEvidence]:
    found = {}
    for name, made in live.items():
        config = whole.systems[name]
        if name in ("staff", "north"):
            found[name] = SystemEvidence(name, config.type, "configured", accounts=accounts(name, made))
            continue
        how: How = "configured"
        if isinstance(config, OrthancConfig):
            told = orthanc(config, made, whole)
        elif isinstance(config, ConsoleConfig):
            told, how = of_console(config, made, whole), "attested"
        else:
            assert isinstance(config, DirectoryConfig)
            told = of_directory(config, made, whole)
        found[name] = SystemEvidence(name, config.type, how, configured=told, differs=(), outside=())
    return found


everything = st.fixed_dictionaries(
    {"one": rows, "two": rows, "desk": rows, "tree": entries, "staff": people, "north": people}
)
LOSSES: tuple[How, ...] = ("unreached", "outside", "configured")
"""How less is known of a system; the last stands for one that nobody asked."""
losses = st.dictionaries(
    st.sampled_from(("one", "two", "desk", "tree", "staff", "north")),
    st.sampled_from(LOSSES),
    min_size=1,
)


# --- judged -------------------------------------------------------------------------------------------------------

Judged = dict[tuple[str, str], str]
"""By rule and resource, the state."""


def judged(*several: Evidence) -> list[Judged]:
    """What rules come to on each: at once, since they are compiled once then."""
    found = [subjects(one) for one in several]
    together = {kind: [one for each in found for one in each[kind]] for kind in found[0]}
    results = evaluate(tuple(LIVE.values()), together, 1)
    states: list[Judged] = []
    for number, each in enumerate(found):
        states.append({})
        for one in results:
            begun = sum(len(other[one.rule.kind]) for other in found[:number])
            for position, subject in enumerate(each[one.rule.kind], begun):
                states[-1][one.rule.id, subject.where] = one.state(position)
    return states


def without(
    systems: Mapping[str, SystemEvidence], lost: Mapping[str, How]
) -> Iterator[tuple[str, SystemEvidence]]:
    for name, one in systems.items():
        how = lost.get(name)
        if how is None:
            yield name, one
        elif how != "configured":
            yield name, SystemEvidence(name, one.type, how, "down")


def passing(whole: Judged, less: Judged) -> set[tuple[str, str]]:
    """What fails on all, and passes on less; a group that is only live is gone with its system."""
    assert "error" not in {*whole.values(), *less.values()}
    return {key for key, state in whole.items() if state == "fail" and less.get(key) in ("pass", "n/a")}


@settings(max_examples=25, phases=FOUND_AS_IT_IS)
@given(everything, st.lists(losses, min_size=3, max_size=3))
def test_no_fault_passes_where_systems_were_not_read(live, several):
    systems = read(hospital(), live)
    some = (dict(without(systems, lost)) for lost in several)
    whole, *less = judged(*(Evidence(hospital(), NOW, each) for each in (systems, *some)))
    assert set().union(*(passing(whole, each) for each in less)) == set()


@settings(max_examples=15, phases=FOUND_AS_IT_IS)
@given(everything, st.data())
def test_no_fault_passes_where_a_console_is_known_by_what_was_attested(live, data):
    config = hospital().systems["desk"]
    desk = config.model_copy(update={"export": None})
    said = hospital().model_copy(update={"systems": {**hospital().systems, "desk": desk}})
    some = {**live, "desk": data.draw(st.lists(st.sampled_from(live["desk"]))) if live["desk"] else []}
    whole, less = judged(
        Evidence(hospital(), NOW, read(hospital(), live)), Evidence(said, NOW, read(said, some))
    )
    assert passing(whole, less) == set()


def test_the_faults_that_are_made_up_are_those_that_rules_find():
    """What is judged above fails at all, and passes where all is well."""
    both = {"readers": True, "admins": True}
    somebody = {
        "ann": (True, NOW, True, NOW, set(both)),
        "cy": (True, None, True, None, {"readers"}),
        "bob": (True, NOW, True, NOW, {"admins"}),
    }
    ghosts = [("GHOST", HOSTS[2], frozenset(RIGHTS)), ("OLD", HOSTS[2], frozenset(RIGHTS))]
    bad = {
        "one": [*ghosts, ("CT", HOSTS[0], frozenset(RIGHTS)), ("CT", HOSTS[2], frozenset(RIGHTS))],
        "two": ghosts,
        "desk": [],
        "tree": {("ghost", "CT"), ("ct", "CT")},
        "staff": somebody,
        "north": {},
    }
    (states,) = judged(Evidence(hospital(), NOW, read(hospital(), bad)))
    failing = {rule for (rule, _), state in states.items() if state == "fail"}
    assert failing >= {f"PACS-{one}" for one in FOUND}
    nothing: dict[str, Any] = {name: {} if name in ("staff", "north") else [] for name in bad} | {
        "tree": set()
    }
    (well,) = judged(Evidence(hospital(), NOW, read(hospital(), nothing)))
    assert {well["PACS-LC-003", "device:old"], well["PACS-NET-006", "ae:ct/CT"]} == {"pass"}


FOUND = (
    *("AE-010", "AE-016", "LC-003", "NET-005", "NET-006", "NET-007", "NET-010", "RET-005"),
    *("USR-001", "USR-002", "USR-009", "USR-017"),
)
