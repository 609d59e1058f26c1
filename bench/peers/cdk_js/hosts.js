// The other compute option of an environment: EC2 hosts that run its services with Docker Compose.
'use strict';

const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const {
  Duration, Stack,
  aws_autoscaling: autoscaling, aws_cloudwatch: cloudwatch, aws_ec2: ec2, aws_iam: iam,
} = require('aws-cdk-lib');
const { publish, logGroup, grantMount, filled } = require('./parts');

const HOST_SCRIPT = readFileSync(join(__dirname, '..', 'host.sh'), 'utf8');

class Ec2Stack extends Stack {
  constructor(scope, id, { system, settings, network, data, edge, registry, ...properties }) {
    super(scope, id, properties);
    Object.assign(this, { system, settings, network, data, registry });
    logGroup(this, 'HostLogGroup', settings, network.key, `/aws/ec2/aldeia-${settings.name}`);
    const served = Object.keys(edge.targetGroups);
    const onHost = settings.dataHost ? served : Object.keys(system.services);
    this.group = this.hostGroup('Host', settings.host, network.groups.Host, onHost, 'application');
    for (const groups of Object.values(edge.targetGroups)) this.group.attachToApplicationTargetGroup(groups.ec2);
    if (settings.host.maximum > settings.host.minimum) this.scale(settings);
    if (settings.dataHost) {
      const size = { ...settings.host, minimum: 1, maximum: 1 };
      this.hostGroup('DataHost', size, network.groups.Chromadb, ['chromadb'], 'data');
    }
    publish(this, `${settings.name}/ec2`, { HostGroupName: this.group.autoScalingGroupName });
  }

  hostGroup(name, size, securityGroup, services, profile) {
    const { system, settings, network } = this;
    const userData = ec2.UserData.forLinux();
    userData.addCommands(filled(HOST_SCRIPT, { ...system, environment: settings.name, profile }));
    const group = new autoscaling.AutoScalingGroup(this, `${name}Group`, {
      vpc: network.vpc,
      vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
      launchTemplate: this.launchTemplate(name, size, securityGroup, this.role(name, services), userData),
      minCapacity: size.minimum,
      maxCapacity: size.maximum,
      groupMetrics: [autoscaling.GroupMetrics.all()],
      healthChecks: services.includes('backend')
        ? autoscaling.HealthChecks.withAdditionalChecks({
          additionalTypes: [autoscaling.AdditionalHealthCheckType.ELB],
          gracePeriod: Duration.minutes(15),
        })
        : autoscaling.HealthChecks.ec2({ gracePeriod: Duration.minutes(15) }),
      signals: autoscaling.Signals.waitForMinCapacity({ timeout: Duration.minutes(20) }),
      updatePolicy: autoscaling.UpdatePolicy.rollingUpdate({
        maxBatchSize: 1,
        minInstancesInService: size.maximum > size.minimum ? size.minimum : 0,
        pauseTime: Duration.minutes(20),
        waitOnResourceSignals: true,
      }),
    });
    userData.addSignalOnExitCommand(group);
    return group;
  }

  launchTemplate(name, size, securityGroup, role, userData) {
    return new ec2.LaunchTemplate(this, `${name}LaunchTemplate`, {
      machineImage: ec2.MachineImage.fromSsmParameter(
        '/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id',
        { os: ec2.OperatingSystemType.LINUX, userData },
      ),
      instanceType: new ec2.InstanceType(size.instanceType),
      role,
      securityGroup,
      userData,
      blockDevices: [{
        deviceName: '/dev/sda1',
        volume: ec2.BlockDeviceVolume.ebs(size.volumeGib, { encrypted: true, volumeType: ec2.EbsDeviceVolumeType.GP3 }),
      }],
      cpuCredits: ec2.CpuCredits.UNLIMITED,
      detailedMonitoring: true,
      requireImdsv2: true,
      httpPutResponseHopLimit: 1,
    });
  }

  role(name, services) {
    const { data, registry } = this;
    const role = new iam.Role(this, `${name}Role`, {
      assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com'),
      description: `What a ${name} of ${this.settings.name} may do`,
      managedPolicies: ['AmazonSSMManagedInstanceCore', 'CloudWatchAgentServerPolicy'].map(
        (each) => iam.ManagedPolicy.fromAwsManagedPolicyName(each)),
    });
    registry.artifacts.grantRead(role);
    for (const service of services) registry.repositories[service].grantPull(role);
    if (services.includes('backend')) Object.values(data.secrets).forEach((secret) => secret.grantRead(role));
    if (services.includes('chromadb')) grantMount(role, data);
    return role;
  }

  scale(settings) {
    const metric = new cloudwatch.Metric({
      namespace: 'AWS/EC2',
      metricName: 'CPUUtilization',
      dimensionsMap: { AutoScalingGroupName: this.group.autoScalingGroupName },
      period: Duration.minutes(1),
    });
    this.group.scaleOnMetric('Cpu', {
      metric,
      scalingSteps: [{ upper: 30, change: -1 }, { lower: 70, change: 1 }],
      adjustmentType: autoscaling.AdjustmentType.CHANGE_IN_CAPACITY,
      evaluationPeriods: 5,
      estimatedInstanceWarmup: Duration.minutes(5),
    });
  }
}

module.exports = { Ec2Stack };
