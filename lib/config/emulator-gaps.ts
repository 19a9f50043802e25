import { CfnResource, type IAspect } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/**
 * Resource types that the emulator's CloudFormation doesn't know, each with the reason why it may be left out there
 * (`-c emulator=true`) without making less true of what is tested. Nothing else differs from a real deployment.
 */
export const EMULATOR_GAPS: Readonly<Record<string, string>> = {
  'AWS::Athena::NamedQuery': 'No type of the emulator; the queries are run from sql/athena by the tests.',
  'AWS::Budgets::Budget': 'No type of the emulator; nothing costs anything there.',
  'AWS::CloudTrail::Trail': 'No type of the emulator; no stage depends on the trail.',
};

/** Takes the resources of EMULATOR_GAPS out of the tree. */
export class LeaveOutEmulatorGaps implements IAspect {
  visit(node: IConstruct): void {
    if (!CfnResource.isCfnResource(node) || !(node.cfnResourceType in EMULATOR_GAPS)) return;
    node.node.scope?.node.tryRemoveChild(node.node.id);
  }
}
