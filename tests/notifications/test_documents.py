"""Statements as documents: what they say, and that e-mail never tells more than it may."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from pypdf.generic import BooleanObject, DictionaryObject, TextStringObject

from services.notifications.channels.documents import protected, statement_pdf
from services.notifications.domain import message
from shared.money import Money
from tests.notifications.samples import line, statement


def read(document: bytes, password: str = "") -> str:
    reader = PdfReader(io.BytesIO(document), password=password or None)
    return "\n".join(page.extract_text() for page in reader.pages)


def test_says_amount_date_and_each_figure() -> None:
    told = read(statement_pdf(statement(line())))
    for piece in ("Amount due $25.00", "Dec 23, 2026", "$150.00", "$77.50", "$47.50", "53703-1234"):
        assert piece in told


def test_same_statement_same_bytes_and_tagged() -> None:
    first, second = statement_pdf(statement(line())), statement_pdf(statement(line()))
    assert first == second
    root = PdfReader(io.BytesIO(first)).root_object
    mark_info = root["/MarkInfo"].get_object()
    assert isinstance(mark_info, DictionaryObject)
    assert mark_info["/Marked"] == BooleanObject(True)
    assert root["/Lang"] == TextStringObject("en-US")


def test_data_stays_inert_text() -> None:
    told = read(statement_pdf(statement(line(description='#panic("x") *b* $1$ = h'))))
    assert '#panic("x") *b* $1$ = h' in told.replace("“", '"').replace("”", '"')


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 9_999_999), min_size=1, max_size=6))
def test_the_printed_total_is_the_sum_of_the_lines(owed: list[int]) -> None:
    body = statement(*[line(cents) for cents in owed])
    assert message.total_matches(body)
    assert f"Amount due ${Money(sum(owed))}" in read(statement_pdf(body))


def test_a_wrong_total_is_seen() -> None:
    body = statement(line(2500))
    wrong = type(body)(
        **{**{f: getattr(body, f) for f in body.__struct_fields__}, "amount_due_cents": 2501}
    )
    assert not message.total_matches(wrong)


def test_the_mailed_copy_opens_with_the_birth_date_only() -> None:
    copy = protected(statement_pdf(statement(line())), message.open_password("1980-02-03"))
    assert b"Ada Example" not in copy
    assert "Ada Example" in read(copy, "02031980")
    with pytest.raises(Exception, match="decrypted"):
        read(copy)


def test_the_message_tells_nothing_of_the_patient() -> None:
    text = message.SUBJECT + message.cover_text(statement(line()))
    for secret in ("Ada", "Example", "Lakeside", "25.00", "1980", "Office"):
        assert secret not in text
