"""What dcm4che keeps of an application entity (dcmNetworkAE), and an archive of its own (dcmArchiveNetworkAE)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator

from pacsconf.core.resource import Effect, Fields, Risk, members
from pacsconf.inventory.values import Flag, HL7Name, Titles
from pacsconf.systems._dcm4chee.settings.archive_entity import EntitySettings
from pacsconf.systems._dcm4chee.spelling.values import Ascii, MaskedCalled, MaskedCallers, TransferSyntaxes
from pacsconf.systems.directory_extension import Attribute

OPEN_LISTS = ("accepted_callers", "accepted_move_destinations", "accepted_user_roles", "access_control")
"""Lists that keep out whom, or what, they do not name; absent, nothing is kept out."""


def _elsewhere(_value: Any) -> Any:
    raise ValueError("further titles are written beside the AE's own keys: `answers_to: [OTHER]`")


class EntityFields(EntitySettings):
    """Of any entity."""

    accepted_callers: Annotated[Titles, Attribute("dcmAcceptedCallingAETitle", "dcmNetworkAE")] = ()
    """Titles that may call. Follows from flows, unless it is given; `accepts: any` on the AE is anybody."""
    other_titles: Annotated[
        Titles, BeforeValidator(_elsewhere), Attribute("dcmOtherAETitle", "dcmNetworkAE")
    ] = ()
    """Further titles that it answers to. Follows from `answers_to` of the AE, and is written there."""
    masked_as: Annotated[MaskedCallers, Attribute("dcmMasqueradeCallingAETitle", "dcmNetworkAE")] = ()
    """Title that it calls with: `OTHER`, or `[CALLED]OTHER` towards that one alone."""
    masked_called: Annotated[MaskedCalled, Attribute("dcmMasqueradeCalledAETitle", "dcmNetworkAE")] = ()
    """Title that a peer is called by: `CONFIGURED:USED`."""
    no_async_with: Annotated[
        Titles, Attribute("dcmNoAsyncModeCalledAETitle", "dcmNetworkAE", refers="ae-title")
    ] = ()
    """Peers that do not take asynchronous operations."""
    preferred_transfer_syntaxes: Annotated[
        TransferSyntaxes, Attribute("dcmPreferredTransferSyntax", "dcmNetworkAE")
    ] = ()
    """By name or UID, the first choice first; absent, the caller's order counts."""
    capabilities_from: Annotated[
        Ascii | None,
        Attribute("dcmShareTransferCapabilitiesFromAETitle", "dcmNetworkAE", refers="network-ae"),
    ] = None
    """Title of the same device whose transfer capabilities it has too."""
    hl7_application: Annotated[
        HL7Name | None, Attribute("hl7ApplicationName", "dcmNetworkAE", refers="hl7-name")
    ] = None
    """HL7 application of that system."""
    role_selection_lenient: Annotated[
        Flag | None, Attribute("dcmRoleSelectionNegotiationLenient", "dcmNetworkAE")
    ] = None
    """Sends requests although the peer did not agree to the role; absent, as the device has it."""

    @classmethod
    def risk(cls, before: Fields | None, after: Fields | None) -> Risk:
        """Who may call, move, ask and see is a matter of access."""
        if before is None or after is None:
            return super().risk(before, after)
        changed = any(before.get(name) != after.get(name) for name in (*OPEN_LISTS, *_ACCESS))
        return "access" if changed else super().risk(before, after)

    @classmethod
    def effects(cls, before: Fields | None, after: Fields | None) -> frozenset[Effect]:
        """A list that ends lets anybody in; who leaves a list, or is not on one that begins, loses access."""
        found = super().effects(before, after)
        if before is None or after is None:
            return found
        for name in OPEN_LISTS:
            found |= _of_list(name, members(before, name), members(after, name))
        checked = before.get("validate_calling_host") is True
        return found | {"widens"} if checked and not after.get("validate_calling_host") else found

    @classmethod
    def remark(cls, before: Fields | None, after: Fields | None) -> str | None:
        """Whom a list keeps out that begins, and that one that ends keeps out nobody."""
        if before is None or after is None:
            return super().remark(before, after)
        told = (_word(name, members(before, name), members(after, name)) for name in OPEN_LISTS)
        return "; ".join(filter(None, told)) or None


def _word(name: str, was: frozenset[str], now: frozenset[str]) -> str | None:
    """Of a list that begins or ends: neither shows that before, or then, it keeps nobody out."""
    if bool(was) == bool(now):
        return None
    only = _KEPT[name]
    return f"so far {only[0]}: from now on {only[1]}" if now else f"from now on {only[0]}"


_KEPT: Mapping[str, tuple[str, str]] = {
    "accepted_callers": ("anybody may call", "only these may"),
    "accepted_move_destinations": ("studies may be sent to anybody", "only to these"),
    "accepted_user_roles": ("users of any role have access", "only those of these roles do"),
    "access_control": (
        "all studies are seen",
        "only those without an access control ID, or with one of these",
    ),
}
"""Without the list, and with it."""


def _of_list(name: str, was: frozenset[str], now: frozenset[str]) -> frozenset[Effect]:
    """What a change of a list does. A flow asks for one more caller; one more kind of study is more to see."""
    if was == now:
        return frozenset()
    if not now:
        return frozenset({"widens"})
    found: set[Effect] = {"removes"} if not was or was - now else set()
    return (
        frozenset(found | {"widens"}) if was and now - was and name == "access_control" else frozenset(found)
    )


_ACCESS = (
    "store_access_control",
    "validate_calling_host",
    "user_identity",
    "user_identity_role",
    "user_identity_client",
)
