"""One life of flight_delays on the test stack, told by the demo's own story; every end-to-end test looks at it."""

from typing import Any

import pytest

from local.airflow_api import AirflowApi
from local.demo.display import Display
from local.demo.story import Story
from local.users import password


@pytest.fixture(scope="session")
def engineer(stack: Any) -> AirflowApi:
    return AirflowApi(stack.settings["SHAMAL_AIRFLOW_URL"], "engineer", password(stack.settings, "engineer"))


@pytest.fixture(scope="session")
def life(stack: Any) -> dict[str, Any]:
    return Story(stack.settings, Display()).run()
