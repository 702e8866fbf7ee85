"""Which HL7 applications may be called, where, how far and in whose name. Pure: nothing is sent.

The same rules hold as for application entities (`targets`): life cycle, level, windows, partners outside. What goes
beyond a connection is one message, so no level is more than `echo`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from pacsconf.dicom.gently import leave, may_sleep
from pacsconf.dicom.targets import Target, addresses, is_there
from pacsconf.inventory import hl7_formats
from pacsconf.inventory.hl7_feeds import speakers
from pacsconf.inventory.hl7_model import HL7Application
from pacsconf.inventory.model import HL7, PROBES, Device, Inventory, Probe
from pacsconf.inventory.peers import entity

_MOST: Probe = "echo"


def hl7_targets(
    inventory: Inventory,
    devices: Collection[str] | None,
    probe_as: str | None,
    now: datetime | None = None,
    *,
    from_site: str | None = None,
    anytime: bool = False,
) -> tuple[Target, ...]:
    """The HL7 applications of these devices (None: of all), by device, name, connection and node.

    Everything as for `targets.targets`.
    """
    sender, site = _sender(inventory, probe_as)
    site = site if from_site is None else from_site
    return tuple(
        target
        for device, application in speakers(inventory)
        if devices is None or device.name in devices
        for target in _of(inventory, device, application, sender, site, now, anytime=anytime)
    )


def _of(
    inventory: Inventory,
    device: Device,
    application: HL7Application,
    sender: str | None,
    site: str | None,
    now: datetime | None,
    *,
    anytime: bool,
) -> Iterator[Target]:
    if not is_there(device) or application.installed is False:
        return
    may = leave(inventory, device, now, anytime=anytime, negatives=False)
    sleeps = may_sleep(inventory, device, now)
    for name in application.connections:
        connection = device.connections.get(name)
        if connection is None or connection.installed is False or connection.protocol not in HL7:
            continue
        for node_name, node, host, port, declared in addresses(device, connection, site):
            yield Target(
                device=device.name,
                title=application.name,
                connection=name,
                host=host,
                port=port,
                declared=declared,
                level=min(may.level, _MOST, key=PROBES.index),
                calling=sender,
                node=node_name,
                standby=node is not None and node.standby,
                may_sleep=sleeps,
                tls=bool(connection.tls),
                why=may.why,
                site=device.site,
                ciphers=connection.tls,
                aliases=application.other_names,
                protocol=connection.protocol,
            )


def _sender(inventory: Inventory, probe_as: str | None) -> tuple[str | None, str | None]:
    """In whose name messages are sent (None: in nobody's), and the site they come from.

    It is an HL7 application of the device that pacsconf calls as, else that one's AE title, which people know.
    """
    found = entity(inventory, probe_as) if probe_as else None
    if found is None:
        return None, None
    device, ae = found
    own = sorted(name for name in device.hl7_applications if name != hl7_formats.EVERY)
    return next(iter(own), _named_after(ae.title)), device.site


def _named_after(title: str) -> str:
    """The AE title as an application; one that holds what ends a part of a message is not told."""
    try:
        return hl7_formats.application(f"{title}|")
    except ValueError:
        return "PACSCONF|"
