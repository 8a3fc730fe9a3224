"""What makes two submissions the same patient, and how texts of people are read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.coding.domain.people import digits, natural_key, state_of
from shared.events.people import PersonIdentity, PostalAddress

PLACE = PostalAddress(line1="1 Pine Street", city="Madison", state="WI", zip_code="53703")
names = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1)


def who(last: str = "Example", first: str = "Ada", born: str = "1980-02-29") -> PersonIdentity:
    return PersonIdentity(last_name=last, first_name=first, birth_date=born, sex="F", address=PLACE)


def test_the_practices_number_decides_whatever_the_name_says() -> None:
    assert natural_key("p", "7", who()) == natural_key("p", " 7 ", who("Married"))
    assert natural_key("p", "7", who()) != natural_key("p", "8", who())
    assert natural_key("p", "7", who()) != natural_key("q", "7", who())


def test_without_a_number_spelling_of_the_name_does_not_matter() -> None:
    assert natural_key("p", "", who("de la Cruz")) == natural_key("p", "", who(" DE  LA cruz"))


@given(names, names, st.dates().map(str), names, names, st.dates().map(str))
def test_other_people_have_other_keys(  # noqa: PLR0917 - hypothesis hands them over
    last: str, first: str, born: str, last2: str, first2: str, born2: str
) -> None:
    same = (last.upper(), first.upper(), born) == (last2.upper(), first2.upper(), born2)
    keys = {
        natural_key("p", "", who(*one)) for one in ((last, first, born), (last2, first2, born2))
    }
    assert (len(keys) == 1) == same


def test_a_number_is_never_taken_for_a_name() -> None:
    tricky = "person\0EXAMPLE\0ADA\0" + who().birth_date
    assert natural_key("p", tricky, who()) != natural_key("p", "", who())


@pytest.mark.parametrize(
    ("text", "state"),
    [("WI", "WI"), ("wi", "WI"), ("Massachusetts", "MA"), ("district of columbia", "DC"),
     ("Ontario", ""), ("", ""), ("W", "")],
)  # fmt: skip
def test_states_in_letters_or_by_name(text: str, state: str) -> None:
    assert state_of(text) == state


def test_digits_are_ascii() -> None:
    assert digits("(608) 555-0111 ²") == "6085550111"
