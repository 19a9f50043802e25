import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Busboy, type BusboyInstance } from '@fastify/busboy';
import { ConfigError } from '../../etl/errors.ts';
import type { Ctx } from './env.ts';

/** A file that is being sent. */
export interface SentFile {
  readonly name: string;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** Fields beside files are small, and few. */
const LIMITS = { fieldSize: 10_000, fields: 20, fieldNameSize: 100, files: 1000, headerSize: 16_384 };

/** Reads the files of a form, one after another, each as it comes; `fields` are those that stand before it. Returns all fields. */
export async function readFormFiles(
  c: Ctx,
  use: (file: SentFile, fields: Readonly<Record<string, string>>) => Promise<void>,
): Promise<Readonly<Record<string, string>>> {
  const type = c.req.header('content-type') ?? '';
  if (!isForm(type) || c.req.raw.body === null)
    throw new ConfigError('REQUEST', `A form with files is expected here, and this is '${type}'.`);
  const fields: Record<string, string> = {};
  const parser = parserOf(type);
  const [lost, giveUp] = [new Set<Readable>(), new AbortController()];
  let used: Promise<void> = Promise.resolve();
  let refused: { readonly error: unknown } | undefined;
  parser.on('field', (name, value) => {
    fields[name] = value;
  });
  parser.on('file', (_, bytes, name: string | undefined) => {
    // A form of which no file was chosen sends one without a name.
    if (name === undefined || name === '') return void bytes.resume();
    // Where it breaks off before anybody reads it: who reads it gets the error, too.
    bytes.on('error', () => undefined);
    lost.add(bytes);
    used = used
      .then(() => use({ name, bytes }, fields))
      .then(() => void lost.delete(bytes))
      .catch((error: unknown) => {
        refused ??= { error };
        giveUp.abort();
      });
  });
  try {
    await pipeline(Readable.fromWeb(c.req.raw.body as never), parser, { signal: giveUp.signal });
  } catch (error) {
    refused ??= {
      error: new ConfigError('REQUEST', 'The form can not be read: it ended early, or is no form.', {
        cause: error,
      }),
    };
    // Whoever still reads one would wait for ever.
    for (const bytes of lost) bytes.destroy(new Error('The form ended early.'));
  }
  await used;
  if (refused !== undefined) throw refused.error;
  return fields;
}

/** Reads what a request sends: the files of a form, or its body as one file, whose name its address has as `name`. */
export async function readFiles(c: Ctx, use: (file: SentFile) => Promise<void>): Promise<void> {
  const type = c.req.header('content-type') ?? '';
  if (isForm(type)) return void (await readFormFiles(c, use));
  const name = c.req.query('name');
  if (name === undefined)
    throw new ConfigError(
      'FILE_NAME',
      'The file has no name: write it into the address, as ?name=2024-05.csv.',
    );
  if (c.req.raw.body === null)
    throw new ConfigError('REQUEST', 'The request has no body, and no file is sent.');
  const bytes = Readable.fromWeb(c.req.raw.body as never);
  bytes.on('error', () => undefined);
  await use({ name, bytes });
}

const isForm = (type: string): boolean => /^multipart\/form-data\s*;/i.test(type);

function parserOf(type: string): BusboyInstance {
  try {
    return new Busboy({ headers: { 'content-type': type }, limits: LIMITS, preservePath: true });
  } catch (error) {
    throw new ConfigError('REQUEST', `This is no form with files: '${type}'.`, { cause: error });
  }
}
