"""The package as users get it: built, installed into clean environments, tried, and type-checked against.

Run by `make test-package`; needs a package index, since it installs what users would.
"""

import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

import bitbroker

pytestmark = pytest.mark.package

ROOT = Path(__file__).parents[2]
USER = Path(__file__).parent / "user"
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
FOR_DEVELOPERS = {"bench", "dev", "docs", "fuzz"}
SERVER = {
    "cyclopts",
    "hypercorn",
    "prometheus_client",
    "quart",
    "quart_trio",
    "rich",
    "structlog",
    "tomlkit",
    "wsproto",
}
NO_BROKER = (
    "bitbroker: the broker needs cyclopts, hypercorn, prometheus_client, quart_trio, rich, structlog, tomlkit, which "
    "the base install leaves out: pip install 'bitbroker[broker]'"
)
MATCH = (
    "from bitbroker.examples.connect_four.game import ConnectFour\n"
    "from bitbroker.examples.connect_four.random_bot import RandomBot\n"
    "from bitbroker.testing import play_match\n"
    "print(play_match(ConnectFour(), [RandomBot(1), RandomBot(2)]).cause.label)\n"
)


class Environment:
    """A clean virtual environment, away from the checkout."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._scripts = folder / "env" / "bin"
        venv.create(folder / "env", symlinks=True)

    def install(self, *requirements: str) -> None:
        """Install, and see that what is installed fits together."""
        pip = [sys.executable, "-m", "pip", "--python", str(self._scripts / "python"), "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "--quiet", *requirements], check=True)
        subprocess.run([*pip, "check"], check=True, stdout=subprocess.DEVNULL)

    def run(self, program: str, *arguments: str) -> tuple[int, str]:
        """Run one of its programs; exit code, and what it said to either side."""
        command = [str(self._scripts / program), *arguments]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={"COLUMNS": "200"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return done.returncode, done.stdout.strip()

    def has(self, *modules: str) -> set[str]:
        """Those of these modules that are installed."""
        look = "import sys, importlib.util as util; print(*filter(util.find_spec, sys.argv[1:]))"
        return set(self.run("python", "-c", look, *modules)[1].split())


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The sdist, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)], check=True, capture_output=True)
    kinds = {"sdist": f"bitbroker-{bitbroker.__version__}.tar.gz"}
    kinds["wheel"] = f"bitbroker-{bitbroker.__version__}-py3-none-any.whl"
    assert sorted(path.name for path in folder.iterdir()) == sorted(kinds.values())
    return {kind: folder / name for kind, name in kinds.items()}


Install = Callable[..., Environment]


@pytest.fixture(scope="session")
def install(dist: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Install:
    """Makes an environment with the package and one extra, or none, and other packages; each once."""
    made: dict[tuple[str, ...], Environment] = {}

    def install(extra: str = "", *others: str, kind: str = "wheel") -> Environment:
        if (extra, *others) not in made:
            environment = made[(extra, *others)] = Environment(tmp_path_factory.mktemp(extra or "base"))
            environment.install(f"{dist[kind]}[{extra}]" if extra else str(dist[kind]), *others)
        return made[(extra, *others)]

    return install


def sources() -> set[str]:
    """Every file of the package, as it stands in the checkout."""
    files = (path for path in (ROOT / "bitbroker").rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(ROOT)) for path in files}


def test_wheel_holds_the_package_and_nothing_else(dist: dict[str, Path]) -> None:
    """All modules, stubs and the mark that it is typed; beside them the metadata alone."""
    names = zipfile.ZipFile(dist["wheel"]).namelist()
    assert "bitbroker/py.typed" in names
    assert {name for name in names if not name.startswith("bitbroker-")} == sources()


def test_sdist_holds_what_a_packager_needs(dist: dict[str, Path]) -> None:
    """The package, schemas, tests and words for people; nothing that a working copy holds beside them."""
    with tarfile.open(dist["sdist"]) as archive:
        names = {str(PurePosixPath(*PurePosixPath(member).parts[1:])) for member in archive.getnames()}
    assert sources() <= names
    assert {"LICENSE", "README.md", "CHANGELOG.md", "pyproject.toml", "Makefile", "schemas/initial.proto"} <= names
    assert "tests/package/test_package.py" in names
    folders = {PurePosixPath(name).parts[0] for name in names}
    assert {name for name in folders if name.startswith(".")} <= {".gitignore"}


def test_base_install(install: Install) -> None:
    """The client, the test kit and the examples; the broker's commands say in one line what they need."""
    base = install()
    known = base.has("trio", "attrs", "google.protobuf", "pytest", "pybase64", *SERVER)
    assert known == {"trio", "attrs", "google.protobuf"}
    for command in (["bitbroker"], ["bitbroker", "serve"], ["bitbroker", "play"], ["python", "-m", "bitbroker"]):
        assert base.run(*command) == (1, NO_BROKER)
    assert base.run("python", "-c", MATCH)[1].endswith("\ncompleted")
    code, said = base.run("python", "-m", "bitbroker.examples.connect_four.search_bot", "--help")
    assert (code, said.split()[0]) == (0, "usage:")
    code, said = base.run("python", "-m", "bitbroker.examples.chess.game")
    assert (code, said) == (2, "the chess example needs the chess package: pip install 'bitbroker[chess]'")


def test_every_extra_for_users_is_tried() -> None:
    """Whoever adds an extra adds its test."""
    assert set(EXTRAS) - FOR_DEVELOPERS == {"broker", "chess", "websocket"}


def test_broker_extra(install: Install) -> None:
    """Entry points of both kinds: the version, the help, a whole match."""
    broker = install("broker")
    assert broker.has("pybase64", *SERVER) == {"pybase64", *SERVER}
    assert broker.run("bitbroker", "--version") == (0, bitbroker.__version__)
    code, said = broker.run("python", "-m", "bitbroker", "serve", "--help")
    assert code == 0
    assert "--players" in said
    example = "{python} -m bitbroker.examples.connect_four"
    bot = f"{example}.random_bot"
    code, said = broker.run("bitbroker", "play", "--game", f"{example}.game", "--bot", bot, "--bot", bot)
    assert code == 0
    assert "completed" in said.splitlines()[-1]


def test_chess_extra(install: Install) -> None:
    """From the sdist: the example finds what it needs, and no broker comes with it."""
    chess = install("chess", kind="sdist")
    assert chess.has("chess", *SERVER) == {"chess"}
    code, said = chess.run("python", "-m", "bitbroker.examples.chess.game", "--help")
    assert (code, said.split()[0]) == (0, "usage:")


def test_websocket_extra(install: Install) -> None:
    """What a client needs for that framing, and no more of the server's."""
    websocket = install("websocket")
    assert websocket.has(*SERVER) == {"wsproto"}
    assert websocket.run("python", "-c", "import bitbroker.wire.websocket") == (0, "")


@pytest.mark.parametrize("module", ["bitbroker.client", "bitbroker.testing"])
def test_clients_load_nothing_of_the_server(install: Install, module: str) -> None:
    """Where all of it is installed, too."""
    said = install("broker").run("python", "-c", f"import {module}, sys; print(*sys.modules)")[1]
    assert SERVER.isdisjoint(said.split())


TESTER = ("", "pytest", "mypy", "types-protobuf")


def check_types(environment: Environment, name: str) -> list[str]:
    """What mypy says of a user's file, strictly."""
    shutil.copy(USER / name, environment.folder)
    return environment.run("mypy", "--strict", "--no-error-summary", "--hide-error-context", name)[1].splitlines()


def test_typed_user_has_no_errors(install: Install) -> None:
    """A whole game and bots, with bytes and with messages, `def` and `async def`."""
    assert check_types(install(*TESTER), "good.py") == []


def test_slips_are_found(install: Install) -> None:
    """Each by its name and in its line, and nothing else."""
    said = check_types(install(*TESTER), "bad.py")
    errors = [re.fullmatch(r"bad\.py:(\d+): error: .*\[([\w-]+)\]", line) for line in said if ": note: " not in line]
    found = [(int(error[1]), error[2]) for error in errors if error is not None]
    lines = (USER / "bad.py").read_text().splitlines()
    marks = [(number, re.search(r"# slip: ([\w-]+)$", line)) for number, line in enumerate(lines, 1)]
    assert sorted(found) == [(number, mark[1]) for number, mark in marks if mark is not None]
    assert len(errors) == len(found)


def test_users_tests_run(install: Install) -> None:
    """With the base install and pytest: the match is played; the fixture is there, and says what it needs."""
    tester = install(*TESTER)
    shutil.copy(USER / "good.py", tester.folder)
    code, said = tester.run("pytest", "-q", "-p", "no:cacheprovider", "good.py")
    assert code == 1
    assert "1 failed, 1 passed" in said.splitlines()[-1]
    assert f"BrokerNotStartedError: the broker did not start: {NO_BROKER}" in said
