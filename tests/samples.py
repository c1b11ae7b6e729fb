"""Samples in README and docs: told by the comment above each fenced block, and followed as a reader would.

The comment says what the block is:

    <!-- sample: FILE -->       the content of this file
    <!-- run -->                shell commands; the last one's exit code is 0
    <!-- run: exit code 3 -->   another exit code
    <!-- run: until TEXT -->    commands that go on in the background; the reader goes on when they have written TEXT
    <!-- run: slow -->          commands that take long or need a package index; may stand before the others: slow, ...
    <!-- output -->             what the commands above have written; `...` stands for anything
    <!-- excerpt: FILE -->      a part of this file of the checkout, white space and comments aside
    <!-- not run: REASON -->    nothing to run; `NOT_RUN` has the reasons that there are

All blocks of a page are followed in order, in one folder, with one shell's folder and environment.
"""

import os
import random
import re
import shlex
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import attrs
import trio

ROOT: Final = Path(__file__).parents[1]

NOT_RUN: Final = {
    "a picture": "drawn in letters",
    "made up": "lines as they may look, of no run in particular",
    "runs these tests": "a target of the Makefile that runs the tests which would run it; .ci/run runs it by itself",
    "needs other languages": "their tools are looked for by `make test-languages`, which builds and plays these bots",
    "needs a container engine": "an engine is set up by `make docker-check`, which builds, runs and composes the image",
    "needs a Kubernetes cluster": "is for those who have one",
    "needs a service manager": "is for machines that run one, which a test must not take over",
    "needs a Prometheus server": "is read by that, not by us",
}

_BLOCK: Final = re.compile(
    r"(?:^ *<!-- (?P<mark>[a-z ]+?)(?:: (?P<about>[^\n]*?))? -->\n)?"
    r"^(?P<indent> *)(?P<fence>```+)(?P<language>[^\n]*)\n(?P<text>.*?)^ *(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)
_EXIT_CODE: Final = re.compile(r"exit code (\d+)")


class SampleError(Exception):
    """A sample is not what its page says; the message says where, and what came instead."""


@attrs.frozen
class Block:
    """A fenced block.

    Attributes:
        place: page and line, for people.
        mark: what it is; empty if nothing says so.
        about: what stands behind the mark's colon.
        text: its content.
    """

    place: str
    mark: str
    about: str
    text: str

    @property
    def slow(self) -> bool:
        """Whether it takes long or needs a package index."""
        return self.mark == "run" and self.about.split(", ")[0] == "slow"

    @property
    def how(self) -> str:
        """How it is run: what the mark says apart from slow."""
        return self.about.removeprefix("slow").removeprefix(", ")


def pages() -> list[Path]:
    """Every page that may hold samples."""
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def read_blocks(page: str, text: str) -> Iterator[Block]:
    """All fenced blocks of a page."""
    for found in _BLOCK.finditer(text):
        line = text[: found.start("fence")].count("\n") + 1
        indent = len(found["indent"])
        content = "".join(each[indent:] if each.strip() else each for each in found["text"].splitlines(keepends=True))
        yield Block(f"{page}, line {line}", found["mark"] or "", found["about"] or "", content)


def free_port() -> int:
    """A port on which nobody listens, below those that the system gives to whoever asks for any."""
    while True:
        port = random.randrange(10_000, 30_000)
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)):
                return port


class Reader:
    """Follows the blocks of one page.

    Commands find a broker's usual ports replaced by free ones, in the environment and where they stand as
    `localhost:8080`.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str], nursery: trio.Nursery, *, skip_slow: bool) -> None:
        """Prepare.

        Args:
            folder: where to follow the page.
            environment: to begin with.
            nursery: where background commands run; they end by `finish`.
            skip_slow: pass over slow commands, and what they write.
        """
        self._folder = folder
        self._nursery = nursery
        self._skip_slow = skip_slow
        self._skipped = False
        self._output = ""
        self._http_port = str(free_port())
        ports = {"BROKER_PORT": str(free_port()), "BROKER_HTTP_PORT": self._http_port}
        self._environment = {**environment, **ports, "COLUMNS": "80"}
        self._here = folder
        self._state = folder / ".state"
        self._state.touch()
        self._background: list[trio.Process] = []

    async def follow(self, block: Block) -> None:
        """Do what the block says.

        Raises:
            SampleError: it cannot be done, or something else came of it.
        """
        match block.mark:
            case "sample":
                (self._here / block.about).write_text(block.text, encoding="utf-8")
            case "run" if self._skip_slow and block.slow:
                self._skipped = True
            case "run" if block.how.startswith("until "):
                await self._run_in_background(block, block.how.removeprefix("until "))
            case "run":
                await self._run(block)
            case "output":
                self._check_output(block)
            case "excerpt":
                _check_excerpt(block)
            case "not run" if block.about in NOT_RUN:
                pass
            case _:
                raise SampleError(f"{block.place}: no comment above it says what this block is, see {__name__}")

    async def finish(self) -> None:
        """End what runs in the background."""
        for process in self._background:
            os.killpg(process.pid, signal.SIGTERM)
            await process.wait()

    def _command(self, block: Block) -> list[str]:
        text = block.text.replace("localhost:8080", f"localhost:{self._http_port}")
        state = shlex.quote(str(self._state))
        return ["bash", "-c", f". {state}\nset -e\n{text}\nexport -p > {state}"]

    async def _run(self, block: Block) -> None:
        expected = _EXIT_CODE.fullmatch(block.how or "exit code 0")
        if expected is None:
            raise SampleError(f"{block.place}: there is no way to run it {block.how!r}")
        self._skipped = False
        done = await trio.run_process(
            self._command(block),
            cwd=self._here,
            env=self._environment,
            capture_stdout=True,
            stderr=subprocess.STDOUT,
            check=False,
        )
        self._output = done.stdout.decode()
        self._here = self._folder_of_shell()
        if done.returncode != int(expected[1]):
            raise SampleError(f"{block.place}: exit code {done.returncode}, and this output:\n{self._output}")

    def _folder_of_shell(self) -> Path:
        """Where the last command has gone."""
        found = re.search(r'^declare -x PWD="(.*)"$', self._state.read_text(encoding="utf-8"), re.MULTILINE)
        return Path(found[1]) if found else self._here

    async def _run_in_background(self, block: Block, awaited: str) -> None:
        process = await trio.lowlevel.open_process(
            self._command(block),
            cwd=self._here,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._background.append(process)
        self._output = ""
        self._skipped = False
        if not await self._nursery.start(self._listen, process, awaited):
            raise SampleError(f"{block.place}: it ended before it wrote {awaited!r}, with:\n{self._output}")

    async def _listen(self, process: trio.Process, awaited: str, *, task_status: trio.TaskStatus[bool]) -> None:
        assert process.stdout is not None
        heard, waiting = "", True
        async with process.stdout:
            async for chunk in process.stdout:
                if waiting:
                    heard += chunk.decode("utf-8", "replace")
                    if awaited in heard:
                        waiting = False
                        self._output = heard
                        task_status.started(True)
        if waiting:
            self._output = heard
            task_status.started(False)

    def _check_output(self, block: Block) -> None:
        if not self._skipped and not output_matches(block.text, self._output):
            raise SampleError(f"{block.place}: the output is not this, but:\n{self._output}")


def output_matches(expected: str, output: str) -> bool:
    """Whether this is the output; `...` stands for anything, the number of blanks and empty lines for nothing."""
    pieces = map(re.escape, _squeezed(expected).split("..."))
    return re.fullmatch(".*?".join(pieces), _squeezed(output), re.DOTALL) is not None


def _squeezed(text: str) -> str:
    return "\n".join(squeezed for line in text.splitlines() if (squeezed := " ".join(line.split())))


def _check_excerpt(block: Block) -> None:
    if _bare(block.text) not in _bare((ROOT / block.about).read_text(encoding="utf-8")):
        raise SampleError(f"{block.place}: this is no part of {block.about}")


def _bare(text: str) -> str:
    return re.sub(r"(//|#)[^\n]*|\s", "", text)
