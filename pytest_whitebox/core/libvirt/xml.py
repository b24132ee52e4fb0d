"""XML that libvirt writes, parsed with what went wrong said in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_whitebox.core.errors import StackproofError

if TYPE_CHECKING:
    from lxml.etree import _Element


def parse(xml: str, tag: str, command: str) -> _Element:
    """The root of a document, which must have that tag; ``command`` is what writes it. No entity is followed.

    Raises `StackproofError` for anything else.

    >>> parse("<a><b>1</b></a>", "a", "virsh a").tag
    'a'
    """
    from lxml import etree

    hint = f"look at `{command}` on the host"
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_blank_text=True)
    try:
        root = etree.fromstring(xml.encode(), parser)
    except etree.XMLSyntaxError as error:
        raise StackproofError(f"this is no {tag} XML: {error}", hint=hint) from None
    if root.tag != tag:
        raise StackproofError(f"this is no {tag} XML: its root is <{root.tag}>", hint=hint)
    return root


def text(element: _Element, path: str) -> str:
    """The text of the first element of that path, or nothing.

    >>> text(parse("<a><b> 1 </b></a>", "a", "virsh a"), "b")
    '1'
    """
    return (element.findtext(path) or "").strip()
