"""The kinds of failure, which alone decide what happens next.

ClaimstreamError
├── TryAgain          the database, broker or a partner is away: back off, hold, same again
└── Refused           breaks a rule: to the caller as a problem, or to the dead letters
    ├── Unreadable    bytes that cannot be read at all
    ├── Contract      readable, but not of the promised shape or version
    ├── Invalid       a request that is well-formed and wrong (422)
    ├── NotFound      no such thing for this caller (404)
    ├── Conflict      the thing is in another state than the request needs (409)
    └── Forbidden     the caller may not (403)

Anything else that is raised is a bug. A refusal carries a stable code, an HTTP status and a
sentence a biller understands; neither ever holds a value that could identify a patient.
"""

from __future__ import annotations

from typing import NamedTuple


class Problem(NamedTuple):
    """One thing wrong with the input: JSON Pointer of the place, stable code, sentence, remedy."""

    pointer: str
    code: str
    message: str
    remedy: str = ""


class ClaimstreamError(Exception):
    """Root of every failure this project raises on purpose."""


class TryAgain(ClaimstreamError):
    """Something this process needs is away; nothing is wrong with the input."""

    def __init__(self, what: str, *, retry_after_seconds: float = 1.0) -> None:
        super().__init__(what)
        self.what = what
        self.retry_after_seconds = retry_after_seconds


class Refused(ClaimstreamError):
    """The input breaks a rule; repeating it unchanged can never succeed."""

    status = 422
    error_class = "refused"

    def __init__(
        self, code: str, sentence: str, *, problems: tuple[Problem, ...] = (), status: int = 0
    ) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code
        self.sentence = sentence
        self.problems = problems
        if status:
            self.status = status


class Unreadable(Refused):
    """Bytes that are not what they claim to be."""

    status = 400
    error_class = "unreadable"


class Contract(Refused):
    """Readable, but of an unknown version or a shape that was never promised."""

    status = 400
    error_class = "contract"


class Invalid(Refused):
    """Well-formed and wrong."""


class NotFound(Refused):
    """No such thing for this caller; also the answer for another tenant's things."""

    status = 404


class Conflict(Refused):
    """The thing is in another state than the request needs."""

    status = 409


class Forbidden(Refused):
    """The caller may not do this."""

    status = 403
