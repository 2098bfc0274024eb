from shamal.providers.triton.load import summary


def test_summary_has_percentiles_and_throughput():
    assert summary([1.0, 2.0, 3.0], seconds=1.5) == {"p50_ms": 2.0, "p99_ms": 2.98, "requests_per_second": 2.0}
