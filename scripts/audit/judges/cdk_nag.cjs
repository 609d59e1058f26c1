// Prints every violation that cdk-nag's packs see in the templates given as arguments, as one JSON list.
const { App, Stack } = require("aws-cdk-lib");
const { CfnInclude } = require("aws-cdk-lib/cloudformation-include");
const nag = require("cdk-nag");

const PACKS = [
  nag.AwsSolutionsChecks,
  nag.HIPAASecurityChecks,
  nag.NIST80053R4Checks,
  nag.NIST80053R5Checks,
  nag.PCIDSS321Checks,
  nag.ServerlessChecks,
];

const found = [];
for (const file of process.argv.slice(2)) {
  const app = new App({ analyticsReporting: false });
  const stack = new Stack(app, "Stack");
  new CfnInclude(stack, "Template", { templateFile: file });
  for (const Pack of PACKS) {
    for (const violation of new Pack(app).validateScope(stack).violations) {
      for (const resource of violation.violatingResources) {
        const place = resource.constructPath.split("/").at(-1);
        found.push({ file, check: violation.ruleName, place, message: violation.description });
      }
    }
  }
}
console.log(JSON.stringify(found));
