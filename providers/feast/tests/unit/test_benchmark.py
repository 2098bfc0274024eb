from shamal.providers.feast.benchmark import point_in_time_ratio


def test_both_joins_are_timed() -> None:
    figures = point_in_time_ratio(200)
    assert set(figures) == {"asof_join_s", "point_in_time_s", "ratio"}
