"""Ways to damage a message: bytes, segments, elements, delimiters, ends."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from random import Random

from tests.shared.x12.material import message

Damage = Callable[[bytes, Random], bytes]
VALUES = (
    b"", b" ", b"0", b"-0", b"1E5", b"-1", b".", b"-", b"NAN", b"1.005", b"999999999999999999999",
    b"20260230", b"00000000", b"20260101-20251231", b"0" * 400, b"A" * 300, b":", b"::::::",
    b"^^^", b"A^B^C", b"HC:99213:25:26:27:28:29:30:31", b"\xc3\xa9", b"\xff\xfe", b"\x00", b"\n",
    b"ISA", b"ST", b"QC", b"1*2", b"1~2", "\u0664\u0662".encode(), "\u00b2".encode(), b"1_000",
)  # fmt: skip
SEPARATORS = b"*:^~|>!\\\x1d\x1f\n\r ,A0U"


@cache
def _pieces_of_all() -> tuple[bytes, ...]:
    """Segments of every set, to be planted into others."""
    names = ("837p", "837i", "837d", "835", "270", "271", "276", "277", "277ca", "999")
    text = b"".join(message(f"{name}_full") for name in names) + message("ta1_before_group")
    return tuple(dict.fromkeys(text.replace(b"\n", b"").split(b"~")))


@cache
def base(kind: str) -> tuple[bytes, ...]:
    """What is damaged: mostly the smallest message of a set, as its cost is the smallest."""
    if kind == "TA1":
        return (message("ta1_only"), message("ta1_only"), message("ta1_before_group"))
    name = kind.lower()
    return (*[message(f"{name}_minimal")] * 3, message(f"{name}_full"))


def damaged(kind: str, random: Random) -> bytes:
    """A message of a set with one to four kinds of damage."""
    data = random.choice(base(kind))
    for _ in range(random.choice((1, 1, 2, 2, 3, 4))):
        data = random.choice(DAMAGE)(data, random)
    return data


def _bytes(data: bytes, random: Random) -> bytes:
    """A few bytes become others."""
    out = bytearray(data)
    for _ in range(random.randint(1, 4)):
        if out:
            out[random.randrange(len(out))] = random.randrange(256)
    return bytes(out)


def _inserted(data: bytes, random: Random) -> bytes:
    at = random.randint(0, len(data))
    return data[:at] + random.choice(VALUES) + data[at:]


def _cut_out(data: bytes, random: Random) -> bytes:
    at = random.randint(0, len(data))
    return data[:at] + data[at + random.randint(1, 12) :]


def _truncated(data: bytes, random: Random) -> bytes:
    return data[: random.randint(0, len(data))]


def _segments(change: Callable[[list[bytes], int, Random], None]) -> Damage:
    """A damage to whole segments, one of them chosen at random."""

    def damage(data: bytes, random: Random) -> bytes:
        pieces = data.split(b"~")
        change(pieces, random.randrange(len(pieces)), random)
        return b"~".join(pieces)

    return damage


def _drop(pieces: list[bytes], at: int, random: Random) -> None:
    del pieces[at : at + random.choice((1, 1, 1, 2, 5))]


def _double(pieces: list[bytes], at: int, random: Random) -> None:
    pieces[at:at] = [pieces[at]] * random.choice((1, 1, 1, 2, 12))


def _swap(pieces: list[bytes], at: int, random: Random) -> None:
    other = random.randrange(len(pieces))
    pieces[at], pieces[other] = pieces[other], pieces[at]


def _move(pieces: list[bytes], at: int, random: Random) -> None:
    piece = pieces.pop(at)
    pieces.insert(random.randint(0, len(pieces)), piece)


def _plant(pieces: list[bytes], at: int, random: Random) -> None:
    pieces.insert(at, random.choice(_pieces_of_all()))


def _element(pieces: list[bytes], at: int, random: Random) -> None:
    """One element becomes a strange value, or the value of another one."""
    elements = pieces[at].split(b"*")
    other = random.choice(_pieces_of_all()).split(b"*")
    value = random.choice((random.choice(VALUES), random.choice(other)))
    elements[random.randrange(len(elements))] = value
    pieces[at] = b"*".join(elements)


def _elements(pieces: list[bytes], at: int, random: Random) -> None:
    """Elements come, go or change places."""
    elements = pieces[at].split(b"*")
    place = random.randrange(len(elements))
    match random.randrange(3):
        case 0:
            elements.insert(place, random.choice(VALUES))
        case 1:
            del elements[place]
        case _:
            random.shuffle(elements)
    pieces[at] = b"*".join(elements)


def _component(pieces: list[bytes], at: int, random: Random) -> None:
    """One component of a composite becomes something else, or one comes on top."""
    components = pieces[at].split(b":")
    components.insert(random.randrange(len(components)), random.choice(VALUES))
    pieces[at] = b":".join(components[random.randrange(2) :])


def _delimiter(data: bytes, random: Random) -> bytes:
    """One character becomes another everywhere, or only behind a place."""
    old, new = random.choice(b"*:^~\n"), random.choice(SEPARATORS)
    at = random.choice((0, 106, random.randint(0, len(data))))
    return data[:at] + data[at:].replace(bytes([old]), bytes([new]))


def _declared(data: bytes, random: Random) -> bytes:
    """The ISA declares other separators than the file uses."""
    at = random.choice((3, 82, 104, 105))
    return data[:at] + bytes([random.choice(SEPARATORS)]) + data[at + 1 :]


def _twice(data: bytes, random: Random) -> bytes:
    """Two files in one, the second perhaps cut."""
    return data + random.choice((b"", b"\n", b"\xef\xbb\xbf")) + _truncated(data, random)


def _set_again(data: bytes, random: Random) -> bytes:
    """The sets of a file once more in the same group, or a part of them."""
    start, end = data.find(b"ST*"), data.rfind(b"SE*")
    if start < 0 or end < start:
        return data
    lines = data[start:end].splitlines(keepends=True)
    first = random.choice((0, 0, random.randrange(len(lines))))
    return data[:end] + b"".join(lines[first:]) + data[end:]


def _lower(data: bytes, random: Random) -> bytes:
    at = random.randint(0, len(data))
    return data[:at] + data[at : at + 40].lower() + data[at + 40 :]


DAMAGE: tuple[Damage, ...] = (
    _bytes, _inserted, _cut_out, _truncated, _delimiter, _declared, _twice, _set_again, _set_again,
    _lower,
    *map(_segments, (_drop, _double, _swap, _move, _plant)),
    *map(_segments, (_element, _element, _element, _elements, _elements, _component, _component)),
)  # fmt: skip
