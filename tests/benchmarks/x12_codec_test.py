"""The bars of the X12 codec, as ratios measured in one run (`make bench`)."""

import pytest

from shared.x12 import Options, read
from tests.benchmarks import results
from tests.benchmarks.x12_codec import BARS, measure, missed
from tests.benchmarks.x12_messages import chunks, professional, remittance
from tests.shared.x12.material import TODAY


@pytest.mark.bench
def test_the_codec_keeps_its_bars() -> None:
    ratios = measure()
    results.merge(ratios)
    assert not missed(ratios), {name: (ratios[name], BARS[name]) for name in missed(ratios)}


@pytest.mark.parametrize("make", [remittance, professional])
def test_the_files_it_is_measured_with_are_clean(make: object) -> None:
    source = b"".join(chunks(make(60)))  # type: ignore[operator]
    reading = read(source, Options(today=TODAY))
    assert not reading.findings
    assert (
        sum(type(v).__name__ in ("Claim", "ClaimPayment") for s in reading.sets for v in s.values)
        == 60
    )


def test_a_slower_codec_is_noticed() -> None:
    assert missed({"x12.remittance_typed_to_floor": 3.6, "x12.remittance_validated_to_pyx12": 14.0})
    assert not missed(dict(BARS))
