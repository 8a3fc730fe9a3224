"""Our inquiries as a 270, and a 271 as what was told about each of them."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from services.eligibility.domain import reading
from services.eligibility.domain.check import Inquiry, Told
from services.eligibility.domain.reading import Answer, Network
from shared import ids, x12
from shared.events.people import PersonIdentity
from shared.money import Money
from shared.x12 import eligibility_270_271 as codec
from shared.x12.eligibility_270_271 import Benefit, Head, Question, Response, Trace
from shared.x12.parties import Address, Name, Party, Period

ORIGIN = "9CLAIMSTRM"
SELF = "18"
ABOVE_THE_PATIENT = frozenset({"2000A", "2100A", "2100B"})
NO_ANSWER, UNREADABLE = "no_answer", "unreadable_answer"


def write(inquiries: Sequence[Inquiry], receiver: str, at: datetime) -> bytes:
    """One 270 about all of them; they share tenant, practice and payer.

    The trace of each is its check id; interchange and reference follow from the batch, so that
    asking again after a crash is recognisable. at: business time.
    """
    first = inquiries[0]
    batch = ids.derived(first.check.id, f"270:{first.check.tries}:{len(inquiries)}")
    number = zlib.crc32(batch.bytes) % 999_999_999 + 1
    body = codec.write_inquiries(
        Head(batch.hex[:20].upper(), at.date(), f"{at:%H%M}"), [_written(one) for one in inquiries]
    )
    route = x12.Route(sender=first.parties.edi_id, receiver=receiver, usage="T")
    return x12.write_interchange(
        [body], route, x12.Controls(interchange=number, group=number, first_set=1), at=at
    )


def _written(inquiry: Inquiry) -> codec.Inquiry:
    check, parties = inquiry.check, inquiry.parties
    is_self = check.relationship == SELF or inquiry.member.subscriber is None
    subscriber = inquiry.patient if is_self else inquiry.member.subscriber
    return codec.Inquiry(
        payer=Party(_organisation("PR", parties.payer_name, id=("PI", parties.payer_code))),
        provider=Party(_organisation("1P", parties.practice_name, id=("XX", parties.practice_npi))),
        subscriber=_person(
            "IL",
            subscriber or inquiry.patient,
            check.service_date,
            member_id=inquiry.member.member_id,
        ),
        dependent=None if is_self else _person("03", inquiry.patient, check.service_date),
        traces=(Trace(str(check.id), ORIGIN),),
        questions=(Question((reading.PLAN_COVERAGE,)),),
    )


def _organisation(entity: str, name: str, *, id: tuple[str, str]) -> Name:  # noqa: A002
    qualifier, number = id
    return Name(entity, "2", name, id_qualifier=qualifier, id=number)


def _person(
    entity: str, person: PersonIdentity, service_date: date, *, member_id: str = ""
) -> Party:
    home = person.address
    return Party(
        Name(
            entity,
            "1",
            person.last_name,
            person.first_name,
            id_qualifier="MI" if member_id else "",
            id=member_id,
        ),
        Address(home.line1, home.city, home.state, home.zip_code, home.line2),
        birth_date=date.fromisoformat(person.birth_date),
        sex=person.sex,
        dates=(Period("291", service_date),),
    )


def read(answer: bytes, inquiries: Sequence[Inquiry]) -> list[Told]:
    """What a 271 tells about each inquiry; one it leaves out was not answered.

    A rejection above the patient (the payer cannot answer at all) counts for all that have no
    answer of their own. Raises nothing: an unreadable answer is silence about everybody.
    """
    try:
        responses = list(_responses(x12.read(answer)))
    except x12.X12Error:
        return [Told(one.check.id, None, UNREADABLE, answer) for one in inquiries]
    asked = {one.check.id for one in inquiries}
    told: dict[UUID, Told] = {}
    for response, raw in responses:
        check = _check_of(response, asked)
        if check is not None and check not in told:
            told[check] = Told(check, reading.read(_answer(response)), raw=raw)
    common = _common_rejects([response for response, _ in responses])
    return [_told(told, one.check.id, common) for one in inquiries]


def _told(told: Mapping[UUID, Told], check: UUID, common: tuple[str, ...]) -> Told:
    if check in told:
        return told[check]
    if common:
        return Told(check, reading.read(Answer(rejects=common)))
    return Told(check, None, NO_ANSWER)


def _responses(found: x12.Reading) -> Iterator[tuple[Response, bytes]]:
    for one in found.sets:
        for item in one.items:
            if isinstance(item.value, Response):
                raw = "\n".join("*".join(segment) for segment in item.segments)
                yield item.value, raw.encode("utf-8", "surrogateescape")


def _check_of(response: Response, asked: set[UUID]) -> UUID | None:
    numbers = {trace.number.lower() for trace in response.traces}
    return next((check for check in asked if str(check) in numbers), None)


def _common_rejects(responses: Sequence[Response]) -> tuple[str, ...]:
    return tuple(
        rejection.reason
        for response in responses
        for rejection in response.rejections
        if rejection.loop in ABOVE_THE_PATIENT
    )


def _answer(response: Response) -> Answer:
    return Answer(
        benefits=tuple(_benefit(one) for one in response.benefits),
        rejects=tuple(rejection.reason for rejection in response.rejections),
    )


def _benefit(benefit: Benefit) -> reading.Benefit:
    known = {network.value for network in Network}
    return reading.Benefit(
        benefit=benefit.information,
        service_types=benefit.service_types,
        period=benefit.period,
        amount=None if benefit.amount is None else Money.from_decimal(benefit.amount),
        plan=benefit.plan,
        network=Network(benefit.in_network) if benefit.in_network in known else Network.UNSAID,
    )
