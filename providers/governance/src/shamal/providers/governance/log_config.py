"""What `[logging] logging_config_class = shamal.providers.governance.log_config.LOGGING_CONFIG` makes Airflow load."""

import copy
from typing import Any

from airflow.config_templates.airflow_local_settings import DEFAULT_LOGGING_CONFIG

from shamal.providers.governance.log_tags import TaggedTaskLog

LOGGING_CONFIG: dict[str, Any] = copy.deepcopy(DEFAULT_LOGGING_CONFIG)
REMOTE_TASK_LOG = TaggedTaskLog()
