import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import { ConfigError } from '../../../etl/errors.ts';
import { datasetOfUrn } from '../../../stream/policy/dataset-urn.ts';
import {
  type KeptDocument,
  type PolicyStore,
  policyName,
  RESOLUTION_NAME,
} from '../../../stream/policy/policy-store.ts';
import { guarded, hasCode } from '../file-errors.ts';

/**
 * Policies as files of a folder, YAML or JSON: a policy each, and files with `rules` that make up the resolution map. A file
 * that can't be read stands for a broken policy of the dataset that it is named for.
 */
export function policyFolder(folder: string): Pick<PolicyStore, 'current'> {
  return {
    current: () => guarded(`reading policies in ${folder}`, () => readFolder(folder)),
  };
}

async function readFolder(folder: string): Promise<readonly KeptDocument[]> {
  const names = (await namesIn(folder)).filter((name) => /\.(ya?ml|json)$/i.test(name)).sort();
  const policies: KeptDocument[] = [];
  const rules: unknown[] = [];
  for (const name of names) {
    const body = await readBody(path.join(folder, name));
    if (isMap(body) && Array.isArray(body.rules)) rules.push(...body.rules);
    else policies.push(keptOf(policyName(datasetOf(body, name)), body));
  }
  return [...policies, keptOf(RESOLUTION_NAME, { format: 1, rules, changed: {} })];
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'ENOTDIR')) throw error;
    throw new ConfigError(
      'NO_POLICIES',
      `${folder} is no folder: name the one with the policies (--policies).`,
      {
        context: { folder },
      },
    );
  }
}

/** Undefined for what is neither YAML nor JSON. */
async function readBody(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8');
  try {
    return parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const isMap = (body: unknown): body is Readonly<Record<string, unknown>> =>
  typeof body === 'object' && body !== null && !Array.isArray(body);

/** What it says itself, else what the file is named for: `orders.created.yaml`. */
function datasetOf(body: unknown, name: string): string {
  const urn = isMap(body) && typeof body.dataset_urn === 'string' ? body.dataset_urn : '';
  return urn.startsWith('urn:dp:') ? datasetOfUrn(urn) : name.replace(/\.[a-z]+$/i, '');
}

const keptOf = (name: string, body: unknown): KeptDocument => ({
  name,
  version: 1,
  at: '',
  by: '',
  reason: '',
  decision: { id: '', kind: 'policy-set', dataset: '', details: {} },
  body,
});
