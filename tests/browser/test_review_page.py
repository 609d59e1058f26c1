"""The page of a review in a real browser: accessible, foldable by keyboard, narrow, inert whatever its values say."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from deploy_stack.render.html_form import Sheet, html
from deploy_stack.render.pictures import pictures
from deploy_stack.review.model import Cost, CostLine, PropertyChange, ResourceChange, ValueChange
from deploy_stack.review.reviewing import review

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "production"
HOSTILE = "</style></title><script>window.hit=1</script><img src=x onerror=window.hit=1><svg onload=window.hit=1>\"'"
NARROW, WIDE = {"width": 320, "height": 800}, {"width": 1100, "height": 900}
LONG = json.dumps({"Statement": [{"Sid": f"S{number}", "Resource": "arn:aws:s3:::x" * 9} for number in range(30)]})


def changed(name, before, after, *, path="Value", recreation="Never", **more):
    """One change of one property."""
    made = PropertyChange(path, "Properties", before, after, recreation, ("parameter Size",))
    return ResourceChange(name, more.pop("type", "AWS::SSM::Parameter"), "Modify", "False", properties=(made,), **more)


def sheet(name="production"):
    """A page with something in every part of it, and the picture of the real templates."""
    templates = {
        path.stem: json.loads(path.read_text()) for path in TEMPLATES.glob("*.json") if path.stem != "manifest"
    }
    files = replace(
        changed("FileSystem", "generalPurpose", "maxIO", recreation="Always", type="AWS::EFS::FileSystem"),
        replacement="True",
    )
    data = review(
        stack="data",
        stack_name="aldeia-production-data",
        operation="UPDATE",
        changes=[
            files,
            ResourceChange("ChromadbAccessPoint", "AWS::EFS::AccessPoint", "Remove", policy_action="Delete"),
            changed("FileSystemIdParameter", LONG, LONG.replace("S7", "New")),
            ResourceChange("Added", "AWS::SSM::Parameter", "Add"),
        ],
        values=[
            ValueChange("setting", "TerminationProtection", "on", "off"),
            ValueChange("tag", "Owner", "a" * 200, None),
        ],
        notes=["a note"],
        capabilities=("CAPABILITY_IAM",),
        link="https://us-east-1.console.aws.amazon.com/cloudformation/home?region=us-east-1#/stacks/" + "x" * 200,
        cost=Cost(-1, 2, "us-east-1", "2026-10-03", (CostLine("FileSystem", "AWS::EFS::FileSystem", "a", "b", -1, 2),)),
    )
    new = review(
        stack="fargate",
        stack_name="aldeia-production-fargate",
        operation="CREATE",
        changes=[ResourceChange(f"New{number}", "AWS::SSM::Parameter", "Add") for number in range(20)],
    )
    drawn, reason = pictures(templates, [data, new])
    assert drawn, reason
    command = ("deploy-stack", "apply", ".aldeia/production.plan.json")
    facts = (("Account", "111122223333"), ("Region", "us-east-1"))
    return Sheet(name, (data, new), facts=facts, waiting=("edge waits",), command=command, pictures=drawn)


@pytest.fixture
def show(page, tmp_path):
    """What opens a sheet in the browser."""

    def open_(shown, size=WIDE, scheme="light"):
        file = tmp_path / "review.html"
        file.write_text(html(shown), encoding="utf-8")
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        page.goto(file.as_uri(), wait_until="domcontentloaded")
        return page

    return open_


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_axe_finds_nothing(show, size, scheme):
    """With every fold open: names, roles, headings, landmarks, contrast."""
    from axe_playwright_python.sync_playwright import Axe

    page = show(sheet(), size, scheme)
    page.add_style_tag(content=".changes>li{content-visibility:visible}")
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")

    found = Axe().run(page)

    assert found.violations_count == 0, found.generate_report()


@pytest.mark.browser
def test_the_keyboard_skips_to_the_changes_and_opens_a_fold(show):
    """Tab and Enter are enough; what is folded is not shown before."""
    page = show(sheet())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the changes"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    value = page.get_by_text("generalPurpose")
    assert not value.is_visible()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "SUMMARY":
            break
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.parentElement.open")
    page.keyboard.press("Enter")
    assert not page.evaluate("document.activeElement.parentElement.open")
    page.locator("summary", has_text="data/FileSystem ").first.press("Enter")
    assert value.is_visible()


@pytest.mark.browser
def test_a_narrow_window_scrolls_in_one_direction(show):
    """320 pixels are 1280 at a zoom of 400 %: only the picture and nothing around it is wider."""
    page = show(sheet("an-environment-with-a-long-name-" * 4), NARROW)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    page.add_style_tag(content=".changes>li{content-visibility:visible}")

    assert page.evaluate("document.documentElement.scrollWidth") == 320


@pytest.mark.browser
def test_on_paper_nothing_is_folded(show):
    """Who signs a print has read all of it."""
    page = show(sheet())
    page.emulate_media(media="print")

    assert page.get_by_text("generalPurpose").is_visible()


@pytest.mark.browser
def test_names_that_are_markup_execute_nothing_and_are_read_as_they_are(show, page):
    """In every field that comes from a template or an account."""
    hostile = review(
        stack=HOSTILE,
        stack_name=HOSTILE,
        operation=HOSTILE,
        changes=[changed(HOSTILE, HOSTILE, HOSTILE + "2", path=HOSTILE, type=HOSTILE, physical_id=HOSTILE)],
        values=[ValueChange(HOSTILE, HOSTILE, HOSTILE, HOSTILE)],
        notes=[HOSTILE],
        link="javascript:window.hit=1",
    )
    service = {"Type": "AWS::ECS::Service", "Properties": {"ServiceName": HOSTILE}}
    drawn, reason = pictures({HOSTILE: {"Resources": {HOSTILE: service}}}, [hostile])
    assert drawn, reason
    said = []
    shown = Sheet(HOSTILE, (hostile,), facts=((HOSTILE, HOSTILE),), errors=(HOSTILE,), pictures=drawn)

    page.on("console", lambda message: said.append(message.text))
    show(shown)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")

    assert page.evaluate("window.hit") is None
    assert page.locator("script, img, iframe, object, base, form, [onload], [onerror]").count() == 0
    assert page.locator("main li .name").first.text_content() == f"{HOSTILE}/{HOSTILE}"
    assert HOSTILE in page.title()
    assert said == []


@pytest.mark.browser
def test_five_thousand_changes_are_laid_out_only_where_they_are_looked_at(show):
    """All are in the document, also for a search; far ones have no layout, and the size of a change is bounded."""
    many = review(
        stack="data",
        stack_name="aldeia-staging-data",
        operation="UPDATE",
        changes=[changed(f"Resource{number}", "one", "two") for number in range(5000)],
    )

    page = show(Sheet("staging", (many,)))

    items = page.locator(".changes > li")
    assert items.count() == 5000
    assert len(page.content()) < 5000 * 600
    seen = "each => each.querySelector('summary').checkVisibility({contentVisibilityAuto: true})"
    assert items.first.evaluate(seen)
    assert not items.last.evaluate(seen)
    items.last.scroll_into_view_if_needed()
    assert "data/Resource4999" in page.content()
