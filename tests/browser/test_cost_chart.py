"""The chart of the compute decision as a browser draws it: nothing cut off, no label on another, readable in light and dark."""

from itertools import combinations
from pathlib import Path

import pytest

CHART = Path(__file__).resolve().parents[2] / "docs" / "compute-decision.svg"

BOXES = """() => [...document.querySelectorAll('text')].map(each => {
    const box = each.getBoundingClientRect()
    return {text: each.textContent, left: box.left, right: box.right, top: box.top, bottom: box.bottom,
            ink: getComputedStyle(each).fill}
})"""
GROUND = "() => getComputedStyle(document.querySelector('.ground')).fill"


def luminance(colour):
    """WCAG's relative luminance of `rgb(r, g, b)`."""
    parts = [int(each) / 255 for each in colour.removeprefix("rgb(").removesuffix(")").split(",")]
    red, green, blue = (each / 12.92 if each <= 0.03928 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_of_the_chart_can_be_read(page, scheme):
    """Inside the picture, beside each other, and with a contrast of 4.5."""
    page.emulate_media(color_scheme=scheme)
    page.goto(CHART.as_uri())

    boxes = page.evaluate(BOXES)
    ground = page.evaluate(GROUND)
    frame = page.evaluate(
        "() => { const box = document.documentElement.getBoundingClientRect(); return [box.right, box.bottom] }"
    )

    assert len(boxes) > 20
    for each in boxes:
        assert each["left"] >= 0, each
        assert each["top"] >= 0, each
        assert each["right"] <= frame[0], each
        assert each["bottom"] <= frame[1], each
        light, dark = sorted((luminance(each["ink"]), luminance(ground)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (each, ground)
    for one, other in combinations(boxes, 2):
        apart = (
            one["right"] <= other["left"] or other["right"] <= one["left"]
            or one["bottom"] <= other["top"] or other["bottom"] <= one["top"]
        )  # fmt: skip
        assert apart, (one["text"], other["text"])
