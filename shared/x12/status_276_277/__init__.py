"""The 276 claim status inquiry and the 277 response, typed both ways."""

from shared.x12.status_276_277.reading import StatusInquiryReader, StatusResponseReader
from shared.x12.status_276_277.values import Head, StatusInquiry, StatusResponse
from shared.x12.status_276_277.writing import write_status_inquiries, write_status_responses

__all__ = [
    "Head",
    "StatusInquiry",
    "StatusInquiryReader",
    "StatusResponse",
    "StatusResponseReader",
    "write_status_inquiries",
    "write_status_responses",
]
