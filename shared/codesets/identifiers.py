"""Shapes and check digits of the identifiers on a claim: NPI, MBI, NDC, ZIP, EIN, SSN, taxonomy."""

from __future__ import annotations

import re

NPI_PREFIX = "80840"
_NPI = re.compile(r"[12][0-9]{9}", re.ASCII)
_LETTER = "[AC-HJKMNP-RT-Y]"  # no S L O I B Z
_EITHER = "[0-9AC-HJKMNP-RT-Y]"
_MBI = re.compile(
    f"[1-9]{_LETTER}{_EITHER}[0-9]{_LETTER}{_EITHER}[0-9]{_LETTER}{_LETTER}[0-9][0-9]", re.ASCII
)
_NINE = re.compile(r"[0-9]{9}", re.ASCII)
_EIN = re.compile(r"[0-9]{2}-?[0-9]{7}", re.ASCII)
_SSN = re.compile(r"[0-9]{3}-?[0-9]{2}-?[0-9]{4}", re.ASCII)
_ZIP = re.compile(r"[0-9]{5}(-?[0-9]{4})?", re.ASCII)
_ZIP9 = re.compile(r"[0-9]{5}-?[0-9]{4}", re.ASCII)
_TAXONOMY = re.compile(r"[0-9A-Z]{9}X", re.ASCII)
_TYPE_OF_BILL = re.compile(r"0[1-9][1-9][0-9A-Z]", re.ASCII)
_NDC_LENGTHS = {(5, 4, 2), (4, 4, 2), (5, 3, 2), (5, 4, 1)}
_NDC_FULL = (5, 4, 2)


def luhn_holds(digits: str) -> bool:
    """True when the last digit is the Luhn check digit of those before it (ASCII digits only)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def is_npi(text: str) -> bool:
    """Ten digits, first 1 or 2, Luhn over 80840 + NPI (45 CFR 162.406)."""
    return _NPI.fullmatch(text) is not None and luhn_holds(NPI_PREFIX + text)


def is_mbi(text: str) -> bool:
    """Medicare Beneficiary Identifier; dashes and case do not matter (CMS MBI format)."""
    return _MBI.fullmatch(normalise_mbi(text)) is not None


def normalise_mbi(text: str) -> str:
    """Without dashes and spaces, upper case: the eleven characters a claim carries."""
    return text.replace("-", "").replace(" ", "").upper()


def ndc11(text: str) -> str | None:
    """The eleven-digit 5-4-2 form of an NDC without dashes; None when the shape is not one.

    Ten digits need their dashes (4-4-2, 5-3-2, 5-4-1): without them the short part is unknown.
    """
    parts = text.strip().split("-")
    if not all(part.isascii() and part.isdigit() for part in parts):
        return None
    if len(parts) == 1:
        return parts[0] if len(parts[0]) == sum(_NDC_FULL) else None
    if tuple(len(part) for part in parts) not in _NDC_LENGTHS:
        return None
    return "".join(part.zfill(width) for part, width in zip(parts, _NDC_FULL, strict=True))


def is_zip(text: str) -> bool:
    """Five or nine digits, dash allowed: patient and subscriber addresses."""
    return _ZIP.fullmatch(text) is not None


def is_zip9(text: str) -> bool:
    """Nine digits, dash allowed: billing provider and service facility (837 N403)."""
    return _ZIP9.fullmatch(text) is not None


def is_ein(text: str) -> bool:
    """Employer identification number: nine digits, not all equal, not 123456789."""
    return _EIN.fullmatch(text) is not None and _is_plausible(text)


def is_ssn(text: str) -> bool:
    """Social security number: nine digits, not all equal, not 123456789."""
    return _SSN.fullmatch(text) is not None and _is_plausible(text)


def is_taxonomy(text: str) -> bool:
    """Provider taxonomy value: ten characters, the last is X."""
    return _TAXONOMY.fullmatch(text) is not None


def is_type_of_bill(text: str) -> bool:
    """Four characters with leading zero: facility, class, frequency (UB-04 form locator 4)."""
    return _TYPE_OF_BILL.fullmatch(text) is not None


def _is_plausible(text: str) -> bool:
    digits = text.replace("-", "")
    return _NINE.fullmatch(digits) is not None and len(set(digits)) > 1 and digits != "123456789"
