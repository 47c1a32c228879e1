"""The sentence encoder against an independent forward pass in numpy, written from the paper."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import NotReady
from ml.retrieval import minilm
from ml.retrieval.minilm import (
    CARD,
    DIMENSION,
    MAX_TOKENS,
    PROBES,
    TOKENIZER,
    Encoder,
    build_encoder,
    quantise,
    weights_folder,
)
from ml.retrieval.minilm_graph import write_graph

pytestmark = pytest.mark.slow
Matrix = NDArray[np.float64]
Weights = Mapping[str, NDArray[np.float32]]
TEXTS = (*PROBES, "short", "the pump " * 300)


@pytest.fixture(scope="module")
def packaged() -> Path:
    folder = weights_folder()
    assert folder is not None, "the extra `embeddings` is part of the development environment"
    return folder


@pytest.fixture(scope="module")
def weights(packaged: Path) -> Weights:
    from safetensors.numpy import load_file

    loaded: Weights = load_file(packaged / "model.safetensors")
    return loaded


@pytest.fixture(scope="module")
def exact(weights: Weights, packaged: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("encoder")
    write_graph(weights, folder / "fp32.onnx")
    (folder / TOKENIZER).write_bytes((packaged / TOKENIZER).read_bytes())
    return folder


def reference(weights: Weights, ids: list[int]) -> Matrix:
    """The unit sentence vector of one text without padding, in float64."""
    w = {name: value.astype(np.float64) for name, value in weights.items() if value.dtype == np.float32}

    def dense(name: str, x: Matrix) -> Matrix:
        return np.asarray(x @ w[f"{name}.weight"].T + w[f"{name}.bias"])

    def normal(name: str, x: Matrix) -> Matrix:
        centred = x - x.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-12)
        return np.asarray(centred / spread * w[f"{name}.weight"] + w[f"{name}.bias"])

    e = "embeddings"
    x = w[f"{e}.word_embeddings.weight"][ids] + w[f"{e}.position_embeddings.weight"][: len(ids)]
    x = normal(f"{e}.LayerNorm", x + w[f"{e}.token_type_embeddings.weight"][0])
    for layer in range(6):
        at = f"encoder.layer.{layer}"
        parts = [dense(f"{at}.attention.self.{part}", x) for part in ("query", "key", "value")]
        query, key, value = (part.reshape(len(ids), 12, 32).swapaxes(0, 1) for part in parts)
        scores = np.exp(query @ key.swapaxes(1, 2) / np.sqrt(32))
        mixed = (scores / scores.sum(axis=-1, keepdims=True) @ value).swapaxes(0, 1).reshape(len(ids), 384)
        x = normal(f"{at}.attention.output.LayerNorm", x + dense(f"{at}.attention.output.dense", mixed))
        wide = dense(f"{at}.intermediate.dense", x)
        x = normal(f"{at}.output.LayerNorm", x + dense(f"{at}.output.dense", wide * phi(wide)))
    pooled = x.mean(axis=0)
    return np.asarray(pooled / np.linalg.norm(pooled))


def phi(x: Matrix) -> Matrix:
    """The normal distribution function, for the exact GELU."""
    from scipy.special import ndtr

    return np.asarray(ndtr(x), dtype=np.float64)


def token_ids(folder: Path, text: str) -> list[int]:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length=MAX_TOKENS)
    ids: list[int] = tokenizer.encode(text).ids
    return ids


def test_the_graph_computes_what_the_paper_says(weights: Weights, exact: Path) -> None:
    found = Encoder(exact, exact / "fp32.onnx").encode(TEXTS)
    expected = np.stack([reference(weights, token_ids(exact, text)) for text in TEXTS])
    assert (found * expected).sum(axis=1).min() > 0.9999


def test_quantising_keeps_the_direction_of_every_vector(exact: Path) -> None:
    quantise(exact / "fp32.onnx", exact / "int8.onnx")
    before, after = (Encoder(exact, exact / name).encode(TEXTS) for name in ("fp32.onnx", "int8.onnx"))
    assert (before * after).sum(axis=1).min() > 0.98


def test_padding_does_not_change_a_vector(exact: Path) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(exact / "fp32.onnx"), providers=["CPUExecutionProvider"])
    ids = np.array([token_ids(exact, PROBES[0])])
    mask = np.ones_like(ids)
    padded = {"input_ids": np.pad(ids, ((0, 0), (0, 9))), "attention_mask": np.pad(mask, ((0, 0), (0, 9)))}
    plain = session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
    np.testing.assert_allclose(session.run(None, padded)[0], plain, atol=1e-5)


def test_an_encoder_is_built_once_and_kept(tmp_path: Path) -> None:
    card = build_encoder(tmp_path / "minilm")
    written = (tmp_path / "minilm" / CARD).stat().st_mtime_ns
    assert card.cosine_to_fp32 > 0.98
    assert build_encoder(tmp_path / "minilm") == card
    assert (tmp_path / "minilm" / CARD).stat().st_mtime_ns == written
    assert [path.name for path in tmp_path.iterdir()] == ["minilm"]


def test_no_text_has_no_vector(exact: Path) -> None:
    assert Encoder(exact).encode([]).shape == (0, DIMENSION)


def test_without_the_package_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm, "PACKAGE", "a_package_that_is_not_there")
    with pytest.raises(NotReady, match="words alone"):
        build_encoder(tmp_path / "minilm")
