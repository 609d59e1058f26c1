// Network and data of one environment.
'use strict';

const {
  Duration, RemovalPolicy, Stack,
  aws_ec2: ec2, aws_efs: efs, aws_iam: iam, aws_kms: kms, aws_s3: s3, aws_secretsmanager: secretsmanager,
  aws_servicediscovery: discovery,
} = require('aws-cdk-lib');
const { publish, logGroup, bucket } = require('./parts');

class NetworkStack extends Stack {
  constructor(scope, id, { system, settings, ...properties }) {
    super(scope, id, properties);
    this.vpc = new ec2.Vpc(this, 'Vpc', {
      ipAddresses: ec2.IpAddresses.cidr(settings.cidr),
      availabilityZones: ['a', 'b'].map((zone) => system.region + zone),
      natGateways: settings.natGateways,
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [
        { name: 'Public', subnetType: ec2.SubnetType.PUBLIC, cidrMask: 24, mapPublicIpOnLaunch: false },
        { name: 'Private', subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 20 },
      ],
    });
    this.vpc.addGatewayEndpoint('S3Endpoint', {
      service: ec2.GatewayVpcEndpointAwsService.S3,
      subnets: [{ subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS }],
    });
    this.key = settings.protected ? this.makeKey(system, settings) : undefined;
    this.vpc.addFlowLog('FlowLog', {
      destination: ec2.FlowLogDestination.toCloudWatchLogs(logGroup(this, 'FlowLogGroup', settings, this.key)),
      trafficType: ec2.FlowLogTrafficType.REJECT,
    });
    this.namespace = new discovery.PrivateDnsNamespace(this, 'PrivateNamespace', {
      name: `${settings.name}.aldeia.internal`,
      vpc: this.vpc,
    });
    this.groups = this.makeGroups(settings);
    publish(this, `${settings.name}/network`, {
      VpcId: this.vpc.vpcId,
      PublicSubnetIds: this.vpc.publicSubnets.map((each) => each.subnetId).join(','),
      PrivateSubnetIds: this.vpc.privateSubnets.map((each) => each.subnetId).join(','),
      PrivateNamespaceId: this.namespace.namespaceId,
      ...Object.fromEntries(Object.entries(this.groups).map(([name, group]) => [`${name}SecurityGroupId`, group.securityGroupId])),
      ...(this.key && { KeyArn: this.key.keyArn }),
    });
  }

  makeKey(system, settings) {
    const key = new kms.Key(this, 'Key', {
      alias: `aldeia-${settings.name}`,
      description: `Everything that ${settings.name} stores`,
      enableKeyRotation: true,
    });
    const services = [`logs.${system.region}.amazonaws.com`, 'cloudwatch.amazonaws.com', 'events.amazonaws.com', 'budgets.amazonaws.com'];
    for (const service of services) {
      key.grantEncryptDecrypt(new iam.ServicePrincipal(service, {
        conditions: service.startsWith('logs')
          ? { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': `arn:aws:logs:${system.region}:${system.account}:*` } }
          : { StringEquals: { 'aws:SourceAccount': system.account } },
      }));
    }
    return key;
  }

  // What the load balancer reaches is added where targets are attached to it.
  makeGroups(settings) {
    const group = (name, description, allowAllOutbound = true) =>
      new ec2.SecurityGroup(this, `${name}SecurityGroup`, { vpc: this.vpc, description, allowAllOutbound });
    const groups = {
      LoadBalancer: group('LoadBalancer', 'Load balancer', false),
      Host: group('Host', 'EC2 hosts that run the containers with Docker Compose'),
      Backend: group('Backend', 'backend tasks'),
      Frontend: group('Frontend', 'frontend tasks'),
      Chromadb: group('Chromadb', 'chromadb tasks'),
      FileSystem: group('FileSystem', 'Mount targets of the file system', false),
    };
    const nfs = ec2.Port.tcp(2049);
    const chroma = ec2.Port.tcp(8000);
    groups.Chromadb.addIngressRule(groups.Backend, chroma, 'chromadb from backend');
    groups.Chromadb.addIngressRule(groups.Host, chroma, 'chromadb from backend on a host');
    groups.FileSystem.addIngressRule(groups.Chromadb, nfs, 'NFS');
    if (!settings.dataHost) {
      groups.FileSystem.addIngressRule(groups.Host, nfs, 'NFS from the host');
      groups.Host.addIngressRule(groups.Backend, chroma, 'chromadb on the host from backend');
    }
    return groups;
  }
}

class DataStack extends Stack {
  constructor(scope, id, { system, settings, network, ...properties }) {
    super(scope, id, properties);
    const { vpc, groups, namespace } = network;
    // By its ARN: a grant on a secret would write the reader's role into the key, and so make the network wait for its users.
    const key = network.key && kms.Key.fromKeyArn(this, 'Key', network.key.keyArn);
    this.backups = bucket(this, 'BackupsBucket', {
      bucketName: `aldeia-${settings.short}-backups-${system.account}`,
      encryption: key ? s3.BucketEncryption.KMS : s3.BucketEncryption.S3_MANAGED,
      encryptionKey: key,
      bucketKeyEnabled: key ? true : undefined,
    });
    this.secrets = {};
    for (const name of ['database/credentials', 'jwt/secrets', 'env-file']) {
      this.secrets[name] = new secretsmanager.Secret(this, `${name.replace('/', '-')}-secret`, {
        secretName: `${settings.name}/${name}`,
        encryptionKey: key,
        removalPolicy: RemovalPolicy.RETAIN,
      });
    }
    this.fileSystem = new efs.FileSystem(this, 'FileSystem', {
      vpc,
      vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
      securityGroup: groups.FileSystem,
      encrypted: true,
      kmsKey: key,
      enableAutomaticBackups: true,
      lifecyclePolicy: efs.LifecyclePolicy.AFTER_30_DAYS,
      outOfInfrequentAccessPolicy: efs.OutOfInfrequentAccessPolicy.AFTER_1_ACCESS,
      throughputMode: efs.ThroughputMode.ELASTIC,
      fileSystemPolicy: this.mountPolicy(),
    });
    this.accessPoint = this.fileSystem.addAccessPoint('ChromadbAccessPoint', {
      path: '/chromadb',
      posixUser: { uid: '1000', gid: '1000' },
      createAcl: { ownerUid: '1000', ownerGid: '1000', permissions: '0750' },
    });
    this.discovery = new discovery.Service(this, 'ChromadbDiscovery', {
      namespace,
      name: 'chromadb',
      dnsRecordType: discovery.DnsRecordType.A,
      dnsTtl: Duration.seconds(10),
    });
    publish(this, `${settings.name}/data`, {
      BackupsBucketName: this.backups.bucketName,
      ChromadbAccessPointId: this.accessPoint.accessPointId,
      ChromadbDiscoveryArn: this.discovery.serviceArn,
      ChromadbDiscoveryId: this.discovery.serviceId,
      DatabaseCredentialsSecretArn: this.secrets['database/credentials'].secretArn,
      EnvFileSecretArn: this.secrets['env-file'].secretArn,
      FileSystemId: this.fileSystem.fileSystemId,
      JwtSecretsSecretArn: this.secrets['jwt/secrets'].secretArn,
    });
  }

  mountPolicy() {
    const deny = (conditions) => new iam.PolicyStatement({
      effect: iam.Effect.DENY,
      principals: [new iam.AnyPrincipal()],
      actions: ['ClientMount', 'ClientWrite', 'ClientRootAccess'].map((action) => `elasticfilesystem:${action}`),
      conditions,
    });
    return new iam.PolicyDocument({
      statements: [
        deny({ Bool: { 'aws:SecureTransport': 'false' } }),
        deny({ Null: { 'elasticfilesystem:AccessPointArn': 'true' } }),
      ],
    });
  }
}

module.exports = { NetworkStack, DataStack };
