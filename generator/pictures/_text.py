"""Text of a picture: cleaned, measured, shortened; no font is asked.

In: any string of a template. Out: a string that SVG may carry, and its width in pixels. Knows nothing of boxes.

The widths are the larger of DejaVu Sans and Liberation Sans (which has Arial's metrics), measured in Chromium, in thousandths of
the font size. Segoe UI, Roboto, Helvetica and San Francisco are narrower than DejaVu Sans, so a text never outgrows its box.
"""

from __future__ import annotations

import unicodedata

SIZE = 12
LINE = 16

# fmt: off
_REGULAR = (  # U+0020 to U+007E
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636, 636, 636, 636,
    636, 636, 337, 337, 838, 838, 838, 556, 1015, 684, 686, 722, 770, 667, 611, 778, 752, 295, 500, 667, 557, 863, 748, 787,
    667, 787, 722, 667, 611, 732, 684, 989, 685, 667, 685, 390, 337, 390, 838, 556, 500, 613, 635, 550, 635, 615, 352, 635,
    634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
)
_BOLD = (
    348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365, 696, 696, 696, 696, 696, 696, 696, 696,
    696, 696, 400, 400, 838, 838, 838, 611, 1000, 774, 762, 734, 830, 683, 683, 821, 837, 372, 556, 775, 637, 995, 837, 850,
    733, 850, 770, 720, 682, 812, 774, 1103, 771, 724, 725, 457, 365, 457, 838, 556, 500, 675, 716, 593, 716, 678, 435, 716,
    712, 343, 343, 665, 343, 1042, 712, 687, 716, 716, 493, 595, 478, 712, 652, 924, 645, 652, 582, 712, 365, 712, 838,
)
# fmt: on
_LATIN = 1000  # any other letter of a European script
_WIDE = 1400  # East Asian characters and emoji
_ELLIPSIS = "…"


def clean(text: object) -> str:
    """`text` on one line, without the characters that XML forbids or that reorder what a reader sees."""
    return "".join(
        " " if c.isspace() else "\ufffd" if unicodedata.category(c)[0] == "C" else c for c in str(text)
    ).strip()


def width(text: str, *, bold: bool = False, size: int = SIZE) -> int:
    """Pixels that `text` takes at most."""
    table = _BOLD if bold else _REGULAR
    return -(-sum(_advance(c, table) for c in text) * size // 1000)


def fit(text: object, room: int, *, bold: bool = False, size: int = SIZE) -> str:
    """`text` cleaned, and shortened in its middle where it would take more than `room` pixels."""
    whole = clean(text)
    if width(whole, bold=bold, size=size) <= room:
        return whole
    for kept in range(min(len(whole) - 1, room // 2), 0, -1):
        tail = kept // 2
        short = whole[: kept - tail] + _ELLIPSIS + (whole[-tail:] if tail else "")
        if width(short, bold=bold, size=size) <= room:
            return short
    return _ELLIPSIS


def _advance(character: str, table: tuple[int, ...]) -> int:
    code = ord(character)
    if 0x20 <= code < 0x7F:
        return table[code - 0x20]
    return _WIDE if unicodedata.east_asian_width(character) in "WF" or code > 0xFFFF else _LATIN
