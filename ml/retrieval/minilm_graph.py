"""The forward pass of all-MiniLM-L6-v2 as an ONNX graph, written from its weights without torch.

BERT (Devlin et al. 2018, post-layer-norm): 6 layers, 12 heads, 384 wide, GELU; then the mean over real tokens and
L2 norm (Reimers and Gurevych 2019). Inputs `input_ids` and `attention_mask`, int64 (batch, tokens); output
`sentence_embedding`, float32 (batch, 384).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Weights = Mapping[str, NDArray[np.float32]]

LAYERS, HEADS, WIDTH = 6, 12, 384
LAYER_NORM_EPSILON = 1e-12
OUTPUT = "sentence_embedding"
_MASKED = -10_000.0


class _Graph:
    """Nodes and constants of a graph under construction; `add` returns the name of the node's output."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, name: str, value: NDArray[Any]) -> str:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, operator: str, inputs: list[str], output: str = "", **attributes: Any) -> str:
        from onnx import helper

        name = output or f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], name=f"node_{name}", **attributes))
        return name


def write_graph(weights: Weights, target: Path) -> None:
    """Write the FP32 model to `target`."""
    import onnx
    from onnx import TensorProto, helper

    graph = _Graph()
    hidden = _embeddings(graph, weights)
    bias = _attention_bias(graph)
    for layer in range(LAYERS):
        hidden = _layer(graph, weights, f"encoder.layer.{layer}", hidden, bias)
    _pool(graph, hidden)
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"])
        for name in ("input_ids", "attention_mask")
    ]
    outputs = [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["batch", WIDTH])]
    body = helper.make_graph(graph.nodes, "all-MiniLM-L6-v2", inputs, outputs, graph.constants)
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    # The quantiser warns about graphs that were not simplified; this one has nothing to simplify.
    helper.set_model_props(model, {"onnx.quant.pre_process": "onnxruntime.quant"})
    onnx.checker.check_model(model)
    onnx.save(model, target)


def _embeddings(graph: _Graph, weights: Weights) -> str:
    """Word plus position plus the one segment there is, normalised."""
    words = graph.constant("words", weights["embeddings.word_embeddings.weight"])
    segment = weights["embeddings.token_type_embeddings.weight"][0]
    positions = graph.constant("positions", weights["embeddings.position_embeddings.weight"] + segment)
    shape = graph.add("Shape", ["input_ids"], start=1, end=2)
    first = graph.constant("first_position", np.array([0], dtype=np.int64))
    here = graph.add("Slice", [positions, first, shape])
    summed = graph.add("Add", [graph.add("Gather", [words, "input_ids"]), here])
    return _layer_norm(graph, weights, "embeddings.LayerNorm", summed)


def _attention_bias(graph: _Graph) -> str:
    """0 at real tokens, very negative at padding; (batch, 1, 1, tokens)."""
    axes = graph.constant("bias_axes", np.array([1, 2], dtype=np.int64))
    one = graph.constant("one", np.array(1.0, dtype=np.float32))
    masked = graph.constant("masked", np.array(_MASKED, dtype=np.float32))
    mask = graph.add("Cast", ["attention_mask"], "mask", to=1)
    return graph.add("Mul", [graph.add("Sub", [one, graph.add("Unsqueeze", [mask, axes])]), masked])


def _layer(graph: _Graph, weights: Weights, prefix: str, hidden: str, bias: str) -> str:
    attended = _attention(graph, weights, f"{prefix}.attention.self", hidden, bias)
    projected = _dense(graph, weights, f"{prefix}.attention.output.dense", attended)
    hidden = _layer_norm(graph, weights, f"{prefix}.attention.output.LayerNorm", graph.add("Add", [projected, hidden]))
    wide = graph.add("Gelu", [_dense(graph, weights, f"{prefix}.intermediate.dense", hidden)])
    narrow = _dense(graph, weights, f"{prefix}.output.dense", wide)
    return _layer_norm(graph, weights, f"{prefix}.output.LayerNorm", graph.add("Add", [narrow, hidden]))


def _attention(graph: _Graph, weights: Weights, prefix: str, hidden: str, bias: str) -> str:
    split = graph.constant(f"{prefix}.split", np.array([0, 0, HEADS, WIDTH // HEADS], dtype=np.int64))
    merge = graph.constant(f"{prefix}.merge", np.array([0, 0, WIDTH], dtype=np.int64))
    scale = graph.constant(f"{prefix}.scale", np.array((WIDTH // HEADS) ** -0.5, dtype=np.float32))

    def heads(part: str, order: list[int]) -> str:
        dense = _dense(graph, weights, f"{prefix}.{part}", hidden)
        return graph.add("Transpose", [graph.add("Reshape", [dense, split])], perm=order)

    query, key, value = heads("query", [0, 2, 1, 3]), heads("key", [0, 2, 3, 1]), heads("value", [0, 2, 1, 3])
    scores = graph.add("Add", [graph.add("Mul", [graph.add("MatMul", [query, key]), scale]), bias])
    context = graph.add("MatMul", [graph.add("Softmax", [scores], axis=-1), value])
    return graph.add("Reshape", [graph.add("Transpose", [context], perm=[0, 2, 1, 3]), merge])


def _dense(graph: _Graph, weights: Weights, prefix: str, hidden: str) -> str:
    """x @ W.T + b; the transposed weight is a constant, so that it can be quantised per channel."""
    matrix = graph.constant(f"{prefix}.weight", weights[f"{prefix}.weight"].T)
    offset = graph.constant(f"{prefix}.bias", weights[f"{prefix}.bias"])
    return graph.add("Add", [graph.add("MatMul", [hidden, matrix]), offset])


def _layer_norm(graph: _Graph, weights: Weights, prefix: str, hidden: str) -> str:
    scale = graph.constant(f"{prefix}.weight", weights[f"{prefix}.weight"])
    offset = graph.constant(f"{prefix}.bias", weights[f"{prefix}.bias"])
    return graph.add("LayerNormalization", [hidden, scale, offset], axis=-1, epsilon=LAYER_NORM_EPSILON)


def _pool(graph: _Graph, hidden: str) -> None:
    """Mean over real tokens, then unit length."""
    last = graph.constant("last_axis", np.array([2], dtype=np.int64))
    tokens = graph.constant("token_axis", np.array([1], dtype=np.int64))
    weighted = graph.add("Mul", [hidden, graph.add("Unsqueeze", ["mask", last])])
    summed = graph.add("ReduceSum", [weighted, tokens], keepdims=0)
    count = graph.add("ReduceSum", ["mask", tokens], keepdims=1)
    graph.add("LpNormalization", [graph.add("Div", [summed, count])], OUTPUT, axis=-1, p=2)
