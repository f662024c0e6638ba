"""REPORTs of which only Logs Insights' fields were asked for: ``fields @requestId, @duration, @billedDuration, ...``.

The fields are named in CloudWatch Logs' guide, "Supported logs and discovered fields"; memory is in bytes of 10**6.
"""

from collections.abc import Mapping, Sequence

NEEDED = frozenset(("@requestId", "@duration", "@billedDuration", "@memorySize"))
_TITLES = {
    "@duration": "Duration",
    "@billedDuration": "Billed Duration",
    "@memorySize": "Memory Size",
    "@maxMemoryUsed": "Max Memory Used",
    "@initDuration": "Init Duration",
}
_BYTES = ("@memorySize", "@maxMemoryUsed")


def are_reports(names: Sequence[str]) -> bool:
    """Whether columns of these names hold what a REPORT says, and no message."""
    return "@message" not in names and NEEDED.issubset(names)


def report_line(fields: Mapping[str, str]) -> str:
    """REPORT as Lambda prints it, of a row's fields; empty where the row is of no REPORT. ValueError: no number."""
    if not all(fields.get(name) for name in NEEDED):
        return ""
    values = {name: float(fields[name]) for name in _TITLES if fields.get(name)}
    figures = [
        f"{_TITLES[name]}: {round(value / 1e6)} MB" if name in _BYTES else f"{_TITLES[name]}: {value:.10g} ms"
        for name, value in values.items()
    ]
    return "\t".join((f"REPORT RequestId: {fields['@requestId']}", *figures)) + "\t"
