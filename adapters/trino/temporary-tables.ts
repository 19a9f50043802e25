import { createHash } from 'node:crypto';
import { identifier, literal } from '../../etl/engine/sql.ts';
import { ConfigError } from '../../etl/errors.ts';
import type { ObjectStore, SetTable } from '../../etl/ports.ts';
import { setMetadata } from '../../etl/sets/set-metadata.ts';
import { rootOf } from '../../etl/table/lake-table.ts';
import type { TrinoSession } from './ask-trino.ts';
import type { TrinoPlace } from './trino-place.ts';

/** What the names of temporary tables begin with; the day on which they were made follows. */
const PREFIX = 'assay_tmp_';
const DAY_MS = 86_400_000;

/** The tables of one question, as Trino knows them meanwhile. */
export interface TemporaryTables {
  /** The WITH items by which a query has them under their plain names. */
  readonly items: string;
  /** Forgets them, and those that others left more than a day ago; never throws. */
  forget(): Promise<void>;
}

interface Registration {
  readonly objects: ObjectStore;
  readonly session: TrinoSession;
  readonly place: TrinoPlace;
  readonly now: Date;
}

/** Makes tables of the lake known to Trino, by names of this question alone. What was begun is forgotten again where it fails. */
export async function registerTables(
  registration: Registration,
  { tables, token }: { readonly tables: readonly SetTable[]; readonly token: string },
): Promise<TemporaryTables> {
  const { place, now } = registration;
  const names = new Map(
    tables.map((table) => [temporaryName(now, `${token} ${table.name} ${table.metadataKey}`), table]),
  );
  const forget = async (): Promise<void> => {
    for (const name of names.keys()) await unregister(registration, name).catch(() => undefined);
    await sweep(registration).catch(() => undefined);
  };
  try {
    for (const [name, table] of names) await register(registration, name, table);
  } catch (error) {
    await forget();
    throw error;
  }
  const items = [...names].map(([name, table]) => {
    const version = table.snapshotId === undefined ? '' : ` FOR VERSION AS OF ${table.snapshotId}`;
    const full = [place.catalog, place.schema, name].map(identifier).join('.');
    return `${identifier(table.name)} AS (SELECT * FROM ${full}${version})`;
  });
  return { items: items.join(', '), forget };
}

/** `assay_tmp_20261130_0f3a…`. */
function temporaryName(now: Date, text: string): string {
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 24);
  return `${PREFIX}${dayOf(now)}_${digest}`;
}

const dayOf = (at: Date): string => at.toISOString().slice(0, 10).replaceAll('-', '');

async function register(
  { objects, session, place }: Registration,
  name: string,
  { metadataKey }: SetTable,
): Promise<void> {
  const { location } = await setMetadata(objects, { metadataKey });
  const expected = objects.uri(rootOf({ metadata_key: metadataKey }));
  if (location !== expected)
    throw new ConfigError(
      'TABLE_ELSEWHERE',
      `The table's metadata ${metadataKey} names ${location}, but it lies in ${expected}: the lake was moved. Run 'assay upgrade' first, or run with --engine duckdb.`,
    );
  const file = metadataKey.slice(metadataKey.lastIndexOf('/') + 1);
  const values = [place.schema, name, location, file].map(literal).join(', ');
  const call = `CALL ${identifier(place.catalog)}.system.register_table(${values})`;
  try {
    await session.run(call);
  } catch (error) {
    // A process that was killed left it.
    if (!(error instanceof ConfigError) || error.context.error !== 'TABLE_ALREADY_EXISTS') throw error;
    await unregister({ session, place }, name);
    await session.run(call);
  }
}

async function unregister(
  { session, place }: Pick<Registration, 'session' | 'place'>,
  name: string,
): Promise<void> {
  const values = [place.schema, name].map(literal).join(', ');
  await session.run(`CALL ${identifier(place.catalog)}.system.unregister_table(${values})`);
}

/** Forgets what processes left that were killed: tables of before yesterday. */
async function sweep(registration: Registration): Promise<void> {
  const { session, place, now } = registration;
  const oldest = `${PREFIX}${dayOf(new Date(now.getTime() - DAY_MS))}`;
  const schema = [place.catalog, place.schema].map(identifier).join('.');
  const found: string[] = [];
  for await (const rows of session.pages(`SHOW TABLES FROM ${schema} LIKE 'assay\\_tmp\\_%' ESCAPE '\\'`))
    found.push(...rows.flatMap(([name]) => name ?? []));
  for (const name of found)
    if (/^assay_tmp_\d{8}_[0-9a-f]{24}$/.test(name) && name < oldest) await unregister(registration, name);
}
