"""Levels of an 837 above the claim: submitter, billing provider, subscriber, payer, patient."""

from shared.x12.guide import Loop, Required, Segment, Situational
from shared.x12.guides.parts import (
    ADDRESS,
    ADDRESS_IF_KNOWN,
    CONTACT,
    FILING,
    ORGANISATION,
    PAYER,
    PAYER_RANK,
    PERSON_OR_ORGANISATION,
    PHONE,
    name,
    party,
    reference,
)

_PERSON = "R=1 R S S - S"
_SEX = "R=D8 R R=F,M,U"
_MEDICARE_SECONDARY = "12,13,14,15,16,41,42,43,47"

BHT = Segment("BHT", Required, 1, "R=0019 R=00,18 R R R R=31,CH,RP")
SUBMITTER = Loop("1000A", Required, 1, (
    name("41", "R=1,2 R S S - - R=46 R"),
    Segment("PER", Required, 2, CONTACT.replace("EM,", "ED,EM,")),
))  # fmt: skip
RECEIVER = Loop("1000B", Required, 1, (name("40", "R=2 R - - - - R=46 R"),))

BILLING_LEVEL = Segment("HL", Required, 1, "R - R=20 R=1", "3")
SUBSCRIBER_LEVEL = Segment("HL", Required, 1, "R R R=22 R=0,1", "3")
PATIENT_LEVEL = Segment("HL", Required, 1, "R R R=23 R=0", "3")
TAXONOMY = Segment("PRV", Situational, 1, "R=BI R=PXC R@taxonomy")
CURRENCY = Segment("CUR", Situational, 1, "R=85 R")

_BILLING_CONTACT = Segment("PER", Situational, 2, CONTACT)
BILLING_PERSON_OR_ORGANISATION = Loop("2010AA", Required, 1, (
    name("85", PERSON_OR_ORGANISATION),
    *ADDRESS,
    reference("EI,SY", usage=Required),
    reference("0B,1G", 2),
    _BILLING_CONTACT,
))  # fmt: skip
BILLING_ORGANISATION = Loop("2010AA", Required, 1, (
    name("85", ORGANISATION),
    *ADDRESS,
    reference("EI", usage=Required),
    _BILLING_CONTACT,
))  # fmt: skip
PAY_TO = party("2010AB", name("87", "R=1,2"), *ADDRESS)
PAY_TO_ORGANISATION = party("2010AB", name("87", "R=2"), *ADDRESS)
PAY_TO_PLAN = party("2010AC", name("PE", PAYER), *ADDRESS, reference("2U,FY,NF"),
    reference("EI", usage=Required))  # fmt: skip

SBR = Segment(
    "SBR", Required, 1, f"R={PAYER_RANK} S=18 S S S={_MEDICARE_SECONDARY} - - - S={FILING}"
)
SBR_WITHOUT_MEDICARE = Segment("SBR", Required, 1, f"R={PAYER_RANK} S=18 S S - - - - S={FILING}")
SUBSCRIBER_CONDITION = Segment("PAT", Situational, 1, "- - - - S=D8 S S=01 S S=Y")
SUBSCRIBER = Loop("2010BA", Required, 1, (
    name("IL", "R=1,2 R S S - S S=II,MI S"),
    *ADDRESS_IF_KNOWN,
    Segment("DMG", Situational, 1, _SEX),
    reference("SY"),
    reference("Y4"),
    Segment("PER", Situational, 1, PHONE),
))  # fmt: skip
PATIENT_CONDITION = Segment("PAT", Required, 1, "R=01,19,20,21,39,40,53,G8 - - - S=D8 S S=01 S S=Y")
PATIENT_RELATION = Segment("PAT", Required, 1, "R=01,19,20,21,39,40,53,G8")
PLAIN_SUBSCRIBER = Loop("2010BA", Required, 1, (
    name("IL", "R=1,2 R S S - S S=II,MI S"),
    *ADDRESS_IF_KNOWN,
    Segment("DMG", Situational, 1, _SEX),
    reference("SY"),
    reference("Y4"),
))  # fmt: skip
PLAIN_PATIENT = Loop("2010CA", Required, 1, (
    name("QC", _PERSON),
    *ADDRESS,
    Segment("DMG", Required, 1, _SEX),
    reference("Y4"),
    reference("1W,SY"),
))  # fmt: skip
PATIENT = Loop("2010CA", Required, 1, (
    name("QC", _PERSON),
    *ADDRESS,
    Segment("DMG", Required, 1, _SEX),
    reference("Y4"),
    reference("1W,SY"),
    Segment("PER", Situational, 1, PHONE),
))  # fmt: skip


def payer_loop(billing_ids: int) -> Loop:
    """The payer, with so many numbers of the billing provider there."""
    return Loop("2010BB", Required, 1, (
        name("PR", PAYER),
        *ADDRESS_IF_KNOWN,
        reference("2U,EI,FY,NF", 3),
        reference("G2,LU", billing_ids),
    ))  # fmt: skip
