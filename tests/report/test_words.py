import pytest

from pacsconf.report.words import counted, listed


@pytest.mark.parametrize(
    ("number", "noun", "words"),
    [
        (1, "error", "1 error"),
        (0, "device", "0 devices"),
        (3, "transfer-capability", "3 transfer-capabilities"),
        (2, "network-ae", "2 network-aes"),
        (12345, "resource", "12345 resources"),
    ],
)
def test_numbers_agree_with_their_nouns(number, noun, words):
    assert counted(number, noun) == words


def test_empty_parts_are_not_listed():
    assert listed(("a", "", "b")) == "a, b"
