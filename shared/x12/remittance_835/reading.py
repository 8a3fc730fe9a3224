"""Segments of an 835 to typed values, claim by claim."""

from typing import Any

from shared.x12.errors import Finding, NotANumberError
from shared.x12.events import Item, Opening
from shared.x12.parties import Name, Party, Period, Reference
from shared.x12.party_reading import (
    Amounts,
    Dates,
    Numbers,
    PartyReader,
    cut_at,
    padded,
    read_all_adjustments,
    read_amounts,
    read_contact,
    read_name,
    read_procedure,
    read_reference,
    sort_out,
)
from shared.x12.remittance_835.rules import Balance
from shared.x12.remittance_835.values import (
    ClaimPayment,
    HeaderNumber,
    Payment,
    ProviderAdjustment,
    ServicePayment,
)
from shared.x12.tree import walker_for
from shared.x12.views import view_of

Elements = list[str]
_SERVICES = frozenset({"SVC"})
_OF_CLP = frozenset(
    [
        "claim_id",
        "status",
        "charge",
        "paid",
        "patient_responsibility",
        "filing",
        "payer_control_number",
        "facility",
        "frequency",
        "drg",
        "drg_weight",
        "discharge_fraction",
        "header",
    ]
)


class RemittanceReader:
    """Cuts an 835 at LX, CLP and PLB; items are Payment, HeaderNumber, ClaimPayment and
    ProviderAdjustment."""

    starts = frozenset({"LX", "CLP", "PLB"})

    def __init__(self, opening: Opening) -> None:
        self.out: list[Item] = []
        self.held: list[Elements] = []
        self._numbers = Numbers(opening.delimiters.component, Amounts(), Dates())
        self._ordinal = 2
        self._header = 0
        self._balance = Balance(self._numbers.amounts)
        self._walker = walker_for(opening)
        self.walk = self._walker.feed if self._walker else None

    @property
    def count(self) -> int:
        """Segments so far, ST counted."""
        return self._ordinal - 1 + len(self.held)

    def finish(self) -> list[Finding]:
        """The last cut, and the balance of the whole."""
        self.cut()
        if not self._walker:
            return []
        self._walker.finish()
        return self._walker.findings + self._balance.findings()

    def cut(self) -> None:
        """Make items of what is held; the next segment starts something new."""
        held, ordinal = self.held, self._ordinal
        if not held:
            return
        self.held, self._ordinal = [], ordinal + len(held)
        first = held[0][0]
        if first == "CLP":
            self._claim(held, ordinal)
            return
        try:
            match first:
                case "LX":
                    self._lx(held, ordinal)
                case "PLB":
                    self._plb(held, ordinal)
                case _:
                    self._payment(held, ordinal)
        except NotANumberError:
            self._balance.unreadable = True
            self.out.append(Item(None, held, ordinal))

    def _claim(self, held: list[Elements], ordinal: int) -> None:
        claim = view_of(ClaimPayment, ClaimSource(held, self._header, self._numbers))
        if not self._walker:
            self.out.append(Item(claim, held, ordinal))
            return
        found = self._balance.add_claim(held, ordinal)
        if found is None:
            self.out.append(Item(None, held, ordinal))
        else:
            self.out.append(Item(claim, held, ordinal, found))

    def _lx(self, held: list[Elements], ordinal: int) -> None:
        self._header += 1
        ts3 = next((e for e in held if e[0] == "TS3"), [""])
        ts2 = next((e for e in held if e[0] == "TS2"), [""])
        value = HeaderNumber(padded(held[0], 2)[1], tuple(ts3[1:]), tuple(ts2[1:]))
        self.out.append(Item(value, held, ordinal))

    def _plb(self, held: list[Elements], ordinal: int) -> None:
        e = padded(held[0], 3)
        end = self._numbers.dates[e[2]]
        for at in range(3, len(e) - 1, 2):
            if not e[at] and not e[at + 1]:
                continue
            reason, _, reference = e[at].partition(self._numbers.component)
            amount = self._numbers.amounts[e[at + 1]]
            value = ProviderAdjustment(e[1], end, reason, amount, reference)
            self._balance.provider += amount
            self.out.append(Item(value, held, ordinal))

    def _payment(self, held: list[Elements], ordinal: int) -> None:
        value = read_payment(held, self._numbers)
        self._balance.stated = value.amount
        self.out.append(Item(value, held, ordinal))


def read_payment(held: list[Elements], numbers: Numbers) -> Payment:
    """Everything before the first LX."""
    component, amounts, dates = numbers
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


class ClaimSource:
    """Fields of a ClaimPayment: CLP at once, lines at once, all the rest at once."""

    __slots__ = ("_header", "_held", "_numbers")

    def __init__(self, held: list[Elements], header: int, numbers: Numbers) -> None:
        self._held, self._header, self._numbers = held, header, numbers

    def fill(self, name: str) -> dict[str, Any]:
        """CLP, lines, or the rest."""
        if name in _OF_CLP:
            return self._clp()
        return {"services": self._services()} if name == "services" else self._rest()

    def _clp(self) -> dict[str, Any]:
        e = padded(self._held[0], 14)
        amounts = self._numbers.amounts
        return {
            "claim_id": e[1], "status": e[2], "charge": amounts[e[3]], "paid": amounts[e[4]],
            "patient_responsibility": amounts[e[5]] if e[5] else None, "filing": e[6],
            "payer_control_number": e[7], "facility": e[8], "frequency": e[9], "drg": e[11],
            "drg_weight": amounts.optional(e[12]),
            "discharge_fraction": amounts.optional(e[13]), "header": self._header,
        }  # fmt: skip

    def _services(self) -> tuple[ServicePayment, ...]:
        numbers = self._numbers
        return tuple(_service(run, numbers) for run in cut_at(self._held, _SERVICES)[1])

    def _rest(self) -> dict[str, Any]:
        own, _ = cut_at(self._held, _SERVICES)
        by_id = sort_out(own)
        numbers = self._numbers
        return {
            "adjustments": read_all_adjustments(by_id["CAS"], numbers.amounts),
            "names": tuple(read_name(e) for e in by_id["NM1"]),
            "inpatient": tuple(by_id["MIA"][0][1:]) if by_id["MIA"] else (),
            "outpatient": tuple(by_id["MOA"][0][1:]) if by_id["MOA"] else (),
            "references": tuple(read_reference(e, numbers.component) for e in by_id["REF"]),
            "dates": _days(by_id["DTM"], numbers.dates),
            "contacts": tuple(read_contact(e) for e in by_id["PER"]),
            "amounts": read_amounts(by_id["AMT"], numbers.amounts),
            "quantities": read_amounts(by_id["QTY"], numbers.amounts),
        }


def _days(segments: list[Elements], dates: Dates) -> tuple[Period, ...]:
    """DTM."""
    padded_segments = (padded(e, 3) for e in segments)
    return tuple(Period(e[1], dates[e[2]]) for e in padded_segments)


def _service(held: list[Elements], numbers: Numbers) -> ServicePayment:
    """SVC and what follows it."""
    svc = padded(held[0], 8)
    by_id = sort_out(held)
    component, amounts, _ = numbers
    return ServicePayment(
        read_procedure(svc[1], component), amounts[svc[2]], amounts[svc[3]], svc[4],
        amounts.optional(svc[5]), read_procedure(svc[6], component) if svc[6] else None,
        amounts.optional(svc[7]), _days(by_id["DTM"], numbers.dates),
        read_all_adjustments(by_id["CAS"], amounts),
        tuple(read_reference(e, component) for e in by_id["REF"]),
        read_amounts(by_id["AMT"], amounts), read_amounts(by_id["QTY"], amounts),
        tuple((e[1], e[2]) for e in by_id["LQ"] if len(e) > 2),
    )  # fmt: skip
