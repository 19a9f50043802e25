import { z } from 'zod';
import { ConfigError, DataError, messageOf, TransientError } from '../../etl/errors.ts';
import {
  COMPATIBILITY_MODES,
  type RegisteredSchema,
  readSchemaId,
  type SchemaRegistry,
} from '../../stream/registry/registry.ts';

/** Where a registry is, and how it is asked. */
export interface ConfluentRegistryOptions {
  /** Its address, e.g. `https://registry.example.org`; a name and a password in it are sent as basic authentication. */
  readonly url: URL;
  /** Sent as a bearer token. */
  readonly token?: string;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 5_000;

/** Formats by the names that registries have for them; Avro is the one without a name. */
const FORMATS = { AVRO: 'avro', JSON: 'json', PROTOBUF: 'protobuf' } as const;
const SchemaType = z.enum(['AVRO', 'JSON', 'PROTOBUF']).default('AVRO');
const ById = z.object({ schema: z.string(), schemaType: SchemaType });
const Version = z.object({ subject: z.string(), version: z.int() });
const OfSubject = ById.extend(Version.shape);
const Level = z.object({ compatibilityLevel: z.enum(COMPATIBILITY_MODES) });

/** Schemas of a registry with Confluent's HTTP interface, as Confluent's own, Karapace and Apicurio have it. */
export function confluentRegistry(options: ConfluentRegistryOptions): SchemaRegistry {
  const ask = asker(options);
  const subjectPath = (subject: string): string => `subjects/${encodeURIComponent(subject)}`;

  async function modeOf(subject: string): Promise<RegisteredSchema['compatibility']> {
    const own = await ask(`config/${encodeURIComponent(subject)}?defaultToGlobal=true`, Level);
    return (own ?? (await ask('config', Level)))?.compatibilityLevel ?? 'BACKWARD';
  }
  async function ofSubject(subject: string, version: string): Promise<RegisteredSchema | undefined> {
    const found = await ask(`${subjectPath(subject)}/versions/${version}`, OfSubject);
    return found && registered(found, await modeOf(subject));
  }
  async function byNumber(id: string, wanted?: string): Promise<RegisteredSchema | undefined> {
    const found = await ask(`schemas/ids/${id}`, ById);
    if (found === undefined) return undefined;
    const versions = (await ask(`schemas/ids/${id}/versions`, z.array(Version))) ?? [];
    const place = versions.find(({ subject }) => subject === wanted) ?? versions[0];
    return place && registered({ ...found, ...place }, await modeOf(place.subject));
  }
  return {
    async schema(id, subject) {
      if (/^\d{1,10}$/.test(id)) return await byNumber(id, subject);
      const named = readSchemaId(id);
      if (named?.registry !== 'confluent') return undefined;
      return await ofSubject(named.subject, String(named.version));
    },
    latest: (subject) => ofSubject(subject, 'latest'),
  };
}

function registered(
  { schema, schemaType, subject, version }: z.output<typeof OfSubject>,
  compatibility: RegisteredSchema['compatibility'],
): RegisteredSchema {
  const id = `confluent:${subject}:${version}`;
  return { id, subject, version, format: FORMATS[schemaType], text: schema, compatibility };
}

/** Asks for a path; undefined where the registry says that there is nothing. */
function asker({ url, token, timeoutMs = TIMEOUT_MS }: ConfluentRegistryOptions) {
  const base = new URL(url);
  const { username, password } = base;
  base.username = '';
  base.password = '';
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  const basic = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const authorization =
    token !== undefined
      ? `Bearer ${token}`
      : username === ''
        ? undefined
        : `Basic ${Buffer.from(basic).toString('base64')}`;
  const headers = {
    accept: 'application/vnd.schemaregistry.v1+json, application/json',
    ...(authorization === undefined ? {} : { authorization }),
  };
  return async <Shape extends z.ZodType>(
    path: string,
    shape: Shape,
  ): Promise<z.output<Shape> | undefined> => {
    const at = new URL(path, base);
    let answer: Response;
    let text: string;
    try {
      answer = await fetch(at, { headers, redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) });
      text = await answer.text();
    } catch (error) {
      throw unavailable(at, messageOf(error), error);
    }
    if (answer.status === 404) return undefined;
    if (answer.status === 401 || answer.status === 403)
      throw new ConfigError(
        'SCHEMA_REGISTRY_DENIED',
        `The schema registry at ${base.origin} refuses to be asked (${answer.status}): check the name and password, or the token.`,
      );
    if (!answer.ok) throw unavailable(at, `it answers ${answer.status}`);
    return parsed(text, shape, at);
  };
}

const unavailable = (at: URL, why: string, cause?: unknown): TransientError =>
  new TransientError(
    'SCHEMA_REGISTRY_UNAVAILABLE',
    `The schema registry at ${at.origin} can't be asked: ${why}.`,
    {
      cause,
    },
  );

function parsed<Shape extends z.ZodType>(text: string, shape: Shape, at: URL): z.output<Shape> {
  try {
    return shape.parse(JSON.parse(text));
  } catch (error) {
    throw new DataError(
      'SCHEMA_REGISTRY_ANSWER',
      `${at.origin}${at.pathname} answers something else than a schema registry does: check the address.`,
      { cause: error },
    );
  }
}
