"""The W3C's update evaluation tests, over HTTP; each is done by the bare engine too."""

from collections.abc import Iterator

import pytest
import report
from differences import DIFFERENCES
from http_suite import Endpoint, running
from report import Planned
from w3c import NEEDS_SUITE

pytestmark = NEEDS_SUITE
TESTS = report.updates()


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with running() as endpoint:
        yield endpoint


@pytest.mark.parametrize("planned", TESTS, ids=str)
def test_update_over_http_leads_to_the_graphs_of_the_suite(planned: Planned, endpoint: Endpoint) -> None:
    outcome = planned.outcome(endpoint)
    assert outcome.verdict == DIFFERENCES.get(planned.name, "passed"), outcome
