"""Door one of every service: routes get a call, callers get problems, pages and safe repeats."""

from shared.web.app import make_app
from shared.web.calls import Call, Reply, allowed
from shared.web.describing import openapi_of
from shared.web.edge import EdgeRules
from shared.web.paging import Cursor, Limit, Page
from shared.web.principal import Principal
from shared.web.problems import Declined

__all__ = [
    "Call",
    "Cursor",
    "Declined",
    "EdgeRules",
    "Limit",
    "Page",
    "Principal",
    "Reply",
    "allowed",
    "make_app",
    "openapi_of",
]
