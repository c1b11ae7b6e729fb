"""Print pip constraints that pin each dependency to the lowest version that pyproject.toml allows."""

import re
import tomllib
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
extras = project["optional-dependencies"]
optional = [*extras["broker"], *extras["chess"], *extras["docs"], *extras["websocket"]]
for requirement in [*project["dependencies"], *optional]:
    print(re.sub(r"^([\w-]+)>=([\w.]+)$", r"\1==\2", requirement))
