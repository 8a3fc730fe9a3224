"""Values of every writer, generated: each breaks no rule, so every reader must accept its file."""

import datetime as dt
from decimal import Decimal

from hypothesis import strategies as st

from shared.x12 import InterchangeAcknowledgement, SetBody, read
from shared.x12 import acknowledgement_277ca as ca
from shared.x12 import acknowledgement_999 as ack
from shared.x12 import eligibility_270_271 as elig
from shared.x12 import remittance_835 as era
from shared.x12 import status_276_277 as status
from shared.x12.claim_837 import BatchHead, Claim, Diagnosis, OtherPayer, ServiceLine, write_claims
from shared.x12.envelope import SetHeader
from shared.x12.errors import KINDS, Level, Place, finding
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
procedures = st.sampled_from(["99213", "99214", "73110", "99205"])
NPIS = ("1910000003", "1920000001", "1930000009", "1940000007", "1950000004")
npis = st.sampled_from(NPIS)


def _set(name: str) -> tuple[object, ...]:
    return read(message(name)).sets[0].values


def _address() -> Address:
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
        subscriber=base.subscriber._replace(name=named, address=_address()),
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
    return Party(name, _address(), birth_date=dt.date(2015, 5, 5), sex="M")


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


@st.composite
def claim_bodies(draw: st.DrawFn, kind: str) -> SetBody:
    """An 837 of a few claims."""
    head = next(v for v in _set(f"837{kind.lower()}_minimal") if isinstance(v, BatchHead))
    batch = draw(st.lists(claims(kind), min_size=1, max_size=4, unique_by=lambda c: c.claim_id))
    return write_claims(head, batch, getattr(claim_guides, f"CLAIM_837{kind}"))


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
def remittances(draw: st.DrawFn) -> era.Remittance:
    """A remittance that balances; what would be negative is carried forward."""
    base = era_of("835_minimal")
    found = tuple(draw(st.lists(payments(), min_size=1, max_size=4)))
    total = sum((c.paid for c in found), ZERO)
    carried = era.ProviderAdjustment("1912345678", TODAY, "FB", total - abs(total), "NEXT")
    plb = (carried,) if total < 0 else ()
    payment = base.payment._replace(amount=abs(total))
    return base._replace(payment=payment, claims=found, provider_adjustments=plb)


# -- 270, 271, 276, 277, 277CA ---------------------------------------------------------------------

PAYER = Party(Name("PR", "2", "GULF HEALTH PLAN", id_qualifier="PI", id="GHP01"))
RECEIVER = Party(Name("41", "2", "HARBOR BILLING", id_qualifier="46", id="HB01"))
CLINIC = Party(Name("1P", "2", "CEDAR CLINIC", id_qualifier="XX", id=NPIS[0]))


@st.composite
def members(draw: st.DrawFn) -> Party:
    """A subscriber with birth date and sex."""
    name = Name("IL", "1", draw(texts), draw(texts), id_qualifier="MI", id=draw(codes))
    return Party(name, birth_date=dt.date(1981, 2, 14), sex=draw(st.sampled_from("FM")))


@st.composite
def inquiries(draw: st.DrawFn) -> SetBody:
    """A 270."""
    asked = []
    for _ in range(draw(st.integers(1, 3))):
        child = Party(Name("03", "1", draw(texts), draw(texts)), birth_date=TODAY, sex="F")
        question = elig.Question((draw(st.sampled_from(["30", "98", "UC"])),))
        asked.append(elig.Inquiry(
            PAYER, CLINIC, draw(members()), draw(st.none() | st.just(child)),
            (elig.Trace(draw(codes), "9CLAIMSTRM"),), (question,),
        ))  # fmt: skip
    return elig.write_inquiries(elig.Head(draw(codes), TODAY, "1200"), asked)


@st.composite
def responses(draw: st.DrawFn) -> SetBody:
    """A 271: benefits, or a rejection of the subscriber."""
    answers = []
    for _ in range(draw(st.integers(1, 3))):
        benefits = (
            elig.Benefit("1", service_types=("30",)),
            elig.Benefit("B", level="IND", service_types=("98",), period="27",
                amount=draw(positive), in_network="Y"),
        )  # fmt: skip
        refused = (elig.Rejection("2100C", "75", "C"),)
        told = draw(st.booleans())
        answers.append(elig.Response(
            PAYER, CLINIC, draw(members()), traces=(elig.Trace(draw(codes), "9CLAIMSTRM", "2"),),
            rejections=() if told else refused, benefits=benefits if told else (),
        ))  # fmt: skip
    return elig.write_responses(elig.Head(draw(codes), TODAY, "1200", "11"), answers)


@st.composite
def status_inquiries(draw: st.DrawFn) -> SetBody:
    """A 276."""
    asked = [
        status.StatusInquiry(
            PAYER, RECEIVER, CLINIC, draw(members()), draw(codes),
            references=(Reference("1K", draw(codes)),), charge=draw(positive),
            dates=(Period("472", draw(days)),),
        )
        for _ in range(draw(st.integers(1, 3)))
    ]  # fmt: skip
    return status.write_status_inquiries(status.Head(draw(codes), TODAY, "1200"), asked)


@st.composite
def status_responses(draw: st.DrawFn) -> SetBody:
    """A 277."""
    answers = [
        status.StatusResponse(
            PAYER, RECEIVER, CLINIC, draw(members())._replace(birth_date=None, sex=""), draw(codes),
            (ca.StatusReport((ca.Status("F1", "65"),), TODAY, amount=draw(positive),
                paid=draw(positive)),),
            references=(Reference("1K", draw(codes)),), dates=(Period("472", draw(days)),),
        )
        for _ in range(draw(st.integers(1, 3)))
    ]  # fmt: skip
    return status.write_status_responses(status.Head(draw(codes), TODAY, "1200", "08"), answers)


@st.composite
def batch_statuses(draw: st.DrawFn) -> SetBody:
    """A 277CA that accepts some claims and refuses others."""
    refusal = st.sampled_from(["A8:400", "A7:562:85", "A3:54"])
    found = []
    for claim in draw(st.lists(claims(), min_size=1, max_size=3)):
        codes_of = draw(st.lists(refusal, max_size=2, unique=True))
        faults = [finding("claim_charge_differs", code=code) for code in codes_of]
        found.append(ca.answer_claim(claim, faults, TODAY))
    report = ca.StatusReport((ca.Status("A1", "19", "PR"),), TODAY, "WQ", draw(positive))
    return ca.write_batch_status(ca.with_totals(ca.BatchStatus(
        draw(codes), TODAY, "1200", PAYER, RECEIVER, draw(codes), TODAY, TODAY, draw(codes),
        (report,), tuple(found),
    )))  # fmt: skip


# -- 999, TA1 --------------------------------------------------------------------------------------

_STRUCTURAL = sorted(k for k, row in KINDS.items() if row.level in (Level.SEGMENT, Level.ELEMENT))


@st.composite
def acknowledgements(draw: st.DrawFn, loops: tuple[str, ...] = ("2300", "")) -> SetBody:
    """A 999 with findings of every kind, in loops whose names have at most four characters."""
    sets = []
    for number in range(draw(st.integers(1, 3))):
        faults = []
        for kind in draw(st.lists(st.sampled_from(_STRUCTURAL), max_size=3)):
            element = draw(st.integers(1, 16)) if KINDS[kind].level == Level.ELEMENT else 0
            segment_id = draw(st.sampled_from(["CLM", "HI", "REF"]))
            place = Place(draw(st.integers(2, 99)), segment_id, draw(st.sampled_from(loops)))
            faults.append(finding(kind, place._replace(element=element), value=draw(codes)))
        header = SetHeader("837", f"{number + 1:04d}", "005010X222A1")
        refused = any(not f.code.startswith("I") for f in faults)
        codes_of = ("5",) if refused else ("I5",) if faults else ()
        sets.append(ack.SetAcknowledgement(header, "R" if faults else "A", codes_of, tuple(faults)))
    good = sum(s.status == "A" for s in sets)
    state = "A" if good == len(sets) else "P" if good else "R"
    return ack.write_acknowledgement(ack.Acknowledgement(
        "HC", "7", "005010X222A1", state, len(sets), len(sets), good, (), tuple(sets)
    ))  # fmt: skip


@st.composite
def interchange_acknowledgements(draw: st.DrawFn) -> InterchangeAcknowledgement:
    """A TA1."""
    code = draw(st.sampled_from(sorted(
        row.code for row in KINDS.values() if row.level == Level.INTERCHANGE
    )))  # fmt: skip
    status_code, reason = draw(st.sampled_from([("A", "000"), ("E", code), ("R", code)]))
    return InterchangeAcknowledgement(
        f"{draw(st.integers(1, 999_999_999)):09d}", "260105", "0930", status_code, reason
    )


BODIES: dict[str, st.SearchStrategy[SetBody]] = {
    "837P": claim_bodies("P"),
    "837I": claim_bodies("I"),
    "837D": claim_bodies("D"),
    "835": remittances().map(era.write_remittance),
    "270": inquiries(),
    "271": responses(),
    "276": status_inquiries(),
    "277": status_responses(),
    "277CA": batch_statuses(),
    "999": acknowledgements(),
}
