"""The pictures as a browser draws them: no text cut off, on another, under a line or too faint, in light and in dark."""

from pathlib import Path
from typing import Any, get_args

import pytest
from markdown_it import MarkdownIt

from generator.pictures import Mark, draw
from generator.pictures._read import options
from tests.generator.picture_variants import VARIANTS, rendered

DOCS = Path(__file__).resolve().parents[2] / "docs"
PICTURES = sorted((DOCS / "pictures").glob("*.svg"))
pytestmark = pytest.mark.browser

# What a reader would complain of. A text stands in the rectangle of its own group, or nowhere; what is painted later covers.
LOOK = """() => {
  const svg = document.documentElement, found = [];
  const box = e => { const r = e.getBoundingClientRect(); return {l: r.left, t: r.top, r: r.right, b: r.bottom}; };
  const meet = (a, b) => a.l < b.r - 0.5 && b.l < a.r - 0.5 && a.t < b.b - 1.5 && b.t < a.b - 1.5;
  const inside = (a, b) => a.l >= b.l - 0.5 && a.r <= b.r + 0.5 && a.t >= b.t - 0.5 && a.b <= b.b + 0.5;
  const painted = [...svg.querySelectorAll("rect,text,path")];
  const texts = [...svg.querySelectorAll("text")].filter(e => e.textContent);
  const channel = v => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
  const light = c => { const [r, g, b] = c.match(/[\\d.]+/g).map(Number);
    return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b); };
  const whole = box(svg);
  texts.forEach((e, i) => {
    const mine = box(e), style = getComputedStyle(e), what = e.textContent;
    if (!inside(mine, whole)) found.push(`cut off: ${what}`);
    const own = e.parentNode.tagName === "g" && e.parentNode.querySelector(":scope > rect");
    if (own && !inside(mine, box(own))) found.push(`outgrows its box: ${what}`);
    for (const other of texts.slice(i + 1))
      if (meet(mine, box(other))) found.push(`overlap: ${what} / ${other.textContent}`);
    const before = painted.slice(0, painted.indexOf(e)).filter(p => p.tagName === "rect"
      && getComputedStyle(p).fill !== "none" && inside(mine, box(p)));
    if (!before.length) return;
    const ground = getComputedStyle(before[before.length - 1]).fill;
    const [a, b] = [light(style.fill), light(ground)];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) found.push(`faint: ${what} ${style.fill} on ${ground}: ${contrast.toFixed(2)}`);
  });
  for (const line of svg.querySelectorAll("path.arrow")) {
    const matrix = line.getScreenCTM(), after = painted.slice(painted.indexOf(line) + 1);
    for (let at = 0; at <= line.getTotalLength(); at += 4) {
      const p = line.getPointAtLength(at).matrixTransform(matrix);
      const dot = {l: p.x - 1, r: p.x + 1, t: p.y - 2, b: p.y + 2};
      const covered = after.some(e => e.tagName === "rect" && getComputedStyle(e).fill !== "none" && inside(dot, box(e)));
      for (const e of texts) if (!covered && meet(dot, box(e))) found.push(`under a line: ${e.textContent}`);
    }
  }
  return [...new Set(found)];
}"""
WIDEST = 'text{font-family:"DejaVu Sans"!important}'  # what the widths of the layout are made for


def complaints(
    page: Any, svg: str, tmp_path: Path, *, scheme: str = "light", width: int = 1100, style: str = ""
) -> list[str]:
    """What is wrong with a picture, as the browser measures it."""
    path = tmp_path / "picture.svg"
    path.write_text(svg.replace("</style>", f"{style}</style>", 1), encoding="utf-8")
    page.set_viewport_size({"width": width, "height": 1600})
    page.emulate_media(color_scheme=scheme)
    page.goto(path.as_uri())
    found: list[str] = page.evaluate(LOOK)
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("picture", PICTURES, ids=lambda path: path.stem)
def test_pictures_of_the_repository(page, tmp_path, picture, scheme):
    svg = picture.read_text(encoding="utf-8")
    assert complaints(page, svg, tmp_path, scheme=scheme) == []
    assert complaints(page, svg, tmp_path, scheme=scheme, style=WIDEST) == []


@pytest.mark.parametrize("variant", VARIANTS)
def test_pictures_of_what_may_come(page, tmp_path, variant):
    for option in options(rendered(variant)):
        assert complaints(page, draw(rendered(variant), option), tmp_path, style=WIDEST) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("mark", get_args(Mark))
def test_marked_pictures(page, tmp_path, mark, scheme):
    """Everything marked at once: every badge at its place, readable, and of another colour than what is not marked."""
    for name, option in (("production", "fargate"), ("staging", "ec2")):
        templates = rendered(name)
        marks = {f"{stack}/{key}": mark for stack, body in templates.items() for key in body["Resources"]}
        assert complaints(page, draw(templates, option, marks), tmp_path, scheme=scheme, style=WIDEST) == []
        assert page.locator(f"g.thing.{mark}").count() > 8


def test_a_planted_fault_is_seen(page, tmp_path):
    svg = (DOCS / "pictures" / "production-fargate.svg").read_text(encoding="utf-8")
    name = ">frontend</text>"
    assert svg.count(name) == 1

    long = complaints(page, svg.replace(name, f">{'frontend' * 5}</text>"), tmp_path)
    faint = complaints(page, svg.replace("--p-quiet:#57606a", "--p-quiet:#b0b0b0"), tmp_path)
    moved = complaints(page, svg.replace('y="54"', 'y="30"', 1), tmp_path)
    away = complaints(page, svg.replace('class="title" x="36"', 'class="title" x="-36"', 1), tmp_path)

    assert any(found.startswith("outgrows its box: frontend") for found in long)
    assert any(found.startswith("overlap: frontend") for found in long)
    assert any(found.startswith("faint: ") for found in faint)
    assert any(found.startswith("overlap: Production on Fargate") for found in moved)
    assert any(found.startswith("cut off: Production on Fargate") for found in away)


@pytest.mark.parametrize("width", [380, 900])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_shows_its_pictures(page, tmp_path, scheme, width):
    """As a host renders it: each picture is loaded, as wide as the page lets it, in the reader's colours."""
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    style = "body{margin:8px;font:14px sans-serif;color-scheme:light dark} img{max-width:100%} table{display:block;overflow:auto}"
    html = f"<!doctype html><base href='{DOCS.as_uri()}/'><style>{style}</style>"
    path = tmp_path / "architecture.html"
    path.write_text(html + MarkdownIt("commonmark").enable("table").render(text), encoding="utf-8")
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    page.goto(path.as_uri())
    page.wait_for_function("[...document.images].every(image => image.complete)")

    shown = page.evaluate(
        """[...document.images].map(i => ({natural: i.naturalWidth, shown: i.clientWidth, alt: i.alt,
             ratio: i.clientWidth / i.clientHeight - i.naturalWidth / i.naturalHeight}))"""
    )
    assert len(shown) == len([each for each in PICTURES if each.stem != "overview"])
    for image in shown:
        assert image["natural"] > 0
        assert image["alt"]
        assert image["shown"] == min(image["natural"], width - 16)
        assert abs(image["ratio"]) < 0.01
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    (tmp_path / "seen.png").write_bytes(page.locator("img").first.screenshot())
    assert ground(page, tmp_path / "seen.png") == ((13, 17, 23) if scheme == "dark" else (255, 255, 255))


def ground(page: Any, picture: Path) -> tuple[int, ...]:
    """The colour near the upper left corner of a picture."""
    page.goto(picture.as_uri())
    found: list[int] = page.evaluate(
        """() => { const image = document.images[0], canvas = document.createElement("canvas").getContext("2d");
             canvas.drawImage(image, 0, 0); return [...canvas.getImageData(12, 12, 1, 1).data].slice(0, 3); }"""
    )
    return tuple(found)
