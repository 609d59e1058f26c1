// The whole system as an AWS CDK app: six stacks for each environment, two that they share.
'use strict';

const { App, Tags } = require('aws-cdk-lib');
const { NetworkStack, DataStack } = require('./foundation');
const { EdgeStack } = require('./edge');
const { FargateStack } = require('./fargate');
const { Ec2Stack } = require('./hosts');
const { RegistryStack, DeliveryStack, MonitoringStack } = require('./operations');
const system = require('../system.json');

const app = new App();
const env = { account: system.account, region: system.region };

function add(Kind, environment, stack, properties) {
  const made = new Kind(app, `aldeia-${environment}-${stack}`, { env, system, ...properties });
  Object.entries({ Environment: environment, ManagedBy: 'cdk', Project: 'aldeia', Stack: stack })
    .forEach(([key, value]) => Tags.of(made).add(key, value));
  return made;
}

const registry = add(RegistryStack, 'shared', 'registry', {});
add(DeliveryStack, 'shared', 'delivery', {});
for (const [name, description] of Object.entries(system.environments)) {
  const common = { settings: { name, ...description } };
  const network = add(NetworkStack, name, 'network', common);
  const data = add(DataStack, name, 'data', { ...common, network });
  const edge = add(EdgeStack, name, 'edge', { ...common, network });
  const around = { ...common, network, data, edge, registry };
  const fargate = add(FargateStack, name, 'fargate', around);
  const ec2 = add(Ec2Stack, name, 'ec2', around);
  add(MonitoringStack, name, 'monitoring', { ...common, network, data, edge, fargate, ec2 });
}
app.synth();
