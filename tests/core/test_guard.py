from __future__ import annotations

from dataclasses import replace

import pytest

from pacsconf.core.address import Address
from pacsconf.core.change import Change
from pacsconf.core.guard import Floor, Guard, Limits, Scene, guards, idle, tripped, unacknowledged
from pacsconf.core.resource import Effect, State


def device(number: int) -> Address:
    return Address.of("directory", "device", f"ct-{number:02}")


def part(root: Address, kind: str, name: str) -> Address:
    return Address.of(root.system, kind, root.name, name)


def state(address: Address, root: Address | None = None, claims: str = "", **fields) -> State:
    return State(address, root or address, fields, claims=frozenset(claims.split()))


def create(held: State) -> Change:
    return Change("create", None, held, held)


def delete(held: State, effects: frozenset[Effect] = frozenset({"removes"})) -> Change:
    return Change("delete", held, None, effects=effects)


def update(held: State, *effects: Effect, claims: str | None = None, mode="write") -> Change:
    taken = held.claims if claims is None else frozenset(claims.split())
    after = State(held.address, held.root, {"changed": True}, held.depends_on, taken)
    return Change("update", held, after, after, effects=frozenset(effects), mode=mode)


DEVICES = {device(number): state(device(number)) for number in range(1, 101)}


def first(count: int) -> dict[Address, State]:
    return dict(list(DEVICES.items())[:count])


def scene(owned: int, *, declared: bool = True, **more) -> Scene:
    """So many devices, live as last applied."""
    held = first(owned)
    return Scene(**({"declared": held if declared else {}, "live": held, "last": held} | more))


def found(changes, seen: Scene, guard: str) -> Guard | None:
    """The one guard of this id, if it counted anything."""
    return next((one for one in guards(tuple(changes), seen) if one.id == guard), None)


def counts(changes, seen: Scene, guard: str) -> tuple[int, int, int, bool] | None:
    """Counted, of how many, limit, tripped."""
    one = found(changes, seen, guard)
    return None if one is None else (len(one.counted), one.total, one.limit, one.tripped)


# --- floors -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("there", "gone", "minimum", "required", "notes"),
    [
        (3, [1], 2, [], None),
        (3, [1, 2], 2, [], ("1 would be left, and 2 must be",)),
        (2, [1], 1, [], None),
        (1, [1], 1, [], ("0 would be left, and 1 must be",)),
        (3, [1], 1, [1], ("directory/device/ct-01 must stay",)),
        (3, [2], 1, [1], None),
        (2, [1], 2, [1], ("directory/device/ct-01 must stay", "1 would be left, and 2 must be")),
        (1, [], 2, [], None),
    ],
)
def test_so_many_must_be_left_and_those_who_must_stay(there, gone, minimum, required, notes):
    kept = frozenset(map(device, required))
    floor = Floor("GUARD-ADMIN", "administrators", "directory", minimum, frozenset, "why", required=kept)
    made = found([delete(state(device(one))) for one in gone], scene(there, floors=(floor,)), "GUARD-ADMIN")
    assert (made.notes if made else None) == notes
    assert made is None or made.tripped


# --- limits -------------------------------------------------------------------------------------------------

REMOVALS = {
    "one of few": (1, 5, 1, False),
    "two of few": (2, 5, 1, True),
    "a tenth of 20": (2, 20, 2, False),
    "more than a tenth of 20": (3, 20, 2, True),
    "a tenth is rounded down": (2, 19, 1, True),
    "three of many": (3, 100, 3, False),
    "four of many": (4, 100, 3, True),
}


@pytest.mark.parametrize(("removed", "total", "limit", "trips"), REMOVALS.values(), ids=REMOVALS.keys())
def test_removals_up_to_a_tenth_and_at_most_three(removed, total, limit, trips):
    changes = map(delete, first(removed).values())

    assert counts(changes, scene(total), "GUARD-REMOVE") == (removed, total, limit, trips)


UPDATES = {
    "ten of few": (10, 12, 10, False),
    "eleven of few": (11, 12, 10, True),
    "a fifth of many": (20, 100, 20, False),
    "more than a fifth": (21, 100, 20, True),
}


@pytest.mark.parametrize(("updated", "total", "limit", "trips"), UPDATES.values(), ids=UPDATES.keys())
def test_updates_up_to_a_fifth_and_at_least_ten(updated, total, limit, trips):
    changes = map(update, first(updated).values())

    assert counts(changes, scene(total), "GUARD-UPDATE") == (updated, total, limit, trips)


@pytest.mark.parametrize(("moved", "trips"), [(10, False), (11, True)])
def test_ten_addresses_or_titles(moved, trips):
    changes = [update(held, "readdresses") for held in first(moved).values()]

    assert counts(changes, scene(100), "GUARD-ADDRESS") == (moved, 100, 10, trips)


@pytest.mark.parametrize(
    ("kind", "removed", "trips"),
    [("user", 2, False), ("user", 3, True), ("retention-rule", 1, True)],
)
def test_people_and_retention_rules_have_limits_of_their_own(kind, removed, trips):
    held = {one.address: one for one in (state(Address.of("accounts", kind, str(n))) for n in range(100))}
    changes = [update(one, "removes") for one in list(held.values())[:removed]]

    one = found(changes, Scene(held, held, held), "GUARD-REMOVE")

    assert one is not None
    assert (len(one.counted), one.tripped, one.setting) == (
        removed,
        trips,
        f"pacsconf.guards.removals.{kind}",
    )


OVERRIDES = {
    "removals": ("GUARD-REMOVE", Limits(removals={"device": 0}), Limits(removals={"device": 5})),
    "updates": ("GUARD-UPDATE", Limits(updates={"device": 0}), Limits(updates={"device": 50})),
    "addresses": ("GUARD-ADDRESS", Limits(readdresses=0), Limits(readdresses=50)),
}


@pytest.mark.parametrize(("guard", "tight", "loose"), OVERRIDES.values(), ids=OVERRIDES.keys())
def test_settings_replace_the_built_in_limit(guard, tight, loose):
    changes = [update(held, "removes", "readdresses") for held in first(5).values()]

    assert [counts(changes, scene(10, limits=limits), guard)[3] for limits in (tight, loose)] == [True, False]


def test_a_limit_of_another_kind_does_not_count():
    changes = map(delete, first(2).values())

    assert counts(changes, scene(5, limits=Limits(removals={"peer": 9})), "GUARD-REMOVE") == (2, 5, 1, True)


# --- what is counted ----------------------------------------------------------------------------------------


def test_a_limit_of_a_kind_that_is_nowhere_is_told():
    limits = Limits(removals={"devices": 5, "device": 5}, updates={"peer": 3})
    found = list(idle(limits, [device(1), Address.of("orthanc", "peer", "CT_1")]))
    assert [(one.rule, one.path) for one in found] == [
        ("PACS-GUARD-001", ("pacsconf", "guards", "removals", "devices"))
    ]
    assert found[0].fix == "Kinds that are counted here: device, peer."


def test_of_limits_nothing_is_told_where_nothing_is_declared():
    assert list(idle(Limits(removals={"devices": 5}), [])) == []


def contained(root: Address) -> list[State]:
    return [state(part(root, kind, "x"), root) for kind in ("connection", "entity")] + [state(root)]


def test_what_a_device_contains_goes_with_it_as_one_removal():
    changes = [delete(held) for number in (1, 2) for held in contained(device(number))]

    assert counts(changes, scene(20), "GUARD-REMOVE") == (2, 20, 2, False)


def test_a_device_that_loses_a_part_counts_as_much_as_one_that_goes():
    changes = [delete(state(part(device(number), "connection", "x"), device(number))) for number in (1, 2, 3)]

    assert counts(changes, scene(20), "GUARD-REMOVE") == (3, 20, 2, True)


def replaced(number: int, kind: str = "connection", claims: tuple[str, str] = ("", "")) -> list[Change]:
    root = device(number)
    return [
        delete(state(part(root, kind, "x"), root, claims[0])),
        create(state(part(root, kind, "y"), root, claims[1])),
    ]


def test_a_part_that_another_one_replaces_is_an_update():
    changes = [one for number in (1, 2, 3) for one in replaced(number)]

    assert found(changes, scene(20), "GUARD-REMOVE") is None
    assert counts(changes, scene(20), "GUARD-UPDATE") == (3, 20, 10, False)


def test_two_parts_that_one_replaces_are_a_removal():
    lost = delete(state(part(device(1), "connection", "z"), device(1)))

    assert counts([*replaced(1), lost], scene(20), "GUARD-REMOVE") == (1, 20, 2, False)


def test_a_part_of_another_kind_or_device_replaces_nothing():
    lost = delete(state(part(device(1), "connection", "x"), device(1)))
    elsewhere = create(state(part(device(2), "connection", "x"), device(2)))
    otherwise = create(state(part(device(1), "entity", "x"), device(1)))

    assert counts([lost, elsewhere, otherwise], scene(20), "GUARD-REMOVE") == (1, 20, 2, False)


def test_a_title_that_another_one_replaces_is_a_new_address_not_a_removal():
    changes = [
        one for number in range(1, 12) for one in replaced(number, "entity", (f"a{number}", f"b{number}"))
    ]

    assert found(changes, scene(100), "GUARD-REMOVE") is None
    assert counts(changes, scene(100), "GUARD-ADDRESS") == (11, 100, 10, True)


def test_a_title_that_moves_within_its_device_is_no_new_address():
    assert found(replaced(1, "entity", ("a", "a")), scene(20), "GUARD-ADDRESS") is None


def test_a_part_that_is_added_to_a_standing_device_is_an_update_of_it():
    changes = [create(state(part(device(number), "entity", "x"), device(number))) for number in range(1, 12)]

    assert counts(changes, scene(20), "GUARD-UPDATE") == (11, 20, 10, True)


def test_a_first_apply_to_an_empty_system_updates_and_removes_nothing():
    changes = [create(held) for number in range(1, 51) for held in contained(device(number))]

    assert guards(changes, Scene(first(50), {}, {})) == ()


def test_a_first_take_over_counts_as_updates_of_what_is_declared_and_live():
    changes = [update(held) for held in first(11).values()]

    assert counts(changes, Scene(first(12), first(40), {}), "GUARD-UPDATE") == (11, 12, 10, True)


def test_taking_away_counts_whatever_the_action():
    changes = [update(held, "removes") for held in first(2).values()]

    assert counts(changes, scene(5), "GUARD-REMOVE") == (2, 5, 1, True)


def test_what_an_exclusive_kind_loses_is_part_of_the_total():
    changes = list(map(delete, first(5).values()))

    assert counts(changes, Scene({}, first(5), {}), "GUARD-REMOVE") == (5, 5, 1, True)


def test_kinds_and_systems_are_counted_apart():
    peers = [state(Address.of("archive", "peer", name)) for name in "ab"]

    gone = guards(
        [*map(delete, peers), *map(delete, first(1).values())], Scene({}, {}, {}, retired=frozenset())
    )

    assert [(one.id, one.about, len(one.counted)) for one in gone if one.id == "GUARD-REMOVE"] == [
        ("GUARD-REMOVE", "devices of directory", 1),
        ("GUARD-REMOVE", "peers of archive", 2),
    ]


def test_changes_of_a_read_only_system_are_not_counted():
    changes = [
        update(held, "removes", "readdresses", "widens", mode="read-only") for held in DEVICES.values()
    ]

    assert guards(changes, scene(100)) == ()


# --- things that must not happen unseen ---------------------------------------------------------------------


def test_an_inventory_of_nothing_is_refused():
    one = found([delete(DEVICES[device(1)])], scene(1, declared=False), "GUARD-EMPTY")

    assert one is not None
    assert (one.tripped, one.about, one.counted) == (True, "devices of directory", (device(1),))


def test_an_inventory_of_nothing_but_reserved_names_is_empty():
    title = Address.parse("directory/title/CT")
    kept = {title: state(title, device(1))}
    seen = Scene(kept, first(1) | kept, first(1) | kept, reserved={title})

    assert counts([delete(DEVICES[device(1)])], seen, "GUARD-EMPTY") == (1, 1, 0, True)


def test_what_a_system_needs_in_any_case_does_not_make_an_inventory_full():
    container = Address.parse("directory/container/devices")
    kept = {container: state(container)}
    seen = Scene(kept, first(1) | kept, first(1) | kept)

    assert counts([delete(DEVICES[device(1)])], seen, "GUARD-EMPTY") == (1, 1, 0, True)


def test_another_systems_resources_do_not_make_an_inventory_full():
    peer = Address.parse("archive/peer/ct")

    assert counts([delete(DEVICES[device(1)])], Scene({peer: state(peer)}, {}, {}), "GUARD-EMPTY") == (
        1,
        1,
        0,
        True,
    )


def test_a_device_that_vanished_is_refused():
    seen = scene(20, declared=False, retired=frozenset({device(2)}))

    one = found(map(delete, first(2).values()), seen, "GUARD-VANISHED")

    assert one is not None
    assert (one.tripped, one.counted, one.total) == (True, (device(1),), 20)


def test_a_retired_device_has_not_vanished_but_counts_as_removed():
    seen = scene(5, declared=False, retired=frozenset({device(1)}))

    assert tripped(guards([delete(DEVICES[device(1)])], seen)) == ()
    assert counts([delete(DEVICES[device(1)])], seen, "GUARD-REMOVE") == (1, 5, 1, False)


def test_a_vanished_device_is_seen_even_when_its_own_entry_stays():
    """It drifted, so it is a clash and not deleted; what it contains would go in silence."""
    lost = delete(state(part(device(1), "connection", "x"), device(1)))

    assert counts([lost], scene(5, declared=False), "GUARD-VANISHED") == (1, 5, 0, True)


def test_a_part_of_a_declared_device_does_not_vanish():
    lost = delete(state(part(device(1), "connection", "x"), device(1)))

    assert found([lost], scene(5), "GUARD-VANISHED") is None


def test_what_was_never_owned_does_not_vanish():
    assert found([delete(DEVICES[device(1)])], Scene({}, first(1), {}), "GUARD-VANISHED") is None


def test_a_vanished_device_whose_title_reappears_looks_renamed():
    gone, successor = contained(device(1)), device(50)
    taken = create(state(part(successor, "entity", "CT"), successor, "ae-title:CT"))
    freed = delete(state(part(device(1), "entity", "CT"), device(1), "ae-title:CT"))

    one = found(
        [*map(delete, gone), freed, taken, create(state(successor))],
        scene(1, declared=False),
        "GUARD-VANISHED",
    )

    assert one is not None
    assert one.notes == (f"{device(1)} looks renamed to {successor}: it takes its name",)


def test_a_title_that_stays_in_its_device_is_no_rename():
    moved = replaced(1, "entity", ("ae-title:CT", "ae-title:CT"))

    one = found(moved, scene(1, declared=False), "GUARD-VANISHED")

    assert one is not None
    assert one.notes == ()


TITLE = Address.parse("directory/title/CT")


@pytest.mark.parametrize("root", [TITLE, device(1)], ids=["counted by itself", "counted by its device"])
def test_a_name_whose_quarantine_is_over_goes_uncounted(root):
    """It was announced when its device retired, and was counted then."""
    title = {TITLE: state(TITLE, root)}
    release = delete(title[TITLE])
    seen = Scene(first(5), first(5) | title, first(5) | title, released={TITLE})

    assert [one for one in guards([release], seen) if one.id != "GUARD-UPDATE"] == []


def test_a_name_that_goes_before_its_day_is_counted():
    title = {TITLE: state(TITLE)}
    other = {Address.parse("directory/title/OTHER"): state(Address.parse("directory/title/OTHER"))}
    seen = Scene(first(5) | other, first(5) | title, first(5) | title)

    assert tripped(guards([delete(title[TITLE])], seen)) == ("GUARD-VANISHED",)


def test_a_weakened_tls_or_an_opened_list_is_refused():
    assert counts([update(DEVICES[device(1)], "widens")], scene(20), "GUARD-WIDEN") == (1, 20, 0, True)


def test_a_title_that_another_device_has_now_does_not_count_the_one_that_is_gone():
    applied = {TITLE: state(TITLE, device(9))}
    now = {TITLE: state(TITLE, device(1))}
    seen = Scene(first(5) | now, first(5) | now, first(5) | applied)

    assert counts([update(DEVICES[device(1)])], seen, "GUARD-UPDATE") == (1, 5, 10, False)


def readdress(held: State) -> Change:
    return update(held, "readdresses")


@pytest.mark.parametrize("make", [create, readdress], ids=["create", "new address"])
def test_an_address_outside_its_sites_networks_is_refused_with_its_reason(make):
    caution = "10.99.0.1 lies outside 10.20.0.0/16 (site main)"
    seen = scene(20, cautions={device(1): caution, device(2): "not touched"})

    one = found([make(DEVICES[device(1)])], seen, "GUARD-HOST")

    assert one is not None
    assert (one.tripped, one.counted, one.notes) == (True, (device(1),), (f"{device(1)}: {caution}",))


@pytest.mark.parametrize("make", [delete, update], ids=["delete", "update of something else"])
def test_such_an_address_is_no_matter_when_it_goes_or_stays_as_it_is(make):
    seen = scene(20, cautions={device(1): "outside"})

    assert found([make(DEVICES[device(1)])], seen, "GUARD-HOST") is None


# --- the whole ----------------------------------------------------------------------------------------------


def test_guards_come_in_order_and_tripped_ones_are_named_once():
    seen = scene(100, declared=False)
    changes = [delete(one) for one in first(4).values()] + [
        delete(state(Address.of("archive", "peer", name))) for name in "ab"
    ]

    ids = [one.id for one in guards(changes, seen)]

    assert ids == ["GUARD-EMPTY", "GUARD-EMPTY", "GUARD-REMOVE", "GUARD-REMOVE", "GUARD-VANISHED"]
    assert tripped(guards(changes, seen)) == ("GUARD-EMPTY", "GUARD-REMOVE", "GUARD-VANISHED")


# --- what deletes studies -----------------------------------------------------------------------------------


def purging(address: Address, mode="write") -> Change:
    before, after = state(address, keep=10), state(address, keep=1)
    return Change(
        "update", before, after, after, "data-loss", frozenset({"purges"}), mode=mode, purge="keeps 1, not 10"
    )


RULE_A, RULE_B = (Address.of("archive", "rule", name) for name in "ab")


def test_what_purges_is_counted_by_address_and_said_in_words():
    root = state(device(1))
    parts = [state(part(root.address, "storage", name), root.address, keep=10) for name in "ab"]
    changes = [replace(purging(one.address), before=one, after=one.with_fields({})) for one in parts]

    guard = found(changes, scene(5), "GUARD-PURGE")

    assert guard is not None
    assert (guard.counted, guard.total, guard.limit) == (tuple(one.address for one in parts), 2, 0)
    assert guard.notes == tuple(f"{one.address}: keeps 1, not 10" for one in parts)
    assert guard.tripped


def test_each_that_purges_needs_an_acknowledgement_of_its_own():
    changes = [purging(RULE_A), purging(RULE_B), *map(delete, first(5).values())]
    made = guards(changes, scene(5))
    digest = "5be1f00d" * 8

    def left(*acks: str) -> tuple[str, ...]:
        return unacknowledged(made, digest, acks)

    every = ("GUARD-PURGE:archive/rule/a", "GUARD-PURGE:archive/rule/b", "GUARD-REMOVE")
    assert left() == every
    assert left("5be1:GUARD-PURGE", "5be1:GUARD-REMOVE") == every[:2]
    assert left("5be1:GUARD-PURGE:archive/rule/a", "5be1:GUARD-PURGE:archive/rule/*") == every[1:]
    assert left("5be:GUARD-PURGE:archive/rule/a", "6be1:GUARD-PURGE:archive/rule/b") == every
    assert left(*(f"{digest}:{name}" for name in every)) == ()


def test_what_purges_comes_first_among_the_guards():
    changes = [purging(RULE_A), *map(delete, first(5).values())]

    assert [one.id for one in guards(changes, scene(5))] == ["GUARD-PURGE", "GUARD-REMOVE", "GUARD-UPDATE"]


def test_no_limit_lets_through_what_purges():
    limits = Limits({"rule": 9, "GUARD-PURGE": 9}, {"rule": 9}, 99)

    assert counts([purging(RULE_A)], scene(5, limits=limits), "GUARD-PURGE") == (1, 1, 0, True)


def test_what_is_only_looked_at_purges_nothing():
    assert found([purging(RULE_A, mode="read-only")], scene(5), "GUARD-PURGE") is None
