import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { initLake, openLake } from '../../adapters/local/lake.ts';
import { tempFolder } from '../adapters/temp-folder.ts';
import { contractText, NO_LIMITS } from '../stages/contract-text.ts';
import { type Row, readRows } from '../stages/read-rows.ts';
import { runMain, runMainJson } from './run-main.ts';
import { AuditJson, QuarantineListJson, RunsJson } from './shapes.ts';

/** Names that mean something to DuckDB, to SQL, or to statements of ours. */
const NAMES = (
  process.env.NASTY ??
  `rowid rownum row_number filename file_row_number file_index ctid oid
  select from where group order by table union all distinct default true false null not and or case when then else end
  cast values limit offset join on using left as asof anti semi qualify window over partition lambda index primary
  user current_date now today timestamp date time interval
  old new r s t v h f b a n x i raw trimmed typed judged staged positioned parts records rejects verdicts prior excluded
  superseded repeated contested stays gave_way event found file_order planned reads settled tried traced came went retested places batch in_silver
  rebuilt result suspects suspect_rows broken verdict nth reason reasons reasons_now record raw_text problem
  source_line source_file contract_version file id month key value values_ change total by_ identity last position
  silver quarantined condemned path code digest attempt failures own_failures codes may_be_total m0 b0 m1 as_of_month
  first_at restated old_value new_value file_id rows origin_file origin_file_id`
).split(/\s+/);

/** Key, partition column, measure and its group, each called as something else. */
const ROLES = [
  { key: 'rowid', day: 'month', amount: 'n', by: 'verdict' },
  { key: 'filename', day: 'old', amount: 'value', by: 'rowid' },
  { key: 'r', day: 's', amount: 'new', by: 'by' },
] as const;

describe.each(ROLES)('a key called $key, a day $day, an amount $amount by $by', (roles) => {
  const others = [...new Set(NAMES)].filter((name) => !(Object.values(roles) as string[]).includes(name));
  let cwd: string;
  let dispose: () => Promise<void>;
  const publish = async (name: string, lines: readonly (readonly string[])[]) => {
    const header = [roles.day, ...others, roles.amount, roles.key, roles.by];
    const text = [header, ...lines].map((line) => line.map((cell) => `"${cell}"`).join(',')).join('\n');
    await writeFile(path.join(cwd, name), `${text}\n`);
    await runMain(['ingest', name, '--dataset', 'test.records'], { cwd });
    const { json, err } = await runMainJson(['run'], { cwd });
    const [ran] = RunsJson.parse(json);
    expect({ status: ran?.status, err, why: JSON.stringify(json).match(/DuckDB.*?"/)?.[0] }).toEqual({
      status: 'promoted',
      err: '',
      why: undefined,
    });
    return ran;
  };
  const line = (key: string, day: string, amount: string, by: string) => [
    day,
    ...others.map((name) => `${name} of ${key}`),
    amount,
    key,
    by,
  ];
  const silver = async (): Promise<readonly Row[]> => {
    const root = path.join(cwd, 'lake');
    const lake = await openLake(root, { contractsDir: path.join(cwd, 'contracts'), sqlDir: cwd });
    const rows = await readRows(lake.effects.objects, { layer: 'silver', dataset: 'test.records', root });
    return [...rows].sort((a, b) => String(a[roles.key]).localeCompare(String(b[roles.key])));
  };
  const valuesOf = (key: string, day: string, amount: number, by: string) => ({
    ...Object.fromEntries(others.map((name) => [name, `${name} of ${key}`])),
    [roles.key]: key,
    [roles.day]: day,
    [roles.amount]: amount,
    [roles.by]: by,
  });

  beforeAll(async () => {
    ({ folder: cwd, dispose } = await tempFolder());
    await initLake(path.join(cwd, 'lake'));
    await mkdir(path.join(cwd, 'contracts'));
    const contract = contractText({
      partitionColumn: roles.day,
      columns: [
        { name: roles.key, key: true },
        { name: roles.day, type: 'date', required: true },
        { name: roles.amount, type: 'number', physicalType: 'DECIMAL(18,2)', required: true },
        { name: roles.by },
        ...others.map((name) => ({ name })),
      ],
      rules: { positive: `"${roles.amount}" > 0 AND "${roles.key}" <> 'none'` },
      assay: {
        duplicates: 'replace',
        unknownColumns: 'rescue',
        measures: [{ column: roles.amount, by: roles.by }],
        limits: NO_LIMITS,
      },
    });
    await writeFile(path.join(cwd, 'contracts/records.yaml'), contract);
  });
  afterAll(() => dispose());

  test('come through every command as they were written', async () => {
    const first = await publish('a.csv', [
      line('a', '2024-01-05', '5.00', 'x'),
      line('b', '2024-01-06', '4.00', 'y'),
      line('c', '2024-02-07', '3.00', 'x'),
      line('d', '2024-02-08', 'two', 'y'),
      line('e', '2024-02-09', '-1.00', 'y'),
    ]);
    const rows = await silver();
    expect(rows).toHaveLength(3);
    for (const [n, row] of rows.entries())
      expect(row).toMatchObject({
        ...valuesOf(
          'abc'[n] ?? '',
          ['2024-01-05', '2024-01-06', '2024-02-07'][n] ?? '',
          5 - n,
          'xyx'[n] ?? '',
        ),
        source_row_number: BigInt(n + 1),
      });
    const second = await publish('b.csv', [
      line('b', '2024-01-06', '40.00', 'z'),
      line('f', '2024-03-01', '6.00', 'x'),
      line('f', '2024-03-01', '7.00', 'x'),
      [...line('g', '2024-03-02', '8.00', 'x'), 'one too many'],
    ]);
    const after = await silver();
    expect(after.map((row) => [row[roles.key], row[roles.amount], row.source_row_number])).toEqual([
      ['a', 5, 1n],
      ['b', 40, 1n],
      ['c', 3, 3n],
      ['f', 7, 3n],
    ]);
    const ok = async (...args: string[]): Promise<string> => {
      const { code, out, err } = await runMain(args, { cwd });
      expect([args.slice(0, 2).join(' '), code, err]).toEqual([
        args.slice(0, 2).join(' '),
        0,
        expect.not.stringMatching(/rror/),
      ]);
      return out;
    };
    const on = ['--dataset', 'test.records', '--reason', 'x'];
    const [list] = QuarantineListJson.parse((await runMainJson(['quarantine', 'list'], { cwd })).json);
    const id = list?.records.find(({ reasons }) => reasons[0]?.code === 'TYPE_ERROR')?.record ?? '';
    await ok('quarantine', 'show', id);
    await ok('quarantine', 'correct', id, `${roles.amount}=2.00`, ...on);
    await ok('run');
    await ok('quarantine', 'export', '--dataset', 'test.records');
    await ok('diff', 'test.records', `${first?.snapshotId}`, `${second?.snapshotId}`);
    await ok('lineage', 'test.records', `${roles.key}=b`);
    await ok('contracts', 'try', 'contracts/records.yaml');
    await ok('compact', 'test.records', '--target-mb', '1', '--reason', 'x');
    const { code, json } = await runMainJson(['audit'], { cwd });
    expect({ code, problems: AuditJson.parse(json).flatMap(({ problems }) => problems) }).toEqual({
      code: 0,
      problems: [],
    });
    expect((await silver()).map((row) => [row[roles.key], row[roles.amount], row[others[0] ?? '']])).toEqual([
      ['a', 5, `${others[0]} of a`],
      ['b', 40, `${others[0]} of b`],
      ['c', 3, `${others[0]} of c`],
      ['d', 2, `${others[0]} of d`],
      ['f', 7, `${others[0]} of f`],
    ]);
    const asked = await ok(
      'query',
      `SELECT "${roles.key}", "${others[0]}" FROM silver.test_records ORDER BY 1 LIMIT 1`,
      '--format',
      'csv',
    );
    expect(asked.split('\n')[1]).toBe(`a,${others[0]} of a`);
  });
});

test('a contract is proposed from headers that DuckDB, SQL and Assay give a meaning, and reads their values', async () => {
  const { folder: cwd, dispose } = await tempFolder();
  try {
    await initLake(path.join(cwd, 'lake'));
    await mkdir(path.join(cwd, 'contracts'));
    const header = 'ROWID,Filename,Select,TRUE,default,a.b,"x""y",Größe,run_id,ROW_HASH,row$,file$,Date';
    const rows = [5, 4, 3, 2, 1].map(
      (n) => `${n},f${n},s${n},t${n},d${n},a${n},x${n},g${n},r${n},h${n},w${n},i${n},2024-01-0${n}`,
    );
    await writeFile(path.join(cwd, 'a.csv'), `${[header, ...rows].join('\n')}\n`);
    const { code, out, err } = await runMain(
      ['contracts', 'infer', 'a.csv', '--dataset', 'shop.things', '--out', 'contracts/things.yaml'],
      { cwd },
    );
    expect([code, err, out]).toEqual([0, '', expect.stringContaining('rowid')]);
    const proposed = await readFile(path.join(cwd, 'contracts/things.yaml'), 'utf8');
    const names = [...proposed.matchAll(/^ {6}- name: (\S+)$/gm)].map(([, name]) => name);
    expect(names).toEqual([
      ...['rowid', 'filename', 'select', '"true"', 'default', 'a_b', 'x_y', 'groe', 'run_id_2', 'row_hash_2'],
      ...['row', 'file', 'date'],
    ]);
    expect(proposed).toMatch(/name: rowid\n +logicalType: integer/);
    const decided = proposed
      .replace(/^ {2}name:$/m, '  name: shop')
      .replace(/^description:\n {2}purpose:$/m, '');
    await writeFile(path.join(cwd, 'contracts/things.yaml'), decided);
    await runMain(['ingest', 'a.csv', '--dataset', 'shop.things'], { cwd });
    const ran = RunsJson.parse((await runMainJson(['run'], { cwd })).json)[0];
    expect(ran?.status).toBe('promoted');
    const { out: answer } = await runMain(
      [
        'query',
        'SELECT source_row_number, rowid, filename, "select", "true", "default", a_b, x_y, run_id_2, "row", "date" FROM silver.shop_things ORDER BY 1',
        '--format',
        'csv',
      ],
      { cwd },
    );
    expect(answer.split('\n').slice(1)).toEqual(
      [5, 4, 3, 2, 1].map(
        (n, at) => `${at + 1},${n},f${n},s${n},t${n},d${n},a${n},x${n},r${n},w${n},2024-01-0${n}`,
      ),
    );
  } finally {
    await dispose();
  }
});
