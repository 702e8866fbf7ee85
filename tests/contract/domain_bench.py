"""The bench of Active Directory: the same people as in OpenLDAP's, in a real domain (Samba)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date
from pathlib import Path
from typing import Any, ClassVar

from pacsconf.core.address import Address
from pacsconf.core.secret import Secret
from pacsconf.inventory.accounts import AccountsConfig
from pacsconf.inventory.model import Inventory
from pacsconf.inventory.people import PasswordPolicy, Security
from pacsconf.inventory.systems import Bind
from pacsconf.lab import samba
from pacsconf.systems._accounts.filetimes import filetime
from pacsconf.systems._accounts.flavour import end_of
from pacsconf.systems._ldap.framing import integer
from pacsconf.systems.accounts import AccountsSystem
from pacsconf.systems.base import System
from tests.contract.conftest import AccountsBench
from tests.domains import GROUPS, OPTIONS, PEOPLE, POLICIES, Domain, template
from tests.systems.ber import element
from tests.systems.test_ldap_stream import answering


class DomainBench(AccountsBench):
    """Its manufacturer is the last day of an account here: a domain's accounts name no password policy."""

    name = "accounts in a domain"
    text_field = ("user", "expires")
    words: ClassVar[Mapping[str, str]] = {
        maker: f"203{number}-01-31" for number, maker in enumerate(("A", "ACME", "B", "Other", "Third"))
    }

    def __init__(self, folder: Path) -> None:
        self.made: list[System] = []
        shared = folder.parent.parent if os.environ.get("PYTEST_XDIST_WORKER") else folder.parent
        self.folder_of_domain = folder / "dc"
        self.domain = Domain(samba.start(self.folder_of_domain, OPTIONS, template(shared)))
        self.secret = self.domain.server.password

    def close(self) -> None:
        self.domain.close()
        self.domain.server.stop()
        shutil.rmtree(self.folder_of_domain)

    def inventory(self, devices: Inventory) -> Inventory:
        made = super().inventory(devices)
        makers = {name: device.manufacturer for name, device in devices.devices.items()}
        users = {
            name: user.model_copy(update={"ends": self.words.get(makers[name] or "")})
            for name, user in made.users.items()
        }
        policy = PasswordPolicy(min_length=12, lockout_after=9) if users else None
        return made.model_copy(update={"users": users, "security": Security(password_policy=policy)})

    def reset(self) -> None:
        self.domain.reset()

    def system(self, password: str = "", **changes: Any) -> System:
        keys = {
            "flavour": "active-directory",
            "url": self.domain.server.tls_url,
            "ca_file": str(self.domain.server.ca_file),
            "bind": Bind(dn=self.domain.server.pacsconf_dn, password="env:LDAP"),
            "timeout": 5,
            "people": {"staff": {"base": PEOPLE, "owns_accounts": True}},
            "groups": {"titles": {"base": GROUPS, "names": ("CT_*", "OLD_CT")}},
            "password_policies": {"base": POLICIES, "owned": True},
        } | changes
        config = AccountsConfig(name="accounts", type="accounts", **keys)
        self.made.append(AccountsSystem("accounts", config, lambda *_: Secret(password or self.secret)))
        return self.made[-1]

    def edit(self, address: Address, field: str, value: str) -> None:
        assert field == "expires"
        ends = filetime(end_of(date.fromisoformat(value), UTC))
        self.domain.change(self.domain.dn(address.parts[0]), accountExpires=("REPLACE", str(ends)))

    def decorate(self, address: Address) -> None:
        dn = self.domain.dn(address.parts[0])
        self.domain.change(dn, title=("REPLACE", "Dr"), telephoneNumber=("REPLACE", "4711"))
        self.domain.add_group("finance", [dn])

    def decoration(self, address: Address) -> Any:
        entry = self.domain.entry(address.parts[0])
        return entry["title"], entry["telephoneNumber"], self.domain.members("finance")

    @contextmanager
    def cut_short(self) -> Iterator[System]:
        """Samba has no limit: the answer is the one that Windows gives to who asks for too much at once."""

        def size_limit_exceeded(number: int) -> bytes:
            return element(0x30, integer(number), element(0x65, element(0x0A, b"\4"), element(4), element(4)))

        with answering(size_limit_exceeded) as opened:
            yield self.system(url=opened.config.url, bind=None)
