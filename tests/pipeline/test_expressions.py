"""The reader of expressions reads as GitHub's documentation says; each row is a sentence of it."""

import pytest

from tests.pipeline.expressions import ExpressionError, evaluate, fill, holds

CONTEXTS = {"github": {"event_name": "push", "sha": "abc"}, "needs": {"a-b": {"result": "success"}}, "inputs": {}}
GOOD = {"success": lambda: True, "cancelled": lambda: False, "always": lambda: True}
BAD = GOOD | {"success": lambda: False}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'it''s'", "it's"),
        ("github.event_name == 'PUSH'", True),  # texts know no case
        ("github.event_name != 'push'", False),
        ("${{ needs.a-b.result == 'success' }}", True),
        ("inputs.release", None),
        ("inputs.release == ''", True),  # null is 0, and so is ''
        ("inputs.release.deeper", None),
        ("!cancelled() && github.sha == 'abc'", True),
        ("false || 'x'", "x"),  # the value, not only whether it is true
        ("'x' && 'y'", "y"),
        ("'' && 'y'", ""),
        ("true && false || true", True),  # && binds tighter
        ("true || true && false", True),
        ("(true || true) && false", False),
        ("1 == '1'", True),
        ("null == 0", True),
        ("true == 1", True),
        ("'a' == 1", False),
    ],
)
def test_evaluates(text, value):
    assert evaluate(text, CONTEXTS, GOOD) == value


@pytest.mark.parametrize(
    "text", ["githab.sha", "github.sha ==", "fromJSON('1')", "github.sha github.sha", "a ? b", "(true"]
)
def test_what_it_does_not_know_is_an_error(text):
    with pytest.raises(ExpressionError):
        evaluate(text, CONTEXTS, GOOD)


@pytest.mark.parametrize(
    ("text", "functions", "value"),
    [
        ("", GOOD, True),
        ("", BAD, False),
        ("github.sha == 'abc'", BAD, False),  # success() is understood
        ("always()", BAD, True),
        ("!cancelled() && github.sha == 'abc'", BAD, True),
    ],
)
def test_a_condition_asks_for_success_unless_it_speaks_of_the_status(text, functions, value):
    assert holds(text, CONTEXTS, functions) is value


def test_texts_are_filled():
    assert fill({"a": ["${{ github.sha }}-${{ inputs.x }}", 1]}, CONTEXTS) == {"a": ["abc-", 1]}
