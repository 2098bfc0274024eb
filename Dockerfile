# Airflow with everything that tasks need: the image of scheduler, dag-processor, api-server, triggerer and workers.
FROM apache/airflow:3.3.2-python3.11

USER 0
COPY packages.txt /tmp/packages.txt
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
# Versions follow the Debian release of the pinned base image; Spark needs the Java runtime.
# hadolint ignore=DL3008
RUN apt-get update \
    && sed 's/#.*//' /tmp/packages.txt | xargs apt-get install --yes --no-install-recommends openjdk-17-jre-headless \
    && rm -rf /var/lib/apt/lists/* /tmp/packages.txt

# The image's own user, airflow.
USER 50000
COPY --chown=airflow:root requirements.txt constraints.txt /opt/shamal/
# No PyTorch here: training runs in pods of the training image.
RUN pip install --no-cache-dir --requirement /opt/shamal/requirements.txt --constraint /opt/shamal/constraints.txt
COPY --chown=airflow:root . /opt/shamal/
# Folders of this checkout carry no version to pin.
# hadolint ignore=DL3013
RUN for provider in /opt/shamal/providers/*/; do pip install --no-cache-dir --no-deps "$provider"; done

WORKDIR /opt/shamal
ENV AIRFLOW_HOME=/opt/shamal \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/shamal \
    AIRFLOW__CORE__DAG_DISCOVERY_SAFE_MODE=False \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    AIRFLOW__GOVERNANCE__RESIDENCY_FILE=/opt/shamal/config/residency.yaml \
    AIRFLOW__LOGGING__LOGGING_CONFIG_CLASS=shamal.providers.governance.log_config.LOGGING_CONFIG \
    MLFLOW_ALLOW_PICKLE_DESERIALIZATION=false \
    MLFLOW_ALLOW_MODEL_CODE_EXECUTION=false
