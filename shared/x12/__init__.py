"""The codec for HIPAA X12 5010: bytes to typed values and findings, typed values to bytes.

`read` takes a whole file, `stream` a file of any size in constant memory. No I/O here.
"""

from collections.abc import Iterable, Iterator

from shared.x12.acknowledgement_277ca import BatchStatusReader
from shared.x12.acknowledgement_999 import AcknowledgementReader
from shared.x12.claim_837 import ClaimReader
from shared.x12.eligibility_270_271 import InquiryReader, ResponseReader
from shared.x12.envelope import (
    Controls,
    Group,
    Interchange,
    InterchangeAcknowledgement,
    Route,
    SetBody,
    write_interchange,
)
from shared.x12.errors import (
    Finding,
    Level,
    LimitError,
    Severity,
    UnreadableError,
    UnwritableError,
    X12Error,
)
from shared.x12.events import (
    Event,
    GroupEnd,
    GroupReading,
    InterchangeEnd,
    InterchangeReading,
    InterchangeStart,
    Item,
    Options,
    Reading,
    SetEnd,
    SetReading,
    SetStart,
    collect,
)
from shared.x12.guides.acknowledgement_277ca import ACKNOWLEDGEMENT_277CA
from shared.x12.guides.acknowledgement_999 import ACKNOWLEDGEMENT_999
from shared.x12.guides.claim import CLAIM_837D, CLAIM_837I, CLAIM_837P
from shared.x12.guides.claim_status import STATUS_276, STATUS_277
from shared.x12.guides.eligibility import ELIGIBILITY_270, ELIGIBILITY_271
from shared.x12.guides.remittance_835 import REMITTANCE_835
from shared.x12.reading import Opener, stream_with
from shared.x12.remittance_835 import RemittanceReader
from shared.x12.segments import Delimiters
from shared.x12.status_276_277 import StatusInquiryReader, StatusResponseReader

_OPENERS = (
    Opener(CLAIM_837P, ClaimReader),
    Opener(CLAIM_837I, ClaimReader),
    Opener(CLAIM_837D, ClaimReader),
    Opener(REMITTANCE_835, RemittanceReader),
    Opener(ACKNOWLEDGEMENT_999, AcknowledgementReader),
    Opener(ACKNOWLEDGEMENT_277CA, BatchStatusReader),
    Opener(ELIGIBILITY_270, InquiryReader),
    Opener(ELIGIBILITY_271, ResponseReader),
    Opener(STATUS_276, StatusInquiryReader),
    Opener(STATUS_277, StatusResponseReader),
)
GUIDES = tuple(opener.guide for opener in _OPENERS)
_BY_VERSION = {
    (opener.guide.set_id, version): opener
    for opener in _OPENERS
    for version in opener.guide.versions
}
_DEFAULT = Options()


def stream(chunks: Iterable[bytes], options: Options = _DEFAULT) -> Iterator[Event]:
    """Events of a file in order, each typed value as soon as it is whole; constant memory.

    Raises UnreadableError without an ISA, LimitError past a limit; all else are findings.
    """
    return stream_with(chunks, options, _BY_VERSION)


def read(data: bytes, options: Options = _DEFAULT) -> Reading:
    """A whole file. Raises like `stream`."""
    return collect(stream((data,), options))


__all__ = [
    "GUIDES",
    "Controls",
    "Delimiters",
    "Event",
    "Finding",
    "Group",
    "GroupEnd",
    "GroupReading",
    "Interchange",
    "InterchangeAcknowledgement",
    "InterchangeEnd",
    "InterchangeReading",
    "InterchangeStart",
    "Item",
    "Level",
    "LimitError",
    "Opener",
    "Options",
    "Reading",
    "Route",
    "SetBody",
    "SetEnd",
    "SetReading",
    "SetStart",
    "Severity",
    "UnreadableError",
    "UnwritableError",
    "X12Error",
    "collect",
    "read",
    "stream",
    "write_interchange",
]
