"""Sealed values open in their own place under their own key, and nowhere else."""

from __future__ import annotations

import base64
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from shared import ids
from shared.errors import Unreadable
from shared.events.people import MemberIdentity, PersonIdentity, PostalAddress
from shared.sealing import Cell, Keyring, SealBroken

ONE = UUID("01900000-0000-7000-8000-000000000001")
TWO = UUID("01900000-0000-7000-8000-000000000002")
ROW = UUID("01900000-0000-7000-8000-00000000000a")

PERSON = PersonIdentity(
    last_name="Testperson",
    first_name="Änne",
    birth_date="1970-02-03",
    sex="F",
    address=PostalAddress(line1="1 Sample St", city="Springfield", state="IL", zip_code="62701"),
)

IDENTITY = Cell("claims", ONE, "patients.identity", ROW)


class Other(Struct):
    """A struct of another shape."""

    amount: int


@pytest.fixture
def keys(tmp_path: Path) -> Keyring:
    return Keyring(tmp_path, create_missing=True)


@pytest.fixture(scope="module")
def kept_keys(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    return Keyring(tmp_path_factory.mktemp("keys"), create_missing=True)


def test_an_event_field_opens_in_every_service(tmp_path: Path) -> None:
    sealed = Keyring(tmp_path, create_missing=True).seal_event(ONE, PERSON)
    assert sealed.startswith("transit-1.")
    assert "Testperson" not in sealed
    assert Keyring(tmp_path).open_event(ONE, sealed, PersonIdentity) == PERSON


def test_the_same_value_is_sealed_differently_each_time(keys: Keyring) -> None:
    assert len({keys.seal_event(ONE, PERSON) for _ in range(50)}) == 50


def test_an_event_field_of_another_tenant_does_not_open(keys: Keyring) -> None:
    sealed = keys.seal_event(ONE, PERSON)
    keys.seal_event(TWO, PERSON)
    with pytest.raises(Unreadable, match="sealed_field"):
        keys.open_event(TWO, sealed, PersonIdentity)


def test_an_event_field_of_another_shape_does_not_open(keys: Keyring) -> None:
    with pytest.raises(Unreadable, match="sealed_field"):
        keys.open_event(ONE, keys.seal_event(ONE, PERSON), Other)


@given(place=st.integers(0, 400), flip=st.integers(1, 255))
def test_any_changed_byte_is_noticed(kept_keys: Keyring, place: int, flip: int) -> None:
    sealed = kept_keys.seal_column(IDENTITY, PERSON)
    key_id, _, encoded = sealed.partition(".")
    body = bytearray(base64.b64decode(encoded))
    body[place % len(body)] ^= flip
    broken = f"{key_id}.{base64.b64encode(bytes(body)).decode()}"
    with pytest.raises(SealBroken):
        kept_keys.open_column(IDENTITY, broken, PersonIdentity)


@given(value=st.binary(max_size=2_000))
def test_bytes_come_back_as_they_were(kept_keys: Keyring, value: bytes) -> None:
    cell = Cell("payments", ONE, "files.content", ROW)
    sealed = kept_keys.seal_column(cell, value)
    assert kept_keys.open_column(cell, sealed, bytes) == value


def test_a_struct_comes_back_as_it_was(keys: Keyring) -> None:
    member = MemberIdentity(member_id="W000000000", subscriber=PERSON)
    cell = Cell("claims", ONE, "coverages.member", ROW)
    sealed = keys.seal_column(cell, member)
    assert keys.open_column(cell, sealed, MemberIdentity) == member


@pytest.mark.parametrize(
    "elsewhere",
    [
        IDENTITY._replace(service="payments"),
        IDENTITY._replace(tenant_id=TWO),
        IDENTITY._replace(place="patients.other"),
        IDENTITY._replace(row=ids.derived(ROW, "another")),
    ],
)
def test_a_moved_column_value_does_not_open(keys: Keyring, elsewhere: Cell) -> None:
    """Every service and tenant has a key here, so it is the place that decides."""
    sealed = keys.seal_column(IDENTITY, b"secret")
    keys.seal_column(elsewhere, b"other")
    with pytest.raises(SealBroken):
        keys.open_column(elsewhere, sealed, bytes)


def test_a_key_given_to_another_tenant_does_not_open_either(tmp_path: Path) -> None:
    """The tenant is bound into the value, not only into the choice of the key."""
    keys = Keyring(tmp_path, create_missing=True)
    sealed = keys.seal_event(ONE, PERSON)
    (tmp_path / str(TWO)).mkdir()
    (tmp_path / str(TWO) / "transit-1").write_bytes(
        (tmp_path / str(ONE) / "transit-1").read_bytes()
    )
    with pytest.raises(Unreadable):
        keys.open_event(TWO, sealed, PersonIdentity)


def test_a_store_value_passed_off_as_a_transit_value_does_not_open(keys: Keyring) -> None:
    stored = keys.seal_column(IDENTITY, PERSON)
    with pytest.raises(Unreadable):
        keys.open_event(ONE, stored, PersonIdentity)


def test_the_newest_key_seals_and_all_keys_open(keys: Keyring, tmp_path: Path) -> None:
    before = keys.seal_event(ONE, PERSON)
    assert keys.rotate(ONE, "transit") == "transit-2"
    after = keys.seal_event(ONE, PERSON)
    assert after.startswith("transit-2.")
    for ring in (keys, Keyring(tmp_path)):
        assert ring.open_event(ONE, before, PersonIdentity) == PERSON
        assert ring.open_event(ONE, after, PersonIdentity) == PERSON


def test_a_running_process_notices_a_newer_key(tmp_path: Path) -> None:
    running = Keyring(tmp_path, create_missing=True, refresh_seconds=0)
    lazy = Keyring(tmp_path, create_missing=True)
    running.seal_event(ONE, PERSON)
    lazy.seal_event(ONE, PERSON)
    Keyring(tmp_path).rotate(ONE, "transit")
    assert running.seal_event(ONE, PERSON).startswith("transit-2.")
    assert lazy.seal_event(ONE, PERSON).startswith("transit-1.")


def test_ten_keys_are_counted_not_spelled(keys: Keyring) -> None:
    keys.seal_event(ONE, PERSON)
    for _ in range(10):
        keys.rotate(ONE, "transit")
    assert keys.seal_event(ONE, PERSON).startswith("transit-11.")


def test_a_missing_key_is_made_only_when_asked_for(tmp_path: Path) -> None:
    with pytest.raises(SealBroken, match="no transit key"):
        Keyring(tmp_path).seal_event(ONE, PERSON)
    assert not list(tmp_path.iterdir())


def test_a_destroyed_key_makes_values_unreadable(tmp_path: Path) -> None:
    sealed = Keyring(tmp_path, create_missing=True).seal_event(ONE, PERSON)
    (tmp_path / str(ONE) / "transit-1").unlink()
    with pytest.raises(Unreadable):
        Keyring(tmp_path, create_missing=True).open_event(ONE, sealed, PersonIdentity)


def test_key_files_are_readable_by_their_owner_only(keys: Keyring, tmp_path: Path) -> None:
    keys.seal_event(ONE, PERSON)
    keys.blind_index("claims", ONE, purpose="member", text="x")
    files = sorted((tmp_path / str(ONE)).iterdir())
    assert [file.name for file in files] == ["index-claims-1", "transit-1"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o400}
    assert stat.S_IMODE((tmp_path / str(ONE)).stat().st_mode) == 0o700


def test_a_key_made_between_looking_and_writing_is_the_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring, faster = (Keyring(tmp_path, create_missing=True) for _ in range(2))
    look = ring._numbers

    def late(tenant_id: UUID, family: str) -> list[int]:
        found = look(tenant_id, family)
        faster.seal_event(ONE, PERSON)
        return found

    monkeypatch.setattr(ring, "_numbers", late)
    sealed = ring.seal_event(ONE, PERSON)
    assert [file.name for file in (tmp_path / str(ONE)).iterdir()] == ["transit-1"]
    assert faster.open_event(ONE, sealed, type(PERSON)) == PERSON


def test_two_processes_agree_on_a_key_both_had_to_make(tmp_path: Path) -> None:
    rings = [Keyring(tmp_path, create_missing=True) for _ in range(16)]
    with ThreadPoolExecutor(16) as pool:
        sealed = list(pool.map(lambda ring: ring.seal_event(ONE, PERSON), rings))
    assert [file.name for file in (tmp_path / str(ONE)).iterdir()] == ["transit-1"]
    reader = Keyring(tmp_path)
    assert all(reader.open_event(ONE, each, PersonIdentity) == PERSON for each in sealed)


def test_wrapped_keys_need_the_key_that_wraps(tmp_path: Path) -> None:
    kek = bytes(range(32))
    sealed = Keyring(tmp_path, create_missing=True, kek=kek).seal_event(ONE, PERSON)
    assert len((tmp_path / str(ONE) / "transit-1").read_bytes()) == 40
    assert Keyring(tmp_path, kek=kek).open_event(ONE, sealed, PersonIdentity) == PERSON
    for ring in (Keyring(tmp_path, kek=bytes(32)), Keyring(tmp_path)):
        with pytest.raises(Unreadable):
            ring.open_event(ONE, sealed, PersonIdentity)


def test_a_blind_index_is_equal_for_equal_texts_of_one_place(keys: Keyring, tmp_path: Path) -> None:
    index = keys.blind_index("coding", ONE, purpose="member", text="W000")
    assert len(index) == 32
    assert Keyring(tmp_path).blind_index("coding", ONE, purpose="member", text="W000") == index
    others = {
        keys.blind_index("coding", ONE, purpose="member", text="W001"),
        keys.blind_index("coding", ONE, purpose="mrn", text="W000"),
        keys.blind_index("coding", TWO, purpose="member", text="W000"),
        keys.blind_index("claims", ONE, purpose="member", text="W000"),
        index,
    }
    assert len(others) == 5


def test_an_index_key_never_rotates(keys: Keyring) -> None:
    with pytest.raises(ValueError, match="fixed"):
        keys.rotate(ONE, "index-coding")


@pytest.mark.parametrize(
    "sealed",
    [
        "",
        "transit-1",
        "transit-1.",
        "transit-1.%%%",
        "transit-1.AAAA",
        "../../etc/passwd.AAAA",
        "transit-../x.AAAA",
        ".AAAA",
        "store-claims-1.AAAA",
        "transit-99.AAAA",
        "transit-1/x.AAAA",
        "transit-/etc/passwd.AAAA",
        "transit-\0.AAAA",
        "transit-\u0661.AAAA",
        f"transit-{'9' * 300}.AAAA",
    ],
)
def test_what_is_no_sealed_value_is_unreadable(keys: Keyring, sealed: str) -> None:
    keys.seal_event(ONE, PERSON)
    with pytest.raises(Unreadable):
        keys.open_event(ONE, sealed, PersonIdentity)


def test_no_message_tells_a_value(keys: Keyring) -> None:
    sealed = keys.seal_column(IDENTITY, PERSON)
    with pytest.raises(SealBroken) as broken:
        keys.open_column(IDENTITY._replace(tenant_id=TWO), sealed, PersonIdentity)
    assert "Testperson" not in repr(broken.value)
    assert sealed not in repr(broken.value)


def test_the_installations_key_stands_under_the_nil_tenant(keys: Keyring, tmp_path: Path) -> None:
    cell = Cell("claims", ids.NIL, "dead_letters.payload", ROW)
    sealed = keys.seal_column(cell, b"{")
    assert (tmp_path / str(ids.NIL) / "store-claims-1").exists()
    assert keys.open_column(cell, sealed, bytes) == b"{"
