"""The archive's user interface: its configuration, and who may do what in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from pacsconf.core.resource import Effect, Fields, Risk, members
from pacsconf.inventory.values import Texts
from pacsconf.systems._dcm4chee.spelling.values import Ascii, Asciis
from pacsconf.systems.directory_extension import Attribute, Child


class Permission(Child):
    """Who may do something in the user interface (dcmuiPermission)."""

    kind: ClassVar[str] = "ui-permission"
    object_class: ClassVar[str] = "dcmuiPermission"
    naming: ClassVar[str] = "dcmuiPermissionName"
    exact: ClassVar[bool] = True

    action: Annotated[Ascii, Field(min_length=1), Attribute("dcmuiAction")]
    """`menu-studies`, `action-studies-download`, …"""
    parameters: Annotated[Texts, Attribute("dcmuiActionParam")] = ()
    """`accessible`, `visible`, `edit`, `delete`, …"""
    roles: Annotated[Asciis, Attribute("dcmAcceptedUserRole")] = ()
    """Roles of users who may; absent, nobody is named."""

    @classmethod
    def risk(cls, before: Fields | None, after: Fields | None) -> Risk:
        return "access" if before != after else "none"

    @classmethod
    def effects(cls, before: Fields | None, after: Fields | None) -> frozenset[Effect]:
        """More roles may more; fewer may less."""
        found = super().effects(before, after)
        if before is None or after is None:
            return found
        was, now = members(before, "roles"), members(after, "roles")
        found |= {"widens"} if now - was or (was and not now) else frozenset()
        return found | {"removes"} if was - now else found


class UIConfig(Child):
    """A configuration of the user interface (dcmuiConfig); the archive takes the one called `default`."""

    kind: ClassVar[str] = "ui-config"
    object_class: ClassVar[str] = "dcmuiConfig"
    naming: ClassVar[str] = "dcmuiConfigName"
    exact: ClassVar[bool] = True

    modalities: Annotated[Texts, Attribute("dcmuiModalities")] = ()
    """Offered to choose from."""
    widget_ae_titles: Annotated[Texts, Attribute("dcmuiWidgetAets")] = ()
    """Titles offered to choose from."""
    default_widget_ae_titles: Annotated[Texts, Attribute("dcmuiDefaultWidgetAets")] = ()
    """Titles chosen at first."""
    xds_url: Annotated[str | None, Attribute("dcmuiXDSInterfaceURL")] = None
    """Address of XDS."""
    background_url: Annotated[str | None, Attribute("dcmuiBackgroundURL")] = None
    """Picture behind it."""
    logo_url: Annotated[str | None, Attribute("dcmuiLogoURL")] = None
    """Logo."""
    default_language: Annotated[str | None, Attribute("dcmDefaultLanguage")] = None
    """Language at first."""
    languages: Annotated[Texts, Attribute("dcmLanguages")] = ()
    """Languages offered: `en|English|English|usa`."""

    permissions: Mapping[str, Permission] = {}
    """Who may do what."""
