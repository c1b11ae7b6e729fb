"""How samples are read and run: what is wrong with a page is found."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import trio

from tests.samples import Block, Reader, SampleError, output_matches, read_blocks

PAGE = """
<!-- sample: one.txt -->
```text
first
```

- In a list:

  <!-- run: slow, exit code 3 -->
  ```sh
  if true; then
    exit 3
  fi
  ```

```
bare
```
"""


def test_blocks_are_read_with_their_marks() -> None:
    """Their places too; what is indented in the page is not in the block; no block is passed over."""
    one, two, three = read_blocks("page", PAGE)
    assert one == Block("page, line 3", "sample", "one.txt", "first\n")
    assert (two.mark, two.slow, two.how, two.text) == ("run", True, "exit code 3", "if true; then\n  exit 3\nfi\n")
    assert (three.place, three.mark, three.text) == ("page, line 16", "", "bare\n")


async def follow(folder: Path, blocks: Sequence[tuple[str, str, str]], *, skip_slow: bool = False) -> None:
    """Follow blocks: mark, what stands behind its colon, text."""
    async with trio.open_nursery() as nursery:
        reader = Reader(folder, {"PATH": "/usr/bin:/bin"}, nursery, skip_slow=skip_slow)
        try:
            for mark, about, text in blocks:
                await reader.follow(Block("page, line 1", mark, about, text))
        finally:
            await reader.finish()


async def test_blocks_share_folder_and_environment(tmp_path: Path) -> None:
    """A file lies where the shell has gone; a variable stays."""
    await follow(
        tmp_path,
        [
            ("run", "", "mkdir -p 'a b'\ncd 'a b'\nexport WORD=hello\n"),
            ("sample", "file.txt", "content\n"),
            ("run", "", "cat file.txt; echo $WORD; pwd\n"),
            ("output", "", "content\nhello\n.../a b\n"),
        ],
    )


async def test_background_commands_run_until_the_page_ends(tmp_path: Path) -> None:
    """The reader goes on when they have written what is awaited, and they are ended."""
    await follow(
        tmp_path,
        [
            ("run", "until ready", "echo getting ready; exec sleep 1000\n"),
            ("output", "", "getting ready\n"),
            ("run", "", "echo next\n"),
            ("output", "", "next\n"),
        ],
    )


async def test_slow_commands_may_be_passed_over(tmp_path: Path) -> None:
    """With what they write; not so the next ones."""
    slow = [("run", "slow", "exit 1"), ("output", "", "a lot\n")]
    await follow(tmp_path, [*slow, ("run", "", "echo fast"), ("output", "", "fast\n")], skip_slow=True)


@pytest.mark.parametrize(
    "blocks",
    [
        pytest.param([("", "", "text\n")], id="no mark"),
        pytest.param([("play", "", "text\n")], id="unknown mark"),
        pytest.param([("not run", "because", "text\n")], id="unknown reason"),
        pytest.param([("run", "twice", "true\n")], id="unknown way to run"),
        pytest.param([("run", "", "false\ntrue\n")], id="first command fails"),
        pytest.param([("run", "exit code 3", "exit 4\n")], id="another exit code"),
        pytest.param([("run", "", "echo one\n"), ("output", "", "two\n")], id="another output"),
        pytest.param([("run", "slow", "exit 1\n")], id="slow command fails"),
        pytest.param([("run", "until ready", "echo no\n")], id="ended before it was ready"),
        pytest.param([("excerpt", "schemas/initial.proto", "int32 botIndex = 2;\n")], id="another excerpt"),
    ],
)
async def test_what_is_not_so_is_found(tmp_path: Path, blocks: Sequence[tuple[str, str, str]]) -> None:
    """The error says where it is."""
    with pytest.raises(ExceptionGroup) as caught:
        await follow(tmp_path, blocks)
    [error] = caught.value.exceptions
    assert isinstance(error, SampleError)
    assert str(error).startswith("page, line 1: ")


async def test_excerpts_are_compared_with_their_file(tmp_path: Path) -> None:
    """White space and comments aside."""
    await follow(tmp_path, [("excerpt", "schemas/initial.proto", "message  InitialMessageProto {int32 botIndex=1;\n")])


@pytest.mark.parametrize(
    ("expected", "output", "matches"),
    [
        ("one\ntwo  three\n", "one  \n\n  two three", True),
        ("one\n", "one\ntwo", False),
        ("one\n...\nfour\n", "one\ntwo\nthree\nfour", True),
        ("took ... s", "took 1.5 s", True),
        ("took ... s", "took 1.5 minutes", False),
        ("(a.c)", "(abc)", False),
    ],
)
def test_output_matches(expected: str, output: str, matches: bool) -> None:
    """Three dots are the only thing that stands for something else."""
    assert output_matches(expected, output) is matches
