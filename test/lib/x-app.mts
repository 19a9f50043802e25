import { App } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';

const { readContracts } = await import('./support/synthesise.ts');
const { addAssay } = await import('../../lib/assay-app.ts');
const { readStageConfig } = await import('../../lib/config/stage-config.ts');

import { mkdirSync, writeFileSync } from 'node:fs';

mkdirSync('/tmp/cdk-w/layer', { recursive: true });
writeFileSync('/tmp/cdk-w/layer/x', '');
const app = new App();
addAssay(app, {
  config: readStageConfig((n) => app.node.tryGetContext(n)),
  contracts: await readContracts(),
  code: {
    functionCode: () => Code.fromInline('exports.handler = async () => ({});'),
    duckDbLayer: () => Code.fromAsset('/tmp/cdk-w/layer'),
  },
});
app.synth();
