"""What protects an environment for money: a firewall and private endpoints, with their prices.

In: literals. Out: frozen values, each checked when it is made: a fault raises ModelError with the field, what was found and what
would be right. The customer managed key needs no numbers: it is a field of `Environment` alone.
"""

from dataclasses import dataclass
from enum import StrEnum

from generator.errors import ModelError

# WAF developer guide, "Baseline rule groups", AWSManagedRulesCommonRuleSet: its rules, by the names that an override takes.
COMMON_RULES = (
    "NoUserAgent_HEADER",
    "UserAgent_BadBots_HEADER",
    "SizeRestrictions_QUERYSTRING",
    "SizeRestrictions_Cookie_HEADER",
    "SizeRestrictions_BODY",
    "SizeRestrictions_URIPATH",
    "EC2MetaDataSSRF_BODY",
    "EC2MetaDataSSRF_COOKIE",
    "EC2MetaDataSSRF_URIPATH",
    "EC2MetaDataSSRF_QUERYARGUMENTS",
    "GenericLFI_QUERYARGUMENTS",
    "GenericLFI_URIPATH",
    "GenericLFI_BODY",
    "RestrictedExtensions_URIPATH",
    "RestrictedExtensions_QUERYARGUMENTS",
    "GenericRFI_QUERYARGUMENTS",
    "GenericRFI_BODY",
    "GenericRFI_URIPATH",
    "CrossSiteScripting_COOKIE",
    "CrossSiteScripting_QUERYARGUMENTS",
    "CrossSiteScripting_BODY",
    "CrossSiteScripting_URIPATH",
)


@dataclass(frozen=True, kw_only=True)
class Firewall:
    """AWS WAF before the load balancer: three of AWS's rule groups, and a limit of requests for each address.

    $9.00 a month and $0.60 for each million requests, in every region: $5.00 for the web ACL, $1.00 for each of its four rules
    (AWS WAF pricing, read in 2026-11). Its log keeps what was blocked or counted, at the price of CloudWatch Logs.

    `requests_per_address` is the most that one address may send in five minutes; what comes above is blocked (WAF API reference,
    RateBasedStatement: 10 to 2,000,000,000). `counted` are rules of AWSManagedRulesCommonRuleSet that count and do not block:
    by default those that a chat trips over by what it is, a body above 8 KB and a message that holds markup.
    """

    requests_per_address: int = 2000
    counted: tuple[str, ...] = ("SizeRestrictions_BODY", "CrossSiteScripting_BODY")

    def __post_init__(self) -> None:
        if not 10 <= self.requests_per_address <= 2_000_000_000:
            raise ModelError(
                "Firewall.requests_per_address",
                self.requests_per_address,
                "WAF takes 10 to 2000000000 requests in five minutes",
            )
        for name in self.counted:
            if name not in COMMON_RULES:
                right = f"AWSManagedRulesCommonRuleSet has {', '.join(COMMON_RULES)}"
                raise ModelError("Firewall.counted", name, right)
        if len(set(self.counted)) < len(self.counted):
            raise ModelError("Firewall.counted", self.counted, "name each rule once")


class Endpoint(StrEnum):
    """A service of AWS that the private subnets may reach without the NAT gateway; the value is its name in `ServiceName`.

    Each costs $7.30 a month and zone ($0.01 an hour), and $0.01 a GB, in us-east-1 (AWS PrivateLink pricing, read in 2026-11).
    """

    CLOUDFORMATION = "cloudformation"
    CLOUD_MAP = "servicediscovery"
    EC2_MESSAGES = "ec2messages"
    ECR_API = "ecr.api"
    ECR_IMAGES = "ecr.dkr"
    LOGS = "logs"
    METRICS = "monitoring"
    SECRETS = "secretsmanager"
    SSM = "ssm"
    SSM_MESSAGES = "ssmmessages"


# What starting a task asks for (ECS developer guide, "Amazon ECS interface VPC endpoints"; image layers come from S3, whose
# gateway endpoint is always there and free). ECS Exec needs the last.
FARGATE_ENDPOINTS = (
    Endpoint.ECR_API,
    Endpoint.ECR_IMAGES,
    Endpoint.LOGS,
    Endpoint.SECRETS,
    Endpoint.SSM_MESSAGES,
)

# What a host asks for: its session (Systems Manager guide, "VPC endpoints for Systems Manager"), its images, its secrets, the
# agent's metrics and logs, its signal to CloudFormation, and the private name of a service with data.
EC2_ENDPOINTS = (
    Endpoint.CLOUDFORMATION,
    Endpoint.CLOUD_MAP,
    Endpoint.EC2_MESSAGES,
    Endpoint.ECR_API,
    Endpoint.ECR_IMAGES,
    Endpoint.LOGS,
    Endpoint.METRICS,
    Endpoint.SECRETS,
    Endpoint.SSM,
    Endpoint.SSM_MESSAGES,
)


def check_endpoints(where: str, endpoints: tuple[Endpoint, ...], used: frozenset[Endpoint]) -> None:
    """Refuse what would be paid for in vain: the same endpoint twice, one that nothing here calls, half of ECR."""
    if len(set(endpoints)) < len(endpoints):
        raise ModelError(where, [each.value for each in endpoints], "name each endpoint once")
    for each in endpoints:
        if each not in used:
            right = f"none of the environment's options calls it; they call {', '.join(sorted(used))}"
            raise ModelError(where, each.value, right)
    halves = {Endpoint.ECR_API, Endpoint.ECR_IMAGES} & set(endpoints)
    if len(halves) == 1:
        right = "a pull asks both ecr.api and ecr.dkr: name both or neither"
        raise ModelError(where, next(iter(halves)).value, right)
