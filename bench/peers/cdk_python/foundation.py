"""Network and data of one environment."""

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_efs as efs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_servicediscovery as discovery
from parts import bucket, log_group, publish

PRIVATE = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS)


class NetworkStack(Stack):
    def __init__(self, scope, name, *, system, settings, **properties):
        super().__init__(scope, name, **properties)
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(settings["cidr"]),
            availability_zones=[system["region"] + zone for zone in "ab"],
            nat_gateways=settings["natGateways"],
            restrict_default_security_group=False,
            subnet_configuration=[
                ec2.SubnetConfiguration(
                    name="Public", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=24, map_public_ip_on_launch=False
                ),
                ec2.SubnetConfiguration(name="Private", subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS, cidr_mask=20),
            ],
        )
        self.vpc.add_gateway_endpoint("S3Endpoint", service=ec2.GatewayVpcEndpointAwsService.S3, subnets=[PRIVATE])
        self.key = self._key(system, settings) if settings["protected"] else None
        self.vpc.add_flow_log(
            "FlowLog",
            destination=ec2.FlowLogDestination.to_cloud_watch_logs(log_group(self, "FlowLogGroup", settings, self.key)),
            traffic_type=ec2.FlowLogTrafficType.REJECT,
        )
        self.namespace = discovery.PrivateDnsNamespace(
            self, "PrivateNamespace", name=f"{settings['name']}.aldeia.internal", vpc=self.vpc
        )
        self.groups = self._groups(settings)
        values = {
            "VpcId": self.vpc.vpc_id,
            "PublicSubnetIds": ",".join(each.subnet_id for each in self.vpc.public_subnets),
            "PrivateSubnetIds": ",".join(each.subnet_id for each in self.vpc.private_subnets),
            "PrivateNamespaceId": self.namespace.namespace_id,
            **{f"{name}SecurityGroupId": group.security_group_id for name, group in self.groups.items()},
        }
        if self.key:
            values["KeyArn"] = self.key.key_arn
        publish(self, f"{settings['name']}/network", values)

    def _key(self, system, settings):
        key = kms.Key(
            self,
            "Key",
            alias=f"aldeia-{settings['name']}",
            description=f"Everything that {settings['name']} stores",
            enable_key_rotation=True,
        )
        region, account = system["region"], system["account"]
        in_logs = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{region}:{account}:*"}}
        key.grant_encrypt_decrypt(iam.ServicePrincipal(f"logs.{region}.amazonaws.com", conditions=in_logs))
        for service in ("cloudwatch", "events", "budgets"):
            own = {"StringEquals": {"aws:SourceAccount": account}}
            key.grant_encrypt_decrypt(iam.ServicePrincipal(f"{service}.amazonaws.com", conditions=own))
        return key

    def _groups(self, settings):
        """What the load balancer reaches is added where targets are attached to it."""

        def group(name, description, outbound=True):
            return ec2.SecurityGroup(
                self,
                f"{name}SecurityGroup",
                vpc=self.vpc,
                description=description,
                allow_all_outbound=outbound,
            )

        groups = {
            "LoadBalancer": group("LoadBalancer", "Load balancer", outbound=False),
            "Host": group("Host", "EC2 hosts that run the containers with Docker Compose"),
            "Backend": group("Backend", "backend tasks"),
            "Frontend": group("Frontend", "frontend tasks"),
            "Chromadb": group("Chromadb", "chromadb tasks"),
            "FileSystem": group("FileSystem", "Mount targets of the file system", outbound=False),
        }
        nfs, chroma = ec2.Port.tcp(2049), ec2.Port.tcp(8000)
        groups["Chromadb"].add_ingress_rule(groups["Backend"], chroma, "chromadb from backend")
        groups["Chromadb"].add_ingress_rule(groups["Host"], chroma, "chromadb from backend on a host")
        groups["FileSystem"].add_ingress_rule(groups["Chromadb"], nfs, "NFS")
        if not settings["dataHost"]:
            groups["FileSystem"].add_ingress_rule(groups["Host"], nfs, "NFS from the host")
            groups["Host"].add_ingress_rule(groups["Backend"], chroma, "chromadb on the host from backend")
        return groups


class DataStack(Stack):
    def __init__(self, scope, name, *, system, settings, network, **properties):
        super().__init__(scope, name, **properties)
        # By its ARN: a grant on a secret would write the reader's role into the key, and so make the network
        # wait for its users.
        key = kms.Key.from_key_arn(self, "Key", network.key.key_arn) if network.key else None
        self.backups = bucket(
            self,
            "BackupsBucket",
            bucket_name=f"aldeia-{settings['short']}-backups-{system['account']}",
            encryption=s3.BucketEncryption.KMS if key else s3.BucketEncryption.S3_MANAGED,
            encryption_key=key,
            bucket_key_enabled=True if key else None,
        )
        self.secrets = {
            secret: secretsmanager.Secret(
                self,
                f"{secret.replace('/', '-')}-secret",
                secret_name=f"{settings['name']}/{secret}",
                encryption_key=key,
                removal_policy=RemovalPolicy.RETAIN,
            )
            for secret in ("database/credentials", "jwt/secrets", "env-file")
        }
        self.file_system = efs.FileSystem(
            self,
            "FileSystem",
            vpc=network.vpc,
            vpc_subnets=PRIVATE,
            security_group=network.groups["FileSystem"],
            encrypted=True,
            kms_key=key,
            enable_automatic_backups=True,
            lifecycle_policy=efs.LifecyclePolicy.AFTER_30_DAYS,
            out_of_infrequent_access_policy=efs.OutOfInfrequentAccessPolicy.AFTER_1_ACCESS,
            throughput_mode=efs.ThroughputMode.ELASTIC,
            file_system_policy=self._mount_policy(),
        )
        self.access_point = self.file_system.add_access_point(
            "ChromadbAccessPoint",
            path="/chromadb",
            posix_user=efs.PosixUser(uid="1000", gid="1000"),
            create_acl=efs.Acl(owner_uid="1000", owner_gid="1000", permissions="0750"),
        )
        self.discovery = discovery.Service(
            self,
            "ChromadbDiscovery",
            namespace=network.namespace,
            name="chromadb",
            dns_record_type=discovery.DnsRecordType.A,
            dns_ttl=Duration.seconds(10),
        )
        values = {
            "BackupsBucketName": self.backups.bucket_name,
            "ChromadbAccessPointId": self.access_point.access_point_id,
            "ChromadbDiscoveryArn": self.discovery.service_arn,
            "ChromadbDiscoveryId": self.discovery.service_id,
            "DatabaseCredentialsSecretArn": self.secrets["database/credentials"].secret_arn,
            "EnvFileSecretArn": self.secrets["env-file"].secret_arn,
            "FileSystemId": self.file_system.file_system_id,
            "JwtSecretsSecretArn": self.secrets["jwt/secrets"].secret_arn,
        }
        publish(self, f"{settings['name']}/data", values)

    def _mount_policy(self):
        def deny(conditions):
            actions = ["ClientMount", "ClientWrite", "ClientRootAccess"]
            return iam.PolicyStatement(
                effect=iam.Effect.DENY,
                principals=[iam.AnyPrincipal()],
                actions=[f"elasticfilesystem:{action}" for action in actions],
                conditions=conditions,
            )

        return iam.PolicyDocument(
            statements=[
                deny({"Bool": {"aws:SecureTransport": "false"}}),
                deny({"Null": {"elasticfilesystem:AccessPointArn": "true"}}),
            ]
        )
