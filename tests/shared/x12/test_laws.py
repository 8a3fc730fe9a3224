"""Laws of the codec that hold for generated input, not only for the messages written by hand."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.x12 import Finding, Options, Reading, X12Error, read, stream
from shared.x12 import remittance_835 as era
from shared.x12.claim_837 import Claim, batch_of, write_claims
from shared.x12.guides.claim import CLAIM_837P
from shared.x12.segments import blocks, encode
from tests.shared.x12.generated import claims, payments, remittances
from tests.shared.x12.material import (
    OPTIONS,
    body_lines,
    from_lines,
    message,
    names,
    wrap,
)

CLEAN = [n for n in names(clean=True) if not n.startswith(("env_", "ta1_"))]
PIECES = [
    "~", "*", ":", "^", "\n", "ISA", "IEA*1*000000007", "GS", "ST*837*0001", "SE", "HL*1**20*1",
    "CLM", "SVC", "CAS*CO*45*1E5", "-", ".", "NaN", "\x00", "\xed", "\xff", "20260230", "LX*1",
    "999999999999999999999999",
]  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A message with a few random cuts, insertions and repetitions."""
    text = message(draw(st.sampled_from(names(clean=True) + names(clean=False)))).decode("latin-1")
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(text)))
        until = at + draw(st.integers(0, 12))
        put = draw(st.sampled_from(PIECES) | st.text(max_size=4))
        text = text[:at] + put + text[until:]
    return text.encode("latin-1", "replace")


def _read(data: bytes, options: Options = OPTIONS) -> Reading | None:
    try:
        return read(data, options)
    except X12Error:
        return None


@given(st.binary(max_size=200) | damaged())
@settings(max_examples=300)
def test_any_bytes_give_values_and_findings_or_the_codecs_own_error(data: bytes) -> None:
    reading = _read(data)
    if reading:
        assert repr([s.values for s in reading.sets])  # every field of every value can be read


@given(damaged())
@settings(max_examples=200)
def test_bytes_with_a_readable_isa_survive(data: bytes) -> None:
    try:
        kept = b"".join(encode(blocks([data])))
    except X12Error:
        return
    assert kept == data


@given(damaged(), st.lists(st.integers(1, 40), min_size=1, max_size=8))
@settings(max_examples=150)
def test_chunks_do_not_matter(data: bytes, sizes: list[int]) -> None:
    chunks, at, turn = [], 0, 0
    while at < len(data):
        chunks.append(data[at : at + sizes[turn % len(sizes)]])
        at, turn = at + sizes[turn % len(sizes)], turn + 1
    whole = _read(data)
    try:
        pieces = list(stream(chunks, OPTIONS))
    except X12Error:
        assert whole is None
        return
    assert whole is not None
    assert pieces == list(stream([data], OPTIONS))


def _place(found: Finding) -> tuple[str, str, int, int]:
    return (found.kind, found.segment_id, found.element, found.component)


PLANTS = [
    ("837p_full", 8, "QQ1"), ("837p_full", 60, "QQ1"), ("835_full", 10, "QQ1"),
    ("271_full", 12, "QQ1"), ("277ca_full", 20, "QQ1"), ("837i_full", 30, "QQ1"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "at", "segment"), PLANTS)
def test_a_planted_defect_is_found_at_its_place_only(name: str, at: int, segment: str) -> None:
    lines = body_lines(message(name))
    planted = from_lines([*lines[:at], segment, *lines[at:]])
    found = read(planted, OPTIONS).findings
    assert [(f.kind, f.segment) for f in found] == [("segment_unknown", at - 1)]


@pytest.mark.parametrize("name", ["837p_full", "835_full", "276_full"])
def test_two_defects_far_apart_give_the_union(name: str) -> None:
    lines = body_lines(message(name))
    near, far = 6, len(lines) - 6
    alone = [read(from_lines([*lines[:at], "QQ1", *lines[at:]]), OPTIONS) for at in (near, far)]
    both = from_lines([*lines[:near], "QQ1", *lines[near:far], "QQ1", *lines[far:]])
    found = {_place(f) for f in read(both, OPTIONS).findings}
    assert found == {_place(f) for reading in alone for f in reading.findings}
    assert len(read(both, OPTIONS).findings) == 2


@given(remittances())
@settings(max_examples=60)
def test_generated_remittances_survive_and_balance(remittance: era.Remittance) -> None:
    reading = read(wrap(era.write_remittance(remittance)), OPTIONS)
    assert era.remittance_of(reading.sets[0].values) == remittance
    assert era.balances(remittance)
    assert not [f for f in reading.findings if f.snip <= 4]


@given(payments())
def test_a_reversal_undoes_itself_and_the_money(claim: era.ClaimPayment) -> None:
    reversal = era.reversal_of(claim)
    assert era.reversal_of(reversal) == claim
    assert reversal.paid + claim.paid == 0
    assert era.claim_expected(reversal) == reversal.paid


@given(st.lists(claims(), min_size=1, max_size=4, unique_by=lambda c: c.claim_id))
@settings(max_examples=60)
def test_generated_claims_survive_and_are_clean(batch: list[Claim]) -> None:
    head = batch_of(read(message("837p_minimal")).sets[0].values)
    assert head is not None
    reading = read(wrap(write_claims(head.head, batch, CLAIM_837P)), OPTIONS)
    again = batch_of(reading.sets[0].values)
    assert again is not None
    assert list(again.claims) == batch
    assert not [f for f in reading.findings if f.snip <= 4]


def _seconds(data: bytes) -> float:
    start = time.process_time()
    _read(data)
    return time.process_time() - start


@pytest.mark.parametrize("unit", ["QQ1*A~", "~", "ISA*", ":" * 9, "NM1*QC~", "HI*" + "A:" * 30])
def test_time_grows_with_length_and_not_faster(unit: str) -> None:
    start = message("837p_minimal")
    small = min(_seconds(start + (unit * 2_000).encode()) for _ in range(3))
    large = min(_seconds(start + (unit * 16_000).encode()) for _ in range(3))
    assert large < max(small, 0.001) * 8 * 4  # eight times the length; four is room for noise
