"""Rules about how a system is reached: what a reviewer must see, since the password travels there all the same."""

from __future__ import annotations

from collections.abc import Iterator

from pacsconf.core.finding import Finding, Path
from pacsconf.inventory.endpoint import Endpoint
from pacsconf.inventory.systems import LDAPConfig, OrthancConfig, SystemConfig


def weaknesses(config: SystemConfig) -> Iterator[Finding]:
    """What weakens the way to a system, and from an Orthanc on to the servers that it calls."""
    if not isinstance(config, LDAPConfig | OrthancConfig):
        return
    if not config.verify:
        yield _warning(
            "PACS-SYS-002",
            f"System {config.name} does not check the server's certificate (verify: false)",
            "A machine that takes the server's place would get the password and could answer anything.",
            "Remove verify: false. If the certificate comes from the hospital's own authority: ca_file names it.",
            ("systems", config.name, "verify"),
        )
    if config.allow_clear_text:
        yield _warning(
            "PACS-SYS-003",
            f"System {config.name} may send its password unencrypted (allow_clear_text: true)",
            "Whoever listens on the network reads it, and can do what pacsconf can.",
            f"Remove allow_clear_text, and use {' or '.join(_encrypted(config))}.",
            ("systems", config.name, "allow_clear_text"),
        )
    if _is_open(config):
        yield _warning(
            "PACS-SYS-004",
            f"System {config.name} is reached unencrypted ({config.url})",
            "What is read and written there can be read, and changed, on the way.",
            f"Write {', or add '.join(_encrypted(config))}.",
            ("systems", config.name, "url"),
        )
    if isinstance(config, OrthancConfig):
        yield from _onwards(config)


def _encrypted(config: LDAPConfig | OrthancConfig) -> tuple[str, ...]:
    """What to write so that nobody listens."""
    return ("https://",) if isinstance(config, OrthancConfig) else ("ldaps://", "start_tls: true")


def _is_open(config: LDAPConfig | OrthancConfig) -> bool:
    """Whether what is sent leaves this machine unencrypted."""
    starts_tls = isinstance(config, LDAPConfig) and config.start_tls
    return not starts_tls and _leaves_open(config.url)


def _leaves_open(url: str) -> bool:
    endpoint = Endpoint.parse(url)
    return endpoint.scheme in ("ldap", "http") and not endpoint.is_loopback


def _onwards(config: OrthancConfig) -> Iterator[Finding]:
    """Logins that the Orthanc itself sends on unencrypted."""
    for key, servers in (
        ("dicomweb_servers", config.dicomweb_servers),
        ("orthanc_peers", config.orthanc_peers),
    ):
        for name, server in servers.items():
            if server.login and _leaves_open(server.url):
                yield _warning(
                    "PACS-SYS-007",
                    f"System {config.name} is to send the password of {name} unencrypted ({server.url})",
                    "Whoever listens on the network reads it, and the images that go there.",
                    "Write https://.",
                    ("systems", config.name, key, name, "url"),
                )


def _warning(rule: str, summary: str, why: str, fix: str, path: Path) -> Finding:
    return Finding(rule, "warning", summary, why, fix, path=path)
