"""What a typed value says, in a line for a person: number, amounts, status; masked as it comes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

Value = dict[str, Any]

_FREQUENCY = {"1": "first claim", "7": "replacement", "8": "cancellation"}
_PROCESSED = {
    "1": "processed as primary", "2": "processed as secondary", "3": "processed as tertiary",
    "4": "denied", "19": "processed as primary, forwarded", "20": "processed as secondary, "
    "forwarded", "21": "processed as tertiary, forwarded", "22": "reversal of an earlier payment",
    "23": "not ours, forwarded", "25": "predetermination, no payment",
}  # fmt: skip
_VERDICT = {
    "A": "accepted", "E": "accepted with errors", "P": "partly accepted", "R": "refused",
}  # fmt: skip
_CATEGORY = {
    "A1": "received", "A2": "accepted", "A3": "returned", "A4": "not found", "A6": "incomplete",
    "A7": "invalid", "A8": "invalid together", "P": "pending", "F": "final", "F1": "paid",
    "F2": "denied", "F3": "revised", "F4": "no payment", "R": "more is asked for", "E": "error",
    "D0": "not found",
}  # fmt: skip
_REFUSED = ("A3", "A6", "A7", "A8")
_ACTIVE, _INACTIVE = "12345", "678"


def lines_of(value: Any, kind: str) -> Iterator[str]:
    """The lines of a value of this type; one without words of its own has its type's name."""
    tell = _TELLING.get(kind)
    if not isinstance(value, dict) or tell is None:
        yield kind
        return
    yield from tell(value)


def _joined(*parts: str) -> str:
    return ", ".join(filter(None, parts))


def _money(label: str, amount: Any) -> str:
    """An amount with its cents; nothing where there is none."""
    if amount is None or amount == "":
        return ""
    try:
        return f"{label} {Decimal(str(amount)):.2f}"
    except InvalidOperation:
        return f"{label} {amount}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _name(party: Value) -> str:
    """The name of an organisation; that of a person is not told here."""
    name = party["name"]
    return str(name["last"]) if name["kind"] == "2" else ""


def _batch(value: Value) -> Iterator[str]:
    names = [_name(value["submitter"]) or "a person", _name(value["receiver"]) or "a person"]
    yield f"batch {value['reference']} from {names[0]} to {names[1]}"


def _claim(value: Value) -> Iterator[str]:
    frequency = value["frequency"]
    yield _joined(
        f"claim {value['claim_id']}: charge {Decimal(value['charge']):.2f}",
        _counted(len(value["lines"]), "line"),
        _FREQUENCY.get(frequency, f"frequency {frequency}"),
    )


def _payment(value: Value) -> Iterator[str]:
    yield _joined(
        f"payment {value['trace']}: amount {Decimal(value['amount']):.2f}",
        f"by {value['method']}", f"on {value['date']}" if value["date"] else "",
        f"from {_name(value['payer'])}" if _name(value["payer"]) else "",
    )  # fmt: skip


def _nothing(_: Value) -> Iterator[str]:
    """It only numbers what follows."""
    return iter(())


def _claim_payment(value: Value) -> Iterator[str]:
    yield _joined(
        f"claim {value['claim_id']}: charge {Decimal(value['charge']):.2f}",
        _money("paid", value["paid"]), _money("patient owes", value["patient_responsibility"]),
        _PROCESSED.get(value["status"], f"status {value['status']}"),
    )  # fmt: skip


def _provider_adjustment(value: Value) -> Iterator[str]:
    yield f"adjustment of the provider: reason {value['reason']}, amount {value['amount']}"


def _head(value: Value) -> Iterator[str]:
    yield _joined(f"message {value['reference']}", f"of {value['created']}")


def _traces(value: Value) -> str:
    return " ".join(str(trace["number"]) for trace in value["traces"]) or "without a number"


def _inquiry(value: Value) -> Iterator[str]:
    about = "dependent" if value["dependent"] else "subscriber"
    types = [code for question in value["questions"] for code in question["service_types"]]
    asked = f"service types {' '.join(types)}" if types else "single procedures"
    yield f"question {_traces(value)} about the {about}: {asked}"


def _response(value: Value) -> Iterator[str]:
    about = "dependent" if value["dependent"] else "subscriber"
    told = [benefit["information"] for benefit in value["benefits"]]
    refused = [f"{one['reason']} ({one['loop']})" for one in value["rejections"]]
    active = "active" if any(code in _ACTIVE for code in told) else ""
    inactive = "inactive" if any(code in _INACTIVE for code in told) and not active else ""
    yield f"answer {_traces(value)} about the {about}: " + _joined(
        active or inactive,
        f"refused for {' '.join(refused)}" if refused else "",
        _counted(len(told), "benefit"),
    )


def _status_inquiry(value: Value) -> Iterator[str]:
    lines = _counted(len(value["lines"]), "line") if value["lines"] else ""
    about = _joined(_money("charge", value["charge"]), lines)
    yield f"question {value['trace']}: {about or 'the whole claim'}"


def _status_response(value: Value) -> Iterator[str]:
    yield f"answer {value['trace']}: {_reports(value['reports'])}"


def _reports(reports: Iterable[Value]) -> str:
    """Every status triple with the amounts that stand beside it."""
    return "; ".join(
        _joined(
            "status " + " ".join(_triple(status) for status in report["statuses"]),
            _money("charge", report["amount"]), _money("paid", report["paid"]),
        )
        for report in reports
    )  # fmt: skip


def _triple(status: Value) -> str:
    """Like F1:65 (paid)."""
    code = ":".join(filter(None, (status["category"], status["code"], status["entity"])))
    words = _CATEGORY.get(status["category"]) or _CATEGORY.get(status["category"][:1])
    return f"{code} ({words})" if words else code


def _batch_status(value: Value) -> Iterator[str]:
    counts = [
        f"{value[kind]} {kind}" + _money(" for", value[f"{kind}_amount"])
        for kind in ("accepted", "rejected")
        if value[kind]
    ]
    yield f"answer to batch {value['batch']}: {_joined(*counts) or _reports(value['reports'])}"
    for claim in value["claims"]:
        verdict = "rejected" if _is_rejected(claim) else "accepted"
        yield f"claim {claim['claim_id']}: {verdict}, {_reports(claim['reports'])}"


def _is_rejected(claim: Value) -> bool:
    reports = [*claim["reports"], *(r for line in claim["lines"] for r in line["reports"])]
    return any(s["category"] in _REFUSED for report in reports for s in report["statuses"])


def _acknowledgement(value: Value) -> Iterator[str]:
    yield _joined(
        f"group {value['control']} ({value['function']}): {_verdict(value)}",
        f"{_counted(value['received'], 'set')} received", f"{value['accepted']} accepted",
    )  # fmt: skip
    for one in value["sets"]:
        yield f"set {one['header']['control']}: {_verdict(one)}"


def _verdict(value: Value) -> str:
    """What its status says, with the codes that say why."""
    word = _VERDICT.get(value["status"], f"status {value['status']}")
    return f"{word} ({' '.join(value['codes'])})" if value["codes"] else word


def _interchange(value: Value) -> Iterator[str]:
    word = _VERDICT.get(value["status"], f"status {value['status']}")
    yield f"interchange {value['control']}: {word} ({value['code']})"


_TELLING: dict[str, Callable[[Value], Iterator[str]]] = {
    "BatchHead": _batch,
    "Claim": _claim,
    "Payment": _payment,
    "HeaderNumber": _nothing,
    "ClaimPayment": _claim_payment,
    "ProviderAdjustment": _provider_adjustment,
    "Head": _head,
    "Inquiry": _inquiry,
    "Response": _response,
    "StatusInquiry": _status_inquiry,
    "StatusResponse": _status_response,
    "BatchStatus": _batch_status,
    "Acknowledgement": _acknowledgement,
    "InterchangeAcknowledgement": _interchange,
}
