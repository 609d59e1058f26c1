// The first compute option of an environment: its services on ECS Fargate.
'use strict';

const {
  CfnParameter, Duration, Size, Stack,
  aws_cloudwatch: cloudwatch, aws_ec2: ec2, aws_ecs: ecs, aws_elasticloadbalancingv2: elb, aws_iam: iam,
  aws_servicediscovery: discovery,
} = require('aws-cdk-lib');
const { publish, logGroup, grantMount, filled } = require('./parts');

const title = (name) => name[0].toUpperCase() + name.slice(1);

class FargateStack extends Stack {
  constructor(scope, id, { system, settings, network, data, edge, registry, ...properties }) {
    super(scope, id, properties);
    Object.assign(this, { system, settings, network, data, edge, registry });
    this.cluster = this.makeCluster();
    this.services = {};
    for (const [name, service] of Object.entries(system.services)) {
      this.services[name] = this.makeService(name, service);
    }
    const names = Object.entries(this.services).map(([name, service]) => [`${title(name)}ServiceName`, service.serviceName]);
    publish(this, `${settings.name}/fargate`, { ClusterName: this.cluster.clusterName, ...Object.fromEntries(names) });
  }

  makeCluster() {
    const { settings, network } = this;
    return new ecs.Cluster(this, 'Cluster', {
      vpc: network.vpc,
      clusterName: `aldeia-${settings.short}-cluster`,
      containerInsightsV2: settings.protected ? ecs.ContainerInsights.ENHANCED : ecs.ContainerInsights.DISABLED,
      enableFargateCapacityProviders: true,
      executeCommandConfiguration: settings.executeCommand
        ? {
          logging: ecs.ExecuteCommandLogging.OVERRIDE,
          logConfiguration: {
            cloudWatchLogGroup: logGroup(this, 'ShellLogGroup', settings, network.key, `/ecs/aldeia-${settings.short}-shell`),
          },
        }
        : undefined,
    });
  }

  makeService(name, service) {
    const { settings, network, data, edge } = this;
    const size = settings.tasks[name];
    const targets = edge.targetGroups[name]?.fargate;
    const made = new ecs.FargateService(this, `${name}-service`, {
      cluster: this.cluster,
      serviceName: `aldeia-${settings.short}-${name}`,
      taskDefinition: this.taskDefinition(name, service, size),
      // Where a policy scales the service, an update leaves its number alone.
      desiredCount: size.maximum > size.minimum ? undefined : size.minimum,
      capacityProviderStrategies: [{ capacityProvider: 'FARGATE', base: 1, weight: 1 }],
      securityGroups: [network.groups[title(name)]],
      vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
      circuitBreaker: { enable: true, rollback: true },
      deploymentAlarms: targets && {
        alarmNames: this.deploymentAlarms(name, targets),
        behavior: ecs.AlarmBehavior.ROLLBACK_ON_ALARM,
      },
      minHealthyPercent: targets ? 100 : 0,
      maxHealthyPercent: targets ? 200 : 100,
      healthCheckGracePeriod: targets && Duration.seconds(60),
      enableExecuteCommand: settings.executeCommand,
      enableECSManagedTags: true,
      propagateTags: ecs.PropagatedTagSource.SERVICE,
      cloudMapOptions: targets && {
        cloudMapNamespace: network.namespace,
        name,
        dnsRecordType: discovery.DnsRecordType.A,
        dnsTtl: Duration.seconds(10),
      },
    });
    if (targets) made.attachToApplicationTargetGroup(targets);
    else made.associateCloudMapService({ service: data.discovery });
    if (size.maximum > size.minimum) this.scale(made, size, targets);
    return made;
  }

  taskDefinition(name, service, size) {
    const { settings, network, data } = this;
    const definition = new ecs.FargateTaskDefinition(this, `${name}-task`, {
      family: `aldeia-${settings.short}-${name}`,
      cpu: size.cpu,
      memoryLimitMiB: size.memory,
      runtimePlatform: { cpuArchitecture: ecs.CpuArchitecture.X86_64, operatingSystemFamily: ecs.OperatingSystemFamily.LINUX },
    });
    const linuxParameters = new ecs.LinuxParameters(this, `${name}-linux`, { initProcessEnabled: true });
    linuxParameters.dropCapabilities(ecs.Capability.ALL);
    const values = { environment: settings.name, domain: settings.domain };
    const container = definition.addContainer(name, {
      image: ecs.ContainerImage.fromEcrRepository(this.registry.repositories[name], this.tag(name, service)),
      command: service.command,
      portMappings: [{ containerPort: service.port }],
      memoryLimitMiB: size.memory,
      readonlyRootFilesystem: service.writable.length > 0,
      linuxParameters,
      environment: Object.fromEntries(Object.entries(service.environment).map(([key, value]) => [key, filled(value, values)])),
      secrets: Object.fromEntries(Object.entries(service.secrets).map(
        ([key, secret]) => [key, ecs.Secret.fromSecretsManager(data.secrets[secret], key)])),
      healthCheck: {
        command: service.check,
        interval: Duration.seconds(30),
        retries: 3,
        startPeriod: Duration.seconds(service.startPeriod),
        timeout: Duration.seconds(5),
      },
      logging: ecs.LogDrivers.awsLogs({
        logGroup: logGroup(this, `${name}-logs`, settings, network.key, `/ecs/aldeia-${settings.short}-${name}`),
        streamPrefix: 'ecs',
        mode: ecs.AwsLogDriverMode.NON_BLOCKING,
        maxBufferSize: Size.mebibytes(25),
      }),
    });
    service.writable.forEach((containerPath, index) => {
      definition.addVolume({ name: `scratch-${index}` });
      container.addMountPoints({ containerPath, sourceVolume: `scratch-${index}`, readOnly: false });
    });
    if (name === 'backend') this.grantBackend(definition.taskRole);
    if (name === 'chromadb') this.addData(definition, container);
    return definition;
  }

  tag(name, service) {
    return service.tag ?? new CfnParameter(this, `${name}-image-tag`, { default: 'latest' }).valueAsString;
  }

  grantBackend(role) {
    this.data.backups.grantReadWrite(role);
    role.addToPrincipalPolicy(new iam.PolicyStatement({
      actions: ['ses:SendEmail', 'ses:SendRawEmail'],
      resources: [`arn:aws:ses:${this.region}:${this.account}:identity/aldeia.com`],
      conditions: { StringLike: { 'ses:FromAddress': '*@aldeia.com' } },
    }));
  }

  addData(definition, container) {
    const { fileSystem, accessPoint } = this.data;
    definition.addVolume({
      name: 'data',
      efsVolumeConfiguration: {
        fileSystemId: fileSystem.fileSystemId,
        transitEncryption: 'ENABLED',
        authorizationConfig: { accessPointId: accessPoint.accessPointId, iam: 'ENABLED' },
      },
    });
    container.addMountPoints({ containerPath: '/data', sourceVolume: 'data', readOnly: false });
    grantMount(definition.taskRole, this.data);
  }

  deploymentAlarms(name, targets) {
    const metrics = {
      '5xx': [targets.metrics.httpCodeTarget(elb.HttpCodeTarget.TARGET_5XX_COUNT, { period: Duration.minutes(1) }), 10],
      unhealthy: [targets.metrics.unhealthyHostCount({ period: Duration.minutes(1), statistic: 'Maximum' }), 0],
    };
    return Object.entries(metrics).map(([kind, [metric, threshold]]) => {
      const alarmName = `aldeia-${this.settings.short}-${name}-deployment-${kind}`;
      new cloudwatch.Alarm(this, `${name}-deployment-${kind}`, {
        alarmName,
        alarmDescription: `Sends a deployment of ${name} back to the version before`,
        metric,
        threshold,
        comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
        datapointsToAlarm: 2,
        evaluationPeriods: 3,
        treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
      });
      return alarmName;
    });
  }

  scale(service, size, targetGroup) {
    const cooldowns = { scaleInCooldown: Duration.seconds(300), scaleOutCooldown: Duration.seconds(60) };
    const count = service.autoScaleTaskCount({ minCapacity: size.minimum, maxCapacity: size.maximum });
    count.scaleOnCpuUtilization('Cpu', { targetUtilizationPercent: 70, ...cooldowns });
    count.scaleOnMemoryUtilization('Memory', { targetUtilizationPercent: 80, ...cooldowns });
    count.scaleOnRequestCount('Requests', { requestsPerTarget: 1000, targetGroup, ...cooldowns });
  }
}

module.exports = { FargateStack };
