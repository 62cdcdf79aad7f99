"""A check on its way from a worker to the server: plain values, nothing left out."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from .. import finding
from .checked import Checked, CheckedFile


def to_json(checked: Checked) -> dict[str, Any]:
    """The check as plain values."""
    return {**asdict(checked), "report": finding.to_json(checked.report)}


def from_json(data: Mapping[str, Any]) -> Checked:
    """The check that `to_json` wrote."""
    files = tuple(CheckedFile(**each) for each in data["files"])
    return Checked(**{**data, "report": finding.from_json(data["report"]), "files": files})
