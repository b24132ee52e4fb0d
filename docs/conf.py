"""How the documentation is built: `make docs`."""

import sys
from importlib.metadata import version as installed
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))

project = "stackproof"
author = "the stackproof developers"
copyright = "2026, the stackproof developers"
version = release = installed("stackproof")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.viewcode", "tables", "tours"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
html_static_path = ["_static"]
html_css_files = ["tables.css"]
html_theme = "furo"
html_title = "stackproof"

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "show-inheritance": True}
default_role = "code"
