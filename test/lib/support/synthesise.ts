import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { fileContractSource } from '../../../adapters/local/contract-source.ts';
import type { Contract } from '../../../etl/contract/contract.ts';
import { loadContracts } from '../../../etl/contract/load-contracts.ts';
import { addAssay } from '../../../lib/assay-app.ts';
import { readStageConfig } from '../../../lib/config/stage-config.ts';
import type { CodeSource } from '../../../lib/workflow/code-source.ts';
import { shippedContracts } from '../../support/shipped-contracts.ts';

const folder = (name: string): string => fileURLToPath(new URL(`../../../${name}`, import.meta.url));

/** A stage's templates, and the app that they come from. */
export interface Synthesised {
  readonly app: App;
  readonly lake: Template;
  readonly platform: Template;
  /** Undefined where no repository may deploy. */
  readonly delivery: Template | undefined;
}

/** The contracts that come with Assay. */
export async function readContracts(): Promise<Contract[]> {
  return [...(await loadContracts(shippedContracts())).contracts.values()];
}

/** The contracts of examples/shop, which protect what they hold. */
export async function readShop(): Promise<Contract[]> {
  const folders = {
    contractsDir: folder('examples/shop/contracts'),
    sqlDir: folder('examples/shop/sql/gold'),
  };
  return [...(await loadContracts(fileContractSource(folders))).contracts.values()];
}

/** Synthesises a stage with empty functions, from contracts and CDK context. */
export function synthesise(
  contracts: readonly Contract[],
  context: Readonly<Record<string, string>> = {},
): Synthesised {
  const { context: flags } = JSON.parse(readFileSync(folder('cdk.json'), 'utf8'));
  const app = new App({
    analyticsReporting: false,
    context: { ...flags, 'aws:cdk:disable-asset-staging': true },
  });
  const config = readStageConfig((name) => context[name]);
  const { lake, platform, delivery } = addAssay(app, {
    config,
    contracts,
    contractsDigest: '0'.repeat(64),
    code: emptyCode(),
  });
  return {
    app,
    lake: Template.fromStack(lake),
    platform: Template.fromStack(platform),
    delivery: delivery === undefined ? undefined : Template.fromStack(delivery),
  };
}

function emptyCode(): CodeSource {
  return {
    functionCode: () => Code.fromInline('exports.handler = async () => {};'),
    duckDbLayer: () => Code.fromAsset(path.join(import.meta.dirname, 'empty-layer')),
  };
}
