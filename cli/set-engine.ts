import type { TrinoPlace } from '../adapters/trino/trino-place.ts';
import type { Args, Option } from './command.ts';
import type { Io } from './io.ts';
import { usageError } from './usage-error.ts';

const ENGINES = ['auto', 'duckdb', 'trino'] as const;

/** From so many bytes of files to compare or to add up on, `auto` asks the set engine; as on AWS. */
const AUTO_BYTES = 16 * 1024 ** 3;

/** The options of commands that run: what answers questions that outgrow this machine. */
export const SET_OPTIONS = {
  engine: {
    type: 'string',
    value: 'ENGINE',
    help: 'what compares and adds up: duckdb; trino; auto: trino, where it is named, from 16 GB of files on (default: $ASSAY_ENGINE, else auto)',
    choices: ENGINES,
  },
  trino: {
    type: 'string',
    value: 'URL',
    help: 'address of a Trino that reads the files of this lake (default: $ASSAY_TRINO)',
  },
  'trino-catalog': {
    type: 'string',
    value: 'NAME',
    help: 'a catalog of its Iceberg connector that allows register_table (default: $ASSAY_TRINO_CATALOG, else iceberg)',
  },
  'trino-schema': {
    type: 'string',
    value: 'NAME',
    help: 'a schema of it for temporary tables (default: $ASSAY_TRINO_SCHEMA, else assay)',
  },
  'trino-user': {
    type: 'string',
    value: 'NAME',
    help: 'who asks it (default: $ASSAY_TRINO_USER, else assay); $ASSAY_TRINO_PASSWORD or $ASSAY_TRINO_TOKEN proves it',
  },
} as const satisfies Readonly<Record<string, Option>>;

/** What was given of these options, by name; absent: nothing. */
export type SetOptions = Readonly<Partial<Record<keyof typeof SET_OPTIONS, string>>>;

/** What a command line gives of the options. */
export function setOptionsOf(args: Args): SetOptions {
  return Object.fromEntries(
    Object.keys(SET_OPTIONS).flatMap((name) => {
      const text = args.text(name);
      return text === undefined ? [] : [[name, text]];
    }),
  );
}

/** The set engine as it is wanted: where it is, and from how many bytes on it is asked. */
export interface SetSettings {
  readonly place: TrinoPlace;
  readonly fromBytes: number;
}

/**
 * Reads the settings of the set engine from options and the environment; undefined where none is wanted. Throws ConfigError
 * `USAGE` for what contradicts itself or isn't complete.
 */
export function setSettings(
  options: SetOptions | undefined,
  { env }: Pick<Io, 'env'>,
): SetSettings | undefined {
  const engine = options?.engine ?? (env.ASSAY_ENGINE || 'auto');
  if (engine === 'athena')
    throw usageError(
      '--engine athena is for a platform on AWS, which chooses it by its own settings: see docs/scale.md. Write trino, duckdb or auto.',
    );
  if (!ENGINES.some((one) => one === engine))
    throw usageError(`--engine ${engine} is unknown: write ${ENGINES.join(', ')}.`);
  const server = options?.trino ?? env.ASSAY_TRINO;
  if (engine === 'duckdb' || (engine === 'auto' && !server)) return undefined;
  if (!server) throw usageError('--engine trino needs its address: add --trino URL, or set $ASSAY_TRINO.');
  const place: TrinoPlace = {
    server: addressOf(server),
    catalog: nameOf('trino-catalog', options, env.ASSAY_TRINO_CATALOG || 'iceberg'),
    schema: nameOf('trino-schema', options, env.ASSAY_TRINO_SCHEMA || 'assay'),
    user: options?.['trino-user'] ?? (env.ASSAY_TRINO_USER || 'assay'),
    ...proofOf(env, server),
  };
  return { place, fromBytes: engine === 'trino' ? 0 : AUTO_BYTES };
}

function addressOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw usageError(`--trino ${text} is no address: write one such as https://trino.example.com:8443.`);
  if (url.username !== '' || url.password !== '')
    throw usageError('--trino takes no user and no password: use --trino-user and $ASSAY_TRINO_PASSWORD.');
  return url.href.replace(/\/+$/, '');
}

function nameOf(
  option: 'trino-catalog' | 'trino-schema',
  options: SetOptions | undefined,
  otherwise: string,
): string {
  const name = options?.[option] ?? otherwise;
  // Trino has all names in lower case.
  if (!/^[a-z0-9_-]+$/.test(name))
    throw usageError(`--${option} ${name} is no name: write lower-case letters, digits, _ and -.`);
  return name;
}

function proofOf(env: Io['env'], server: string): Pick<TrinoPlace, 'proof'> {
  const { ASSAY_TRINO_PASSWORD: password, ASSAY_TRINO_TOKEN: token } = env;
  if (!password && !token) return {};
  if (password && token)
    throw usageError('$ASSAY_TRINO_PASSWORD and $ASSAY_TRINO_TOKEN are both set: keep one of them.');
  if (!server.startsWith('https:'))
    throw usageError('A password or token is sent by https only: --trino must begin with https://.');
  return { proof: token ? { kind: 'token', token } : { kind: 'password', password: password ?? '' } };
}
