set -Eeuo pipefail
export AWS_DEFAULT_REGION={region}
apt-get update -q
apt-get install -qy docker.io docker-compose-v2 unzip jq nfs-common
curl -fsS https://awscli.amazonaws.com/awscli-exe-linux-x86_64.zip -o /tmp/aws.zip
unzip -q /tmp/aws.zip -d /tmp && /tmp/aws/install
snap install amazon-ssm-agent --classic || true
curl -fsS https://amazoncloudwatch-agent.s3.amazonaws.com/ubuntu/amd64/latest/amazon-cloudwatch-agent.deb -o /tmp/agent.deb
dpkg -i /tmp/agent.deb
cat > /opt/aws/amazon-cloudwatch-agent/etc/amazon-cloudwatch-agent.json <<'AGENT'
{
  "metrics": {
    "append_dimensions": {"AutoScalingGroupName": "${aws:AutoScalingGroupName}"},
    "metrics_collected": {
      "mem": {"measurement": ["mem_used_percent"]},
      "disk": {"measurement": ["used_percent"], "resources": ["/"]}
    }
  }
}
AGENT
systemctl enable --now amazon-cloudwatch-agent docker
aws ecr get-login-password | docker login --username AWS --password-stdin {account}.dkr.ecr.{region}.amazonaws.com
mkdir -p /opt/aldeia && cd /opt/aldeia
aws secretsmanager get-secret-value --secret-id {environment}/env-file --query SecretString --output text > .env
chmod 600 .env
aws s3 cp s3://aldeia-app-artifacts-{account}/{environment}/docker-compose.production.yml docker-compose.yml
docker compose --profile {profile} up --detach --wait
