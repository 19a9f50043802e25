import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { freePort } from '../../aws/support/processes.ts';
import { type Server, startServer } from './server.ts';
import type { Session } from './session.ts';
import type { Tools } from './tools.ts';

/** A running Trino with the catalogs `files` (a file metastore, whose checks Glue's shares), `rest`, and `assay` (what `assay serve` serves). */
export interface Trino extends Server {
  readonly url: string;
}

const CATALOG = [
  'connector.name=iceberg',
  'fs.hadoop.enabled=true',
  'iceberg.register-table-procedure.enabled=true',
  'iceberg.expire-snapshots.min-retention=0s',
];

/** Starts Trino in `folder`, with the session's catalogs beside its own. */
export async function startTrino(
  tools: Tools,
  { folder, rest, assay }: Pick<Session, 'folder' | 'rest' | 'assay'>,
): Promise<Trino> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const place = path.join(folder, 'trino');
  await configure(place, { url, port, rest, assay, plugins: path.join(tools.trino, 'plugin') });
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
    logFile: path.join(folder, 'trino.log'),
    isUp: async () => !Info.parse(await (await fetch(`${url}/v1/info`)).json()).starting,
  });
  return { url, ...server };
}

const Info = z.looseObject({ starting: z.boolean() });

interface Configuration {
  readonly url: string;
  readonly port: number;
  readonly rest: string;
  readonly assay: Session['assay'];
  readonly plugins: string;
}

/** Writes what Trino looks for where it is started. */
async function configure(root: string, { url, port, rest, assay, plugins }: Configuration): Promise<void> {
  const files = {
    'etc/config.properties': [
      'coordinator=true',
      'node-scheduler.include-coordinator=true',
      `http-server.http.port=${port}`,
      `discovery.uri=${url}`,
      'node.environment=test',
      `plugin.dir=${plugins}`,
      'query.max-memory=1GB',
      'query.max-memory-per-node=1GB',
    ],
    'etc/catalog/files.properties': [
      ...CATALOG,
      'iceberg.catalog.type=TESTING_FILE_METASTORE',
      `hive.metastore.catalog.dir=file://${path.join(root, 'metastore')}`,
    ],
    'etc/catalog/rest.properties': [
      ...CATALOG,
      'iceberg.catalog.type=rest',
      `iceberg.rest-catalog.uri=${rest}`,
    ],
    // As docs/console.md says.
    'etc/catalog/assay.properties': [
      'connector.name=iceberg',
      'fs.hadoop.enabled=true',
      'iceberg.catalog.type=rest',
      `iceberg.rest-catalog.uri=${assay.url}`,
      'iceberg.rest-catalog.security=OAUTH2',
      `iceberg.rest-catalog.oauth2.token=${assay.token}`,
    ],
  };
  await mkdir(path.join(root, 'etc/catalog'), { recursive: true });
  await mkdir(path.join(root, 'metastore'), { recursive: true });
  for (const [name, lines] of Object.entries(files))
    await writeFile(path.join(root, name), `${lines.join('\n')}\n`);
}
