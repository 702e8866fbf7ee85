"""The services that a caller asked for, compared with what it is declared to use and with the flows. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from pacsconf.core.finding import Finding, Path, Severity
from pacsconf.dicom.heard import Heard
from pacsconf.dicom.listen.identify import Known, path_of
from pacsconf.inventory import uids
from pacsconf.inventory.flows import Entity
from pacsconf.inventory.model import Role

_SHOWN = 8
"""Names in a sentence, and then how many more."""


def undeclared(heard: Heard, entity: Entity) -> Iterator[Finding]:
    """Every SOP class that it asked for is declared in the role that it asked for. Verification is anybody's."""
    device, ae = entity
    declared = {(each.sop_class, each.role) for each in ae.capabilities}
    for role, key, verb in _ROLES:
        asked = [uid for uid in _asked(heard, role) if (uid, role) not in declared]
        if not asked:
            continue
        nothing = not any(each.role == role for each in ae.capabilities)
        yield _finding(
            "HEARD-CONTEXT",
            "info" if nothing else "warning",
            f"{ae.title} of {device.name} asked to {verb} what is not declared: {_names(asked)}",
            f"The inventory says nothing of what it {key}."
            if nothing
            else "What is not declared is in no flow, and nobody tells its peers to allow it.",
            f"If it is meant, add to {key}: [{_listed(asked)}]. If not, switch it off there.",
            path_of(entity),
        )


_ROLES: tuple[tuple[Role, str, str], ...] = (("SCU", "uses", "use"), ("SCP", "offers", "offer"))


def syntaxes(heard: Heard, entity: Entity) -> Iterator[Finding]:
    """Of what it stores it proposes the declared transfer syntaxes, and no other ones."""
    device, ae = entity
    declared = {
        each.sop_class: each.transfer_syntaxes
        for each in ae.capabilities
        if each.role == "SCU" and _stores(each.sop_class)
    }
    more: dict[str, list[str]] = {}
    less: dict[str, list[str]] = {}
    for uid, asked in heard.contexts:
        if uid not in declared or uid in heard.as_scp:
            continue
        for missing, beyond in (
            (set(asked) - set(declared[uid]), more),
            (set(declared[uid]) - set(asked), less),
        ):
            for syntax in sorted(missing):
                beyond.setdefault(syntax, []).append(uid)
    parts = [f"+ {uids.label(each)} ({_names(of)})" for each, of in more.items()]
    parts += [f"- {uids.label(each)} ({_names(of)})" for each, of in less.items()]
    if parts:
        yield _finding(
            "HEARD-SYNTAX",
            "info",
            f"{ae.title} of {device.name} proposes other transfer syntaxes than declared: "
            + "; ".join(parts[:_SHOWN]),
            "+ is proposed and not declared, - is declared and not proposed. Some devices choose as they send.",
            "Declare its transfer_syntaxes as its conformance statement lists them.",
            path_of(entity),
        )


def not_asked(heard: Heard, entity: Entity) -> Iterator[Finding]:
    """A caller that stores proposes every SOP class it is declared to store.

    A verification proposes one class, a worklist query another: only what was asked to be stored is compared.
    """
    device, ae = entity
    asked = set(_asked(heard, "SCU"))
    if not any(map(_stores, asked)):
        return
    declared = [each.sop_class for each in ae.capabilities if each.role == "SCU" and _stores(each.sop_class)]
    missing = [uid for uid in declared if uid not in asked]
    if missing:
        yield _finding(
            "HEARD-MISSING",
            "info",
            f"{ae.title} of {device.name} did not ask to store what it is declared to: {_names(missing)}",
            "Many devices propose only what they are about to send.",
            "Listen while it sends one of those; take out of uses what it never sends.",
            path_of(entity),
        )


def without_flow(known: Known, heard: Heard, entity: Entity, called: Entity) -> Iterator[Finding]:
    """What it asked of the title that it called is in a declared flow."""
    if called == entity:
        return
    (device, ae), (other, holder) = entity, called
    ours = known.between.get((device.name, ae.title, other.name, holder.title), [])
    covered = {uid for pair in ours for service in pair.services for uid in uids.covers(service)}
    asked = [uid for uid in _asked(heard, "SCU") if uid not in covered]
    if ours and not asked:
        return
    if not ours and not asked and not known.inventory.flows:
        return
    what = f": {_names(asked)}" if asked else ""
    yield _finding(
        "HEARD-FLOW",
        "warning" if asked else "info",
        f"No flow lets {ae.title} of {device.name} ask this of {holder.title} of {other.name}{what}"
        if asked
        else f"No flow leads from {ae.title} of {device.name} to {holder.title} of {other.name}",
        "So its title and address are not told to that peer, or not with these rights.",
        f"Add a flow, or the service to one: {{from: {{device: {device.name}}}, to: {{ae_title: {holder.title}}}, "
        f"services: [{_listed(asked) or 'verification'}]}}.",
        ("flows", ours[0].flow) if ours else path_of(entity),
    )


def _asked(heard: Heard, role: Role) -> tuple[str, ...]:
    """The SOP classes that were asked for in this role of the caller, but for Verification."""
    scp = role == "SCP"
    return tuple(
        uid for uid, _ in heard.contexts if uid != uids.VERIFICATION and (uid in heard.as_scp) == scp
    )


def _stores(uid: str) -> bool:
    entry = uids.dictionary().get(uid)
    return entry is not None and entry.stores


def _names(several: Collection[str]) -> str:
    names = list(map(_name, list(several)[:_SHOWN]))
    rest = len(several) - len(names)
    return ", ".join(names) + (f" and {rest} more" if rest else "")


def _listed(several: Collection[str]) -> str:
    """The first of them, as a list in YAML has them."""
    return ", ".join(map(_name, list(several)[:_SHOWN]))


def _name(uid: str) -> str:
    """How an inventory writes a SOP class: by the service that is nothing else, or its own name."""
    named = (service.name for service in uids.services().values() if service.classes == (uid,))
    return next(named, uids.label(uid))


def _finding(rule: str, severity: Severity, summary: str, detail: str, fix: str, path: Path) -> Finding:
    return Finding(rule, severity, summary, detail, fix, path=path, evidence="observed")
