import { readFile } from 'node:fs/promises';
import { Ajv2019 } from 'ajv/dist/2019.js';
import addFormats from 'ajv-formats';

/** What the standard's own schema says is wrong with a descriptor; empty where nothing is. */
export async function odpsFaults(descriptor: unknown): Promise<readonly string[]> {
  const text = await readFile(new URL('spec/odps-json-schema-v1.0.0.json', import.meta.url), 'utf8');
  const ajv = new Ajv2019({ strict: false, allErrors: true });
  (addFormats as unknown as (one: Ajv2019) => void)(ajv);
  const validate = ajv.compile(JSON.parse(text) as object);
  if (validate(descriptor)) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}
