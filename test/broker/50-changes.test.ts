import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { until } from '../support/until.ts';
import { readSession } from './support/broker-control.ts';
import { CHANGES, type ChangeLake, openChangeLake } from './support/change-lake.ts';
import { createTopic, newTopic, readTopic } from './support/clients.ts';
import { TestConnector } from './support/connector.ts';
import { type Enforcing, untilDone } from './support/enforcing.ts';
import { TestPostgres } from './support/postgres.ts';

/**
 * Change data capture: a table of PostgreSQL, Debezium's connector, the enforcer, Bronze, Silver. What Silver has is judged
 * by what psql prints of the table.
 */

const session = readSession();
const { plain } = session;
const random = xoroshiro128plus(Number(process.env.ASSAY_STREAM_SEED ?? 20261129));
const upTo = (most: number): number => uniformInt(random, 0, most);

let [postgres, connector, lake]: [TestPostgres?, TestConnector?, ChangeLake?] = [];
let enforcer: Enforcing | undefined;

beforeAll(async () => {
  if (session.postgres === undefined) return;
  postgres = await TestPostgres.prepare(session.postgres);
  await postgres.start();
  await createTopic(plain, CHANGES, { partitions: 2, config: {} });
  lake = await openChangeLake(plain, await newTopic(plain));
  connector = await TestConnector.prepare(session, {
    folder: lake.cwd,
    port: postgres.port,
    prefix: 'warehouse',
  });
});

afterAll(async () => {
  await enforcer?.end('SIGKILL');
  await connector?.stop();
  await postgres?.dispose();
  await lake?.dispose();
});

/** Some statements: rows that come, change their values or their key, and go; one transaction in four is rolled back. */
function changes(from: number): string {
  const statements = Array.from({ length: 12 }, (_, n) => {
    const id = from + n;
    const other = upTo(1) === 0 ? 1 + upTo(20) : from - 100 + upTo(11);
    const price = `${upTo(9_999_999)}${upTo(9_999_999)}.${1000 + upTo(8_999)}`;
    const made = [
      `INSERT INTO stock (id, sku, quantity, price, counted_on, note) VALUES (${id}, 'AB-${id}', ${upTo(99)}, ${price}, '2026-01-${10 + upTo(15)}', 'Größe "${id}"')`,
      `UPDATE stock SET quantity = quantity + 1, note = NULL WHERE id <= ${other}`,
      `DELETE FROM stock WHERE id = ${other}`,
      `UPDATE stock SET id = ${10_000 + id}, price = ${price} WHERE id = ${other}`,
      `UPDATE stock SET counted_on = NULL WHERE id = ${id}`,
    ];
    const which = [made[0], made[n % made.length]].join('; ');
    return `BEGIN; ${which}; ${n % 4 === 3 ? 'ROLLBACK' : 'COMMIT'};`;
  });
  return statements.filter((_, n) => n % 5 !== 0).join('\n');
}

const table = async (columns: string): Promise<unknown[]> => {
  const printed = await postgres?.query(`SELECT json_build_array(${columns}) FROM stock ORDER BY id`);
  return (printed ?? '').split('\n').map((line) => JSON.parse(line));
};

/** Waits until all changes have come all the way, and returns what Silver says of the table as it is now. */
async function silver(columns: string): Promise<unknown[]> {
  if (lake === undefined) return [];
  await untilSent();
  await untilDone(plain, { topic: CHANGES });
  await lake.run();
  const rows = await lake.query(`SELECT json_array(${columns}) AS row FROM (
{{current-stock}}) ORDER BY id`);
  return rows.map(({ row }) => (typeof row === 'string' ? JSON.parse(row) : row));
}

const ROW = 'id, sku, quantity, CAST(price AS VARCHAR), CAST(counted_on AS VARCHAR), note';

const TABLE = `CREATE TABLE stock (id bigint PRIMARY KEY, sku text NOT NULL, quantity int NOT NULL, price numeric(18,4) NOT NULL, counted_on date, note text);
  ALTER TABLE stock REPLICA IDENTITY FULL;
  INSERT INTO stock SELECT n, 'AB-' || n, n, n + 0.1, '2026-01-13', 'there before' FROM generate_series(1, 20) AS n;
  INSERT INTO stock VALUES (21, 'AB-21', 0, 12345678901234.5678, NULL, NULL)`;

const CONTRACT = 'contracts/warehouse/stock_changes.yaml';

const SHELF = `      - name: shelf
        logicalType: string
        classification: public
        description: Where it lies.
        customProperties:
          - property: assay.path
            value: /value/after/shelf
`;

const whenThere = session.postgres === undefined ? test.skip : test;

whenThere(
  "Silver has the table's last state, whatever is killed on the way, and whatever becomes of the table",
  async () => {
    if (postgres === undefined || connector === undefined || lake === undefined)
      throw new Error('Not there.');
    await postgres.query(TABLE);
    connector.start();
    enforcer = lake.start();
    await postgres.query(changes(100));
    // PostgreSQL dies while its table is read for the first time, or soon after: Debezium reads it again.
    await untilIn('.*');
    await postgres.query(changes(200));
    await postgres.kill();
    await postgres.start();
    await postgres.query(changes(300));
    await enforcer.end('SIGKILL');
    await postgres.query(changes(400));
    enforcer = lake.start();
    // The connector dies when it has sent changes and not yet noted that it did: it sends them again.
    for (let n = 500; n < 1_000 && !(await areSomeTwice()); n += 100) {
      await postgres.query(changes(n));
      await untilIn(`${n / 100}..`);
      await connector.kill();
      connector.start();
      await untilSent();
    }
    await postgres.query(changes(1_000));

    // A column is added, first to the table and then, as an optional one, to the contract.
    await postgres.query(
      `ALTER TABLE stock ADD COLUMN shelf text; UPDATE stock SET shelf = 'S' WHERE id % 3 = 0`,
    );
    expect(await silver(ROW)).toEqual(await table(ROW));
    await lake.change(CONTRACT, 'version: 1.0.0', 'version: 1.1.0');
    await lake.change(CONTRACT, '      - name: note\n', `${SHELF}      - name: note\n`);
    await lake.change('current-stock.sql', 'note\n', 'note, shelf\n');
    await postgres.query(`UPDATE stock SET shelf = 'T-' || id; ${changes(2_000)}`);
    expect(await silver('id, shelf')).toEqual(await table('id, shelf'));
    await expectEachOnce();

    // A required column gets another name: no value is lost in silence.
    expect((await lake.evidence()).flatMap(reasonsOf)).toEqual([]);
    await postgres.query(
      'ALTER TABLE stock RENAME COLUMN sku TO article; UPDATE stock SET quantity = 7 WHERE id = 900001',
    );
    const hasFailed = async (): Promise<boolean> =>
      ((await lake?.evidence()) ?? []).flatMap(reasonsOf).length > 0;
    await until('evidence that a change failed', hasFailed, () => enforcer?.err() ?? '');
    expect((await lake.evidence()).flatMap(reasonsOf)).toEqual(['NULL_VALUE:sku']);
  },
  400_000,
);

/**
 * Each change is in Silver once, also those that the killed connector sent twice; tombstones are no changes. Mostly it sends
 * some: whether it had kept how far it was is a matter of milliseconds, and so it is not demanded.
 */
async function expectEachOnce(): Promise<void> {
  const sent = await sentPlaces();
  const rows = await lake?.query(
    `SELECT CAST(lsn AS VARCHAR) || ' ' || id AS place, op FROM silver.warehouse_stock_changes`,
  );
  expect((rows ?? []).map(({ place }) => place).sort()).toEqual([...new Set(sent)].sort());
  const ops = (rows ?? []).map(({ op }) => op);
  expect(ops.filter((op) => op === 'r').length).toBeGreaterThan(20);
  expect(ops.filter((op) => op === 'd').length).toBeGreaterThan(3);
}

/** Whether the connector sent a change more than once. */
async function areSomeTwice(): Promise<boolean> {
  const sent = await sentPlaces();
  return sent.length > new Set(sent).size;
}

const sentPlaces = async (): Promise<string[]> =>
  (await readTopic(plain, CHANGES)).flatMap(({ value }) =>
    value === null ? [] : [placeOf(JSON.parse(String(value)))],
  );

/** How many changes of rows whose number has a form came to the topic. */
async function countOf(form: string | number): Promise<number> {
  const records = await readTopic(plain, CHANGES);
  return records.filter(({ key }) => new RegExp(`^{"id":${form}}$`).test(String(key))).length;
}

/** What tells changes apart: where they stand in PostgreSQL's log, and whose row it was. */
const placeOf = (
  change: Record<'before' | 'after', { id: number } | null> & { source: { lsn: number } },
): string => `${change.source.lsn} ${(change.after ?? change.before)?.id}`;

const reasonsOf = ({ validation }: Record<string, unknown>): readonly string[] =>
  (validation as { reason_codes: string[] }).reason_codes;

let marks = 900_000;

/** Waits until the connector has sent all changes: some rows come last, of which each partition gets some. */
async function untilSent(): Promise<void> {
  const ids = Array.from({ length: 8 }, () => marks++);
  const rows = ids.map((id) => `(${id}, 'ZZ-${id}', 0, 0)`);
  await postgres?.query(`INSERT INTO stock (id, sku, quantity, price) VALUES ${rows.join(', ')}`);
  await untilIn(`(${ids.join('|')})`, ids.length);
}

/** Waits until changes of so many rows whose number has a form are in the topic. */
async function untilIn(form: string, least = 1): Promise<void> {
  let seen = 0;
  const isThere = async (): Promise<boolean> => {
    if (connector?.hasEnded === true) throw new Error('The connector ended by itself: see connect.log.');
    seen = await countOf(form);
    return seen >= least;
  };
  await until(`changes of ${least} rows like ${form} are in ${CHANGES}`, isThere, () => `${seen} are.`);
}
