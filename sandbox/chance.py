"""Numbers that look random and are not: drawn from the seed and from what is asked about."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def draw(seed: int, *parts: object) -> int:
    """A whole number of 64 bits; the same for the same seed and parts, in every process."""
    text = "\x1f".join(map(str, (seed, *parts)))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def weighted(choices: Sequence[tuple[int, T]], number: int) -> T:
    """The choice that a drawn number falls on; weights are whole numbers above 0."""
    rest = number % sum(weight for weight, _ in choices)
    for weight, choice in choices:
        if rest < weight:
            return choice
        rest -= weight
    raise AssertionError("unreachable")


def letters(seed: int, *parts: object, length: int = 10) -> str:
    """A reference number of digits and capital letters without those that look like digits."""
    alphabet = "0123456789ACDEFGHJKMNPQRTUVWXY"
    number = draw(seed, *parts)
    text = ""
    for _ in range(length):
        number, place = divmod(number, len(alphabet))
        text += alphabet[place]
    return text
