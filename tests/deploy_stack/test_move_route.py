"""The way of a move, without any AWS: from every standing it leads to the end, and no step on it does harm."""

import pytest
from deploy_stack.choice import EC2, FARGATE
from deploy_stack.exits import DeployError, Exit
from deploy_stack.moving.route import Kind, Standing, Step, other, route, stations
from hypothesis import given
from hypothesis import strategies as st

SHARES = (0, 1, 5, 10, 25, 50, 75, 90, 95, 99, 100)
options = st.sampled_from((EC2, FARGATE))
# Any choice among the shares, as bits of a number: quick to draw.
steps = st.integers(0, 2**9 - 1).map(
    lambda bits: (*(each for place, each in enumerate(SHARES[1:-1]) if bits >> place & 1), 100)
)


@st.composite
def standings(draw):
    """A standing that requests can live with: what has a share is deployed, and one home at most, which is deployed too."""
    fargate = draw(st.sampled_from(SHARES))
    deployed = {FARGATE} if fargate else set()
    deployed |= {EC2} if fargate < 100 else set()
    deployed |= draw(st.sets(options))
    homes = draw(st.sampled_from([frozenset(), *(frozenset({each}) for each in sorted(deployed))]))
    has_data = draw(st.booleans())
    return Standing(frozenset(deployed), fargate, homes if has_data else frozenset(), has_data)


def walk(standing, way):
    """Yield (standing before, step, standing after)."""
    for step in way:
        after = standing.after(step)
        yield standing, step, after
        standing = after


def no_harm(before, step, after):
    """What must hold at every step, whichever way it leads."""
    assert before.share(EC2) + before.share(FARGATE) == 100
    assert len(after.homes) <= 1, "two servers would write"
    for option in (EC2, FARGATE):
        assert not after.share(option) or option in after.deployed, f"requests go to {option}, which is not there"
    if step.kind in {Kind.ENTER, Kind.LEAVE}:
        assert step.option in before.deployed
        # A host is replaced by it: harmless without requests, and the only way when Fargate is not there to take them.
        assert step.option == FARGATE or not before.share(EC2) or FARGATE not in before.deployed
    if step.kind is Kind.ENTER:
        assert not before.homes, "the old home is left first"
    if step.kind is Kind.SHIFT:
        assert after.share(step.option) == step.share


@given(standings(), options, steps)
def test_every_way_leads_to_the_end_and_does_no_harm(standing, to, shares):
    """At the end the option has everything, and there is nothing more to do."""
    way = route(standing, to, shares)

    for before, step, after in walk(standing, way):
        no_harm(before, step, after)
        standing = after

    assert standing.arrived(to)
    assert route(standing, to, shares) == ()


@given(standings(), options, steps, st.data())
def test_a_move_that_is_killed_anywhere_goes_on_or_back(standing, to, shares, data):
    """After any number of steps, asking again leads to the end; so does asking for the other option."""
    way = route(standing, to, shares)
    for _, step, after in list(walk(standing, way))[: data.draw(st.integers(0, len(way)))]:
        assert step
        standing = after

    for wish in (to, other(to)):
        now = standing
        for before, step, after in walk(now, route(now, wish, shares)):
            no_harm(before, step, after)
            now = after
        assert now.arrived(wish)


@given(standings(), options, steps)
def test_requests_go_only_where_targets_were_looked_at(standing, to, shares):
    """Between what changes an option (a deployment, a home) and more requests for it stands a check."""
    checked = set()
    for _, step, _ in walk(standing, route(standing, to, shares)):
        if step.kind is Kind.CHECK:
            checked.add(step.option)
        elif step.kind is Kind.SHIFT:
            assert step.option in checked
        else:
            checked.discard(step.option)


@given(standings(), options, steps)
def test_shares_only_rise_on_the_way(standing, to, shares):
    """But for the one case where EC2 gives its requests back before a host of its is replaced."""
    found = [step.share for step in route(standing, to, shares) if step.kind is Kind.SHIFT and step.option == to]
    assert found == sorted(set(found))
    assert set(found) <= set(shares)


@pytest.mark.parametrize(
    ("to", "way"),
    [
        (FARGATE, "deploy check shift:10 shift:50 shift:100 leave enter check"),
        (EC2, "deploy check leave enter check shift:10 shift:50 shift:100"),
    ],
)
def test_the_usual_ways(to, way):
    """The home follows the requests to Fargate, and goes before them to EC2: it moves while EC2 has none."""
    origin = other(to)
    standing = Standing(frozenset({origin}), 0 if to == FARGATE else 100, frozenset({origin}))

    found = [
        f"{each.kind}:{each.share}" if each.kind is Kind.SHIFT else str(each.kind)
        for each in route(standing, to, (10, 50, 100))
    ]

    assert " ".join(found) == way


def test_a_move_half_way_goes_on_where_it_was():
    """50 % are there: only what is left is done, and what stands is not deployed anew under its requests."""
    standing = Standing(frozenset({EC2, FARGATE}), 50, frozenset({EC2}))

    assert route(standing, FARGATE, (10, 50, 75, 100))[:3] == (
        Step(Kind.CHECK, FARGATE),
        Step(Kind.SHIFT, FARGATE, 75),
        Step(Kind.SHIFT, FARGATE, 100),
    )


def test_two_homes_are_for_a_person():
    """Nothing moves while two servers may write."""
    with pytest.raises(DeployError, match="both options") as caught:
        route(Standing(frozenset({EC2, FARGATE}), 0, frozenset({EC2, FARGATE})), FARGATE, (100,))
    assert caught.value.exit_code is Exit.NEEDS_PERSON


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("10,50", "the last must be 100"),
        ("50,10,100", "they must rise"),
        ("10,10,100", "they must rise"),
        ("0,100", "each must be one of 1, 5, 10, 25, 50, 75, 90, 95, 99, 100"),
        ("20,100", "each must be one of"),
        ("ten,100", "each must be one of"),
        ("", "each must be one of"),
        ("10,,100", "each must be one of"),
        ("-1,100", "each must be one of"),
        ("²,100", "each must be one of"),
    ],
)
def test_steps_that_cannot_be_meant_get_one_error(text, fault):
    """With what would be right, as wrong usage."""
    with pytest.raises(DeployError) as caught:
        stations(text, SHARES)
    assert fault in caught.value.message
    assert f"--step {text}" in caught.value.message
    assert caught.value.exit_code is Exit.USAGE


def test_steps_that_can_be_meant():
    """Spaces do not matter, and 100 alone is a move in one step."""
    assert stations("1, 10,100", SHARES) == (1, 10, 100)
    assert stations("100", SHARES) == (100,)
