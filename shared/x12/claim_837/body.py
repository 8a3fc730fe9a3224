"""Segments from CLM to the end of its last line, to a typed claim."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.x12.claim_837.facts import DIAGNOSES
from shared.x12.claim_837.levels import FIELDS, NOBODY, Level
from shared.x12.claim_837.values import (
    Diagnosis,
    Drug,
    LineAdjudication,
    OtherPayer,
    ServiceLine,
)
from shared.x12.parties import ZERO, Amount, Party, Period, Raw, Reference
from shared.x12.party_reading import (
    Numbers,
    PartyReader,
    Recurring,
    components,
    cut_at,
    padded,
    read_all_adjustments,
    read_amounts,
    read_period,
    read_procedure,
    read_raw,
    read_reference,
    trimmed,
)

Elements = list[str]
_INNER, _IN_LINE = frozenset({"SBR", "LX"}), frozenset({"LIN", "SVD"})
_PLAIN = 3  # segments of a line without numbers, providers or decisions of its own
_OF_CLM = frozenset(
    [
        "kind",
        "claim_id",
        "charge",
        "facility",
        "frequency",
        "provider_signature",
        "assignment",
        "benefits_assigned",
        "release",
        "patient_signature",
        "accident",
        "special_program",
        "predetermination",
        "delay_reason",
    ]
)


class ClaimSource:
    """Fields of a Claim: CLM at once, lines and other payers at once, the rest, the levels."""

    __slots__ = ("_body", "_held", "_levels")

    def __init__(
        self, held: list[Elements], body: "ClaimBody", levels: Mapping[str, Level]
    ) -> None:
        self._held, self._body, self._levels = held, body, levels

    def fill(self, name: str) -> dict[str, Any]:
        """The group of fields that `name` belongs to."""
        if name in _OF_CLM:
            return self._body.clm(self._held[0])
        for kind, fields in FIELDS.items():
            if name in fields:
                level = self._levels.get(kind)
                return level.fields if level else fields
        reader = self._body
        own, runs = cut_at(self._held, _INNER)
        if name in ("lines", "other_payers"):
            return {
                "lines": tuple(reader.line(run) for run in runs if run[0][0] == "LX"),
                "other_payers": tuple(
                    reader.other_payer(run) for run in runs if run[0][0] == "SBR"
                ),
            }
        return reader.claim(own)


class _Parts:
    """Segments that claim, payer and line have in common, gathered in one pass."""

    __slots__ = (
        "amounts", "cas", "hi", "notes", "periods", "providers", "references", "rest",
    )  # fmt: skip

    def __init__(self) -> None:
        self.cas: list[Elements] = []
        self.amounts: list[Amount] = []
        self.notes: list[tuple[str, str]] = []
        self.periods: list[Period] = []
        self.providers: list[PartyReader] = []
        self.references: list[Reference] = []
        self.hi: list[Elements] = []
        self.rest: list[Raw] = []

    def parties(self) -> tuple[Party, ...]:
        return tuple(p.party() for p in self.providers)


class ClaimBody:
    """Reading claims: what depends on kind and delimiters; values that come again are shared."""

    def __init__(self, kind: str, numbers: Numbers, recurring: Recurring) -> None:
        self.kind = kind
        self.component, self.amounts, self.dates = numbers
        self.recurring = recurring

    def clm(self, clm: Elements) -> dict[str, Any]:
        """CLM; most end at CLM09."""
        clm = padded(clm, 11)
        place = clm[5].split(self.component)
        accident = special = predetermination = delay = ""
        if len(clm) > 11:
            clm = padded(clm, 21)
            accident, special, predetermination, delay = clm[11], clm[12], clm[19], clm[20]
        return {
            "kind": self.kind, "claim_id": clm[1], "charge": self.amounts[clm[2]],
            "facility": place[0], "frequency": place[2] if len(place) > 2 else "",
            "provider_signature": clm[6], "assignment": clm[7], "benefits_assigned": clm[8],
            "release": clm[9], "patient_signature": clm[10],
            "accident": tuple(components(accident, self.component)) if accident else (),
            "special_program": special, "predetermination": predetermination,
            "delay_reason": delay,
        }  # fmt: skip

    def gather(self, segments: Sequence[Elements]) -> _Parts:
        """Sort segments into their kinds; after an NM1 they belong to that party."""
        parts = _Parts()
        party: PartyReader | None = None
        for e in segments:
            match e[0]:
                case "NM1":
                    party = PartyReader(e, self.component, self.dates)
                    parts.providers.append(party)
                case _ if party is not None:
                    party.add(e)
                case "DTP":
                    parts.periods.append(self._period(e))
                case "REF":
                    parts.references.append(read_reference(e, self.component))
                case "AMT":
                    parts.amounts += read_amounts((e,), self.amounts)
                case "CAS":
                    parts.cas.append(e)
                case "HI":
                    parts.hi.append(e)
                case "NTE":
                    parts.notes.append((padded(e, 3)[1], padded(e, 3)[2]))
                case _:
                    parts.rest.append(read_raw(e, self.component))
        return parts

    def claim(self, own: list[Elements]) -> dict[str, Any]:
        """What follows CLM up to the first payer or line."""
        parts = self.gather(own[1:])
        of_codes = "HI", *map(tuple, parts.hi)
        diagnoses, codes = self.recurring.value(of_codes, lambda: self._codes(parts.hi))
        of_parties = "NM1", *(tuple(map(tuple, each.held)) for each in parts.providers)
        return {
            "dates": tuple(parts.periods), "references": tuple(parts.references),
            "amounts": tuple(parts.amounts), "notes": tuple(parts.notes), "codes": codes,
            "diagnoses": diagnoses, "rest": tuple(parts.rest),
            "providers": self.recurring.value(of_parties, parts.parties),
        }  # fmt: skip

    def _codes(
        self, segments: list[Elements]
    ) -> tuple[tuple[Diagnosis, ...], tuple[tuple[tuple[str, ...], ...], ...]]:
        """HI segments: diagnoses by themselves, everything else as it stands."""
        diagnoses: list[Diagnosis] = []
        others: list[tuple[tuple[str, ...], ...]] = []
        for e in segments:
            composites = [components(c, self.component) for c in e[1:] if c]
            if composites and composites[0][0] in DIAGNOSES:
                diagnoses += [
                    Diagnosis(c[0], padded(c, 2)[1], c[8] if len(c) > 8 else "") for c in composites
                ]
            else:
                others.append(tuple(tuple(c) for c in composites))
        return tuple(diagnoses), tuple(others)

    def other_payer(self, held: list[Elements]) -> OtherPayer:
        """SBR and what follows it."""
        parts = self.gather(held[1:])
        sbr = padded(held[0], 10)
        oi = padded(next((e for e in held if e[0] == "OI"), ["OI"]), 7)
        parties = parts.parties()
        insured = next((p for p in parties if p.name.entity == "IL"), NOBODY)
        payer = next((p for p in parties if p.name.entity == "PR"), NOBODY)
        return OtherPayer(
            rank=sbr[1], relationship=sbr[2], insured=insured, payer=payer, filing=sbr[9],
            group_number=sbr[3], group_name=sbr[4], insurance_type=sbr[5],
            adjustments=read_all_adjustments(parts.cas, self.amounts), amounts=tuple(parts.amounts),
            benefits_assigned=oi[3], patient_signature=oi[4], release=oi[6],
            providers=tuple(p for p in parties if p.name.entity not in ("IL", "PR")),
            rest=tuple(r for r in parts.rest if r[0] != "OI"),
        )  # fmt: skip

    def line(self, held: list[Elements]) -> ServiceLine:
        """LX and what follows it; a service on a day comes again all the time."""
        if len(held) > _PLAIN:
            return self._line(held)
        key = "LX", *map(tuple, held[1:])
        return self.recurring.value(key, lambda: self._line(held))

    def _line(self, held: list[Elements]) -> ServiceLine:
        """The line, its drugs, providers, other payers' decisions."""
        own, runs = cut_at(held, _IN_LINE)
        drugs: list[Drug] = []
        decisions: list[LineAdjudication] = []
        providers: list[Party] = []
        rest: list[Raw] = []
        for run in runs:
            if run[0][0] == "LIN":
                drug, parties = self._drug(run)
                drugs.append(drug)
                providers += parties
            else:
                decision, more = self._decision(run)
                decisions.append(decision)
                rest += more
        parts = self.gather(own[1:])
        service = next((e for e in own if e[0] in _SERVICE), None)
        line = self._service(service) if service else ServiceLine(None, ZERO)
        return line._replace(
            dates=tuple(parts.periods), references=tuple(parts.references),
            amounts=tuple(parts.amounts), notes=tuple(parts.notes), drugs=tuple(drugs),
            providers=parts.parties() + tuple(providers), adjudications=tuple(decisions),
            rest=tuple(r for r in parts.rest if r[0] not in _SERVICE) + tuple(rest),
        )  # fmt: skip

    def _period(self, e: Elements) -> Period:
        return self.recurring.value(tuple(e), lambda: read_period(e, self.dates))

    def _service(self, e: Elements) -> ServiceLine:
        """SV1, SV2 or SV3, which come again even where lines have numbers of their own."""
        return self.recurring.value(tuple(e), lambda: _SERVICE[e[0]](self, e))

    def sv1(self, e: Elements) -> ServiceLine:
        """Professional service."""
        e = padded(e, 8)
        pointers = self._pointers(e[7])
        return ServiceLine(
            read_procedure(e[1], self.component), self.amounts[e[2]],
            self.amounts.optional(e[4]), e[3], pointers, e[5], details=self._details(e[8:]),
        )  # fmt: skip

    def sv2(self, e: Elements) -> ServiceLine:
        """Institutional service."""
        e = padded(e, 6)
        procedure = read_procedure(e[2], self.component) if e[2] else None
        return ServiceLine(
            procedure, self.amounts[e[3]], self.amounts.optional(e[5]), e[4], revenue_code=e[1],
            details=self._details(e[6:]),
        )  # fmt: skip

    def sv3(self, e: Elements) -> ServiceLine:
        """Dental service: `details` are SV304, SV305 and, behind the units, SV307 and on."""
        e = padded(e, 7)
        pointers = self._pointers(padded(e, 12)[11])
        return ServiceLine(
            read_procedure(e[1], self.component), self.amounts[e[2]],
            self.amounts.optional(e[6]), "", pointers, e[3],
            details=self._details([e[4], e[5], *e[7:11]]),
        )  # fmt: skip

    def _details(self, elements: Elements) -> Raw:
        return trimmed(read_raw(elements, self.component)) if elements else ()

    def _pointers(self, text: str) -> tuple[int, ...]:
        if not text:
            return ()
        return tuple(
            int(p) if p.isdecimal() and p.isascii() else 0 for p in text.split(self.component) if p
        )

    def _drug(self, held: list[Elements]) -> tuple[Drug, tuple[Party, ...]]:
        parts = self.gather(held[1:])
        lin = padded(held[0], 4)
        ctp = padded(next((e for e in held if e[0] == "CTP"), ["CTP"]), 6)
        quantity = self.amounts.optional(ctp[4])
        drug = Drug(lin[3], quantity, ctp[5], lin[2], tuple(parts.references))
        return drug, parts.parties()

    def _decision(self, held: list[Elements]) -> tuple[LineAdjudication, list[Raw]]:
        parts = self.gather(held[1:])
        e = padded(held[0], 7)
        decision = LineAdjudication(
            e[1], self.amounts[e[2]], read_procedure(e[3], self.component) if e[3] else None,
            self.amounts.optional(e[5]), e[6], e[4], read_all_adjustments(parts.cas, self.amounts),
            tuple(parts.periods), tuple(parts.amounts),
        )  # fmt: skip
        return decision, parts.rest


_SERVICE = {"SV1": ClaimBody.sv1, "SV2": ClaimBody.sv2, "SV3": ClaimBody.sv3}
