"""Addresses as docs/model.md promises them."""

import pytest
from itu_align.graph import names


@pytest.mark.parametrize(
    ("identifier", "key"),
    [
        ("ITU-D-Q7-2/1-2006", "ITU-D-Q7-2.1-2006"),
        ("TDAG-20/13(Rev.1)-E", "TDAG-20.13-Rev.1-E"),
        ("CWG-WSIS&SDG-35/8-E", "CWG-WSIS-SDG-35.8-E"),
        ("  Teachers’ Portal ", "Teachers-Portal"),
        ("Азбука Интернета", "Азбука-Интернета"),
    ],
)
def test_key(identifier: str, key: str) -> None:
    assert names.key(identifier) == key


def test_mint_and_graph() -> None:
    assert names.mint("question", "ITU-T-Q4/17-2017") == "https://w3id.org/itu-align/id/question/ITU-T-Q4.17-2017"
    assert names.graph("itu_questions") == "https://w3id.org/itu-align/graph/itu_questions"


def test_shorten_uses_a_prefix_only_where_the_rest_is_a_local_name() -> None:
    assert names.shorten("http://metadata.un.org/sdg/9.c") == "sdg:9.c"
    assert names.shorten("https://w3id.org/itu-align/ontology#Question") == "align:Question"
    assert names.shorten("http://example.org/x") == "<http://example.org/x>"
    assert names.shorten("http://metadata.un.org/sdg/ontology#Goal") == "sdgo:Goal"
