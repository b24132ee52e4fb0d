"""``{tour} NAME``: a recorded session of a terminal, which is in the page and plays without a network."""

from __future__ import annotations

import json
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

_TOURS = Path(__file__).parents[1] / "tours"
_PLAYER = "asciinema-player/asciinema-player"
_PAGE = """\
<div id="tour-{name}"></div>
<script>
document.addEventListener("DOMContentLoaded", () => AsciinemaPlayer.create(
    {{data: {data}}}, document.getElementById("tour-{name}"), {{preload: true, poster: "npt:0:02", fit: "width"}}
));
</script>
"""


class Tour(SphinxDirective):
    """The session in ``docs/tours/NAME.cast``, in asciicast's second form."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The player, with the recording beside it: a page that is opened as a file may not load another."""
        (name,) = self.arguments
        cast = _TOURS / f"{name}.cast"
        self.env.note_dependency(str(cast))
        data = json.dumps(cast.read_text()).replace("</", "<\\/")
        return [nodes.raw("", _PAGE.format(name=name, data=data), format="html")]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive, and the player that its pages load."""
    app.add_directive("tour", Tour)
    app.add_css_file(f"{_PLAYER}.css")
    app.add_js_file(f"{_PLAYER}.min.js")
    return {"parallel_read_safe": True}
