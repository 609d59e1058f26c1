// Edge of one environment: load balancer, listeners, target groups, names, certificate, firewall.
'use strict';

const {
  Duration, Stack,
  aws_certificatemanager: acm, aws_elasticloadbalancingv2: elb, aws_route53: route53, aws_route53_targets: targets, aws_s3: s3,
  aws_wafv2: waf,
} = require('aws-cdk-lib');
const { publish, logGroup, bucket, served } = require('./parts');

class EdgeStack extends Stack {
  constructor(scope, id, { system, settings, network, ...properties }) {
    super(scope, id, properties);
    const names = served(system).map(([, service]) => [service.host, settings.domain].filter(Boolean).join('.'));
    const zone = route53.HostedZone.fromHostedZoneAttributes(this, 'Zone', {
      hostedZoneId: system.hostedZoneId,
      zoneName: 'aldeia.com',
    });
    this.balancer = new elb.ApplicationLoadBalancer(this, 'LoadBalancer', {
      vpc: network.vpc,
      internetFacing: true,
      securityGroup: network.groups.LoadBalancer,
      deletionProtection: settings.protected,
      dropInvalidHeaderFields: true,
      desyncMitigationMode: elb.DesyncMitigationMode.DEFENSIVE,
    });
    this.balancer.logAccessLogs(bucket(this, 'AccessLogsBucket', { encryption: s3.BucketEncryption.S3_MANAGED }));
    this.balancer.addRedirect();
    this.listener = this.balancer.addListener('Https', {
      port: 443,
      sslPolicy: elb.SslPolicy.RECOMMENDED_TLS,
      certificates: [new acm.Certificate(this, 'Certificate', {
        domainName: settings.domain,
        subjectAlternativeNames: names.filter((name) => name !== settings.domain),
        validation: acm.CertificateValidation.fromDns(zone),
      })],
      defaultAction: elb.ListenerAction.fixedResponse(404, { contentType: 'text/plain', messageBody: 'No such host' }),
    });
    this.targetGroups = {};
    served(system).forEach(([name, service], index) => {
      const fargate = this.targetGroup(network, service, `${name}-fargate`, elb.TargetType.IP);
      const hosts = this.targetGroup(network, service, `${name}-ec2`, elb.TargetType.INSTANCE);
      this.targetGroups[name] = { fargate, ec2: hosts };
      this.listener.addAction(`${name}-rule`, {
        priority: 10 * (index + 1),
        conditions: [elb.ListenerCondition.hostHeaders([names[index]])],
        action: elb.ListenerAction.weightedForward([
          { targetGroup: fargate, weight: settings.fargateWeight },
          { targetGroup: hosts, weight: 100 - settings.fargateWeight },
        ]),
      });
      new route53.ARecord(this, `${name}-record`, {
        zone,
        recordName: names[index],
        target: route53.RecordTarget.fromAlias(new targets.LoadBalancerTarget(this.balancer)),
      });
    });
    if (settings.protected) this.addFirewall(settings, network.key);
    publish(this, `${settings.name}/edge`, this.values());
  }

  targetGroup(network, service, id, targetType) {
    return new elb.ApplicationTargetGroup(this, id, {
      vpc: network.vpc,
      port: service.port,
      protocol: elb.ApplicationProtocol.HTTP,
      targetType,
      deregistrationDelay: Duration.seconds(30),
      healthCheck: {
        path: service.path,
        interval: Duration.seconds(30),
        timeout: Duration.seconds(5),
        healthyThresholdCount: 2,
        unhealthyThresholdCount: 3,
        healthyHttpCodes: '200-299',
      },
    });
  }

  addFirewall(settings, key) {
    const visibility = (metricName) => ({ cloudWatchMetricsEnabled: true, metricName, sampledRequestsEnabled: true });
    const managed = ['AmazonIpReputationList', 'KnownBadInputsRuleSet', 'CommonRuleSet'].map((each, index) => {
      const name = `AWSManagedRules${each}`;
      return {
        name,
        priority: index + 1,
        overrideAction: { none: {} },
        statement: { managedRuleGroupStatement: { name, vendorName: 'AWS' } },
        visibilityConfig: visibility(name),
      };
    });
    const acl = new waf.CfnWebACL(this, 'WebAcl', {
      name: `aldeia-${settings.short}-firewall`,
      scope: 'REGIONAL',
      defaultAction: { allow: {} },
      visibilityConfig: visibility('firewall'),
      rules: [{
        name: 'requests-per-address',
        priority: 0,
        action: { block: {} },
        statement: { rateBasedStatement: { aggregateKeyType: 'IP', evaluationWindowSec: 300, limit: 2000 } },
        visibilityConfig: visibility('requests-per-address'),
      }, ...managed],
    });
    new waf.CfnWebACLAssociation(this, 'WebAclAssociation', {
      resourceArn: this.balancer.loadBalancerArn,
      webAclArn: acl.attrArn,
    });
    const group = logGroup(this, 'FirewallLogGroup', settings, key, `aws-waf-logs-aldeia-${settings.short}`);
    new waf.CfnLoggingConfiguration(this, 'FirewallLog', {
      resourceArn: acl.attrArn,
      logDestinationConfigs: [`arn:aws:logs:${this.region}:${this.account}:log-group:${group.logGroupName}`],
      redactedFields: ['authorization', 'cookie'].map((Name) => ({ singleHeader: { Name } })),
    });
  }

  values() {
    const values = {
      HttpsListenerArn: this.listener.listenerArn,
      LoadBalancerArn: this.balancer.loadBalancerArn,
      LoadBalancerFullName: this.balancer.loadBalancerFullName,
    };
    for (const [name, groups] of Object.entries(this.targetGroups)) {
      for (const [option, group] of Object.entries(groups)) {
        values[`${name}-${option}-TargetGroupArn`] = group.targetGroupArn;
        values[`${name}-${option}-TargetGroupFullName`] = group.targetGroupFullName;
      }
    }
    return values;
  }
}

module.exports = { EdgeStack };
