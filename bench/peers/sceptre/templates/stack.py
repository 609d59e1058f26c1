"""One stack of the system, built by the generator's own modules: what sceptre is measured with is sceptre alone."""

from generator.environments import ENVIRONMENTS
from generator.render import to_dict, to_json
from generator.services import SERVICES
from generator.stacks import ENVIRONMENT_STACKS, SHARED_STACKS


def sceptre_handler(data: dict[str, str]) -> str:
    """The template's text of a stack's `sceptre_user_data`: environment and stack."""
    if data["environment"] == "shared":
        shared = next(each for each in SHARED_STACKS if each.name == data["stack"])
        return to_json(to_dict(shared.build(ENVIRONMENTS, SERVICES)))
    environment = next(each for each in ENVIRONMENTS if each.name == data["environment"])
    stack = next(each for each in ENVIRONMENT_STACKS if each.name == data["stack"])
    return to_json(to_dict(stack.build(environment, SERVICES)))
