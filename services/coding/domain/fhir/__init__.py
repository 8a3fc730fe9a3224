"""FHIR R4 bundles read into submissions; every problem is collected with its place."""

from services.coding.domain.fhir.bundle import Limits, parsed
from services.coding.domain.fhir.visits import Defaults, Reading, read

__all__ = ["Defaults", "Limits", "Reading", "parsed", "read"]
