"""The one tree of errors.

CopilotError
├── InvalidInput            the caller can mend it: names the field, the value and the remedy
│   ├── UnknownEquipment    no such machine in the caller's plants
│   ├── UnknownMetric       no such metric, or none of this machine
│   └── PayloadTooLarge     more bytes than accepted
├── NotReady                something must be run first (import, transform, train, index)
├── NotFound                a named thing that does not exist
├── StaleData               data older than the caller accepts
├── LimitExceeded           a query or a run over its rows, seconds or steps
├── Busy                    another process holds what this one needs to write
├── StorageFull             the disk is full; nothing was half-written
├── CorruptData             a file or a row that cannot be read
├── Forbidden               outside the caller's plants or role
├── Unavailable             a configured remote system does not answer
└── Internal                a defect of ours; its text never leaves the process

Raised where it is known, rendered once at the edge: RFC 9457 problem details on HTTP, the terminal event of a stream,
one line and an exit code on the command line.
"""

from __future__ import annotations

from typing import ClassVar


class CopilotError(Exception):
    """Base of every error a person may see. `message` says what is wrong, `remedy` what to do about it."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1
    retriable: ClassVar[bool] = False

    def __init__(self, message: str, *, remedy: str = "", field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.field = field


class InvalidInput(CopilotError):
    code, status, exit_code = "invalid_input", 422, 2


class UnknownEquipment(InvalidInput):
    code, status = "unknown_equipment", 404


class UnknownMetric(InvalidInput):
    code, status = "unknown_metric", 422


class PayloadTooLarge(InvalidInput):
    code, status = "payload_too_large", 413


class NotReady(CopilotError):
    code, status, exit_code, retriable = "not_ready", 503, 3, True


class NotFound(CopilotError):
    code, status, exit_code = "not_found", 404, 2


class StaleData(CopilotError):
    code, status, exit_code = "stale_data", 503, 3


class LimitExceeded(CopilotError):
    code, status, exit_code = "limit_exceeded", 422, 4


class Busy(CopilotError):
    code, status, exit_code, retriable = "busy", 503, 5, True


class StorageFull(CopilotError):
    code, status, exit_code, retriable = "storage_full", 507, 6, True


class CorruptData(CopilotError):
    code, status, exit_code = "corrupt_data", 422, 7


class Forbidden(CopilotError):
    code, status, exit_code = "forbidden", 403, 8


class Unavailable(CopilotError):
    code, status, exit_code, retriable = "unavailable", 502, 9, True


class Internal(CopilotError):
    """A defect of ours. Rendered as a fixed sentence and a reference, never with the text of the exception."""
