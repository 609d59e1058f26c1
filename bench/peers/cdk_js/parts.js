// What several stacks make: published values, log groups, buckets, grants.
'use strict';

const { Duration, aws_iam: iam, aws_logs: logs, aws_s3: s3, aws_ssm: ssm } = require('aws-cdk-lib');

// Values that other tools read, at /aldeia/<environment>/<stack>/<name>.
function publish(scope, folder, values) {
  for (const [name, stringValue] of Object.entries(values)) {
    new ssm.StringParameter(scope, `${name}Parameter`, { parameterName: `/aldeia/${folder}/${name}`, stringValue });
  }
}

function logGroup(scope, id, settings, encryptionKey, logGroupName) {
  const retention = { 14: logs.RetentionDays.TWO_WEEKS, 90: logs.RetentionDays.THREE_MONTHS }[settings.logDays];
  return new logs.LogGroup(scope, id, { logGroupName, encryptionKey, retention });
}

function bucket(scope, id, properties) {
  return new s3.Bucket(scope, id, {
    blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
    versioned: true,
    lifecycleRules: [{
      id: 'expire',
      abortIncompleteMultipartUploadAfter: Duration.days(7),
      noncurrentVersionExpiration: Duration.days(90),
    }],
    ...properties,
  });
}

// The services that the load balancer serves.
function served(system) {
  return Object.entries(system.services).filter(([, service]) => service.path);
}

// Through the access point only, as the file system's policy demands.
function grantMount(role, data) {
  role.addToPrincipalPolicy(new iam.PolicyStatement({
    actions: ['elasticfilesystem:ClientMount', 'elasticfilesystem:ClientWrite'],
    resources: [data.fileSystem.fileSystemArn],
    conditions: { StringEquals: { 'elasticfilesystem:AccessPointArn': data.accessPoint.accessPointArn } },
  }));
}

// The text with what it has in braces, where there is a value of that name.
function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

module.exports = { publish, logGroup, bucket, served, grantMount, filled };
