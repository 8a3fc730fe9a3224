"""Long 835 and 837P files grown from our own messages: ids and names differ, totals are right."""

from collections.abc import Iterator

CHUNK = 1 << 20
FIRST = ("IRIS", "OWEN", "ROSA", "HUGO", "TESS", "PAT", "NELL", "ADA", "NOEL", "DORA")
ISA = (
    "ISA*00*          *00*          *ZZ*HB01           *ZZ*GHP            *260105*0930*^*00501"
    "*000000007*0*T*:~\n"
)
_HEAD_835 = """ST*835*0001~
BPR*I*{total}*C*CHK************20260120~
TRN*1*CHECK100*1741112222~
DTM*405*20260118~
N1*PR*GULF HEALTH PLAN~
N3*1 PLAN PLAZA~
N4*HOUSTON*TX*77002~
PER*BL*REMIT DESK*TE*7135550100~
N1*PE*CEDAR CLINIC*XX*1910000003~
LX*1~
"""
_CLAIM_835 = """CLP*CED-{n}*1*{charge}*{paid}*20*12*GHP{n}*11*1~
NM1*QC*1*MARLOW{n}*{first}****MI*GHP{m}~
NM1*82*1*HART*ELLIS****XX*1930000009~
REF*EA*MR{n}~
DTM*232*202601{day:02d}~
AMT*AU*{paid}~
SVC*HC:99213:25*{a}*{ap}**1~
DTM*472*202601{day:02d}~
CAS*CO*45*25~
CAS*PR*3*20~
REF*6R*L{n}A~
SVC*HC:{code}*{b}*{bp}**2~
DTM*472*202601{day:02d}~
CAS*CO*45*10.5~
REF*6R*L{n}B~
AMT*B6*{bp}~
LQ*HE*N130~
"""
_HEAD_837 = """ST*837*{st:04d}*005010X222A1~
BHT*0019*00*BATCH{st}*20260105*0930*CH~
NM1*41*2*HARBOR BILLING*****46*HB01~
PER*IC*DESK*TE*5125550100~
NM1*40*2*GULF HEALTH PLAN*****46*GHP~
HL*1**20*1~
PRV*BI*PXC*207Q00000X~
NM1*85*2*CEDAR CLINIC*****XX*1910000003~
N3*12 CEDAR LANE~
N4*AUSTIN*TX*787010001~
REF*EI*741234567~
"""
_CLAIM_837 = """HL*{hl}*1*22*0~
SBR*P*18*GRP{group}******CI~
NM1*IL*1*MARLOW{n}*{first}****MI*GHP{m}~
N3*{street} RIVER ROAD~
N4*AUSTIN*TX*787{day:02d}~
DMG*D8*19{year:02d}0214*F~
NM1*PR*2*GULF HEALTH PLAN*****PI*GHP01~
CLM*CED-{n}*{total}***11:B:1*Y*A*Y*Y~
REF*EA*MR{n}~
HI*ABK:J069*ABF:{dx}~
NM1*82*1*HART*ELLIS****XX*1930000009~
PRV*PE*PXC*207QS0010X~
LX*1~
SV1*HC:99213:25*{a}*UN*1***1:2~
DTP*472*D8*202601{day:02d}~
LX*2~
SV1*HC:{code}*{b}*UN*2***1~
DTP*472*D8*202601{day:02d}~
LX*3~
SV1*HC:J1885*15*UN*1***2~
DTP*472*D8*202601{day:02d}~
LX*4~
SV1*HC:73110:RT*110.5*UN*1***1~
DTP*472*D8*202601{day:02d}~
"""


def _cents(number: int) -> str:
    text = f"{number // 100}.{number % 100:02d}".rstrip("0").rstrip(".")
    return text or "0"


def _numbers(n: int) -> dict[str, object]:
    a, b = 12500 + n % 40 * 250, 8050 + n % 25 * 175
    return {
        "n": 100_000 + n, "m": 700_000_000 + n * 7, "first": FIRST[n % 10], "day": 1 + n % 28,
        "a": _cents(a), "b": _cents(b), "code": f"9{9_000 + n % 60}", "ap": _cents(a - 4500),
        "bp": _cents(b - 1050), "charge": _cents(a + b), "paid": _cents(a + b - 5550),
        "total": _cents(a + b + 1500 + 11050), "group": n % 90, "street": 1 + n % 900,
        "year": 30 + n % 60, "dx": ("I10", "E119", "E785", "K219")[n % 4],
        "cents": a + b - 5550,
    }  # fmt: skip


def remittance(claims: int) -> Iterator[str]:
    """One ST with this many claims, 17 segments each."""
    total = sum(_paid(n) for n in range(claims))
    yield ISA + "GS*HP*HB01*GHP*20260105*0930*7*X*005010X221A1~\n"
    yield _HEAD_835.format(total=_cents(total))
    for n in range(claims):
        yield _CLAIM_835.format(**_numbers(n))
    count = _HEAD_835.count("~") + claims * _CLAIM_835.count("~") + 1
    yield f"SE*{count}*0001~\nGE*1*7~\nIEA*1*000000007~\n"


def _paid(n: int) -> int:
    return 12500 + n % 40 * 250 + 8050 + n % 25 * 175 - 5550


def professional(claims: int) -> Iterator[str]:
    """Two ST with half of the claims each, 24 segments and four lines a claim."""
    yield ISA + "GS*HC*HB01*GHP*20260105*0930*7*X*005010X222A1~\n"
    for st, numbers in ((1, range(claims // 2)), (2, range(claims // 2, claims))):
        yield _HEAD_837.format(st=st)
        for n in numbers:
            yield _CLAIM_837.format(hl=n - numbers.start + 2, **_numbers(n))
        count = _HEAD_837.count("~") + len(numbers) * _CLAIM_837.count("~") + 1
        yield f"SE*{count}*{st:04d}~\n"
    yield "GE*2*7~\nIEA*1*000000007~\n"


def chunks(parts: Iterator[str]) -> Iterator[bytes]:
    """Text in chunks of about a mebibyte, never held whole."""
    held: list[str] = []
    size = 0
    for part in parts:
        held.append(part)
        size += len(part)
        if size >= CHUNK:
            yield "".join(held).encode()
            held, size = [], 0
    yield "".join(held).encode()
