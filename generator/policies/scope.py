"""Which environment a role of the pipeline serves: told by the role's own tags, so that one policy does for all environments.

A policy names `aldeia-<its own environment>-*` through IAM's policy variables (IAM guide, "Tags as policy variables"). The template
then grows by a few lines with an environment, and what staging may do cannot drift from what production may do. Nobody but the
people who deploy the `delivery` stack can change the tags: no role in it may tag a role outside its own environment.
"""

from generator.model import Environment

_NAME_TAG = "Serves"
_SHORT_TAG = "ServesShort"

# Inside Fn::Sub, where `${!` leaves `${` for IAM.
OWN = f"${{!aws:PrincipalTag/{_NAME_TAG}}}"
OWN_SHORT = f"${{!aws:PrincipalTag/{_SHORT_TAG}}}"
# Outside Fn::Sub.
OWN_TAG = f"${{aws:PrincipalTag/{_NAME_TAG}}}"


def scope(environment: Environment) -> dict[str, str]:
    """The tags of a role that serves `environment`."""
    return {_NAME_TAG: environment.name, _SHORT_TAG: environment.short}
