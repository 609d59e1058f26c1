"""What watches and delivers: monitoring of one environment; registry and delivery of all."""

from aws_cdk import Duration, Stack
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from parts import bucket, publish

GITHUB = "token.actions.githubusercontent.com"
MINUTE = Duration.minutes(1)
FAILED = elb.HttpCodeTarget.TARGET_5XX_COUNT


class RegistryStack(Stack):
    def __init__(self, scope, name, *, system, **properties):
        super().__init__(scope, name, **properties)
        self.repositories = {service: self._repository(service) for service in system["services"]}
        self.artifacts = bucket(
            self,
            "ArtifactsBucket",
            bucket_name=f"aldeia-app-artifacts-{system['account']}",
            encryption=s3.BucketEncryption.S3_MANAGED,
        )
        publish(self, "shared/registry", {"ArtifactsBucketName": self.artifacts.bucket_name})

    def _repository(self, service):
        rule = ecr.LifecycleRule
        return ecr.Repository(
            self,
            f"{service}-repository",
            repository_name=f"aldeia/{service}",
            image_scan_on_push=True,
            image_tag_mutability=ecr.TagMutability.IMMUTABLE,
            lifecycle_rules=[
                rule(
                    rule_priority=1,
                    description="Keep last 10 releases",
                    max_image_count=10,
                    tag_pattern_list=["v*"],
                ),
                rule(rule_priority=2, description="Keep last 10 images", max_image_count=10, tag_pattern_list=["*"]),
                rule(
                    rule_priority=3,
                    description="Delete untagged images",
                    max_image_age=Duration.days(7),
                    tag_status=ecr.TagStatus.UNTAGGED,
                ),
            ],
        )


class DeliveryStack(Stack):
    def __init__(self, scope, name, *, system, **properties):
        super().__init__(scope, name, **properties)
        self.repository = system["repository"]
        self.provider = iam.OidcProviderNative(
            self, "GitHubProvider", url=f"https://{GITHUB}", client_ids=["sts.amazonaws.com"]
        )
        self.policies = {name: self._policy(name, each) for name, each in system["policies"].items()}
        of = self.policies
        self._role("Build", "ref:refs/heads/main", [of["LogInToRegistry"], of["PushImages"]])
        for environment, settings in system["environments"].items():
            change_sets = self._change_sets(environment)
            subject = "ref:refs/heads/main"
            if settings["protected"]:
                self._role(f"{environment}-plan", subject, [change_sets, of["Review"], of["ReadImages"]])
                subject = f"environment:{environment}"
            deploy = [change_sets, of["Review"], of["Execute"], of["ReadImages"]]
            self._role(f"{environment}-deploy", subject, deploy)

    def _policy(self, name, by_resource):
        def filled(arn):
            return arn.replace("{region}", self.region).replace("{account}", self.account)

        statements = [
            iam.PolicyStatement(actions=allowed, resources=[filled(arn)]) for arn, allowed in by_resource.items()
        ]
        return iam.ManagedPolicy(self, f"{name}Policy", statements=statements)

    def _role(self, name, subject, policies):
        claims = {f"{GITHUB}:aud": "sts.amazonaws.com", f"{GITHUB}:sub": f"repo:{self.repository}:{subject}"}
        return iam.Role(
            self,
            f"{name}-role",
            assumed_by=iam.WebIdentityPrincipal(self.provider.oidc_provider_arn, {"StringEquals": claims}),
            managed_policies=policies,
            max_session_duration=Duration.hours(2),
        )

    def _change_sets(self, name):
        """CloudFormation's own role for an environment, and the policy that lets a deployer hand it over."""
        role = iam.Role(
            self,
            f"{name}-cloudformation-role",
            assumed_by=iam.ServicePrincipal(
                "cloudformation.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": self.account}},
            ),
            description=f"CloudFormation's own for {name}: creates what its stacks describe",
            managed_policies=[each for policy, each in self.policies.items() if policy.startswith("Create")],
        )
        publish(self, "shared/delivery", {f"{name}-CloudFormationRoleArn": role.role_arn})
        return iam.ManagedPolicy(
            self,
            f"{name}-change-sets-policy",
            statements=[
                iam.PolicyStatement(
                    actions=["cloudformation:CreateChangeSet"],
                    resources=[f"arn:aws:cloudformation:{self.region}:{self.account}:stack/aldeia-{name}-*/*"],
                    conditions={"ArnEquals": {"cloudformation:RoleArn": role.role_arn}},
                ),
                iam.PolicyStatement(
                    actions=["iam:PassRole"],
                    resources=[role.role_arn],
                    conditions={"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}},
                ),
            ],
        )


class MonitoringStack(Stack):
    def __init__(self, scope, name, *, system, settings, network, data, edge, fargate, ec2, **properties):
        super().__init__(scope, name, **properties)
        self.settings, self.edge, self.fargate, self.ec2, self.data = settings, edge, fargate, ec2, data
        self.topic = sns.Topic(self, "AlarmTopic", master_key=network.key)
        self.topic.add_subscription(subscriptions.EmailSubscription(system["alarmEmail"]))
        for service in ("cloudwatch", "budgets"):
            self.topic.grant_publish(iam.ServicePrincipal(f"{service}.amazonaws.com"))
        self._rules()
        self.alarms, self.release = [], []
        self._alarms()
        self._composite("release", self.release)
        self._composite("environment", self.alarms)
        self._dashboard()
        self._budget()
        publish(self, f"{settings['name']}/monitoring", {"AlarmTopicArn": self.topic.topic_arn})

    def _rules(self):
        cluster = self.fargate.cluster
        deployments = events.EventPattern(
            source=["aws.ecs"],
            detail_type=["ECS Deployment State Change"],
            detail={"eventName": ["SERVICE_DEPLOYMENT_FAILED"]},
        )
        tasks = events.EventPattern(
            source=["aws.ecs"],
            detail_type=["ECS Task State Change"],
            detail={
                "clusterArn": [cluster.cluster_arn],
                "lastStatus": ["STOPPED"],
                "stopCode": ["EssentialContainerExited", "TaskFailedToStart"],
            },
        )
        for name, pattern, what in (
            ("DeploymentFailedRule", deployments, f"A deployment in {cluster.cluster_name} failed"),
            (
                "TaskStoppedRule",
                tasks,
                f"A task in {cluster.cluster_name} stopped by itself or could not start",
            ),
        ):
            events.Rule(self, name, description=what, event_pattern=pattern, targets=[targets.SnsTopic(self.topic)])

    def _both(self, expression, groups, metric_of):
        """Both options' targets as one figure: either may serve."""
        return cloudwatch.MathExpression(
            expression=f"{expression}([FILL(fargate, 0), FILL(ec2, 0)])",
            using_metrics={option: metric_of(group.metrics) for option, group in groups.items()},
            period=MINUTE,
        )

    def _alarm(self, name, metric, threshold, datapoints, periods, *, below=False, release=False):
        operator = cloudwatch.ComparisonOperator
        alarm = cloudwatch.Alarm(
            self,
            f"{name}-alarm",
            alarm_name=f"aldeia-{self.settings['short']}-{name}",
            metric=metric,
            threshold=threshold,
            comparison_operator=operator.LESS_THAN_THRESHOLD if below else operator.GREATER_THAN_THRESHOLD,
            datapoints_to_alarm=datapoints,
            evaluation_periods=periods,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))
        alarm.add_ok_action(actions.SnsAction(self.topic))
        self.alarms.append(alarm)
        if release:
            self.release.append(alarm)

    def _alarms(self):
        failures = self.edge.balancer.metrics.http_code_elb(elb.HttpCodeElb.ELB_5XX_COUNT, period=MINUTE)
        self._alarm("load-balancer-5xx", failures, 10, 3, 5, release=True)
        stored = self._file_system_metric("StorageBytes", StorageClass="Total")
        self._alarm("file-system-size", stored, 20 * 1024**3, 1, 1)
        maximum = {"period": MINUTE, "statistic": "Maximum"}
        for name, groups in self.edge.target_groups.items():
            answers = self._both("SUM", groups, lambda of: of.http_code_target(FAILED, period=MINUTE))
            self._alarm(f"{name}-5xx", answers, 10, 3, 5, release=True)
            unhealthy = self._both("SUM", groups, lambda of: of.unhealthy_host_count(**maximum))
            self._alarm(f"{name}-unhealthy", unhealthy, 0, 3, 5, release=True)
            healthy = self._both("SUM", groups, lambda of: of.healthy_host_count(**maximum))
            self._alarm(f"{name}-no-healthy-host", healthy, 1, 3, 3, below=True)
            latency = self._both("MAX", groups, lambda of: of.target_response_time(period=MINUTE, statistic="p95"))
            self._alarm(f"{name}-latency", latency, 2, 15, 20)
        for name, service in self.fargate.services.items():
            self._alarm(f"{name}-cpu", service.metric_cpu_utilization(period=MINUTE), 90, 15, 15)
            self._alarm(f"{name}-memory", service.metric_memory_utilization(period=MINUTE), 90, 15, 15)

    def _composite(self, name, alarms):
        rules = [cloudwatch.AlarmRule.from_alarm(alarm, cloudwatch.AlarmState.ALARM) for alarm in alarms]
        return cloudwatch.CompositeAlarm(
            self,
            f"{name}-composite-alarm",
            composite_alarm_name=f"aldeia-{self.settings['short']}-{name}",
            alarm_rule=cloudwatch.AlarmRule.any_of(*rules),
        )

    def _file_system_metric(self, name, **dimensions):
        return cloudwatch.Metric(
            namespace="AWS/EFS",
            metric_name=name,
            dimensions_map={"FileSystemId": self.data.file_system.file_system_id, **dimensions},
            period=Duration.minutes(15),
        )

    def _host_metric(self, namespace, name):
        dimensions = {"AutoScalingGroupName": self.ec2.group.auto_scaling_group_name}
        return cloudwatch.Metric(namespace=namespace, metric_name=name, dimensions_map=dimensions)

    def _dashboard(self):
        groups = [each for options in self.edge.target_groups.values() for each in options.values()]
        services = self.fargate.services.values()
        graphs = {
            "Requests": [each.metrics.request_count() for each in groups],
            "Answers with 5xx": [each.metrics.http_code_target(FAILED) for each in groups],
            "Latency, p95": [each.metrics.target_response_time(statistic="p95") for each in groups],
            "Healthy targets": [each.metrics.healthy_host_count() for each in groups],
            "CPU of tasks on Fargate": [each.metric_cpu_utilization() for each in services],
            "Memory of tasks on Fargate": [each.metric_memory_utilization() for each in services],
            "CPU of hosts": [self._host_metric("AWS/EC2", "CPUUtilization")],
            "Memory of hosts": [self._host_metric("CWAgent", "mem_used_percent")],
            "Disk of hosts": [self._host_metric("CWAgent", "disk_used_percent")],
            "Size of the file system": [self._file_system_metric("StorageBytes", StorageClass="Total")],
            "Clients of the file system": [self._file_system_metric("ClientConnections")],
        }
        board = cloudwatch.Dashboard(self, "Dashboard", dashboard_name=f"aldeia-{self.settings['short']}")
        board.add_widgets(cloudwatch.AlarmStatusWidget(title="Alarms", alarms=self.alarms, width=24))
        board.add_widgets(*(cloudwatch.GraphWidget(title=title, left=left, width=8) for title, left in graphs.items()))

    def _budget(self):
        of = budgets.CfnBudget
        subscribers = [of.SubscriberProperty(subscription_type="SNS", address=self.topic.topic_arn)]
        notifications = [
            of.NotificationWithSubscribersProperty(
                notification=of.NotificationProperty(
                    notification_type=kind,
                    threshold=threshold,
                    comparison_operator="GREATER_THAN",
                    threshold_type="PERCENTAGE",
                ),
                subscribers=subscribers,
            )
            for kind, threshold in (("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100))
        ]
        budgets.CfnBudget(
            self,
            "MonthlyBudget",
            budget=of.BudgetDataProperty(
                budget_name=f"aldeia-{self.settings['name']}",
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=of.SpendProperty(amount=self.settings["monthlyBudget"], unit="USD"),
                cost_filters={"TagKeyValue": [f"user:Environment${self.settings['name']}"]},
            ),
            notifications_with_subscribers=notifications,
        )
