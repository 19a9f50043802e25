import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import type { z } from 'zod';
import { guarded } from '../adapters/local/file-errors.ts';
import { ConfigError, messageOf } from '../etl/errors.ts';
import { NAME } from '../etl/naming/datasets.ts';
import type { ControlPlane } from '../stream/policy/change-document.ts';
import { DatasetUrn, urnOfDataset } from '../stream/policy/dataset-urn.ts';
import { documentsPolicyStore } from '../stream/policy/documents-policy-store.ts';
import type { Args } from './command.ts';
import type { Io } from './io.ts';
import { type CommandLake, openLakeOf } from './open-lake.ts';
import { registryOf } from './schema-registry.ts';
import { usageError } from './usage-error.ts';

/** Opens what policies are kept with, and compared with. */
export async function openControlPlane(
  args: Args,
  io: Io,
  { changes }: { readonly changes: boolean },
): Promise<ControlPlane> {
  const lake = await openLakeOf(args, io, { changes });
  const { effects } = lake;
  const registry = await registryOf(args, io, effects.clock);
  return { effects, store: await storeOf(lake), ...(registry === undefined ? {} : { registry }) };
}

/** The store of policies of a lake: documents in it, or the table of a platform. */
export async function storeOf({
  effects,
  athena,
  policiesTable,
}: CommandLake): Promise<ControlPlane['store']> {
  if (athena === undefined) return documentsPolicyStore(effects.objects);
  if (policiesTable === undefined)
    throw new ConfigError(
      'NO_POLICIES_TABLE',
      'This stack has no table of policies: deploy this release to it.',
    );
  // Whoever has no platform doesn't pay for loading the SDK.
  const { dynamoPolicies } = await import('../adapters/aws/dynamo-policies.ts');
  return dynamoPolicies({ table: policiesTable });
}

/** The URN of a dataset, however it is written: `orders.created` or `urn:dp:orders:created`. */
export function urnOf(text: string): string {
  const [domain = '', name = '', ...rest] = text.split('.');
  if (NAME.test(domain) && NAME.test(name) && rest.length === 0) return urnOfDataset(text);
  if (DatasetUrn.safeParse(text).success) return text;
  throw usageError(`'${text}' is no dataset: write orders.created, or urn:dp:orders:created.`);
}

/** What a file in JSON or YAML says; of `-`, what stdin does. Throws ConfigError `MALFORMED` with everything wrong with its form. */
export async function readShaped<Shape extends z.ZodType>(
  name: string,
  shape: Shape,
  io: Io,
): Promise<z.output<Shape>> {
  const text = name === '-' ? await io.readInput() : await readText(path.resolve(io.cwd, name));
  const parsed = shape.safeParse(parseText(text, name));
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map(({ path: at, message }) => `${at.join('.') || 'it'}: ${message}`);
  throw new ConfigError('MALFORMED', `${name} is not in the form that it should have: ${wrong.join('; ')}.`);
}

async function readText(file: string): Promise<string> {
  try {
    return await guarded(`reading ${file}`, () => readFile(file, 'utf8'));
  } catch (error) {
    throw new ConfigError('NO_FILE', messageOf(error), { cause: error });
  }
}

function parseText(text: string, name: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0 });
  } catch (error) {
    throw new ConfigError('MALFORMED', `${name} is neither JSON nor YAML: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
