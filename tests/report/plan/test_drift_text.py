from dataclasses import replace

from pacsconf.report.lines import plain, width_of
from pacsconf.report.plan.drift_text import drift_text, drifts_text
from tests.report.conftest import difference


def test_every_kind_of_drift_with_both_ways_out(busy_plan, view, golden):
    golden("drift.txt", plain(drift_text(busy_plan, replace(view, next_step=""))))


def test_no_drift_says_what_was_compared_and_asks_for_nothing(plan, view):
    shown = plain(drift_text(replace(plan, drifts=()), replace(view, next_step="pacsconf plan")))
    assert shown == (
        "No drift. lab is as it was last applied: 212 resources of directory, 38\nresources of orthanc compared.\n"
    )


def test_eighty_columns_suffice(busy_plan, view):
    lines = drift_text(busy_plan, view)
    too_wide = [plain((this,)).strip(" +~-!?\n") for this in lines if width_of(this) > 80]
    assert [text for text in too_wide if " " in text and not text.startswith("pacsconf -e")] == []


def test_what_went_with_a_whole_device_is_told_with_the_device(busy_plan, view):
    parts = ("network-ae/us-7/US_7", "network-connection/us-7/a", "network-connection/us-7/b")
    lost = tuple(
        difference(name, "device/us-7", {"installed": True}, None, {"installed": True}, "deleted-outside")
        for name in ("device/us-7", *parts)
    )
    shown = plain(drift_text(replace(busy_plan, drifts=lost), replace(view, next_step="")))
    assert shown == (
        "Drift in production: 4 resources of 254 were changed outside pacsconf (last\n"
        "apply 9d41f07, 2 days ago)\n\n"
        "  ! directory/device/us-7\n"
        "      deleted outside pacsconf with its 1 network-ae, 2 network-connections; the\n"
        "      inventory still declares it\n\n"
        "    put it back  pacsconf -e production plan --repair directory/device/us-7\n"
        "    leave it so  set lifecycle: retired (inventory/devices/us.yaml:61)\n"
    )


def test_a_part_that_went_alone_is_told_by_itself(busy_plan, view):
    lost = difference(
        "network-ae/us-7/US_7",
        "device/us-7",
        {"installed": True},
        None,
        {"installed": True},
        "deleted-outside",
    )
    shown = plain(drifts_text(replace(busy_plan, drifts=(lost,)), view))
    whole = plain(drift_text(replace(busy_plan, drifts=(lost,)), view))
    assert "    leave it so  take it out of the inventory" in whole
    assert "  ! directory/network-ae/us-7/US_7\n" in shown
    assert "plan --repair directory/network-ae/us-7/US_7\n" in shown


def test_what_a_forgetful_server_lost_is_one_thing_that_happened(busy_plan, view):
    names = ("peer/CT_1", "peer/CT_2", "peer/MR_1")
    lost = tuple(
        difference(name, name, {"port": 104}, None, {"port": 104}, "deleted-outside") for name in names
    )
    restarted = replace(busy_plan, drifts=lost, counts={"directory": 0})
    assert plain(drift_text(restarted, replace(view, next_step=""))) == (
        "Drift in production: 3 resources of 3 were changed outside pacsconf (last apply\n"
        "9d41f07, 2 days ago)\n\n"
        "  ! 3 resources of directory are gone\n"
        "      deleted outside pacsconf; the inventory still declares them. directory\n"
        "      holds nothing any more. Was it restarted, and had kept them in memory\n"
        "      alone? Or is it another server?\n"
        "      - peer/CT_1\n"
        "      - peer/CT_2\n"
        "      - peer/MR_1\n\n"
        "    put it back  pacsconf -e production plan --repair directory\n"
        "    leave it so  take them out of the inventory\n"
    )
    assert "plan --repair directory\n" in plain(drifts_text(restarted, view))


def test_what_was_changed_beside_what_is_gone_is_told_one_by_one(busy_plan, view):
    names = ("peer/CT_1", "peer/CT_2", "peer/MR_1")
    lost = [difference(name, name, {"port": 104}, None, {"port": 104}, "deleted-outside") for name in names]
    changed = difference("peer/US_1", "peer/US_1", {"port": 104}, {"port": 105}, {"port": 104}, "drift")
    shown = plain(drift_text(replace(busy_plan, drifts=(*lost, changed)), view))
    assert "  ! directory/peer/CT_1\n" in shown
    assert "are gone" not in shown
