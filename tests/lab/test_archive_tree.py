"""The archive's tree in the lab's slapd: it is taken whole, and given back as it was."""

from __future__ import annotations

from collections import Counter

import pytest

from pacsconf.lab import slapd
from tests.archive_tree import ODDITIES, Archive, text
from tests.ldif_compare import differences, dump, load, name_of, of_server, of_text, pair_of, told


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A directory with nothing in it."""
    options = slapd.Options(tls=False, audited=False)
    with slapd.started(tmp_path_factory.mktemp("archive") / "slapd", options) as running:
        yield running


@pytest.fixture(scope="module")
def loaded(server):
    """The text that was loaded, with all oddities."""
    made = text(oddities=ODDITIES)
    load(server, made)
    return made


def test_it_is_taken_whole_and_given_back_as_it_was(server, loaded):
    root = Archive().root
    held = of_server(server, root)
    assert len(held) >= 1600
    assert differences(of_text(loaded), held, secrets=True) == []


def test_values_come_back_in_their_order_too(server, loaded):
    """So what is dumped is what was loaded, and an export can be told from its source by eye."""
    given = _records(dump(server, Archive().root))
    assert [values for _, values in sorted(_records(loaded.encode()).items())] == [
        values for _, values in sorted(given.items())
    ]


def _records(ldif):
    """The lines of each entry, in their order, unfolded and out of base64."""
    lines = ldif.replace(b"\n ", b"").splitlines()
    found, dn = {}, ""
    for name, value in [pair_of(each) for each in lines if each and not each.startswith((b"#", b"version"))]:
        if name == "dn":
            dn = told(name_of(value.decode()))
            found[dn] = []
        else:
            found[dn].append((name, value))
    return found


def test_it_has_what_an_archive_has():
    entries = Archive().entries()
    kinds = Counter(
        value.decode() for each in entries for name, value in each.values if name == "objectClass"
    )
    below = f"dicomAETitle=DCM4CHEE,{Archive().device}"
    capabilities = [
        each for each in entries if each.dn.endswith(f" SCP,{below}") or each.dn.endswith(f" SCU,{below}")
    ]
    assert len(capabilities) > 500
    assert kinds["dcmArchiveNetworkAE"] == 8
    assert {len(values) for _, values in _syntaxes(capabilities)} >= {1, 2, 3, 9, 11}
    for kind in NEEDED.split():
        assert kinds[kind], kind


NEEDED = """
dcmArchiveDevice dcmStorage dcmQueryRetrieveView dcmQueue dcmExporter dcmExportRule dcmArchiveCompressionRule
dcmArchiveAttributeCoercion2 dcmRejectionNote dcmStudyRetentionPolicy hl7StudyRetentionPolicy
dcmStoreAccessControlIDRule hl7Application dcmArchiveHL7Application hl7ForwardRule dcmWebApp dcmAuditLogger
dcmAuditSuppressCriteria dcmAuditRecordRepository dcmKeycloakClient dicomUniqueAETitle hl7UniqueApplicationName
dcmUniqueWebAppName dcmuiConfig dcmuiPermission dcmImageReader dcmImageWriter dcmBulkDataDescriptor
dcmAttributeFilter dcmAttributeSet dcmIDGenerator dcmMetrics dcmUPSProcessingRule
"""


def _syntaxes(entries):
    for each in entries:
        yield each.dn, [value for name, value in each.values if name == "dicomTransferSyntax"]


def test_it_is_as_large_as_it_is_wished_and_the_same_each_time():
    entries = Archive(size=20_000).entries()
    assert 20_000 <= len(entries) < 20_020
    assert len({each.dn for each in entries}) == len(entries)
    assert text(size=3000) == text(size=3000)


def test_an_entry_comes_after_the_one_above_it():
    seen = {Archive().base}
    for each in Archive(size=2000, oddities=ODDITIES).entries():
        above = each.dn.replace("\\,", "<comma>").partition(",")[2].replace("<comma>", "\\,")
        assert above in seen, each.dn
        seen.add(each.dn)


def test_twenty_thousand_entries_are_taken(tmp_path):
    made = text(size=20_000, oddities=ODDITIES)
    options = slapd.Options(tls=False, audited=False, ldif="\n" + made.partition("\n\n")[2])
    with slapd.started(tmp_path / "slapd", options) as server:
        assert differences(of_text(made), of_server(server, Archive().root)) == []
