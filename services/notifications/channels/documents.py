"""Statements as PDF: typst renders (tagged, same input same bytes), pypdf encrypts for e-mail."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import cast

import msgspec
import typst
from pypdf import PdfReader, PdfWriter

from shared.events.payments import StatementBody

TEMPLATE = Path(__file__).with_name("statement.typ")


@cache
def _template() -> bytes:
    return TEMPLATE.read_bytes()


def statement_pdf(statement: StatementBody) -> bytes:
    """The statement as PDF/UA-1, byte-identical for equal statements; data stays inert text."""
    compiler = typst.Compiler(
        _template(),
        ignore_system_fonts=True,
        sys_inputs={"statement": msgspec.json.encode(statement).decode()},
    )
    return cast(bytes, compiler.compile(format="pdf", pdf_standards=["ua-1"]))


def protected(document: bytes, password: str) -> bytes:
    """The document encrypted with AES-256, to be opened with the password."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(document)))
    writer.encrypt(password, algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
