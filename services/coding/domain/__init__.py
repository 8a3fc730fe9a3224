"""The law of coding: what an encounter is, when its codes may go, and how FHIR says it."""
