"""What the X12 tests share: hand-written messages, code lists, and ways to take a file apart."""

import csv
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shared.x12 import (
    Controls,
    Delimiters,
    Options,
    Reading,
    Route,
    SetBody,
    SetReading,
    claim_837,
    eligibility_270_271,
    read,
    remittance_835,
    status_276_277,
    write_interchange,
)
from shared.x12 import acknowledgement_277ca as ca
from shared.x12 import acknowledgement_999 as ack
from shared.x12.guides import claim as claim_guides
from shared.x12.segments import blocks

MESSAGES = Path(__file__).parent / "messages"
SAMPLES = Path(__file__).parents[4] / "shared" / "x12-samples"
TODAY = dt.date(2026, 2, 1)
AT = dt.datetime(2026, 2, 1, 9, 30, tzinfo=dt.UTC)
ROUTE = Route("HB01", "GHP", usage="T")
_DIAGNOSES = """
    E119 E785 F329 G4700 I10 I214 J069 J45909 K0263 K219 M545 N390 R05 R079 R51 S52501A W1830XA
    Z87891
"""
LISTS = {
    "carc": frozenset(["1", "2", "3", "18", "29", "45", "97", "251"]),
    "rarc": frozenset(["MA01", "MA18", "N130", "N206"]),
    "pos": frozenset(["11", "19", "21", "22"]),
    "state": frozenset(["IL", "MO", "NY", "TX"]),
    "service_type": frozenset(["30", "98", "AL", "UC"]),
    "cdt": frozenset(["D1110", "D2740", "D2950"]),
    "hcpcs": frozenset(
        ["73100", "73110", "99205", "99213", "99214", "99284", "99", "A9999", "J1885", "J3490"]
    ),
    "icd10cm": frozenset(_DIAGNOSES.split()),
    "icd10pcs": frozenset(["4A023N7"]),
    "icd9cm": frozenset(["4659"]),
    "ndc_required": frozenset(["J1885", "J3490"]),
    "modifier": frozenset(["25", "76", "RT"]),
    "revenue": frozenset(["0120", "0250", "0450"]),
    "taxonomy": frozenset(["1223G0001X", "207Q00000X", "207QS0010X", "207RC0000X", "282N00000X"]),
}
OPTIONS = Options(external=LISTS, today=TODAY)
STANDARD = Delimiters()


def expectations() -> list[tuple[str, list[str]]]:
    """Every message with the findings it must give, like `code_invalid@CLM.5-3`."""
    with (MESSAGES / "expected.tsv").open(newline="") as lines:
        return [
            (row["file"], row["findings"].split()) for row in csv.DictReader(lines, delimiter="\t")
        ]


def message(name: str) -> bytes:
    """One hand-written message."""
    return (MESSAGES / f"{name}.edi").read_bytes()


def names(*, clean: bool) -> list[str]:
    """Messages by whether they must be free of findings."""
    return [Path(f).stem for f, found in expectations() if bool(found) != clean]


def told(reading: Reading) -> list[str]:
    """The findings of a reading as `expectations` writes them."""
    found = []
    for f in reading.findings:
        element = f".{f.element}" if f.element else ""
        component = f"-{f.component}" if f.component else ""
        found.append(f"{f.kind}@{f.segment_id}{element}{component}")
    return sorted(found)


def wrap(*bodies: SetBody, first_set: int = 1) -> bytes:
    """Bodies in an envelope."""
    return write_interchange(bodies, ROUTE, Controls(7, 7, first_set), at=AT)


def rewrite(reading: SetReading, delimiters: Delimiters = STANDARD) -> SetBody | None:
    """The set written again from its typed values; None when it has none to write."""
    values: list[Any] = list(reading.values)
    if not values or not reading.kind:
        return None
    match reading.kind:
        case "837P" | "837I" | "837D":
            batch = claim_837.batch_of(values)
            guide = getattr(claim_guides, f"CLAIM_{reading.kind}")
            return batch and claim_837.write_claims(
                batch.head, batch.claims, guide, delimiters=delimiters
            )
        case "835":
            remittance = remittance_835.remittance_of(values)
            return remittance and remittance_835.write_remittance(remittance, delimiters)
        case "270":
            return eligibility_270_271.write_inquiries(values[0], values[1:], delimiters)
        case "271":
            return eligibility_270_271.write_responses(values[0], values[1:], delimiters)
        case "276":
            return status_276_277.write_status_inquiries(values[0], values[1:], delimiters)
        case "277":
            return status_276_277.write_status_responses(values[0], values[1:], delimiters)
        case "277CA":
            return ca.write_batch_status(values[0], delimiters)
        case _:
            return ack.write_acknowledgement(values[0], delimiters)


def redelimited(data: bytes, to: Delimiters) -> bytes:
    """The same file under other delimiters; they must not occur in it."""
    text = []
    for block in blocks([data]):
        old = block.delimiters
        for piece in block.pieces:
            if piece.strip(old.blank).startswith("ISA"):
                elements = piece.split(old.element)
                elements[11], elements[16] = to.repetition, to.component
                text.append(to.element.join(elements))
                continue
            pairs = [(old.element, to.element), (old.component, to.component)]
            if old.repetition:
                pairs.append((old.repetition, to.repetition))
            text.append(piece.translate({ord(a): b for a, b in pairs}))
        if block.closed:
            text.append("")
    return to.terminator.join(text).encode("utf-8", "surrogateescape")


def body_lines(data: bytes) -> list[str]:
    """Segments of a message in standard form, ISA to IEA."""
    return [line for line in data.decode().replace("\n", "").split("~") if line]


def from_lines(lines: list[str]) -> bytes:
    """A file of these segments, with SE01 put right."""
    start = next(i for i, line in enumerate(lines) if line.startswith("ST*"))
    end = next(i for i, line in enumerate(lines) if line.startswith("SE*"))
    _, _, control = lines[end].split("*")
    lines = [*lines[:end], f"SE*{end - start + 1}*{control}", *lines[end + 1 :]]
    return ("~\n".join(lines) + "~\n").encode()


def sets_of(name: str) -> Iterator[SetReading]:
    """The sets of a message."""
    return iter(read(message(name), OPTIONS).sets)
