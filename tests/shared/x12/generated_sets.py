"""Every other set, generated; `MADE` has values and text of each set there is a writer for."""

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from shared.x12 import InterchangeAcknowledgement
from shared.x12 import acknowledgement_277ca as ca
from shared.x12 import acknowledgement_999 as ack
from shared.x12 import eligibility_270_271 as elig
from shared.x12 import status_276_277 as status
from shared.x12.envelope import SetHeader
from shared.x12.errors import KINDS, Finding, Level, Place, finding
from shared.x12.parties import Name, Party, Period, Procedure, Reference
from tests.shared.x12.generated import (
    NPIS,
    Made,
    batches,
    claims,
    codes,
    days,
    npis,
    positive,
    procedures,
    remittance_set,
    remittances,
    street,
    texts,
    times,
)

# -- 270, 271, 276, 277, 277CA ---------------------------------------------------------------------

PAYER = Party(Name("PR", "2", "GULF HEALTH PLAN", id_qualifier="PI", id="GHP01"))
RECEIVER = Party(Name("41", "2", "HARBOR BILLING", id_qualifier="46", id="HB01"))
CLINIC = Party(Name("1P", "2", "CEDAR CLINIC", id_qualifier="XX", id=NPIS[0]))
OTHER_CLINIC = Party(Name("1P", "2", "ELM CLINIC", id_qualifier="XX", id=NPIS[1]))
NOBODY = Party(Name(""))


@st.composite
def people(draw: st.DrawFn, entity: str) -> Party:
    """A subscriber (IL) with his number, or a dependent; both with birth date and sex."""
    name = Name(entity, "1", draw(texts), draw(texts), suffix=draw(st.sampled_from(["", "JR"])))
    if entity == "IL":
        name = name._replace(id_qualifier="MI", id=draw(codes))
    return Party(name, birth_date=draw(days), sex=draw(st.sampled_from("FM")))


@st.composite
def periods(draw: st.DrawFn, qualifier: str) -> tuple[Period, ...]:
    """No period, a day, or two days."""
    first, last = sorted((draw(days), draw(days)))
    one = Period(qualifier, first, draw(st.sampled_from([None, last])))
    return draw(st.sampled_from([(), (one,)]))


def _references(draw: st.DrawFn, *qualifiers: str) -> tuple[Reference, ...]:
    """Some of these, in this order."""
    return tuple(Reference(q, draw(codes)) for q in qualifiers if draw(st.booleans()))


def _by_household(draw: st.DrawFn, entity: str) -> list[tuple[Party, Party | None]]:
    """Subscribers, and dependents of one or the other in any order."""
    size = draw(st.sampled_from([1, 1, 1, 2, 3, 4]))  # several are refused by most oracles
    subscribers = draw(st.lists(people("IL"), min_size=1, max_size=2))
    return [
        (draw(st.sampled_from(subscribers)), draw(st.none() | people(entity))) for _ in range(size)
    ]


def _some(draw: st.DrawFn, found: st.SearchStrategy[Any], *, least: int = 0) -> tuple[Any, ...]:
    """A few of them."""
    return tuple(draw(st.lists(found, min_size=least, max_size=least + 1)))


_CLINICS = st.sampled_from([CLINIC, OTHER_CLINIC])


@st.composite
def _asked_procedures(draw: st.DrawFn) -> Procedure:
    return Procedure("HC", draw(procedures), draw(st.sampled_from([(), ("25",), ("25", "RT")])))


@st.composite
def questions(draw: st.DrawFn) -> elig.Question:
    """Service types, or a procedure."""
    types = draw(st.sampled_from([("30",), ("98", "UC"), ("30", "98", "AL")]))
    if draw(st.sampled_from([True, False, False, False])):
        return elig.Question((), draw(_asked_procedures()), dates=draw(periods("291")))
    rest = draw(st.sampled_from([(), (("III", "ZZ", "21"),)]))
    return elig.Question(types, dates=draw(periods("291")), rest=rest)


@st.composite
def inquiries(draw: st.DrawFn) -> Made:
    """A 270."""
    asked = [
        elig.Inquiry(
            PAYER, draw(_CLINICS),
            person._replace(address=draw(st.sampled_from([None, street()]))),
            child, (elig.Trace(draw(codes), "9CLAIMSTRM"),),
            _some(draw, questions(), least=1),
        )
        for person, child in _by_household(draw, "03")
    ]  # fmt: skip
    head = elig.Head(draw(codes), draw(days), draw(times))
    return Made((head, *asked), elig.write_inquiries(head, asked))


@st.composite
def benefits(draw: st.DrawFn) -> elig.Benefit:
    """What is covered: the plan, a share in money or per cent, a number of visits."""
    money = st.none() | positive
    quantity = draw(st.none() | st.integers(1, 99).map(Decimal))
    doctor = Party(Name("P3", "1", draw(texts), id_qualifier="XX", id=draw(npis)), street())
    return elig.Benefit(
        draw(st.sampled_from("1BCF6")), draw(st.sampled_from(["", "IND", "FAM"])),
        draw(st.sampled_from([(), ("30",), ("98", "UC")])), draw(st.sampled_from(["", "HM"])),
        draw(texts), draw(st.sampled_from(["", "27", "29"])), draw(money),
        draw(st.none() | st.sampled_from([Decimal(".2"), Decimal(1)])),
        "VS" if quantity else "", quantity, in_network=draw(st.sampled_from(["", "Y", "N", "W"])),
        deliveries=draw(st.sampled_from([(), (("HSD", "VS", "30"),)])),
        references=_references(draw, "18", "6P"), dates=draw(periods("292")),
        messages=tuple(draw(st.lists(texts, max_size=2))),
        entities=draw(st.sampled_from([(), (doctor,)])),
        rest=draw(st.sampled_from([(), (("III", "ZZ", "21"),)])),
    )  # fmt: skip


PLAN = elig.Benefit("1", service_types=("30",))
REFUSALS = st.lists(
    st.sampled_from(
        [("2100A", "42"), ("2100B", "43"), ("2100C", "72"), ("2100C", "75"), ("2100D", "71")]
    ),
    max_size=2, unique=True,
)  # fmt: skip


@st.composite
def responses(draw: st.DrawFn) -> Made:
    """A 271: benefits, or rejections at any level."""
    answers = []
    for person, child in _by_household(draw, "03"):
        refusals = draw(REFUSALS)
        refused = tuple(
            elig.Rejection(loop, reason, draw(st.sampled_from("CNR")))
            for loop, reason in sorted(refusals) if child or loop != "2100D"
        )  # fmt: skip
        told = () if refused else (PLAN, *_some(draw, benefits()))
        answers.append(elig.Response(
            PAYER, draw(_CLINICS), person, child,
            (elig.Trace(draw(codes), "9CLAIMSTRM", "2"),), refused, told,
        ))  # fmt: skip
    head = elig.Head(draw(codes), draw(days), draw(times), "11")
    return Made((head, *answers), elig.write_responses(head, answers))


@st.composite
def status_lines(draw: st.DrawFn, *, answered: bool) -> ca.LineStatus:
    """A line asked about, or what was said about it."""
    line = ca.LineStatus(
        draw(_asked_procedures()), draw(positive), units=Decimal(draw(st.integers(1, 99))),
        references=_references(draw, "FJ"), dates=(Period("472", draw(days)),),
    )  # fmt: skip
    if not answered:
        return line
    said = draw(st.lists(_said("F1"), min_size=1, max_size=2))
    return line._replace(paid=draw(positive), reports=tuple(said))


@st.composite
def _said(draw: st.DrawFn, category: str) -> ca.StatusReport:
    """An STC of one to three triples."""
    entity = draw(st.sampled_from(["", "82", "IL", "82", "IL", "PR"]))
    triple = ca.Status(category, "65", entity, draw(st.sampled_from(["", "", "", "RX"])))
    return ca.StatusReport((triple,) * draw(st.integers(1, 3)), draw(days))


@st.composite
def reports_of(draw: st.DrawFn, category: str) -> ca.StatusReport:
    """An STC of a claim in a 277: with its amounts, with or without a cheque."""
    report = draw(_said(category))._replace(amount=draw(positive), paid=draw(positive))
    if draw(st.booleans()):
        return report
    return report._replace(finalized=draw(days), paid_on=draw(days), check_number=draw(codes))


@st.composite
def status_inquiries(draw: st.DrawFn) -> Made:
    """A 276."""
    asked = [
        status.StatusInquiry(
            PAYER, RECEIVER, draw(_CLINICS), person, draw(codes),
            child, _references(draw, "1K", "BLT", "EJ"), draw(st.none() | positive),
            draw(periods("472")),
            _some(draw, status_lines(answered=False)),
        )
        for person, child in _by_household(draw, "QC")
    ]  # fmt: skip
    head = status.Head(draw(codes), draw(days), draw(times))
    return Made((head, *asked), status.write_status_inquiries(head, asked))


def _plain(person: Party | None) -> Party | None:
    """A 277 gives no birth date."""
    return person and person._replace(birth_date=None, sex="")


@st.composite
def status_responses(draw: st.DrawFn) -> Made:
    """A 277."""
    answers = [
        status.StatusResponse(
            PAYER, RECEIVER, draw(_CLINICS),
            _plain(person) or NOBODY, draw(codes),
            (draw(reports_of("F1")), *_some(draw, reports_of("F2"))),
            _plain(child),
            _references(draw, "1K", "BLT", "EJ"), draw(periods("472")),
            _some(draw, status_lines(answered=True)),
        )
        for person, child in _by_household(draw, "QC")
    ]  # fmt: skip
    head = status.Head(draw(codes), draw(days), draw(times), "08")
    return Made((head, *answers), status.write_status_responses(head, answers))


@st.composite
def _refused_lines(draw: st.DrawFn) -> ca.LineStatus:
    report = ca.StatusReport((ca.Status("A7", "454"),), draw(st.none() | days), "U")
    return ca.LineStatus(
        draw(_asked_procedures()), draw(positive), (report,),
        units=draw(st.none() | st.integers(1, 99).map(Decimal)),
        references=_references(draw, "FJ"), dates=draw(periods("472")),
    )  # fmt: skip


_REFUSALS = sorted(
    {row.code for row in KINDS.values() if row.level == Level.CLAIM and ":" in row.code}
    | {"A7:562:85", "A8:516:PRP", "A8:516:SEP", "A8:516:TTP"}
)


@st.composite
def batch_statuses(draw: st.DrawFn) -> Made:
    """A 277CA that accepts some claims and refuses others, or lines of them."""
    refusal = st.sampled_from(_REFUSALS)
    found = []
    for claim in draw(st.lists(claims(), min_size=1, max_size=3)):
        codes_of = draw(st.lists(refusal, max_size=2, unique=True))
        faults = [finding("claim_charge_differs", code=code) for code in codes_of]
        lines = _some(draw, _refused_lines()) if codes_of else ()
        answer = ca.answer_claim(claim, faults, draw(days))
        found.append(answer._replace(
            references=_references(draw, "1K", "D9"), lines=lines
        ))  # fmt: skip
    report = ca.StatusReport((ca.Status("A1", "19", "PR"),), draw(days), "WQ", draw(positive))
    value = ca.with_totals(ca.BatchStatus(
        draw(codes), draw(days), draw(times), PAYER, RECEIVER, draw(codes), draw(days), draw(days),
        draw(codes), (report,), tuple(found),
    ))  # fmt: skip
    return Made((value,), ca.write_batch_status(value))


# -- 999, TA1 --------------------------------------------------------------------------------------


def _told_by(*levels: Level) -> list[str]:
    """Of every code of these levels the kind it is read back as."""
    first: dict[tuple[Level, str], str] = {}
    for kind, row in KINDS.items():
        first.setdefault((row.level, row.code), kind)
    return sorted(k for (level, code), k in first.items() if level in levels and code != "I5")


_STRUCTURAL = _told_by(Level.SEGMENT, Level.ELEMENT)
_OF_SETS = [kind for kind in _told_by(Level.SET) if kind != "segments_in_error"]


@st.composite
def faults(draw: st.DrawFn, loop: str) -> Finding:
    """A finding of a segment or an element of it."""
    kind = draw(st.sampled_from(_STRUCTURAL))
    place = Place(draw(st.integers(2, 99)), draw(st.sampled_from(["CLM", "HI", "REF"])), loop)
    if KINDS[kind].level == Level.SEGMENT:
        return finding(kind, place)
    place = place._replace(
        element=draw(st.integers(1, 16)), component=draw(st.integers(0, 5)),
        repetition=draw(st.integers(0, 9)),
    )  # fmt: skip
    return finding(kind, place, value=draw(codes))


@st.composite
def acknowledgements(draw: st.DrawFn) -> Made:
    """A 999 with findings of every kind."""
    sets = []
    for number in range(draw(st.integers(1, 3))):
        own = tuple(
            finding(kind, Place(1, "ST"))
            for kind in draw(st.lists(st.sampled_from(_OF_SETS), max_size=2, unique=True))
        )
        loop = draw(st.sampled_from(["2300", "2010AA", ""]))
        below = tuple(draw(st.lists(faults(loop), max_size=3, unique_by=lambda f: f.segment)))
        codes_of = [f.code for f in own]
        codes_of += ["5"] if any(not f.code.startswith("I") for f in below) else []
        codes_of += ["I5"] if any(f.code.startswith("I") for f in below) else []
        header = SetHeader("837", f"{number + 1:04d}", "005010X222A1")
        state = "R" if own or below else "A"
        sets.append(ack.SetAcknowledgement(header, state, tuple(codes_of), own + below))
    good = sum(s.status == "A" for s in sets)
    state = "A" if good == len(sets) else "P" if good else "R"
    value = ack.Acknowledgement(
        "HC", "7", "005010X222A1", state, len(sets), len(sets), good, (), tuple(sets)
    )
    return Made((value,), ack.write_acknowledgement(value))


@st.composite
def interchange_acknowledgements(draw: st.DrawFn) -> InterchangeAcknowledgement:
    """A TA1."""
    code = draw(st.sampled_from(_told_by(Level.INTERCHANGE)).map(lambda kind: KINDS[kind].code))
    status_code, reason = draw(st.sampled_from([("A", "000"), ("E", code), ("R", code)]))
    return InterchangeAcknowledgement(
        f"{draw(st.integers(1, 999_999_999)):09d}", "260105", "0930", status_code, reason
    )


MADE: dict[str, st.SearchStrategy[Made]] = {
    "837P": batches("P"),
    "837I": batches("I"),
    "837D": batches("D"),
    "835": remittances().map(remittance_set),
    "270": inquiries(),
    "271": responses(),
    "276": status_inquiries(),
    "277": status_responses(),
    "277CA": batch_statuses(),
    "999": acknowledgements(),
}
