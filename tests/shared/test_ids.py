"""Identities: rising when minted, the same when derived, readable in public."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import clock, ids
from shared.errors import Invalid

KINDS = sorted(ids.PREFIXES)


def milliseconds() -> int:
    return (clock.system() - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def test_a_new_id_is_a_uuid_of_version_7_and_of_now() -> None:
    before = milliseconds()
    made = ids.new()
    after = milliseconds()
    assert (made.version, made.variant) == (7, RFC_4122)
    assert before <= made.int >> 80 <= after


def test_new_ids_differ_and_rise_with_time(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len({ids.new() for _ in range(20_000)}) == 20_000
    instants = iter(range(1_700_000_000_000_000_000, 1_700_000_001_000_000_000, 1_000_000))
    monkeypatch.setattr(time, "time_ns", lambda: next(instants))
    made = [ids.new() for _ in range(1_000)]
    assert made == sorted(made)


def test_every_random_bit_is_used() -> None:
    ones, zeros = 0, (1 << 128) - 1
    for _ in range(200):
        value = ids.new().int
        ones, zeros = ones | value, zeros & value
    random_bits = ((1 << 76) - 1) & ~(0b11 << 62)
    assert ones & random_bits == random_bits
    assert zeros & random_bits == 0


@given(parent=st.uuids(), name=st.text(max_size=50))
def test_a_derived_id_is_the_uuid5_of_parent_and_name(parent: UUID, name: str) -> None:
    assert ids.derived(parent, name) == uuid5(parent, name)


def test_claims_and_accounts_are_derived() -> None:
    encounter, patient = ids.new(), ids.new()
    assert ids.claim_id(encounter, 1, 1) == uuid5(encounter, "claim:1:1")
    claims = {ids.claim_id(encounter, rank, generation) for rank in (1, 2) for generation in (1, 2)}
    assert len(claims) == 4
    assert ids.account_id(patient) == uuid5(patient, "account")


@pytest.mark.parametrize("kind", KINDS)
@given(value=st.uuids())
def test_the_public_form_comes_back(kind: str, value: UUID) -> None:
    shown = ids.shown(kind, value)
    assert shown.startswith(f"{ids.PREFIXES[kind]}_")
    assert len(shown) == 30
    assert ids.read(kind, shown) == value


def test_the_public_form_by_example() -> None:
    shown = "clm_aaaaaaaaaaaaaaaaaaaaaaaaaa"
    assert ids.shown("claim", ids.NIL) == shown
    assert ids.read("claim", shown) == ids.NIL


def test_prefixes_are_three_letters_and_differ() -> None:
    prefixes = list(ids.PREFIXES.values())
    assert len(set(prefixes)) == len(prefixes)
    assert {len(prefix) for prefix in prefixes} == {3}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "clm",
        "clm_",
        "enc_aaaaaaaaaaaaaaaaaaaaaaaaaa",
        "clm_AAAAAAAAAAAAAAAAAAAAAAAAAA",
        "clm_aaaaaaaaaaaaaaaaaaaaaaaaa",
        "clm_aaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "clm_aaaaaaaaaaaaaaaaaaaaaaaaa1",
        "clm_aaaaaaaaaaaaaaaaaaaaaaaaa=",
        "clm_aaaaaaaaaaaaaaaaaaaaaaaaé",
        "01900000-0000-7000-8000-000000000001",
    ],
)
def test_anything_else_is_malformed(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        ids.read("claim", text)
    assert refusal.value.code == "malformed_id"


@given(text=st.text(alphabet="abcdefghijklmnopqrstuvwxyz234567", min_size=26, max_size=26))
def test_one_id_has_one_public_form(text: str) -> None:
    """The last letter holds two spare bits; what sets them is no second name of the same thing."""
    shown = f"clm_{text}"
    try:
        value = ids.read("claim", shown)
    except Invalid:
        return
    assert ids.shown("claim", value) == shown
