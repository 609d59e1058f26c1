"""Plan several stacks: side by side, asking where a person has to agree, and saying who waits for whom.

In: a `Run` and stacks. Out: `Plans`. Refuses to know: whether they will be executed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from deploy_stack import github
from deploy_stack.exits import ConsentNeededError, DeployError, Exit, InterruptError
from deploy_stack.planfile import verdict
from deploy_stack.planning import Plan, Planned, Unchanged, Waiting, plan_stack, tidy
from deploy_stack.project import StackSpec
from deploy_stack.run import Run
from deploy_stack.schedule import Done, side_by_side
from deploy_stack.templates import written_ssm_names


@dataclass(frozen=True)
class Plans:
    """What planning several stacks came to, each kind in deploy order."""

    planned: tuple[Planned, ...] = ()
    unchanged: tuple[Unchanged, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    errors: Mapping[str, DeployError] = field(default_factory=dict)

    def exit_codes(self, allowed: frozenset[str]) -> list[Exit]:
        """Return an exit code for each thing that a plan can say."""
        codes = [each.exit_code for each in self.errors.values()]
        if verdict(self.planned, allowed) == "blocked":
            codes.append(Exit.BLOCKED)
        if self.planned or self.waiting:
            codes.append(Exit.CHANGES_WAITING)
        return codes


def plan_all(run: Run, specs: Sequence[StackSpec]) -> Plans:
    """Plan all stacks at once. What needs consent is asked for on a terminal, and is an error elsewhere."""
    by_name = {each.name: each for each in specs}
    try:
        done = side_by_side(list(by_name), lambda name: plan_stack(run, by_name[name]), stop=run.stop)
        for name in list(done):
            error = done[name].error
            while isinstance(error, ConsentNeededError):
                if not run.narrator.ask(error.question, otherwise=error.next_step):
                    break
                run.allowed |= {error.key}
                done[name] = side_by_side([name], lambda each: plan_stack(run, by_name[each]), stop=run.stop)[name]
                error = done[name].error
    except DeployError as error:  # nobody is there to be asked
        name = next(each for each in done if isinstance(done[each].error, ConsentNeededError))
        done[name] = Done(error=error)
    return _sorted(run, by_name, done)


def _sorted(run: Run, by_name: Mapping[str, StackSpec], done: Mapping[str, Done[Plan]]) -> Plans:
    planned, unchanged, waiting, errors = [], [], [], {}
    for name, each in done.items():
        if isinstance(each.error, InterruptError):
            raise KeyboardInterrupt
        if isinstance(each.error, DeployError):
            errors[name] = each.error
        elif each.error:
            raise each.error
        elif isinstance(each.result, Planned):
            planned.append(each.result)
        elif isinstance(each.result, Unchanged):
            unchanged.append(each.result)
        elif isinstance(each.result, Waiting):
            if writers(run, each.result):
                waiting.append(each.result)
            else:
                errors[name] = nobody_writes(by_name[name], each.result)
    return Plans(tuple(planned), tuple(unchanged), tuple(waiting), errors)


def writers(run: Run, waiting: Waiting) -> dict[str, list[str]]:
    """Return which stacks of this environment will write the missing values: {stack: names}; {} if any has no writer."""
    found: dict[str, list[str]] = {}
    for name in waiting.missing:
        writer = next((each.name for each in run.environment.stacks if name in written_ssm_names(each.template)), None)
        if writer is None:
            return {}
        found.setdefault(writer, []).append(name)
    return found


def waiting_text(run: Run, waiting: Waiting) -> str:
    """Return who waits for whom, in a sentence."""
    stacks = ", ".join(writers(run, waiting))
    return f"{waiting.spec.name} waits for {stacks}, and can be planned once that is deployed"


def nobody_writes(spec: StackSpec, waiting: Waiting) -> DeployError:
    """Return the error for values that no stack of this environment writes."""
    prefix = f"/aldeia/{spec.environment}/"
    other = sorted({tuple(each.split("/")[2:4]) for each in waiting.missing if each.startswith("/aldeia/")})
    foreign = [
        f"deploy-stack deploy {' '.join(each)}" for each in other if len(each) == 2 and each[0] != spec.environment
    ]
    own = any(each.startswith(prefix) for each in waiting.missing)
    step = "; ".join(foreign) or ("check the parameter's path" if own else "create it, or correct the parameter's path")
    return DeployError(
        f"{spec.stack_name}: these SSM parameters do not exist: {', '.join(waiting.missing)}", next_step=step
    )


def show(run: Run, plans: Plans, show_review: Callable[[Planned], None]) -> None:
    """Show every review, and say what else there is to say."""
    for planned in plans.planned:
        show_review(planned)
        for finding in planned.review.blocked_by(run.allowed):
            github.error(f"{planned.spec.name}: blocked until a person agrees", f"{finding.key}: {finding.text}")
    if plans.unchanged:
        run.narrator.say(f"nothing to change: {', '.join(each.spec.name for each in plans.unchanged)}")
    for waiting in plans.waiting:
        run.narrator.say(waiting_text(run, waiting))
    for error in {(each.message, each.next_step): each for each in plans.errors.values()}.values():
        say_error(run, error)


def say_error(run: Run, error: DeployError) -> None:
    """Say an error and what to do next."""
    github.error("deploy-stack", f"{error.message}\n{error.next_step}".rstrip())
    run.narrator.insist(f"error: {error.message}")
    for line in error.next_step.splitlines():
        run.narrator.insist(f"  next: {line}")


def discard(run: Run, planned: Sequence[Planned]) -> None:
    """Delete the change sets that nobody wants, and the empty stacks that came with them."""
    for each in planned:
        tidy(run, each.change_set_id, each.stack_id, created=each.review.operation == "CREATE")
