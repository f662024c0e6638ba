"""The X-Ray header that counts how often a chain of requests has called each function."""

from lambdatui.runner.lineage import calls_before, with_call

TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=557abcec3ee5a047;Sampled=1"


def test_each_function_of_a_chain_is_counted() -> None:
    trace = TRACE
    for number in range(3):
        assert calls_before(trace, "a") == number
        trace = with_call(trace, "a")
    trace = with_call(trace, "b")
    assert (calls_before(trace, "a"), calls_before(trace, "b"), calls_before(trace, "c")) == (3, 1, 0)
    assert trace.startswith(TRACE + ";Lineage=2:")
    assert trace.count("Lineage") == 1


def test_lineages_of_aws_itself_are_kept() -> None:
    for lineage in ("a87bd80c:1|68fd508a:5", "25:a87bd80c:1|68fd508a:5"):
        trace = with_call(f"{TRACE};Lineage={lineage}", "a")
        assert "a87bd80c:1|68fd508a:5|" in trace
        assert calls_before(trace, "a") == 1


def test_what_is_no_lineage_counts_nothing() -> None:
    for lineage in ("", "x", "a87bd80c", "a87bd80c:-1", "|||"):
        assert calls_before(f"{TRACE};Lineage={lineage}", "a") == 0
        assert calls_before(with_call(f"{TRACE};Lineage={lineage}", "a"), "a") == 1
    assert calls_before(with_call("", "a"), "a") == 1
