# Airflow's secrets backend: connections, variables and configuration, nothing else.
# The whole prefix is covered, so that a missing entry is "not found" (404) and never "denied" (403).
path "secret/data/airflow/*" {
  capabilities = ["read"]
}
