"""How fast the X12 codec is: ratios against a floor of our own and against a public validator.

One process per task, pinned to one core, median of three. The floor reads the file in chunks and
splits it into segments and elements, nothing else.

    python -m tests.benchmarks.x12_codec [--claims 10000] [--many 500000] [--out ratios.json]

Values decode when they are looked at: `typed` and `validated` look at what identifies a claim and
at its money, `typed_whole` at every field of every value. `--many` is the longer file of the
memory row; its two runs take a minute of processor time.
"""

import argparse
import gc
import io
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from shared.x12 import Controls, Item, Options, Route, stream, write_interchange
from shared.x12.claim_837 import BatchHead, Claim, write_claims
from shared.x12.guides.claim import CLAIM_837P
from shared.x12.remittance_835 import ClaimPayment
from shared.x12.views import View, whole
from tests.benchmarks import results
from tests.benchmarks.x12_messages import CHUNK, chunks, professional, remittance
from tests.shared.x12.material import AT

MAKE = {"835": remittance, "837P": professional}
ROUNDS = 15
PEER_CLAIMS = 1_000
BARS = {
    "x12.remittance_typed_to_floor": 3.5,
    "x12.remittance_validated_to_floor": 12.0,
    "x12.remittance_validated_to_pyx12": 15.0,
    "x12.professional_typed_to_floor": 3.0,
    "x12.professional_validated_to_floor": 20.0,
    "x12.professional_validated_to_pyx12": 14.0,
    "x12.professional_write_to_floor": 2.0,
    "x12.stream_memory_to_floor": 2.0,
}
AT_LEAST = frozenset(name for name in BARS if name.endswith("_to_pyx12"))


def missed(ratios: dict[str, float]) -> list[str]:
    """The bars that a run does not reach."""
    return [
        name for name, bar in BARS.items()
        if name in ratios and (ratios[name] < bar if name in AT_LEAST else ratios[name] > bar)
    ]  # fmt: skip


# -- tasks, each in a process of its own -----------------------------------------------------------


def floor(source: Iterable[bytes]) -> int:
    """Segments and elements, nothing else."""
    rest, count = "", 0
    for chunk in source:
        pieces = (rest + chunk.decode()).split("~")
        rest = pieces.pop()
        for piece in pieces:
            elements = piece.split("*")
            count += len(elements) > 0
    return count


def _values(source: Iterable[bytes], options: Options) -> int:
    """Every claim as a typed value, what identifies it and its money looked at."""
    count = 0
    for event in stream(source, options):
        if not isinstance(event, Item):
            continue
        value = event.value
        if isinstance(value, ClaimPayment):
            count += value.paid <= value.charge and value.claim_id != value.payer_control_number
        elif isinstance(value, Claim):
            count += value.charge > 0 and value.claim_id != "" and value.frequency == "1"
    return count


def typed(source: Iterable[bytes]) -> int:
    """Values only."""
    return _values(source, Options(check=False))


def typed_whole(source: Iterable[bytes]) -> int:
    """Values with every field decoded."""
    count = 0
    for event in stream(source, Options(check=False)):
        if isinstance(event, Item):
            count += isinstance(event.value, View) and whole(event.value) is event.value
    return count


def validated(source: Iterable[bytes]) -> int:
    """Values, and everything SNIP 1 to 4 and 7 asks."""
    return _values(source, Options(today=AT.date()))


def pyx12(source: Iterable[bytes]) -> int:
    """The public validator; it reports faults by its result."""
    from pyx12 import x12n_document
    from pyx12.params import ParamsBase

    text = b"".join(source).decode()
    right = x12n_document.x12n_document(
        ParamsBase(), io.StringIO(text), fd_997=None, fd_html=None, fd_xmldoc=None
    )
    if not right:
        raise SystemExit("pyx12 refuses the benchmark's own file")
    return text.count("~")


TASKS: dict[str, Callable[[Iterable[bytes]], int]] = {
    "floor": floor, "typed": typed, "typed_whole": typed_whole, "validated": validated,
    "pyx12": pyx12,
}  # fmt: skip


def _file(path: str) -> Iterator[bytes]:
    with Path(path).open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _writing(path: str) -> Callable[[], object]:
    """Typed claims to text; reading them is not timed."""
    values = [e.value for e in stream(_file(path), Options(check=False)) if isinstance(e, Item)]
    head = next(v for v in values if isinstance(v, BatchHead))
    claims = [whole(v) for v in values if isinstance(v, Claim)]
    gc.collect()

    def write() -> object:
        body = write_claims(head, claims, CLAIM_837P)
        return write_interchange([body], Route("HB01", "GHP"), Controls(7), at=AT)

    return write


def _run_task(task: str, kind: str, path: str, claims: int) -> None:
    """Inside the child: print the task's time over the floor's, round by round, and peak memory.

    Each round runs the floor beside the task, for a machine may change its pace in between.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    ratios, seconds = [], 0.0
    if path:
        work = _writing(path) if task == "write" else lambda: TASKS[task](_file(path))
        for _ in range(1 if task == "pyx12" else ROUNDS):
            seconds = _seconds(work)
            ratios.append(seconds / _seconds(lambda: floor(_file(path))))
    else:
        TASKS[task](chunks(MAKE[kind](claims)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sys.stdout.write(json.dumps({"ratios": ratios, "seconds": seconds, "peak": peak}) + "\n")


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


# -- the run ---------------------------------------------------------------------------------------


def _child(task: str, kind: str, path: str = "", claims: int = 0) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.x12_codec", "--task", task, "--kind", kind]
    command += ["--file", path, "--claims", str(claims)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{task} failed: {done.stderr.strip()[-400:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _to_floor(task: str, kind: str, path: str) -> float:
    return float(statistics.median(_child(task, kind, path)["ratios"]))


def _kind_ratios(kind: str, name: str, folder: Path, claims: int) -> dict[str, float]:
    path, small = folder / f"{kind}.edi", folder / f"{kind}_peer.edi"
    for target, count in ((path, claims), (small, PEER_CLAIMS)):
        target.write_bytes(b"".join(chunks(MAKE[kind](count))))
    tasks = ["typed", "typed_whole", "validated"] + ["write"] * (kind == "837P")
    found = {f"x12.{name}_{task}_to_floor": _to_floor(task, kind, str(path)) for task in tasks}
    try:
        import pyx12  # noqa: F401
    except ImportError:
        return found
    peer = statistics.median(_child("pyx12", kind, str(small))["ratios"])
    own = _to_floor("validated", kind, str(small))
    return {**found, f"x12.{name}_validated_to_pyx12": peer / own}


def measure(claims: int = 10_000, many: int = 500_000) -> dict[str, float]:
    """All ratios of one run; memory is the worse of `claims` and `many` claims in one file."""
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for kind, name in (("835", "remittance"), ("837P", "professional")):
            found |= _kind_ratios(kind, name, Path(folder), claims)
    memory = []
    for count in dict.fromkeys((claims, many)):
        peaks = [_child(task, "835", claims=count)["peak"] for task in ("validated", "floor")]
        memory.append(peaks[0] / peaks[1])
    return {**found, "x12.stream_memory_to_floor": max(memory)}


def main() -> None:
    """Measure, print the ratios and leave them where all benchmarks do."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", type=int, default=10_000)
    parser.add_argument("--many", type=int, default=500_000)
    parser.add_argument("--out", default="")
    parser.add_argument("--task", default="", help=argparse.SUPPRESS)
    parser.add_argument("--kind", default="835", help=argparse.SUPPRESS)
    parser.add_argument("--file", default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.task:
        _run_task(given.task, given.kind, given.file, given.claims)
        return
    ratios = {name: round(value, 2) for name, value in measure(given.claims, given.many).items()}
    text = json.dumps(ratios, indent=2) + "\n"
    sys.stdout.write(text)
    results.merge(ratios)
    if given.out:
        Path(given.out).write_text(text)


if __name__ == "__main__":
    main()
