"""The model registry as training and scoring see it."""

from __future__ import annotations

from typing import Protocol

from ml.registry.models import ModelPackage, ModelVersion, StoredModel


class ModelRegistry(Protocol):
    """Versions of named models and the aliases that point at them."""

    def register(self, name: str, package: ModelPackage) -> ModelVersion:
        """Every file is stored before the version exists: a process killed half-way leaves no version.

        Raises:
            StorageFull: the disk is full; no version was made.
        """

    def assign(self, name: str, alias: str, version: str) -> None:
        """Points `alias` at `version`, in one step."""

    def resolve(self, name: str, alias: str) -> ModelVersion | None:
        """The version behind an alias; None when nothing stands there."""

    def load(self, name: str, alias: str) -> StoredModel:
        """The files of the version behind an alias.

        Raises:
            NotReady: no version has this alias.
            CorruptData: a file is missing or differs from what was registered.
        """
