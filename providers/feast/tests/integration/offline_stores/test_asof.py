import pytest

from shamal.providers.feast.errors import UnsupportedSource

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("entity_rows", [None, "SELECT 1"])
def test_entity_rows_must_be_a_table(entity_rows: str | None) -> None:
    from shamal.providers.feast.offline_stores.asof import AsofOfflineStore

    with pytest.raises(UnsupportedSource, match="pandas or Arrow"):
        AsofOfflineStore.get_historical_features(None, [], [], entity_rows, None, "p")
