"""Every sample of README and docs, as a reader comes upon it."""

import os
import shutil
import sys
from pathlib import Path

import pytest
import trio

from tests.samples import ROOT, Block, Reader, pages, read_blocks


def blocks_of(page: Path) -> list[Block]:
    """All fenced blocks of a page."""
    return list(read_blocks(str(page.relative_to(ROOT)), page.read_text(encoding="utf-8")))


def name(page: Path) -> str:
    """How a test of a page is called."""
    return str(page.relative_to(ROOT))


def environment(*folders: str) -> dict[str, str]:
    """What a reader's shell begins with: nothing of this one's environment for Python, and no settings."""
    ours = {sys.prefix + "/bin", str(Path(sys.executable).parent)}
    path = [folder for folder in os.environ["PATH"].split(os.pathsep) if folder not in ours]
    kept = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV" and not key.startswith("BROKER_")}
    return kept | {"PATH": os.pathsep.join([*folders, *path])}


async def follow(page: Path, folder: Path, variables: dict[str, str], *, skip_slow: bool) -> None:
    """Follow a page from its beginning to its end."""
    async with trio.open_nursery() as nursery:
        reader = Reader(folder, variables, nursery, skip_slow=skip_slow)
        try:
            for block in blocks_of(page):
                await reader.follow(block)
        finally:
            with trio.CancelScope(shield=True, deadline=trio.current_time() + 20):
                await reader.finish()


@pytest.mark.parametrize("page", [page for page in pages() if blocks_of(page)], ids=name)
async def test_samples_are_as_the_page_says(page: Path, tmp_path: Path) -> None:
    """What takes seconds, with what is installed here already; a block that nothing is said of fails."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    with trio.fail_after(900):
        await follow(page, folder, environment(str(Path(sys.executable).parent)), skip_slow=True)


@pytest.mark.fresh
@pytest.mark.parametrize("page", [page for page in pages() if any(block.slow for block in blocks_of(page))], ids=name)
async def test_page_can_be_followed_word_for_word(page: Path, tmp_path: Path) -> None:
    """In a checkout and nothing else: what is to be installed is, and what takes minutes takes them."""
    checkout = tmp_path / "checkout"
    shutil.copytree(ROOT, checkout, ignore=shutil.ignore_patterns(".*", "__pycache__", "site"))
    with trio.fail_after(3600):
        await follow(page, checkout, environment(), skip_slow=False)
