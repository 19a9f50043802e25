import { type App, Aspects, Tags } from 'aws-cdk-lib';
import type { Contract } from '../etl/contract/contract.ts';
import { LeaveOutEmulatorGaps } from './config/emulator-gaps.ts';
import type { StageConfig } from './config/stage-config.ts';
import { LakeStack } from './lake-stack.ts';
import { PlatformStack } from './platform-stack.ts';
import type { CodeSource } from './workflow/code-source.ts';

/** What one deployment is made from. */
export interface AssayProps {
  readonly config: StageConfig;
  readonly contracts: readonly Contract[];
  readonly code: CodeSource;
}

/** Adds a stage's two stacks to an app: what holds data, and what a release changes. */
export function addAssay(
  app: App,
  { config, contracts, code }: AssayProps,
): { lake: LakeStack; platform: PlatformStack } {
  const { stage } = config;
  const terminationProtection = stage === 'production';
  const lake = new LakeStack(app, `Assay-${stage}-Lake`, { config, contracts, terminationProtection });
  const platform = new PlatformStack(app, `Assay-${stage}`, {
    config,
    contracts,
    lake,
    code,
    terminationProtection,
  });
  const tags = { Application: 'Assay', Stage: stage, CostCentre: config.costCentre };
  for (const [name, value] of Object.entries(tags)) Tags.of(app).add(name, value);
  if (config.isEmulated) Aspects.of(app).add(new LeaveOutEmulatorGaps());
  return { lake, platform };
}
