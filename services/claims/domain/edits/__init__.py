"""The edits every claim needs before it may leave: small rules that collect their findings.

Source: docs/domain, Edits. A rule never raises for what it finds; a rule that cannot
run is a bug and holds the claim by failing the transaction, never by skipping.
"""

from __future__ import annotations

from services.claims.domain.case import Case
from services.claims.domain.claim import Finding, Severity
from services.claims.domain.edits.coding import RULES as CODING
from services.claims.domain.edits.parties import RULES as PARTIES
from services.claims.domain.edits.rule import Rule
from services.claims.domain.edits.sending import RULES as SENDING

RULES: tuple[Rule, ...] = (*CODING, *PARTIES, *SENDING)


def scrub(case: Case) -> tuple[Finding, ...]:
    """All findings of all rules, in the order of the rules."""
    return tuple(finding for rule in RULES for finding in rule.findings(case))


def errors(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Those that stop the claim."""
    return tuple(finding for finding in findings if finding.severity is Severity.ERROR)
