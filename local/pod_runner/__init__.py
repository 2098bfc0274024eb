"""The pod runner: a small server for the part of the Kubernetes pods API that KubernetesPodOperator uses."""
