"""The engine that the application serves from, started with the first request that needs it."""

import atexit
from threading import Lock
from typing import Final, cast

from flask import Flask, current_app

from ..graph.engine import Engine
from ..graph.settings import Settings

EXTENSION: Final = "itu-align"


class CurrentEngine:
    """Gives one engine to many threads; where none can be started yet, each request tries again."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = Lock()
        self._engine: Engine | None = None

    def get(self) -> Engine:
        """The engine; raises StoreError where there is no graph that can be read."""
        if self._engine is None:
            with self._lock:
                if self._engine is None:
                    self._engine = Engine(self._settings)
                    atexit.register(self.close)
        return self._engine

    def close(self) -> None:
        """End its processes."""
        with self._lock:
            if self._engine is not None:
                self._engine.close()
                atexit.unregister(self.close)
            self._engine = None


def engine_of(app: Flask) -> CurrentEngine:
    """What gives an application its engine."""
    return cast("CurrentEngine", app.extensions[EXTENSION])


def engine() -> Engine:
    """The engine of the application at hand."""
    return engine_of(current_app).get()
