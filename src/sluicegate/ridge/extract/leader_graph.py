# SPDX-License-Identifier: Apache-2.0
"""The LEADER network as an ONNX graph, built from its published weights.

Source: R. Cappelli, LEADER (arXiv 2602.15493), and the weights in pyfing 0.7.3 (MIT). One network reads
a gray fingerprint and writes, for every pixel, how sure it is that a minutia lies there and which way it
points: a stem at two scales, a context encoder and decoder, an attention gate, a refining encoder and
decoder, heads. Built so, it agrees with the published network run by Keras to 4e-6 in confidence.

Four rewrites save time. Everything in a head that works on single pixels runs before the doubling of the
resolution instead of after it (nearest-neighbor doubling commutes with such steps), and the last convolutions
of the heads are one convolution with blocks of zeros: these two change no bit. The normalization and the two
1 by 1 convolutions of a residual block are matrix products over the channels of each pixel, and where the
picture is large they run on one band of rows after another, so that what lies between them stays in the
cache: these two sum in another order and change a confidence by some 1e-5. The bias and its GELU are one node
of ONNX Runtime's own (`BiasGelu`, the exact form with erf).

The weights file names layers by class and running number. Keras numbers them by distance from the output,
so the layers of the heads, which differ in distance, alternate: hence the table HEADS.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from typing import Any

import h5py  # type: ignore[import-untyped]
import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

Floats = NDArray[np.float32]

MULTIPLE = 32  # both sides of the input are multiples of this: five halvings
EPSILON = 1e-3  # of layer normalization, the Keras default
DIGEST_KEY = "weights_sha256"

RUNTIME = "com.microsoft"  # the domain of BiasGelu
BANDS = 8  # divides the rows of every layer at half the input's size: these are a multiple of 16

CONTEXT_LEVELS = 4
REFINE_LEVELS = 4


@dataclass(frozen=True, slots=True)
class _Head:
    """Running numbers of a head's layers in the weights file."""

    depthwise: int
    norm: int
    expand: int
    reduce: int
    adjust: int
    conv1: int
    norm1: int
    conv2: int
    last: int


POSITION = _Head(8, 18, 32, 33, 35, 40, 21, 42, 44)
DIRECTION = _Head(9, 19, 34, 36, 39, 43, 22, 46, 48)
TYPE = _Head(10, 20, 37, 38, 41, 45, 23, 49, 50)
BLUR = 47  # the fixed Gaussian before the non-maximum suppression


def build_leader(weights: bytes, *, types: bool = False) -> bytes:
    """The network as a serialized ONNX model.

    Its input `image` has shape (1, 1, rows, columns), float32, gray levels 0 to 255, both sides multiples
    of 32. Its output `maps` has shape (1, 3, rows, columns): cosine and sine of the direction (not
    normalized) and the confidence, which is zero except at local maxima. With `types` a fourth map follows,
    the likelihood that the minutia is an ending; it costs a seventh more time.

    Args:
        weights: the bytes of `LEADER.weights.h5`.
    """
    with h5py.File(io.BytesIO(weights), "r") as file:
        net = _Net(_Weights(file))
        small, full = _stems(net)
        gated = _attention(net, _context(net, small), full)
        _heads(net, _refine(net, gated), types=types)
    model: bytes = net.model(hashlib.sha256(weights).hexdigest()).SerializeToString()
    return model


def _stems(net: _Net) -> tuple[str, str]:
    """The image at half size, once by its maxima and once by its averages."""
    pooled = []
    for first, norm, kind in ((0, 0, "MaxPool"), (2, 9, "AveragePool")):
        both = net.concat(net.conv("image", first), net.conv("image", first + 1, dilation=2))
        pooled.append(net.halve(net.gelu(net.norm(both, norm)), kind))
    return pooled[0], pooled[1]


def _context(net: _Net, x: str) -> str:
    skips = []
    for level in range(CONTEXT_LEVELS):
        x = net.separable(x, level)
        skips.append(x)
        x = net.down(x)
    for level in range(CONTEXT_LEVELS):
        x = net.concat(net.double(net.separable(x, CONTEXT_LEVELS + level)), skips.pop())
    return x


def _attention(net: _Net, x: str, full: str) -> str:
    wide = net.concat(*(net.gelu(net.conv(x, 4 + n, dilation=d)) for n, d in enumerate((1, 3, 6))))
    gate = net.op("Sigmoid", net.conv(wide, 7))
    return net.concat(net.op("Mul", x, gate), full)


def _refine(net: _Net, x: str) -> str:
    skips = []
    for level in range(REFINE_LEVELS):
        x = net.bottleneck(x, level, 10 + level, 8 + 3 * level, 1 if level else BANDS)
        skips.append(x)
        x = net.down(x)
    for level in range(REFINE_LEVELS, 2 * REFINE_LEVELS):
        x = net.concat(net.double(net.bottleneck(x, level, 10 + level, 8 + 3 * level)), skips.pop())
    return x


def _heads(net: _Net, x: str, *, types: bool) -> None:
    heads = (DIRECTION, POSITION, TYPE) if types else (DIRECTION, POSITION)
    parts = []
    for head in heads:
        y = net.residual(x, head.depthwise, head.norm, head.expand, head.reduce, BANDS)
        y = net.norm(net.conv(net.conv(y, head.adjust), head.conv1), head.norm1)
        parts.append(net.gelu(net.conv(y, head.conv2)))
    last = net.double(net.concat(*parts))
    kernel, bias = _block_diagonal([net.weights.conv(head.last) for head in heads])
    joined = net.convolve(last, kernel, bias)
    direction, *rest = net.split(joined, [2, *([1] * (len(heads) - 1))])
    position, *typ = [net.op("Sigmoid", part) for part in rest]
    blurred = net.conv(position, BLUR)
    highest = net.op("MaxPool", blurred, kernel_shape=[7, 7], strides=[1, 1], pads=[3] * 4)
    is_peak = net.op("Cast", net.op("Equal", blurred, highest), to=TensorProto.FLOAT)
    net.output(direction, net.op("Mul", blurred, is_peak), *typ)


def _block_diagonal(parts: list[tuple[Floats, Floats | None]]) -> tuple[Floats, Floats]:
    """One convolution that does what several do side by side."""
    outs, ins = (sum(kernel.shape[axis] for kernel, _ in parts) for axis in (0, 1))
    whole = np.zeros((outs, ins, *parts[0][0].shape[2:]), dtype=np.float32)
    biases, row, column = [], 0, 0
    for kernel, bias in parts:
        whole[row : row + kernel.shape[0], column : column + kernel.shape[1]] = kernel
        row, column = row + kernel.shape[0], column + kernel.shape[1]
        biases.append(np.zeros(kernel.shape[0], dtype=np.float32) if bias is None else bias)
    return whole, np.concatenate(biases)


class _Weights:
    """Arrays of the weights file, kernels as ONNX has them: (out, in per group, rows, columns)."""

    def __init__(self, file: h5py.File) -> None:
        self._file = file

    def _arrays(self, kind: str, number: int) -> list[Floats]:
        group = self._file[f"layers/{kind}_{number}/vars" if number else f"layers/{kind}/vars"]
        return [np.asarray(group[str(n)][...], dtype=np.float32) for n in range(len(group))]

    def conv(self, number: int) -> tuple[Floats, Floats | None]:
        kernel, *bias = self._arrays("conv2d", number)
        return kernel.transpose(3, 2, 0, 1), bias[0] if bias else None

    def depthwise(self, number: int) -> Floats:
        return self._arrays("depthwise_conv2d", number)[0].transpose(2, 3, 0, 1)

    def separable(self, number: int) -> tuple[Floats, Floats, Floats]:
        depthwise, pointwise, bias = self._arrays("separable_conv2d", number)
        return depthwise.transpose(2, 3, 0, 1), pointwise.transpose(3, 2, 0, 1), bias

    def norm(self, number: int) -> tuple[Floats, Floats]:
        gamma, beta = self._arrays("layer_normalization", number)
        return gamma, beta


class _Net:
    """An ONNX graph under construction. A layer is named by its result; `channels` knows their widths."""

    def __init__(self, weights: _Weights) -> None:
        self.weights = weights
        self.channels = {"image": 1}
        self._nodes: list[NodeProto] = []
        self._constants: list[TensorProto] = []
        self._outputs = 0

    def _name(self, channels: int) -> str:
        name = f"v{len(self.channels)}"
        self.channels[name] = channels
        return name

    def constant(self, array: NDArray[np.generic]) -> str:
        name = f"c{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def op(self, kind: str, *inputs: str, channels: int = 0, **attributes: Any) -> str:
        """A node with one result, as wide as its first input unless told."""
        name = self._name(channels or self.channels[inputs[0]])
        self._nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def convolve(
        self, x: str, kernel: Floats, bias: Floats | None, *, dilation: int = 1, groups: int = 1
    ) -> str:
        side = kernel.shape[2]
        arrays = [kernel] if bias is None else [kernel, bias]
        return self.op(
            "Conv",
            x,
            *(self.constant(array) for array in arrays),
            channels=kernel.shape[0],
            kernel_shape=[side, side],
            dilations=[dilation, dilation],
            pads=[side // 2 * dilation] * 4,
            group=groups,
        )

    def conv(self, x: str, number: int, *, dilation: int = 1) -> str:
        kernel, bias = self.weights.conv(number)
        return self.convolve(x, kernel, bias, dilation=dilation)

    def gelu(self, x: str) -> str:
        return self.op("Gelu", x)  # the exact form with erf, as published

    def norm(self, x: str, number: int) -> str:
        """Layer normalization over the channels of each pixel."""
        gamma, beta = (self.constant(array) for array in self.weights.norm(number))
        last = self.op("Transpose", x, perm=[0, 2, 3, 1])
        normal = self.op("LayerNormalization", last, gamma, beta, axis=-1, epsilon=EPSILON)
        return self.op("Transpose", normal, perm=[0, 3, 1, 2])

    def separable(self, x: str, number: int) -> str:
        """Separable convolution, norm 1 + number, GELU."""
        depthwise, pointwise, bias = self.weights.separable(number)
        y = self.convolve(x, depthwise, None, groups=depthwise.shape[0])
        return self.gelu(self.norm(self.convolve(y, pointwise, bias), 1 + number))

    def residual(self, x: str, depthwise: int, norm: int, expand: int, reduce: int, bands: int = 1) -> str:
        """x plus: depthwise convolution, norm, then per pixel two matrices with GELU between them."""
        kernel = self.weights.depthwise(depthwise)
        y = self.convolve(x, kernel, None, groups=kernel.shape[0])
        shift = [self.constant(array) for array in self.weights.norm(norm)]
        (first, bias1), (second, bias2) = (self._matrix(number) for number in (expand, reduce))
        parts = []
        for band in self._bands(self.op("Transpose", y, perm=[0, 2, 3, 1]), bands):
            z = self.op("LayerNormalization", band, *shift, axis=-1, epsilon=EPSILON)
            z = self.op("BiasGelu", self.op("MatMul", z, first), bias1, domain=RUNTIME)
            parts.append(self.op("Add", self.op("MatMul", z, second), bias2))
        whole = self.op("Concat", *parts, axis=1) if bands > 1 else parts[0]
        return self.op("Add", x, self.op("Transpose", whole, perm=[0, 3, 1, 2]))

    def _matrix(self, number: int) -> tuple[str, str]:
        """A 1 by 1 convolution with a bias as a matrix, (in, out), and its bias."""
        kernel, bias = self.weights.conv(number)
        assert bias is not None
        return self.constant(kernel[:, :, 0, 0].T), self.constant(bias)

    def _bands(self, x: str, count: int) -> list[str]:
        """x, rows second, in `count` equal bands of rows."""
        if count == 1:
            return [x]
        names = [self._name(self.channels[x]) for _ in range(count)]
        self._nodes.append(helper.make_node("Split", [x], names, axis=1, num_outputs=count))
        return names

    def bottleneck(self, x: str, depthwise: int, norm: int, expand: int, bands: int = 1) -> str:
        """Inverse bottleneck; its three convolutions are numbered `expand` and the two that follow."""
        return self.conv(self.residual(x, depthwise, norm, expand, expand + 1, bands), expand + 2)

    def halve(self, x: str, kind: str) -> str:
        return self.op(kind, x, kernel_shape=[2, 2], strides=[2, 2])

    def down(self, x: str) -> str:
        """Half size: maxima of the first half of the channels, averages of the second."""
        width = self.channels[x]
        first, second = self.split(x, [width // 2, width - width // 2])
        return self.concat(self.halve(first, "MaxPool"), self.halve(second, "AveragePool"))

    def double(self, x: str) -> str:
        scales = self.constant(np.array([1, 1, 2, 2], dtype=np.float32))
        return self.op(
            "Resize",
            x,
            "",
            scales,
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )

    def concat(self, *parts: str) -> str:
        return self.op("Concat", *parts, channels=sum(self.channels[part] for part in parts), axis=1)

    def split(self, x: str, widths: list[int]) -> list[str]:
        names = [self._name(width) for width in widths]
        sizes = self.constant(np.array(widths, dtype=np.int64))
        self._nodes.append(helper.make_node("Split", [x, sizes], names, axis=1))
        return names

    def output(self, *maps: str) -> None:
        self._outputs = sum(self.channels[one] for one in maps)
        self._nodes.append(helper.make_node("Concat", maps, ["maps"], axis=1))

    def model(self, weights_digest: str) -> ModelProto:
        image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, "rows", "columns"])
        shape: list[str | int | None] = [1, self._outputs, "rows", "columns"]
        maps = helper.make_tensor_value_info("maps", TensorProto.FLOAT, shape)
        graph = helper.make_graph(self._nodes, "leader", [image], [maps], self._constants)
        opsets = [helper.make_opsetid("", 20), helper.make_opsetid(RUNTIME, 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
        helper.set_model_props(model, {DIGEST_KEY: weights_digest})
        return model
