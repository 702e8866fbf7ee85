"""What all models of the inventory are, and what entries have that are more than the standard knows."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

from pacsconf.inventory.values import Extra, Texts, Vendor


class Model(BaseModel):
    """Base of all inventory models: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def of_checked(cls, values: dict[str, Any], given: set[str]) -> Self:
        """The model with these values, one for each field, which were checked before.

        What `model_construct` does, without looking at each field. `given` are the fields that were not left to
        their defaults; like the values it may be shared, since nothing of a frozen model changes.
        """
        made = cls.__new__(cls)
        object.__setattr__(made, "__dict__", values)
        object.__setattr__(made, "__pydantic_fields_set__", given)
        object.__setattr__(made, "__pydantic_extra__", None)
        object.__setattr__(made, "__pydantic_private__", None)
        return made


class Extensible(Model):
    """What may carry attributes that are not modelled, and those of vendors that a directory knows."""

    extra: Extra = Field(default_factory=dict)
    """By LDAP name."""
    vendor: Vendor = Field(default_factory=dict)
    """By extension (`dcm4chee`): what that vendor keeps of it. The extension itself says which keys there are."""
    object_classes: Texts | None = None
    """Auxiliary object classes of its entry, all of them; not given: those that what is declared needs."""


VENDOR_KEYS = tuple(Extensible.model_fields)
"""What belongs to one entry alone, and is not handed down from a device to its AEs and connections."""


class EntryDeclaration(Model):
    """A whole entry that pacsconf has no words for, as the directory keeps it."""

    object_classes: Annotated[Texts, Field(min_length=1)]
    extra: Extra = Field(default_factory=dict)
    """Its attributes, by LDAP name; those in its own name need not be repeated."""
