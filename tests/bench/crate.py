"""The published crate's broker, built as it is and with TCP_NODELAY set: from a copy that is made here and not kept."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

_PROJECT: Final = Path(__file__).parent.parent / "interop" / "rust"
_BUILD: Final = Path(__file__).parent / "build" / "crate"
PLAIN: Final = _PROJECT / "target" / "release" / "broker"
PATCHED: Final = _BUILD / "target" / "release" / "broker"

_ACCEPTED: Final = "let (stream, _) = self.listener.accept().await?;"
_WITH_NODELAY: Final = f"{_ACCEPTED}\n        stream.set_nodelay(true)?;"


def why_missing() -> str:
    """What to do to have it, in one line."""
    if not _PROJECT.exists():
        return "the crate's broker is missing: this checkout has no tests/interop/rust"
    for command, package in (("cargo", "cargo"), ("protoc", "protobuf-compiler")):
        if shutil.which(command) is None:
            return f"the crate's broker is missing, since {command} is: on Debian 13, apt-get install {package}"
    return "the crate's broker is missing: `python -m tests.bench.crate` builds it"


def build() -> None:
    """Build both; what is there and up to date is left as it is."""
    if not _PROJECT.exists() or shutil.which("cargo") is None or shutil.which("protoc") is None:
        print(why_missing())
        return
    _cargo(_PROJECT)
    copy = _patched_copy(_crate_source())
    # In a project of its own, since with the copy in the crate's place the lock file is another one.
    shutil.copytree(_PROJECT, _BUILD, dirs_exist_ok=True, ignore=shutil.ignore_patterns("target"))
    _cargo(_BUILD, "--config", f"patch.crates-io.bitbroker.path={json.dumps(str(copy))}")


def _cargo(project: Path, *flags: str) -> None:
    words = ["cargo", "build", "--release", "--quiet", "--bin", "broker", *flags]
    manifest, target = project / "Cargo.toml", project / "target"
    subprocess.run([*words, "--manifest-path", manifest, "--target-dir", target], check=True)


def _crate_source() -> Path:
    """Where cargo keeps the crate's source."""
    words = ["cargo", "metadata", "--format-version", "1", "--manifest-path", str(_PROJECT / "Cargo.toml")]
    packages: list[dict[str, Any]] = json.loads(subprocess.check_output(words))["packages"]
    return next(Path(package["manifest_path"]).parent for package in packages if package["name"] == "bitbroker")


def _patched_copy(source: Path) -> Path:
    """A copy in which accepted connections have TCP_NODELAY."""
    copy = _BUILD / "crate"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(source, copy)
    listener = copy / "src" / "broker" / "listener.rs"
    patched, count = re.subn(re.escape(_ACCEPTED), _WITH_NODELAY, listener.read_text())
    assert count == 1, "the crate accepts connections otherwise than it did: mend the patch"
    listener.write_text(patched)
    return copy


if __name__ == "__main__":
    build()
