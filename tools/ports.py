"""What the tools stand on, given once per process; and the search index as they see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from core.clock import Clock
from core.settings import Settings
from core.workspace import Workspace
from data_engineering.warehouse.ports import Warehouse
from tools.models import SearchRequest, SearchResult


class ManualSearch(Protocol):
    def search(self, request: SearchRequest) -> SearchResult:
        """Passages, best first, or a refusal.

        Raises:
            NotReady: no manual has been indexed.
        """


@dataclass(frozen=True, slots=True)
class Toolbox:
    """The one object handed down to tools. Each tool is `tool(request, toolbox, scope) -> Evidenced[Result]`."""

    settings: Settings
    workspace: Workspace
    warehouse: Warehouse
    manuals: ManualSearch
    clock: Clock
