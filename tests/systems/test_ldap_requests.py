"""Requests are the bytes that ldap3 would send."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ldap3.operation.add import add_operation
from ldap3.operation.delete import delete_operation
from ldap3.operation.modify import modify_operation
from ldap3.protocol.convert import build_controls_list
from ldap3.protocol.rfc4511 import LDAPMessage, MessageID, ProtocolOp
from ldap3.utils.asn1 import encode as ldap3_encode

from pacsconf.systems._ldap.requests import ASSERTION, Add, Delete, Modification, Modify, assertion, encode

OPERATIONS = ("MODIFY_ADD", "MODIFY_DELETE", "MODIFY_REPLACE")


def as_ldap3_has_it(request, message_id):
    if isinstance(request, Add):
        attributes = {name: list(values) for name, values in request.attributes.items()}
        kind, operation = "addRequest", add_operation(request.dn, attributes, auto_encode=False)
    elif isinstance(request, Modify):
        changes = {
            each.attribute: [(OPERATIONS[number], list(values)) for number, values in each.steps]
            for each in request.modifications
        }
        kind, operation = "modifyRequest", modify_operation(request.dn, changes, auto_encode=False)
    else:
        kind, operation = "delRequest", delete_operation(request.dn)
    version = getattr(request, "version", None)
    message = LDAPMessage()
    message["messageID"] = MessageID(message_id)
    message["protocolOp"] = ProtocolOp().setComponentByName(kind, operation)
    if version is not None:
        message["controls"] = build_controls_list([(ASSERTION, True, assertion(version))])
    return ldap3_encode(message)


names = st.text("abcdefghijklmnopqrstuvwxyz;-", min_size=1, max_size=12)
dns = st.text(min_size=1, max_size=200)
values = st.lists(st.binary(max_size=300), max_size=4, unique=True).map(tuple)
some_values = st.lists(st.binary(max_size=40), min_size=1, max_size=4, unique=True).map(tuple)
ids = st.one_of(st.integers(1, 70_000), st.integers(1, 2**31 - 1))
versions = st.none() | st.binary(min_size=1, max_size=60)
modifications = st.builds(Modification, names, values, values, st.just(False)).filter(
    lambda each: each.steps
) | st.builds(Modification, names, st.just(()), values, st.just(True))
adds = st.builds(Add, dns, st.dictionaries(names, some_values, min_size=1, max_size=5))
modifies = st.builds(
    Modify,
    dns,
    st.lists(modifications, min_size=1, max_size=4, unique_by=lambda each: each.attribute).map(tuple),
    versions,
)
deletes = st.builds(Delete, dns, versions)


@settings(max_examples=150, deadline=None)
@given(adds | modifies | deletes, ids)
def test_every_request_is_the_bytes_of_ldap3(request, message_id):
    assert encode(request, message_id) == as_ldap3_has_it(request, message_id)


@pytest.mark.parametrize("message_id", [1, 127, 128, 255, 256, 32_767, 32_768, 65_535, 65_536, 2**31 - 1])
@pytest.mark.parametrize("length", [0, 1, 100, 127, 128, 255, 256, 65_535, 65_536, 70_000])
def test_lengths_and_ids_at_their_borders(message_id, length):
    value = b"x" * length
    for request in (
        Add("cn=Röntgen,dc=x", {"description": (value, b"y")}),
        Modify("cn=x", (Modification("description", (value,), (b"y",)),), b"20261124120000.000000Z#0#0#0"),
        Delete("cn=" + "x" * length, b"1"),
    ):
        assert encode(request, message_id) == as_ldap3_has_it(request, message_id)
