"""The documentation's site: made without a warning, whole, and of nothing that lies elsewhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import bitbroker.client

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, made anew."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "--quiet", "-c", "docs", "."]
    subprocess.run([*command, str(folder)], cwd=ROOT, check=True)
    return folder


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("reference", [f"bitbroker.client.{name}" for name in bitbroker.client.__all__]),
        ("reference", ["bitbroker.client.BaseBot.decide_move", "bitbroker.client.Action.end_game"]),
    ],
)
def test_every_public_name_has_its_place(site: Path, page: str, names: list[str]) -> None:
    """In the reference, as its docstring has it; methods too."""
    text = (site / "docs" / f"{page}.html").read_text(encoding="utf-8")
    assert set(names) - set(re.findall(r'id="([\w.]+)"', text)) == set()


def test_every_page_can_be_searched(site: Path) -> None:
    """The index names each of them, and the search page is there."""
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    pages = [str(path.relative_to(ROOT).with_suffix("")) for path in (ROOT / "docs").rglob("*.md")]
    assert [page for page in [*pages, "README", "CONTRIBUTING", "CHANGELOG"] if f'"{page}"' not in index] == []
    assert (site / "search.html").exists()
    assert "README.html" in (site / "index.html").read_text(encoding="utf-8")


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    """No script, style, font or image of another host."""
    host = r"""["']?(?:https?:)?//"""
    elsewhere = re.compile(rf"<(?:script|img|link|iframe)[^>]*\b(?:src|href)={host}|@import|url\({host}")
    files = [*site.rglob("*.html"), *site.rglob("*.css")]
    assert len(files) > 20
    assert [path.name for path in files if elsewhere.search(path.read_text(encoding="utf-8"))] == []
