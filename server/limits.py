"""How much one client may ask for: requests and seconds of query time in a window of time, and queries at once.

The answers say what is left in the fields of https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/.
A window begins with a client's first request in it. Query time is known only afterwards, so a client can overdraw
it; what is overdrawn is taken from the windows that follow, or sixteen long queries would cost as much as one.
"""

import math
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Final

from .access import RefusedError
from .settings import Budgets

_CLIENTS: Final = 10_000
"""How many clients are remembered, 2 MB of them. The one not seen for longest is forgotten first."""


class TooManyRequestsError(RefusedError):
    """The client has used what it may for now (429)."""

    def __init__(self, message: str, *, hint: str, retry_after: int) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after

    @property
    def headers(self) -> Mapping[str, str]:
        """When to come back (RFC 9110, section 10.2.3)."""
        return {"Retry-After": str(self.retry_after)}


class _Account:
    """What a client has used since its window began."""

    __slots__ = ("began", "requests", "seconds")

    def __init__(self, now: float) -> None:
        self.began = now
        self.requests = 0
        self.seconds = 0.0

    def renew(self, now: float, budgets: Budgets) -> None:
        """Begin a new window where the old one is over; only overdrawn seconds are taken along."""
        passed = (now - self.began) // budgets.window
        if passed < 1:
            return
        self.requests = 0
        self.seconds = max(0.0, self.seconds - passed * budgets.seconds)
        self.began = self.began + passed * budgets.window if self.seconds else now


class Limits:
    """Keeps the accounts of all clients, for any number of threads."""

    def __init__(self, budgets: Budgets | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._budgets = budgets or Budgets()
        self._clock = clock
        self._lock = Lock()
        self._accounts: OrderedDict[str, _Account] = OrderedDict()
        self._at_work: Counter[str] = Counter()

    def __len__(self) -> int:
        """How many clients are remembered."""
        return len(self._accounts)

    def before(self, client: str) -> None:
        """Count a request, or raise TooManyRequestsError where a budget is used up. A refused one is not counted."""
        with self._lock:
            account = self._account(client)
            if self._budgets.requests and account.requests >= self._budgets.requests:
                raise self._used_up(f"{self._budgets.requests:,} requests", self._requests_reset(account))
            if self._budgets.seconds and account.seconds >= self._budgets.seconds:
                raise self._used_up(f"{self._budgets.seconds:,} seconds of query time", self._seconds_reset(account))
            account.requests += 1

    def charge(self, client: str, seconds: float) -> None:
        """Take the time that a query took from the client's budget."""
        with self._lock:
            self._account(client).seconds += seconds

    def headers(self, client: str) -> dict[str, str]:
        """The budgets and what is left of them; the remainder is 0 exactly when the next request is refused."""
        budgets = self._budgets
        with self._lock:
            account = self._account(client)
            lines = [
                ("requests", budgets.requests, account.requests, self._requests_reset(account)),
                ("seconds", budgets.seconds, account.seconds, self._seconds_reset(account)),
            ]
        kept = [line for line in lines if line[1]]
        if not kept:
            return {}
        return {
            "RateLimit-Policy": ", ".join(f'"{name}";q={quota};w={budgets.window}' for name, quota, _, _ in kept),
            "RateLimit": ", ".join(
                f'"{name}";r={max(0, math.ceil(quota - used))};t={reset}' for name, quota, used, reset in kept
            ),
        }

    @contextmanager
    def running(self, client: str) -> Generator[None]:
        """Hold one of the client's places for a query, until its answer is sent."""
        with self._lock:
            if self._budgets.concurrent and self._at_work[client] >= self._budgets.concurrent:
                message = f"{self._budgets.concurrent} queries of yours are running; no more are run at once."
                raise TooManyRequestsError(message, hint="Wait until one of them has ended.", retry_after=1)
            self._at_work[client] += 1
        try:
            yield
        finally:
            with self._lock:
                self._at_work[client] -= 1
                if not self._at_work[client]:
                    del self._at_work[client]

    def _account(self, client: str) -> _Account:
        now = self._clock()
        account = self._accounts.get(client)
        if account is None:
            account = self._accounts[client] = _Account(now)
            if len(self._accounts) > _CLIENTS:
                self._accounts.popitem(last=False)
        account.renew(now, self._budgets)
        self._accounts.move_to_end(client)
        return account

    def _requests_reset(self, account: _Account) -> int:
        """Seconds until the window ends; at least one, since the fields know no fractions."""
        return max(1, math.ceil(account.began + self._budgets.window - self._clock()))

    def _seconds_reset(self, account: _Account) -> int:
        """The same, and the whole windows that a client which has overdrawn must wait as well."""
        overdrawn = account.seconds // self._budgets.seconds - 1 if self._budgets.seconds else 0
        return self._requests_reset(account) + max(0, int(overdrawn)) * self._budgets.window

    def _used_up(self, what: str, reset: int) -> TooManyRequestsError:
        message = f"You have used the {what} that each client may use in {self._budgets.window} seconds."
        hint = f"Go on in {reset} s. Each answer tells in its RateLimit field what is left."
        return TooManyRequestsError(message, hint=hint, retry_after=reset)
