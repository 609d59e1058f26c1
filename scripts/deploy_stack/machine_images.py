"""Is there a newer machine image than the one in the parameter file? An advice, never a reason to stop.

In: an `Aws` session, a `StackSpec`, the values its parameters will have. Out: sentences, each with the edit that takes the newer
image. Refuses to know: what an image holds. One read of a public parameter; an answer that does not come says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from deploy_stack.aws import Aws
from deploy_stack.exits import DeployError
from deploy_stack.project import StackSpec
from deploy_stack.stacks import ssm_values


def advice(aws: Aws, spec: StackSpec, chosen: Mapping[str, str]) -> tuple[str, ...]:
    """Return what is to be said of the stack's machine images; nothing where they are the newest, or nobody may ask."""
    if not spec.machine_images:
        return ()
    try:
        newest = ssm_values(aws, [each.newest for each in spec.machine_images])
    except DeployError:
        return ()  # no permission, no connection: whatever matters is said where it does
    return tuple(
        f"a newer machine image is there: {newest[each.newest]} ({each.newest}). To take it, with a review of its own, change "
        f"{each.parameter} in {spec.parameters_file} from {chosen[each.parameter]} to {newest[each.newest]}"
        for each in spec.machine_images
        if each.newest in newest and chosen.get(each.parameter, newest[each.newest]) != newest[each.newest]
    )
