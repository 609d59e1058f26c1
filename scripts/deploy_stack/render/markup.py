"""HTML that escapes by itself: what is not `Markup` is text, whatever stands in it.

In: names of elements, attributes, texts. Out: `Markup`. Refuses to know: what a page says. Characters that cannot be seen, or that
would put what follows into another order, are shown by their code: a reader approves what is really there.
"""

from __future__ import annotations

import re
from html import escape

# Control characters, direction overrides, lone surrogates (no file can carry them), non-characters; not tab and newline.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\ufffe\uffff]"
)


class Markup(str):
    """Text that is HTML already; only `tag` and constants of the code make it."""

    __slots__ = ()


def text(value: str) -> Markup:
    """Return any text as HTML that shows exactly it."""
    if isinstance(value, Markup):
        return value
    return Markup(escape(_UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", value)))


def tag(name: str, *children: str, **attributes: str) -> Markup:
    """Return an element. A trailing underscore of an attribute's name is dropped, others become dashes: `class_`, `aria_label`."""
    written = "".join(f' {key.rstrip("_").replace("_", "-")}="{text(value)}"' for key, value in attributes.items())
    return Markup(f"<{name}{written}>{join(*children)}</{name}>")


def join(*children: str, by: str = "") -> Markup:
    """Return the children behind each other."""
    return Markup(text(by).join(text(each) for each in children))
