"""Claims and payments, generated: each breaks no rule, so every reader must accept its file."""

import datetime as dt
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

from hypothesis import strategies as st

from shared.x12 import SetBody, read
from shared.x12 import remittance_835 as era
from shared.x12.claim_837 import (
    BatchHead,
    Claim,
    Diagnosis,
    Drug,
    LineAdjudication,
    OtherPayer,
    ServiceLine,
    write_claims,
)
from shared.x12.guides import claim as claim_guides
from shared.x12.parties import (
    Address,
    Adjustment,
    Amount,
    Name,
    Party,
    Period,
    Procedure,
    Reference,
)
from tests.shared.x12.material import TODAY, message

ZERO = Decimal(0)
positive = st.integers(1, 10_000_000).map(lambda n: Decimal(n).scaleb(-2))
codes = st.text("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", min_size=2, max_size=10)
texts = st.from_regex(r"[A-Z]([A-Z .'-]{0,18}[A-Z])?", fullmatch=True)
days = st.dates(dt.date(2020, 1, 1), TODAY)
times = st.sampled_from(["0000", "0930", "2359"])
procedures = st.sampled_from(["99213", "99214", "73110", "99205"])
NPIS = ("1910000003", "1920000001", "1930000009", "1940000007", "1950000004")
npis = st.sampled_from(NPIS)


class Made(NamedTuple):
    """Values, and the set a writer made of them."""

    values: tuple[Any, ...]
    body: SetBody


def _set(name: str) -> tuple[object, ...]:
    return read(message(name)).sets[0].values


def street() -> Address:
    return Address("9 RIVER ROAD", "AUSTIN", "TX", "787030009")


# -- 837 -------------------------------------------------------------------------------------------


@st.composite
def service_lines(draw: st.DrawFn, kind: str) -> ServiceLine:
    """A line of this kind of claim."""
    charge, units = draw(positive), Decimal(draw(st.integers(1, 99)))
    dates = (Period("472", draw(days)),)
    references = draw(st.sampled_from([(), (Reference("6R", "L1"),)]))
    if kind == "D":
        procedure = Procedure("AD", draw(st.sampled_from(["D1110", "D2740"])))
        return ServiceLine(procedure, charge, units, "", dates=dates, references=references)
    procedure = Procedure(
        "HC", draw(procedures), draw(st.sampled_from([(), ("25",), ("25", "RT")]))
    )
    if kind == "I":
        return ServiceLine(
            procedure, charge, units, revenue_code="0450", dates=dates, references=references
        )
    return ServiceLine(
        procedure, charge, units, pointers=draw(st.sampled_from([(1,), (2, 1)])),
        dates=dates, references=references,
    )  # fmt: skip


@st.composite
def claims(draw: st.DrawFn, kind: str = "P") -> Claim:
    """A claim that breaks no rule; sometimes a dependent's, a replacement, with another payer."""
    base = next(v for v in _set(f"837{kind.lower()}_minimal") if isinstance(v, Claim))
    lines = tuple(draw(st.lists(service_lines(kind), min_size=1, max_size=4)))
    charge = sum((line.charge for line in lines), ZERO)
    named = base.subscriber.name._replace(last=draw(texts), first=draw(texts), id=draw(codes))
    claim = base._replace(
        claim_id=draw(codes), lines=lines, charge=charge, group_number=draw(codes),
        subscriber=base.subscriber._replace(name=named, address=street()),
    )  # fmt: skip
    if kind == "P":
        found = (Diagnosis("ABK", draw(codes)), Diagnosis("ABF", draw(codes)))
        claim = claim._replace(diagnoses=found)
    if draw(st.booleans()):
        claim = claim._replace(frequency="7", references=(Reference("F8", draw(codes)),))
    if draw(st.booleans()):
        claim = claim._replace(relationship="", patient_relationship="19", patient=_child(draw))
    if draw(st.booleans()):
        claim = claim._replace(providers=(_clinician("71" if kind == "I" else "82", draw),))
    if draw(st.booleans()):
        claim = claim._replace(other_payers=(draw(other_payers(charge)),))
    return claim


def _child(draw: st.DrawFn) -> Party:
    name = Name("QC", "1", draw(texts), draw(texts))
    return Party(name, street(), birth_date=dt.date(2015, 5, 5), sex="M")


def _clinician(entity: str, draw: st.DrawFn) -> Party:
    return Party(Name(entity, "1", draw(texts), draw(texts), id_qualifier="XX", id=draw(npis)))


@st.composite
def other_payers(draw: st.DrawFn, charge: Decimal) -> OtherPayer:
    """A payer before ours, whose sums are right."""
    less = draw(st.integers(1, int(charge * 100)).map(lambda n: Decimal(n).scaleb(-2)))
    insured = Name("IL", "1", draw(texts), draw(texts), id_qualifier="MI", id=draw(codes))
    payer = Name("PR", "2", draw(texts), id_qualifier="PI", id=draw(codes))
    return OtherPayer(
        "S", "18", Party(insured), Party(payer), filing="CI",
        adjustments=(Adjustment("CO", "45", less),), amounts=(Amount("D", charge - less),),
    )  # fmt: skip


def _decided(draw: st.DrawFn, claim: Claim) -> Claim:
    """The other payer's decision given line by line; what it paid is the sum of its lines."""
    lines = []
    for line in claim.lines:
        less = draw(st.integers(1, int(line.charge * 100)).map(lambda n: Decimal(n).scaleb(-2)))
        decision = LineAdjudication(
            claim.other_payers[0].payer.name.id, line.charge - less, line.procedure,
            Decimal(draw(st.integers(1, 99))), revenue_code=line.revenue_code,
            adjustments=(Adjustment("CO", "45", less),), dates=(Period("573", draw(days)),),
        )  # fmt: skip
        lines.append(line._replace(adjudications=(decision,)))
    paid = sum((line.adjudications[0].paid for line in lines), ZERO)
    payer = claim.other_payers[0]._replace(adjustments=(), amounts=(Amount("D", paid),))
    return claim._replace(lines=tuple(lines), other_payers=(payer,))


def _told_more(draw: st.DrawFn, claim: Claim, kind: str) -> Claim:
    """The same with what few claims have: notes, drugs, another payer's decision by line."""
    by_line = draw(st.booleans())
    if by_line and claim.other_payers:
        claim = _decided(draw, claim)
    if draw(st.booleans()):
        claim = claim._replace(notes=(("ADD", draw(texts)),))
    if kind != "D" and draw(st.booleans()):
        prescribed = draw(st.sampled_from([(), (Reference("XZ", draw(codes)),)]))
        unit = draw(st.sampled_from(["ML", "UN"]))
        drug = Drug("00409128331", draw(positive), unit, references=prescribed)
        first, *others = claim.lines
        claim = claim._replace(lines=(first._replace(drugs=(drug,)), *others))
    return claim


@st.composite
def batches(draw: st.DrawFn, kind: str) -> Made:
    """An 837 of a few claims."""
    base = next(v for v in _set(f"837{kind.lower()}_minimal") if isinstance(v, BatchHead))
    head = base._replace(reference=draw(codes), created=draw(days), time=draw(times))
    batch = draw(st.lists(claims(kind), min_size=1, max_size=4, unique_by=lambda c: c.claim_id))
    batch = [_told_more(draw, claim, kind) for claim in batch]
    guide = getattr(claim_guides, f"CLAIM_837{kind}")
    return Made((head, *batch), write_claims(head, batch, guide))


# -- 835 -------------------------------------------------------------------------------------------


@st.composite
def payments(draw: st.DrawFn) -> era.ClaimPayment:
    """A claim payment that balances."""
    lines = []
    for _ in range(draw(st.integers(0, 3))):
        charge, less = draw(positive), draw(positive)
        procedure = Procedure("HC", draw(procedures), draw(st.sampled_from([(), ("25",)])))
        lines.append(era.ServicePayment(
            procedure, charge, charge - less, units=draw(positive),
            dates=(Period("472", TODAY),), adjustments=(Adjustment("CO", "45", less),),
            amounts=(Amount("B6", draw(positive)),),
        ))  # fmt: skip
    own = (Adjustment("CO", "29", draw(positive)), Adjustment("OA", "97", -draw(positive)))
    charge = sum((line.charge for line in lines), ZERO) or draw(positive)
    less = sum((a.amount for line in lines for a in line.adjustments), ZERO)
    return era.ClaimPayment(
        draw(codes), "1", charge, charge - less - sum(a.amount for a in own), adjustments=own,
        services=tuple(lines), payer_control_number=draw(codes), filing="12",
        names=(Name("QC", "1", draw(texts), "IRIS"),),
    )  # fmt: skip


def era_of(name: str) -> era.Remittance:
    """The remittance of a message."""
    found = era.remittance_of(_set(name))
    assert found is not None
    return found


@st.composite
def headers_of(draw: st.DrawFn, count: int) -> tuple[tuple[era.HeaderNumber, ...], list[int]]:
    """Headers, some of one number, and for each claim the number of LX before it."""
    headers: list[era.HeaderNumber] = []
    places = []
    for at in range(count):
        if at == 0 or draw(st.booleans()):
            totals = draw(st.sampled_from([(), ("1912345678", "11", "20261231", "1", "800")]))
            headers.append(era.HeaderNumber(draw(st.sampled_from("127")), totals))
        places.append(len(headers))
    return tuple(headers), places


@st.composite
def remittances(draw: st.DrawFn) -> era.Remittance:
    """A remittance that balances; what would be negative is carried forward."""
    base = era_of("835_minimal")
    found = draw(st.lists(payments(), min_size=1, max_size=4))
    headers, places = draw(headers_of(len(found)))
    found = [claim._replace(header=at) for claim, at in zip(found, places, strict=True)]
    total = sum((c.paid for c in found), ZERO)
    carried = era.ProviderAdjustment("1912345678", TODAY, "FB", total - abs(total), "NEXT")
    plb = (carried,) if total < 0 else ()
    payment = base.payment._replace(amount=abs(total))
    return era.Remittance(payment, tuple(found), plb, headers)


def remittance_set(remittance: era.Remittance) -> Made:
    """The 835 of a remittance, and its values in the order of the file."""
    payment, claims_paid, plb, headers = remittance
    under = groupby(claims_paid, key=lambda claim: claim.header)
    loops = [value for at, claims in under for value in (headers[at - 1], *claims)]
    return Made((payment, *loops, *plb), era.write_remittance(remittance))
