"""Cut X12 text into raw segments and back, byte for byte, with the delimiters each ISA declares."""

import codecs
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from shared.x12.errors import LimitError, UnreadableError, UnwritableError

BLANK = " \t\r\n\ufeff"  # may stand around a segment; a byte order mark counts as blank
SEGMENT_LIMIT = 65_536  # characters of one segment
ISA_LIMIT = 1_024  # characters in which an ISA must show all its separators


class Delimiters(NamedTuple):
    """The four characters an ISA declares; `repetition` is empty where none is declared."""

    element: str = "*"
    component: str = ":"
    repetition: str = "^"
    terminator: str = "~"

    @property
    def blank(self) -> str:
        """White space that may stand around a segment and is no delimiter."""
        return "".join(c for c in BLANK if c not in self)


class Block(NamedTuple):
    """A run of raw segments under one set of delimiters; `closed` when a terminator ends it."""

    delimiters: Delimiters
    pieces: list[str]
    closed: bool

    def text(self) -> str:
        """The text this block was cut from, exactly."""
        terminator = self.delimiters.terminator
        return terminator.join(self.pieces) + (terminator if self.closed else "")


def read_delimiters(text: str) -> Delimiters | None:
    """The delimiters of the ISA at the start of `text`, found by splitting; None if cut short."""
    if len(text) < 4:
        return None
    parts = text.split(text[3], 16)
    if len(parts) < 17 or len(parts[16]) < 2:
        return None
    repetition = parts[11]
    if len(repetition) != 1 or repetition.isalnum() or repetition in BLANK:
        repetition = ""
    return Delimiters(text[3], parts[16][0], repetition, parts[16][1])


def blocks(chunks: Iterable[bytes]) -> Iterator[Block]:
    """Cut a file that comes in chunks; constant memory, any bytes survive the round trip.

    Raises UnreadableError without an ISA at the start, LimitError for an endless segment.
    """
    decode = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode
    cutter = _Cutter()
    for chunk in chunks:
        yield from cutter.cut(decode(chunk), last=False)
    yield from cutter.cut(decode(b"", True), last=True)


def encode(cut: Iterable[Block]) -> Iterator[bytes]:
    """The bytes that `blocks` was given."""
    for block in cut:
        yield block.text().encode("utf-8", "surrogateescape")


class _Cutter:
    """What is left over between two chunks, and the delimiters in force."""

    def __init__(self) -> None:
        self.rest = ""
        self.delimiters: Delimiters | None = None

    def cut(self, text: str, *, last: bool) -> Iterator[Block]:
        self.rest += text
        while self._at_readable_isa(last):
            delimiters = self.delimiters or Delimiters()
            end, at_isa = _end_of_run(self.rest, delimiters)
            if end:
                yield _block(self.rest[:end], delimiters)
                self.rest = self.rest[end:]
            if not at_isa:
                break
        if len(self.rest) > SEGMENT_LIMIT:
            raise LimitError(f"a segment is longer than {SEGMENT_LIMIT} characters")
        if last and self.rest:
            yield Block(self.delimiters or Delimiters(), [self.rest], False)
            self.rest = ""
        elif last and self.delimiters is None:
            raise UnreadableError("the file is empty")

    def _at_readable_isa(self, last: bool) -> bool:
        """Take over the delimiters when an ISA starts here; False when more text is needed."""
        start = self.rest.lstrip(BLANK)
        if self.delimiters is None and not start.startswith("ISA"):
            if len(start) < 3 and "ISA".startswith(start) and not last:
                if len(self.rest) > SEGMENT_LIMIT:
                    raise LimitError("only white space where an ISA should stand")
                return False
            raise UnreadableError("the file does not start with an ISA segment")
        if not start.startswith("ISA"):
            return True
        found = read_delimiters(start[:ISA_LIMIT])
        if found is None and self.delimiters is None and (last or len(start) >= ISA_LIMIT):
            raise UnreadableError("the ISA segment is cut short")
        if found is None:
            return last or len(start) >= ISA_LIMIT
        self.delimiters = found
        return True


def _end_of_run(text: str, delimiters: Delimiters) -> tuple[int, bool]:
    """How far `text` holds whole segments of one interchange, and whether an ISA follows."""
    terminator, blank = delimiters.terminator, delimiters.blank
    start = len(text) - len(text.lstrip(BLANK)) + 3
    found = text.find("ISA", start)
    while found >= 0:
        before = found - 1
        while before >= 0 and text[before] in blank:
            before -= 1
        if before >= 0 and text[before] == terminator:
            return before + 1, True
        found = text.find("ISA", found + 3)
    return text.rfind(terminator) + 1, False


def _block(text: str, delimiters: Delimiters) -> Block:
    pieces = text.split(delimiters.terminator)
    pieces.pop()
    if max(map(len, pieces)) > SEGMENT_LIMIT:
        raise LimitError(f"a segment is longer than {SEGMENT_LIMIT} characters")
    return Block(delimiters, pieces, True)


class SegmentWriter:
    """Collects segments as text; trims empty elements at the end and counts for the trailers."""

    def __init__(self, delimiters: Delimiters = Delimiters()) -> None:  # noqa: B008 - immutable
        self.delimiters = delimiters
        self.count = 0
        self._join = delimiters.element.join
        self._lines: list[str] = []
        self._separators = 0
        self._components = 0
        self._repetitions = 0

    def add(self, *elements: str) -> None:
        """One segment: its id, then its elements; empty ones at the end are left out."""
        if not elements[-1]:
            elements = _trimmed(elements)
        self._lines.append(self._join(elements))
        self._separators += len(elements) - 1
        self.count += 1

    def put(self, text: str, *, segments: int, separators: int, components: int) -> None:
        """Several segments at once, written by the caller: its counts are checked at the end."""
        self._lines.append(text)
        self._separators += separators
        self._components += components
        self.count += segments

    def composite(self, *components: str) -> str:
        """Components joined, without empty ones at the end."""
        if not components:
            return ""
        if not components[-1]:
            components = _trimmed(components)
        self._components += len(components) - 1
        return self.delimiters.component.join(components)

    def repeated(self, *values: str) -> str:
        """Repetitions of one element."""
        self._repetitions += max(len(values) - 1, 0)
        return self.delimiters.repetition.join(values)

    def text(self) -> str:
        """All segments so far, upper case; raises UnwritableError if a value held a delimiter."""
        element, component, repetition, terminator = self.delimiters
        end = terminator if terminator == "\n" else terminator + "\n"
        text = end.join(self._lines) + end
        honest = (
            text.count(element) == self._separators
            and text.count(component) == self._components
            and (text.count(repetition) if repetition else 0) == self._repetitions
            and text.count(terminator) == self.count
            and text.count("\n") == self.count
        )
        visible = text.replace(end, "")
        if not honest or not _without(visible, self.delimiters).isprintable():
            raise UnwritableError("a value holds a delimiter or a control character")
        return text.upper()


def _trimmed(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Without what is empty at the end; one part always stays."""
    last = len(parts) - 1
    while last and not parts[last]:
        last -= 1
    return parts[: last + 1]


def _without(text: str, delimiters: Delimiters) -> str:
    """The text without those delimiters that are control characters themselves."""
    for character in delimiters:
        if character and not character.isprintable():
            text = text.replace(character, "")
    return text
