"""How a stack begins, and how one stack's values reach the next: through Parameter Store, with no exports.

In: a template and names. Out: the template with parameters, published values and outputs in it, and references to them.
The upstream stack publishes `/aldeia/<environment>/<stack>/<Name>`; the downstream template takes a typed
`AWS::SSM::Parameter::Value<...>` parameter whose default is that path. So a template works from the console with nothing to
type, a change set shows the value that was resolved, and no export ever locks a stack.
"""

from typing import Any

from troposphere import AWSHelperFn, Equals, GetAtt, If, Join, Output, Parameter, Ref, Select, Split, Sub, Template, ssm

from generator import VERSION
from generator.model import EcrImage, Environment, Service
from generator.naming import logical_id, parameter_path, stack_name

SUBNETS = "List<AWS::EC2::Subnet::Id>"
STRING = "String"
FIRST_DEPLOYMENT = "FirstDeployment"
KEY_ARN = "KeyArn"
# Percent of the requests that go to Fargate; EC2 gets the rest.
WEIGHT = "FargateWeight"

# A tag (Docker reference grammar) that is not `latest`, or a digest.
_IMAGE = r"^(?!latest$)([A-Za-z0-9_][A-Za-z0-9_.-]{0,127}|sha256:[a-f0-9]{64})$"


class Unlimited(Template):
    """A template that may outgrow CloudFormation's limits while it is built; `split` cuts it into stacks that do not."""

    def add_resource(self, resource: Any) -> Any:
        """Add one resource, the five hundred and first too."""
        return self._update(self.resources, resource)

    def add_output(self, output: Any) -> Any:
        """Add one output, whatever their number."""
        return self._update(self.outputs, output)

    def add_parameter(self, parameter: Any) -> Any:
        """Add one parameter, whatever their number."""
        return self._update(self.parameters, parameter)


def begin(environment: str, stack: str, description: str) -> Template:
    """An empty template that says what it is: `environment` is an environment's name or `shared`."""
    template = Unlimited(Description=f"Aldeia Chatbot, {environment}, {stack}: {description}")
    template.set_version("2010-09-09")
    template.set_metadata({"Aldeia": {"Version": VERSION, "Stack": stack, "Environment": environment}})
    return template


def fact(template: Template, name: str, *, group: str, label: str, **properties: Any) -> Ref:
    """A parameter that an account or a person supplies, with its place and label in the console. Returns a reference to it."""
    properties.setdefault("Type", STRING)
    template.add_parameter(Parameter(name, **properties))
    template.add_parameter_to_group(name, group)
    template.set_parameter_label(name, label)
    return Ref(name)


def take(template: Template, environment: Environment | str, stack: str, name: str, value_type: str = STRING) -> Ref:
    """The value that `stack` published as `name`. Asked twice for one value, it makes one parameter."""
    where = environment if isinstance(environment, str) else environment.name
    if name not in template.parameters:
        template.add_parameter(
            Parameter(
                name,
                Type=f"AWS::SSM::Parameter::Value<{value_type}>",
                Default=parameter_path(where, stack, name),
                Description=f"Published by {stack_name(where, stack)}",
            )
        )
        template.add_parameter_to_group(name, "Values of other stacks (leave as they are)")
    return Ref(name)


def with_key(template: Template, environment: Environment, name: str = "KmsKeyId") -> dict[str, Any]:
    """The property `name` that encrypts with the environment's own key; nothing where AWS's own key does."""
    if not environment.customer_managed_key:
        return {}
    # Its own stack publishes the key, and cannot take what it has not published yet.
    own = "Key" in template.resources
    return {name: GetAtt("Key", "Arn") if own else take(template, environment, "network", KEY_ARN)}


def publish(template: Template, name: str, value: Any, description: str) -> None:
    """Publish `value` for other stacks and show it among the stack's outputs. Lists are joined with commas."""
    about = template.metadata["Aldeia"]
    is_list = isinstance(value, list)
    template.add_resource(
        ssm.Parameter(
            logical_id(name, "parameter"),
            Name=parameter_path(about["Environment"], about["Stack"], name),
            Type="StringList" if is_list else "String",
            Value=Join(",", value) if is_list else value,
            Description=description,
        )
    )
    template.add_output(Output(name, Description=description, Value=Join(",", value) if is_list else value))


def first_deployment(template: Template) -> str:
    """A condition that holds only while the stack is created. Returns its name.

    Groups under scaling get their documented number of copies then, and never again: a count repeated at every update undoes
    what scaling has decided. `deploy-stack` gives the parameter from the manifest's CreateParameters.
    """
    if FIRST_DEPLOYMENT not in template.parameters:
        fact(
            template,
            FIRST_DEPLOYMENT,
            group="Deployment",
            label="Is this the stack's first deployment?",
            AllowedValues=["true", "false"],
            Default="false",
            Description="true sets the documented number of copies; afterwards false, so that scaling keeps the number",
        )
        template.add_condition("IsFirstDeployment", Equals(Ref(FIRST_DEPLOYMENT), "true"))
    return "IsFirstDeployment"


def image_parameter(service: Service) -> str:
    """`BackendImageTag`."""
    return logical_id(service.name, "image tag")


def image(template: Template, service: Service) -> AWSHelperFn | str:
    """The image of a service: our repository with the tag or digest given at deployment, our mirror, or the pinned public one."""
    if not isinstance(service.image, EcrImage):
        if not service.image.mirror:
            return f"{service.image.name}:{service.image.version}"
        return Sub(
            f"${{AWS::AccountId}}.dkr.ecr.${{AWS::Region}}.${{AWS::URLSuffix}}/{service.image.mirror}:{service.image.version}"
        )
    name = image_parameter(service)
    by_digest = logical_id(service.name, "image is digest")
    if name not in template.parameters:
        fact(
            template,
            name,
            group="Deployment",
            label=f"Image of {service.name}",
            AllowedPattern=_IMAGE,
            ConstraintDescription="must be an image tag other than latest, or a digest sha256:<64 hexadecimal digits>",
            Description=f"Tag or digest of {service.image.repository} to run, such as the commit it was built from; never latest",
        )
        template.add_condition(by_digest, Equals(Select(0, Split(":", Ref(name))), "sha256"))
    address = "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/" + service.image.repository
    return If(by_digest, Sub(f"{address}@${{{name}}}"), Sub(f"{address}:${{{name}}}"))


def is_home_parameter(service: Service) -> str:
    """`RunChromadb`: whether a compute stack is the one place where the service with data runs."""
    return logical_id("run", service.name)


def is_home(template: Template, environment: Environment, service: Service, stack: str) -> str:
    """A condition that holds where this compute stack runs `service`, the one copy per environment. Returns its name."""
    name = is_home_parameter(service)
    condition = logical_id("runs", service.name)
    if name not in template.parameters:
        fact(
            template,
            name,
            group="Data",
            label=f"Does {service.name} run in this stack?",
            AllowedValues=["true", "false"],
            Default="true" if environment.compute == stack else "false",
            Description=f"{service.name} has one writer in {environment.name}: true in one compute stack, false in the other",
        )
        template.add_condition(condition, Equals(Ref(name), "true"))
    return condition
