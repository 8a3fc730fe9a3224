"""Cut X12 text into raw segments and back, byte for byte, with the delimiters each ISA declares."""

import codecs
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, TypeVar

from shared.x12.errors import LimitError, UnreadableError, UnwritableError

BLANK = " \t\r\n\ufeff"  # may stand around a segment; a byte order mark counts as blank
SEGMENT_LIMIT = 65_536  # characters of one segment
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


class SegmentWriter:
    """Collects segments as text; trims empty elements at the end.

    It counts the delimiters it sets: a text that holds more of them has one in a value. Values
    that come again are written and checked once (`known`), and kept as text as long as it lives.
    """

    def __init__(self, delimiters: Delimiters = Delimiters()) -> None:  # noqa: B008 - immutable
        self.delimiters = delimiters
        terminator = delimiters.terminator
        self.end = terminator if terminator == "\n" else terminator + "\n"
        self._join = delimiters.element.join
        self._lines: list[str] = []
        self._unchecked: list[str] = []
        self._marks = 0  # delimiters inside the unchecked segments
        self._known: dict[Any, Known[Any]] = {}
        self._forms = _Forms(self)
        self.put: Callable[[str], None] = self._lines.append
        """Adds text of whole segments that `known` gave."""

    def add(self, *elements: str) -> None:
        """One segment: its id, then its elements; empty ones at the end are left out."""
        if not elements[-1]:
            elements = _trimmed(elements)
        line = self._join(elements)
        self._lines.append(line)
        self._unchecked.append(line)
        self._marks += len(elements) - 1

    def fill(self, shape: str, values: tuple[str, ...]) -> None:
        """Segments that often come together, at once: `shape` is their text in the standard's
        delimiters with a %s for each value. Nothing is left out: the last of each must be there.
        """
        form, marks = self._forms[shape]
        text = form % values
        self._lines.append(text)
        self._unchecked.append(text)
        self._marks += marks

    def known(self, write: "Callable[[SegmentWriter, T], object]") -> "Known[T]":
        """For each value the text that `write` makes of it, for `put`."""
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
        return self.delimiters.component.join(components)

    def repeated(self, *values: str) -> str:
        """Repetitions of one element."""
        self._marks += max(len(values) - 1, 0)
        return self.delimiters.repetition.join(values)

    def text(self) -> str:
        """All segments so far, upper case; raises UnwritableError if a value held a delimiter."""
        text, unchecked = self.end.join([*self._lines, ""]), "".join(self._unchecked)
        if not text.isascii() or _marks_in(unchecked, self.delimiters) != self._marks:
            text, unchecked = text.upper(), unchecked.upper()
            if _marks_in(unchecked, self.delimiters) != self._marks:
                raise UnwritableError("a value holds a delimiter or a control character")
        return text

    def taken(self) -> str:
        """The text but for its last terminator; what is written next stands alone."""
        text = self.text()[: -len(self.end)]
        self._lines.clear()
        self._unchecked.clear()
        self._marks = 0
        return text


class Same(dict[int, tuple[T, str]]):
    """By the id of a value: the value, held so that the id stays its own, and its text.

    Looking here first costs a tenth of hashing the value.
    """

    def keep(self, value: T, text: str) -> str:
        """Remember the text of a value, up to a limit; gives it back."""
        if len(self) < KNOWN_LIMIT:
            self[id(value)] = value, text
        return text


class Known(dict[T, str]):
    """Text by value, written when a value is met first; up to a limit it is remembered."""

    def __init__(self, write: Callable[[SegmentWriter, T], object], out: SegmentWriter) -> None:
        super().__init__()
        self._same = Same[T]()
        self._write, self._out = write, out

    def __missing__(self, value: T) -> str:
        self._write(self._out, value)
        text = self._out.taken()
        if len(self) < KNOWN_LIMIT:
            self[value] = text
        return text

    def text(self, value: T) -> str:
        """The text of a value; of the same object at once."""
        held = self._same.get(id(value))
        return held[1] if held else self._same.keep(value, self[value])


class _Forms(dict[str, tuple[str, int]]):
    """By shape: the format in the delimiters of a writer, and the marks that are in it."""

    def __init__(self, out: SegmentWriter) -> None:
        super().__init__()
        self._delimiters = out.delimiters
        own = {"*": out.delimiters.element, ":": out.delimiters.component, "~": out.end}
        self._own = str.maketrans({mark: text.replace("%", "%%") for mark, text in own.items()})

    def __missing__(self, shape: str) -> tuple[str, int]:
        form = shape.translate(self._own)
        empty = ("",) * shape.count("%s")
        found = self[shape] = form, _marks_in(form % empty, self._delimiters)
        return found


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
