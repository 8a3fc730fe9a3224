"""Writers: a delimiter in any value is refused, and what comes again is written the same."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from shared.x12 import (
    Controls,
    Options,
    UnwritableError,
    claim_837,
    read,
    remittance_835,
    write_interchange,
)
from shared.x12.envelope import written
from shared.x12.guides.claim import CLAIM_837P
from shared.x12.segments import FOLDED, Delimiters, SegmentWriter
from tests.shared.x12.generated import era_of
from tests.shared.x12.material import AT, MESSAGES, ROUTE, TODAY

TAIL = "QJQ"
BATCH = claim_837.batch_of(
    read((MESSAGES / "837p_full.edi").read_bytes(), Options(today=TODAY)).sets[0].values
)


def _changed(value: Any, mark: str) -> Iterator[Any]:
    """The value with a mark put into one of its texts, for each of them."""
    if isinstance(value, str):
        yield value + mark + TAIL
    elif isinstance(value, tuple):
        for at, part in enumerate(value):
            for other in _changed(part, mark) if part else ():
                parts = (*value[:at], other, *value[at + 1 :])
                yield type(value)(*parts) if hasattr(value, "_fields") else parts


def _marked_claims(mark: str) -> Iterator[tuple[str, claim_837.Claim]]:
    assert BATCH
    claim = BATCH.claims[0]
    for name in claim.__dataclass_fields__:
        if name != "kind":
            for other in _changed(getattr(claim, name), mark):
                yield name, claim._replace(**{name: other})


@pytest.mark.parametrize("mark", ["*", ":", "~", "^", "\n", "\x00"])
def test_a_delimiter_in_any_text_of_a_claim_is_refused(mark: str) -> None:
    assert BATCH
    refused = set()
    for name, claim in _marked_claims(mark):
        try:
            body = claim_837.write_claims(BATCH.head, [claim, claim], CLAIM_837P)
        except UnwritableError:
            refused.add(name)
        else:  # a text that has no place in the file
            assert name == "rest" or mark + TAIL not in body.text, (name, claim)
    assert {"claim_id", "billing", "subscriber", "payer", "diagnoses", "lines"} <= refused


def test_what_comes_again_is_written_the_same() -> None:
    assert BATCH
    one = claim_837.write_claims(BATCH.head, BATCH.claims, CLAIM_837P)
    many = claim_837.write_claims(BATCH.head, [c for c in BATCH.claims for _ in "12"], CLAIM_837P)
    data = write_interchange([many], ROUTE, Controls(7), at=AT)
    again = claim_837.batch_of(read(data, Options(today=TODAY)).sets[0].values)
    assert one.segments < many.segments
    assert again
    assert again.claims == tuple(c for c in BATCH.claims for _ in "12")


def test_equal_values_of_another_form_have_one_text() -> None:
    assert BATCH
    line = claim_837.ServiceLine(BATCH.claims[0].lines[0].procedure, Decimal("10.50"), Decimal(1))
    other = line._replace(charge=Decimal("10.5"), units=Decimal("1.0"))
    claim = BATCH.claims[0]._replace(lines=(line, other), charge=Decimal(21))
    text = claim_837.write_claims(BATCH.head, [claim], CLAIM_837P).text
    assert text.count("*10.5*UN*1~") == 2


def _street(out: SegmentWriter, line: str) -> None:
    out.add("N3", line)


def test_small_letters_go_as_capitals_with_and_without_accents() -> None:
    for name, sent in (("Rowe", "ROWE"), ("Renée", "RENÉE"), ("ROWE", "ROWE")):
        out = SegmentWriter()
        out.add("NM1", "IL", "1", name, "", "")
        out.put(out.known(_street)["main st"])
        text = f"NM1*IL*1*{sent}~\nN3*MAIN ST~\n"
        assert written(CLAIM_837P, out) == (CLAIM_837P, (text,), 2, Delimiters())


def test_a_line_feed_may_end_segments() -> None:
    out = SegmentWriter(Delimiters(terminator="\n"))
    out.add("DMG", "D8", dt.date(2026, 1, 5).strftime("%Y%m%d"))
    out.add("REF", "EA", "1")
    assert written(CLAIM_837P, out).text == "DMG*D8*20260105\nREF*EA*1\n"


def test_a_long_set_is_joined_in_parts_and_each_is_checked() -> None:
    assert BATCH
    whole = claim_837.write_claims(BATCH.head, BATCH.claims[:1], CLAIM_837P)
    many = FOLDED // whole.segments * 4
    claims = [BATCH.claims[0]._replace(claim_id=f"c{number}") for number in range(many)]
    long = claim_837.write_claims(BATCH.head, claims, CLAIM_837P)
    assert len(long.texts) > 2
    assert long.segments == long.text.count("~\n")
    assert [part[4:].split("*")[0] for part in long.text.split("~\n") if part[:4] == "CLM*"] == [
        f"C{number}" for number in range(many)
    ]
    wrong = claims[0]._replace(claim_id="C*1")
    for mixed in ([wrong, *claims[1:]], [*claims[1:], wrong]):
        with pytest.raises(UnwritableError):
            claim_837.write_claims(BATCH.head, mixed, CLAIM_837P)


@pytest.mark.parametrize("places", [(1, 3), (2, 1), (-1,)])
def test_a_claim_payment_of_no_header_is_refused(places: tuple[int, ...]) -> None:
    remittance = era_of("835_full")
    claim, headers = remittance.claims[0], (remittance_835.HeaderNumber("1"),) * 2
    claims = tuple(claim._replace(header=at) for at in places)
    with pytest.raises(UnwritableError, match="header"):
        remittance_835.write_remittance(remittance._replace(claims=claims, headers=headers))
