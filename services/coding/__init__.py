"""Coding: take encounters in, check their codes, let a coder finish what is not codable as it came.

Listens to: PracticeChanged, ProviderChanged, PayerChanged, FeeScheduleChanged.
Publishes: EncounterReceived, EncounterCoded, CodingTaskOpened, CodingTaskCompleted.
Owns: encounters, patients and their coverages, coding tasks, the files encounters came in.
"""
