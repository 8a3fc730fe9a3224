"""Every hand-written message gives exactly the findings written beside it, and is kept exactly."""

import pytest

from shared.x12 import Delimiters, InterchangeStart, Options, read, stream
from shared.x12.segments import blocks, encode
from tests.shared.x12.material import (
    LISTS,
    OPTIONS,
    TODAY,
    expectations,
    message,
    names,
    redelimited,
    rewrite,
    told,
    wrap,
)

OTHERS = [Delimiters("|", ">", "!", "\\"), Delimiters("\x1d", "\x1f", "\x1e", "\n")]
WRITABLE = [n for n in names(clean=True) if not n.startswith(("env_", "ta1_"))]
SEPARATOR_IN_VALUE = frozenset({"837p_street_repeated", "999_value_repeated"})
PLAIN = [
    n
    for n in names(clean=False)
    if not n.startswith(("env_", "ta1_")) and n not in SEPARATOR_IN_VALUE
]


@pytest.mark.parametrize(("file", "findings"), expectations(), ids=lambda v: str(v)[:40])
def test_a_message_gives_the_findings_written_beside_it(file: str, findings: list[str]) -> None:
    assert told(read(message(file.removesuffix(".edi")), OPTIONS)) == sorted(findings)


def test_there_are_enough_messages_and_each_set_has_its_three() -> None:
    files = [file for file, _ in expectations()]
    assert len(files) >= 120
    for kind in ("837p", "837i", "837d", "835", "270", "271", "276", "277", "277ca", "999"):
        own = [f for f in files if f.startswith(f"{kind}_")]
        assert {f"{kind}_minimal.edi", f"{kind}_full.edi"} < set(own), kind


@pytest.mark.parametrize("name", names(clean=True) + names(clean=False))
def test_bytes_survive_reading(name: str) -> None:
    data = message(name)
    assert b"".join(encode(blocks([data]))) == data


@pytest.mark.parametrize("name", names(clean=True) + names(clean=False))
def test_chunks_do_not_matter(name: str) -> None:
    data = message(name)
    whole = list(stream([data], OPTIONS))
    single = list(stream([data[i : i + 1] for i in range(len(data))], OPTIONS))
    assert single == whole


@pytest.mark.parametrize("name", WRITABLE)
def test_typed_values_survive_writing(name: str) -> None:
    one = read(message(name), OPTIONS).sets[0]
    body = rewrite(one)
    assert body is not None
    again = read(wrap(body), OPTIONS)
    assert list(again.sets[0].values) == list(one.values)
    assert not again.findings


@pytest.mark.parametrize("delimiters", OTHERS, ids=["printable", "control"])
@pytest.mark.parametrize("name", WRITABLE + PLAIN)
def test_delimiters_change_neither_values_nor_findings(name: str, delimiters: Delimiters) -> None:
    before = read(message(name), OPTIONS)
    after = read(redelimited(message(name), delimiters), OPTIONS)
    assert told(after) == told(before)
    assert [s.values for s in after.sets] == [s.values for s in before.sets]


@pytest.mark.parametrize("name", names(clean=True) + names(clean=False))
def test_the_cache_does_not_change_verdicts(name: str) -> None:
    without = Options(external=LISTS, today=TODAY, cache_limit=0)
    assert read(message(name), without).findings == read(message(name), OPTIONS).findings


@pytest.mark.parametrize("name", WRITABLE)
def test_reading_without_checks_gives_the_same_values(name: str) -> None:
    unchecked = Options(check=False)
    assert read(message(name), unchecked).sets[0].values == read(message(name)).sets[0].values


def test_a_stream_says_what_it_reads_in_order() -> None:
    events = list(stream([message("835_full")], OPTIONS))
    assert isinstance(events[0], InterchangeStart)
    kinds = [type(event).__name__ for event in events]
    assert kinds == ["InterchangeStart", "SetStart", *["Item"] * 9, "SetEnd", "GroupEnd",
        "InterchangeEnd"]  # fmt: skip
