"""Whole US cents as a value: the only form in which money is added, split or compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from shared.errors import Refused

BASIS_POINTS = 10_000


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in whole US cents; may be negative (a reversal, a credit)."""

    cents: int

    @classmethod
    def from_decimal(cls, amount: Decimal) -> Money:
        """Dollars to cents; refuses (`amount_precision`) more than two decimals (X12 R type)."""
        scaled = amount.scaleb(2)
        whole = int(scaled)
        if whole != scaled:
            raise Refused("amount_precision", "An amount has more than two decimals.")
        return cls(whole)

    @classmethod
    def total(cls, amounts: Iterable[Money]) -> Money:
        """The sum; zero for none."""
        return cls(sum(amount.cents for amount in amounts))

    def to_decimal(self) -> Decimal:
        """Dollars with two decimals, exact."""
        return Decimal(self.cents).scaleb(-2)

    def __add__(self, other: Money) -> Money:
        return Money(self.cents + other.cents)

    def __sub__(self, other: Money) -> Money:
        return Money(self.cents - other.cents)

    def __neg__(self) -> Money:
        return Money(-self.cents)

    def __mul__(self, count: int) -> Money:
        return Money(self.cents * count)

    def __bool__(self) -> bool:
        return self.cents != 0

    def __str__(self) -> str:
        sign = "-" if self.cents < 0 else ""
        return f"{sign}{abs(self.cents) // 100}.{abs(self.cents) % 100:02d}"

    def share(self, basis_points: int) -> Money:
        """A part of the amount in basis points (2000 = 20 %), rounded once, half away from zero."""
        numerator = abs(self.cents) * basis_points
        whole = (2 * numerator + BASIS_POINTS) // (2 * BASIS_POINTS)
        return Money(whole if self.cents >= 0 else -whole)

    def spread(self, weights: Sequence[int]) -> list[Money]:
        """Split in proportion to the weights (>= 0); remainder cents go to the largest weight.

        The parts add up to the amount exactly. All weights zero counts as all equal.
        Source: 835 claim-level adjustments are spread over lines in proportion to charge.
        """
        if not weights:
            raise ValueError("spread needs at least one weight")
        shares = list(weights) if any(weights) else [1] * len(weights)
        whole = sum(shares)
        sign = -1 if self.cents < 0 else 1
        parts = [abs(self.cents) * share // whole for share in shares]
        parts[shares.index(max(shares))] += abs(self.cents) - sum(parts)
        return [Money(sign * part) for part in parts]


ZERO = Money(0)
