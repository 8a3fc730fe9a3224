"""Identifier shapes and check digits: known values and properties."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.codesets.identifiers import (
    NPI_PREFIX,
    is_ein,
    is_mbi,
    is_npi,
    is_ssn,
    is_taxonomy,
    is_type_of_bill,
    is_zip,
    is_zip9,
    luhn_holds,
    ndc11,
    normalise_mbi,
)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("1234567893", True),
        ("1234567890", False),
        ("1234567983", False),
        ("1234567899", False),
        ("2234567893", False),
        ("3000000000", False),
        ("123456789", False),
        ("12345678931", False),
        ("1234567893\n", False),
        ("١٢٣٤٥٦٧٨٩٣", False),
        ("", False),
    ],
)
def test_npi(text: str, good: bool) -> None:
    assert is_npi(text) is good


@given(st.integers(10**8, 3 * 10**8 - 1))
def test_exactly_one_last_digit_makes_an_npi(stem: int) -> None:
    good = [digit for digit in range(10) if is_npi(f"{stem}{digit}")]
    assert len(good) == 1


@given(st.integers(10**8, 3 * 10**8 - 1), st.integers(0, 8), st.integers(1, 9))
def test_one_wrong_digit_breaks_the_check(stem: int, place: int, shift: int) -> None:
    npi = next(f"{stem}{digit}" for digit in range(10) if is_npi(f"{stem}{digit}"))
    wrong = (int(npi[place]) + shift) % 10
    assert not luhn_holds(f"{NPI_PREFIX}{npi[:place]}{wrong}{npi[place + 1 :]}")


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("1EG4TE5MK73", True),
        ("1eg4-te5-mk73", True),
        ("1EG4 TE5 MK73", True),
        ("0EG4TE5MK73", False),
        ("1SG4TE5MK73", False),
        ("1EG4TE5MK7A", False),
        ("1EG4TE5MK7", False),
        ("TEST-J01", False),
        ("1EGATE5MK73", False),
        ("1E44TE5MK73", True),
        ("", False),
    ],
)
def test_mbi(text: str, good: bool) -> None:
    assert is_mbi(text) is good


@pytest.mark.parametrize("letter", "SLOIBZ")
@pytest.mark.parametrize("place", [1, 2, 4, 5, 7, 8])
def test_letters_that_look_like_digits_are_no_mbi(letter: str, place: int) -> None:
    mbi = "1EG4TE5MK73"
    assert not is_mbi(mbi[:place] + letter + mbi[place + 1 :])


@given(st.text(max_size=14))
def test_dashes_and_case_never_matter_to_an_mbi(text: str) -> None:
    assert is_mbi(text) == is_mbi(normalise_mbi(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1234-5678-90", "01234567890"),
        ("12345-678-90", "12345067890"),
        ("12345-6789-0", "12345678900"),
        ("12345-6789-01", "12345678901"),
        ("12345678901", "12345678901"),
        ("1234567890", None),
        ("123-4567-890", None),
        ("12345-67890-1", None),
        ("1234-5678-9A", None),
        ("", None),
    ],
)
def test_ndc(text: str, expected: str | None) -> None:
    assert ndc11(text) == expected


@given(st.text(max_size=14))
def test_an_ndc_is_eleven_digits_or_none(text: str) -> None:
    found = ndc11(text)
    assert found is None or (len(found) == 11 and found.isascii() and found.isdigit())


@pytest.mark.parametrize(
    ("text", "short", "full"),
    [
        ("53703", True, False),
        ("537031234", True, True),
        ("53703-1234", True, True),
        ("5370", False, False),
        ("53703-", False, False),
        ("5370A", False, False),
    ],
)
def test_zip(text: str, short: bool, full: bool) -> None:
    assert (is_zip(text), is_zip9(text)) == (short, full)


@pytest.mark.parametrize(
    ("text", "ein", "ssn"),
    [
        ("98-7654321", True, False),
        ("987-65-4321", False, True),
        ("987654321", True, True),
        ("111111111", False, False),
        ("11-1111111", False, False),
        ("123456789", False, False),
        ("123-45-6789", False, False),
        ("98765432", False, False),
        ("98765432A", False, False),
    ],
)
def test_tax_numbers(text: str, ein: bool, ssn: bool) -> None:
    assert (is_ein(text), is_ssn(text)) == (ein, ssn)


def test_taxonomy_and_type_of_bill() -> None:
    values = ("207Q00000X", "207Q00000", "207Q00000Y", "207q00000X")
    assert [is_taxonomy(value) for value in values] == [True, False, False, False]
    bills = ("0131", "0837", "131", "1131", "0031", "013")
    assert [is_type_of_bill(bill) for bill in bills] == [True, True, False, False, False, False]
