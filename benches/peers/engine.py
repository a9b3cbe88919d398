"""The same networks in onnxruntime: float, and 8 bits as QDQ; in turns with the engine of stairs-infer.

    cargo build --release -p stairs-infer --features testing --example engine_speed
    python benches/peers/engine.py [--threads 1 2] [--batch 1 64] [--networks vgg8 …] [--rounds 7]

Weights are random: they do not change how long a float network takes. Both sides are started anew in every round, warm up, and give the
median time of an image; printed is the median of the rounds and the ratio. Needs numpy, onnx and onnxruntime.
"""

import argparse
import json
import statistics
import subprocess
import time

import numpy as np
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

rng = np.random.default_rng(0)


class Net:
    """An ONNX graph in the making; batch norms are folded into convolutions, as exporters do."""

    def __init__(self, shape, quantised):
        self.nodes, self.constants, self.shape, self.quantised, self.count = [], [], shape, quantised, 0

    def name(self):
        self.count += 1
        return f"t{self.count}"

    def constant(self, array):
        name = self.name()
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def node(self, kind, *inputs, **attributes):
        out = self.name()
        self.nodes.append(helper.make_node(kind, inputs, [out], **attributes))
        return out

    def feature(self, x):
        """Behind every activation: quantised to unsigned bytes and back."""
        if not self.quantised:
            return x
        scale, zero = self.constant(np.float32(0.05)), self.constant(np.uint8(0))
        return self.node("DequantizeLinear", self.node("QuantizeLinear", x, scale, zero), scale, zero)

    def weight(self, shape):
        if not self.quantised:
            return self.constant((rng.standard_normal(shape) * (2 / np.prod(shape[1:])) ** 0.5).astype(np.float32))
        values = self.constant(rng.integers(-127, 128, shape).astype(np.int8))
        axis = {"axis": 0}
        scale = self.constant(np.full(shape[0], 1e-3, np.float32))
        return self.node("DequantizeLinear", values, scale, self.constant(np.zeros(shape[0], np.int8)), **axis)

    def bias(self, size):
        if not self.quantised:
            return self.constant(np.zeros(size, np.float32))
        scale = self.constant(np.full(size, 5e-5, np.float32))
        values, zero = self.constant(np.zeros(size, np.int32)), self.constant(np.zeros(size, np.int32))
        return self.node("DequantizeLinear", values, scale, zero, axis=0)

    def conv(self, x, inputs, outputs, side, stride=1, groups=1):
        weight = self.weight((outputs, inputs // groups, side, side))
        pads = [side // 2] * 4
        return self.node("Conv", x, weight, self.bias(outputs), strides=[stride] * 2, pads=pads, group=groups)

    def relu(self, x, six=False):
        if six:
            return self.feature(self.node("Clip", x, self.constant(np.float32(0)), self.constant(np.float32(6))))
        return self.feature(self.node("Relu", x))

    def dense(self, x, inputs, outputs):
        return self.node("Gemm", x, self.weight((outputs, inputs)), self.bias(outputs), transB=1)

    def pool(self, x, side, padding=0):
        return self.feature(self.node("MaxPool", x, kernel_shape=[side] * 2, strides=[2, 2], pads=[padding] * 4))

    def mean(self, x):
        return self.node("Flatten", self.feature(self.node("GlobalAveragePool", x)))

    def model(self, output):
        inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", *self.shape])]
        outputs = [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)]
        graph = helper.make_graph(self.nodes, "net", inputs, outputs, self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10).SerializeToString()


def lenet(q):
    net = Net([1, 28, 28], q)
    x = net.feature("x")
    for inputs, outputs in [(1, 32), (32, 64)]:
        x = net.pool(net.relu(net.conv(x, inputs, outputs, 3)), 2)
    x = net.relu(net.dense(net.node("Flatten", x), 64 * 49, 128))
    return net, net.dense(x, 128, 10)


def vgg8(q):
    net = Net([3, 32, 32], q)
    x, inputs = net.feature("x"), 3
    for outputs, pools in [(128, True), (256, False), (256, True), (512, False), (512, True)]:
        x = net.relu(net.conv(x, inputs, outputs, 3))
        x, inputs = net.pool(x, 2) if pools else x, outputs
    x = net.relu(net.dense(net.node("Flatten", x), 512 * 16, 1024))
    x = net.relu(net.dense(x, 1024, 1024))
    return net, net.dense(x, 1024, 10)


def resnet18(q):
    net = Net([3, 224, 224], q)
    x, inputs = net.pool(net.relu(net.conv(net.feature("x"), 3, 64, 7, 2)), 3, 1), 64
    for stage, outputs in enumerate([64, 128, 256, 512]):
        for block in range(2):
            stride = 2 if stage > 0 and block == 0 else 1
            y = net.relu(net.conv(x, inputs, outputs, 3, stride))
            y = net.feature(net.conv(y, outputs, outputs, 3))
            skip = net.feature(net.conv(x, inputs, outputs, 1, 2)) if stride == 2 else x
            x, inputs = net.relu(net.node("Add", y, skip)), outputs
    return net, net.dense(net.mean(x), 512, 1000)


def mobilenet_v2(q):
    net = Net([3, 224, 224], q)
    x, inputs = net.relu(net.conv(net.feature("x"), 3, 32, 3, 2), True), 32
    stages = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
    for expansion, outputs, count, first in stages:
        for index in range(count):
            wide, y = inputs * expansion, x
            if expansion > 1:
                y = net.relu(net.conv(y, inputs, wide, 1), True)
            y = net.relu(net.conv(y, wide, wide, 3, first if index == 0 else 1, wide), True)
            y = net.feature(net.conv(y, wide, outputs, 1))
            x, inputs = net.feature(net.node("Add", y, x)) if index > 0 else y, outputs
    x = net.mean(net.relu(net.conv(x, 320, 1280, 1), True))
    return net, net.dense(x, 1280, 1000)


NETWORKS = {"lenet": lenet, "vgg8": vgg8, "resnet18": resnet18, "mobilenet_v2": mobilenet_v2}


def peer(model, shape, threads, batch, seconds, wall):
    """Median seconds an image."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "1" if wall else "0")
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    x = {"x": rng.standard_normal((batch, *shape)).astype(np.float32)}
    session.run(None, x)
    times, start = [], time.perf_counter()
    clock = time.perf_counter if wall else time.process_time
    while len(times) < 3 or time.perf_counter() - start < seconds:
        now = clock()
        session.run(None, x)
        times.append((clock() - now) / batch)
    return statistics.median(times)


def ours(program, name, threads, batch, seconds, wall):
    command = [program, "--json", "--threads", str(threads), "--batch", str(batch), "--seconds", str(seconds), name]
    command += ["--wall"] if wall else []
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["median"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default="target/release/examples/engine_speed")
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS))
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--batch", nargs="+", type=int, default=[1, 64])
    parser.add_argument("--wall", action="store_true", help="the clock's time for one thread too")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.5)
    args = parser.parse_args()
    print(f"onnxruntime {ort.__version__}; milliseconds an image, medians of {args.rounds} rounds in turns")
    print("| network | threads | batch | ours | f32 | ratio | int8 | ratio |\n|---|---|---|---|---|---|---|---|")
    for name in args.networks:
        models = []
        for quantised in (False, True):
            net, output = NETWORKS[name](quantised)
            models.append(net.model(output))
        for threads in args.threads:
            # With one thread the processor's time, which other programs lengthen less.
            wall = args.wall or threads > 1
            for batch in args.batch:
                sides = [[], [], []]
                for _ in range(args.rounds):
                    sides[0].append(ours(args.program, name, threads, batch, args.seconds, wall))
                    for side, model in zip(sides[1:], models):
                        side.append(peer(model, net.shape, threads, batch, args.seconds, wall))
                us, f32, int8 = (statistics.median(side) * 1e3 for side in sides)
                row = f"| {name} | {threads} | {batch} | {us:.3f} | {f32:.3f} | {f32 / us:.2f} | {int8:.3f} | {int8 / us:.2f} |"
                print(row, flush=True)


main()
