from shamal.providers.pytorch.train.columns import Columns


def test_numerical_columns_are_those_without_codes_in_the_matrix_order() -> None:
    columns = Columns(("b", "code", "a"), {"code": 3}, {"a": 0.0, "b": 0.0}, {"a": 1.0, "b": 1.0}, 0.0, 1.0)
    assert columns.numerical == ("b", "a")
    assert columns.positions(columns.numerical) == [0, 2]
    assert columns.positions(tuple(columns.categorical)) == [1]
