"""Where a page leads for a thing: only http and https addresses are links, and our own things have theirs here."""

from flask import request

from ..graph import names
from ..graph.report.checked import is_link

_OURS = (names.ID, names.ALIGN, names.SHAPE)


def link(term: str) -> str | None:
    """The address for an IRI, which may be in angle brackets as in N-Triples; None where it must not be followed.

    Of a thing of ours it is the path on this server: what stands at w3id.org may be of another installation.
    """
    iri = term.removeprefix("<").removesuffix(">")
    if iri.startswith(_OURS):
        return f"{request.script_root}/{iri.removeprefix(names.BASE)}"
    return iri if is_link(iri) else None
