"""The life-cycle table of a service as its README shows it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

Status = TypeVar("Status", bound=StrEnum)


def states_table(moves: Mapping[Status, frozenset[Status]], heading: str) -> str:
    """A Markdown table between the two marks that README files carry."""
    rows = [
        f"| {state} | {', '.join(sorted(moves[state])) or '–'} |"  # noqa: RUF001 - a dash
        for state in moves
    ]
    head = ["<!-- states: generated from domain/lifecycle.py -->", f"| {heading} | next |"]
    return "\n".join([*head, "| --- | --- |", *rows, "<!-- /states -->"])
