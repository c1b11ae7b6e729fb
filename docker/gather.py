"""Gather in a folder all that the broker needs to run: the final image's files, but for what the Dockerfile adds.

The Dockerfile runs this by the virtual environment's Python: `python gather.py /image`.
"""

import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from ctypes import CDLL
from pathlib import Path

VENV = Path(sys.prefix)
INTERPRETER = Path(sys.executable).resolve()
STANDARD_LIBRARY = Path(sysconfig.get_path("stdlib"))

TEST_SUITES = ("test", "tests", "_tests", "_test*.so", "_xxtest*.so")
# Windows, installers, pydoc's texts, what only a compiler needs; and two modules that few would miss, of which one
# brings all of Kerberos along and the other Berkeley DB.
NOT_NEEDED = (
    *("idlelib", "tkinter", "_tkinter*", "turtle*", "ensurepip", "distutils", "lib2to3", "pydoc_data", "config-*"),
    *("nis.*", "_dbm.*"),
)
NOT_OURS = ("site-packages", "dist-packages", "sitecustomize.py")  # for us it is the virtual environment that counts
COMPILED = "__pycache__"  # the Dockerfile compiles anew

# glibc loads it when a thread ends, by its name, so `ldd` does not show it.
LOADED_LATE = "libgcc_s.so.1"

ETC = {
    "passwd": "bitbroker:x:65532:65532:bitbroker:/:/sbin/nologin\n",
    "group": "bitbroker:x:65532:\n",
    "nsswitch.conf": "hosts: files dns\n",  # without it glibc asks name servers even for localhost
}


def main(image: Path) -> None:
    """Fill the folder."""
    copy_links(image)
    copy_python(image)
    libraries = [*shared_libraries([INTERPRETER, *image.rglob("*.so")]), find_library(LOADED_LATE)]
    copy_libraries(image, (library for library in libraries if not library.is_relative_to(image)))
    for name, text in ETC.items():
        (image / "etc" / name).write_text(text)
    (image / "tmp").mkdir(exist_ok=True)
    (image / "tmp").chmod(0o1777)


def within(image: Path, path: Path) -> Path:
    """Where this machine's absolute path is in the image."""
    return image / path.relative_to("/")


def copy_links(image: Path) -> None:
    """Have the top folders be links where they are here: /lib is usr/lib on most systems."""
    for name in ("bin", "lib", "lib64"):
        here = Path("/", name)
        if here.is_symlink():
            (image / here.readlink()).mkdir(parents=True, exist_ok=True)
            (image / name).symlink_to(here.readlink())
    (image / "bin").mkdir(exist_ok=True)


def copy_python(image: Path) -> None:
    """Copy interpreter, standard library and virtual environment; of its commands, just `python` and `bitbroker`.

    Modules are copied without their modes: some packages have all their files executable.
    """
    copy_file(INTERPRETER, within(image, INTERPRETER))
    shutil.copytree(
        STANDARD_LIBRARY,
        within(image, STANDARD_LIBRARY),
        ignore=shutil.ignore_patterns(*TEST_SUITES, *NOT_NEEDED, *NOT_OURS, COMPILED),
        ignore_dangling_symlinks=True,
        copy_function=shutil.copyfile,
    )
    venv = within(image, VENV)
    not_ours = shutil.ignore_patterns("bin", "include", "lib64", *TEST_SUITES, COMPILED)
    shutil.copytree(VENV, venv, ignore=not_ours, copy_function=shutil.copyfile)
    copy_file(VENV / "bin" / "bitbroker", venv / "bin" / "bitbroker")
    (venv / "bin" / "python").symlink_to(INTERPRETER)


def copy_file(source: Path, target: Path) -> None:
    """Copy a file with its mode, not the link that it may be."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)


def shared_libraries(files: Iterable[Path]) -> Iterator[Path]:
    """What the loader loads for these files, itself included.

    Raises:
        SystemExit: one of them needs a library that this machine does not have.
    """
    listing = run("ldd", *map(str, files))
    if missing := set(re.findall(r"(\S+) => not found", listing)):
        sys.exit(f"the base image lacks shared libraries that Python needs: {', '.join(sorted(missing))}")
    yield from (Path(path) for path in sorted(set(re.findall(r"(/\S+) \(0x", listing))))


def find_library(name: str) -> Path:
    """Where the loader finds a library of this name.

    Raises:
        OSError: nowhere.
    """
    CDLL(name)
    [path] = set(re.findall(rf"/\S*/{re.escape(name)}$", Path("/proc/self/maps").read_text(), re.MULTILINE))
    return Path(path)


def copy_libraries(image: Path, libraries: Iterable[Path]) -> None:
    """Copy them to where they are here, and write the loader's index, since some may lie in unusual places."""
    folders = set()
    for library in libraries:
        folder = library.parent.resolve()
        folders.add(folder)
        copy_file(library, within(image, folder) / library.name)
    (image / "etc").mkdir(exist_ok=True)
    (image / "etc" / "ld.so.conf").write_text("".join(f"{folder}\n" for folder in sorted(folders)))
    run("ldconfig", "-r", str(image))


def run(*command: str) -> str:
    """What a command writes to its standard output."""
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    main(Path(sys.argv[1]))
