#!/usr/bin/env python3
"""Golden numbers of the published baselines, from the formulas of their papers, in float64 NumPy.

    python3 benches/peers/golden_baselines.py > crates/stairs-noise/tests/golden/baselines.json

Nothing here knows of noise laws or stair functions: every quantiser is written as its paper writes it (rounding of a
normalised value, a piece of tanh, a proximal map), with gradients derived by hand and, where a function is
differentiable, checked against central differences. Inputs are single-precision numbers that stay away from the points
where a rule jumps.
"""

import json

import numpy as np

rng = np.random.default_rng(20260411)


def single(x):
    return np.asarray(x, dtype=np.float32).astype(np.float64)


def inputs(low, high, step, count=24):
    """Values over [low - step, high + step] that are no nearer than 1 % of a step to a multiple of half a step."""
    values = []
    while len(values) < count:
        x = float(single(rng.uniform(low - step, high + step)))
        half = (x - low) / (0.5 * step)
        if abs(half - round(half)) > 0.02:
            values.append(x)
    return np.array(values)


def upstream(count):
    g = single(rng.normal(size=count))
    g[0] = 0.0
    return g


# Name, lowest and highest level, number of levels: levels at equal distance.
GRIDS = [("ternary", -1, 1, 3), ("sign", -1, 1, 2), ("binary", 0, 1, 2), ("int3", -4, 3, 8), ("uint2", 0, 3, 4)]


def nearest(x, low, step, levels):
    """The level nearest to x."""
    return low + step * np.clip(np.round((x - low) / step), 0, levels - 1)


def grids():
    for name, low, high, levels in GRIDS:
        for quantum in (1.0, 0.25):
            yield name, quantum, low * quantum, high * quantum, (high - low) / (levels - 1) * quantum, levels


def case(name, quantum, x, g, **more):
    listed = {key: np.asarray(value).tolist() for key, value in more.items()}
    return {"quantiser": name, "quantum": quantum, "x": x.tolist(), "upstream": g.tolist(), **listed}


def ewgs():
    """Lee et al. 2021, equations 1 to 4: clip to [l, u], normalise, round, scale the gradient."""
    for name, quantum, low, high, step, levels in grids():
        for delta in (0.0, 1e-3, 0.5):
            x = inputs(low, high, step)
            g = upstream(len(x))
            x_n = np.clip((x - low) / (high - low), 0.0, 1.0)
            x_q = np.round(x_n * (levels - 1)) / (levels - 1)
            y = low + (high - low) * x_q
            g_q = g * (high - low)
            g_n = g_q * (1.0 + delta * np.sign(g_q) * (x_n - x_q))
            inside = (x > low) & (x < high)
            yield case(name, quantum, x, g, parameter=delta, y=y, gradient=g_n * inside / (high - low))


def dsq():
    """Gong et al. 2019, equations 3 to 8, with the hard forward pass of equation 8."""
    for name, quantum, low, high, step, levels in grids():
        for alpha in (0.2, 0.05, 0.4):
            x = inputs(low, high, step)
            g = upstream(len(x))
            s = 1.0 / (1.0 - alpha)
            k = np.log(2.0 / alpha - 1.0) / step

            def soft(x):
                i = np.clip(np.floor((x - low) / step), 0, levels - 2)
                middle = low + (i + 0.5) * step
                phi = s * np.tanh(k * (x - middle))
                value = low + step * (i + 0.5 * (phi + 1.0))
                return np.where(x < low, low, np.where(x > high, high, value)), phi, middle

            _, phi, middle = soft(x)
            slope = 0.5 * step * s * k * (1.0 - np.tanh(k * (x - middle)) ** 2) * ((x > low) & (x < high))
            h = 1e-6 * step
            assert np.allclose(slope, (soft(x + h)[0] - soft(x - h)[0]) / (2 * h), rtol=1e-5, atol=1e-6)
            i = np.clip(np.floor((x - low) / step), 0, levels - 2)
            hard = low + step * (i + 0.5 * (np.sign(phi) + 1.0))
            hard = np.where(x < low, low, np.where(x > high, high, hard))
            yield case(name, quantum, x, g, parameter=alpha, y=hard, soft=soft(x)[0], gradient=g * slope)


def parq():
    """Jin et al. 2025: the proximal map of a piecewise-affine regulariser, straight through backward."""
    for name, quantum, low, high, step, levels in grids():
        for rho in (1.0, 0.6, 0.1, 0.0):
            x = inputs(low, high, step)
            grid = low + step * np.arange(levels)
            index = np.searchsorted(grid, x)
            below = grid[np.clip(index - 1, 0, levels - 1)]
            above = grid[np.clip(index, 0, levels - 1)]
            middle = 0.5 * (below + above)
            if rho > 0.0:
                y = np.clip(middle + (x - middle) / rho, below, above)
            else:
                y = nearest(x, low, step, levels)
            g = upstream(len(x))
            yield case(name, quantum, x, g, parameter=rho, y=y, gradient=g)


def binary_relax():
    """Yin et al. 2018, equation 8: between the float weight and its quantisation; straight through backward."""
    for name, quantum, low, high, step, levels in grids():
        for weight in (0.0, 1.0, 7.5):
            x = inputs(low, high, step)
            y = (weight * nearest(x, low, step, levels) + x) / (weight + 1.0)
            g = upstream(len(x))
            yield case(name, quantum, x, g, parameter=weight, y=y, gradient=g)


def lsq():
    """Esser et al. 2020, equations 1 to 5."""
    for name, low, high in (("int3", -4, 3), ("int2", -2, 1), ("uint2", 0, 3)):
        step = 0.25
        v = inputs(low * step, high * step, step, 12)
        g = upstream(len(v))
        u = v / step
        rounded = np.round(np.clip(u, low, high))
        inside = (u > low) & (u < high)
        by_step = np.where(u <= low, low, np.where(u >= high, high, rounded - u))
        scale = 1.0 / np.sqrt(len(v) * high)
        yield case(
            name, step, v, g, y=rounded * step, gradient=g * inside, scale_gradient=[np.sum(g * by_step) * scale]
        )


def pact():
    """Choi et al. 2018, equations 1 to 3."""
    for name, levels, clip in (("uint2", 4, 1.5), ("uint3", 8, 2.0), ("binary", 2, 1.0)):
        x = inputs(0.0, clip, clip / (levels - 1), 12)
        g = upstream(len(x))
        y = 0.5 * (np.abs(x) - np.abs(x - clip) + clip)
        quantised = np.round(y * (levels - 1) / clip) * clip / (levels - 1)
        by_clip = np.sum(g * (x >= clip))
        yield case(name, clip, x, g, y=quantised, gradient=g * ((x > 0) & (x < clip)), scale_gradient=[by_clip])


def dampening():
    """Nagel et al. 2022, equation 6, divided by the values of one output as in their code (kernel mean)."""
    for name, quantum, low, high, step, levels in grids():
        if low >= 0:
            continue
        w = inputs(low, high, step, 24)
        values, weight = 8, 0.1

        def loss(x, target):
            return weight * np.sum((target - np.clip(x, low, high)) ** 2) / values

        target = nearest(w, low, step, levels)
        gradient = 2.0 * weight * (np.clip(w, low, high) - target) * ((w > low) & (w < high)) / values
        for i in range(len(w)):
            moved = np.zeros_like(w)
            moved[i] = 1e-5
            difference = (loss(w + moved, target) - loss(w - moved, target)) / 2e-5
            assert abs(difference - gradient[i]) < 1e-8
        yield case(name, quantum, w, w, parameter=weight, values=values, gradient=gradient)


def freezing():
    """Nagel et al. 2022, algorithm 1, in the order of their code; the threshold applies from a given step on."""
    momentum, steps, begin, count = 0.001, 200, 50, 10
    threshold = 0.02
    for name, quantum, low, high, step, levels in grids():
        if low >= 0 or quantum == 1.0:
            continue
        start = single(inputs(low, high, step, count))
        w = start.copy()
        integer = nearest(w, low, step, levels)
        previous, direction = integer.copy(), np.zeros(count)
        frequency, frozen, held = np.zeros(count), np.zeros(count, bool), np.zeros(count)
        mean = None
        period = rng.integers(2, 12, size=count)
        amplitude = step * rng.uniform(0.2, 0.8, size=count)
        moves, trace = [], []
        for t in range(steps):
            # The optimiser: some weights swing, some drift; what is frozen is moved too, and put back.
            move = single(amplitude * np.sign(np.sin(2 * np.pi * (t + 0.5) / period)) * rng.uniform(0.5, 1.0, size=count))
            moves.append(move.tolist())
            w = single(w + move)
            integer = np.where(frozen, held, nearest(w, low, step, levels))
            change = np.sign(np.round((integer - previous) / step))
            swung = direction * change == -1
            frequency = momentum * swung + (1 - momentum) * frequency
            direction = np.where(change != 0, change, direction)
            previous = integer
            if t >= begin:
                if mean is None:
                    mean = integer.copy()
                newly = (frequency > threshold) & ~frozen
                held = np.where(newly, nearest(mean, low, step, levels), held)
                frozen |= newly
                mean = momentum * integer + (1 - momentum) * mean
                previous = np.where(newly, held, previous)
            w = np.where(frozen, held, w)
            if (t + 1) % 50 == 0:
                trace.append({"step": t + 1, "w": w.tolist(), "frequency": frequency.tolist(), "frozen": frozen.tolist()})
        assert 0 < frozen.sum() < count
        yield {
            "quantiser": name,
            "quantum": quantum,
            "threshold": threshold,
            "begin": begin,
            "start": start.tolist(),
            "moves": moves,
            "trace": trace,
        }


def schedules():
    """PARQ's inverse slope, BinaryRelax's weight and the cosines of Nagel et al. over 40 steps."""
    steps, steepness, growth = 40, 10.0, 359.0
    tau = np.arange(steps + 1) / steps

    def mirrored(x):
        return 1.0 / (1.0 + np.exp(steepness * (x - 0.5)))

    ends = mirrored(np.array([0.0, 1.0]))
    slope = (mirrored(tau) - ends[1]) / (ends[0] - ends[1])
    share = 1.0 / (1.0 + growth**tau)
    share[-1] = 0.0

    def cosine(first, last):
        rel = (tau - 0.25) / 0.75
        value = last + 0.5 * (first - last) * (1.0 + np.cos(rel * np.pi))
        return np.where(tau < 0.25, first, value)

    return {
        "steps": steps,
        "parq": slope.tolist(),
        "binary_relax": share.tolist(),
        "dampening": cosine(0.0, 0.1).tolist(),
        "freezing": cosine(0.1, 0.01).tolist(),
    }


def short(value):
    """Nine digits: all of a single-precision number."""
    if isinstance(value, dict):
        return {key: short(item) for key, item in value.items()}
    if isinstance(value, list):
        return [short(item) for item in value]
    return float(f"{value:.9g}") if isinstance(value, float) else value


def main():
    rules = {rule.__name__: list(rule()) for rule in (ewgs, dsq, parq, binary_relax, lsq, pact, dampening, freezing)}
    print(json.dumps(short({**rules, "schedules": schedules()}), separators=(",", ":")))


main()
