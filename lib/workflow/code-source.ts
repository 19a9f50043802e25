import { existsSync } from 'node:fs';
import path from 'node:path';
import { Code } from 'aws-cdk-lib/aws-lambda';
import type { CpuArchitecture } from '../config/stage-config.ts';

/** Where the code of functions and of the layer comes from, so that tests need no bundles. */
export interface CodeSource {
  functionCode(name: string): Code;
  duckDbLayer(architecture: CpuArchitecture): Code;
}

/** What `npm run bundle` leaves in a folder. Throws where it wasn't run. */
export function bundledCode(folder: string): CodeSource {
  const asset = (...names: string[]): Code => {
    const place = path.join(folder, ...names);
    if (!existsSync(place)) throw new Error(`${place} is missing: run 'npm run bundle' first.`);
    return Code.fromAsset(place);
  };
  return {
    functionCode: (name) => asset('lambdas', name),
    duckDbLayer: (architecture) => asset('layers', `duckdb-${architecture}`),
  };
}
