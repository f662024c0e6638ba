"""Random usage of functions, for what is priced alone and together."""

from hypothesis import strategies as st

from pricing.pricebook import PriceBook
from pricing.usage import Usage

BOOK = PriceBook.load()
USAGES = st.lists(
    st.builds(
        Usage,
        function=st.sampled_from("abc"),
        account=st.sampled_from(("", "1")),
        region=st.sampled_from(("us-east-1", "eu-west-1", "cn-north-1", "nowhere-1", "")),
        arch=st.sampled_from(("arm64", "x86_64", None)),
        requests=st.integers(0, 10**9),
        billed_ms=st.integers(0, 10**10),
        billed_mb_ms=st.one_of(st.integers(0, 10**12), st.integers(0, 10**17)),
        ephemeral_mb=st.sampled_from((None, 512, 10_240)),
        provisioned_mb_ms=st.sampled_from((0, 0, 0, 10**12)),
        metered=st.sampled_from(((), (), (), (("streaming", 10**13),))),
    ),
    max_size=6,
)
