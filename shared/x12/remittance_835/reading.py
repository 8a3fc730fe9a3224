"""Segments of an 835 to typed values, claim by claim."""

from decimal import Decimal
from typing import Any

from shared.x12.errors import Finding
from shared.x12.events import Item, Options
from shared.x12.guide import Guide
from shared.x12.parties import Adjustment, Amount, Contact, Name, Party, Period, Reference
from shared.x12.party_reading import (
    Amounts,
    Dates,
    NotANumberError,
    PartyReader,
    cut_at,
    padded,
    read_adjustments,
    read_amount,
    read_contact,
    read_name,
    read_procedure,
    read_reference,
)
from shared.x12.remittance_835.rules import Balance, claim_findings
from shared.x12.remittance_835.values import (
    ClaimPayment,
    HeaderNumber,
    Payment,
    ProviderAdjustment,
    ServicePayment,
)
from shared.x12.segments import Delimiters
from shared.x12.tree import Walker

Elements = list[str]
_SERVICES = frozenset({"SVC"})
_STARTS = frozenset({"LX", "CLP", "PLB"})


class RemittanceReader:
    """Cuts an 835 at LX, CLP and PLB; items are Payment, HeaderNumber, ClaimPayment and
    ProviderAdjustment."""

    def __init__(
        self, guide: Guide, delimiters: Delimiters, options: Options, caches: dict[Any, Any]
    ) -> None:
        self.out: list[Item] = []
        self._component = delimiters.component
        self._amounts, self._dates = Amounts(), Dates()
        self._held: list[Elements] = []
        self._ordinal = 2
        self._header = ""
        self._balance = Balance()
        self._found: list[Finding] = []
        self._walker = (
            Walker(
                guide, delimiters, external=options.external, cache_limit=options.cache_limit,
                caches=caches,
            )
            if options.check
            else None
        )  # fmt: skip

    def feed(self, elements: Elements) -> None:
        """The next segment."""
        if elements[0] in _STARTS:
            self._cut()
        self._held.append(elements)
        if self._walker:
            self._walker.feed(elements)

    def finish(self) -> list[Finding]:
        """The last cut, and the balance of the whole."""
        self._cut()
        if not self._walker:
            return []
        self._walker.finish()
        return self._walker.findings + self._found + self._balance.findings()

    def _cut(self) -> None:
        held, ordinal = self._held, self._ordinal
        if not held:
            return
        self._held, self._ordinal = [], ordinal + len(held)
        try:
            match held[0][0]:
                case "CLP":
                    self._claim(held, ordinal)
                case "LX":
                    self._lx(held, ordinal)
                case "PLB":
                    self._plb(held, ordinal)
                case _:
                    self._payment(held, ordinal)
        except (NotANumberError, IndexError):
            self._balance.unreadable = True
            self.out.append(Item(None, held, ordinal))

    def _claim(self, held: list[Elements], ordinal: int) -> None:
        claim = read_claim(held, self._header, self._component, self._amounts, self._dates)
        self._balance.paid += claim.paid
        found: tuple[Finding, ...] = ()
        if self._walker:
            found = tuple(claim_findings(claim, held, ordinal))
            self._found += found
        self.out.append(Item(claim, held, ordinal, found))

    def _lx(self, held: list[Elements], ordinal: int) -> None:
        self._header = padded(held[0], 2)[1]
        ts3 = next((e for e in held if e[0] == "TS3"), [""])
        ts2 = next((e for e in held if e[0] == "TS2"), [""])
        value = HeaderNumber(self._header, tuple(ts3[1:]), tuple(ts2[1:]))
        self.out.append(Item(value, held, ordinal))

    def _plb(self, held: list[Elements], ordinal: int) -> None:
        e = held[0]
        end = self._dates[e[2]]
        for at in range(3, len(e) - 1, 2):
            if not e[at] and not e[at + 1]:
                continue
            reason, _, reference = e[at].partition(self._component)
            value = ProviderAdjustment(e[1], end, reason, self._amounts[e[at + 1]], reference)
            self._balance.provider += value.amount
            self.out.append(Item(value, held, ordinal))

    def _payment(self, held: list[Elements], ordinal: int) -> None:
        value = read_payment(held, self._component, self._amounts, self._dates)
        self._balance.stated = value.amount
        self.out.append(Item(value, held, ordinal))


def read_payment(held: list[Elements], component: str, amounts: Amounts, dates: Dates) -> Payment:
    """Everything before the first LX."""
    bpr, trn = [""] * 17, [""] * 5
    currency: tuple[str, ...] = ()
    delivery: tuple[str, ...] = ()
    references: list[Reference] = []
    produced = None
    parties: dict[str, PartyReader] = {}
    party: PartyReader | None = None
    for e in held:
        match e[0]:
            case "BPR":
                bpr = padded(e, 17)
            case "TRN":
                trn = padded(e, 5)
            case "CUR":
                currency = tuple(e[1:])
            case "DTM":
                produced = dates[padded(e, 3)[2]]
            case "N1":
                _, entity, name, qualifier, number = padded(e, 5)[:5]
                nm1 = ["NM1", entity, "2", name, "", "", "", "", qualifier, number]
                party = parties[entity] = PartyReader(nm1, component, dates)
            case "RDM":
                delivery = tuple(e[1:])
            case "REF" if party is None:
                references.append(read_reference(e, component))
            case _ if party is not None:
                party.add(e)
    nobody = Party(Name(""))
    return Payment(
        handling=bpr[1], amount=amounts[bpr[2]], credit=bpr[3], method=bpr[4],
        date=dates[bpr[16]], trace=trn[2], payer_id=trn[3], payer_supplement=trn[4],
        payer=parties["PR"].party() if "PR" in parties else nobody,
        payee=parties["PE"].party() if "PE" in parties else nobody,
        accounts=tuple(bpr[5:16]), currency=currency, references=tuple(references),
        production_date=produced, delivery=delivery,
    )  # fmt: skip


def _optional(text: str, amounts: Amounts) -> Decimal | None:
    return amounts[text] if text else None


def read_claim(
    held: list[Elements], header: str, component: str, amounts: Amounts, dates: Dates
) -> ClaimPayment:
    """CLP and all up to the next CLP; NotANumberError for an amount that is no number."""
    own, runs = cut_at(held, _SERVICES)
    services = tuple(_service(run, component, amounts, dates) for run in runs)
    clp = padded(own[0], 14)
    names: list[Name] = []
    adjustments: list[Adjustment] = []
    references: list[Reference] = []
    periods: list[Period] = []
    contacts: list[Contact] = []
    sums: list[Amount] = []
    quantities: list[Amount] = []
    inpatient: tuple[str, ...] = ()
    outpatient: tuple[str, ...] = ()
    for e in own:
        match e[0]:
            case "NM1":
                names.append(read_name(e))
            case "CAS":
                adjustments += read_adjustments(e, amounts)
            case "REF":
                references.append(read_reference(e, component))
            case "DTM":
                periods.append(Period(e[1], dates[e[2]]))
            case "AMT":
                sums.append(read_amount(e, amounts))
            case "QTY":
                quantities.append(read_amount(e, amounts))
            case "PER":
                contacts.append(read_contact(e))
            case "MIA":
                inpatient = tuple(e[1:])
            case "MOA":
                outpatient = tuple(e[1:])
    return ClaimPayment(
        clp[1], clp[2], amounts[clp[3]], amounts[clp[4]], _optional(clp[5], amounts),
        clp[6], clp[7], clp[8], clp[9], clp[11], _optional(clp[12], amounts),
        _optional(clp[13], amounts), tuple(adjustments), tuple(names), inpatient, outpatient,
        tuple(references), tuple(periods), tuple(contacts), tuple(sums), tuple(quantities),
        services, header,
    )  # fmt: skip


def _service(
    held: list[Elements], component: str, amounts: Amounts, dates: Dates
) -> ServicePayment:
    """SVC and what follows it."""
    svc = padded(held[0], 8)
    periods: list[Period] = []
    adjustments: list[Adjustment] = []
    references: list[Reference] = []
    sums: list[Amount] = []
    quantities: list[Amount] = []
    remarks: list[tuple[str, str]] = []
    for e in held:
        match e[0]:
            case "DTM":
                periods.append(Period(e[1], dates[e[2]]))
            case "CAS":
                adjustments += read_adjustments(e, amounts)
            case "AMT":
                sums.append(read_amount(e, amounts))
            case "REF":
                references.append(read_reference(e, component))
            case "QTY":
                quantities.append(read_amount(e, amounts))
            case "LQ":
                remarks.append((e[1], e[2]))
    return ServicePayment(
        read_procedure(svc[1], component), amounts[svc[2]], amounts[svc[3]], svc[4],
        _optional(svc[5], amounts), read_procedure(svc[6], component) if svc[6] else None,
        _optional(svc[7], amounts), tuple(periods), tuple(adjustments), tuple(references),
        tuple(sums), tuple(quantities), tuple(remarks),
    )  # fmt: skip
