"""What passes a sieve has no fault, and what was met before changes no verdict."""

import random
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.x12 import GUIDES, Options, read
from shared.x12.checking import Checker, ReadyCache
from shared.x12.dispatch import LoopNode, Node, Spec, compile_guide
from shared.x12.segments import Delimiters
from shared.x12.sieve import sieve_of
from tests.shared.x12.material import TODAY

DELIMITERS = Delimiters()
EXTERNAL = {"carc": {"45", "1"}, "pos": {"11"}, "state": {"TX"}}
MESSAGES = sorted((Path(__file__).parent / "messages").glob("*.edi"))
LONG = [path for path in MESSAGES if path.read_bytes().count(b"~") > 9]
ODD = (
    "",
    "X",
    "99",
    " 1",
    "1 ",
    "1.5",
    "-.5",
    "D8",
    "RD8",
    "20240229",
    "20260431",
    "1:2",
    ":A",
    "é",
)


def _nodes(loop: LoopNode) -> Iterator[Node]:
    for entry in loop.entries:
        yield from _nodes(entry) if isinstance(entry, LoopNode) else (entry,)


def _specs() -> dict[Spec, Node]:
    return {node.spec: node for guide in GUIDES for node in _nodes(compile_guide(guide))}


def _segments() -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for path in MESSAGES:
        text = path.read_text(errors="replace")
        for segment in text.split("~") if text[3:4] == "*" else ():
            found[segment.strip().partition("*")[0]].append(segment.strip())
    return found


def _damaged(segment: str, chance: random.Random) -> str:
    elements = segment.split("*")
    at = chance.randrange(len(elements))
    if chance.random() < 0.2:
        return "*".join(elements[:at] + [""] * chance.randrange(2))
    elements[at] = chance.choice([*ODD, elements[at] * 3, elements[at] + chance.choice(ODD)])
    return "*".join(elements)


def _is_right(node: Node, text: str) -> bool:
    faults: list[str] = []
    checker = Checker(
        DELIMITERS, EXTERNAL, lambda kind, _place, _value: faults.append(kind), cache_limit=0
    )
    ready, elements = ReadyCache()[node.spec], text.split("*")
    checker.shape(node, elements, 1)
    checker.values(node, ready, elements, ordinal=1)
    checker.relations(node, ready, elements, ordinal=1)
    return not faults and elements[0] == node.segment.id


def test_what_passes_a_sieve_is_right_and_nearly_all_that_is_right_passes() -> None:
    chance, segments = random.Random(1), _segments()
    right = passed = 0
    for spec, node in _specs().items():
        sieve = sieve_of(spec, DELIMITERS, EXTERNAL)
        for whole in chance.sample(pool := segments[spec.segment.id], min(12, len(pool))):
            for text in (whole, *(_damaged(whole, chance) for _ in range(4))):
                is_right, passes = _is_right(node, text), bool(sieve(text))
                assert is_right or not passes, (spec.segment, text)
                right, passed = right + is_right, passed + passes
    assert right > 1_000
    assert passed > 0.9 * right


@pytest.mark.parametrize("path", LONG[::4], ids=lambda path: path.stem)
def test_what_was_met_before_changes_no_verdict(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.x12.sieve.WORTH", 1)
    chance = random.Random(path.stem)
    segments = path.read_text(errors="replace").split("~")
    body = segments[3:-4] * 3
    for _ in range(4):
        at = chance.randrange(len(body))
        body[at] = _damaged(body[at], chance)
        body[at:at] = body[chance.randrange(len(body)) :][:4] * chance.randrange(3)
    data = "~".join(segments[:3] + body + segments[-4:]).encode()
    usual = read(data, Options(EXTERNAL, TODAY))
    assert usual.findings
    assert usual.findings == read(data, Options(EXTERNAL, TODAY, cache_limit=0)).findings


def test_forms_that_are_good_and_rare_are_left_to_the_closer_look() -> None:
    node = next(n for s, n in _specs().items() if s.segment.id == "DTM" and s.segment.when == "1")
    qualifier = min(node.spec.elements[0].codes)
    sieve = sieve_of(node.spec, DELIMITERS, {})
    assert sieve(f"DTM*{qualifier}*20240228")
    assert not sieve(f"DTM*{qualifier}*20240229")
    assert _is_right(node, f"DTM*{qualifier}*20240229")
