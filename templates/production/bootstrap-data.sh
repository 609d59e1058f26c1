#!/bin/bash
# Made by `python -m generator`; what it does and why is told in generator/bootstrap.sh.
# shellcheck disable=SC2016  # CloudFormation fills these in
export AWS_DEFAULT_REGION='${AWS::Region}'
STACK='${AWS::StackName}' GROUP='DataHostGroup' LOG_GROUP='/aws/ec2/aldeia-production'
REGISTRY='${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}'
IMAGES='CHROMADB_IMAGE=${ChromadbImage}'
ENV_FILE=''
SECRETS=''
VOLUMES='${ChromadbHome}'
LOG_FOLDERS=''
REPOSITORY_URL='' REPOSITORY_COMMIT='' REPOSITORY_KEY='' REPOSITORY_HOST_KEY=''
compose_file() {
  cat <<'COMPOSE'
# Made by `python -m generator`. The bootstrap writes .env and deploy.env beside it.
name: aldeia
x-service: &service
  restart: unless-stopped
  init: true
  cap_drop: [ALL]
  security_opt: ["no-new-privileges:true"]
  stop_grace_period: 30s
x-logging: &logging
  driver: awslogs
  options:
    awslogs-group: /aws/ec2/aldeia-production
    awslogs-region: "${AWS_REGION:?not in deploy.env}"
    tag: "${INSTANCE_ID:?not in deploy.env}/{{.Name}}"
    mode: non-blocking
    max-buffer-size: 25m
services:
  chromadb:
    <<: *service
    image: "${CHROMADB_IMAGE:?not in deploy.env}"
    profiles: [chromadb]
    entrypoint: [dumb-init, "--", flock, "--no-fork", "-w", "300", /data/.chroma.lock]
    command: [chroma, run, /config.yaml]
    ports: ["8000:8000"]
    environment: {CHROMA_PORT: "8000"}
    healthcheck:
      test: [CMD, bash, "-c", "exec 3<>/dev/tcp/127.0.0.1/8000 && printf 'GET /api/v2/heartbeat HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3 && read -t 3 -r l <&3 && [[ $$l == *' 200 '* ]]"]
      interval: 30s
      timeout: 5s
      retries: 3
      start_period: 300s
    mem_limit: 4096m
    cpu_shares: 2048
    volumes:
      - type: bind
        source: /srv/aldeia/chromadb
        target: /data
        bind: {create_host_path: false}
    networks: {default: {aliases: [chromadb.production.aldeia.internal]}}
    logging: *logging
COMPOSE
}
set -Eeuo pipefail
export DEBIAN_FRONTEND=noninteractive HOME=/root PATH="${PATH}:/snap/bin"
APP=/home/ubuntu/aldeia-chatbot
WORK=$(mktemp -d)
STEP=start REASON=''
INSTANCE=$(</var/lib/cloud/data/instance-id)
ADDRESS=$(hostname -I)
ADDRESS=${ADDRESS%% *}

say() { TZ=UTC printf '%(%FT%TZ)T bootstrap: %s\n' -1 "$*" >&2; }
step() { STEP=$1 && say "$1"; }
fail() { REASON=$* && exit 1; }

retry() {
  local try
  for try in 1 2 3 4 5; do
    if "$@"; then return 0; fi
    sleep $((try * 5))
  done
  fail "gave up after 5 tries: $*"
}

signal() {
  command -v aws >/dev/null || apt install awscli
  aws cloudformation signal-resource --stack-name "${STACK}" --logical-resource-id "${GROUP}" \
    --unique-id "${INSTANCE}" --status "$1" || say "CloudFormation took no $1 from this host"
}

finish() {
  local code=$?
  trap - ERR
  set +e
  rm -rf "${WORK}"
  if ((code == 0)); then
    signal SUCCESS
    say 'done: all containers are healthy'
    return
  fi
  rm -f "${APP}"/.env "${APP}"/.env.*
  say "FAILED at '${STEP}': ${REASON:-exit code ${code}}"
  signal FAILURE
  exit "${code}"
}
trap finish EXIT
trap 'REASON=${REASON:-"line ${LINENO}: ${BASH_COMMAND} (exit code $?)"}' ERR

download() { retry curl -fsSL --retry 3 --connect-timeout 10 -o "$2" "$1"; }
apt() { apt-get -qy -o DPkg::Lock::Timeout=300 "$@"; }

key() {
  local found
  found=$(gpg --batch --with-colons --show-keys "$1" | awk -F: '/^fpr/ && !n++ { print $10 }')
  [[ ${found} == "$2" ]] || fail "the signing key in $1 is ${found:-none}, not $2"
}

checkout() {
  local commit
  git init -q "$3"
  retry git -C "$3" fetch -q --depth 1 "$1" "$2"
  git -C "$3" checkout -q FETCH_HEAD
  commit=$(git -C "$3" rev-parse HEAD)
  [[ ${commit} == "$2" ]] || fail "$1 gave commit ${commit}, not $2"
}

cat >"${WORK}/dotenv.py" <<'PYTHON'
import json, re, sys

def quote(text):
    return '"' + re.sub(r'[\\"$]', r"\\\g<0>", text) + '"'

def one(text, variable, key):
    try:
        value = json.loads(text)[key]
    except (ValueError, KeyError, TypeError):
        sys.exit(f"it is no JSON object with the key {key}")
    if not isinstance(value, str) or not value.strip():
        sys.exit(f"the value of {key} is empty or no text")
    print(f"{variable}={quote(value)}")

def every(text):
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = re.fullmatch(r"\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*", line)
        if not found:
            sys.exit(f"line {number} is not VARIABLE=value")
        name, value = found.groups()
        if re.fullmatch("'[^']*'", value):
            value = quote(value[1:-1])
        elif not value.startswith(("'", '"')):
            value = quote(value.split(" #")[0].rstrip())
        elif re.fullmatch(r'"(?:[^"\\]|\\.)*"', value):
            value = re.sub(r"(\\.)|\$", lambda part: part[1] or r"\$", value)
        else:
            sys.exit(f"line {number} has a quote that does not end")
        print(f"{name}={value}")

(one if sys.argv[1:] else every)(sys.stdin.read(), *sys.argv[1:])
PYTHON

secret() {
  local text
  text=$(aws secretsmanager get-secret-value --secret-id "$1" --query SecretString --output text) ||
    fail "secret $1 cannot be read, or has no value yet"
  [[ -n ${text//[[:space:]]/} && ${text} != None ]] || fail "secret $1 is empty"
  python3 -I "${WORK}/dotenv.py" "${@:2}" <<<"${text}" 2>"${WORK}/error" || fail "secret $1: $(<"${WORK}/error")"
}

step 'AWS CLI'
command -v aws >/dev/null || retry snap install aws-cli --classic --channel=v2/stable

step 'CloudWatch agent'
agent=https://amazoncloudwatch-agent.s3.amazonaws.com
deb=${agent}/ubuntu/amd64/1.300072.0b1766/amazon-cloudwatch-agent.deb
download "${agent}/assets/amazon-cloudwatch-agent.gpg" "${WORK}/agent.asc"
download "${deb}" "${WORK}/agent.deb"
download "${deb}.sig" "${WORK}/agent.sig"
key "${WORK}/agent.asc" 937616F3450B7D806CBD9725D58167303B789C72
gpg --batch --yes --dearmor -o "${WORK}/agent.gpg" "${WORK}/agent.asc"
gpgv --keyring "${WORK}/agent.gpg" "${WORK}/agent.sig" "${WORK}/agent.deb"
dpkg -i -E "${WORK}/agent.deb"
cat >/opt/aws/amazon-cloudwatch-agent/etc/aldeia.json <<JSON
{
  "metrics": {
    "namespace": "Aldeia/EC2",
    "append_dimensions": {"AutoScalingGroupName": "\${aws:AutoScalingGroupName}", "InstanceId": "\${aws:InstanceId}"},
    "aggregation_dimensions": [["AutoScalingGroupName"]],
    "metrics_collected": {
      "cpu": {"measurement": [{"name": "cpu_usage_idle", "rename": "CPU_IDLE", "unit": "Percent"}],
        "totalcpu": true, "metrics_collection_interval": 60},
      "mem": {"measurement": [{"name": "mem_used_percent", "rename": "MEMORY_USED", "unit": "Percent"}],
        "metrics_collection_interval": 60},
      "disk": {"measurement": [{"name": "used_percent", "rename": "DISK_USED", "unit": "Percent"}],
        "metrics_collection_interval": 60, "resources": ["/"]}
    }
  },
  "logs": {"logs_collected": {"files": {"collect_list": [
    {"file_path": "${APP}/logs/**/*.log", "log_group_name": "${LOG_GROUP}", "log_stream_name": "{instance_id}"},
    {"file_path": "/var/log/cloud-init-output.log", "log_group_name": "${LOG_GROUP}",
      "log_stream_name": "{instance_id}/bootstrap"}
  ]}}}
}
JSON
/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl -a fetch-config -m ec2 \
  -c file:/opt/aws/amazon-cloudwatch-agent/etc/aldeia.json -s

step 'system update'
retry apt update
retry apt -o Dpkg::Options::=--force-confold upgrade
retry apt install ca-certificates cron git gnupg

step 'Docker'
download https://download.docker.com/linux/ubuntu/gpg "${WORK}/docker.asc"
key "${WORK}/docker.asc" 9DC858229FC7DD38854AE2D88D81803C0EBFCD88
install -Dm 0644 "${WORK}/docker.asc" /etc/apt/keyrings/docker.asc
codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
echo "deb [arch=amd64 signed-by=/etc/apt/keyrings/docker.asc] https://download.docker.com/linux/ubuntu ${codename} stable" \
  >/etc/apt/sources.list.d/docker.list
retry apt update
retry apt install 'docker-ce=5:28.5.2-*' 'docker-ce-cli=5:28.5.2-*' 'containerd.io=1.7.29-*' 'docker-compose-plugin=2.40.3-*'

step 'file system'
profiles='' mounts='' register='' deregister=''
while read -r name system point discovery <&3; do
  [[ -n ${name} ]] || continue
  if [[ -z ${mounts} ]]; then
    retry apt install binutils nfs-common stunnel4
    checkout https://github.com/aws/efs-utils.git c87d19f3e1db26532f09a7fed338347aacb90e10 "${WORK}/efs-utils"
    (cd "${WORK}/efs-utils" && ./build-deb.sh)
    dpkg -i "${WORK}"/efs-utils/build/amazon-efs-utils*.deb
  fi
  target=/srv/aldeia/${name}
  mkdir -p "${target}"
  chattr +i "${target}" || say "${target} stays writable without its mount"
  echo "${system}:/ ${target} efs _netdev,noresvport,tls,iam,accesspoint=${point} 0 0" >>/etc/fstab
  retry mount "${target}"
  profiles+=${profiles:+,}${name} mounts+="${mounts:+ }${target}"
  aws=$(command -v aws)
  register+="ExecStartPost=${aws} servicediscovery register-instance --service-id ${discovery} --instance-id ec2 \
--attributes AWS_INSTANCE_IPV4=${ADDRESS}"$'\n'
  deregister+="ExecStop=-${aws} servicediscovery deregister-instance --service-id ${discovery} --instance-id ec2"$'\n'
done 3<<<"${VOLUMES}"
if [[ -n ${mounts} ]]; then
  install -d /etc/systemd/system/docker.service.d
  printf '[Unit]\nRequiresMountsFor=%s\n' "${mounts}" >/etc/systemd/system/docker.service.d/aldeia.conf
  systemctl daemon-reload
fi

step 'application'
install -d "${APP}"
if [[ -n ${REPOSITORY_URL} ]]; then
  (umask 077 && aws secretsmanager get-secret-value --secret-id "${REPOSITORY_KEY}" --query SecretString --output text \
    >"${WORK}/deploy-key")
  echo "${REPOSITORY_HOST_KEY}" >"${WORK}/known-hosts"
  export GIT_SSH_COMMAND="ssh -i ${WORK}/deploy-key -o IdentitiesOnly=yes -o UserKnownHostsFile=${WORK}/known-hosts"
  checkout "${REPOSITORY_URL}" "${REPOSITORY_COMMIT}" "${APP}"
  [[ -s ${APP}/docker-compose.production.yml ]] || fail 'the repository has no docker-compose.production.yml'
else
  compose_file >"${APP}/docker-compose.production.yml"
fi
for folder in ${LOG_FOLDERS}; do
  install -d -m 1777 "${APP}/${folder}" # a container's user has a number that this host does not know
done
cat >"${APP}/deploy.env" <<ENV
${IMAGES}
AWS_REGION=${AWS_DEFAULT_REGION}
INSTANCE_ID=${INSTANCE}
COMPOSE_PROFILES=${profiles}
ENV

step 'secrets'
new=$(umask 077 && mktemp "${APP}/.env.XXXXXX")
if [[ -n ${ENV_FILE} ]]; then
  secret "${ENV_FILE}" >"${new}"
fi
while read -r variable name arn <&3; do
  [[ -z ${variable} ]] || secret "${arn}" "${variable}" "${name}" >>"${new}"
done 3<<<"${SECRETS}"
mv -f "${new}" "${APP}/.env"

step 'images'
cat >/usr/local/bin/aldeia-compose <<SCRIPT
#!/bin/sh
cd ${APP} && exec docker compose --env-file .env --env-file deploy.env -f docker-compose.production.yml "\$@"
SCRIPT
chmod 0755 /usr/local/bin/aldeia-compose
if [[ -n ${REGISTRY} ]]; then
  aws ecr get-login-password | docker login --username AWS --password-stdin "${REGISTRY}"
fi
retry aldeia-compose pull --quiet
[[ -z ${REGISTRY} ]] || docker logout "${REGISTRY}"

step 'containers'
cat >/etc/systemd/system/aldeia.service <<UNIT
[Unit]
Description=Aldeia containers
Requires=docker.service
Wants=network-online.target
After=docker.service network-online.target snapd.service
[Service]
Type=oneshot
RemainAfterExit=yes
Environment=AWS_DEFAULT_REGION=${AWS_DEFAULT_REGION} HOME=/root
ExecStart=/usr/local/bin/aldeia-compose up --detach --wait --wait-timeout 600 --remove-orphans
${register}${deregister}ExecStop=/usr/local/bin/aldeia-compose stop
TimeoutStartSec=700
TimeoutStopSec=120
[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable --now aldeia.service || {
  aldeia-compose ps --all >&2 || true
  fail 'the containers did not become healthy'
}
echo '* * * * * root docker ps -q -f health=unhealthy | xargs -r docker restart >/dev/null' >/etc/cron.d/aldeia-health
