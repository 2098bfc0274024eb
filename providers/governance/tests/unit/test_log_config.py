from airflow.config_templates.airflow_local_settings import DEFAULT_LOGGING_CONFIG

from shamal.providers.governance.log_config import LOGGING_CONFIG, REMOTE_TASK_LOG


def test_airflow_s_own_logging_with_tags():
    assert LOGGING_CONFIG == DEFAULT_LOGGING_CONFIG
    assert LOGGING_CONFIG is not DEFAULT_LOGGING_CONFIG
    assert len(REMOTE_TASK_LOG.processors) == 1
    assert REMOTE_TASK_LOG.read("any", None) == ([], None)
