"""One regular expression per segment of a guide, for those that are right at first sight.

What it lets through has no fault; what it holds back (a value in an unusual but good form, too)
is looked at element by element (`checking.py`), which alone says what is wrong.
"""

import re
from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from shared.x12.dispatch import Spec
from shared.x12.guide import Element, Note, Required, Unused
from shared.x12.segments import Delimiters

Sieve: TypeAlias = Callable[[str], object]

WORTH = 32  # making a sieve takes as long as looking closer at about so many segments
_NEVER = r"(?!)"
_DAY = (
    r"(?:19|20)[0-9]{2}(?:(?:0[13578]|1[02])(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0[469]|11)(?:0[1-9]|[12][0-9]|30)|02(?:0[1-9]|1[0-9]|2[0-8]))"
)
_TIME = r"(?:[01][0-9]|2[0-3])[0-5][0-9]"
_FORMS = {"D8": _DAY, "RD8": f"{_DAY}-{_DAY}", "DT": _DAY + _TIME, "TM": _TIME}
_FRACTION = 4  # digits behind the point that are let through


class _Pattern(NamedTuple):
    """A pattern, and for each of its groups the external list that its value must stand in."""

    compiled: re.Pattern[str]
    lists: tuple[str, ...]


def sieve_of(spec: Spec, delimiters: Delimiters, external: Mapping[str, Container[str]]) -> Sieve:
    """True for the text of a segment (no blanks around it) that has no fault."""
    pattern, lists = _pattern(spec, delimiters, frozenset(external))
    if not lists:
        return pattern.fullmatch
    known = tuple(external[name] for name in lists)

    def passes(text: str) -> bool:
        found = pattern.fullmatch(text)
        return found is not None and all(
            value is None or value in codes
            for value, codes in zip(found.groups(), known, strict=True)
        )

    return passes


class Sieves(dict[Spec, Sieve]):
    """Sieves of one read; one is made when enough segments of its kind came to be worth it."""

    def __init__(self, delimiters: Delimiters, external: Mapping[str, Container[str]]) -> None:
        super().__init__()
        self._delimiters, self._external = delimiters, external
        self._met: Counter[Spec] = Counter()

    def __missing__(self, spec: Spec) -> Sieve:
        self._met[spec] += 1
        if self._met[spec] < WORTH:
            return _hold_back
        sieve = self[spec] = sieve_of(spec, self._delimiters, self._external)
        return sieve


def _hold_back(_text: str) -> bool:
    return False


@lru_cache(maxsize=2048)
def _pattern(spec: Spec, delimiters: Delimiters, external: frozenset[str]) -> _Pattern:
    writer = _Writer(delimiters, external)
    separator = writer.element
    body = writer.row(spec.elements, separator, first=separator)
    notes = [writer.note(note) for note in (*spec.pairs, *spec.notes)]
    notes += [writer.format(form, at) for form, at in spec.formats]
    text = f"{''.join(notes)}{re.escape(spec.segment.id)}{body}(?<!{separator})"
    return _Pattern(re.compile(text), tuple(writer.lists))


class _Writer:
    """Writes the pattern of one segment; `lists` are the external lists of its groups."""

    def __init__(self, delimiters: Delimiters, external: frozenset[str]) -> None:
        element, component, repetition, _ = delimiters
        self.element, self.component = re.escape(element), re.escape(component)
        self.lists: list[str] = []
        self._apart = element + component + repetition
        self._external = external

    def row(self, elements: Sequence[Element], separator: str, *, first: str) -> str:
        """Elements, each behind its separator; what may be absent at the end is optional."""
        words = [
            (separator if number else first) + self._word(element)
            for number, element in enumerate(elements)
        ]
        tail = ""
        is_due = False
        for word, element in zip(reversed(words), reversed(elements), strict=True):
            is_due = is_due or element.usage == Required
            tail = word + tail if is_due else f"(?:{word}{tail})?"
        return tail

    def note(self, note: Note) -> str:
        """A syntax note that holds."""
        first, *rest = (self._at(number) for number in note.elements)
        has = [f"(?={at})" for at in (first, *rest)]
        lacks = [f"(?!{at})" for at in (first, *rest)]
        match note.letter:
            case "P":
                choices = ["".join(has), "".join(lacks)]
            case "R":
                choices = has
            case "E":
                choices = ["".join(lacks[:i] + lacks[i + 1 :]) for i in range(len(lacks))]
            case "C":
                choices = [lacks[0], "".join(has[1:])]
            case _:
                choices = [lacks[0], *has[1:]]
        return f"(?:{'|'.join(choices)})"

    def format(self, form: int, at: int) -> str:
        """An element whose form another one names."""
        end = rf"(?:{self.element}|\Z)"
        choices = [
            f"(?={self._before(form)}{code}{end})(?={self._before(at)}{value}{end})"
            for code, value in _FORMS.items()
        ]
        return f"(?:(?!{self._at(at)})|{'|'.join(choices)})"

    def _before(self, number: int) -> str:
        """From the start of the segment to where an element stands."""
        return f"(?:[^{self.element}]*{self.element}){{{number}}}"

    def _at(self, number: int) -> str:
        """The same with the start of that element, which is not empty."""
        return f"{self._before(number)}[^{self.element}]"

    def _word(self, element: Element) -> str:
        if element.usage == Unused:
            return ""
        value = self._composite(element) if element.parts else self._plain(element)
        return value if element.usage == Required else f"(?:{value})?"

    def _composite(self, element: Element) -> str:
        """Not empty; what its notes speak of is left to the closer look."""
        sure = min((min(note.elements) for note in element.notes), default=99) - 1
        return f"(?=[^{self.element}])" + self.row(element.parts[:sure], self.component, first="")

    def _plain(self, element: Element) -> str:
        """A value without components; only forms beyond doubt."""
        if element.codes:
            is_text = element.kind in ("AN", "ID")
            codes = sorted(c for c in element.codes if is_text or c.isdigit())
            return f"(?:{'|'.join(map(re.escape, codes))})" if codes else _NEVER
        value = self._of_kind(element)
        if element.external in self._external:
            self.lists.append(element.external)
            return f"({value})"
        return value

    def _of_kind(self, element: Element) -> str:
        least, most = element.least, element.most
        match element.kind:
            case "AN" | "ID":
                return self._text(least, most)
            case "N0":
                return f"-?[0-9]{{{least},{most}}}"
            case "R" if least == 1 and most > _FRACTION:
                whole, fraction = f"[0-9]{{1,{most - _FRACTION}}}", f"{{0,{_FRACTION}}}"
                return rf"-?(?:{whole}(?:\.[0-9]{fraction})?|\.[0-9]{{1,{_FRACTION}}})"
            case "DT":
                return _DAY
            case "TM":
                return _TIME
        return _NEVER

    def _text(self, least: int, most: int) -> str:
        """Printable ASCII without delimiters, no blank at either end."""
        edge, inside = _class_of("!", self._apart), _class_of(" ", self._apart)
        if most == 1:
            return edge
        if least > 1:
            return f"{edge}{inside}{{{least - 2},{most - 2}}}{edge}"
        return f"{edge}(?:{inside}{{0,{most - 2}}}{edge})?"


def _class_of(first: str, apart: str) -> str:
    """One character from `first` to the end of ASCII, but none of `apart`."""
    bounds = sorted({chr(ord(first) - 1), "\x7f", *(c for c in apart if first <= c <= "~")})
    ranges = [
        f"{re.escape(chr(ord(low) + 1))}-{re.escape(chr(ord(high) - 1))}"
        for low, high in pairwise(bounds)
        if ord(high) - ord(low) > 1
    ]
    return f"[{''.join(ranges)}]"
