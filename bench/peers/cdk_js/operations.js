// What watches and delivers: monitoring of one environment; registry and delivery of all.
'use strict';

const {
  Duration, Stack,
  aws_budgets: budgets, aws_cloudwatch: cloudwatch, aws_cloudwatch_actions: actions, aws_ecr: ecr, aws_elasticloadbalancingv2: elb,
  aws_events: events, aws_events_targets: targets, aws_iam: iam, aws_s3: s3, aws_sns: sns, aws_sns_subscriptions: subscriptions,
} = require('aws-cdk-lib');
const { publish, bucket } = require('./parts');

const GITHUB = 'token.actions.githubusercontent.com';
const MINUTE = Duration.minutes(1);

class RegistryStack extends Stack {
  constructor(scope, id, { system, ...properties }) {
    super(scope, id, properties);
    this.repositories = {};
    for (const name of Object.keys(system.services)) {
      this.repositories[name] = new ecr.Repository(this, `${name}-repository`, {
        repositoryName: `aldeia/${name}`,
        imageScanOnPush: true,
        imageTagMutability: ecr.TagMutability.IMMUTABLE,
        lifecycleRules: [
          { rulePriority: 1, description: 'Keep last 10 releases', maxImageCount: 10, tagPatternList: ['v*'] },
          { rulePriority: 2, description: 'Keep last 10 images', maxImageCount: 10, tagPatternList: ['*'] },
          { rulePriority: 3, description: 'Delete untagged images', maxImageAge: Duration.days(7), tagStatus: ecr.TagStatus.UNTAGGED },
        ],
      });
    }
    this.artifacts = bucket(this, 'ArtifactsBucket', {
      bucketName: `aldeia-app-artifacts-${system.account}`,
      encryption: s3.BucketEncryption.S3_MANAGED,
    });
    publish(this, 'shared/registry', { ArtifactsBucketName: this.artifacts.bucketName });
  }
}

class DeliveryStack extends Stack {
  constructor(scope, id, { system, ...properties }) {
    super(scope, id, properties);
    this.system = system;
    this.provider = new iam.OidcProviderNative(this, 'GitHubProvider', { url: `https://${GITHUB}`, clientIds: ['sts.amazonaws.com'] });
    this.policies = {};
    for (const [name, byResource] of Object.entries(system.policies)) this.policies[name] = this.policy(name, byResource);
    const { LogInToRegistry, PushImages, ReadImages, Review, Execute } = this.policies;
    this.role('Build', 'ref:refs/heads/main', [LogInToRegistry, PushImages]);
    for (const [name, settings] of Object.entries(system.environments)) {
      const changeSets = this.changeSets(name);
      if (settings.protected) this.role(`${name}-plan`, 'ref:refs/heads/main', [changeSets, Review, ReadImages]);
      const subject = settings.protected ? `environment:${name}` : 'ref:refs/heads/main';
      this.role(`${name}-deploy`, subject, [changeSets, Review, Execute, ReadImages]);
    }
  }

  policy(name, byResource) {
    const filled = (arn) => arn.replace('{region}', this.region).replace('{account}', this.account);
    return new iam.ManagedPolicy(this, `${name}Policy`, {
      statements: Object.entries(byResource).map(
        ([resource, allowed]) => new iam.PolicyStatement({ actions: allowed, resources: [filled(resource)] })),
    });
  }

  role(name, subject, managedPolicies) {
    return new iam.Role(this, `${name}-role`, {
      assumedBy: new iam.WebIdentityPrincipal(this.provider.oidcProviderArn, {
        StringEquals: { [`${GITHUB}:aud`]: 'sts.amazonaws.com', [`${GITHUB}:sub`]: `repo:${this.system.repository}:${subject}` },
      }),
      managedPolicies,
      maxSessionDuration: Duration.hours(2),
    });
  }

  // CloudFormation's own role for an environment, and the policy that lets a deployer hand it over.
  changeSets(name) {
    const stacks = `arn:aws:cloudformation:${this.region}:${this.account}:stack/aldeia-${name}-*/*`;
    const role = new iam.Role(this, `${name}-cloudformation-role`, {
      assumedBy: new iam.ServicePrincipal('cloudformation.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      }),
      description: `CloudFormation's own for ${name}: creates what its stacks describe`,
      managedPolicies: Object.entries(this.policies).filter(([policy]) => policy.startsWith('Create')).map(([, policy]) => policy),
    });
    publish(this, 'shared/delivery', { [`${name}-CloudFormationRoleArn`]: role.roleArn });
    return new iam.ManagedPolicy(this, `${name}-change-sets-policy`, {
      statements: [
        new iam.PolicyStatement({
          actions: ['cloudformation:CreateChangeSet'],
          resources: [stacks],
          conditions: { ArnEquals: { 'cloudformation:RoleArn': role.roleArn } },
        }),
        new iam.PolicyStatement({
          actions: ['iam:PassRole'],
          resources: [role.roleArn],
          conditions: { StringEquals: { 'iam:PassedToService': 'cloudformation.amazonaws.com' } },
        }),
      ],
    });
  }
}

class MonitoringStack extends Stack {
  constructor(scope, id, { system, settings, network, data, edge, fargate, ec2, ...properties }) {
    super(scope, id, properties);
    Object.assign(this, { settings, edge, fargate, ec2, data });
    this.topic = new sns.Topic(this, 'AlarmTopic', { masterKey: network.key });
    this.topic.addSubscription(new subscriptions.EmailSubscription(system.alarmEmail));
    for (const service of ['cloudwatch', 'budgets']) this.topic.grantPublish(new iam.ServicePrincipal(`${service}.amazonaws.com`));
    this.rules();
    const alarms = this.alarms();
    this.composite('release', alarms.filter((alarm) => alarm.release));
    this.composite('environment', alarms);
    this.dashboard(alarms.map(({ alarm }) => alarm));
    this.budget();
    publish(this, `${settings.name}/monitoring`, { AlarmTopicArn: this.topic.topicArn });
  }

  rules() {
    const { clusterArn, clusterName } = this.fargate.cluster;
    const rule = (id, description, eventPattern) =>
      new events.Rule(this, id, { description, eventPattern, targets: [new targets.SnsTopic(this.topic)] });
    rule('DeploymentFailedRule', `A deployment in ${clusterName} failed`, {
      source: ['aws.ecs'],
      detailType: ['ECS Deployment State Change'],
      detail: { eventName: ['SERVICE_DEPLOYMENT_FAILED'] },
    });
    rule('TaskStoppedRule', `A task in ${clusterName} stopped by itself or could not start`, {
      source: ['aws.ecs'],
      detailType: ['ECS Task State Change'],
      detail: { clusterArn: [clusterArn], lastStatus: ['STOPPED'], stopCode: ['EssentialContainerExited', 'TaskFailedToStart'] },
    });
  }

  // Both options' targets as one figure: either may serve.
  both(expression, groups, metricOf) {
    return new cloudwatch.MathExpression({
      expression: `${expression}([FILL(fargate, 0), FILL(ec2, 0)])`,
      usingMetrics: { fargate: metricOf(groups.fargate.metrics), ec2: metricOf(groups.ec2.metrics) },
      period: MINUTE,
    });
  }

  alarms() {
    const above = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD;
    const below = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD;
    const made = [];
    const add = (name, metric, threshold, [datapoints, periods], { comparison = above, release = false } = {}) => {
      const alarm = new cloudwatch.Alarm(this, `${name}-alarm`, {
        alarmName: `aldeia-${this.settings.short}-${name}`,
        metric,
        threshold,
        comparisonOperator: comparison,
        datapointsToAlarm: datapoints,
        evaluationPeriods: periods,
        treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
      });
      alarm.addAlarmAction(new actions.SnsAction(this.topic));
      alarm.addOkAction(new actions.SnsAction(this.topic));
      made.push({ alarm, release });
    };
    const failures = this.edge.balancer.metrics.httpCodeElb(elb.HttpCodeElb.ELB_5XX_COUNT, { period: MINUTE });
    add('load-balancer-5xx', failures, 10, [3, 5], { release: true });
    add('file-system-size', this.fileSystemMetric('StorageBytes', { StorageClass: 'Total' }), 20 * 1024 ** 3, [1, 1]);
    for (const [name, groups] of Object.entries(this.edge.targetGroups)) {
      const answers = this.both('SUM', groups, (of) => of.httpCodeTarget(elb.HttpCodeTarget.TARGET_5XX_COUNT, { period: MINUTE }));
      add(`${name}-5xx`, answers, 10, [3, 5], { release: true });
      const unhealthy = this.both('SUM', groups, (of) => of.unhealthyHostCount({ period: MINUTE, statistic: 'Maximum' }));
      add(`${name}-unhealthy`, unhealthy, 0, [3, 5], { release: true });
      const healthy = this.both('SUM', groups, (of) => of.healthyHostCount({ period: MINUTE, statistic: 'Maximum' }));
      add(`${name}-no-healthy-host`, healthy, 1, [3, 3], { comparison: below });
      const latency = this.both('MAX', groups, (of) => of.targetResponseTime({ period: MINUTE, statistic: 'p95' }));
      add(`${name}-latency`, latency, 2, [15, 20]);
    }
    for (const [name, service] of Object.entries(this.fargate.services)) {
      add(`${name}-cpu`, service.metricCpuUtilization({ period: MINUTE }), 90, [15, 15]);
      add(`${name}-memory`, service.metricMemoryUtilization({ period: MINUTE }), 90, [15, 15]);
    }
    return made;
  }

  composite(name, alarms) {
    return new cloudwatch.CompositeAlarm(this, `${name}-composite-alarm`, {
      compositeAlarmName: `aldeia-${this.settings.short}-${name}`,
      alarmRule: cloudwatch.AlarmRule.anyOf(
        ...alarms.map(({ alarm }) => cloudwatch.AlarmRule.fromAlarm(alarm, cloudwatch.AlarmState.ALARM))),
    });
  }

  fileSystemMetric(metricName, dimensions = {}) {
    const dimensionsMap = { FileSystemId: this.data.fileSystem.fileSystemId, ...dimensions };
    return new cloudwatch.Metric({ namespace: 'AWS/EFS', metricName, dimensionsMap, period: Duration.minutes(15) });
  }

  hostMetric(namespace, metricName) {
    const dimensionsMap = { AutoScalingGroupName: this.ec2.group.autoScalingGroupName };
    return new cloudwatch.Metric({ namespace, metricName, dimensionsMap });
  }

  dashboard(alarms) {
    const groups = Object.values(this.edge.targetGroups).flatMap(Object.values);
    const services = Object.values(this.fargate.services);
    const graphs = {
      Requests: groups.map((each) => each.metrics.requestCount()),
      'Answers with 5xx': groups.map((each) => each.metrics.httpCodeTarget(elb.HttpCodeTarget.TARGET_5XX_COUNT)),
      'Latency, p95': groups.map((each) => each.metrics.targetResponseTime({ statistic: 'p95' })),
      'Healthy targets': groups.map((each) => each.metrics.healthyHostCount()),
      'CPU of tasks on Fargate': services.map((each) => each.metricCpuUtilization()),
      'Memory of tasks on Fargate': services.map((each) => each.metricMemoryUtilization()),
      'CPU of hosts': [this.hostMetric('AWS/EC2', 'CPUUtilization')],
      'Memory of hosts': [this.hostMetric('CWAgent', 'mem_used_percent')],
      'Disk of hosts': [this.hostMetric('CWAgent', 'disk_used_percent')],
      'Size of the file system': [this.fileSystemMetric('StorageBytes', { StorageClass: 'Total' })],
      'Clients of the file system': [this.fileSystemMetric('ClientConnections')],
    };
    const dashboard = new cloudwatch.Dashboard(this, 'Dashboard', { dashboardName: `aldeia-${this.settings.short}` });
    dashboard.addWidgets(new cloudwatch.AlarmStatusWidget({ title: 'Alarms', alarms, width: 24 }));
    dashboard.addWidgets(...Object.entries(graphs).map(([title, left]) => new cloudwatch.GraphWidget({ title, left, width: 8 })));
  }

  budget() {
    const subscribers = [{ subscriptionType: 'SNS', address: this.topic.topicArn }];
    new budgets.CfnBudget(this, 'MonthlyBudget', {
      budget: {
        budgetName: `aldeia-${this.settings.name}`,
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        budgetLimit: { amount: this.settings.monthlyBudget, unit: 'USD' },
        costFilters: { TagKeyValue: [`user:Environment$${this.settings.name}`] },
      },
      notificationsWithSubscribers: [['ACTUAL', 80], ['ACTUAL', 100], ['FORECASTED', 100]].map(([notificationType, threshold]) => ({
        notification: { notificationType, threshold, comparisonOperator: 'GREATER_THAN', thresholdType: 'PERCENTAGE' },
        subscribers,
      })),
    });
  }
}

module.exports = { RegistryStack, DeliveryStack, MonitoringStack };
