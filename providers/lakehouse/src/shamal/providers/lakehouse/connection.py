"""What a connection of type `shamal_lakehouse` says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shamal.providers.lakehouse.errors import InvalidConnection

if TYPE_CHECKING:
    from airflow.sdk import Connection

CATALOG_TYPES = ("sql", "rest")


@dataclass(frozen=True)
class LakehouseSettings:
    """The catalog's properties for pyiceberg and the staging folder.

    :param staging: a folder that Airflow's workers and Spark both reach.
    """

    catalog_type: str
    catalog_uri: str
    warehouse: str
    staging: Path
    login: str | None = None
    password: str | None = None

    @classmethod
    def from_connection(cls, connection: Connection) -> LakehouseSettings:
        """Return the settings of a connection; its extra keys are read by name.

        :raises InvalidConnection: a key is missing or has a value that is not allowed.
        """
        extra = connection.extra_dejson
        missing = [key for key in ("catalog_type", "catalog_uri", "warehouse", "staging") if not extra.get(key)]
        if missing:
            raise InvalidConnection(
                f"connection {connection.conn_id!r} lacks {', '.join(missing)} in its extra; "
                f"add it in Admin > Connections or in your secrets backend."
            )
        if extra["catalog_type"] not in CATALOG_TYPES:
            raise InvalidConnection(
                f"connection {connection.conn_id!r} has catalog_type {extra['catalog_type']!r}; "
                f"allowed are {', '.join(CATALOG_TYPES)}."
            )
        return cls(
            extra["catalog_type"],
            extra["catalog_uri"],
            extra["warehouse"],
            Path(extra["staging"]),
            connection.login or None,
            connection.password or None,
        )

    @property
    def catalog_properties(self) -> dict[str, str]:
        """The properties that pyiceberg's `load_catalog` takes."""
        properties = {"type": self.catalog_type, "uri": self.catalog_uri, "warehouse": self.warehouse}
        if self.password:
            # An OAuth2 client has an id and a secret; a bare password is a bearer token.
            if self.login:
                properties["credential"] = f"{self.login}:{self.password}"
            else:
                properties["token"] = self.password
        return properties

    def make_folders(self) -> None:
        """Make the folder of an SQLite catalog, which SQLite itself does not."""
        if self.catalog_uri.startswith("sqlite:///"):
            Path(self.catalog_uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
