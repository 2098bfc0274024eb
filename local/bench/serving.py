"""How our serving compares with MLflow's own and with no server at all."""

from local.bench import process
from local.bench.context import Bench
from local.bench.result import Value


def measure(bench: Bench) -> list[Value]:
    """Return ratios of latency and throughput on the same small model and row, with one and with eight clients.

    Our router against `mlflow models serve` (one worker), both with JSON over HTTP connections that stay open; our
    router by gRPC against ONNX Runtime in the client's own process, without network or server. Nothing is logged.
    """
    bench.stack.api()
    result = process.run("local.bench.serving_compared", environment=bench.stack.environment)
    mlflow, rest, grpc, bare = (result[way] for way in ("mlflow", "router, REST", "router, gRPC", "onnxruntime"))
    rate = "requests_per_second"
    return [
        Value("router p50, gRPC, 1 client", grpc["1"]["p50_ms"], "ms"),
        Value("router p50, REST, 1 client", rest["1"]["p50_ms"], "ms"),
        Value("mlflow models serve p50 / router, REST, 1 client", mlflow["1"]["p50_ms"] / rest["1"]["p50_ms"], "x"),
        Value("router / mlflow models serve throughput, REST, 8 clients", rest["8"][rate] / mlflow["8"][rate], "x"),
        Value("router p50 / bare onnxruntime, 1 client", grpc["1"]["p50_ms"] / bare["1"]["p50_ms"], "x"),
        Value("bare onnxruntime / router throughput, 8 clients", bare["8"][rate] / grpc["8"][rate], "x"),
    ]
