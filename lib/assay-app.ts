import { type App, Aspects, Tags } from 'aws-cdk-lib';
import type { Contract } from '../etl/contract/contract.ts';
import { LeaveOutEmulatorGaps } from './config/emulator-gaps.ts';
import type { StageConfig } from './config/stage-config.ts';
import { DeliveryStack } from './delivery-stack.ts';
import { LakeStack } from './lake-stack.ts';
import { PlatformStack } from './platform-stack.ts';
import type { CodeSource } from './workflow/code-source.ts';

/** What one deployment is made from. */
export interface AssayProps {
  readonly config: StageConfig;
  readonly contracts: readonly Contract[];
  /** Of the contracts and their SQL, see etl/contract/contracts-digest.ts. */
  readonly contractsDigest: string;
  readonly code: CodeSource;
}

/** The stacks of a stage. */
export interface AssayStacks {
  readonly lake: LakeStack;
  readonly platform: PlatformStack;
  /** Undefined where nobody deploys from GitHub. */
  readonly delivery: DeliveryStack | undefined;
}

/** Adds a stage's stacks to an app: what holds data, what a release changes, and who may deploy it, where GitHub does. */
export function addAssay(app: App, { config, contracts, contractsDigest, code }: AssayProps): AssayStacks {
  const { stage } = config;
  const terminationProtection = stage === 'production';
  const lake = new LakeStack(app, `Assay-${stage}-Lake`, { config, contracts, terminationProtection });
  const platform = new PlatformStack(app, `Assay-${stage}`, {
    config,
    contracts,
    contractsDigest,
    lake,
    code,
    terminationProtection,
  });
  const { repository } = config;
  const delivery =
    repository === undefined
      ? undefined
      : new DeliveryStack(app, `Assay-${stage}-Delivery`, { stage, repository, terminationProtection });
  const tags = { Application: 'Assay', Stage: stage, CostCentre: config.costCentre };
  for (const [name, value] of Object.entries(tags)) Tags.of(app).add(name, value);
  if (config.isEmulated) Aspects.of(app).add(new LeaveOutEmulatorGaps());
  return { lake, platform, delivery };
}
