"""Facts published by the gateway: master data as full snapshots, and the test clock."""

from __future__ import annotations

from shared.events.marks import Code, Count, Day, Fact, Id, Part, Plain, PriceCents, Switch


class BusinessAddress(Part, frozen=True, kw_only=True):
    """The address of an organisation; billing needs nine digits of ZIP."""

    line1: Plain
    line2: Plain = ""
    city: Plain
    state: Plain
    zip_code: Plain


class TenantChanged(Fact, frozen=True, kw_only=True):
    """A billing company; key: tenant_id. mode: `test` or `live` (each its own tenant id).

    edi_id: its sender id at the clearinghouse (ISA06, GS02; at most 15 characters).
    """

    tenant_id: Id
    name: Plain
    mode: Plain
    edi_id: Plain
    version: Count


class PracticeChanged(Fact, frozen=True, kw_only=True):
    """A client practice; key: practice_id. npi: type 2; tax_id: EIN, nine digits."""

    practice_id: Id
    name: Plain
    npi: Plain
    tax_id: Plain
    taxonomy: Plain
    address: BusinessAddress
    phone: Plain
    email: Plain
    active: Switch = True
    version: Count


class ProviderChanged(Fact, frozen=True, kw_only=True):
    """A person who renders or refers; key: provider_id. npi: type 1."""

    provider_id: Id
    practice_id: Id
    last_name: Plain
    first_name: Plain
    npi: Plain
    taxonomy: Plain
    active: Switch = True
    version: Count


class PayerChanged(Fact, frozen=True, kw_only=True):
    """A payer; key: payer_id. code: its id at the clearinghouse.

    filing_indicator: SBR09. filing_days: timely filing limit from service date.
    answer_days: days after which silence is an alarm.
    """

    payer_id: Id
    code: Plain
    name: Plain
    filing_indicator: Code
    address: BusinessAddress
    filing_days: Count
    answer_days: Count
    appeal_days: Count = 180
    active: Switch = True
    version: Count


class FeeScheduleLine(Part, frozen=True, kw_only=True):
    """The practice's charge for one code (modifier may be empty)."""

    code: Plain
    modifier: Plain = ""
    charge_cents: PriceCents


class FeeScheduleChanged(Fact, frozen=True, kw_only=True):
    """What a practice charges; key: fee_schedule_id. practice_id nil: the tenant's default."""

    fee_schedule_id: Id
    practice_id: Id
    valid_from: Day
    lines: list[FeeScheduleLine]
    version: Count


class TestClockAdvanced(Fact, frozen=True, kw_only=True):
    """Business time of the whole installation moved; key: nil UUID. Refused in `prod`."""

    __test__ = False

    offset_seconds: Count
