"""The interface for extensions: one of a vendor that pacsconf knows nothing of (`acme.py`), on a real directory."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest

from pacsconf.core.compare import compare
from pacsconf.core.decide import Rules, change
from pacsconf.core.select import ignoring
from pacsconf.inventory.flows import Entities
from pacsconf.inventory.model import Site
from pacsconf.inventory.scope import Scope
from pacsconf.inventory.sources import Sources
from pacsconf.lab import slapd
from pacsconf.lab.slapd import Slapd
from pacsconf.lab.slapd_setup import SCHEMAS
from pacsconf.systems import directory_extension
from pacsconf.systems._dicom.placed import problems
from pacsconf.systems.directory_extension import GROUP, find, registered
from pacsconf.systems.vendor_rules import RULES
from tests.systems.acme import Acme
from tests.systems.conftest import DEVICES, ROOT, Hands, apply, ct, hospital, plan

ROUTER = f"dicomDeviceName=router,{DEVICES}"
SPEAKS = {"extensions": ("acme",)}
QUEUES = {"night": {"tasks": "4"}, "day": {}}


@pytest.fixture(autouse=True)
def installed(monkeypatch):
    """Acme's package is installed: its entry point is there beside the real ones."""
    own = EntryPoint(name="acme", value="tests.systems.acme:Acme", group=GROUP)

    def found(*, group: str, name: str | None = None):
        there = [*entry_points(group=group), *([own] if group == GROUP else [])]
        return [each for each in there if name in (None, each.name)]

    monkeypatch.setattr(directory_extension, "entry_points", found)
    Acme.told.clear()


@pytest.fixture(scope="module")
def schooled(tmp_path_factory) -> Iterator[tuple[Slapd, Hands]]:
    """A directory that has learned Acme's schema, and not the archive's."""
    schemas = (SCHEMAS[0], Path(__file__).with_name("acme.schema"))
    with slapd.started(tmp_path_factory.mktemp("acme") / "slapd", slapd.Options(schemas=schemas)) as server:
        hands = Hands(server)
        yield server, hands
        hands.conn.unbind()


@pytest.fixture
def hands(schooled) -> Hands:
    schooled[1].clear(ROOT)
    return schooled[1]


@pytest.fixture
def router_directory(schooled, hands, opener):
    return lambda **keys: opener(schooled[0], **(SPEAKS | keys))


def with_router(vendor=None, targets=("night",), **more):
    vendor = {"queues": QUEUES} if vendor is None else vendor
    made = ct("router", "ROUTER", site="main", vendor={"acme": vendor}, **more)
    entity = made.ae_titles["ROUTER"].model_copy(update={"vendor": {"acme": {"targets": [*targets]}}})
    return hospital(made.model_copy(update={"ae_titles": {"ROUTER": entity}}), sites={"main": Site()})


def test_an_extension_is_found_by_its_entry_point():
    assert "acme" in registered()
    assert find("acme") is Acme


def test_everything_that_it_says_is_made_and_stands(router_directory, hands):
    outcomes = apply(made := router_directory(), plan(made, with_router()))
    assert {each.status for each in outcomes} == {"applied"}
    device = hands.entry(ROUTER)
    assert device["acmeSite"] == [b"main"]
    assert b"acmeDevice" in device["objectClass"]
    assert hands.entry(f"acmeQueueName=night,{ROUTER}")["acmeTasks"] == [b"4"]
    assert hands.entry(f"dicomAETitle=ROUTER,{ROUTER}")["acmeTarget"] == [b"night"]
    assert hands.entry(f"acmeQueueName=night,cn=Acme Queue Names,{ROOT}") is not None
    assert plan(router_directory(), with_router()) == ()


def test_what_is_derived_says_where_it_comes_from(router_directory):
    declared = router_directory().declared(with_router())
    address = next(each.address for each in declared.resources if each.address.kind == "device")
    assert declared.paths[address]["acme.site"] == ("devices", "router", "site")


def test_what_goes_takes_its_reserved_name_along(router_directory, hands):
    apply(made := router_directory(), plan(made, with_router()))
    less = with_router({"queues": {"night": {"tasks": "4"}}})
    outcomes = apply(made := router_directory(), plan(made, less))
    assert [(each.address.kind, each.action) for each in outcomes] == [
        ("acme-queue", "delete"),
        ("unique-acme-queue", "delete"),
    ]
    assert hands.entry(f"acmeQueueName=day,{ROUTER}") is None
    assert hands.entry(f"acmeQueueName=day,cn=Acme Queue Names,{ROOT}") is None


def test_a_change_that_deletes_says_so(router_directory):
    apply(made := router_directory(), plan(made, with_router()))
    system = router_directory()
    sooner = with_router({"queues": {**QUEUES, "day": {"keep_days": "3"}}})
    ((made,),) = plan(system, sooner)
    assert made.effects == {"purges"}
    assert made.risk == "data-loss"
    assert made.purge == "images are thrown away after 3 days, so far never"


def test_what_the_router_writes_itself_is_left(router_directory, hands):
    apply(made := router_directory(), plan(made, with_router()))
    hands.modify(ROUTER, acmeStarted=["2026-11-26"])
    system = router_directory()
    declared = system.declared(with_router())
    live = system.read().states()
    states = declared.states()
    ignored = ignoring(declared.ignoring((), states))
    found = compare(states, live, states, ignored)
    assert [change(each, Rules(system.kinds)) for each in found if each.verdict != "equal"] == []


def test_its_routers_are_told_of_what_was_applied(router_directory):
    system = router_directory()
    list(system.settle(()))
    assert Acme.told == [0]


def test_wrong_values_names_and_its_own_rules_are_findings():
    found = problems(Acme, with_router({"queues": {"night": {"tasks": "many"}}}))
    assert [(each.rule, each.path[-1]) for each in found] == [("PACS-VAL-001", "tasks")]
    (told,) = problems(Acme, with_router(targets=("nihgt",)))
    assert told.rule == "PACS-VENDOR-003"
    assert 'did you mean "night"' in told.summary
    (told,) = problems(Acme, with_router({"site": "x"}, targets=()))
    assert told.rule == "ACME-QUEUE"


def test_a_mistake_does_not_make_what_the_device_has_besides_seem_gone():
    router = {"site": "s", "queues": {"night": {"tasks": 2}}, "sitte": "s"}
    (told,) = problems(Acme, with_router(router, targets=("night", "day")))
    assert told.path[-1] == "sitte"


def test_validate_knows_it(tmp_path):
    inventory = with_router(targets=("nihgt",))
    scope = Scope(Sources(tmp_path), {}, True, True, Entities(inventory))
    rules = [each.rule for each in RULES.check(inventory, scope)]
    assert rules == ["PACS-VENDOR-002", "PACS-VENDOR-003"]
