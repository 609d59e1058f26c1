"""Deploy: plan, show, ask, apply; level by level with a person, as soon as possible without one.

In: a `Run`, stacks, how to show a review. Out: `Outcome`s. Refuses to know: options and forms of output.

With a person at the terminal the stacks go in groups: all that depend only on what is done are planned together, shown,
and one question is asked. With `--yes` a stack begins as soon as those it depends on are done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from deploy_stack.applying import Outcome, Recipe, apply_one
from deploy_stack.board import Board, make_board
from deploy_stack.execution import Approved
from deploy_stack.exits import DeployError, Exit, InterruptError
from deploy_stack.planfile import Entry, entry
from deploy_stack.planning import Planned, Unchanged, Waiting, plan_stack
from deploy_stack.project import StackSpec
from deploy_stack.run import Run
from deploy_stack.schedule import Done, in_order, levels
from deploy_stack.values import ssm_names
from deploy_stack.workflow import Plans, discard, nobody_writes, plan_all, show, waiting_text, writers


class Deployment:
    """The stacks of one command on their way."""

    def __init__(
        self,
        run: Run,
        show_review: Callable[[Planned], None],
        recipe: Callable[[Planned], Recipe],
        run_id: str,
        keep: Callable[[Plans, list[str]], None] = lambda plans, done: None,
    ) -> None:
        """`keep` is given the plans that were just shown, before anything is asked, and the names of the stacks that are done."""
        self._run = run
        self._show = show_review
        self._recipe = recipe
        self._run_id = run_id
        self._keep = keep

    def with_person(self, specs: Sequence[StackSpec]) -> list[Outcome]:
        """Deploy group by group, asking once for each group."""
        by_name = {each.name: each for each in specs}
        depends_on = {each.name: each.depends_on for each in specs}
        outcomes: dict[str, Outcome] = {}
        for group in levels(list(by_name), depends_on):
            held = [name for name in group if any(_failed(outcomes.get(up)) for up in depends_on[name])]
            outcomes.update({name: _skipped(name) for name in held})
            plans = plan_all(self._run, [by_name[name] for name in group if name not in held])
            show(self._run, plans, self._show)
            self._keep(plans, [name for name, each in outcomes.items() if each.exit_code is Exit.DONE])
            outcomes.update(self._settled(plans))
            if plans.planned:
                outcomes.update(self._ask_and_apply(plans))
        return [outcomes[each.name] for each in specs]

    def without_person(self, specs: Sequence[StackSpec]) -> list[Outcome]:
        """Deploy each stack as soon as those that it depends on are done."""
        by_name = {each.name: each for each in specs}
        with make_board(self._run.narrator) as board:
            done = in_order(
                list(by_name),
                {each.name: each.depends_on for each in specs},
                lambda name: self._one(by_name[name], board),
                goes_on=lambda outcome: outcome.exit_code is Exit.DONE,
                stop=self._run.stop,
            )
        return [self._outcome(name, each) for name, each in done.items()]

    def _one(self, spec: StackSpec, board: Board) -> Outcome:
        try:
            plan = plan_stack(self._run, spec)
        except DeployError as error:
            self._keep(Plans(errors={spec.name: error}), [])
            raise
        if isinstance(plan, Unchanged):
            self._keep(Plans(unchanged=(plan,)), [])
            self._run.say(spec.name, "nothing to change")
            return unchanged(plan)
        if isinstance(plan, Waiting):
            if not writers(self._run, plan):
                raise nobody_writes(spec, plan)
            raise DeployError(waiting_text(self._run, plan), next_step="deploy them first, or name no stack at all")
        self._show(plan)
        self._keep(Plans(planned=(plan,)), [])
        if plan.review.blocked_by(self._run.allowed):
            discard(self._run, [plan])
            return blocked(plan, self._run.allowed)
        return apply_one(self._run, approved(plan), self._recipe(plan), board, self._run_id)

    def _settled(self, plans: Plans) -> dict[str, Outcome]:
        found = {each.spec.name: unchanged(each) for each in plans.unchanged}
        for waiting in plans.waiting:
            text = waiting_text(self._run, waiting)
            found[waiting.spec.name] = Outcome(waiting.spec.name, Exit.ERROR, "waiting", text)
        for name, error in plans.errors.items():
            found[name] = Outcome(name, error.exit_code, "refused", error.message, error.next_step)
        return found

    def _ask_and_apply(self, plans: Plans) -> dict[str, Outcome]:
        run = self._run
        if any(each.review.blocked_by(run.allowed) for each in plans.planned):
            discard(run, plans.planned)
            return {each.spec.name: blocked(each, run.allowed) for each in plans.planned}
        names = [each.spec.name for each in plans.planned]
        try:
            agreed = run.narrator.ask(f"Deploy {', '.join(names)}?", otherwise="to agree: --yes")
        except BaseException:
            discard(run, plans.planned)
            raise
        if not agreed:
            discard(run, plans.planned)
            run.narrator.say("declined; the change sets are deleted and nothing was changed")
            return {name: Outcome(name, Exit.BLOCKED, "declined", "declined") for name in names}
        by_name = {each.spec.name: each for each in plans.planned}
        with make_board(run.narrator) as board:
            done = in_order(
                names,
                {},
                lambda name: apply_one(run, approved(by_name[name]), self._recipe(by_name[name]), board, self._run_id),
                goes_on=lambda outcome: outcome.exit_code is Exit.DONE,
                stop=run.stop,
            )
        return {name: self._outcome(name, each) for name, each in done.items()}

    def _outcome(self, name: str, done: Done[Outcome]) -> Outcome:
        return settle(self._run, name, done)


def settle(run: Run, name: str, done: Done[Outcome]) -> Outcome:
    """Return the outcome of a piece of work, whatever it came to. Unexpected errors are raised."""
    if done.result is not None:
        return done.result
    if isinstance(done.error, InterruptError):
        raise KeyboardInterrupt
    if isinstance(done.error, DeployError):
        run.say(name, "stopped; why stands at the end")
        state = "not followed to its end" if done.error.exit_code is Exit.LOST_SIGHT else "refused"
        return Outcome(name, done.error.exit_code, state, done.error.message, done.error.next_step)
    if done.error is not None:
        raise done.error
    return _skipped(name)


def approved(planned: Planned) -> Approved:
    """Return what a reviewed plan allows to be done."""
    return approved_entry(entry(planned, ssm_names(planned.spec, planned.chosen)))


def approved_entry(line: Entry) -> Approved:
    """Return what a line of a plan file allows to be done."""
    return Approved(
        name=line.name,
        stack_name=line.stack_name,
        stack_id=line.stack_id,
        change_set_id=line.change_set_id,
        operation=line.operation,
        protect=line.protect,
        policy=line.policy,
        resources=line.resources,
    )


def unchanged(plan: Unchanged) -> Outcome:
    """Return the outcome of a stack that already is what it should be."""
    return Outcome(plan.spec.name, Exit.DONE, "unchanged", outputs=plan.stack.outputs)


def blocked(planned: Planned, allowed: frozenset[str]) -> Outcome:
    """Return the outcome of a stack whose change nobody has allowed."""
    findings = planned.review.blocked_by(allowed)
    text = "; ".join(f"{each.logical_id} {each.text}" for each in findings)
    step = " ".join(f"--allow {each.key}" for each in findings)
    if not findings:
        return Outcome(planned.spec.name, Exit.BLOCKED, "held back", "another stack of its group is blocked")
    return Outcome(planned.spec.name, Exit.BLOCKED, "blocked", text, f"if that is what you want: {step}")


def _failed(outcome: Outcome | None) -> bool:
    return outcome is not None and outcome.exit_code is not Exit.DONE


def _skipped(name: str) -> Outcome:
    return Outcome(name, Exit.ERROR, "not begun", "a stack that it depends on did not succeed", begun=False)
