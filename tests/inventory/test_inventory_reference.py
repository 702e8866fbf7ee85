"""`docs/inventory.md` knows every key that the models know, and its examples are those of the example hospital."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from pacsconf.inventory import (
    approvals,
    baseline,
    care,
    declaration,
    model,
    orthanc_settings,
    people,
    people_declaration,
    people_source,
    permissions,
    retention,
    safeguards,
    storage,
    systems,
    uids,
)
from pacsconf.inventory.declaration import COLLECTIONS, ONCE
from pacsconf.inventory.retention_files import RETENTION

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "inventory.md").read_text()
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)

MODELS: dict[type[BaseModel], tuple[str, str]] = {
    # each model with the headings between which its keys are explained
    model.Settings: ("## pacsconf", "## sites"),
    model.Guards: ("## pacsconf", "## sites"),
    approvals.ApprovalsDeclaration: ("## pacsconf", "## sites"),
    approvals.ApprovalDeclaration: ("## pacsconf", "## sites"),
    model.Site: ("## sites", "## profiles"),
    declaration.DeviceDeclaration: ("## devices", "## flows"),
    declaration.ConnectionDeclaration: ("### Where it is", "### Who it is"),
    model.SeenFrom: ("### Where it is", "### Who it is"),
    model.Was: ("### Where it is", "### Who it is"),
    model.Node: ("### Where it is", "### Who it is"),
    declaration.AEDeclaration: ("### Who it is", "### What it does"),
    declaration.CapabilityDeclaration: ("### What it does", "### Its worklist"),
    declaration.CapabilitySet: ("## capability_sets", "## flows"),
    declaration.CapabilityGroup: ("## capability_sets", "## flows"),
    declaration.SetUse: ("## capability_sets", "## flows"),
    model.Worklist: ("### Its worklist", "### The type plate"),
    model.Loan: ("### What it is", "### Its life"),
    declaration.HL7ApplicationDeclaration: ("### Its HL7 applications", "### The type plate"),
    declaration.FlowDeclaration: ("## flows", "## systems"),
    declaration.FeedDeclaration: ("## hl7_feeds", "## systems"),
    model.Selector: ("## flows", "## systems"),
    systems.DirectoryConfig: ("## systems", "## environments"),
    systems.Bind: ("## systems", "## environments"),
    systems.OrthancConfig: ("## systems", "### Memory"),
    orthanc_settings.OrthancSettings: ("### Orthanc", "### Memory"),
    storage.StorageConfig: ("### Orthanc", "### Memory"),
    systems.PeerConfig: ("### Orthanc", "### Memory"),
    systems.Login: ("### Orthanc", "### Memory"),
    systems.RemoteLogin: ("### Orthanc", "### Memory"),
    systems.OrthancUser: ("### Orthanc", "### Memory"),
    systems.WebServerConfig: ("### Orthanc", "### Memory"),
    systems.ConsoleConfig: ("## systems", "### Memory"),
    systems.ExportConfig: ("### Console", "### Memory"),
    systems.MemoryConfig: ("## systems", "## environments"),
    systems.Environment: ("## environments", "## baseline"),
    baseline.Accepted: ("## baseline", "## retention"),
    **dict.fromkeys(
        (
            retention.RetentionDeclaration,
            retention.Rule,
            retention.Match,
            retention.Age,
            retention.Codes,
            retention.Keep,
            retention.AtLeast,
            retention.Review,
            retention.Approval,
            retention.Cited,
            retention.Floor,
            retention.LegalHold,
            retention.Released,
            retention.OnMissing,
            retention.Pack,
        ),
        ("## retention", "## users"),
    ),
    people_declaration.UserDeclaration: ("## users", "## users_from"),
    people_declaration.RoleUse: ("## users", "## users_from"),
    people_declaration.EmergencyUse: ("## users", "## users_from"),
    people_source.PeopleSource: ("## users_from", "## service_accounts"),
    people_source.Columns: ("## users_from", "## service_accounts"),
    people_source.RolesBy: ("## users_from", "## service_accounts"),
    people_declaration.ServiceAccountDeclaration: ("## service_accounts", "## roles"),
    people.AccountPassword: ("## service_accounts", "## roles"),
    people_declaration.RoleDeclaration: ("## roles", "## security"),
    permissions.PermissionScope: ("## roles", "## security"),
    people.Security: ("## security", "## Services"),
    people.PasswordPolicy: ("## security", "## Services"),
    people.Administrators: ("## security", "## Services"),
    safeguards.TLSRules: ("## security", "## Services"),
    safeguards.Backup: ("## security", "## Services"),
    **dict.fromkeys(
        (care.OperatingSystem, care.Documents, care.AuditSending, care.KeptImages),
        ("### Who answers for it", "### What vendors keep"),
    ),
}


def section(start: str, end: str) -> str:
    """The prose from one heading to another, examples left out: a key is to be explained, not only used."""
    _, found, rest = TEXT.partition(f"\n{start}")
    body, ended, _ = rest.partition(f"\n{end}")
    assert found, start
    assert ended, end
    return re.sub(r"^```yaml\n.*?^```$", "", body, flags=re.MULTILINE | re.DOTALL)


def words(text: str) -> set[str]:
    """Every word that stands in code, pieces of a longer piece of code too."""
    return {word for code in re.findall(r"`([^`]+)`", text) for word in re.findall(r"[A-Za-z0-9_-]+", code)}


def as_text(content: str) -> Any:
    """YAML whose scalars are the text that was typed."""
    return yaml.load(content, yaml.BaseLoader)  # noqa: S506 - makes maps, lists and text only


def written() -> dict[str, Any]:
    """The example hospital as its files say it."""
    joined: dict[str, Any] = {}
    for file in sorted((ROOT / "inventory").rglob("*.yaml")):
        for collection, members in as_text(file.read_text()).items():
            joined.setdefault(collection, {}).update(members)
    return joined


def not_in(excerpt: Any, whole: Any, path: str = "") -> list[str]:
    """What an excerpt says that the whole does not say; lists are compared as a whole."""
    if isinstance(excerpt, dict) and isinstance(whole, dict):
        return [odd for key in excerpt for odd in not_in(excerpt[key], whole.get(key), f"{path}.{key}")]
    return [] if excerpt == whole else [path]


@pytest.mark.parametrize("declared", MODELS, ids=lambda declared: declared.__name__)
def test_every_key_is_explained_in_its_section(declared: type[BaseModel]):
    keys = {field.alias or name for name, field in declared.model_fields.items()}
    unsaid = keys - words(section(*MODELS[declared]))

    # a system's name is the key that it is declared under
    assert unsaid - ({"name"} if issubclass(declared, systems.SystemConfig) else set()) == set()


def test_every_collection_is_listed():
    assert {*COLLECTIONS, *ONCE, RETENTION, people_source.USERS_FROM} <= words(
        section("## Files", "## pacsconf")
    )


def test_every_service_is_listed():
    assert set(uids.services()) <= words(section("## Services", "## How values"))


def test_every_service_that_is_listed_exists():
    rows = re.findall(r"^\| (`.*?`)[^|]* \|", section("## Services", "## How values"), re.MULTILINE)

    assert [
        name for row in rows for name in re.findall(r"`([^`]+)`", row) if name not in uids.services()
    ] == []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.split()[0].strip(":"))
def test_examples_are_excerpts_of_the_example_hospital(example: str):
    assert not_in(as_text(example), written()) == []


def test_links_lead_somewhere():
    headings = re.findall(r"^#+ (.+)$", TEXT, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    links = re.findall(r"\]\(([^)]+)\)", TEXT)

    assert [link for link in links if link.startswith("#") and link[1:] not in anchors] == []
    assert [
        link
        for link in links
        if not link.startswith("#") and not (ROOT / "docs" / link.partition("#")[0]).exists()
    ] == []
