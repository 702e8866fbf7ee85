"""Web applications of a device, and the Keycloak clients that they ask for tokens as."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from pacsconf.core.resource import Effect, Fields, Risk
from pacsconf.inventory.values import Flag, OneOrMany, Texts
from pacsconf.systems._dcm4chee.spelling import choices
from pacsconf.systems._dcm4chee.spelling.formats import Properties
from pacsconf.systems._dcm4chee.spelling.values import Ascii, Asciis
from pacsconf.systems.directory_extension import Attribute, Child, SecretUse

WEB_NAMES = "unique-web-names"


class WebApp(Child):
    """A web service, of the archive or of others (dcmWebApp)."""

    kind: ClassVar[str] = "web-app"
    object_class: ClassVar[str] = "dcmWebApp"
    naming: ClassVar[str] = "dcmWebAppName"
    exact: ClassVar[bool] = True
    reserved_in: ClassVar[str] = WEB_NAMES

    path: Annotated[str, Field(min_length=1), Attribute("dcmWebServicePath")]
    """Of its address, after host and port: `/dcm4chee-arc/aets/DCM4CHEE/rs`."""
    classes: Annotated[Asciis, Field(min_length=1), Attribute("dcmWebServiceClass")]
    """What it offers: `WADO_RS`, `STOW_RS`, `QIDO_RS`, `WADO_URI`, `UPS_RS`, `DCM4CHEE_ARC_AET`, …"""
    connections: Annotated[
        tuple[str, ...],
        OneOrMany,
        Attribute("dicomNetworkConnectionReference", refers="network-connection"),
    ] = ()
    """Connections of the device where it is reached."""
    ae_title: Annotated[Ascii | None, Attribute("dicomAETitle", refers="network-ae")] = None
    """Title of the device that it works for."""
    keycloak_client: Annotated[str | None, Attribute("dcmKeycloakClientID", refers="keycloak-client")] = None
    """Keycloak client of the device that asks for tokens to call it with."""
    description: Annotated[str | None, Attribute("dicomDescription")] = None
    """As people say it."""
    clusters: Annotated[Texts, Attribute("dicomApplicationCluster")] = ()
    """Groups of applications that belong together."""
    properties: Annotated[Properties, Attribute("dcmProperty")] = ()
    """`name=value`: `roles=admin`, `IID_STUDY_URL=…`."""
    installed: Annotated[Flag | None, Attribute("dicomInstalled")] = None
    """Absent, as the device."""

    @classmethod
    def risk(cls, before: Fields | None, after: Fields | None) -> Risk:
        """Who may use it (`roles=`), and with whose tokens it is called, is a matter of access."""
        if before is not None and after is not None:
            changed = any(before.get(name) != after.get(name) for name in ("properties", "keycloak_client"))
            return "access" if changed else super().risk(before, after)
        return super().risk(before, after)

    @classmethod
    def effects(cls, before: Fields | None, after: Fields | None) -> frozenset[Effect]:
        """Without roles it is open to every user; another path or connection is another address."""
        found = super().effects(before, after)
        if before is None or after is None:
            return found
        moved = any(before.get(name) != after.get(name) for name in ("path", "connections"))
        found |= {"readdresses"} if moved else frozenset()
        return found | {"widens"} if _roles(before) and not _roles(after) else found


def _roles(fields: Fields) -> bool:
    value = fields.get("properties", ())
    return isinstance(value, tuple) and any(each.startswith("roles=") for each in value)


class KeycloakClient(Child):
    """Who asks a Keycloak server for tokens (dcmKeycloakClient). Its secrets are written, and never read."""

    kind: ClassVar[str] = "keycloak-client"
    object_class: ClassVar[str] = "dcmKeycloakClient"
    naming: ClassVar[str] = "dcmKeycloakClientID"
    exact: ClassVar[bool] = True

    realm: Annotated[str, Field(min_length=1), Attribute("dcmKeycloakRealm")]
    """Realm of the server."""
    url: Annotated[str, Field(min_length=1), Attribute("dcmURI")]
    """Base URL of the server."""
    grant_type: Annotated[choices.GrantType, Attribute("dcmKeycloakGrantType")] = "client_credentials"
    """How it proves who it is: by a secret of its own, or by a user's password."""
    secret: Annotated[SecretUse | None, Attribute("dcmKeycloakClientSecret", syntax="secret")] = None
    """Its own secret, with `client_credentials`: `env:NAME`, or `{secret: env:NAME, version: 2}`."""
    password: Annotated[SecretUse | None, Attribute("userPassword", syntax="secret")] = None
    """The user's password, with `grant_type: password`."""
    user: Annotated[str | None, Attribute("uid")] = None
    """User, with `grant_type: password`."""
    allow_any_hostname: Annotated[Flag, Attribute("dcmTLSAllowAnyHostname")] = False
    """The name in the server's certificate is not compared."""
    disable_trust_manager: Annotated[Flag, Attribute("dcmTLSDisableTrustManager")] = False
    """The server's certificate is not checked."""

    @classmethod
    def risk(cls, before: Fields | None, after: Fields | None) -> Risk:
        return "access" if before != after else "none"

    @classmethod
    def effects(cls, before: Fields | None, after: Fields | None) -> frozenset[Effect]:
        """A certificate that is not checked any more."""
        found = super().effects(before, after)
        if before is None or after is None:
            return found
        for name in ("allow_any_hostname", "disable_trust_manager"):
            if after.get(name) and not before.get(name):
                found |= {"widens"}
        return found
