"""Pages follow each other without gaps, and a cursor works only where it was made."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import clock, ids
from shared.database import Database
from shared.errors import Invalid
from shared.sealing import Keyring
from shared.web.paging import Position, read_cursor, write_cursor
from tests.shared.web import routes
from tests.shared.web.test_problems import problem
from tests.support.builders import OTHER_TENANT, TENANT
from tests.support.web import client_for, principal

SCOPE = "claims POST /v1/claims/search"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    return Keyring(tmp_path_factory.mktemp("keys"), create_missing=True)


async def add(client: httpx.AsyncClient, many: int) -> set[str]:
    made = set()
    for number in range(many):
        headers = {"Idempotency-Key": f"add-{number}"}
        answer = await client.post("/v1/things", json={"amount_cents": number}, headers=headers)
        made.add(answer.json()["id"])
    return made


async def test_pages_follow_each_other(client: httpx.AsyncClient) -> None:
    made = await add(client, 5)
    seen: list[str] = []
    cursor = None
    for size in (2, 2, 1):
        page = (await client.post("/v1/things/search", json={"limit": 2, "cursor": cursor})).json()
        seen += [thing["id"] for thing in page["data"]]
        cursor = page["next_cursor"]
        assert len(page["data"]) == size
        assert page["has_more"] is (cursor is not None)
    assert cursor is None
    assert len(seen) == 5
    assert set(seen) == made


async def test_a_cursor_holds_only_where_it_was_made(
    client: httpx.AsyncClient, database: Database
) -> None:
    await add(client, 3)
    search = {"limit": 1}
    cursor = (await client.post("/v1/things/search", json=search)).json()["next_cursor"]
    other_filter = {"limit": 1, "least_cents": 1, "cursor": cursor}
    answer = await client.post("/v1/things/search", json=other_filter)
    problem(answer, 422, "cursor_mismatch")
    async with client_for(routes.router, database, principal(tenant_id=OTHER_TENANT)) as other:
        answer = await other.post("/v1/things/search", json={"limit": 1, "cursor": cursor})
        problem(answer, 422, "cursor_malformed")
    with clock.fixed(clock.system() + timedelta(hours=25)):
        answer = await client.post("/v1/things/search", json={"limit": 1, "cursor": cursor})
        problem(answer, 422, "cursor_expired")


@pytest.mark.parametrize("limit", [0, 201, -1])
async def test_limits_of_a_page(client: httpx.AsyncClient, limit: int) -> None:
    answer = await client.post("/v1/things/search", json={"limit": limit})
    assert problem(answer, 422, "invalid_request")["errors"][0]["pointer"] == "/limit"


@pytest.mark.parametrize("cursor", ["", "x", "transit~1.", "transit~1.AAAA", "../x.y", "k" * 2000])
async def test_rubbish_is_no_cursor(client: httpx.AsyncClient, cursor: str) -> None:
    answer = await client.post("/v1/things/search", json={"cursor": cursor})
    problem(answer, 422, "cursor_malformed")


def test_every_byte_counts(keys: Keyring) -> None:
    cursor = write_cursor(keys, TENANT, scope=SCOPE, filter_by={"a": 1}, position=(ids.NIL, 1))
    head, body = cursor.split(".")
    raw = bytearray(base64.b64decode(body.translate(str.maketrans("-_", "+/"))))
    for place in range(len(raw)):
        changed = bytearray(raw)
        changed[place] ^= 1
        forged = f"{head}.{base64.b64encode(changed).decode().translate(str.maketrans('+/', '-_'))}"
        with pytest.raises(Invalid) as refused:
            read_cursor(keys, TENANT, forged, scope=SCOPE, filter_by={"a": 1})
        assert refused.value.code == "cursor_malformed"


def test_another_sealed_value_is_no_cursor(keys: Keyring) -> None:
    from shared.events.people import MemberIdentity

    sealed = keys.seal_event(TENANT, MemberIdentity(member_id="1"))
    with pytest.raises(Invalid):
        read_cursor(keys, TENANT, sealed, scope=SCOPE, filter_by=None)


def test_a_cursor_shows_nothing_and_fits_in_a_url(keys: Keyring) -> None:
    cursor = write_cursor(keys, TENANT, scope=SCOPE, filter_by=None, position=("Quirrell",))
    inside = base64.b64decode(cursor.split(".")[1].translate(str.maketrans("-_", "+/")))
    assert b"Quirrell" not in inside
    assert not set(cursor) & set("+/&?# %")


VALUES = st.one_of(
    st.none(),
    st.integers(),
    st.text(max_size=20),
    st.uuids(),
    st.dates(),
    st.datetimes(timezones=st.just(UTC)),
)


@given(position=st.lists(VALUES, max_size=4).map(tuple))
def test_a_position_comes_back_as_it_was(keys: Keyring, position: Position) -> None:
    cursor = write_cursor(keys, TENANT, scope=SCOPE, filter_by=None, position=position)
    back = read_cursor(keys, TENANT, cursor, scope=SCOPE, filter_by=None)
    assert back == position
    assert [type(value) for value in back] == [type(value) for value in position]


def test_positions_of_every_kind(keys: Keyring) -> None:
    position = (UUID(int=1), datetime(2026, 11, 2, tzinfo=UTC), date(2026, 11, 2), 3, "x", None)
    cursor = write_cursor(keys, TENANT, scope=SCOPE, filter_by=None, position=position)
    assert read_cursor(keys, TENANT, cursor, scope=SCOPE, filter_by=None) == position
