"""The tags of functions: GetResources for a whole region or, where that is denied, ListTags of one after another.

GetResources names "all the tagged or previously tagged resources" of a region (Resource Groups Tagging API, API
reference). So a function that a whole answer does not name has no tags; after an answer that broke off nobody knows,
and what was known of it stays.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from collectors.model.account import TAGS, Covered, Inventory, tags_item, tags_of
from collectors.model.records import FunctionKey, Reject
from collectors.model.units import DAY_MS
from collectors.sources.base import BudgetReached, CoveredSpans, Failed, Item, SourceFailed, Step, unforeseen
from collectors.sources.cloudwatch.calls import TokenBucket
from collectors.sources.cloudwatch.errors import is_hopeless, is_missing, reading
from collectors.sources.cloudwatch.functions import answers
from collectors.sources.cloudwatch.tolerant_parsers import faults_of
from collectors.untrusted import storable

GET_RESOURCES, LIST_TAGS = "tag:GetResources", "lambda:ListTags"
TAGGING_RATE = 5.0  # GetResources takes 15 calls a second of an account and region (its quotas), others' included
PAGE = 100  # resources of GetResources, at most
_PARTITIONS = {
    "cn-": "aws-cn", "us-gov-": "aws-us-gov", "us-iso-": "aws-iso", "us-isob-": "aws-iso-b", "us-isof-": "aws-iso-f",
    "eu-isoe-": "aws-iso-e", "eusc-": "aws-eusc",
}  # fmt: skip
AGAIN_MS = DAY_MS
"""How often a function is asked for its tags where that is a call for each."""


class RegionTags:
    """The tags of all functions of one account and region in one collection.

    Functions that the collection leaves out are included: that costs no more, and their tags may decide that they are
    left out.
    """

    def __init__(self, account: str, region: str, names: Collection[str], now_ms: int) -> None:
        self._account = account
        self._region = region
        self._names = frozenset(names)
        self._now_ms = now_ms
        self._where = f"tags of functions in {region}"
        self._denied: SourceFailed | None = None
        self.rejects: list[Reject] = []

    # --- all at once ----------------------------------------------------------------------------------------------

    def items(self, client: Any, bucket: TokenBucket) -> Iterator[Item]:
        """The tags of all functions. After a failure the pages before it count, and other functions' tags stay as they
        were.

        Yields nothing where the call is denied: then ``items_of_each`` asks function by function. Raises SourceFailed
        where every call would fail.
        """
        named: set[str] = set()
        unread: set[str] = set()
        whole = True
        try:
            for page in answers(
                client.get_resources, GET_RESOURCES, self._where, bucket,
                token=("PaginationToken", "PaginationToken"), ResourcesPerPage=PAGE,
                ResourceTypeFilters=["lambda:function"],
            ):  # fmt: skip
                tags, understood = self._page(page)
                whole = whole and understood
                named |= tags.keys()
                unread |= {name for name, pairs in tags.items() if pairs is None}
                yield from self._inventory({name: pairs for name, pairs in tags.items() if pairs is not None})
        except SourceFailed as failed:
            if failed.denied:
                self._denied = failed
            elif is_hopeless(failed) and not _unreachable(failed):
                raise
            else:
                yield Failed(failed)
            return
        if not whole:
            meaning = f"a part of the answer to {GET_RESOURCES} cannot be read"
            yield Failed(SourceFailed(self._where, meaning, "collect again: whose tags it did not name is not known"))
            return
        untagged = sorted(self._names - named)
        for at in range(0, len(untagged), PAGE):
            yield from self._inventory({name: {} for name in untagged[at : at + PAGE]})
        if unread:
            more = f" (and {len(unread) - 1} more)" if len(unread) > 1 else ""
            yield Failed(
                SourceFailed(f"tags of {min(unread)}{more}", f"{GET_RESOURCES} says no readable ones", "collect again")
            )
        else:
            yield Covered(tags_item(self._account, self._region), 0, self._now_ms)

    def _page(self, page: Mapping[str, Any]) -> tuple[dict[str, dict[str, str] | None], bool]:
        """Each function's tags (None: they cannot be read), and whether all that the page says was understood."""
        tags: dict[str, dict[str, str] | None] = {}
        entries = page.get("ResourceTagMappingList")
        if not isinstance(entries, list) or faults_of(page):  # a tag that was left out may be of any of these
            return tags, False
        whole = True
        for entry in entries:
            arn = entry.get("ResourceARN") if isinstance(entry, dict) else None
            # arn:aws:lambda:REGION:ACCOUNT:function:NAME
            parts = arn.split(":") if isinstance(arn, str) else []
            if len(parts) < 7 or not parts[6]:
                self.rejects.append(Reject("a tagged resource without an ARN", "", "GetResources"))
                whole = False
            elif parts[3:6] == [self._region, self._account, "function"] and parts[6] in self._names:
                tags[parts[6]] = pairs_of(entry.get("Tags"))
                if tags[parts[6]] is None:
                    self.rejects.append(Reject("tags that cannot be read", parts[6], "GetResources"))
        return tags, whole

    # --- one after another ----------------------------------------------------------------------------------------

    def items_of_each(
        self, client: Any, keys: Sequence[FunctionKey], bucket: TokenBucket, covered: CoveredSpans, most: int
    ) -> Iterator[Item]:
        """Asks function by function where GetResources is denied: at most ``most`` of ``keys``, in order, that were not
        asked for a day.
        """
        if self._denied is None:
            return
        due = [key for key in keys if self._now_ms - self._asked_ms(covered, key.name) >= AGAIN_MS]
        failures: list[SourceFailed] = []
        for done, key in enumerate(due[:most]):
            yield Step(f"tags of functions ({len(due):,} due)", done, min(most, len(due)))
            try:
                bucket.take()
                pairs = self._listed(client, key)
            except SourceFailed as failed:
                if failed.denied:
                    yield Failed(
                        SourceFailed(
                            self._where, f"AWS denied {self._denied.denied}, and {failed.denied} too",
                            f"allow {self._denied.denied}: lambdatui iam-policy prints what is needed",
                            denied=self._denied.denied,
                        )
                    )  # fmt: skip
                    return
                if is_hopeless(failed):
                    raise
                if not is_missing(failed):  # deleted since it was listed
                    failures.append(failed)
                continue
            except (BudgetReached, OSError):
                raise
            except Exception as fault:
                failures.append(unforeseen(f"tags of {key.name}", fault))
                continue
            yield from self._inventory({key.name: pairs})
            yield Covered(tags_item(self._account, self._region, key.name), 0, self._now_ms)
        if failures:
            yield Failed(failures[0].of_many(len(failures), min(most, len(due))))

    def _asked_ms(self, covered: CoveredSpans, name: str) -> int:
        return max((high for _, high in covered(tags_item(self._account, self._region, name))), default=0)

    def _listed(self, client: Any, key: FunctionKey) -> dict[str, str]:
        where = f"tags of {key.name}"
        arn = f"arn:{_partition(self._region)}:lambda:{self._region}:{self._account}:function:{key.name}"
        with reading(LIST_TAGS, where):
            answer = client.list_tags(Resource=arn)
        tags = None if faults_of(answer) else answer.get("Tags")
        listed = [{"Key": name, "Value": value} for name, value in tags.items()] if isinstance(tags, dict) else None
        pairs = pairs_of(listed)
        if pairs is None:
            raise SourceFailed(where, f"the answer to {LIST_TAGS} cannot be read", "collect again")
        return pairs

    def _inventory(self, tags: Mapping[str, Mapping[str, str]]) -> Iterator[Item]:
        if tags:
            things = [tags_of(FunctionKey(name, self._account, self._region), pairs) for name, pairs in tags.items()]
            yield Inventory(self._account, self._region, (TAGS,), things, frozenset(tags))


def _partition(region: str) -> str:
    """The partition of a region, as ARNs begin with it (AWS General Reference, partitions)."""
    for prefix, partition in _PARTITIONS.items():
        if region.startswith(prefix):
            return partition
    return "aws"


def pairs_of(tags: object) -> dict[str, str] | None:
    """AWS's list of tags as a dict; None where anything in it is no tag."""
    if not isinstance(tags, list):
        return None
    pairs: dict[str, str] = {}
    for tag in tags:
        key, value = (tag.get("Key"), tag.get("Value")) if isinstance(tag, dict) else (None, None)
        if not (isinstance(key, str) and key and isinstance(value, str)):
            return None
        pairs[storable(key)] = storable(value)
    return pairs


def _unreachable(failed: SourceFailed) -> bool:
    """Whether only this service's host may be unreachable, as in a VPC that has endpoints for the other services."""
    from botocore.exceptions import EndpointConnectionError

    return isinstance(failed.__cause__, EndpointConnectionError)
