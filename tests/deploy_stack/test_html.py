"""The page of a review: what stands first, what is in which group, and that no value of a template is ever markup."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from deploy_stack.render.html_form import Sheet, html
from deploy_stack.render.pictures import pictures
from deploy_stack.review.build import resource_changes
from deploy_stack.review.model import Cost, CostLine, Finding, PropertyChange, ResourceChange, Severity, ValueChange
from deploy_stack.review.reviewing import review

HOSTILE = "</style></title><script>alert(1)</script><img src=x onerror=alert(1)>\"' onload=alert(1) &lt;b&gt;"
VOID = {"meta", "img", "br", "link"}
ELEMENTS = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "header",
        "main",
        "footer",
        "section",
        "article",
        "h1",
        "h2",
        "h3",
    ),
    *("p", "ul", "li", "dl", "dt", "dd", "div", "span", "b", "strong", "a", "bdi", "code", "pre", "del", "ins"),
    *("details", "summary"),
}


class Tree(HTMLParser):
    """Checks that every element is closed, and collects elements, attributes and text."""

    def __init__(self, page):
        super().__init__()
        self.open, self.elements, self.attributes, self.words, self.style = [], [], [], [], ""
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes.extend((tag, *each) for each in attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return "".join(self.words)


def change(name="Thing", action="Modify", **more):
    return ResourceChange(name, more.pop("type", "AWS::SSM::Parameter"), action, **more)


def made(*changes, findings=(), **more):
    found = review(stack="data", stack_name="aldeia-staging-data", operation="UPDATE", changes=changes, **more)
    return replace(found, findings=tuple(findings)) if findings else found


def page(*reviews, **more):
    return html(Sheet("staging", reviews, **more))


def test_nothing_in_any_field_becomes_markup():
    """A name, a value, a finding, a stack, a parameter, a link, a cost, an error: each is shown as it is."""
    prop = PropertyChange(HOSTILE, HOSTILE, HOSTILE, HOSTILE + "2", "Always", (HOSTILE,))
    long = PropertyChange("Long", "Properties", "a" * 100 + HOSTILE, HOSTILE, "Conditionally")
    hostile = replace(
        review(
            stack=HOSTILE,
            stack_name=HOSTILE,
            operation=HOSTILE,
            changes=[
                change(HOSTILE, type=HOSTILE, properties=(prop, long), policy_action=HOSTILE, physical_id=HOSTILE),
                *(change(f"{HOSTILE}{number}", "Add", type=HOSTILE) for number in range(20)),
                change("Odd", HOSTILE),
            ],
            values=[ValueChange(HOSTILE, HOSTILE, HOSTILE, HOSTILE + "2")],
            notes=[HOSTILE],
            capabilities=(HOSTILE,),
            link=f"https://example.com/{HOSTILE}",
            cost=Cost(1, 2, HOSTILE, HOSTILE, (CostLine(HOSTILE, HOSTILE, HOSTILE, HOSTILE, 1, 2),), (HOSTILE,)),
        ),
        findings=tuple(
            Finding(HOSTILE, severity, HOSTILE, name, HOSTILE) for severity in Severity for name in (HOSTILE, "none")
        ),
    )

    text = html(
        Sheet(
            HOSTILE,
            (hostile,),
            facts=((HOSTILE, HOSTILE),),
            unchanged=(HOSTILE,),
            waiting=(HOSTILE,),
            errors=(HOSTILE,),
            command=("deploy-stack", "apply", HOSTILE),
            no_picture=HOSTILE,
        )
    )

    tree = Tree(text)
    assert set(tree.elements) <= ELEMENTS
    assert tree.text.count(HOSTILE) > 20
    assert not [each for each in tree.attributes if each[1].startswith("on") or each[1] in {"src", "style"}]
    targets = [value for _, name, value in tree.attributes if name == "href"]
    assert all(each.startswith(("#", "https://example.com/")) for each in targets)
    assert text.count("<style>") == text.count("</style>") == 1


def test_what_cannot_be_seen_is_shown_by_its_code():
    """A direction override in a name could make another name of it; a lone surrogate could not be written at all."""
    text = page(made(change("a\u202eb\u200b\x00\ud800")))

    assert "a\\u202eb\\u200b\\u0000\\ud800" in text
    text.encode()


def test_a_link_that_is_no_https_address_is_left_out():
    """`javascript:` runs even where no script may."""
    assert "javascript:" not in page(made(change(), link="javascript:alert(1)"))


def test_it_forbids_scripts_and_everything_from_outside():
    """By its own policy, whatever a browser would otherwise allow."""
    text = page(made(change()))
    head = text[: text.index("<body>")]

    assert "default-src &#x27;none&#x27;" in head or "default-src 'none'" in head
    assert '<html lang="en">' in text
    assert "url(" not in text
    assert "@import" not in text


def test_secrets_stay_masked():
    """What `build` has masked is what is shown."""
    raw = {
        "ResourceChange": {
            "LogicalResourceId": "Secret",
            "ResourceType": "AWS::SecretsManager::Secret",
            "Action": "Modify",
            "Details": [
                {"Target": {"Attribute": "Properties", "Path": "/Properties/SecretString", "BeforeValue": "hunter2",
                            "AfterValue": "hunter3"}}
            ],
        }
    }  # fmt: skip

    text = page(made(*resource_changes([raw])))

    assert "hunter" not in text
    assert "****" in text


@pytest.mark.parametrize(
    ("action", "replacement", "severity", "title"),
    [
        ("Modify", "False", Severity.BLOCK, "Blocked"),
        ("Add", "", Severity.WARN, "Warnings"),
        ("Modify", "True", Severity.NOTE, "Replaced or deleted"),
        ("Modify", "Conditional", None, "Replaced or deleted"),
        ("Remove", "", None, "Replaced or deleted"),
        ("Dynamic", "", None, "Replaced or deleted"),
        ("Modify", "False", Severity.NOTE, "Changed"),
        ("Import", "", None, "Added"),
    ],
)
def test_each_change_is_once_in_the_group_of_what_weighs_most(action, replacement, severity, title):
    """Findings first, then what happens to the resource."""
    findings = [Finding("some-rule", severity, "data", "Thing", "words")] if severity else []
    given = replace(made(change(action=action, replacement=replacement)), findings=tuple(findings))

    text = page(given)

    assert re.findall(r'<section class="group [a-z]+".*?<h2[^>]*>([^<]*?) <', text) == [title]
    assert len(re.findall(r"<li id=", text)) == 1


def test_the_heaviest_group_stands_first_and_names_its_consent():
    """Verdict, summary, what allows it, then the groups."""
    block = Finding("data-replaced", Severity.BLOCK, "data", "Files", "every file is out of reach")
    open_ = Finding("security-widened", Severity.WARN, "data", "Group", "opens 22")
    given = made(
        change("Plain", properties=(PropertyChange("Value", "Properties", "one", "two", "Never"),)),
        change("Files", replacement="True", type="AWS::EFS::FileSystem"),
        change("Group", type="AWS::EC2::SecurityGroup"),
        change("Gone", "Remove"),
        findings=[block, open_],
        cost=Cost(-3, 4.5, "us-east-1", "2026-10-03"),
    )

    text = page(given, command=("deploy-stack", "apply", "a plan.json"))
    words = Tree(text).text

    order = [
        "Blocked: 1 finding",
        "Summary",
        "To go on",
        "Blocked 1",
        "Warnings 1",
        "Replaced or deleted 1",
        "Changed 1",
    ]
    places = [words.index(each) for each in order]
    assert places == sorted(places)
    assert "Replaced1: data/Files" in words
    assert "Deleted1: data/Gone" in words
    assert "Exposed1: data/Group" in words
    assert "-$3.00 to +$4.50 a month" in words
    assert "deploy-stack apply 'a plan.json' --allow data-replaced:data/Files" in words
    assert "before one" in words
    assert "after two" in words
    for anchor in re.findall(r'href="#([^"]+)"', text):
        assert text.count(f'id="{anchor}"') == 1


def test_what_is_allowed_is_a_warning():
    """It was consented to, and is still worth a look."""
    block = Finding("data-deleted", Severity.BLOCK, "data", "Files", "words")

    text = page(made(change("Files", "Remove"), findings=[block]), allowed=frozenset({block.key}))

    assert "<strong>Allowed</strong>" in text
    assert "Blocked" not in Tree(text).text


def test_nobody_copies_a_hundred_consents_at_once():
    """Each stands at its change; the command has none of them."""
    changes = [change(f"Files{number}", "Remove") for number in range(100)]
    blocks = [Finding("data-deleted", Severity.BLOCK, "data", each.logical_id, "words") for each in changes]

    words = Tree(page(made(*changes, findings=blocks), command=("deploy-stack", "apply", "plan.json"))).text

    assert "deploy-stack apply plan.json --allow" not in words
    assert words.count("--allow data-deleted:data/Files") == 100


def test_a_finding_beside_the_resources_is_there_too():
    """Termination protection is a setting of the stack."""
    text = page(made(values=[ValueChange("setting", "TerminationProtection", "on", "off")]))

    assert "data/TerminationProtection" in text
    assert "protection-removed" in text


def test_of_long_values_only_what_differs_is_shown():
    """A policy of a hundred statements with one that changes."""
    lines = [f'{{"Sid": "S{number}"}}' for number in range(100)]
    before = f"[{','.join(lines)}]"
    text = page(
        made(change(properties=(PropertyChange("P", "Properties", before, before.replace("S50", "New"), "Never"),)))
    )

    assert "<del>-" in text
    assert "S50" in text
    assert "S60" not in text


def test_five_thousand_changes_are_a_page_of_a_few_hundred_bytes_each():
    """What is repeated for each change decides how quickly it opens."""
    changes = [
        change(f"Resource{number}", properties=(PropertyChange("Value", "Properties", "a", "b", "Never"),))
        for number in range(5000)
    ]

    text = page(made(*changes))

    assert len(text) < 5000 * 500
    assert text.count("<li id=") == 5000


def test_nothing_to_change_is_a_whole_page():
    """An approver who opens it is told so."""
    words = Tree(page(unchanged=("network", "data"))).text

    assert "Nothing to change" in words
    assert "network, data" in words
    assert "To go on" not in words


def lock(found):
    """Replace the sample's file system."""
    found["Resources"]["FileSystem"]["Properties"]["PerformanceMode"] = "maxIO"


def test_plan_writes_the_page_whole_and_ends_as_without_it(deployed, project):
    """Beside the plan file that it names, with the link to the console and the picture."""
    project.template("data", lock)

    result = deployed("plan", "staging", "--html", "out/review.html")
    text = Path("out/review.html").read_text()

    assert result.code == 11
    assert [each.name for each in Path("out").iterdir()] == ["review.html"]
    assert "deploy-stack apply .aldeia/staging.plan.json --allow data-replaced:data/FileSystem" in text
    assert 'href="https://us-east-1.console.aws.amazon.com/cloudformation/' in text
    assert "<svg" in text
    assert "replaced: data/FileSystem" in text
    assert "111122223333" in text


def test_plan_of_nothing_writes_a_page_too(deployed):
    """And ends with 0."""
    assert deployed("plan", "staging", "--html", "review.html").code == 0
    assert "Nothing to change" in Path("review.html").read_text()


def test_diff_writes_it_without_an_account(deploy_stack, project):
    """What was removed is on the page."""
    project.commit("v1")
    project.template("data", lambda found: found["Resources"].pop("FileSystemIdParameter"))

    result = deploy_stack("diff", "staging", "--html", "diff.html")

    assert result.code == 10
    assert "data/FileSystemIdParameter" in Path("diff.html").read_text()


@pytest.mark.parametrize("broken", [{"Resources": {"Odd": []}}, {"Resources": ["Odd"]}, {"Resources": {"Odd": None}}])
def test_templates_that_cannot_be_drawn_stop_no_review(broken):
    """It is said in the picture's place."""
    drawn, reason = pictures({"data": broken}, [made(change())])

    assert drawn == ()
    assert "the templates cannot be drawn" in reason
    assert reason in Tree(page(made(change()), no_picture=reason)).text


def test_what_is_deleted_is_still_drawn():
    """The template no longer holds it; what CloudFormation remembers of it does."""
    task = {"Type": "AWS::ECS::Service", "Properties": {"ServiceName": "web"}}
    gone = change("Files", "Remove", type="AWS::EFS::FileSystem", before={"Properties": {"Encrypted": True}})

    (drawn,), reason = pictures({"data": {"Resources": {"Service": task}}}, [made(gone)])

    assert reason == ""
    assert "deleted: data/Files" in drawn
