"""Every Asset of the distribution: the only link between DAGs."""

from collections.abc import Callable
from typing import Any

from airflow.sdk import Asset


def features(model: str) -> Asset:
    """Return the Asset that ingest updates: published rows and applied features."""
    return _asset(model, "features")


def candidate(model: str) -> Asset:
    """Return the Asset that train updates: a registered version that passed its gates."""
    return _asset(model, "candidate")


def deployment(model: str) -> Asset:
    """Return the Asset that release updates: the version that answers; for lineage, it triggers nothing."""
    return _asset(model, "deployment")


def drift(model: str) -> Asset:
    """Return the Asset that monitor updates once per champion and window that drifted."""
    return _asset(model, "drift")


def carries(asset: Asset) -> Callable[[Any, Any], None]:
    """Return a `post_execute` callable that puts the operator's result on the asset's event.

    :param asset: one of the operator's outlets; the result is its small typed reference, a dict.
    """

    def put_reference_on_event(context: Any, result: Any) -> None:
        context["outlet_events"][asset].extra.update(result)

    return put_reference_on_event


def _asset(model: str, group: str) -> Asset:
    return Asset(name=f"{model}/{group}", uri=f"shamal://{model}/{group}", group=group)
