"""The compose files, as they stand."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import attrs
import pytest

from .conftest import COMPOSE, Container, run

pytestmark = pytest.mark.container

FOLDER = Path(__file__).parents[2] / "docker"


@attrs.frozen
class Project:
    """What a compose file makes."""

    file: str

    async def compose(self, *arguments: str) -> str:
        """Run compose on it; what it writes."""
        done = await run(*COMPOSE, "--project-name", "check", "--file", str(FOLDER / self.file), *arguments)
        return done.stdout

    async def container(self, service: str) -> Container:
        """The container of a service."""
        return Container((await self.compose("ps", "--quiet", service)).strip())


@pytest.fixture
async def project(request: pytest.FixtureRequest) -> AsyncIterator[Project]:
    """A project of the file that the test names, taken down when the test is over."""
    project = Project(request.param)
    yield project
    await project.compose("down", "--volumes")


@pytest.mark.parametrize("project", ["compose.yaml"], indirect=True)
async def test_match_ends_by_itself_with_its_result(project: Project) -> None:
    """Broker, game and two bots: the result is in the log, and everyone exits with 0."""
    log = await project.compose("up", "--no-color")
    assert re.search(r"^game\S* +\| .*(beat|nobody won).*, \d+ turns", log, re.MULTILINE)
    assert re.search(r"^broker\S* +\| .*match over .*cause=completed", log, re.MULTILINE)
    for service in ("broker", "game", "random-bot", "search-bot"):
        container = await project.container(service)
        assert (await container.inspect())["State"]["ExitCode"] == 0, service


@pytest.mark.parametrize("project", ["compose.minimal.yaml"], indirect=True)
async def test_check_by_curl_turns_healthy(project: Project) -> None:
    """`test: curl localhost:8080`, which the engine runs by /bin/sh, as compose files for the Rust broker have it."""
    await project.compose("up", "--detach")
    container = await project.container("bitbroker")
    assert (await container.inspect())["Config"]["Healthcheck"]["Test"] == ["CMD-SHELL", "curl localhost:8080"]
    await container.wait_health("healthy")
    [*_, latest] = (await container.inspect())["State"]["Health"]["Log"]
    assert json.loads(latest["Output"])["status"] == "ready"
