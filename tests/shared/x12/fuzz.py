"""Damage hand-written messages at random, and see that reading never does worse than it says.

    python -m tests.shared.x12.fuzz --inputs 20000 --seed 1

An input is fixed by seed, set and number: `--only 835:417` runs that one again, `--only 835`
that set.
"""

from __future__ import annotations

import argparse
import itertools
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any, NamedTuple

from shared.x12 import Reading, X12Error, collect, read, stream
from shared.x12 import acknowledgement_999 as ack
from shared.x12.segments import blocks, encode
from tests.shared.x12 import mutation
from tests.shared.x12.material import OPTIONS, rewrite, wrap

SETS = ("837P", "837I", "837D", "835", "270", "271", "276", "277", "277CA", "999", "TA1")
BATCH = 500
FIRST = 1_000_000  # calls: a guide is compiled where it is first needed, once in a process
CALLS, CALLS_PER_BYTE = 5_000, 12  # twice what any input was seen to need after that
SECONDS = 20.0  # of processor time, for a loop that calls nothing
FORGETFUL = replace(OPTIONS, cache_limit=0)
KEPT = Path(".cache/fuzz")


class TooMuchWork(Exception):
    """Reading took more calls than its length allows, or did not end."""


class Broken(NamedTuple):
    """An input that did worse than a finding, and what happened."""

    kind: str
    number: int
    what: str
    data: bytes


@contextmanager
def metered(limit: int) -> Iterator[None]:
    """Raise TooMuchWork past a number of calls: a count, so that a slow machine is no failure."""
    left = itertools.count(limit, -1)

    def count(_frame: FrameType, event: str, _argument: Any) -> None:
        if event in ("call", "c_call") and next(left) < 0:
            sys.setprofile(None)
            raise TooMuchWork(f"more than {limit} calls")

    sys.setprofile(count)
    try:
        yield
    finally:
        sys.setprofile(None)


def examine(data: bytes, *, thorough: bool) -> None:
    """Read an input; any exception that leaves this is a fault of the codec.

    Always: bytes and values survive. Thorough, at six times the cost: the work is counted, the
    999 for it is right, and neither chunks nor what was read before change anything.
    """
    try:
        with metered(FIRST) if thorough else nullcontext():
            reading = read(data, OPTIONS)
        if thorough:
            with metered(CALLS + CALLS_PER_BYTE * len(data)):
                read(data, OPTIONS)
    except X12Error:
        return
    assert b"".join(encode(blocks([data]))) == data, "bytes changed"
    repr([one.values for one in reading.sets])  # every field of every value can be read
    text = data.decode("utf-8", "surrogateescape")
    _rewritten(reading, is_upper=text == text.upper())
    if thorough:
        _acknowledged(reading)
        cut = len(data) // 3
        pieces = [data[:cut], data[cut : cut + 1], data[cut + 1 :]]
        assert collect(stream(pieces, OPTIONS)) == reading, "chunks matter"
        assert read(data, FORGETFUL).findings == reading.findings, "memory matters"


def _acknowledged(reading: Reading) -> None:
    """The 999 for it can be written, is right, and says what it was made to say."""
    for interchange in reading.interchanges:
        ack.acknowledge_interchange(interchange)
        for group in interchange.groups:
            answer = ack.acknowledge_group(group)
            try:
                written = wrap(ack.write_acknowledgement(answer)) if answer else b""
            except X12Error:
                continue
            (back,) = read(written, OPTIONS).sets[0].values if answer else (None,)
            assert answer is None or back.status == answer.status, "another verdict"


def _rewritten(reading: Reading, *, is_upper: bool) -> None:
    """What was read can be written; what was right is the same when it is read again.

    Writers write capitals only, so the values of other files change.
    """
    for one in reading.sets:
        try:
            body = rewrite(one)
            written = wrap(body) if body else b""
        except X12Error:
            continue
        if written and is_upper and not reading.findings:
            again = read(written, OPTIONS)
            assert again.sets[0].values == one.values, "values changed"


def run(kind: str, seed: int, numbers: range) -> list[Broken]:
    """Examine the inputs of these numbers, every eighth of them thoroughly."""
    found = []
    for number in numbers:
        data = mutation.damaged(kind, Random(f"{seed}:{kind}:{number}"))
        what = fault_of(data, thorough=number % 8 == 0)
        if what:
            found.append(Broken(kind, number, what, data))
    return found


def fault_of(data: bytes, *, thorough: bool = True) -> str:
    """What goes wrong with an input, or nothing."""
    signal.signal(signal.SIGVTALRM, _hangs)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        examine(data, thorough=thorough)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
        where = error.__traceback__
        while where and where.tb_next:
            where = where.tb_next
        line = f"{Path(where.tb_frame.f_code.co_filename).name}:{where.tb_lineno}" if where else ""
        return f"{type(error).__name__} at {line}: {error}"[:200]
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return ""


def _hangs(_number: int, _frame: FrameType | None) -> None:
    raise TooMuchWork(f"more than {SECONDS} seconds of processor time")


def smaller(data: bytes, fails: Callable[[bytes], bool]) -> bytes:
    """The same fault with as few segments as leaving out single ones gives."""
    pieces = data.split(b"~")
    at = len(pieces)
    while at:
        at -= 1
        fewer = [*pieces[:at], *pieces[at + 1 :]]
        if fails(b"~".join(fewer)):
            pieces = fewer
    return b"~".join(pieces)


def keep(broken: Broken) -> Path:
    """Write a broken input, made smaller, to where it can be looked at."""
    start = broken.what.partition(": ")[0]
    data = smaller(broken.data, lambda less: fault_of(less).startswith(start))
    KEPT.mkdir(parents=True, exist_ok=True)
    path = KEPT / f"{broken.kind}-{broken.number}.edi"
    path.write_bytes(data)
    return path


def every(kinds: Sequence[str], inputs: int, seed: int) -> list[Broken]:
    """These sets on all processors; says how far it is after each set."""
    found: list[Broken] = []
    batches = [range(start, min(start + BATCH, inputs)) for start in range(0, inputs, BATCH)]
    with ProcessPoolExecutor() as pool:
        work = {kind: [pool.submit(run, kind, seed, each) for each in batches] for kind in kinds}
        for kind, pieces in work.items():
            broken = [one for done in pieces for one in done.result()]
            numbers = "".join(f" {one.number}" for one in broken[:10])
            say(f"{kind}: {inputs} inputs, {len(broken)} broken{numbers}")
            found += broken
    return found


def main() -> int:
    """Run, say what broke and how long it took; 1 when anything did."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=20_000, help="for each set")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="one set, like 835, or one input, like 835:417")
    chosen = parser.parse_args()
    start = time.monotonic()
    kind, _, number = chosen.only.partition(":")
    kinds = (kind,) if kind else SETS
    if number:
        found = run(kind, chosen.seed, range(int(number), int(number) + 1))
    else:
        found = every(kinds, chosen.inputs, chosen.seed)
    for what in sorted({one.what.partition(": ")[0] for one in found}):
        alike = [one for one in found if one.what.startswith(what)]
        first = min(alike, key=lambda one: len(one.data))
        say(f"{len(alike)} x {first.what} (--only {first.kind}:{first.number}, {keep(first)})")
    count = 1 if number else chosen.inputs * len(kinds)
    say(
        f"{count} inputs, {len(found)} broken, {time.monotonic() - start:.0f} s, seed {chosen.seed}"
    )
    return 1 if found else 0


def say(text: str) -> None:
    """One line on standard output."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
