"""Budgets of requests, query time and places, with a clock that the test turns. Values are worked out by hand."""

import sys
import threading
import tracemalloc
from contextlib import ExitStack, suppress

import pytest
from itu_align.server.limits import Limits, TooManyRequestsError
from itu_align.server.settings import Budgets

SMALL = Budgets(requests=3, seconds=10, window=60, concurrent=2)


class Clock:
    """Seconds since some moment, as time.monotonic."""

    def __init__(self) -> None:
        self.now = 5000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limits(clock: Clock) -> Limits:
    return Limits(SMALL, clock)


def refusal(limits: Limits, client: str = "a") -> TooManyRequestsError:
    with pytest.raises(TooManyRequestsError) as caught:
        limits.before(client)
    return caught.value


def test_the_defaults_are_those_of_the_documents() -> None:
    assert Limits().headers("a")["RateLimit-Policy"] == '"requests";q=3000;w=60, "seconds";q=120;w=60'
    assert Budgets().concurrent == 16


def test_requests_above_the_budget_are_refused_until_the_window_ends(limits: Limits, clock: Clock) -> None:
    for _ in range(3):
        limits.before("a")
    clock.now += 37.5
    error = refusal(limits)
    assert (error.retry_after, error.headers) == (23, {"Retry-After": "23"})  # 22.5 seconds are left
    assert str(error) == "You have used the 3 requests that each client may use in 60 seconds."
    assert error.hint.startswith("Go on in 23 s.")
    clock.now += 22.4
    assert refusal(limits).retry_after == 1
    clock.now += 0.1
    limits.before("a")


def test_a_refused_request_is_not_counted(limits: Limits, clock: Clock) -> None:
    for _ in range(3):
        limits.before("a")
    for _ in range(10):
        refusal(limits)
    clock.now += 60
    for _ in range(3):
        limits.before("a")
    refusal(limits)


def test_clients_have_budgets_of_their_own(limits: Limits) -> None:
    for _ in range(3):
        limits.before("a")
    limits.charge("b", 10)
    refusal(limits, "a")
    refusal(limits, "b")
    limits.before("c")


def test_the_window_begins_with_the_first_request(limits: Limits, clock: Clock) -> None:
    """A minute of the wall clock would let six requests pass around its end."""
    clock.now += 59
    for _ in range(3):
        limits.before("a")
    clock.now += 59
    refusal(limits)
    clock.now += 1
    limits.before("a")
    clock.now += 1000.25
    limits.before("a")
    assert limits.headers("a")["RateLimit"] == '"requests";r=2;t=60, "seconds";r=10;t=60'


def test_query_time_is_charged_and_refused_when_used_up(limits: Limits, clock: Clock) -> None:
    limits.before("a")
    limits.charge("a", 9.5)
    limits.before("a")
    limits.charge("a", 0.5)
    clock.now += 20
    error = refusal(limits)
    assert str(error) == "You have used the 10 seconds of query time that each client may use in 60 seconds."
    assert error.retry_after == 40
    clock.now += 40
    limits.before("a")


@pytest.mark.parametrize(("used", "wait"), [(10, 60), (19.9, 60), (20, 120), (29, 120), (30, 180), (35, 180)])
def test_overdrawn_query_time_is_taken_from_the_next_windows(
    limits: Limits, clock: Clock, used: float, wait: int
) -> None:
    """Ten seconds come back each minute; what is left must be under ten."""
    limits.charge("a", used)
    assert refusal(limits).retry_after == wait
    clock.now += wait - 0.5
    assert refusal(limits).retry_after == 1
    clock.now += 0.5
    limits.before("a")


def test_the_fields_say_what_is_left_and_for_how_long(limits: Limits, clock: Clock) -> None:
    limits.before("a")
    limits.charge("a", 2.4)
    clock.now += 18.2
    assert limits.headers("a") == {
        "RateLimit-Policy": '"requests";q=3;w=60, "seconds";q=10;w=60',
        "RateLimit": '"requests";r=2;t=42, "seconds";r=8;t=42',  # 41.8 s and 7.6 s, rounded up
    }


def test_nothing_is_left_exactly_when_the_next_request_is_refused(limits: Limits) -> None:
    limits.charge("a", 9.99)
    assert '"seconds";r=1;t=60' in limits.headers("a")["RateLimit"]
    limits.before("a")
    limits.charge("a", 15.01)
    error = refusal(limits)
    assert error.retry_after == 120
    assert '"seconds";r=0;t=120' in limits.headers("a")["RateLimit"]


@pytest.mark.parametrize(
    ("budgets", "policy"),
    [
        (Budgets(requests=0, seconds=10, window=30), '"seconds";q=10;w=30'),
        (Budgets(requests=3, seconds=0, window=30), '"requests";q=3;w=30'),
        (Budgets(requests=0, seconds=0), None),
    ],
)
def test_a_budget_of_0_is_no_limit(clock: Clock, budgets: Budgets, policy: str | None) -> None:
    limits = Limits(budgets, clock)
    for _ in range(budgets.requests or 50):
        limits.before("a")
        limits.charge("a", 0.1 if budgets.seconds else 1000)
    assert limits.headers("a").get("RateLimit-Policy") == policy
    assert ("RateLimit" in limits.headers("a")) is (policy is not None)


def test_queries_at_once_are_capped_and_a_place_is_free_when_one_ends(limits: Limits) -> None:
    with ExitStack() as stack:
        stack.enter_context(limits.running("a"))
        with limits.running("a"):
            with pytest.raises(TooManyRequestsError) as caught, limits.running("a"):
                pass
            assert caught.value.headers == {"Retry-After": "1"}
            assert str(caught.value) == "2 queries of yours are running; no more are run at once."
            with limits.running("b"):
                pass
        stack.enter_context(limits.running("a"))


def test_a_query_that_fails_gives_its_place_back(limits: Limits) -> None:
    for _ in range(5):
        with pytest.raises(KeyError), limits.running("a"):
            raise KeyError


def test_no_cap_on_queries_at_once_where_it_is_0(clock: Clock) -> None:
    limits = Limits(Budgets(concurrent=0), clock)
    with ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(limits.running("a"))


def test_many_threads_get_exactly_the_budget_one_after_the_other() -> None:
    """The clock, which is asked amid each step, notes when two threads are there at once."""
    inside, together, passed = [0], [], []

    def clock() -> float:
        inside[0] += 1
        together.extend(1 for _ in range(50) if inside[0] != 1)  # between these the interpreter may turn to another
        inside[0] -= 1
        return 5000.0

    limits = Limits(Budgets(requests=1000, seconds=0), clock)

    def ask() -> None:
        for _ in range(500):
            with suppress(TooManyRequestsError):
                limits.before("a")
                passed.append(1)
            limits.charge("a", 1)
            limits.headers("a")

    threads = [threading.Thread(target=ask) for _ in range(8)]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # as many turns as possible
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
    finally:
        sys.setswitchinterval(before)
    assert (len(passed), together) == (1000, [])


def test_memory_is_bounded_however_many_addresses_appear(clock: Clock) -> None:
    limits = Limits(SMALL, clock)
    tracemalloc.start()
    try:
        for number in range(200_000):
            address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
            limits.before(address)
            limits.charge(address, 0.1)
            with limits.running(address):
                pass
        used = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert len(limits) == 10_000
    assert used < 5_000_000


def test_the_client_not_seen_for_longest_is_forgotten_first(limits: Limits) -> None:
    for client in ("kept", "old"):
        for _ in range(3):
            limits.before(client)
    for number in range(9_999):
        limits.before(f"{number}")
        if number == 5_000:
            limits.headers("kept")
    refusal(limits, "kept")
    limits.before("old")
