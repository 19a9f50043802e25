import { isUtf8 } from 'node:buffer';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { type SchemaReader, UNDECODABLE } from './read-by-schema.ts';
import type { RegisteredSchema } from './registry.ts';
import { unusable } from './schema-error.ts';

/** Reasons of one payload that evidence names. */
const MOST_REASONS = 20;

/** Reads JSON by a JSON Schema of draft 6, 7, 2019-09 or 2020-12. The text stays as it came. */
export function jsonReader(schema: RegisteredSchema): SchemaReader {
  const validate = validatorOf(schema);
  return {
    read(body) {
      if (!isUtf8(body)) return UNDECODABLE;
      const json = Buffer.from(body).toString('utf8');
      try {
        return validate(JSON.parse(json))
          ? { kind: 'valid', json }
          : { kind: 'invalid', reasons: reasonsOf(validate.errors) };
      } catch {
        // No JSON; or nested deeper than a schema that holds itself can be followed.
        return UNDECODABLE;
      }
    },
  };
}

function validatorOf(schema: RegisteredSchema): ValidateFunction {
  try {
    const document: unknown = JSON.parse(schema.text);
    const ajv = ajvFor(document);
    // ajv-formats is a CommonJS module whose default export is itself.
    (addFormats as unknown as { default: (to: Ajv) => void }).default(ajv);
    return ajv.compile(document as object);
  } catch (error) {
    throw unusable(schema, error);
  }
}

function ajvFor(document: unknown): Ajv {
  const draft = String((document as { readonly $schema?: unknown } | null)?.$schema ?? '');
  const options = {
    // Registries hold schemas with keywords of other tools.
    ...{ strict: false, allErrors: true, multipleOfPrecision: 9, logger: false as const },
    // One schema an instance: an id that stands twice is no conflict.
    addUsedSchema: false,
  };
  if (draft.includes('2020-12')) return new Ajv2020(options);
  if (draft.includes('2019-09')) return new Ajv2019(options);
  const ajv = new Ajv(options);
  if (draft.includes('draft-06')) ajv.addMetaSchema({ ...DRAFT_7_AS_6 });
  return ajv;
}

/** Draft 6 has nothing that draft 7 refuses. */
const DRAFT_7_AS_6 = { $id: 'http://json-schema.org/draft-06/schema#' };

/** Each error by the place in the schema, which has no value of the payload. */
function reasonsOf(errors: readonly ErrorObject[] | null | undefined): string[] {
  const places = (errors ?? []).map(({ schemaPath, params }) => {
    const missing: unknown = params.missingProperty;
    const path = propertiesIn(schemaPath) + (typeof missing === 'string' ? `/${missing}` : '');
    return path === '' ? 'SCHEMA_INVALID' : `SCHEMA_INVALID:${path}`;
  });
  return [...new Set(places)].slice(0, MOST_REASONS);
}

/** `#/properties/customer/properties/id/type` → `/customer/id`. */
function propertiesIn(schemaPath: string): string {
  const steps = schemaPath.split('/');
  return steps
    .flatMap((step, n) => (steps[n - 1] === 'properties' ? `/${decodeURIComponent(step)}` : []))
    .join('');
}
