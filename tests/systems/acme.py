"""A whole small extension of a directory, of a vendor that does not exist: what docs/write-a-system.md shows.

Its routers keep a site and queues with a device, and with an entity the queues that it puts images into. The names
of queues are taken once in the hospital. A queue may throw away what it holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, ClassVar

from pacsconf.core.change import Change, Outcome
from pacsconf.core.finding import Finding
from pacsconf.core.resource import Fields
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.values import Count, Texts
from pacsconf.systems.directory_extension import (
    Attribute,
    Child,
    Extension,
    Facet,
    Holder,
    Registry,
    Standard,
    Whole,
)


class Queue(Child):
    """What is done one after the other (acmeQueue)."""

    kind: ClassVar[str] = "acme-queue"
    object_class: ClassVar[str] = "acmeQueue"
    naming: ClassVar[str] = "acmeQueueName"
    exact: ClassVar[bool] = True
    reserved_in: ClassVar[str] = "acme-queue-names"

    tasks: Annotated[Count, Attribute("acmeTasks")] = 1
    """Tasks at the same time."""
    keep_days: Annotated[Count | None, Attribute("acmeKeepDays")] = None
    """After so many days images are thrown away; absent, never."""

    @classmethod
    def purge_note(cls, before: Fields | None, after: Fields | None) -> str | None:
        """Images are deleted where they were kept, or sooner than they were."""
        was, now = (before or {}).get("keep_days"), (after or {}).get("keep_days")
        if not isinstance(now, int) or (isinstance(was, int) and was <= now):
            return None
        return f"images are thrown away after {now} days, so far {f'after {was}' if was else 'never'}"


class AcmeDevice(Facet):
    """What an Acme router keeps of a device (acmeDevice)."""

    of: ClassVar[Standard] = "device"
    object_class: ClassVar[str] = "acmeDevice"

    site: Annotated[str | None, Attribute("acmeSite")] = None
    """Follows from the site of the device, unless it is given."""
    started: Annotated[str | None, Attribute("acmeStarted")] = None
    """Written by the router when it starts."""
    queues: Mapping[str, Queue] = {}


class AcmeEntity(Facet):
    """What it keeps of an application entity (acmeEntity)."""

    of: ClassVar[Standard] = "network-ae"
    object_class: ClassVar[str] = "acmeEntity"

    targets: Annotated[Texts, Attribute("acmeTarget", refers="acme-queue")] = ()
    """Queues of its device that it puts images into."""


class Acme(Extension):
    """Routers of Acme."""

    name: ClassVar[str] = "acme"
    facets: ClassVar[Sequence[type[Facet]]] = (AcmeDevice, AcmeEntity)
    registries: ClassVar[Sequence[Registry]] = (
        Registry(
            container="acme-queue-names",
            cn="Acme Queue Names",
            object_class="acmeQueueNames",
            kind="unique-acme-queue",
            entry_class="acmeReservedQueue",
            naming="acmeQueueName",
        ),
    )
    told: ClassVar[list[int]] = []
    """How many changes its routers were told of, each time."""

    @classmethod
    def complete(cls, facet: Facet, holder: Holder, inventory: Inventory) -> Whole:
        """The site of a router is where the inventory has it."""
        if not isinstance(facet, AcmeDevice) or facet.site is not None or holder.device.site is None:
            return facet, {}
        return facet.model_copy(update={"site": holder.device.site}), {("site",): (*holder.path, "site")}

    @classmethod
    def left(cls, facet: Facet, holder: Holder, inventory: Inventory) -> Mapping[str, str]:
        """When it started."""
        return {"acme.started": "the router writes when it started"} if isinstance(facet, AcmeDevice) else {}

    @classmethod
    def findings(cls, inventory: Inventory) -> Iterable[Finding]:
        """A router without a queue does nothing."""
        for name, device in inventory.devices.items():
            if cls.name in device.vendor and not device.vendor[cls.name].get("queues"):
                yield Finding(
                    "ACME-QUEUE",
                    "warning",
                    f"Router {name} has no queue",
                    path=("devices", name, "vendor", "acme"),
                )

    def settle(self, applied: Sequence[Change]) -> Iterator[Outcome]:
        """Routers read the directory again by themselves; that they were told is all that is noted here."""
        self.told.append(len(applied))
        yield from ()
