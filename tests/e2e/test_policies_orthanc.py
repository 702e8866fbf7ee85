"""What an Orthanc would let in is judged before it is told to: the table of peers as a plan leaves it."""

from __future__ import annotations

from tests.e2e.conftest import Hospital
from tests.e2e.test_orthanc import Archive, archive, both, hospital  # noqa: F401 - fixtures
from tests.e2e.test_policies import with_policies

PACK = """\
pack: {name: ours}
rules:
  - id: OUR-AE-002
    title: Workstations are in no table of peers
    severity: critical
    kind: ae
    when: type == "workstation"
    condition: size(configured.trusted_by) == 0
    message: title + " is let in by " + configured.trusted_by.join(", ")
"""


def test_a_peer_that_a_policy_forbids_is_not_made(hospital: Hospital, archive: Archive):  # noqa: F811
    before = archive.titles()
    hospital.ok("record", "init")
    with_policies(hospital, ours=PACK)
    plan = hospital("plan", "--out", "plan.json")
    assert plan.code == 4, plan
    assert "critical[OUR-AE-002] Workstations are in no table of peers: ws-1/WS1" in plan.said
    assert "WS1 is let in by orthanc/peer/WS1" in plan.said
    assert hospital("apply", "plan.json").code == 4
    assert archive.titles() == before
    assert hospital("plan", "--exclude", "orthanc/peer/WS1").code == 0
