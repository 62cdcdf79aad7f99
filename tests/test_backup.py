"""A data folder as one file, and back: every file and quad checked, nothing half there."""

import io
import json
import tarfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import TRIPLE_A, TRIPLE_B
from itu_align.graph import tokens
from itu_align.graph.store import Store
from itu_align.server import cli
from rdf import write_version


def run(runner: CliRunner, *arguments: object) -> str:
    result = runner.invoke(cli.main, [str(each) for each in arguments])
    return result.output + f"[{result.exit_code}]"


@pytest.fixture
def saved(runner: CliRunner, small: Path, tmp_path: Path) -> Path:
    """Two versions and a token; six quads in the first, `two` is emptied in the second."""
    write_version(small, {"one": [TRIPLE_A, TRIPLE_B], "two": []})
    tokens.create(small, ["admin"], note="kept")
    file = tmp_path / "backup.tar"
    assert "holds version 2 (2 quads" in run(runner, "backup", file, "--data", small)
    return file


def test_what_was_saved_comes_back_with_its_history_and_tokens(
    runner: CliRunner, saved: Path, small: Path, tmp_path: Path
) -> None:
    target = tmp_path / "new" / "data"
    assert "as it was saved.\n[0]" in run(runner, "restore", saved, "--data", target)
    assert set(Store.open(target).database) == set(Store.open(small).database)
    assert set(Store.open_in_memory(target, 1).database) == set(Store.open_in_memory(small, 1).database)
    assert [token.note for token in tokens.listing(target)] == ["kept"]
    assert saved.stat().st_mode & 0o077 == 0  # it holds hashes of tokens


def test_a_folder_in_use_is_not_overwritten(runner: CliRunner, saved: Path, small: Path) -> None:
    before = set(Store.open(small).database)
    assert "is not empty" in run(runner, "restore", saved, "--data", small)
    assert set(Store.open(small).database) == before


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("cut", "cannot be read as a backup"),
        ("flipped", "is damaged"),
        ("missing", "does not hold the files"),
        ("foreign", "holds no manifest"),
        ("other graph", "is not the one that was saved"),
    ],
)
def test_a_damaged_backup_is_refused_and_leaves_nothing(
    runner: CliRunner, saved: Path, tmp_path: Path, damage: str, message: str
) -> None:
    saved.write_bytes(damaged(saved, damage))
    output = run(runner, "restore", saved, "--data", tmp_path / "new")
    assert message in output
    assert output.endswith("[2]")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup.tar", "small"]


def damaged(file: Path, how: str) -> bytes:
    content = file.read_bytes()
    if how == "cut":
        return content[:700]
    if how == "foreign":
        return rewritten({"a.txt": b"hello"})
    with tarfile.open(file) as archive:
        files = {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]
    commit = "commits/000000002.rdfp.gz"
    if how == "flipped":
        files[commit] = files[commit][:-1] + bytes([files[commit][-1] ^ 1])
    elif how == "missing":
        del files[commit]
    else:
        manifest = json.loads(files["manifest.json"])
        manifest["contents"]["sha256"] = "0" * 64
        files["manifest.json"] = json.dumps(manifest).encode()
    return rewritten(files)


def rewritten(files: dict[str, bytes]) -> bytes:
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return output.getvalue()


def test_nothing_to_save_is_told(runner: CliRunner, tmp_path: Path) -> None:
    assert "holds no graph yet" in run(runner, "backup", tmp_path / "b.tar", "--data", tmp_path / "empty")
