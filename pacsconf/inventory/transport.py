"""Rules about how a system is reached: what a reviewer must see, since the password travels there all the same."""

from __future__ import annotations

from collections.abc import Iterator

from pacsconf.core.finding import Finding
from pacsconf.inventory.endpoint import Endpoint
from pacsconf.inventory.systems import DirectoryConfig, SystemConfig


def weaknesses(config: SystemConfig) -> Iterator[Finding]:
    """What weakens the way to a system."""
    if not isinstance(config, DirectoryConfig):
        return
    if not config.verify:
        yield _warning(
            config,
            "PACS-SYS-002",
            f"System {config.name} does not check the server's certificate (verify: false)",
            "A machine that takes the server's place would get the password and could answer anything.",
            "Remove verify: false. If the certificate comes from the hospital's own authority: ca_file names it.",
            "verify",
        )
    if config.allow_clear_text:
        yield _warning(
            config,
            "PACS-SYS-003",
            f"System {config.name} may send its password unencrypted (allow_clear_text: true)",
            "Whoever listens on the network reads it, and can do what pacsconf can.",
            "Remove allow_clear_text, and use ldaps:// or start_tls: true.",
            "allow_clear_text",
        )
    if _is_open(config):
        yield _warning(
            config,
            "PACS-SYS-004",
            f"System {config.name} is reached unencrypted ({config.url})",
            "What is read and written there can be read, and changed, on the way.",
            "Write ldaps://, or add start_tls: true.",
            "url",
        )


def _is_open(config: DirectoryConfig) -> bool:
    """Whether what is sent leaves this machine unencrypted."""
    endpoint = Endpoint.parse(config.url)
    return endpoint.scheme == "ldap" and not config.start_tls and not endpoint.is_loopback


def _warning(config: SystemConfig, rule: str, summary: str, why: str, fix: str, key: str) -> Finding:
    return Finding(rule, "warning", summary, why, fix, path=("systems", config.name, key))
