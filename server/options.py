"""Options that several commands share, and those of the server with what they mean for the application."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import click

from ..graph.settings import Settings
from .settings import Budgets, default_data

_MIB: Final = 1 << 20
_ENGINE: Final = Settings(Path())
_BUDGETS: Final = Budgets()

Command = Callable[..., None]

_SERVER: Final = (
    click.option(
        "--workers", default=_ENGINE.workers, show_default=True, type=click.IntRange(1, 64), help="For short queries."
    ),
    click.option(
        "--long",
        default=_ENGINE.long,
        show_default=True,
        type=click.IntRange(1, 64),
        help="Queries that may run for long beside the short ones.",
    ),
    click.option(
        "--timeout",
        default=_ENGINE.seconds,
        show_default=True,
        type=click.FloatRange(0.1, 86400),
        help="Seconds that a query may take.",
    ),
    click.option(
        "--max-timeout",
        default=_ENGINE.most_seconds,
        show_default=True,
        type=click.FloatRange(0.1, 86400),
        help="Seconds that a query may ask for with timeout=.",
    ),
    click.option(
        "--memory",
        default=_ENGINE.memory // _MIB,
        show_default=True,
        type=click.IntRange(0),
        help="MiB that a query may take; 0 for no limit.",
    ),
    click.option(
        "--max-answer",
        default=_ENGINE.answer // _MIB,
        show_default=True,
        type=click.IntRange(0),
        help="MiB that an answer may have; 0 for no limit.",
    ),
    click.option(
        "--readers",
        default="memory",
        show_default=True,
        type=click.Choice(["memory", "disk"]),
        help="Where queries read: disk for a graph that memory cannot hold.",
    ),
    click.option(
        "--requests",
        default=_BUDGETS.requests,
        show_default=True,
        type=click.IntRange(0),
        help="Requests of one client in a minute; 0 for no limit.",
    ),
    click.option(
        "--query-seconds",
        default=_BUDGETS.seconds,
        show_default=True,
        type=click.IntRange(0),
        help="Seconds of query time of one client in a minute; 0 for no limit.",
    ),
    click.option(
        "--concurrent",
        default=_BUDGETS.concurrent,
        show_default=True,
        type=click.IntRange(0),
        help="Queries of one client at once; 0 for no limit.",
    ),
    click.option(
        "--service", multiple=True, metavar="URL", help="An endpoint that SERVICE may ask; repeatable. Default: none."
    ),
    click.option(
        "--service-private",
        multiple=True,
        metavar="URL",
        help="The same, and its address may be one of a private network or of this machine.",
    ),
    click.option("--sparql-12", is_flag=True, help="Read SPARQL 1.2 and RDF 1.2, as far as the engine goes."),
    click.option("--origin", multiple=True, help="An origin whose pages may read here (CORS), or *; repeatable."),
    click.option(
        "--proxies",
        default=0,
        show_default=True,
        type=click.IntRange(0, 10),
        help="Reverse proxies before this server, whose X-Forwarded-… headers are believed.",
    ),
    click.option("--slow", default=1.0, show_default=True, help="Seconds from which on a query is logged as slow."),
)


def data_option(command: Command) -> Command:
    """`--data DIR`, the folder that holds the graph."""
    return click.option(
        "--data",
        type=click.Path(file_okay=False, path_type=Path),
        default=default_data,
        show_default="$ITU_ALIGN_DATA, else the user's data directory",
        metavar="DIR",
        help="The folder that holds the graph.",
    )(command)


def server_options(command: Command) -> Command:
    """What an operator may set."""
    for option in reversed(_SERVER):
        command = option(command)
    return command


def app_config(data: Path, given: Mapping[str, Any]) -> dict[str, Any]:
    """The options as the application's configuration."""
    from ..graph import outbound

    engine = Settings(
        data,
        workers=given["workers"],
        long=given["long"],
        seconds=given["timeout"],
        most_seconds=given["max_timeout"],
        memory=given["memory"] * _MIB,
        answer=given["max_answer"] * _MIB,
        readers=given["readers"],
        sparql="1.2" if given["sparql_12"] else "1.1",
        endpoints=(
            *(outbound.endpoint(iri) for iri in given["service"]),
            *(outbound.endpoint(iri, private=True) for iri in given["service_private"]),
        ),
    )
    budgets = Budgets(given["requests"], given["query_seconds"], concurrent=given["concurrent"])
    return {
        "DATA": data,
        "ENGINE": engine,
        "BUDGETS": budgets,
        "ORIGINS": given["origin"],
        "PROXIES": given["proxies"],
        "SLOW_SECONDS": given["slow"],
    }
