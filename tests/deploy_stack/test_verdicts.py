"""The rules of the review, one table each: what they say, how heavy, and what they keep quiet about."""

import json

import pytest
from deploy_stack.review.build import MASK, resource_changes
from deploy_stack.review.model import KNOWN_AFTER_APPLY, PropertyChange, ResourceChange, Severity, ValueChange
from deploy_stack.review.ownership import rule_owners, with_owners
from deploy_stack.review.reviewing import review
from deploy_stack.review.verdicts import RULES
from deploy_stack.review.verdicts.security import Opening
from deploy_stack.review.verdicts.statements import Grant
from hypothesis import given
from hypothesis import strategies as st

BLOCK, WARN, NOTE = Severity.BLOCK, Severity.WARN, Severity.NOTE


def changed(path, before="1", after="2", recreation="Never", attribute="Properties", **more):
    """Return a property change."""
    return PropertyChange(path, attribute, before, after, recreation, **more)


def modify(kind, *properties, replacement="False", before=None, after=None, **more):
    """Return a modified resource."""
    contexts = {"before": {"Properties": before or {}}, "after": {"Properties": after or {}}}
    return ResourceChange("Thing", kind, "Modify", replacement, properties=properties, **{**contexts, **more})


def said(change, operation="UPDATE"):
    """Return {(rule, severity)} of everything that the rules say."""
    found = review(stack="data", stack_name="x", operation=operation, changes=[change])
    return {(each.rule, each.severity) for each in found.findings}


def texts(change, operation="UPDATE"):
    """Return everything that the rules say, as one text."""
    return "; ".join(
        each.text for each in review(stack="d", stack_name="x", operation=operation, changes=[change]).findings
    )


def policy(*statements):
    """Return a role's properties with these statements."""
    return {"Policies": [{"PolicyDocument": {"Statement": list(statements)}}]}


def allow(action, resource="*", **more):
    """Return an Allow statement."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def shifting(*rules):
    """Return an ECS service that shifts traffic by these rules."""
    names = dict(zip(("ProductionListenerRule", "TestListenerRule"), rules, strict=False))
    return {"Type": "AWS::ECS::Service", "Properties": {"LoadBalancers": [{"AdvancedConfiguration": names}]}}


def weights(*numbers):
    """Return a listener rule's properties with these weights."""
    groups = [{"TargetGroupArn": f"arn-{place}", "Weight": number} for place, number in enumerate(numbers)]
    return {"Actions": [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]}


def group(policy):
    """Return an auto scaling group whose hosts get another launch template, with this update policy."""
    version = changed("LaunchTemplate.Version", recreation="Conditionally")
    return ResourceChange("G", GROUP, "Modify", "Conditional", properties=(version,), after={"UpdatePolicy": policy})


def ingress(*rows):
    """Return a security group's properties."""
    return {
        "SecurityGroupIngress": [
            dict(zip(("IpProtocol", "FromPort", "ToPort", "CidrIp"), row, strict=True)) for row in rows
        ]
    }


EFS, SG, ROLE = "AWS::EFS::FileSystem", "AWS::EC2::SecurityGroup", "AWS::IAM::Role"
LAUNCH, GROUP = "AWS::EC2::LaunchTemplate", "AWS::AutoScaling::AutoScalingGroup"
ROLLING = {
    "AutoScalingRollingUpdate": {
        "MaxBatchSize": "1",
        "MinInstancesInService": "2",
        "PauseTime": "PT20M",
        "WaitOnResourceSignals": True,
    }
}
RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"
ENCRYPTED = changed("Encrypted", recreation="Always")
CASES = [
    ("a replaced file system", modify(EFS, ENCRYPTED, replacement="True"), {("data-replaced", BLOCK)}),
    (
        "replaced but retained is out of reach all the same",
        modify(EFS, ENCRYPTED, replacement="True", policy_action="ReplaceAndRetain"),
        {("data-replaced", BLOCK)},
    ),
    (
        "a perhaps replaced file system",
        modify(EFS, changed("X", recreation="Conditionally"), replacement="Conditional"),
        {("data-replaced", BLOCK), ("conditional", NOTE)},
    ),
    ("a changed file system", modify(EFS, changed("Tags")), set()),
    ("a replaced access point", modify("AWS::EFS::AccessPoint", replacement="True"), {("data-replaced", BLOCK)}),
    (
        "a deleted bucket",
        ResourceChange("B", "AWS::S3::Bucket", "Remove", policy_action="Delete"),
        {("data-deleted", BLOCK)},
    ),
    (
        "a retained bucket",
        ResourceChange("B", "AWS::S3::Bucket", "Remove", policy_action="Retain"),
        {("data-deleted", WARN)},
    ),
    (
        "a snapshot is not the data in place",
        ResourceChange("B", "AWS::RDS::DBInstance", "Remove", policy_action="Snapshot"),
        {("data-deleted", BLOCK), ("service-interrupted", WARN), ("cost", NOTE)},
    ),
    (
        "the policy of the template counts where CloudFormation names none",
        ResourceChange("B", "AWS::Logs::LogGroup", "Remove", before={"DeletionPolicy": "Retain"}),
        {("data-deleted", WARN)},
    ),
    ("an added bucket", ResourceChange("B", "AWS::S3::Bucket", "Add"), set()),
    (
        "a replaced load balancer",
        modify("AWS::ElasticLoadBalancingV2::LoadBalancer", changed("Name", recreation="Always"), replacement="True"),
        {("service-interrupted", WARN)},
    ),
    (
        "known after apply may not really replace",
        modify(
            "AWS::EC2::NatGateway",
            changed("SubnetId", after=KNOWN_AFTER_APPLY, recreation="Always"),
            replacement="True",
        ),
        {("service-interrupted", NOTE), ("unknown-until-applied", NOTE)},
    ),
    (
        "other weights at a listener rule",
        modify(RULE, before=weights(0, 100), after=weights(10, 90)),
        {("traffic-moves", WARN)},
    ),
    ("the same weights, another host", modify(RULE, before=weights(0, 100), after=weights(0, 100)), set()),
    ("Dynamic", ResourceChange("X", "AWS::SNS::Topic", "Dynamic"), {("conditional", WARN)}),
    (
        "a port for everybody",
        modify(SG, before=ingress(("tcp", 443, 443, "10.0.0.0/8")), after=ingress(("tcp", 443, 443, "0.0.0.0/0"))),
        {("security-widened", WARN)},
    ),
    (
        "a narrower range is no opening, and the order of a list is none",
        modify(
            SG,
            before=ingress(("tcp", 1, 100, "10.0.0.0/8"), ("udp", 53, 53, "0.0.0.0/0")),
            after=ingress(("udp", 53, 53, "0.0.0.0/0"), ("tcp", 22, 22, "10.1.0.0/16")),
        ),
        set(),
    ),
    (
        "more ports",
        modify(SG, before=ingress(("tcp", 80, 80, "10.0.0.0/8")), after=ingress(("tcp", 80, 90, "10.0.0.0/8"))),
        {("security-widened", WARN)},
    ),
    (
        "an added rule",
        ResourceChange(
            "R",
            "AWS::EC2::SecurityGroupIngress",
            "Add",
            after={"Properties": {"IpProtocol": "-1", "SourceSecurityGroupId": {"Ref": "Other"}}},
        ),
        {("security-widened", WARN)},
    ),
    (
        "one action more",
        modify(
            ROLE, before=policy(allow("s3:GetObject", "a")), after=policy(allow(["s3:GetObject", "s3:PutObject"], "a"))
        ),
        {("permissions-widened", WARN)},
    ),
    (
        "statements rearranged, or covered by a wildcard, grant nothing more",
        modify(
            ROLE,
            before=policy(allow("s3:*", "arn:aws:s3:::b/*"), allow("logs:PutLogEvents")),
            after=policy(allow(["logs:PutLogEvents"]), allow("S3:GetObject", "arn:aws:s3:::b/x")),
        ),
        set(),
    ),
    (
        "a condition taken away",
        modify(ROLE, before=policy(allow("a:b", Condition={"Bool": {"x": "y"}})), after=policy(allow("a:b"))),
        {("permissions-widened", WARN)},
    ),
    (
        "a Deny taken away",
        modify(ROLE, before=policy({"Effect": "Deny", "Action": "a:b", "Resource": "*"}), after=policy()),
        {("permissions-widened", WARN)},
    ),
    (
        "another principal",
        modify(
            ROLE,
            before={
                "AssumeRolePolicyDocument": {"Statement": {"Effect": "Allow", "Action": "x", "Principal": {"AWS": "1"}}}
            },
            after={"AssumeRolePolicyDocument": {"Statement": {"Effect": "Allow", "Action": "x", "Principal": "*"}}},
        ),
        {("permissions-widened", WARN)},
    ),
    (
        "a managed policy",
        modify(ROLE, before={}, after={"ManagedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"]}),
        {("permissions-widened", WARN)},
    ),
    (
        "documents that were not shown",
        ResourceChange("R", ROLE, "Modify", properties=(changed("Policies"),)),
        {("permissions-widened", WARN)},
    ),
    (
        "public access no longer blocked",
        modify(
            "AWS::S3::Bucket",
            before={"PublicAccessBlockConfiguration": {"BlockPublicAcls": True, "BlockPublicPolicy": "true"}},
            after={"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}},
        ),
        {("security-widened", WARN)},
    ),
    (
        "an internal load balancer made public",
        modify(
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            before={"Scheme": "internal"},
            after={"Scheme": "internet-facing"},
        ),
        {("security-widened", WARN)},
    ),
    (
        "encryption taken away",
        modify("AWS::S3::Bucket", before={"BucketEncryption": {"x": 1}}, after={}),
        {("encryption-removed", WARN)},
    ),
    (
        "HTTPS to HTTP",
        modify("AWS::ElasticLoadBalancingV2::Listener", before={"Protocol": "HTTPS"}, after={"Protocol": "HTTP"}),
        {("encryption-removed", WARN)},
    ),
    (
        "Retain taken away",
        modify(
            EFS,
            before={"x": 1},
            after={"x": 1},
        ),
        set(),
    ),
    (
        "deletion protection switched off",
        modify("AWS::RDS::DBInstance", before={"DeletionProtection": True}, after={}),
        {("protection-removed", WARN)},
    ),
    (
        "a load balancer's protection",
        modify(
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            before={"LoadBalancerAttributes": [{"Key": "deletion_protection.enabled", "Value": "true"}]},
            after={"LoadBalancerAttributes": []},
        ),
        {("protection-removed", WARN)},
    ),
    (
        "backups off",
        modify(EFS, before={"BackupPolicy": {"Status": "ENABLED"}}, after={"BackupPolicy": {"Status": "DISABLED"}}),
        {("protection-removed", WARN)},
    ),
    (
        "a shorter retention",
        modify(
            "AWS::Logs::LogGroup",
            changed("RetentionInDays", "30", "7"),
            before={"RetentionInDays": 30},
            after={"RetentionInDays": 7},
        ),
        {("protection-removed", WARN), ("cost", NOTE)},
    ),
    ("a larger task", modify("AWS::ECS::TaskDefinition", changed("Cpu", "256", "512")), {("cost", NOTE)}),
    (
        "a container's share costs nothing",
        modify("AWS::ECS::TaskDefinition", changed("ContainerDefinitions.0.Cpu")),
        set(),
    ),
    (
        "weights that ECS sets",
        modify(RULE, changed("Actions.0.ForwardConfig.TargetGroups.0.Weight"), owner="Amazon ECS"),
        {("weights-reset", BLOCK)},
    ),
    (
        "another condition of such a rule writes its weights as well",
        modify(RULE, changed("Conditions.0"), owner="Amazon ECS"),
        {("weights-reset", BLOCK)},
    ),
    ("tags too", modify(RULE, changed("Tags", attribute="Tags"), owner="Amazon ECS"), {("weights-reset", BLOCK)}),
    (
        "a change that was not shown",
        modify(RULE, replacement="Conditional", owner="Amazon ECS"),
        {("weights-reset", BLOCK), ("conditional", NOTE)},
    ),
    (
        "metadata never leaves CloudFormation",
        modify(RULE, changed("Metadata", attribute="Metadata"), owner="Amazon ECS"),
        set(),
    ),
    ("a rule that ECS needs", ResourceChange("R", RULE, "Remove", owner="Amazon ECS"), {("weights-reset", BLOCK)}),
    ("a rule that becomes ECS's", ResourceChange("R", RULE, "Add", owner="Amazon ECS"), set()),
    ("a rule of our own", modify(RULE, changed("Actions.0.ForwardConfig.TargetGroups.0.Weight")), set()),
    (
        "another machine image",
        modify(LAUNCH, changed("LaunchTemplateData.ImageId", "ami-1", "ami-2")),
        {("machine-image", WARN)},
    ),
    ("another image tag is no machine image", modify(LAUNCH, changed("LaunchTemplateData.UserData")), set()),
    ("a launch template's own tags", modify(LAUNCH, changed("TagSpecifications", attribute="Tags")), set()),
    ("a group that rolls", group(ROLLING), {("hosts-replaced", NOTE)}),
    (
        "a group that is replaced whole",
        group({**ROLLING, "AutoScalingReplacingUpdate": {"WillReplace": "true"}}),
        {("service-interrupted", NOTE), ("conditional", NOTE)},
    ),
    ("a group that says nothing", group({}), {("service-interrupted", NOTE), ("conditional", NOTE)}),
    ("a group whose hosts stay", modify(GROUP, changed("HealthCheckType"), after={"x": 1}), set()),
    ("a NAT gateway", ResourceChange("N", "AWS::EC2::NatGateway", "Add"), {("cost", NOTE)}),
]


@pytest.mark.parametrize(("change", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_the_rules_say(change, expected):
    """Exactly this, and nothing else."""
    assert said(change) == expected


@pytest.mark.parametrize(
    ("before", "after", "direction"),
    [
        ("256", "512", "raises"),
        ("512", "256", "lowers"),
        ("t3.small", "t3.large", "raises"),
        ("t3.2xlarge", "t3.xlarge", "lowers"),
        ("t3.small", "m5.large", "changes"),
        (None, "512", "changes"),
        ("256", KNOWN_AFTER_APPLY, "changes"),
    ],
)
def test_the_direction_of_the_bill_is_told_only_where_it_is_known(before, after, direction):
    """No price, no guess between families."""
    kind = "AWS::EC2::Instance" if "." in str(before) else "AWS::ECS::TaskDefinition"
    path = "InstanceType" if "." in str(before) else "Cpu"

    assert f"{direction} the bill" in texts(modify(kind, changed(path, before, after)))


def test_a_review_says_what_happens_to_hosts():
    """As the update policy has it: how many at a time, how many stay, how long each has to answer."""
    pair = ROLLING["AutoScalingRollingUpdate"] | {"MaxBatchSize": 2, "WaitOnResourceSignals": False}

    assert texts(group(ROLLING)) == (
        "hosts are replaced one by one, 2 stay in service meanwhile; each has PT20M to say that it is well, "
        "and one that does not brings the version before back"
    )
    assert (
        texts(group({"AutoScalingRollingUpdate": pair}))
        == "hosts are replaced 2 at a time, 2 stay in service meanwhile"
    )
    assert texts(modify(LAUNCH, changed("LaunchTemplateData.ImageId", "ami-1", "ami-2"))) == (
        "new machine image ami-1 -> ami-2: hosts are replaced one by one"
    )


def test_a_new_stack_is_all_additions_and_only_the_dangerous_ones_are_said():
    """Else the review of a creation would be nothing but warnings."""
    group = ResourceChange("G", SG, "Add", after={"Properties": ingress(("tcp", 1, 1, "10.0.0.0/8"))})
    world = ResourceChange("G", SG, "Add", after={"Properties": ingress(("tcp", 22, 22, "0.0.0.0/0"))})
    role = ResourceChange("R", ROLE, "Add", after={"Properties": policy(allow("s3:GetObject"))})
    admin = ResourceChange("R", ROLE, "Add", after={"Properties": policy(allow("*"))})

    assert said(group, "CREATE") == said(role, "CREATE") == set()
    assert said(world, "CREATE") == {("security-widened", WARN)}
    assert said(admin, "CREATE") == {("permissions-widened", WARN)}


def test_retain_taken_away_is_a_warning():
    """The mistake that a later one makes expensive."""
    change = ResourceChange("F", EFS, "Modify", "False", before={"DeletionPolicy": "Retain"}, after={"Properties": {}})

    assert ("protection-removed", WARN) in said(change)


def test_ids_are_stable_and_name_exactly_one_change():
    """People type them, and jobs match on them."""
    found = review(
        stack="data", stack_name="x", operation="UPDATE", changes=[modify(EFS, ENCRYPTED, replacement="True")]
    )

    assert [each.key for each in found.blocking] == ["data-replaced:data/Thing"]
    assert found.blocked_by(frozenset({"data-replaced:data/Other"})) == found.blocking
    assert found.blocked_by(frozenset({"data-replaced:data/Thing"})) == ()
    assert [rule.id for rule in RULES] == [
        "data-replaced",
        "data-deleted",
        "weights-reset",
        "service-interrupted",
        "machine-image",
        "hosts-replaced",
        "traffic-moves",
        "security-widened",
        "permissions-widened",
        "encryption-removed",
        "protection-removed",
        "cost",
        "conditional",
        "unknown-until-applied",
    ]


# What a template says of its listener rules, and whom it makes their owner.
OWNERS = [
    (
        "its own metadata",
        {"Rule": {"Type": RULE, "Metadata": {"Aldeia": {"WeightsBy": "Amazon ECS"}}}},
        {"Rule": "Amazon ECS"},
    ),
    ("metadata of others", {"Rule": {"Type": RULE, "Metadata": {"Note": "x"}}}, {}),
    (
        "a service beside it",
        {
            "Rule": {"Type": RULE},
            "Test": {"Type": RULE},
            "Service": shifting({"Ref": "Rule"}, {"Fn::GetAtt": ["Test", "RuleArn"]}),
        },
        {"Rule": "Amazon ECS (Service)", "Test": "Amazon ECS (Service)"},
    ),
    ("a rule of another stack", {"Service": shifting({"Ref": "RuleArnParameter"})}, {}),
    (
        "a rolling service",
        {"Rule": {"Type": RULE}, "Service": {"Type": "AWS::ECS::Service", "Properties": {"LoadBalancers": [{}]}}},
        {},
    ),
    ("nothing", {}, {}),
]


@pytest.mark.parametrize(("resources", "owners"), [case[1:] for case in OWNERS], ids=[case[0] for case in OWNERS])
def test_a_template_says_which_rules_ecs_owns(resources, owners):
    """The deployed one: what is about to become ECS's may still be changed."""
    changes = [ResourceChange(name, resource["Type"], "Modify") for name, resource in resources.items()]

    found = with_owners(changes, {"Resources": resources})

    assert rule_owners({"Resources": resources}) == owners
    assert {each.logical_id: each.owner for each in found if each.owner} == owners
    assert with_owners(changes, {}) == tuple(changes)


def test_taking_termination_protection_away_is_a_finding():
    """It is a setting of the stack, and no resource change."""
    off = ValueChange("setting", "TerminationProtection", "on", "off")

    found = review(stack="data", stack_name="x", operation="UPDATE", changes=[], values=[off])

    assert [each.rule for each in found.findings] == ["protection-removed"]


def test_literal_secrets_are_masked_before_anything_sees_them():
    """References stay: they tell where the secret is, not what it is."""
    context = {"Properties": {"SecretString": "hush", "Nested": [{"Password": "hush", "AuthToken": {"Ref": "Token"}}]}}
    raw = {
        "LogicalResourceId": "S",
        "ResourceType": "AWS::SecretsManager::Secret",
        "Action": "Modify",
        "AfterContext": json.dumps(context),
        "Details": [
            {"Target": {"Path": "/Properties/SecretString", "BeforeValue": "hush", "AfterValue": "{{resolve:x}}"}},
            {"Target": {"Path": "/Properties/A", "AfterValue": json.dumps({"Password": "hush"})}},
        ],
    }

    (change,) = resource_changes([{"ResourceChange": raw}])

    assert "hush" not in repr(change)
    assert change.properties[0].before == MASK
    assert change.properties[0].after == "{{resolve:x}}"
    assert change.after["Properties"]["Nested"][0]["AuthToken"] == {"Ref": "Token"}


def test_one_path_with_several_causes_is_one_line():
    """CloudFormation lists a path once for each cause."""
    details = [
        {"Target": {"Path": "/Properties/A", "RequiresRecreation": "Never"}, "ChangeSource": "DirectModification"},
        {
            "Target": {"Path": "/Properties/A", "RequiresRecreation": "Always"},
            "ChangeSource": "ParameterReference",
            "CausingEntity": "Size",
            "Evaluation": "Dynamic",
        },
    ]
    raw = {"LogicalResourceId": "S", "ResourceType": "AWS::SNS::Topic", "Action": "Modify", "Details": details}

    (change,) = resource_changes([{"ResourceChange": raw}])

    assert [(each.path, each.recreation, each.causes) for each in change.properties] == [
        ("A", "Always", ("parameter Size",))
    ]


ports = st.integers(0, 65535)
openings = st.builds(
    lambda protocol, ends, source: Opening(protocol, min(ends), max(ends), source),
    st.sampled_from(["tcp", "udp", "-1"]),
    st.tuples(ports, ports),
    st.sampled_from(["0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "::/0", "sg-1"]),
)
grants = st.builds(
    Grant,
    st.sampled_from(["Allow", "Deny"]),
    st.sampled_from(["", "*", "a"]),
    st.sampled_from(["*", "s3:*", "s3:Get*", "s3:GetObject"]),
    st.sampled_from(["*", "arn:x/*", "arn:x/[y]"]),
    st.sampled_from(["", "c"]),
)


@given(st.one_of(st.tuples(openings, openings, openings), st.tuples(grants, grants, grants)))
def test_covering_is_reflexive_and_transitive(three):
    """Else a harmless rearrangement could be called a widening, or a widening harmless."""
    one, other, third = three

    assert one.covers(one)
    if one.covers(other) and other.covers(third):
        assert one.covers(third)
