"""What is known of a system that was read, whoever asks: an audit, or a plan of what it would leave there."""

from __future__ import annotations

from pacsconf.core.address import Address
from pacsconf.core.resource import State
from pacsconf.core.secret import Secret
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.systems import ConsoleConfig, MemoryConfig
from pacsconf.systems.console import ConsoleSystem
from pacsconf.systems.memory import MemorySystem
from pacsconf.systems.telling import told

BOX = MemoryConfig(name="box", type="memory")
RIS = ConsoleConfig(name="ris", type="console", ae="ris-1")
HOSPITAL = Inventory(systems={"box": BOX, "ris": RIS})


def no_secret(*_: object) -> Secret:
    return Secret("")


def test_a_system_without_words_for_rules_is_read_and_tells_nothing():
    at = Address.of("box", "device", "ct-1")
    known = told(MemorySystem("box", BOX, no_secret), {at: State(at, at, {})}, HOSPITAL)
    assert (known.name, known.type, known.how, known.resources) == ("box", "memory", "configured", 1)
    assert (known.tells, known.configured) == (False, {})


def test_a_console_of_which_nobody_said_anything_was_looked_at_by_nobody():
    system = ConsoleSystem("ris", RIS, no_secret)
    known = told(system, {}, HOSPITAL)
    assert (known.how, known.tells) == ("outside", True)
    assert "nobody said what stands there" in known.why
    at = Address.of("ris", "network-ae", "ris-1")
    assert told(system, {at: State(at, at, {"tls": True})}, HOSPITAL).how == "attested"
