"""How well the month's end is foretold: MAPE at a quarter, half and three quarters of the month, and the interval.

    python -m benchmarks.projection DATA_DIR [--statsforecast CASES]

DATA_DIR holds ``series``, ``lambda_perf`` and ``azure2019`` as ``*.csv.gz`` (what is absent is left out). Every series
becomes days, zeros where a day within it is absent; its first and last day are left out where they are not whole. A
month is 30 days, or two thirds of a series of less than 45, begun at many days of the series; what lies before it is
known to all methods. Single days of Azure functions stand for a month each, cut into 60 steps, with nothing before.

The rivals are what billing consoles and scripts do: the month so far scaled up (linear), the last seven days, and the
mean of each weekday over four weeks. Targets: ours beats the best of them on the equal-weight mean of the groups at
every point, is at most 5% worse than linear on any group, and its p10-p90 holds 80% +- 7 points. Figures are the same
on every machine: nothing here is timed.

With ``--statsforecast``, AutoETS, AutoTheta, MSTL and SeasonalNaive of Nixtla's statsforecast (season of 7, at most the
last 84 days, their own 80% intervals of each day added up) are asked about up to CASES months of each group, evenly
spread, and ours about the same ones. A series too short for one of them is foretold by the mean of its days.

Constants of ``pricing.levels``, ``odd_days`` and ``spread`` were chosen on every fourth to sixteenth of the Lambda
functions and of Azure's 24 hours, and on the made series of ``tests/support/month_end_series.py``; ``--held-out``
leaves those real series out of the groups that have more than 100. ``SHIFT_SURE`` and ``ABRUPT`` of ``levels`` were
chosen on all.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from collectors.model.units import DAY_MS
from pricing.projection import project
from pricing.usage import Usage

POINTS = (0.25, 0.5, 0.75)
METHODS = ("linear", "last 7 days", "weekday", "ours")
STEPS = 60


@dataclass(frozen=True)
class Series:
    """Whole days, the first on ``first``. ``alone``: it is one month by itself."""

    name: str
    first: date
    days: Sequence[int]
    alone: bool = False


@dataclass(frozen=True)
class Case:
    """Some days known, the month's first ``month`` of them among them, and what the month came to."""

    known: Sequence[int]
    first: date
    month: int
    left: int
    total: int


def groups(folder: Path) -> dict[str, list[Series]]:
    found: dict[str, list[Series]] = {}
    if path := _file(folder, "series/hourly_counts.csv.gz"):
        for name, rows in pd.read_csv(path).groupby("series"):
            hourly = rows.set_index(pd.to_datetime(rows["hour"]))["count"]
            group = "series " + str(name).split("_")[0]
            found.setdefault(group, []).append(_daily(str(name), hourly))
    if path := _file(folder, "lambda_perf/account_daily_cost_rule.csv.gz"):
        rows = pd.read_csv(path)
        days = rows.set_index(pd.to_datetime(rows["date"]))
        found["lambda_perf account"] = [
            _from_days("invocations", days["invocations"]),
            _from_days("cost", days["cost_usd_rule"] * 1e9),
        ]
    for path in sorted((folder / "lambda_perf").glob("daily_functions_*.csv.gz")):
        found.setdefault("lambda_perf functions", []).extend(_functions(pd.read_csv(path)))
    if path := _file(folder, "azure2019/fleet_hourly_14d_digitised.csv.gz"):
        rows = pd.read_csv(path)
        hourly = rows.set_index(pd.to_datetime(rows["hour"]))["relative_invocations"] * 1e4
        found["azure2019 fleet"] = [_daily("fleet", hourly)]
    for name, begin, minutes in (("minute_counts_8h", 480, 8 * 60), ("minute_counts_24h_unpaired", 0, 24 * 60)):
        if path := _file(folder, f"azure2019/{name}.csv.gz"):
            found[f"azure2019 {name.split('_')[2]}"] = list(_steps(pd.read_csv(path), begin, minutes))
    return {name: series for name, series in found.items() if series}


def _file(folder: Path, name: str) -> Path | None:
    path = folder / name
    return path if path.exists() else None


def _daily(name: str, hourly: "pd.Series[float]") -> Series:
    """Days of at least 22 of their hours; a day with fewer in the middle is a zero or what it has."""
    days = hourly.resample("D").agg(["sum", "count"])
    whole = days.index[days["count"] >= 22]
    return _from_days(name, days.loc[whole[0] : whole[-1], "sum"])


def _from_days(name: str, days: "pd.Series[float]") -> Series:
    every = days.reindex(pd.date_range(days.index[0], days.index[-1])).fillna(0)
    return Series(name, every.index[0].date(), [round(amount) for amount in every])


def _functions(rows: pd.DataFrame) -> Iterator[Series]:
    """Billed MB-ms of ten invocations a day, by the rule of the cost file; every tenth function."""
    billed = np.ceil(rows["avg_duration_ms"] + rows["avg_init_ms"].fillna(0)) * rows["memory_mb"] * 10
    table = rows.assign(day=pd.to_datetime(rows["date"]), billed=billed)
    for number, (name, days) in enumerate(table.groupby("function")):
        if number % 10 == 0 and len(days) >= 60:
            yield _from_days(str(name), days.groupby("day")["billed"].sum())


def _steps(rows: pd.DataFrame, begin: int, minutes: int) -> Iterator[Series]:
    """Functions of at least 300 calls; 60 equal steps of their hours stand for days."""
    size = minutes // STEPS
    for name, calls in rows.groupby("fid"):
        if calls["count"].sum() >= 300:
            steps = calls.groupby((calls["minute"] - begin) // size)["count"].sum().reindex(range(STEPS)).fillna(0)
            yield Series(str(name), date(2019, 7, 15), [int(count) for count in steps], alone=True)


def cases(series: Series, point: float) -> Iterator[Case]:
    count = len(series.days)
    length = count if series.alone else 30 if count >= 45 else count * 2 // 3
    stride = 1 if count < 45 else 2 if count < 200 else 7
    for start in range(0, count - length + 1, stride):
        elapsed = max(1, round(point * length))
        month = series.days[start : start + length]
        if sum(month[:elapsed]):
            yield Case(series.days[: start + elapsed], series.first, elapsed, length - elapsed, sum(month))


def rivals(case: Case) -> dict[str, float]:
    """What each rival says the month comes to."""
    days = np.array(case.known, dtype=float)
    so_far = days[-case.month :].sum()
    recent = days[-28:]
    weekdays = (case.first.weekday() + len(days) - len(recent) + np.arange(len(recent))) % 7
    ahead = (case.first.weekday() + len(days) + np.arange(case.left)) % 7
    by_weekday = [recent[weekdays == one].mean() if (weekdays == one).any() else recent.mean() for one in range(7)]
    return {
        "linear": so_far + days[-case.month :].mean() * case.left,
        "last 7 days": so_far + days[-7:].mean() * case.left,
        "weekday": so_far + sum(by_weekday[one] for one in ahead),
    }


def ours(case: Case) -> tuple[float, float | None, float | None]:
    """The middle, p10 and p90 of ``pricing.projection`` itself."""
    daily = [(case.first + timedelta(days=at), Usage(requests=amount)) for at, amount in enumerate(case.known)]
    now = case.first + timedelta(days=len(case.known))
    month = now - timedelta(days=case.month), now + timedelta(days=case.left)
    found = project(daily, (now - date(1970, 1, 1)).days * DAY_MS, month)

    def total(usages: tuple[Usage, ...] | None) -> float | None:
        return None if usages is None else float(sum(usage.requests for usage in usages))

    return float(sum(usage.requests for usage in found.p50)), total(found.p10), total(found.p90)


@dataclass
class Scores:
    """Absolute errors in per cent by method, and whether the interval held the truth."""

    errors: dict[str, list[float]]
    held: list[bool]

    def mape(self, method: str) -> float:
        return float(np.mean(self.errors[method]))

    @property
    def coverage(self) -> float:
        return float(np.mean(self.held)) * 100 if self.held else float("nan")


def measured(series: Sequence[Series], point: float) -> Scores:
    found = Scores({method: [] for method in METHODS}, [])
    for case in (case for one in series for case in cases(one, point)):
        middle, low, high = ours(case)
        for method, said in {**rivals(case), "ours": middle}.items():
            found.errors[method].append(abs(said - case.total) / case.total * 100)
        if low is not None and high is not None:
            found.held.append(low <= case.total <= high)
    return found


def others(case: Case) -> dict[str, tuple[float, bool]]:
    """What each model of statsforecast says the month comes to, and whether its interval holds the truth."""
    from statsforecast.models import MSTL, AutoETS, AutoTheta, SeasonalNaive

    days = np.array(case.known[-84:], dtype=float)
    so_far = float(sum(case.known[-case.month :]))
    found: dict[str, tuple[float, bool]] = {}
    for name, model in (
        ("AutoETS", AutoETS(season_length=7)), ("AutoTheta", AutoTheta(season_length=7)),
        ("MSTL", MSTL(season_length=7)), ("SeasonalNaive", SeasonalNaive(season_length=7)),
    ):  # fmt: skip
        try:
            answer = model.forecast(days, case.left, level=[80])
            middle, low, high = (float(np.maximum(answer[key], 0).sum()) for key in ("mean", "lo-80", "hi-80"))
        except Exception:
            middle = low = high = float("nan")
        if not np.isfinite([middle, low, high]).all():
            middle = low = high = days.mean() * case.left
        found[name] = so_far + middle, so_far + low <= case.total <= so_far + high
    return found


def beside(series: dict[str, list[Series]], point: float, most: int) -> None:
    """Print the same months foretold by ours and by statsforecast's models: MAPE (how many their interval held)."""
    names = ("ours", "AutoETS", "AutoTheta", "MSTL", "SeasonalNaive")
    print(f"\n## {point:.0%} of the month, beside statsforecast: MAPE (held by the interval)\n")
    print(f"| group | months | {' | '.join(names)} |\n|---|---:|{'---:|' * len(names)}")
    means: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for group, each in series.items():
        every = [case for one in each for case in cases(one, point)]
        some = every[:: -(-len(every) // most)]
        errors: dict[str, list[float]] = {name: [] for name in names}
        held: dict[str, list[bool]] = {name: [] for name in names}
        for case in some:
            middle, low, high = ours(case)
            said = {"ours": (middle, low is not None and high is not None and low <= case.total <= high)}
            for name, (month, inside) in {**said, **others(case)}.items():
                errors[name].append(abs(month - case.total) / case.total * 100)
                held[name].append(inside)
        for name in names:
            means[name].append((float(np.mean(errors[name])), float(np.mean(held[name])) * 100))
        cells = " | ".join(f"{means[name][-1][0]:.2f}% ({means[name][-1][1]:.0f}%)" for name in names)
        print(f"| {group} | {len(some)} | {cells} |")
    mean = {name: np.mean(pairs, axis=0) for name, pairs in means.items()}
    print(f"| **mean** | | {' | '.join(f'{mean[name][0]:.2f}% ({mean[name][1]:.0f}%)' for name in names)} |")


def report(found: dict[str, Scores], point: float) -> list[str]:
    """Print one point's table; returns what falls short."""
    print(f"\n## {point:.0%} of the month\n")
    print(f"| group | months | {' | '.join(METHODS)} | p10-p90 |")
    print(f"|---|---:|{'---:|' * len(METHODS)}---:|")
    for name, scores in found.items():
        cells = " | ".join(f"{scores.mape(method):.2f}%" for method in METHODS)
        print(f"| {name} | {len(scores.errors['ours'])} | {cells} | {scores.coverage:.0f}% |")
    means = {method: float(np.mean([scores.mape(method) for scores in found.values()])) for method in METHODS}
    groups_held = float(np.mean([scores.coverage for scores in found.values()]))
    held = [one for scores in found.values() for one in scores.held]
    pooled = float(np.mean(held)) * 100
    cells = " | ".join(f"{means[method]:.2f}%" for method in METHODS)
    print(f"| **equal-weight mean** | | {cells} | {groups_held:.0f}% |")
    print(f"| all months pooled | {len(held)} |{' |' * len(METHODS)} {pooled:.0f}% |")
    wrong = []
    best = min(METHODS[:3], key=lambda method: means[method])
    if means["ours"] >= means[best]:
        wrong.append(f"at {point:.0%}, short by {means['ours'] - means[best]:.2f} points of {best}")
    for name, scores in found.items():
        if scores.mape("ours") > 1.05 * scores.mape("linear"):
            worse = scores.mape("ours") / scores.mape("linear") - 1
            wrong.append(f"at {point:.0%}, {name} is {worse:.0%} worse than linear (target: at most 5%)")
    for what, share in (("of the groups", groups_held), ("of all months", pooled)):
        if abs(share - 80) > 7:
            wrong.append(f"at {point:.0%}, the interval holds {share:.0f}% {what} (target: 80% +- 7)")
    return wrong


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="how well the month's end is foretold")
    parser.add_argument("folder", type=Path, metavar="DATA_DIR")
    parser.add_argument("--statsforecast", type=int, metavar="CASES", default=0)
    parser.add_argument("--held-out", action="store_true")
    options = parser.parse_args(arguments)
    series = groups(options.folder)
    if not series:
        print(f"{options.folder} holds none of series, lambda_perf, azure2019", file=sys.stderr)
        return 1
    if options.held_out:
        series = {name: each[1::2] if len(each) > 100 else each for name, each in series.items()}
    if options.statsforecast:
        for point in POINTS:
            beside(series, point, options.statsforecast)
        return 0
    wrong: list[str] = []
    every: list[bool] = []
    for point in POINTS:
        found = {name: measured(each, point) for name, each in series.items()}
        every += [one for scores in found.values() for one in scores.held]
        wrong += report(found, point)
    print(f"\np10-p90 over all points: {np.mean(every):.1%} of {len(every)} months.")
    print("\n".join(["", "Short of its targets:", *(f"- {one}" for one in wrong)]) if wrong else "\nAll targets met.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
