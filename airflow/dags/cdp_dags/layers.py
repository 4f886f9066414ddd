"""The layers of the lake, and the asset that stands for each."""

from airflow.sdk import Asset

# In the order in which data flows; each is a folder below the lake's root and a task of the DAG.
LAYERS = (
    "staging",
    "identity",
    "profiles",
    "features",
    "scores",
    "segments",
    "activations",
)


def layer_asset(layer: str) -> Asset:
    """The asset that is updated whenever a run has written tables of a layer."""
    return Asset(name=f"cdp_{layer}", uri=f"cdp://lake/{layer}", group="cdp")
