"""The price book: AWS Lambda's list prices by region, with their source and date.

``data/prices.json`` is the only file that pricing reads. A rate that is not publicly known is None, and
``RegionPrices.why_not`` says why; nothing here turns it into zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from collectors.model.errors import ExitCode, LambdatuiError
from pricing.untrusted import parsed_json

ARCHITECTURES = ("x86_64", "arm64")
BUNDLED = Path(__file__).parent / "data" / "prices.json"
_SCHEMA = 1


class PriceBookError(LambdatuiError, ValueError):
    """The file is no price book that this program can read; the message says what is wrong with it."""


class UnknownRegion(LambdatuiError, LookupError):
    """No prices for a region; the message names the nearest region that has some."""

    exit_code = ExitCode.WRONG_USAGE

    def __init__(self, code: str, known: tuple[str, ...], reason: str | None = None) -> None:
        self.code, self.suggestion = code, _nearest(code.strip().lower(), known)
        hint = f"did you mean {self.suggestion}?" if self.suggestion else f"there are {', '.join(known)}"
        super().__init__(f"no prices for region {code!r}; {reason or hint}")


@dataclass(frozen=True, slots=True)
class Tier:
    """A step of the monthly duration price: from ``above_gb_seconds`` on, ``rate`` per GB-second."""

    above_gb_seconds: int
    rate: Decimal


@dataclass(frozen=True, slots=True)
class FreeTier:
    """What a partition's free tier covers each month (AWS Lambda pricing page, "Free tier").

    ``streamed_gib`` and ``log_gb`` are 0 where none is known; the latter is CloudWatch's, for ingestion and storage.
    """

    requests: int
    gb_seconds: int
    streamed_gib: int = 0
    log_gb: int = 0


@dataclass(frozen=True, slots=True)
class Partition:
    """One of AWS's separate clouds: its currency and its free tier, None where none is confirmed."""

    code: str
    currency: str
    free_tier: FreeTier | None


@dataclass(frozen=True, slots=True)
class ProvisionedRates:
    """Per GB-second: concurrency that stands configured, and invocations that run on it."""

    configured: Decimal
    duration: Decimal


@dataclass(frozen=True, slots=True)
class RegionPrices:
    """The rates of one region, in ``partition.currency``. None is "no public price known"."""

    code: str
    name: str
    partition: Partition
    as_of: str
    sources: tuple[str, ...]
    requests: Decimal | None
    ephemeral_storage: Decimal | None
    durations: Mapping[str, tuple[Tier, ...]]
    provisioned: Mapping[str, ProvisionedRates]
    other: Mapping[str, Any]
    not_priced: Mapping[str, str]

    @property
    def currency(self) -> str:
        """The currency of all its rates: ``USD``, in China ``CNY``."""
        return self.partition.currency

    def why_not(self, dimension: str, arch: str) -> str:
        """Why a rate is None. ``dimension`` as in the book, such as ``duration`` or ``provisioned``."""
        reason = self.not_priced.get(f"{dimension}.{arch}") or self.not_priced.get(dimension)
        return reason or f"no {dimension} rate known for {arch} in {self.code}"


class PriceBook:
    """All regions' prices. Regions are decoded when they are first asked for."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        if document.get("schema") != _SCHEMA:
            raise PriceBookError(f"price book of schema {document.get('schema')!r}; this program reads {_SCHEMA}")
        try:
            self._regions: Mapping[str, Any] = document["regions"]
            self._tiers = {arch: (0, *map(int, document["tiers"][arch])) for arch in ARCHITECTURES}
            log_gb = int(document.get("logs", {}).get("free_gb", 0))
            self._partitions = {code: _partition(code, one, log_gb) for code, one in document["partitions"].items()}
            self.sources: Mapping[str, Any] = document["sources"]
        except (KeyError, TypeError, ValueError, ArithmeticError) as error:
            raise PriceBookError(f"the price book is incomplete: {error!r}") from error
        self.document = document
        self.codes: tuple[str, ...] = tuple(sorted(self._regions))
        self._decoded: dict[str, RegionPrices] = {}

    @classmethod
    def load(cls, path: Path | None = None) -> "PriceBook":
        """The bundled book, or the one at ``path``. Raises ``PriceBookError``, ``OSError``."""
        try:
            document = parsed_json((path or BUNDLED).read_text(encoding="utf-8"))
        except ValueError as error:
            raise PriceBookError(f"{path or BUNDLED} is not JSON: {error}") from error
        if not isinstance(document, dict):
            raise PriceBookError(f"{path or BUNDLED} holds no price book")
        return cls(document)

    @property
    def as_of(self) -> str:
        """The date (ISO) of the book's oldest region: no rate in it is older."""
        return str(min(entry["as_of"] for entry in self._regions.values()))

    def __contains__(self, code: object) -> bool:
        return code in self._regions

    def region(self, code: str) -> RegionPrices:
        """The prices of ``us-east-1`` and so on. Raises ``UnknownRegion``, which suggests the nearest."""
        prices = self._decoded.get(code)
        if prices is not None:
            return prices
        if code not in self._regions:
            raise UnknownRegion(code, self.codes, self._sovereign(code))
        self._decoded[code] = prices = self._decode(code, self._regions[code])
        return prices

    def _sovereign(self, code: str) -> str | None:
        """The sovereign and isolated regions exist, but their prices are not public."""
        hidden = code.startswith(("eusc-", "us-iso", "eu-iso"))
        return str(self.document.get("not_priced", {}).get("sovereign", "not priced")) if hidden else None

    def _decode(self, code: str, entry: Mapping[str, Any]) -> RegionPrices:
        try:
            return RegionPrices(
                code=code,
                name=entry["name"],
                partition=self._partitions[entry["partition"]],
                as_of=entry["as_of"],
                sources=tuple(entry["sources"]),
                requests=_rate(entry["requests"]),
                ephemeral_storage=_rate(entry["ephemeral_storage"]),
                durations={arch: self._duration(arch, rates) for arch, rates in entry["duration"].items() if rates},
                provisioned={
                    arch: ProvisionedRates(Decimal(rates["configured"]), Decimal(rates["duration"]))
                    for arch, rates in (entry["provisioned"] or {}).items()
                },
                other={key: entry.get(key) for key in OTHER_RATES} | self._everywhere(code, entry["partition"]),
                not_priced=entry["not_priced"],
            )
        except (KeyError, TypeError, ValueError, ArithmeticError) as error:
            raise PriceBookError(f"the price book's {code} is incomplete: {error!r}") from error

    def _everywhere(self, code: str, partition: str) -> dict[str, Any]:
        """What the commercial cloud prices beside the regions: Lambda@Edge, managed instances, logs."""
        if partition != "aws":
            return {}
        logs = dict(self.document.get("logs", {}))
        firsts = logs.get("first_tier_standard", {})
        # In other regions the source has only the first tier of the Standard class; the rest is not priced.
        known = [firsts[code], *logs["standard"][1:]] if code == "us-east-1" and code in firsts else firsts.get(code)
        if code != "us-east-1":
            logs = {"tier_limits_gb": logs.get("tier_limits_gb", []), "free_gb": logs.get("free_gb", "0")}
            known = [known] if known else None
        logs["standard"] = known
        return {
            "edge": self.document.get("edge", {}),
            "managed_instances": self.document.get("managed_instances", {}),
            "logs": logs,
        }

    def _duration(self, arch: str, rates: list[str]) -> tuple[Tier, ...]:
        """One rate a tier; a region without published tiers has a single rate for any amount."""
        return tuple(Tier(above, Decimal(rate)) for above, rate in zip(self._tiers[arch], rates, strict=False))


# Of a region beside its main rates, as they are written: ``dimensions`` names the path to each.
OTHER_RATES = ("streaming", "snapstart", "tenant_isolation", "durable", "event_pollers", "savings_plan", "microvm")


def _nearest(code: str, known: tuple[str, ...]) -> str | None:
    """The most similar region, the first among equals: for eu-west-9 that is eu-west-1."""
    from difflib import SequenceMatcher

    likeness = {name: SequenceMatcher(None, code, name).ratio() for name in known}
    nearest = max(known, key=lambda name: likeness[name])
    return nearest if likeness[nearest] >= 0.6 else None


def _partition(code: str, entry: Mapping[str, Any], log_gb: int) -> Partition:
    free = entry["free_tier"]
    if not free:
        return Partition(code, entry["currency"], None)
    streamed = int(free.get("streamed_gib") or 0)
    covered = FreeTier(int(free["requests"]), int(free["gb_seconds"]), streamed, log_gb if code == "aws" else 0)
    return Partition(code, entry["currency"], covered)


def _rate(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
