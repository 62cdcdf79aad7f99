"""The way to a user: sdist, wheel from it, installed elsewhere, and the program and its tests run there.

What an editable install hides shows here: a Turtle file, a mapping or a template that was left out.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DATA_ENDINGS = {".ttl", ".rq", ".lark", ".tables", ".csv", ".json", ".xml", ".html", ".css"}

pytestmark = [
    pytest.mark.package,
    pytest.mark.skipif(not (ROOT / "pyproject.toml").is_file(), reason="runs from a source tree only"),
]


def run(*command: str | Path, cwd: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    result = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from the sdist, not from the tree."""
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, ROOT, cwd=out)
    assert [path.name.split("-")[0] for path in out.glob("*.tar.gz")] == ["itu_align"]
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an environment with the wheel; dependencies come from the environment of the tests."""
    folder = tmp_path_factory.mktemp("elsewhere")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    run(
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        wheel,
        cwd=folder,
    )
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip())
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return folder / "bin"


def test_wheel_holds_every_data_file_and_the_four_packages_only(wheel: Path) -> None:
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("itu_align/")}
    for folder in ("ontology", "shapes", "graph", "server"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in DATA_ENDINGS | {".py", ".typed"} and "__pycache__" not in path.parts:
                assert f"itu_align/{path.relative_to(ROOT)}" in packed
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"itu_align"}


def test_sdist_holds_licence_and_documents(wheel: Path) -> None:
    with tarfile.open(next(wheel.parent.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"LICENSE", "README.md", "pyproject.toml", "graph/facts/README.md"} <= names


def test_installed_program_builds_and_answers(installed: Path, tmp_path: Path) -> None:
    assert run(installed / "itu-align", "--version", cwd=tmp_path).strip().endswith("0.1.0")
    run(installed / "itu-align", "build", "--data", tmp_path / "data", cwd=tmp_path)
    (tmp_path / "q.rq").write_text("SELECT (COUNT(?g) AS ?n) WHERE { ?g a <http://metadata.un.org/sdg/ontology#Goal> }")
    answer = run(installed / "itu-align", "query", "q.rq", "--format", "csv", "--data", "data", cwd=tmp_path)
    assert answer.split() == ["n", "17"]


def test_tests_pass_against_the_installed_package(installed: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("typing", "__pycache__"))
    where = run(installed / "python", "-c", "import itu_align.graph; print(itu_align.graph.__file__)", cwd=tmp_path)
    assert str(installed.parent) in where
    files = [tmp_path / "tests" / f"test_{name}.py" for name in ("questions", "build", "sparql")]
    output = run(
        installed / "python", "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", *files, cwd=tmp_path
    )
    assert " passed" in output
    assert "failed" not in output
