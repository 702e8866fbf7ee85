"""What environments of one inventory may say otherwise, and what of them is worked out once."""

from __future__ import annotations

from itertools import combinations

from pacsconf.dicom.reach.census import census_of
from pacsconf.inventory.environment import for_environment
from pacsconf.policy.evidence import Evidence
from pacsconf.policy.facts import differing, subjects
from pacsconf.policy.vocabulary import KINDS
from tests.policy.facts.conftest import MORNING

HOSPITAL = """
devices:
  ct-1: {type: modality, ae_title: CT1, host: ct-1.example, port: 104, uses: [ct-image-storage]}
  archive: {type: archive, ae_title: ARCHIVE, host: archive.example, port: 104, offers: [storage]}
flows:
  images: {from: {device: ct-1}, to: {device: archive}, services: storage}
systems:
  directory: {type: dicom-directory, url: "ldaps://ldap.example", base: "dc=example"}
  orthanc: {type: orthanc, url: "https://archive.example", ae: archive}
environments:
  live: {}
  again: {systems: {directory: {url: "ldaps://other.example"}}}
  listing: {systems: {orthanc: {peers: {ct-1: {allow: [echo]}}}}}
  without: {systems: {directory: null}}
"""


def test_what_is_said_not_to_differ_does_not(written):
    inventory = written(HOSPITAL)
    names = sorted(inventory.environments)
    looks = {name: Evidence(for_environment(inventory, name)[0], MORNING) for name in names}
    of_network = {"device", "ae", "flow", "feed"}
    for one, other in combinations(names, 2):
        kinds = differing(looks[one], looks[other])
        assert (kinds & of_network == set()) == ({one, other} == {"again", "live"})
        found = [subjects(looks[name], KINDS.keys() - kinds) for name in (one, other)]
        assert found[0] == found[1]


def test_a_census_is_made_again_where_other_peers_are_listed(written):
    inventory = written(HOSPITAL)
    live, again, listing = (for_environment(inventory, name)[0] for name in ("live", "again", "listing"))
    first = census_of(live)
    assert census_of(again) is first
    assert census_of(listing) is not first
    assert census_of(written(HOSPITAL)) is not first
