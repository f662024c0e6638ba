"""What the command line asks of CloudWatch."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OrganizationRequest:
    """The role that is assumed in each account of the organization, and the external id that it may ask for."""

    role_name: str
    external_id: str = ""


@dataclass(frozen=True, slots=True)
class CollectRequest:
    """Which accounts and regions are read, how far back and what of them.

    ``since_ms`` is a span before now. ``logs`` is ``auto``, ``events``, ``insights`` or ``none``; ``features`` are
    those of ``collectors.sources.cloudwatch.allowed_calls``; ``details`` how many functions are looked at in detail.
    ``wait``: for another process that writes the store. ``linked``: also the accounts linked to these.
    """

    profiles: tuple[str, ...]
    regions: tuple[str, ...]
    since_ms: int
    endpoint_url: str | None
    logs: str
    features: tuple[str, ...]
    newest_first: bool
    details: int
    wait: bool
    organization: OrganizationRequest | None = None
    linked: bool = False
