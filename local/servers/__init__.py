"""The servers of the stack, in the order in which they start."""

from local.server import Server
from local.servers import airflow, mlflow, openbao, pods, triton

SERVERS: tuple[Server, ...] = (openbao.SERVER, mlflow.SERVER, triton.SERVER, pods.SERVER, *airflow.SERVERS)
BY_NAME = {server.name: server for server in SERVERS}
