"""XML that libvirt writes, parsed with what went wrong said in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_whitebox.core.errors import StackproofError

if TYPE_CHECKING:
    from lxml.etree import _Element


def parse(xml: str, tag: str, source: str) -> _Element:
    """The root of a document, which must have that tag; ``source`` is who said it.

    >>> parse("<a><b>1</b></a>", "a", "somebody").tag
    'a'
    """
    from lxml import etree

    try:
        root = etree.fromstring(xml.encode(), etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise StackproofError(f"what {source} says is no XML: {error}", hint="run it by hand on the host") from None
    if root.tag != tag:
        raise StackproofError(f"{source} says <{root.tag}> and not <{tag}>", hint="run it by hand on the host")
    return root


def text(element: _Element, path: str) -> str:
    """The text of the first element of that path, or nothing.

    >>> text(parse("<a><b> 1 </b></a>", "a", "somebody"), "b")
    '1'
    """
    return (element.findtext(path) or "").strip()
