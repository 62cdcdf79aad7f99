"""Bytes become text: byte order marks, patterns, and guesses that say that they are guesses."""

import codecs

import pytest
from itu_align.graph.intake.source import IntakeError
from itu_align.graph.intake.text import decode, guess_finding
from itu_align.graph.phrases import phrases

EN = phrases("en")
TABLE = "id,título\n1,Año – «señal»\n"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TABLE.encode(), "UTF-8"),
        (codecs.BOM_UTF8 + TABLE.encode(), "UTF-8"),
        (codecs.BOM_UTF16_LE + TABLE.encode("utf-16-le"), "UTF-16"),
        (codecs.BOM_UTF16_BE + TABLE.encode("utf-16-be"), "UTF-16"),
        (codecs.BOM_UTF32_LE + TABLE.encode("utf-32-le"), "UTF-32"),
        (codecs.BOM_UTF32_BE + TABLE.encode("utf-32-be"), "UTF-32"),
        (TABLE.encode("utf-16-le"), "UTF-16LE"),
        (TABLE.encode("utf-16-be"), "UTF-16BE"),
    ],
)
def test_unicode_is_read_without_its_mark_and_is_no_guess(content: bytes, encoding: str) -> None:
    assert decode(content, "t.csv") == (TABLE, encoding)
    assert guess_finding(content, "t.csv", encoding, EN) is None


@pytest.mark.parametrize(
    ("text", "codec", "name"),
    [
        ("id,name\n1,Société\n", "cp1252", "Windows-1252 (Western European)"),
        ("a,10 €\n", "cp1252", "Windows-1252 (Western European)"),
        ("код,название\n1,Развитие электросвязи\n", "cp1251", "Windows-1251 (Cyrillic)"),
        ("id,name\n1,الاتحاد الدولي للاتصالات\n2,التنمية المستدامة\n", "cp1256", "Windows-1256 (Arabic)"),
        ("id,name\n1,国际电信联盟\n2,可持续发展目标\n", "gb18030", "GB 18030 (Chinese)"),
        ("id,name\n1,国際電気通信連合\n2,持続可能な開発目標のための\n", "shift_jis", "Shift JIS (Japanese)"),
        ("id,name\n1,국제전기통신연합\n2,지속가능발전목표\n", "euc_kr", "EUC-KR (Korean)"),
    ],
)
def test_legacy_encoding_is_guessed_from_the_letters(text: str, codec: str, name: str) -> None:
    content = text.encode(codec)
    assert decode(content, "t.csv") == (text, codec)
    finding = guess_finding(content, "t.csv", codec, EN)
    assert finding is not None
    assert finding.severity == "Warning"
    assert finding.shape == "https://w3id.org/itu-align/shapes#intake-encoding"
    assert finding.value == name


def test_guess_names_the_first_byte_that_is_not_utf8() -> None:
    content = "id,name\r\n1,Société\r\n".encode("cp1252")
    finding = guess_finding(content, "t.csv", decode(content, "t.csv")[1], EN)
    assert finding is not None
    assert finding.place is not None
    assert (finding.place.line, finding.place.column, finding.place.excerpt) == (2, 7, "1,Société")
    assert finding.expected == "the text is in UTF-8, but byte 0xE9 here is not."


def test_accents_late_in_a_long_file_are_found() -> None:
    content = ("1,plain\n" * 100_000 + "2,Développement durable à l’échelle régionale\n").encode("cp1252")
    text, encoding = decode(content, "t.csv")
    assert encoding == "cp1252"
    assert text.endswith("l’échelle régionale\n")


def test_utf16_that_breaks_off_in_the_middle_of_a_pair_is_refused_at_its_end() -> None:
    content = codecs.BOM_UTF16_LE + "a,b\n1".encode("utf-16-le")[:-1]
    with pytest.raises(IntakeError, match="UTF-16 by its first bytes, but the byte at offset 10 is not") as caught:
        decode(content, "t.csv")
    assert caught.value.place is not None
    assert (caught.value.place.line, caught.value.place.column) == (2, 1)
    assert "UTF-8" in caught.value.hint


def test_marked_utf8_with_a_foreign_byte_is_refused_and_not_guessed() -> None:
    with pytest.raises(IntakeError, match="UTF-8 by its first bytes, but the byte at offset 5 is not"):
        decode(codecs.BOM_UTF8 + b"a,\xe9\n", "t.csv")


def test_bytes_of_no_known_encoding_are_refused() -> None:
    content = bytes(range(128, 256)) * 3
    with pytest.raises(IntakeError, match="0x80 is not UTF-8"):
        decode(content, "t.csv")
