"""The shapes of the gateway's own API, and how they become facts."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field

from shared import ids
from shared.events.tenancy import (
    BusinessAddress,
    FeeScheduleChanged,
    FeeScheduleLine,
    PayerChanged,
    PracticeChanged,
    ProviderChanged,
    TenantChanged,
)

MAX_FEES = 2_000
MAX_ADVANCE_SECONDS = 10 * 366 * 86_400

Name = Annotated[str, Field(min_length=1, max_length=60)]
Line = Annotated[str, Field(min_length=1, max_length=55)]
Digits9 = Annotated[str, Field(pattern=r"^[0-9]{9}$")]
Digits10 = Annotated[str, Field(pattern=r"^[0-9]{10}$")]
Npi = Annotated[str, Field(pattern=r"^[0-9]{10}$", examples=["1234567893"])]
Days = Annotated[int, Field(ge=1, le=3650)]


class Strict(BaseModel):
    """What clients send: no unknown fields, no guessing of types."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Address(Strict):
    """The address of an organisation."""

    line1: Line
    line2: str = Field("", max_length=55)
    city: Annotated[str, Field(min_length=2, max_length=30)]
    state: Annotated[str, Field(pattern=r"^[A-Z]{2}$", examples=["OH"])]
    zip_code: Annotated[str, Field(pattern=r"^[0-9]{5}([0-9]{4})?$", examples=["432150001"])]

    def fact(self) -> BusinessAddress:
        """As it travels in events."""
        return BusinessAddress(**self.model_dump())


class TenantIn(Strict):
    """A billing company in one mode; its other mode is another tenant."""

    name: Name
    mode: Literal["test", "live"]
    edi_id: Annotated[str, Field(pattern=r"^[A-Z0-9]{2,15}$", examples=["RIVERBEND01"])]


class TenantOut(BaseModel):
    """A tenant."""

    id: str
    name: str
    mode: str
    edi_id: str
    version: int

    @classmethod
    def of(cls, fact: TenantChanged) -> TenantOut:
        """From its snapshot."""
        return cls(
            id=ids.shown("tenant", fact.tenant_id),
            name=fact.name,
            mode=fact.mode,
            edi_id=fact.edi_id,
            version=fact.version,
        )


class PracticeIn(Strict):
    """A client practice; npi is the organisation's (type 2)."""

    name: Name
    npi: Npi
    tax_id: Digits9
    taxonomy: Annotated[str, Field(min_length=10, max_length=10, examples=["207Q00000X"])]
    address: Address
    phone: Digits10
    email: str = Field("", max_length=254)
    active: bool = True

    def fact(self, id_: UUID, version: int) -> PracticeChanged:
        """The snapshot it becomes."""
        fields = {**self.model_dump(), "address": self.address.fact()}
        return PracticeChanged(practice_id=id_, version=version, **fields)


class PracticeOut(PracticeIn):
    """A practice as it is."""

    id: str
    version: int

    @classmethod
    def of(cls, fact: PracticeChanged) -> PracticeOut:
        """From its snapshot."""
        fields = _plain(fact, "practice_id")
        return cls.model_validate({"id": ids.shown("practice", fact.practice_id), **fields})


class ProviderIn(Strict):
    """A person who renders or refers; npi is the person's (type 1)."""

    practice_id: str
    last_name: Name
    first_name: Annotated[str, Field(min_length=1, max_length=35)]
    npi: Npi
    taxonomy: Annotated[str, Field(min_length=10, max_length=10, examples=["207Q00000X"])]
    active: bool = True

    def fact(self, id_: UUID, version: int) -> ProviderChanged:
        """The snapshot it becomes."""
        fields = {**self.model_dump(), "practice_id": ids.read("practice", self.practice_id)}
        return ProviderChanged(provider_id=id_, version=version, **fields)


class ProviderOut(ProviderIn):
    """A provider as it is."""

    id: str
    version: int

    @classmethod
    def of(cls, fact: ProviderChanged) -> ProviderOut:
        """From its snapshot."""
        fields = _plain(fact, "provider_id")
        fields["practice_id"] = ids.shown("practice", fact.practice_id)
        return cls.model_validate({"id": ids.shown("provider", fact.provider_id), **fields})


class PayerIn(Strict):
    """A payer; code is its id at the clearinghouse."""

    code: Annotated[str, Field(pattern=r"^[A-Z0-9]{2,15}$", examples=["ASTER"])]
    name: Name
    filing_indicator: Annotated[str, Field(min_length=2, max_length=2, examples=["CI"])]
    address: Address
    filing_days: Days
    answer_days: Days
    appeal_days: Days = 180
    active: bool = True

    def fact(self, id_: UUID, version: int) -> PayerChanged:
        """The snapshot it becomes."""
        fields = {**self.model_dump(), "address": self.address.fact()}
        return PayerChanged(payer_id=id_, version=version, **fields)


class PayerOut(PayerIn):
    """A payer as it is."""

    id: str
    version: int

    @classmethod
    def of(cls, fact: PayerChanged) -> PayerOut:
        """From its snapshot."""
        fields = _plain(fact, "payer_id")
        return cls.model_validate({"id": ids.shown("payer", fact.payer_id), **fields})


class Fee(Strict):
    """What is charged for one code."""

    code: Annotated[str, Field(pattern=r"^[0-9A-Z]{5}$", examples=["99213"])]
    modifier: Annotated[str, Field(pattern=r"^([0-9A-Z]{2})?$")] = ""
    charge_cents: Annotated[int, Field(ge=0, le=999_999_999)]


class FeeScheduleIn(Strict):
    """What a practice charges from a day on; without a practice it is everybody's."""

    practice_id: str | None = None
    valid_from: Annotated[date, Field(strict=False)]
    lines: Annotated[list[Fee], Field(min_length=1, max_length=MAX_FEES)]

    def fact(self, id_: UUID, version: int) -> FeeScheduleChanged:
        """The snapshot it becomes."""
        practice = ids.read("practice", self.practice_id) if self.practice_id else ids.NIL
        return FeeScheduleChanged(
            fee_schedule_id=id_,
            practice_id=practice,
            valid_from=self.valid_from,
            lines=[FeeScheduleLine(**line.model_dump()) for line in self.lines],
            version=version,
        )


class FeeScheduleOut(FeeScheduleIn):
    """A fee schedule as it is."""

    id: str
    version: int

    @classmethod
    def of(cls, fact: FeeScheduleChanged) -> FeeScheduleOut:
        """From its snapshot."""
        whole = fact.practice_id == ids.NIL
        return cls(
            id=ids.shown("fee_schedule", fact.fee_schedule_id),
            practice_id=None if whole else ids.shown("practice", fact.practice_id),
            valid_from=fact.valid_from,
            lines=[Fee.model_validate(_plain(line)) for line in fact.lines],
            version=fact.version,
        )


class ApiKeyIn(Strict):
    """A key for a program; it may do no more than the key that makes it."""

    name: Name
    scopes: Annotated[list[str], Field(min_length=1, max_length=20, examples=[["claims:read"]])]
    practice_ids: Annotated[list[str], Field(max_length=200)] | None = None


class ApiKeyOut(BaseModel):
    """A key without its secret; the last four characters tell keys apart."""

    id: str
    name: str
    mode: str
    scopes: list[str]
    practice_ids: list[str] | None
    ends_with: str
    active: bool


class ApiKeyMade(ApiKeyOut):
    """A key as it is shown once."""

    secret: str


class TenantMade(TenantOut):
    """A new tenant with the key that administers it, shown once."""

    api_key: ApiKeyMade


class Advance(Strict):
    """How far business time is moved."""

    seconds: Annotated[int, Field(ge=1, le=MAX_ADVANCE_SECONDS)]


class ClockOut(BaseModel):
    """Business time of the installation."""

    business_time: str
    offset_seconds: int


def _plain(struct: Struct, *without: str) -> dict[str, object]:
    fields = msgspec.structs.asdict(struct)
    if "address" in fields:
        fields["address"] = _plain(fields["address"])
    return {name: value for name, value in fields.items() if name not in without}
