"""Profiles: what a site takes over by name, in which order, and what is told where one is wrong."""

from __future__ import annotations

from pacsconf.policy.packs import Policies, parse

PACK = """\
pack: network
rules:
  - id: SITE-AE-001
    title: Short titles
    severity: high
    kind: ae
    condition: size(title) <= params.longest
    params: {longest: 8}
"""
LENIENT = """\
title: For a first look
gate: critical
overrides:
  SITE-AE-001: {severity: low, params: {longest: 12}}
"""


def policies(site: str, **profiles: str) -> Policies:
    files = {"policies/network.yaml": PACK, "policies/site.yaml": site}
    files |= {f"policies/profiles/{name}.yaml": text for name, text in profiles.items()}
    return parse({name: text.encode() for name, text in files.items()})


def ids(found: Policies) -> list[tuple[str, str, str]]:
    return [(one.rule, one.severity, one.place.file) for one in found.findings if one.place]


def test_a_profile_changes_rules_and_says_that_it_did():
    found = policies("profile: lenient", lenient=LENIENT)
    (rule,) = found.rules
    assert (rule.severity, rule.params["longest"], found.gate) == ("low", 12, "critical")
    assert rule.changed == ("severity: high → low (profile lenient)", "longest: 8 → 12 (profile lenient)")
    assert found.findings == ()


def test_a_profile_that_nobody_names_changes_nothing():
    found = policies("gate: medium", lenient=LENIENT)
    assert (found.rules[0].changed, found.gate, found.findings) == ((), "medium", ())


def test_the_later_profile_wins_and_the_site_over_all():
    site = "profile: [lenient, harsh]\ngate: low\noverrides: {SITE-AE-001: {params: {longest: 10}}}"
    found = policies(site, lenient=LENIENT, harsh="overrides: {SITE-AE-001: {severity: critical}}")
    (rule,) = found.rules
    assert (rule.severity, rule.params["longest"], found.gate) == ("critical", 10, "low")
    assert rule.changed[-1] == "longest: 12 → 10"


def test_a_profile_that_is_not_there_is_told_where_it_is_named():
    found = policies("profile: lenent", lenient=LENIENT)
    assert ids(found) == [("PACS-POL-021", "error", "policies/site.yaml")]
    assert "(did you mean lenient?)" in found.findings[0].summary or "lenient" in found.findings[0].fix


def test_a_rule_of_a_pack_that_is_not_there_is_no_error_in_a_profile():
    found = policies("profile: lenient", lenient=LENIENT + "  OTHER-001: {severity: low}\n")
    assert ids(found) == [("PACS-POL-015", "warning", "policies/profiles/lenient.yaml")]


def test_a_parameter_of_a_wrong_type_is_told_in_the_profile():
    found = policies("profile: lenient", lenient="overrides: {SITE-AE-001: {params: {longest: long}}}")
    assert ids(found) == [("PACS-POL-016", "error", "policies/profiles/lenient.yaml")]


def test_a_profile_has_no_rules_of_its_own():
    found = policies("profile: lenient", lenient="rules: []")
    assert ids(found) == [("PACS-POL-002", "error", "policies/profiles/lenient.yaml")]


def test_a_rule_is_switched_off_by_a_profile_with_its_reason():
    found = policies("profile: lenient", lenient="overrides: {SITE-AE-001: {off: titles are the vendor's}}")
    assert found.rules[0].off == "titles are the vendor's"
    assert found.active == ()
