import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { freePort } from '../../aws/support/processes.ts';
import { type StartedServer, startServer } from './server.ts';
import type { Session } from './session.ts';
import type { TrinoTools } from './tools.ts';

/** A running Trino. */
export interface Trino extends StartedServer {
  readonly url: string;
}

/** How a Trino is started. */
export interface TrinoOptions {
  readonly folder: string;
  /** The lines of each catalog's properties, by its name; `root` is the server's own folder. */
  readonly catalogs: (root: string) => Readonly<Record<string, readonly string[]>>;
  /** A port that is free; any unless said. */
  readonly port?: number;
  /** Further lines of config.properties. */
  readonly config?: readonly string[];
  /** Further files, by their path in the server's folder. */
  readonly files?: Readonly<Record<string, readonly string[]>>;
}

const ICEBERG = [
  'connector.name=iceberg',
  'fs.hadoop.enabled=true',
  'iceberg.expire-snapshots.min-retention=0s',
];
const REGISTERS = 'iceberg.register-table-procedure.enabled=true';

/** A catalog whose metastore is a folder, with the checks of Glue's. */
export const fileCatalog = (metastore: string, lines: readonly string[] = [REGISTERS]): string[] => [
  ...ICEBERG,
  ...lines,
  'iceberg.catalog.type=TESTING_FILE_METASTORE',
  `hive.metastore.catalog.dir=file://${metastore}`,
];

/** The catalogs `files`, `rest`, and `assay` (what `assay serve` serves). */
export function sessionCatalogs({ rest, assay }: Pick<Session, 'rest' | 'assay'>): TrinoOptions['catalogs'] {
  return (root) => ({
    files: fileCatalog(path.join(root, 'metastore')),
    rest: [...ICEBERG, REGISTERS, 'iceberg.catalog.type=rest', `iceberg.rest-catalog.uri=${rest}`],
    // As docs/console.md says.
    assay: [
      'connector.name=iceberg',
      'fs.hadoop.enabled=true',
      'iceberg.catalog.type=rest',
      `iceberg.rest-catalog.uri=${assay.url}`,
      'iceberg.rest-catalog.security=OAUTH2',
      `iceberg.rest-catalog.oauth2.token=${assay.token}`,
    ],
  });
}

/** Starts Trino in `<folder>/trino`. */
export async function startTrino(tools: TrinoTools, options: TrinoOptions): Promise<Trino> {
  const port = options.port ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  const place = path.join(options.folder, 'trino');
  await configure(place, { ...options, url, port, plugins: path.join(tools.trino, 'plugin') });
  const server = await startServer({
    command: tools.trinoJava,
    args: [
      '-Xmx2G',
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-Duser.timezone=UTC',
      '-Djdk.attach.allowAttachSelf=true',
      '--add-modules=jdk.incubator.vector',
      '-Dconfig=etc/config.properties',
      '-cp',
      path.join(tools.trino, 'lib/*'),
      'io.trino.server.TrinoServer',
    ],
    cwd: place,
    logFile: path.join(options.folder, 'trino.log'),
    isUp: async () => !Info.parse(await (await fetch(`${url}/v1/info`)).json()).starting,
  });
  return { url, ...server };
}

const Info = z.looseObject({ starting: z.boolean() });

interface Configuration extends TrinoOptions {
  readonly url: string;
  readonly port: number;
  readonly plugins: string;
}

/** Writes what Trino looks for where it is started. */
async function configure(
  root: string,
  { url, port, plugins, catalogs, config = [], files = {} }: Configuration,
): Promise<void> {
  const all: Readonly<Record<string, readonly string[]>> = {
    'etc/config.properties': [
      'coordinator=true',
      'node-scheduler.include-coordinator=true',
      `http-server.http.port=${port}`,
      `discovery.uri=${url}`,
      'node.environment=test',
      `plugin.dir=${plugins}`,
      'query.max-memory=1GB',
      'query.max-memory-per-node=1GB',
      ...config,
    ],
    ...Object.fromEntries(
      Object.entries(catalogs(root)).map(([name, lines]) => [`etc/catalog/${name}.properties`, lines]),
    ),
    ...files,
  };
  await mkdir(path.join(root, 'etc/catalog'), { recursive: true });
  await mkdir(path.join(root, 'metastore'), { recursive: true });
  for (const [name, lines] of Object.entries(all))
    await writeFile(path.join(root, name), `${lines.join('\n')}\n`);
}
