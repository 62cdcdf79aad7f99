"""The store that the application serves: opened once, and anew when a build has switched to another version."""

import logging
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import cast

from flask import current_app

from ..graph.errors import StoreError
from ..graph.store import Store, current_version

EXTENSION = "itu-align"
_log = logging.getLogger(__name__)


class Served:
    """An opened version and the number of its triples, counted when somebody first asks."""

    def __init__(self, store: Store) -> None:
        self.store = store

    @cached_property
    def triples(self) -> int:
        """Triples of the default graph."""
        return len(self.store)


class CurrentStore:
    """Gives the current version of a data folder to many threads; a version in use stays open until it is left."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._lock = Lock()
        self._served: Served | None = None
        self._complaint = ""

    def get(self) -> Served:
        """The current version; where it cannot be opened, the one that was served before.

        Reading one small file for each request is what a rebuild without restart costs. Raises StoreError only
        where nothing could be opened since the start.
        """
        served = self._served
        try:
            if served is None or served.store.version != current_version(self._data):
                served = self._reopen()
        except StoreError as error:
            if served is None:
                raise
            self._complain(f"still serving version {served.store.version}: {error}")
        return served

    def _reopen(self) -> Served:
        with self._lock:
            served = self._served
            if served is None or served.store.version != current_version(self._data):
                served = self._served = Served(Store.open(self._data))
                self._complaint = ""
        return served

    def _complain(self, complaint: str) -> None:
        """Once for each reason, not for each request."""
        if complaint != self._complaint:
            self._complaint = complaint
            _log.warning(complaint)


def served() -> Served:
    """What the application at hand serves now."""
    return cast("CurrentStore", current_app.extensions[EXTENSION]).get()
