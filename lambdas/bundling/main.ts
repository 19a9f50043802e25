import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { deployedFolders } from '../../adapters/local/deployed-folders.ts';
import { ConfigError } from '../../etl/errors.ts';
import { bundle } from './bundle.ts';

/** `npm run bundle [-- --arch arm64] [--out DIR]`: builds what `cdk deploy` ships. */
const { values } = parseArgs({
  options: { arch: { type: 'string', default: 'x64' }, out: { type: 'string', default: 'build' } },
});
if (values.arch !== 'x64' && values.arch !== 'arm64') {
  throw new ConfigError('USAGE', `--arch ${values.arch}: write x64 or arm64.`);
}
const { functions, functionsBytes, layerBytes } = await bundle({
  outDir: values.out,
  architecture: values.arch,
  contracts: deployedFolders(fileURLToPath(new URL('../../', import.meta.url)), process.env),
});
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
// To stderr: cdk writes templates to stdout.
console.error(
  `${values.out}: ${functions} functions, ${megabytes(functionsBytes)}; DuckDB for linux-${values.arch}, ${megabytes(layerBytes)}`,
);
