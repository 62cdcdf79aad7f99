"""The W3C's tests of the Graph Store Protocol, request by request."""

from collections.abc import Iterator

import pytest
import report
from differences import DIFFERENCES
from http_suite import Endpoint, running
from report import Planned
from w3c import NEEDS_SUITE

pytestmark = NEEDS_SUITE
TESTS = report.graph_stores()


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with running() as endpoint:
        yield endpoint


@pytest.mark.parametrize("planned", TESTS, ids=str)
def test_request_has_the_response_of_the_suite(planned: Planned, endpoint: Endpoint) -> None:
    outcome = planned.outcome(endpoint)
    assert outcome.verdict == DIFFERENCES.get(planned.name, "passed"), outcome
