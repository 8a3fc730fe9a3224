"""What an edit is: an id, a remedy, who acts on it, and a check that names the places it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from services.claims.domain.case import Case
from services.claims.domain.claim import Finding, Severity
from services.claims.domain.lifecycle import Owner


class Fault(NamedTuple):
    """One place where a rule fails, and what is wrong there; never a value of the patient's."""

    location: str
    message: str


@dataclass(frozen=True, slots=True)
class Rule:
    """An edit; snip: the WEDI SNIP type of its check."""

    id: str
    snip: int
    remedy: str
    check: Callable[[Case], Iterator[Fault]]
    owner: Owner = Owner.BILLER
    severity: Severity = Severity.ERROR

    def findings(self, case: Case) -> Iterator[Finding]:
        """The check's faults with the rule's words on them."""
        for fault in self.check(case):
            yield Finding(
                rule=self.id,
                location=fault.location,
                message=fault.message,
                remedy=self.remedy,
                severity=self.severity,
                owner=self.owner,
            )
