"""Encounters taken in: refused as a whole, recognised as known, or kept, checked and told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec

from services.coding.actions import people, resolving
from services.coding.actions.checking import Checked, Codable, checked
from services.coding.actions.facts import SUBMITTED, Teller
from services.coding.actions.people import Guest, Recognised
from services.coding.domain import intake_rules
from services.coding.domain.encounter import Content, Submission
from services.coding.domain.findings import judge
from services.coding.domain.lifecycle import INITIAL, EncounterStatus, TaskStatus, move
from services.coding.repository import SERVICE, encounters, tasks
from services.coding.repository.encounters import CONTENT_PLACE, RAW_PLACE, Document, Encounter
from services.coding.repository.tasks import Task
from shared import clock, ids
from shared.database import Transaction
from shared.errors import Conflict, Invalid, Problem
from shared.sealing import Cell


class File(NamedTuple):
    """What the encounters came in, kept when it brings something new."""

    media_type: str
    raw: bytes


class Terms(NamedTuple):
    """How encounters are taken in: for which practices (None = all), how long a coder has."""

    practices: frozenset[UUID] | None
    task_due: timedelta
    file: File | None = None


class Received(NamedTuple):
    """What became of one submission; task: the latest, None when no coder was needed."""

    external_id: str
    encounter: Encounter
    task: Task | None


class _Arrival(NamedTuple):
    """A submission whose parties are known, with what recognises it and its content."""

    guest: Guest
    rendering_id: UUID
    referring_id: UUID | None
    external_index: bytes
    fingerprint: bytes

    @property
    def place(self) -> tuple[UUID, bytes]:
        return self.guest.practice_id, self.external_index


class _Opened(NamedTuple):
    """A new encounter with everything that is stored and told of it."""

    encounter: Encounter
    content: Content
    checked: Checked
    task: Task | None


async def receive(
    tx: Transaction, submissions: Sequence[Submission], terms: Terms
) -> list[Received]:
    """Take in every submission or none; the same encounter again changes nothing.

    Invalid(`encounter_refused`) with each problem; Conflict(`encounter_changed`) when one came
    before with other content.
    """
    known = await resolving.directory(tx, submissions, terms.practices)
    today = clock.today()
    problems = [
        problem
        for one in submissions
        for problem in (*intake_rules.refusals(one, today), *resolving.unknown(one, known))
    ]
    if problems:
        sentence = "The encounter cannot be taken in; see errors."
        raise Invalid("encounter_refused", sentence, problems=tuple(problems))
    arrivals = [_arrival(tx, one, known) for one in submissions]
    await tx.lock("encounter", [people.as_lock(one.external_index) for one in arrivals])
    earlier = await encounters.by_external(tx, [one.external_index for one in arrivals])
    _refuse_changed(arrivals, earlier)
    new: dict[tuple[UUID, bytes], _Arrival] = {}
    for one in arrivals:
        if one.place not in earlier:
            new.setdefault(one.place, one)
    opened = await _open(tx, list(new.values()), terms)
    latest = await tasks.of_encounters(tx, [one.id for one in earlier.values()])
    return [_received(one, opened, earlier=earlier, latest=latest) for one in arrivals]


def _received(
    arrival: _Arrival,
    opened: dict[tuple[UUID, bytes], _Opened],
    *,
    earlier: dict[tuple[UUID, bytes], Encounter],
    latest: dict[UUID, Task],
) -> Received:
    external_id = arrival.guest.submission.external_id
    if arrival.place in opened:
        new = opened[arrival.place]
        return Received(external_id, new.encounter, new.task)
    before = earlier[arrival.place]
    return Received(external_id, before, latest.get(before.id))


def external_index(tx: Transaction, external_id: str) -> bytes:
    """What an encounter is found again by."""
    return tx.keys.blind_index(SERVICE, tx.tenant_id, purpose="encounter", text=external_id.strip())


def _arrival(tx: Transaction, one: Submission, known: resolving.Directory) -> _Arrival:
    practice, rendering = known.practice(one.practice), known.provider(one.rendering)
    referring = None if one.referring is None else known.provider(one.referring)
    if practice is None or rendering is None:
        raise LookupError("parties are resolved before a submission arrives")
    payers = tuple(known.payer_by_code[coverage.payer_code] for coverage in one.coverages)
    whole = (
        *(practice, rendering, referring, payers, one.patient_external_id, one.patient),
        *(one.coverages, one.circumstances, one.coding, one.facts),
    )
    text = msgspec.json.encode(whole).decode()
    return _Arrival(
        Guest(one, practice, payers),
        rendering,
        referring,
        external_index(tx, one.external_id),
        tx.keys.blind_index(SERVICE, tx.tenant_id, purpose="encounter_content", text=text),
    )


def _refuse_changed(
    arrivals: Sequence[_Arrival], earlier: dict[tuple[UUID, bytes], Encounter]
) -> None:
    prints = {place: one.fingerprint for place, one in earlier.items()}
    changed = [
        one.guest.submission
        for one in arrivals
        if prints.setdefault(one.place, one.fingerprint) != one.fingerprint
    ]
    if changed:
        text = "This encounter came before with other content."
        remedy = "Send it under a new external id, or leave it as it was."
        problems = [
            Problem(one.where("/external_id"), "encounter_changed", text, remedy) for one in changed
        ]
        sentence = "An encounter with this external id was received with other content."
        raise Conflict("encounter_changed", sentence, problems=tuple(problems))


async def _open(
    tx: Transaction, arrivals: Sequence[_Arrival], terms: Terms
) -> dict[tuple[UUID, bytes], _Opened]:
    """Keep and tell new encounters: coded when the checks pass, else with a task for a coder."""
    if not arrivals:
        return {}
    now = clock.business()
    document_id = await _keep_file(tx, terms.file, now)
    guests = [one.guest for one in arrivals]
    recognised = await people.recognise(tx, guests, now)
    codables = [
        Codable(guest.practice_id, guest.submission.circumstances, guest.submission.coding)
        for guest in guests
    ]
    results = await checked(tx, codables)
    opened = []
    for arrival, who, result in zip(arrivals, recognised, results, strict=True):
        content = _content(arrival.guest.submission, who)
        encounter = _encounter(tx, arrival, who=who, content=content, at=now)
        encounter = encounter._replace(
            document_id=document_id, coding=result.coding, findings=result.findings
        )
        opened.append(_judged(encounter, content, arrival=arrival, result=result, terms=terms))
    await encounters.add(tx, [one.encounter for one in opened])
    await tasks.add(tx, [one.task for one in opened if one.task])
    for one in opened:
        _tell(tx, one)
    return {arrival.place: one for arrival, one in zip(arrivals, opened, strict=True)}


async def _keep_file(tx: Transaction, file: File | None, at: datetime) -> UUID | None:
    if file is None:
        return None
    document_id = ids.new()
    sealed = tx.keys.seal_column(Cell(SERVICE, tx.tenant_id, RAW_PLACE, document_id), file.raw)
    document = Document(document_id, file.media_type, len(file.raw), sealed)
    await encounters.add_document(tx, document, at)
    return document_id


def _content(one: Submission, who: Recognised) -> Content:
    return Content(
        external_id=one.external_id,
        patient=one.patient,
        coverages=who.coverages,
        submitted=one.coding,
        facts=one.facts,
    )


def _encounter(
    tx: Transaction, arrival: _Arrival, *, who: Recognised, content: Content, at: datetime
) -> Encounter:
    encounter_id = ids.new()
    return Encounter(
        tenant_id=tx.tenant_id,
        id=encounter_id,
        practice_id=arrival.guest.practice_id,
        external_index=arrival.external_index,
        fingerprint=arrival.fingerprint,
        status=EncounterStatus.RECEIVED,
        patient_id=who.patient_id,
        rendering_provider_id=arrival.rendering_id,
        referring_provider_id=arrival.referring_id,
        circumstances=arrival.guest.submission.circumstances,
        coding_version=0,
        coding=content.submitted,
        findings=(),
        document_id=None,
        content_sealed=tx.keys.seal_column(
            Cell(SERVICE, tx.tenant_id, CONTENT_PLACE, encounter_id), content
        ),
        created_at=at,
    )


def _judged(
    encounter: Encounter, content: Content, *, arrival: _Arrival, result: Checked, terms: Terms
) -> _Opened:
    """Coded when nothing stops it; else it waits for a coder."""
    stopping = judge(result.findings).stopping
    rules = dict.fromkeys(finding.rule for finding in stopping)
    reasons = (*arrival.guest.submission.reasons, *rules)
    if not reasons:
        status = move(encounter.status, EncounterStatus.CODED)
        return _Opened(
            encounter._replace(status=status, coding_version=1), content, result, task=None
        )
    task = Task(
        tenant_id=encounter.tenant_id,
        id=ids.new(),
        practice_id=encounter.practice_id,
        encounter_id=encounter.id,
        kind=INITIAL,
        status=TaskStatus.OPEN,
        reason_codes=reasons,
        coder_id="",
        due_at=encounter.created_at + terms.task_due,
        created_at=encounter.created_at,
        done_at=None,
    )
    status = move(encounter.status, EncounterStatus.AWAITING_CODING)
    return _Opened(encounter._replace(status=status), content, result, task)


def _tell(tx: Transaction, one: _Opened) -> None:
    teller = Teller(tx, one.encounter, one.content)
    teller.received()
    if one.task is not None:
        teller.task_opened(one.task)
    else:
        teller.coded(one.encounter, method=SUBMITTED, set_versions=one.checked.set_versions)
    patient = one.encounter.patient_id
    tx.audit("encounter.received", subject=one.encounter.id, patient=patient)
