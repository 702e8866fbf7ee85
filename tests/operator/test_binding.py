import tomllib

from hypothesis import given
from hypothesis import strategies as st

from pacsconf.inventory.endpoint import Endpoint
from pacsconf.inventory.values import SecretRef
from pacsconf.operator.binding import Binding, toml_string


@given(st.text(st.characters(blacklist_categories=["Cs"])))
def test_any_text_survives_toml(text):
    assert tomllib.loads(f"text = {toml_string(text)}") == {"text": text}


def test_a_binding_is_written_as_the_operator_file_wants_it():
    binding = Binding(SecretRef("env", "PW"), Endpoint.parse("ldaps://ldap.example.org"))
    assert binding.toml() == '[[secret]]\nref = "env:PW"\nfor = "ldaps://ldap.example.org:636"'
