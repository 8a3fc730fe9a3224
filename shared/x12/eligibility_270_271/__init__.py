"""The 270 eligibility inquiry and the 271 response, typed both ways."""

from shared.x12.eligibility_270_271.reading import InquiryReader, ResponseReader
from shared.x12.eligibility_270_271.values import (
    Benefit,
    Head,
    Inquiry,
    Question,
    Rejection,
    Response,
    Trace,
)
from shared.x12.eligibility_270_271.writing import write_inquiries, write_responses

__all__ = [
    "Benefit",
    "Head",
    "Inquiry",
    "InquiryReader",
    "Question",
    "Rejection",
    "Response",
    "ResponseReader",
    "Trace",
    "write_inquiries",
    "write_responses",
]
