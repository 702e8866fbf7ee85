"""People, roles and service accounts as they are written, and what becomes of them."""

from __future__ import annotations

import pytest

from pacsconf.inventory.people import Grant

NO_TIME = "a short time is a number and a unit: 30m (minutes), 1h (hours), 2d (days)"
NO_REFERENCE = "a secret is named, never written here: env:NAME, file:PATH, age:PATH, prompt:LABEL"
PEOPLE = """\
users:
  mmueller:
    roles: [radiologist, {role: qc-lead, from: 2026-01-01, until: 2026-12-31, reason: cover, ticket: T-1}]
    trainings: {cd-import: 2026-03-01}
  jnight: {roles: radiologist, break_glass: {role: emergency, until: 2026-11-27, reason: archive down}}
service_accounts:
  svc-router: {owner: pacs-team, purpose: sends, roles: [svc-router], password: {from: "env:X", version: 2}}
roles:
  radiologist: {permissions: [study:view, {permission: study:query, site: main}], kinds: person, review_every: 180d}
  qc-lead: {groups: {accounts: [pacs-qc, pacs-lead]}}
  emergency: {emergency: true}
  svc-router: {}
security: {password_policy: {lockout_for: 30m, lockout_window: 1h, max_age: 0d}, tls: {minimum: "1.2"}}
"""


@pytest.fixture
def loaded(declare):
    return declare(PEOPLE)


def test_roles_become_grants_that_know_where_they_were_written(loaded):
    assert loaded.built.users["mmueller"].grants == (
        Grant(role="radiologist", written=("roles", 0)),
        Grant(
            role="qc-lead",
            starts="2026-01-01",
            until="2026-12-31",
            reason="cover",
            ticket="T-1",
            written=("roles", 1),
        ),
    )
    assert loaded.built.users["jnight"].grants == (
        Grant(role="radiologist", written=("roles", 0)),
        Grant(
            role="emergency",
            until="2026-11-27",
            reason="archive down",
            emergency=True,
            written=("break_glass", 0),
        ),
    )


def test_a_service_account_is_a_user_of_its_kind(loaded):
    account = loaded.built.users["svc-router"]
    assert (account.kind, account.path) == ("service", ("service_accounts", "svc-router"))
    assert account.password is not None
    assert (str(account.password.source), account.password.version) == ("env:X", 2)


def test_permissions_are_written_alone_or_with_what_limits_them(loaded):
    assert [str(one) for one in loaded.built.roles["radiologist"].permissions] == [
        "study:view",
        "study:query (site main)",
    ]
    assert loaded.built.roles["qc-lead"].groups == {"accounts": ("pacs-qc", "pacs-lead")}


def test_short_times_are_minutes_and_periods_are_days(loaded):
    policy = loaded.built.security.password_policy
    assert (policy.lockout_for, policy.lockout_window, policy.max_age) == (30, 60, 0)
    assert loaded.built.roles["radiologist"].review_every == 180


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("users", "mmueller", "grants", 1), "3:26"),
        (("users", "mmueller", "grants", 1, "starts"), "3:48"),
        (("users", "jnight", "grants", 0), "5:19"),
        (("users", "jnight", "grants", 1, "until"), "5:70"),
        (("service_accounts", "svc-router", "password", "source"), "7:88"),
    ],
    ids=str,
)
def test_what_is_spelled_out_leads_back_to_what_was_written(loaded, path, place):
    assert str(loaded.sources.place(path)).endswith(place)


@pytest.mark.parametrize(
    ("text", "rule", "column", "summary"),
    [
        (
            "users: {a: {}, b: {kind: service}}",
            "PACS-VAL-002",
            26,
            'users.b.kind cannot be "service"',
        ),
        (
            "roles: {a: {permissions: study:veiw}}",
            "PACS-ROLE-001",
            26,
            'roles.a.permissions: "study:veiw" is no permission; did you mean "study:view"? (all: docs/people.md)',
        ),
        (
            "users: {a: {break_glass: {role: emergency}}}",
            "PACS-VAL-003",
            13,
            'users.a.break_glass needs the keys "until" and "reason"',
        ),
        (
            "security: {password_policy: {lockout_for: 30}}",
            "PACS-VAL-002",
            43,
            f"security.password_policy.lockout_for: {NO_TIME}",
        ),
        (
            "service_accounts: {a: {password: {from: hunter2}}}",
            "PACS-SECRET-001",
            41,
            f"service_accounts.a.password.from: {NO_REFERENCE}",
        ),
        (
            "users: {a: {roles: [{role: x, untill: 2026-01-01}]}}",
            "PACS-KEY-001",
            31,
            'Unknown key "untill" in users.a.roles; did you mean "until"?',
        ),
    ],
    ids=["a service as a person", "a permission", "without an end", "no unit", "a password", "a key"],
)
def test_what_is_mistyped_is_told_at_its_place(told, text, rule, column, summary):
    assert f"error {rule} inventory/hospital.yaml:1:{column} {summary}" in told(text)


def test_a_user_and_a_service_account_of_one_id_are_both_named(declare):
    (finding,) = declare(
        people="users: {a: {}}", programs="service_accounts: {a: {owner: b, purpose: c}}"
    ).findings
    assert (finding.rule, finding.summary) == (
        "PACS-NAME-001",
        "Service account a is declared twice: there is a user of that id",
    )
    assert [str(finding.place), *(str(place) for place, _ in finding.also)] == [
        "inventory/programs.yaml:1:20",
        "inventory/people.yaml:1:9",
    ]
