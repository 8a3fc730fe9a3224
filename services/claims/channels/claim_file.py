"""Claims as one 837P file."""

from __future__ import annotations

from datetime import date

from services.claims.domain.case import Case
from services.claims.domain.claim import ORIGINAL, CodedLine
from services.claims.domain.parties import SELF_RELATIONSHIP, Practice, Provider, Submitter
from services.claims.domain.sending import Sending, Unwritable
from shared.codesets import icd10cm
from shared.events.people import PersonIdentity
from shared.x12 import Controls, Route, UnwritableError, write_interchange
from shared.x12.claim_837 import BatchHead, Claim, Diagnosis, ServiceLine, write_claims
from shared.x12.guides.claim import CLAIM_837P
from shared.x12.parties import Address, Contact, Name, Party, Period, Procedure, Reference

RANKS = {1: "P", 2: "S", 3: "T"}
HELP_DESK = "BILLING OFFICE"


def write_file(sending: Sending, receiver: str) -> bytes:
    """One interchange with one group and one set; receiver: ISA08 and GS03.

    Unwritable names the claims that hold a delimiter or a control character.
    """
    claims = [_claim(case) for case in sending.cases]
    try:
        return _write(sending, claims, receiver)
    except UnwritableError:
        head = _head(sending, receiver)
        bad = [
            case.claim.key
            for case, claim in zip(sending.cases, claims, strict=True)
            if not _is_writable(head, claim)
        ]
        if not bad:
            raise
        raise Unwritable(bad) from None


def _write(sending: Sending, claims: list[Claim], receiver: str) -> bytes:
    body = write_claims(_head(sending, receiver), claims, CLAIM_837P)
    usage = "P" if sending.submitter.is_live else "T"
    route = Route(sending.submitter.edi_id, receiver, usage=usage)
    controls = Controls(sending.control, sending.control)
    return write_interchange([body], route, controls, at=sending.at)


def _is_writable(head: BatchHead, claim: Claim) -> bool:
    try:
        write_claims(head, [claim], CLAIM_837P)
    except UnwritableError:
        return False
    return True


def _head(sending: Sending, receiver: str) -> BatchHead:
    phone = sending.cases[0].practice.phone
    return BatchHead(
        reference=str(sending.control),
        created=sending.at.date(),
        time=f"{sending.at:%H%M}",
        submitter=_submitter(sending.submitter, phone),
        receiver=Party(Name("40", "2", receiver, id_qualifier="46", id=receiver)),
    )


def _submitter(submitter: Submitter, phone: str) -> Party:
    name = Name("41", "2", submitter.name[:60], id_qualifier="46", id=submitter.edi_id)
    return Party(name, contacts=(Contact("IC", HELP_DESK, (("TE", phone),)),))


def _claim(case: Case) -> Claim:
    is_self = case.coverage.relationship == SELF_RELATIONSHIP
    coding = case.coding
    return Claim(
        kind="P",
        claim_id=case.claim.control_number,
        charge=case.claim.charge.to_decimal(),
        facility=coding.place_of_service,
        frequency=case.claim.frequency,
        billing=_billing(case.practice),
        subscriber=_subscriber(case),
        payer=Party(Name("PR", "2", case.payer.name[:60], id_qualifier="PI", id=case.payer.code)),
        diagnoses=tuple(
            Diagnosis("ABF" if place else "ABK", icd10cm.undotted(code))
            for place, code in enumerate(coding.diagnoses)
        ),
        lines=tuple(_line(line) for line in coding.lines),
        rank=RANKS[case.claim.rank],
        relationship=SELF_RELATIONSHIP if is_self else "",
        patient=None if is_self else _person("QC", case.patient),
        patient_relationship="" if is_self else case.coverage.relationship,
        filing=case.payer.filing_indicator,
        group_number=case.member.group_number,
        references=_references(case),
        providers=_providers(case),
    )


def _references(case: Case) -> tuple[Reference, ...]:
    if case.claim.frequency == ORIGINAL:
        return ()
    return (Reference("F8", case.claim.original_number),)


def _billing(practice: Practice) -> Party:
    place = practice.address
    return Party(
        Name("85", "2", practice.name[:60], id_qualifier="XX", id=practice.npi),
        Address(place.line1, place.city, place.state, _digits(place.zip_code), place.line2),
        (Reference("EI", _digits(practice.tax_id)),),
        taxonomy=practice.taxonomy,
    )


def _subscriber(case: Case) -> Party:
    party = _person("IL", case.subscriber)
    name = party.name._replace(id_qualifier="MI", id=case.member.member_id)
    return party._replace(name=name)


def _person(entity: str, person: PersonIdentity) -> Party:
    place = person.address
    return Party(
        Name(entity, "1", person.last_name, person.first_name),
        Address(place.line1, place.city, place.state, _digits(place.zip_code), place.line2),
        birth_date=date.fromisoformat(person.birth_date),
        sex=person.sex,
    )


def _providers(case: Case) -> tuple[Party, ...]:
    rendering = _provider("82", case.rendering)
    if case.referring is None:
        return (rendering,)
    return (_provider("DN", case.referring)._replace(taxonomy=""), rendering)


def _provider(entity: str, provider: Provider) -> Party:
    name = Name(
        entity, "1", provider.last_name, provider.first_name, id_qualifier="XX", id=provider.npi
    )
    return Party(name, taxonomy=provider.taxonomy)


def _line(line: CodedLine) -> ServiceLine:
    charge = line.charge.to_decimal()
    return ServiceLine(
        procedure=Procedure("HC", line.code, line.modifiers),
        charge=charge,
        units=type(charge)(line.units),
        pointers=line.pointers,
        dates=(Period("472", line.service_date),),
        references=(Reference("6R", str(line.line)),),
    )


def _digits(text: str) -> str:
    return "".join(each for each in text if each.isdigit())
