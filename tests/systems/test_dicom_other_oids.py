"""Nothing depends on how a schema numbers and orders what it names: an archive's own does otherwise than ours."""

from __future__ import annotations

from contextlib import ExitStack

from pacsconf.lab import slapd
from tests import older_schemas
from tests.archive_tree import text
from tests.ldif_compare import load


def test_the_same_tree_is_read_under_any_numbers(tmp_path, opener):
    """A whole archive, with all that is odd in it."""
    read = {}
    with ExitStack() as servers:
        for name, schemas in (
            ("ours", slapd.SCHEMAS),
            ("other", older_schemas.renumbered(tmp_path / "schemas")),
        ):
            options = slapd.Options(tls=False, schemas=schemas)
            server = servers.enter_context(slapd.started(tmp_path / name, options))
            load(server, text(size=0, oddities=["secrets", "multi_rdn", "spaces", "vendor_data"]))
            system = opener(server, extensions=("dcm4chee",))
            read[name] = {each.address: each.fields() for each in system.read().resources}
            read[name, "odd"] = [(each.rule, each.summary) for each in system.oddities()]
    assert len(read["ours"]) > 1300
    assert read["ours"] == read["other"]
    assert read["ours", "odd"] == read["other", "odd"]
