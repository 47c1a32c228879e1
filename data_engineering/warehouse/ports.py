"""The warehouse as the floors above see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from core.scope import Scope
from data_engineering.warehouse.models import CatalogueEntry, Limits, Snapshot, Table, Value


class Warehouse(Protocol):
    """Published marts, read only. Every call is bounded and belongs to somebody."""

    def run(
        self,
        entry: str | CatalogueEntry,
        values: Mapping[str, Value] | None = None,
        *,
        scope: Scope,
        limits: Limits | None = None,
    ) -> Table:
        """Rows of one catalogue entry (by name or itself), restricted to the plants of `scope`.

        Blocking; callers in an event loop use a thread. Safe from several threads.

        Raises:
            LimitExceeded: more than `limits.rows` rows or `limits.seconds` of work; nothing is returned.
            InvalidInput: a value missing, unknown or of the wrong type.
            NotReady: nothing has been published yet.
        """

    def snapshot(self) -> Snapshot:
        """The snapshot now served; follows the pointer.

        Raises:
            NotReady: nothing has been published yet.
        """

    def __hash__(self) -> int:
        """By identity: what was read of a snapshot may be kept beside its warehouse."""
