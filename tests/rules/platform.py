"""A small container platform that neither cfn-lint nor the pack finds anything in: what the faults are planted into."""

from __future__ import annotations

from typing import Any


def ref(name: str) -> dict[str, Any]:
    return {"Ref": name}


def att(name: str) -> dict[str, Any]:
    return {"Fn::GetAtt": name.split(".")}


def sub(text: str) -> dict[str, Any]:
    return {"Fn::Sub": text}


def trust(service: str) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": service},
                "Condition": {"StringEquals": {"aws:SourceAccount": ref("AWS::AccountId")}},
            }
        ],
    }


def policy(*statements: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)}}]


def allow(actions: str | list[str], resources: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


def resource(kind: str, properties: dict[str, Any], **attributes: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties, **attributes}


def group(description: str, *rules: dict[str, Any]) -> dict[str, Any]:
    return resource(
        "AWS::EC2::SecurityGroup",
        {"GroupDescription": description, "VpcId": ref("Vpc"), "SecurityGroupIngress": list(rules)},
    )


def port(number: int, **source: Any) -> dict[str, Any]:
    return {"IpProtocol": "tcp", "FromPort": number, "ToPort": number, **source}


KEEP = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
HOST = "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}"
GITHUB = "token.actions.githubusercontent.com"

EXECUTION = policy(
    allow("ecr:GetAuthorizationToken", "*"),
    allow(
        ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"],
        [
            att("Images.Arn"),
            sub("arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository/aldeia/chromadb"),
        ],
    ),
    allow("secretsmanager:GetSecretValue", ref("JwtSecret")),
    allow(["logs:CreateLogStream", "logs:PutLogEvents"], [att("BackendLogs.Arn"), att("ChromaLogs.Arn")]),
)


def logs(name: str) -> dict[str, Any]:
    options = {"awslogs-group": ref(name), "awslogs-region": ref("AWS::Region"), "awslogs-stream-prefix": "ecs"}
    return {"LogDriver": "awslogs", "Options": options}


def task(container: dict[str, Any], **more: Any) -> dict[str, Any]:
    return resource(
        "AWS::ECS::TaskDefinition",
        {
            "RequiresCompatibilities": ["FARGATE"],
            "NetworkMode": "awsvpc",
            "Cpu": "512",
            "Memory": "1024",
            "ExecutionRoleArn": att("ExecutionRole.Arn"),
            "ContainerDefinitions": [container],
            **more,
        },
    )


def service(**properties: Any) -> dict[str, Any]:
    return {
        "Cluster": ref("Cluster"),
        "CapacityProviderStrategy": [{"CapacityProvider": "FARGATE", "Weight": 1}],
        **properties,
    }


def network(group_name: str) -> dict[str, Any]:
    return {
        "AwsvpcConfiguration": {
            "AssignPublicIp": "DISABLED",
            "Subnets": [ref("SubnetA"), ref("SubnetB")],
            "SecurityGroups": [ref(group_name)],
        }
    }


LIFECYCLE = (
    '{"rules": [{"rulePriority": 1, "selection": {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", '
    '"countNumber": 7}, "action": {"type": "expire"}}, {"rulePriority": 2, "selection": {"tagStatus": "tagged", '
    '"tagPatternList": ["*"], "countType": "imageCountMoreThan", "countNumber": 10}, "action": {"type": "expire"}}]}'
)
USER_DATA = """\
#!/bin/bash
systemctl start docker
cfn-signal -e $? --stack ${AWS::StackName} --resource Hosts --region ${AWS::Region}
"""


def alarm(operator: str, threshold: int, action: str) -> dict[str, Any]:
    return resource(
        "AWS::CloudWatch::Alarm",
        {
            "Namespace": "AWS/EC2",
            "MetricName": "CPUUtilization",
            "Statistic": "Average",
            "Dimensions": [{"Name": "AutoScalingGroupName", "Value": ref("Hosts")}],
            "Period": 60,
            "EvaluationPeriods": 5,
            "ComparisonOperator": operator,
            "Threshold": threshold,
            "AlarmActions": [ref(action)],
        },
    )


PLATFORM: dict[str, Any] = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "Parameters": {
        "Vpc": {"Type": "AWS::EC2::VPC::Id"},
        "SubnetA": {"Type": "AWS::EC2::Subnet::Id"},
        "SubnetB": {"Type": "AWS::EC2::Subnet::Id"},
        "ImageTag": {"Type": "String"},
        "Certificate": {"Type": "String"},
        "HostImage": {"Type": "AWS::EC2::Image::Id"},
    },
    "Resources": {
        "Cluster": resource("AWS::ECS::Cluster", {}),
        "BackendLogs": resource("AWS::Logs::LogGroup", {"LogGroupName": "/ecs/backend", "RetentionInDays": 14}, **KEEP),
        "ChromaLogs": resource("AWS::Logs::LogGroup", {"LogGroupName": "/ecs/chroma", "RetentionInDays": 14}, **KEEP),
        "JwtSecret": resource("AWS::SecretsManager::Secret", {"Name": "staging/jwt"}, **KEEP),
        "Images": resource(
            "AWS::ECR::Repository",
            {
                "RepositoryName": "aldeia/backend",
                "ImageTagMutability": "IMMUTABLE",
                "LifecyclePolicy": {"LifecyclePolicyText": LIFECYCLE},
            },
            **KEEP,
        ),
        "ExecutionRole": resource(
            "AWS::IAM::Role", {"AssumeRolePolicyDocument": trust("ecs-tasks.amazonaws.com"), "Policies": EXECUTION}
        ),
        "BackendTask": task(
            {
                "Name": "backend",
                "Image": sub(HOST + "/aldeia/backend:${ImageTag}"),
                "PortMappings": [{"Name": "http", "ContainerPort": 3001}],
                "Environment": [{"Name": "NODE_ENV", "Value": "staging"}],
                "Secrets": [{"Name": "JWT_SECRET", "ValueFrom": sub("${JwtSecret}:JWT_SECRET::")}],
                "LogConfiguration": logs("BackendLogs"),
            }
        ),
        "ChromaTask": task(
            {
                "Name": "chromadb",
                "Image": sub(HOST + "/aldeia/chromadb:1.5.9"),
                "EntryPoint": ["dumb-init", "--", "flock", "--no-fork", "-w", "300", "/data/.chroma.lock", "chroma"],
                "Command": ["run", "/config.yaml"],
                "PortMappings": [{"Name": "chroma", "ContainerPort": 8000}],
                "MountPoints": [{"SourceVolume": "data", "ContainerPath": "/data"}],
                "HealthCheck": {"Command": ["CMD", "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8000"]},
                "LogConfiguration": logs("ChromaLogs"),
            },
            Volumes=[
                {
                    "Name": "data",
                    "EFSVolumeConfiguration": {
                        "FilesystemId": ref("Files"),
                        "TransitEncryption": "ENABLED",
                        "AuthorizationConfig": {"AccessPointId": ref("Point"), "IAM": "ENABLED"},
                    },
                }
            ],
        ),
        "BackendService": resource(
            "AWS::ECS::Service",
            service(
                TaskDefinition=ref("BackendTask"),
                DeploymentConfiguration={"MinimumHealthyPercent": 100, "MaximumPercent": 200},
                LoadBalancers=[
                    {"ContainerName": "backend", "ContainerPort": 3001, "TargetGroupArn": ref("BackendTarget")}
                ],
                NetworkConfiguration=network("BackendGroup"),
                ServiceConnectConfiguration={"Enabled": True, "Services": [{"PortName": "http"}]},
            ),
            DependsOn="ApiRule",
        ),
        "ChromaService": resource(
            "AWS::ECS::Service",
            service(
                TaskDefinition=ref("ChromaTask"),
                DesiredCount=1,
                AvailabilityZoneRebalancing="DISABLED",
                DeploymentConfiguration={"MinimumHealthyPercent": 0, "MaximumPercent": 100},
                NetworkConfiguration=network("ChromaGroup"),
                ServiceConnectConfiguration={"Enabled": True, "Services": [{"PortName": "chroma"}]},
            ),
        ),
        "Scaling": resource(
            "AWS::ApplicationAutoScaling::ScalableTarget",
            {
                "ServiceNamespace": "ecs",
                "ScalableDimension": "ecs:service:DesiredCount",
                "ResourceId": sub("service/${Cluster}/${BackendService.Name}"),
                "MinCapacity": 2,
                "MaxCapacity": 4,
            },
        ),
        "Requests": resource(
            "AWS::ApplicationAutoScaling::ScalingPolicy",
            {
                "PolicyName": "requests",
                "PolicyType": "TargetTrackingScaling",
                "ScalingTargetId": ref("Scaling"),
                "TargetTrackingScalingPolicyConfiguration": {
                    "TargetValue": 1000,
                    "PredefinedMetricSpecification": {
                        "PredefinedMetricType": "ALBRequestCountPerTarget",
                        "ResourceLabel": {
                            "Fn::Join": [
                                "/",
                                [att("Balancer.LoadBalancerFullName"), att("BackendTarget.TargetGroupFullName")],
                            ]
                        },
                    },
                },
            },
        ),
        "Files": resource("AWS::EFS::FileSystem", {"Encrypted": True}, **KEEP),
        "MountA": resource(
            "AWS::EFS::MountTarget",
            {"FileSystemId": ref("Files"), "SubnetId": ref("SubnetA"), "SecurityGroups": [ref("FilesGroup")]},
        ),
        "Point": resource(
            "AWS::EFS::AccessPoint", {"FileSystemId": ref("Files"), "RootDirectory": {"Path": "/chromadb"}}
        ),
        "Balancer": resource(
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            {"Subnets": [ref("SubnetA"), ref("SubnetB")], "SecurityGroups": [ref("BalancerGroup")]},
        ),
        "Https": resource(
            "AWS::ElasticLoadBalancingV2::Listener",
            {
                "LoadBalancerArn": ref("Balancer"),
                "Port": 443,
                "Protocol": "HTTPS",
                "Certificates": [{"CertificateArn": ref("Certificate")}],
                "DefaultActions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
            },
        ),
        "ApiRule": resource(
            "AWS::ElasticLoadBalancingV2::ListenerRule",
            {
                "ListenerArn": ref("Https"),
                "Priority": 10,
                "Conditions": [{"Field": "host-header", "Values": ["api.example.com"]}],
                "Actions": [{"Type": "forward", "TargetGroupArn": ref("BackendTarget")}],
            },
        ),
        "BackendTarget": resource(
            "AWS::ElasticLoadBalancingV2::TargetGroup",
            {
                "Port": 3001,
                "Protocol": "HTTP",
                "TargetType": "ip",
                "VpcId": ref("Vpc"),
                "HealthCheckPath": "/api/health",
            },
        ),
        "BalancerGroup": group("load balancer", port(80, CidrIp="0.0.0.0/0"), port(443, CidrIp="0.0.0.0/0")),
        "BackendGroup": group("backend", port(3001, SourceSecurityGroupId=ref("BalancerGroup"))),
        "ChromaGroup": group("vectors", port(8000, SourceSecurityGroupId=ref("BackendGroup"))),
        "FilesGroup": group("files", port(2049, SourceSecurityGroupId=ref("ChromaGroup"))),
        "DeployRole": resource(
            "AWS::IAM::Role",
            {
                "AssumeRolePolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Action": "sts:AssumeRoleWithWebIdentity",
                            "Principal": {
                                "Federated": sub(
                                    f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:oidc-provider/{GITHUB}"
                                )
                            },
                            "Condition": {
                                "StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com"},
                                "StringLike": {f"{GITHUB}:sub": "repo:example/chatbot:environment:*"},
                            },
                        }
                    ],
                },
                "Policies": policy(
                    allow(["ecr:BatchGetImage", "ecr:PutImage"], att("Images.Arn")),
                    allow(
                        "iam:PassRole",
                        att("ExecutionRole.Arn"),
                        Condition={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
                    ),
                ),
            },
        ),
        "HostTemplate": resource(
            "AWS::EC2::LaunchTemplate",
            {
                "LaunchTemplateData": {
                    "ImageId": ref("HostImage"),
                    "InstanceType": "t3.medium",
                    "MetadataOptions": {"HttpTokens": "required"},
                    "BlockDeviceMappings": [
                        {
                            "DeviceName": "/dev/sda1",
                            "Ebs": {
                                "VolumeType": "gp3",
                                "VolumeSize": 50,
                                "Throughput": 250,
                                "Iops": 3000,
                                "Encrypted": True,
                            },
                        }
                    ],
                    "UserData": {"Fn::Base64": sub(USER_DATA)},
                }
            },
        ),
        "Hosts": resource(
            "AWS::AutoScaling::AutoScalingGroup",
            {
                "MinSize": "1",
                "MaxSize": "2",
                "VPCZoneIdentifier": [ref("SubnetA"), ref("SubnetB")],
                "LaunchTemplate": {
                    "LaunchTemplateId": ref("HostTemplate"),
                    "Version": att("HostTemplate.LatestVersionNumber"),
                },
                "Tags": [{"Key": "Project", "Value": "aldeia", "PropagateAtLaunch": True}],
            },
            CreationPolicy={"ResourceSignal": {"Count": 1, "Timeout": "PT15M"}},
        ),
        "More": resource(
            "AWS::AutoScaling::ScalingPolicy",
            {"AutoScalingGroupName": ref("Hosts"), "AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": 1},
        ),
        "Fewer": resource(
            "AWS::AutoScaling::ScalingPolicy",
            {"AutoScalingGroupName": ref("Hosts"), "AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": -1},
        ),
        "High": alarm("GreaterThanThreshold", 70, "More"),
        "Low": alarm("LessThanThreshold", 30, "Fewer"),
    },
}
