import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { fileContractSource } from '../adapters/local/contract-source.ts';
import { deployedFolders } from '../adapters/local/deployed-folders.ts';
import { contractsDigest } from '../etl/contract/contracts-digest.ts';
import { loadContracts } from '../etl/contract/load-contracts.ts';
import { buildDuckDbLayer } from '../lambdas/bundling/duckdb-layer.ts';
import { addAssay } from '../lib/assay-app.ts';
import { requireEmulator } from '../lib/config/require-emulator.ts';
import { readStageConfig } from '../lib/config/stage-config.ts';
import { bundledCode } from '../lib/workflow/code-source.ts';

const folder = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url));

const source = fileContractSource(deployedFolders(folder(''), process.env));
const { contracts, problems } = await loadContracts(source);
for (const { file, line, path, message } of problems) console.error(`${file}:${line}: ${path}: ${message}`);
if (problems.length > 0) throw new Error('Nothing is deployed with a contract that cannot be used.');

const app = new App();
const config = readStageConfig((name) => app.node.tryGetContext(name));
if (config.isEmulated) {
  // cdk says whose credentials it found; the SDK's own variable says where requests go.
  const { CDK_DEFAULT_ACCOUNT: account, AWS_ENDPOINT_URL: endpoint } = process.env;
  requireEmulator({ account, endpoint });
}
const build = folder('build');
const { architecture } = config;
// 'npm run bundle' comes before and knows no context: it has laid out the layer for x86.
if (architecture !== 'x64')
  await buildDuckDbLayer(path.join(build, 'layers', `duckdb-${architecture}`), {
    root: folder(''),
    architecture,
    cacheDir: path.join(build, 'cache'),
  });
addAssay(app, {
  config,
  contracts: [...contracts.values()],
  contractsDigest: await contractsDigest(source),
  code: bundledCode(build),
});
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
app.synth();
