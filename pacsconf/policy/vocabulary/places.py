"""The inventory as a whole, and its sites."""

from __future__ import annotations

from typing import Annotated, NotRequired, TypedDict


class Site(TypedDict):
    """A place with its own network. It is also what other kinds see as `site`."""

    name: Annotated[str, "the key it is declared under; empty where a resource is of no site"]
    title: Annotated[str, "as people say it"]
    timezone: Annotated[str, "IANA name; empty where none is declared"]
    networks: Annotated[list[str], "its networks, as ADDRESS/LENGTH"]
    zone: Annotated[str, "the network zone its devices are in, unless they say otherwise"]
    patient_id_issuer: Annotated[str, "who issues its patient IDs; empty where none is declared"]
    devices: Annotated[int, "how many devices are declared here that are neither retired nor a partner's"]
    archives: Annotated[int, "how many archives are among them"]


class Whole(TypedDict):
    """Everything declared, for rules about what is or is not there at all."""

    sites: Annotated[list[str], "names of all sites"]
    devices: Annotated[int, "how many devices are declared that are not retired"]
    archives: Annotated[list[str], "names of devices of type archive"]
    backups: Annotated[list[str], "names of declared backups"]
    users: Annotated[int, "how many users are declared who have not left"]
    emergency_roles: Annotated[list[str], "names of roles for emergencies"]
    has_retention: Annotated[bool, "whether retention rules or a default are declared"]
    tls_minimum: NotRequired[Annotated[str, "security.tls.minimum, where it is declared"]]
