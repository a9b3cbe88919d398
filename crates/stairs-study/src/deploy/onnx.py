"""Results of an ONNX file for samples, without and with onnxruntime's optimisations; QONNX by its executor.

    python3 onnx.py FILE SAMPLES RESULTS COUNT

SAMPLES: floats, little-endian, COUNT samples. RESULTS: the floats that the program gives. Prints a line of JSON for each way to run
the file: its name, labels that differ, results that differ, the largest difference relative to the largest result.
"""

import json
import sys

import numpy as np

file, samples, results, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
import onnx

model = onnx.load(file)
(value,) = model.graph.input
shape = [dim.dim_value for dim in value.type.tensor_type.shape.dim][1:]
x = np.fromfile(samples, "<f4").reshape([count, *shape])
want = np.fromfile(results, "<f4").reshape([count, -1])


def report(name, got):
    got = np.asarray(got, np.float32).reshape(len(got), -1)
    there = want[: len(got)]
    largest = np.maximum(np.abs(there).max(axis=1), np.finfo(np.float32).tiny)
    off = np.abs(got - there).max(axis=1) / largest
    labels = int((got.argmax(axis=1) != there.argmax(axis=1)).sum())
    differ = int((off > 1e-5).sum())
    print(json.dumps({"by": name, "samples": len(got), "labels": labels, "results": differ, "difference": float(off.max())}))


if any(opset.domain.startswith("qonnx") for opset in model.opset_import):
    from qonnx.core.modelwrapper import ModelWrapper
    from qonnx.core.onnx_exec import execute_onnx
    from qonnx.transformation.infer_shapes import InferShapes

    # The executor wants a batch of one size, and takes seconds an image for large networks.
    few = min(count, 50)
    for one in [*model.graph.input, *model.graph.output]:
        one.type.tensor_type.shape.dim[0].dim_value = few
    model = ModelWrapper(model).transform(InferShapes())
    report("qonnx executor", execute_onnx(model, {value.name: x[:few]})[model.graph.output[0].name])
else:
    import onnxruntime

    for level in ["ORT_DISABLE_ALL", "ORT_ENABLE_ALL"]:
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        parts = [session.run(None, {value.name: x[i : i + 64]})[0] for i in range(0, count, 64)]
        report("onnxruntime " + level, np.concatenate(parts))
