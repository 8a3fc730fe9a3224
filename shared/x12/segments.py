"""Cut X12 text into raw segments and back, byte for byte, with the delimiters each ISA declares."""

import codecs
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, TypeVar

from shared.x12.errors import LimitError, UnreadableError, UnwritableError

BLANK = " \t\r\n\ufeff"  # may stand around a segment; a byte order mark counts as blank
SEGMENT_LIMIT = 65_536  # characters of one segment
FOLDED = 2_048  # segments that a writer holds apart before it joins and checks them
KNOWN_LIMIT = 4_096  # values of one kind that a writer remembers as text
ISA_LIMIT = 1_024  # characters in which an ISA must show all its separators
_CAPITALS = bytes(c for c in range(32, 127) if not chr(c).islower())

T = TypeVar("T")


class Delimiters(NamedTuple):
    """The four characters an ISA declares; `repetition` is empty where none is declared."""

    element: str = "*"
    component: str = ":"
    repetition: str = "^"
    terminator: str = "~"

    @property
    def end(self) -> str:
        """What ends a segment that is written: the terminator on a line of its own."""
        return self.terminator if self.terminator == "\n" else self.terminator + "\n"

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
    if _may_be_too_long(text, delimiters.terminator) and max(map(len, pieces)) > SEGMENT_LIMIT:
        raise LimitError(f"a segment is longer than {SEGMENT_LIMIT} characters")
    return Block(delimiters, pieces, True)


def _may_be_too_long(text: str, terminator: str) -> bool:
    """Whether a stretch of half the limit has no terminator; a longer segment would span one."""
    step = SEGMENT_LIMIT // 2
    return any(text.find(terminator, at, at + step) < 0 for at in range(0, len(text), step))


Segments = tuple[str, ...]  # whole ones, without their terminators


class SegmentWriter:
    """Collects segments as text; trims empty elements at the end.

    It counts the separators it sets: a text that holds more of them has one in a value. Values
    that come again are written and checked once (`known`), and kept as long as it lives.
    """

    def __init__(self, delimiters: Delimiters = Delimiters()) -> None:  # noqa: B008 - immutable
        self.delimiters = delimiters
        self.element, self.component = delimiters.element, delimiters.component
        self._texts: list[str] = []
        self._count = 0  # segments in the texts
        self._segments: list[str] = []
        self._unchecked: list[str] = []
        self._marks = 0  # separators inside the unchecked segments
        self._known: dict[Any, Known[Any]] = {}
        self.put: Callable[[Segments], None] = self._segments.extend
        """Adds segments that `known` gave."""

    def add(self, *elements: str) -> None:
        """One segment: its id, then its elements; empty ones at the end are left out."""
        if not elements[-1]:
            elements = _trimmed(elements)
        segment = self.element.join(elements)
        self._segments.append(segment)
        self._unchecked.append(segment)
        self._marks += len(elements) - 1

    def extend(self, segments: Segments, marks: int) -> None:
        """Segments that the caller joined, with this many separators in all.

        Nothing is left out, so the last element of each must be there.
        """
        self._segments += segments
        self._unchecked += segments
        self._marks += marks

    def known(self, write: "Callable[[SegmentWriter, T], object]") -> "Known[T]":
        """For each value the segments that `write` makes of it, for `put`."""
        found = self._known.get(write)
        if found is None:
            found = self._known[write] = Known(write, SegmentWriter(self.delimiters))
        return found

    def composite(self, *components: str) -> str:
        """Components joined, without empty ones at the end."""
        if not components:
            return ""
        if not components[-1]:
            components = _trimmed(components)
        self._marks += len(components) - 1
        return self.component.join(components)

    def repeated(self, *values: str) -> str:
        """Repetitions of one element."""
        self._marks += max(len(values) - 1, 0)
        return self.delimiters.repetition.join(values)

    def taken(self) -> Segments:
        """The segments so far, upper case; what is written next stands alone.

        Raises UnwritableError if a value held a delimiter.
        """
        segments = tuple(self._segments)
        if self._checked():
            segments = tuple(segment.upper() for segment in segments)
        self._segments.clear()
        return segments

    def texts(self) -> tuple[tuple[str, ...], int]:
        """The text of all segments in parts, upper case, and how many segments they are.

        Raises UnwritableError if a value held a delimiter.
        """
        self.fold(1)
        return tuple(self._texts), self._count

    def fold(self, least: int = FOLDED) -> None:
        """Join and check what is held if it is much; to be called between claims, say.

        Short texts that go soon take the same memory again and again, which is faster.
        Raises UnwritableError if a value held a delimiter.
        """
        if len(self._segments) < least:
            return
        self._count += len(self._segments)
        self._segments.append("")
        text = self.delimiters.end.join(self._segments)
        self._texts.append(text.upper() if self._checked() else text)
        self._segments.clear()

    def _checked(self) -> bool:
        """Whether anything unchecked is to be put in capitals.

        Raises UnwritableError if a value holds a delimiter or a control character.
        """
        text, marks = "".join(self._unchecked), self._marks
        self._unchecked.clear()
        self._marks = 0
        if text.isascii() and _marks_in(text, self.delimiters) == marks:
            return False
        if _marks_in(text.upper(), self.delimiters) != marks:
            raise UnwritableError("a value holds a delimiter or a control character")
        return True


class Same(dict[int, Segments]):
    """Segments by the id of a value, which is held so that the id stays its own.

    Looking here first costs a tenth of hashing the value.
    """

    def __init__(self) -> None:
        super().__init__()
        self._held: list[object] = []

    def keep(self, value: object, segments: Segments) -> Segments:
        """Remember the segments of a value, up to a limit; gives them back."""
        if len(self) < KNOWN_LIMIT:
            self[id(value)] = segments
            self._held.append(value)
        return segments


class Known(dict[T, Segments]):
    """Segments by value, written when a value is met first; up to a limit it is remembered."""

    def __init__(self, write: Callable[[SegmentWriter, T], object], out: SegmentWriter) -> None:
        super().__init__()
        self._same = Same()
        self._write, self._out = write, out

    def __missing__(self, value: T) -> Segments:
        self._write(self._out, value)
        segments = self._out.taken()
        if len(self) < KNOWN_LIMIT:
            self[value] = segments
        return segments

    def of(self, value: T) -> Segments:
        """The segments of a value; of the same object at once."""
        return self._same.get(id(value)) or self._same.keep(value, self[value])


def _marks_in(text: str, delimiters: Delimiters) -> int:
    """Delimiters and control characters; in ASCII small letters, too, for they are not sent."""
    if text.isascii():
        values = _CAPITALS.translate(None, "".join(delimiters).encode())
        return len(text.encode().translate(None, values))
    return sum(text.count(c) for c in set(text) if c in delimiters or not c.isprintable())


def _trimmed(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Without what is empty at the end; one part always stays."""
    last = len(parts) - 1
    while last and not parts[last]:
        last -= 1
    return parts[: last + 1]
