# SPDX-License-Identifier: Apache-2.0
"""A job that runs a neural network whose session was made before the fork, as extraction does."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

SESSIONS: list[onnxruntime.InferenceSession] = []
SIDE = 128


def model() -> bytes:
    """Two 5x5 convolutions over one image of any size, with fixed random weights."""
    rng = np.random.default_rng(7)
    first, second = rng.standard_normal((16, 1, 5, 5)), rng.standard_normal((1, 16, 5, 5))
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "first"], ["a"], pads=[2] * 4),
            helper.make_node("Relu", ["a"], ["b"]),
            helper.make_node("Conv", ["b", "second"], ["y"], pads=[2] * 4),
        ],
        "two",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, None, None])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, None, None])],
        [
            numpy_helper.from_array(first.astype(np.float32), "first"),
            numpy_helper.from_array(second.astype(np.float32), "second"),
        ],
    )
    whole = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(whole)
    return whole.SerializeToString()


def prepare() -> None:
    """Makes the session, once, in the zygote."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    SESSIONS.append(onnxruntime.InferenceSession(model(), options, providers=["CPUExecutionProvider"]))


def infer(payload: bytes) -> bytes:
    """SIDE x SIDE float32 in, the same out."""
    pixels = np.frombuffer(payload, np.float32).reshape(1, 1, SIDE, SIDE)
    (out,) = SESSIONS[0].run(None, {"x": pixels})
    return np.asarray(out, np.float32).tobytes()
