import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { ConfigError, messageOf } from '../../etl/errors.ts';
import {
  COMPATIBILITY_MODES,
  type RegisteredSchema,
  readSchemaId,
  type SchemaRegistry,
} from '../../stream/registry/registry.ts';
import { guarded } from './file-errors.ts';

/** Formats by the endings of files. */
const FORMATS = { '.json': 'json', '.avsc': 'avro', '.proto': 'protobuf' } as const;

/** What `registry.yaml` of a folder says. */
const Settings = z.strictObject({
  /** How schemas may follow one another, unless a subject says something else. */
  compatibility: z.enum(COMPATIBILITY_MODES).default('BACKWARD'),
  subjects: z.record(z.string(), z.enum(COMPATIBILITY_MODES)).default({}),
  /** Numbers and UUIDs that stand in payloads, and whose schemas they are: `orders.created:1`. */
  ids: z.record(z.string(), z.string()).default({}),
});
type Settings = z.output<typeof Settings>;

/**
 * Schemas in a folder: `<subject>/<version>.json`, `.avsc` or `.proto`. Ids are `folder:<subject>:<version>`; `registry.yaml`
 * beside the subjects says the modes of compatibility, and what ids in payloads mean.
 */
export function schemaFolder(folder: string): SchemaRegistry {
  async function read(subject: string, version: number): Promise<RegisteredSchema | undefined> {
    if (!isName(subject)) return undefined;
    const file = (await filesOf(folder, subject)).find((one) => one.version === version);
    if (file === undefined) return undefined;
    const text = await guarded(`reading ${file.name}`, () =>
      readFile(path.join(folder, subject, file.name), 'utf8'),
    );
    const { compatibility, subjects } = await settingsOf(folder);
    return {
      ...{ id: `folder:${subject}:${version}`, subject, version, format: FORMATS[file.ending], text },
      compatibility: subjects[subject] ?? compatibility,
    };
  }
  return {
    async schema(id) {
      const { ids } = await settingsOf(folder);
      const named = readSchemaId(Object.hasOwn(ids, id) ? `folder:${ids[id]}` : id);
      return named?.registry === 'folder' ? await read(named.subject, named.version) : undefined;
    },
    async latest(subject) {
      if (!isName(subject)) return undefined;
      const [newest] = (await filesOf(folder, subject)).sort((a, b) => b.version - a.version);
      return newest && (await read(subject, newest.version));
    },
  };
}

/** A subject is one folder: its name must lead nowhere else. */
const isName = (subject: string): boolean => /^(?!\.{1,2}$)[\w.-]{1,200}$/.test(subject);

interface SchemaFile {
  readonly name: string;
  readonly version: number;
  readonly ending: keyof typeof FORMATS;
}

async function filesOf(folder: string, subject: string): Promise<SchemaFile[]> {
  const names = await unlessMissing(`reading ${subject} in ${folder}`, () =>
    readdir(path.join(folder, subject)),
  );
  return (names ?? []).flatMap((name): SchemaFile[] => {
    const [, version = '', ending = ''] = /^([1-9]\d{0,8})(\.\w+)$/.exec(name) ?? [];
    return isEnding(ending) ? [{ name, version: Number(version), ending }] : [];
  });
}

const isEnding = (ending: string): ending is keyof typeof FORMATS => Object.hasOwn(FORMATS, ending);

async function settingsOf(folder: string): Promise<Settings> {
  const file = path.join(folder, 'registry.yaml');
  const text = await unlessMissing(`reading ${file}`, () => readFile(file, 'utf8'));
  try {
    return Settings.parse(text === undefined ? {} : (parse(text, { maxAliasCount: 0 }) ?? {}));
  } catch (error) {
    throw new ConfigError(
      'SCHEMA_FOLDER',
      `${file} can't be read as settings of schemas: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
}

/** What `work` gives; undefined where there is no such file or folder. */
async function unlessMissing<T>(doing: string, work: () => Promise<T>): Promise<T | undefined> {
  return await guarded(doing, async () => {
    try {
      return await work();
    } catch (error) {
      if ((error as { readonly code?: unknown }).code === 'ENOENT') return undefined;
      throw error;
    }
  });
}
