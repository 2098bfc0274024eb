from shamal.providers.pytorch.train import Columns

COLUMNS = Columns(("carrier", "distance", "origin", "seats"), {"origin": 4, "carrier": 17}, {}, {}, 0.0, 1.0)


def test_numerical_columns_are_the_rest_in_the_order_of_the_matrix() -> None:
    assert COLUMNS.numerical == ("distance", "seats")


def test_positions_are_those_of_the_matrix_in_the_order_asked_for() -> None:
    assert COLUMNS.positions(COLUMNS.numerical) == [1, 3]
    assert COLUMNS.positions(tuple(COLUMNS.categorical)) == [2, 0]
