"""How the site is made: by Sphinx, from the Markdown pages as they lie in the checkout, and from docstrings.

The checkout's root is the source folder, so that links between pages are the same here, in the checkout and in the
site.
"""

from typing import Final

from sphinx.application import Sphinx

import bitbroker

project = "bitbroker"
author = "The bitbroker authors"
version = release = bitbroker.__version__

root_doc = "README"
include_patterns = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "docs/**"]
exclude_patterns = [".*", "site", "docs/_templates"]
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
highlight_language = "none"
default_role = "code"

myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
napoleon_numpy_docstring = False
napoleon_use_ivar = True

html_theme = "furo"
html_title = f"bitbroker {release}"
html_copy_source = False
html_show_copyright = False
templates_path = ["_templates"]
html_additional_pages = {"index": "index.html"}

CONTENTS: Final = """

```{toctree}
:hidden:
:caption: Begin

docs/tutorial
```
```{toctree}
:hidden:
:caption: How to

docs/how-to/write-a-game
docs/how-to/protobuf-payloads
docs/how-to/test-a-bot
docs/how-to/other-languages
docs/how-to/run-a-league
docs/how-to/use-tls
docs/how-to/know-who-plays
docs/how-to/read-a-verdict
docs/how-to/troubleshooting
```
```{toctree}
:hidden:
:caption: Look up

docs/reference
docs/testing
docs/settings
docs/protocol
docs/timing
docs/misbehaviour
docs/operations
docs/container
```
```{toctree}
:hidden:
:caption: Inside

docs/interop
docs/performance
docs/reliability
docs/architecture
SECURITY
CONTRIBUTING
CHANGELOG
```
"""


def add_contents(_app: Sphinx, name: str, source: list[str]) -> None:
    """Put the table of contents into the first page, where only the site needs it."""
    if name == root_doc:
        source[0] += CONTENTS


def setup(app: Sphinx) -> None:
    """Register what is done here."""
    app.connect("source-read", add_contents)
