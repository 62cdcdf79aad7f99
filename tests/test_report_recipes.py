"""The recipes of docs/validate-at-home.md: they parse, and what they name exists."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from itu_align.graph.intake.files import ENDINGS
from itu_align.graph.report.formats import write
from itu_align.server.cli import main
from itu_align.server.report_page import FORMATS
from reports import RICH, TABLE, WRONG_LANGUAGE, checked

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "validate-at-home.md"
HOOKS = ROOT / ".pre-commit-hooks.yaml"

pytestmark = pytest.mark.skipif(not (PAGE.is_file() and HOOKS.is_file()), reason="runs from a source tree only")


def blocks(language: str) -> list[str]:
    """The texts between fences of this language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def recipe(holding: str) -> Any:  # noqa: ANN401 - YAML
    """The one YAML recipe that holds a text, parsed."""
    (text,) = (block for block in blocks("yaml") if holding in block)
    return yaml.safe_load(text)


def hook() -> dict[str, Any]:
    (found,) = yaml.safe_load(HOOKS.read_text("utf-8"))
    return found  # type: ignore[no-any-return]


def commands() -> set[str]:
    """Every `itu-align …` of the page and of the hook, up to the end of its line."""
    text = "\n".join((*blocks("console"), *blocks("yaml"), hook()["entry"]))
    return set(re.findall(r"(?<![-/\w])itu-align [^\n>|]*", text))


def test_commands_and_options_of_the_recipes_exist() -> None:
    found = commands()
    assert len(found) >= 5
    for command in found:
        _, name, *words = command.split()
        known = {option for parameter in main.commands[name].params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known


def test_page_names_each_format_and_each_exit_code() -> None:
    text = PAGE.read_text("utf-8")
    table = text.partition("| `--format` |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`([a-z]+)`(?=[,| ])", table)) == set(FORMATS)
    assert re.findall(r"^\| (\d) \|", text, re.MULTILINE) == ["0", "1", "2"]


def test_hook_runs_the_program_that_the_package_installs() -> None:
    found = hook()
    assert (found["id"], found["language"], found["require_serial"]) == ("itu-align-validate", "python", True)
    program, name = found["entry"].split()
    assert f'{program} = "itu_align.server.cli:main"' in (ROOT / "pyproject.toml").read_text("utf-8")
    assert name in main.commands


SHARED = {".json", ".xml"}  # mostly other things in a repository
TAKEN = [*(f"d/a{ending}" for ending in ENDINGS if ending not in SHARED), "a.csv.gz"]
LEFT = ["README.md", "a.py", "package.json", "pom.xml", "csv", "a.ttl.bak"]


@pytest.mark.parametrize(("name", "taken"), [*((name, True) for name in TAKEN), *((name, False) for name in LEFT)])
def test_hook_takes_the_files_that_are_read(name: str, *, taken: bool) -> None:
    assert bool(re.search(hook()["files"], name)) is taken


def test_hook_of_the_recipe_is_ours() -> None:
    (repository,) = recipe("repos:")["repos"]
    assert [each["id"] for each in repository["hooks"]] == [hook()["id"]]


def test_workflow_uploads_the_file_that_it_writes_also_after_findings() -> None:
    found = recipe("runs-on")
    *_, check, upload = found["jobs"]["validate"]["steps"]
    assert check["run"].endswith(f"> {upload['with']['sarif_file']}")
    assert upload["uses"].startswith("github/codeql-action/upload-sarif@")
    assert "cancelled()" in upload["if"]
    assert found["permissions"]["security-events"] == "write"


def test_pipeline_keeps_the_file_that_it_writes() -> None:
    job = recipe("codequality")["validate"]
    written = job["artifacts"]["reports"]["codequality"]
    assert [line for line in job["script"] if line.endswith(f"> {written}")] == [
        "python code_quality.py < findings.sarif > gl-code-quality-report.json"
    ]
    assert job["artifacts"]["when"] == "always"


def test_code_quality_script_makes_what_gitlab_reads() -> None:
    (script,) = blocks("python")
    command, log = [sys.executable, "-X", "utf8", "-c", script], write(RICH, "sarif")
    ran = subprocess.run(command, input=log, capture_output=True, encoding="utf-8", check=True)
    issues = json.loads(ran.stdout)
    assert [(one["check_name"], one["severity"], one["location"]) for one in issues[:3]] == [
        ("Alignment-object", "minor", {"path": "data/our activities.csv", "lines": {"begin": 2}}),
        ("Activity-title", "critical", {"path": "data/our activities.csv", "lines": {"begin": 3}}),
        ("Event-series", "critical", {"path": "b.ttl", "lines": {"begin": 1}}),
    ]
    assert issues[0]["description"].startswith("Link {0}: Object: a target that exists.")
    assert len({one["fingerprint"] for one in issues}) == 5


def test_example_finding_is_what_the_program_writes() -> None:
    (shown,) = blocks("text")
    about = replace(WRONG_LANGUAGE, subject_label="Workshop on broadband")
    assert about.place is not None
    about = replace(about, place=replace(about.place, file="activities.csv"))
    assert shown in write(checked(about, files=(replace(TABLE, name="activities.csv"),)), "text")
