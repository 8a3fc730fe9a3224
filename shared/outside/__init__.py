"""Calls to somebody outside: counted, timed, and held back while they can only fail."""

from shared.outside.circuit import Circuit
from shared.outside.partner import Call, CircuitOpen, Partner, client

__all__ = ["Call", "Circuit", "CircuitOpen", "Partner", "client"]
