"""Conditions of which one may not know whether they hold: what SPARQL tells, and what it leaves to pySHACL."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Condition:
    """Two expressions: true at least wherever the node fails, and at least wherever it conforms."""

    fails: str
    conforms: str

    @property
    def exact(self) -> bool:
        """Whether exactly one of the two is true of each node."""
        return self.conforms == negation(self.fails)


def negation(expression: str) -> str:
    """The expression negated; two negations cancel out."""
    if expression in ("true", "false"):
        return "false" if expression == "true" else "true"
    return expression[2:-1] if expression.startswith("!(") else f"!({expression})"


def either(expressions: Iterable[str]) -> str:
    """True where one of the expressions is."""
    kept = list(dict.fromkeys(expression for expression in expressions if expression != "false"))
    if "true" in kept:
        return "true"
    return "(" + " || ".join(kept) + ")" if len(kept) > 1 else "".join(kept) or "false"


def both(*expressions: str) -> str:
    """True where all of the expressions are."""
    kept = list(dict.fromkeys(expression for expression in expressions if expression != "true"))
    if "false" in kept:
        return "false"
    return "(" + " && ".join(kept) + ")" if len(kept) > 1 else "".join(kept) or "true"


def one_of(expression: str, terms: Iterable[str]) -> str:
    """Whether the value is one of the terms. pyoxigraph 0.5.13 knows no answer where there are none."""
    listed = ", ".join(terms)
    return f"({expression} IN ({listed}))" if listed else "false"


def fails_where(expression: str) -> Condition:
    """The node fails exactly where the expression is true."""
    return Condition(expression, negation(expression))


def conforms_where(expression: str) -> Condition:
    """The node conforms exactly where the expression is true."""
    return Condition(negation(expression), expression)


UNKNOWN: Final = Condition("true", "true")
GOOD: Final = Condition("false", "true")


def every(conditions: Iterable[Condition]) -> Condition:
    """Conforms where all do."""
    conditions = list(conditions)
    fails = either(condition.fails for condition in conditions)
    if all(condition.exact for condition in conditions):
        return fails_where(fails)
    return Condition(fails, both(*(condition.conforms for condition in conditions)))


def opposite(condition: Condition) -> Condition:
    """Conforms where the other fails."""
    return Condition(condition.conforms, condition.fails)
