"""Golden numbers of noise laws, computed independently of this repository.

    pip install mpmath
    python benches/peers/golden_laws.py NAME > crates/stairs-laws/tests/golden/laws/NAME.json

A law is given by its density alone. Everything else is quadrature with 40 digits: the distribution function, the partial
moments E (u - xi)+ and E (u - xi)+^2 / 2, E|xi| and the standard deviation.
"""

import json
import sys

from mpmath import mp, cos, exp, mpf, pi, quad, sqrt

mp.dps = 40

# Name: density on (-end, end), end of the support.
LAWS = {
    "triangular": (lambda u: 1 - abs(u), mpf(1)),
    "normal": (lambda u: exp(-u * u / 2) / sqrt(2 * pi), mpf(40)),
    "raised-cosine": (lambda u: (1 + cos(pi * u)) / 2, mpf(1)),
}


def integral(f, low, high):
    """Over [low, high], cut at 0 and at whole numbers, where densities and weights have corners."""
    cuts = [low] + [mpf(k) for k in range(-60, 61) if low < k < high] + [high]
    return quad(f, cuts) if low < high else mpf(0)


def main():
    name = sys.argv[1]
    density, end = LAWS[name]
    points = [mpf(k) / 16 + mpf(1) / 128 for k in range(-32, 33)] + [mpf(k) / 1000 for k in (-999, -990, 990, 999)]
    rows = []
    for u in map(mpf, map(float, points)):
        top = min(max(u, -end), end)
        rows.append(
            [
                float(u),
                float(integral(density, -end, top)),
                float(density(u)) if abs(u) < end else 0.0,
                float(integral(lambda v: (u - v) * density(v), -end, top)),
                float(integral(lambda v: (u - v) ** 2 / 2 * density(v), -end, top)),
            ]
        )
    moments = {
        "mean_abs": float(integral(lambda v: abs(v) * density(v), -end, end)),
        "std": float(sqrt(integral(lambda v: v * v * density(v), -end, end))),
    }
    json.dump({"noise": name, **moments, "columns": ["u", "F", "f", "ramp", "parabola"], "rows": rows}, sys.stdout, indent=None)
    print()


if __name__ == "__main__":
    main()
