"""A progress bar on stderr, apart from the rest because the library behind it takes time to import."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

Report = Callable[[str, int, int], None]
"""Takes the name of a step, how many are done and how many there are."""


@contextmanager
def progress(title: str) -> Iterator[Report]:
    """A bar, only where stderr is a terminal; elsewhere it yields a function that does nothing."""
    if not sys.stderr.isatty():
        yield lambda _step, _done, _total: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[step]}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(title, total=None, step="")
        yield lambda step, done, total: bars.update(task, completed=done, total=total, step=step)
