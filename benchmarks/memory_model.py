"""How long a call takes at another memory size: fits ``pricing/memory_model.py``'s curve, and judges it held out.

    python -m benchmarks.memory_model

Data: real functions of maxday/lambda-perf at 128 to 1,024 MB, and of mbwilding/lambda-benchmark (calls of seconds), in
../shared. Each family of functions is predicted by a curve that was fitted without it.
"""

import math
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pricing import memory_model
from pricing.memory_model import KNOTS, MARGIN, SEEN_UP_TO, Curve, Margin, duration_at

SHARED = Path(__file__).parents[2] / "shared" / "data" / "workload"
PERF = SHARED / "lambda_perf" / "daily_functions_2025h1.csv.gz"
LONG = SHARED / "lambda_invocations" / "mbwilding2023.csv.gz"
FROM_MB, SIZES = 1024, (512, 256, 128)
Fit = tuple[Curve, Margin]


def functions() -> pd.DataFrame:
    """One row for each function and package: median over its days of the daily mean duration, by size."""
    days = pd.read_csv(PERF)
    days["base"] = days.function.str.replace("lambda-perf-", "").str.replace(r"-(zip|image)-.*", "", regex=True)
    keys = ["package_type", "base", "arch"]
    table = days.pivot_table(index=keys, columns="memory_mb", values="avg_duration_ms", aggfunc="median")
    table = table.dropna().reset_index()
    table["language"] = table.base.map(_language)
    table["package and runtime"] = table.package_type + "/" + table.base
    table["package and language"] = table.package_type + "/" + table.language
    return table


def by_day() -> pd.DataFrame:
    """The same, one row a day: ten calls each, so with their noise."""
    days = pd.read_csv(PERF)
    days["base"] = days.function.str.replace("lambda-perf-", "").str.replace(r"-(zip|image)-.*", "", regex=True)
    keys = ["date", "package_type", "base", "arch"]
    table = days.pivot_table(index=keys, columns="memory_mb", values="avg_duration_ms").dropna().reset_index()
    table["language"] = table.base.map(_language)
    return table


def _language(base: str) -> str:
    if base.startswith(("graalvm", "quarkus")):
        return "native java"
    found = re.match("(bun|cpp|dotnet|go|java|llrt|nodejs|python|ruby|rust|swift)", base)
    return f"{found[1] if found else base}{' aot' if '_aot' in base else ''}"


def fitted(table: pd.DataFrame) -> Fit:
    """The curve of some functions, widened until leaving out one language at a time it holds 80%."""
    sample = _sample(table)
    curve = _curve(sample)
    misses, stretches = [], []
    for language in sample.language.unique():
        without = _curve(sample[sample.language != language])
        left = sample[sample.language == language]
        low, high = (_exponents(without, which, left) for which in (0, 2))
        misses.append(np.maximum(low * left.stretch - left.slower, left.slower - high * left.stretch))
        stretches.append(left.stretch)
    missed, stretch = np.concatenate(misses), np.concatenate(stretches)
    lost = np.unique(stretch)
    return curve, tuple((float(one), float(np.quantile(missed[stretch == one], 0.8))) for one in lost)


def _sample(table: pd.DataFrame) -> pd.DataFrame:
    """Every function at every smaller size: log slow-down, log of the share of a CPU lost, length in quotas."""
    parts = []
    for size in SIZES:
        part = table[["language"]].copy()
        part["slower"] = np.log(table[size] / table[FROM_MB])
        part["stretch"] = math.log(memory_model.vcpu(FROM_MB) / memory_model.vcpu(size))
        part["quotas"] = table[FROM_MB] / memory_model.quota_ms(size)
        parts.append(part)
    return pd.concat(parts)


def _curve(sample: pd.DataFrame) -> Curve:
    inside = [knot for knot in KNOTS if knot <= SEEN_UP_TO]
    weights = _weights(np.asarray(sample.quotas), inside) * np.asarray(sample.stretch)[:, None]
    low, middle, high = (_quantile(weights, np.asarray(sample.slower), part) for part in (0.1, 0.5, 0.9))
    # Never less bound to the CPU for a longer call: bounds go outwards, so that they hold at least what they held.
    low = np.minimum.accumulate(low[::-1])[::-1]
    middle, high = np.maximum.accumulate(middle), np.maximum.accumulate(high)
    beyond = len(KNOTS) - len(inside)
    return tuple(
        (float(a), float(b), float(c))
        for a, b, c in [*zip(low, middle, high, strict=True), *memory_model.CURVE[-beyond:]]
    )


def _weights(quotas: Any, knots: list[float]) -> Any:
    """Linear between knots, of the logarithm."""
    at, edges = np.log(np.clip(quotas, knots[0], knots[-1])), np.log(knots)
    place = np.clip(np.searchsorted(edges, at, side="right") - 1, 0, len(knots) - 2)
    part = (at - edges[place]) / (edges[place + 1] - edges[place])
    found = np.zeros((len(at), len(knots)))
    found[np.arange(len(at)), place] = 1 - part
    found[np.arange(len(at)), place + 1] += part
    return found


def _quantile(weights: Any, values: Any, part: float) -> Any:
    """Quantile regression, by weights made anew forty times."""
    ridge = 1e-2 * np.eye(weights.shape[1])
    found = np.linalg.solve(weights.T @ weights + ridge, weights.T @ values)
    for _ in range(40):
        left = values - weights @ found
        pull = np.where(left > 0, part, 1 - part) / np.maximum(np.abs(left), 2e-3)
        found = np.linalg.solve(weights.T @ (weights * pull[:, None]) + ridge, weights.T @ (pull * values))
    return found


def _exponents(curve: Curve, which: int, sample: pd.DataFrame) -> Any:
    return np.interp(np.log(sample.quotas), np.log(KNOTS), [one[which] for one in curve])


def judged(table: pd.DataFrame, family: str, fit: Callable[[pd.DataFrame], Fit], rows: pd.DataFrame) -> dict[int, Any]:
    """By size: median error of today's rule (the duration stays), of the curve, and the part that its range holds."""
    errors: dict[int, list[tuple[float, float, bool]]] = {size: [] for size in SIZES}
    for name in table[family].unique():
        curve, margin = fit(table[table[family] != name])
        for _, row in rows[rows[family] == name].iterrows():
            for size in SIZES:
                took, told = row[size], duration_at(row[FROM_MB], FROM_MB, size, curve, margin)
                errors[size].append((
                    abs(row[FROM_MB] / took - 1), abs(told.middle_ms / took - 1), told.low_ms <= took <= told.high_ms,
                ))  # fmt: skip
    return {
        size: (*(float(np.median([one[at] for one in found])) for at in (0, 1)), np.mean([one[2] for one in found]))
        for size, found in errors.items()
    }


def long_calls() -> list[tuple[str, int, float, float, bool]]:
    """Calls of seconds that wait and compute, from 1,024 MB: what they took, what the middle says, whether it holds."""
    calls = pd.read_csv(LONG)
    means = calls.groupby(["function", "memory_mb"]).duration_ms.mean()
    found = []
    for (function, size), took in means.items():
        base = means.get((re.sub(r"-\d+$", f"-{FROM_MB}", function), FROM_MB))
        if base is None or size == FROM_MB:
            continue
        told = duration_at(base, FROM_MB, size)
        found.append((function, size, took / told.middle_ms - 1, took / base, told.low_ms <= took <= told.high_ms))
    return found


def main() -> None:
    if not PERF.exists():
        sys.exit(f"skipped: there is no {PERF}")
    table = functions()
    curve, margin = fitted(table)
    print("CURVE = (")
    for one in curve:
        print(f"    ({', '.join(f'{value:.2f}' for value in one)}),")
    said = ", ".join(f"({lost:.3f}, {more:.3f})" for lost, more in margin)
    print(f")\nMARGIN = ({said})  # in the project: {MARGIN}")
    print(f"\n{len(table)} functions; from {FROM_MB} MB; median error: today, curve; held by the 80% range")
    for family in ("language", "package and language", "package and runtime"):
        found = judged(table, family, fitted, table)
        print(f"leaving out each {family} ({table[family].nunique()})")
        for size, (today, error, held) in found.items():
            print(f"  {size:>5} MB: {today:.0%} {error:.1%}, holds {held:.0%}")
    days = by_day().sample(6000, random_state=1)
    print("the same, day by day (means of ten calls), leaving out each language")
    for size, (today, error, held) in judged(table, "language", fitted, days).items():
        print(f"  {size:>5} MB: {today:.0%} {error:.1%}, holds {held:.0%}")
    if LONG.exists():
        found_long = long_calls()
        print(f"calls of 1 to 2.4 s, no part of the fit: holds {np.mean([one[4] for one in found_long]):.0%}")


if __name__ == "__main__":
    main()
