"""What the image is made of, and how it is meant to run."""

import io
import json
import re
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trio

import bitbroker

from .conftest import DOCKER, IMAGE, Start, docker

pytestmark = pytest.mark.container

MOST_BYTES = 80e6
UNCHECKED_HASH = (1).to_bytes(4, "little")
"""What PEP 552 has in the second word of a compiled file that is never held against its source."""


async def inspect_image() -> Any:
    """All that the engine knows of the image."""
    return json.loads((await docker("image", "inspect", IMAGE)).stdout)[0]


@pytest.fixture
async def files() -> tarfile.TarFile:
    """The image's files, as a container has them that was never started."""
    container = (await docker("create", IMAGE)).stdout.strip()
    exported = await trio.run_process([*DOCKER, "export", container], capture_stdout=True)
    await docker("rm", container)
    return tarfile.open(fileobj=io.BytesIO(exported.stdout))


async def test_is_small(report: Callable[[str], None]) -> None:
    """The whole image, not compressed, is below its bound."""
    size = (await inspect_image())["Size"]
    report(f"image size: {size / 1e6:.1f} MB (at most {MOST_BYTES / 1e6:.0f} MB)")
    assert size <= MOST_BYTES


async def test_says_how_it_runs() -> None:
    """Nobody's user, ports, signal, a health check without a shell, and the label that says which version it is."""
    config = (await inspect_image())["Config"]
    assert config["User"] == "65532:65532"
    assert set(config["ExposedPorts"]) == {"9000/tcp", "8080/tcp"}
    assert config["StopSignal"] == "SIGTERM"
    assert config["Healthcheck"]["Test"][0] == "CMD"
    assert config["Labels"]["org.opencontainers.image.version"] == bitbroker.__version__


async def test_holds_no_shell_and_no_package_manager(files: tarfile.TarFile) -> None:
    """The interpreter, our command and the stand-in for a shell are all that can be run; nothing is setuid."""
    regular = [file for file in files if file.isfile()]
    assert [file.name for file in regular if file.mode & (stat.S_ISUID | stat.S_ISGID)] == []
    runnable = {Path(file.name).name for file in regular if file.mode & 0o111 and file.size}
    programs = {name for name in runnable if not re.search(r"\.so\b", name)}
    assert {re.sub(r"^python3\.\d+$", "python", name) for name in programs} == {"python", "bitbroker", "sh"}
    assert [name for name in files.getnames() if re.search(r"/(pip|ensurepip|dpkg|apt)(/|$)", name)] == []


async def test_is_compiled_for_good(files: tarfile.TarFile) -> None:
    """Every module of the broker has its bytecode, which no source's time stamp can make void."""
    names = [name for name in files.getnames() if "/site-packages/bitbroker/" in name]
    modules = [name for name in names if name.endswith(".py")]
    compiled = [file for name in names if name.endswith(".pyc") and (file := files.extractfile(name))]
    assert len(compiled) == len(modules) > 0
    assert {file.read(8)[4:] for file in compiled} == {UNCHECKED_HASH}


@pytest.mark.parametrize(
    "arguments",
    [["-c", "id"], ["-c", "curl localhost:8080; id"], ["-c", "curl localhost:8081"], ["-c"], []],
    ids=["command", "two-commands", "other-port", "no-command", "interactive"],
)
async def test_shell_refuses(start: Start, arguments: list[str]) -> None:
    """Whatever else the stand-in is asked for gets a line that says what it is, and a shell's exit code for that."""
    container = await start("--entrypoint", "/bin/sh", command=arguments)
    assert await container.wait_exit() == 127
    logs = await container.logs()
    assert logs.stdout == ""
    assert re.fullmatch(r"sh: this image has no shell; .*\n", logs.stderr)


async def test_shell_says_as_curl_that_nobody_answers(start: Start) -> None:
    """Its one command, where no broker runs: curl's exit code for it, and a line."""
    container = await start("--entrypoint", "/bin/sh", command=["-c", "curl localhost:8080"])
    assert await container.wait_exit() == 7
    assert re.fullmatch(r"curl: cannot connect to localhost port 8080: .*\n", (await container.logs()).stderr)
