"""Model registry on MLflow: SQLite and a folder in the workspace. Nothing is sent anywhere.

Order of a registration: the run, the model's files, a list of their checksums, then the version, and last (by the
caller) the alias. Before the version there is nothing that `models:/<name>@champion` could reach, so a kill at any
point leaves the champion as it was.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import CorruptData, NotReady, StorageFull
from core.workspace import Workspace
from ml.registry.models import BOOSTER_FILE, ModelPackage, ModelVersion, StoredModel

if TYPE_CHECKING:
    from mlflow import MlflowClient

_EXPERIMENT = "failure"
_ARTIFACTS = "artifacts"
_CHECKSUMS = "checksums.json"
_REQUIREMENTS = ["xgboost-cpu>=3.2,<3.3"]
_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "GIT_PYTHON_REFRESH": "quiet",
}


class MlflowRegistry:
    """Implements `ml.registry.ports.ModelRegistry`."""

    def __init__(self, workspace: Workspace) -> None:
        self._folder = workspace.models.absolute()
        self._uri = f"sqlite:///{self._folder / 'mlflow.db'}"
        self._client: MlflowClient | None = None

    def register(self, name: str, package: ModelPackage) -> ModelVersion:
        """See `ModelRegistry.register`."""
        import mlflow

        with _storage_errors(self._folder):
            client = self._open()
            run = client.create_run(self._experiment(client))
            with mlflow.start_run(run_id=run.info.run_id):
                mlflow.log_params(dict(package.parameters))
                mlflow.log_metrics(dict(package.metrics))
                model_id, uri = self._log(client, name, package)
            _ensure_registered(client, name)
            version = client.create_model_version(name, source=uri, run_id=run.info.run_id, model_id=model_id)
        return ModelVersion(name=name, version=str(version.version), run_id=run.info.run_id)

    def assign(self, name: str, alias: str, version: str) -> None:
        """See `ModelRegistry.assign`."""
        with _storage_errors(self._folder):
            self._open().set_registered_model_alias(name, alias, version)

    def resolve(self, name: str, alias: str) -> ModelVersion | None:
        """See `ModelRegistry.resolve`."""
        if not (self._folder / "mlflow.db").exists():
            return None
        found = self._found(name, alias)
        if found is None:
            return None
        return ModelVersion(
            name=name, version=str(found.version), run_id=found.run_id, aliases=tuple(found.aliases or ())
        )

    def load(self, name: str, alias: str) -> StoredModel:
        """See `ModelRegistry.load`."""
        version = self.resolve(name, alias)
        if version is None:
            raise NotReady(f"No model '{name}' with the alias '{alias}'.", remedy=f"Run `copilot train {name}`.")
        return StoredModel(version=version, files=_read(self._stored(_model_id(self._found(name, alias))), version))

    def _open(self) -> MlflowClient:
        if self._client is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            os.environ.update({key: value for key, value in _QUIET.items() if key not in os.environ})
            logging.getLogger("alembic").setLevel(logging.WARNING)
            import mlflow

            logging.getLogger("mlflow").setLevel(logging.WARNING)
            mlflow.set_tracking_uri(self._uri)
            mlflow.set_registry_uri(self._uri)
            self._client = mlflow.MlflowClient(tracking_uri=self._uri, registry_uri=self._uri)
        return self._client

    def _experiment(self, client: MlflowClient) -> str:
        """The experiment that writes below this folder; a moved workspace gets its own, for MLflow keeps the place."""
        place = (self._folder / _ARTIFACTS).as_uri()
        for name in (_EXPERIMENT, f"{_EXPERIMENT} in {self._folder}"):
            found = client.get_experiment_by_name(name)
            if found is None:
                return str(client.create_experiment(name, artifact_location=place))
            if found.artifact_location == place:
                return str(found.experiment_id)
        raise CorruptData(
            f"The model registry {self._uri} writes its files elsewhere.",
            remedy="Move the models folder away and train again.",
        )

    def _stored(self, model_id: str) -> Path:
        """Where the files of a logged model lie: below this folder, wherever it was when they were written."""
        return self._folder / _ARTIFACTS / "models" / model_id / "artifacts"

    def _log(self, client: MlflowClient, name: str, package: ModelPackage) -> tuple[str, str]:
        import mlflow.xgboost
        from mlflow.models import infer_signature

        example = package.input_example.to_pandas()
        logged = mlflow.xgboost.log_model(
            package.booster,
            name=name,
            model_format="ubj",
            signature=infer_signature(example, package.booster.inplace_predict(example)),
            input_example=example,
            pip_requirements=_REQUIREMENTS,
        )
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            documents = {file: text.encode() for file, text in package.documents.items()}
            booster = (self._stored(str(logged.model_id)) / BOOSTER_FILE).read_bytes()
            documents[_CHECKSUMS] = _checksums({**documents, BOOSTER_FILE: booster})
            for file, content in documents.items():
                (Path(folder) / file).write_bytes(content)
            client.log_model_artifacts(logged.model_id, folder)
        return str(logged.model_id), str(logged.model_uri)

    def _found(self, name: str, alias: str) -> Any:
        from mlflow.exceptions import MlflowException

        try:
            return self._open().get_model_version_by_alias(name, alias)
        except MlflowException as error:
            if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
                return None
            raise CorruptData(
                f"The model registry {self._uri} cannot be read: {error.error_code}.",
                remedy="Restore mlflow.db from a backup, or move the models folder away and train again.",
            ) from error


def _ensure_registered(client: MlflowClient, name: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def _model_id(found: Any) -> str:
    return str(found.model_id or str(found.source).rsplit("/", 1)[-1])


def _checksums(files: Mapping[str, bytes]) -> bytes:
    return json.dumps({name: hashlib.sha256(content).hexdigest() for name, content in files.items()}).encode()


def _read(folder: Path, version: ModelVersion) -> dict[str, bytes]:
    """The files named in the checksum list, each held against its checksum."""
    name = f"model {version.name} version {version.version}"
    remedy = f"Run `copilot train {version.name}` to make a new version."
    try:
        expected: dict[str, str] = json.loads((folder / _CHECKSUMS).read_bytes())
        files = {file: (folder / file).read_bytes() for file in expected}
    except (OSError, ValueError) as error:
        raise CorruptData(f"{name}: its files in {folder} cannot be read ({error}).", remedy=remedy) from error
    for file, content in files.items():
        if hashlib.sha256(content).hexdigest() != expected[file]:
            raise CorruptData(f"{name}: {file} differs from what was registered.", remedy=remedy)
    return files


@contextmanager
def _storage_errors(folder: Path) -> Iterator[None]:
    """A full disk reaches us as an OSError from files, and as MLflow's or SQLAlchemy's own error from SQLite."""
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import OperationalError

    try:
        yield
    except (OSError, MlflowException, OperationalError) as error:
        if getattr(error, "errno", None) != errno.ENOSPC and "disk is full" not in str(error):
            raise
        raise StorageFull(
            f"No space left in {folder}; no version was registered.", remedy="Free some space, then train again."
        ) from error
