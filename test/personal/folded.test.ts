import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { askedQuery } from '../service/asked-query.ts';
import { openService } from '../service/open-service.ts';
import {
  ANN,
  ANN_ID,
  BEN,
  CODE,
  eventsContract,
  HEADER,
  line,
  NOW,
  PEOPLE,
  PeopleLake,
  type Person,
} from './folded-people.ts';

/** Events of people, folded: what a projection holds of somebody, and what is left when they are forgotten. */

const PHONES = 'SELECT phone FROM projection.crm_people ORDER BY spent';
const WORD = ['--reason', 'a letter', '--by', 'grace'];

let lake: PeopleLake;
const opened: { close(): Promise<void> }[] = [];
beforeAll(async () => {
  lake = await PeopleLake.open('protected');
});
afterAll(async () => {
  for (const one of opened) await one.close();
  await lake.dispose();
});

const revealed = async (sql = PHONES): Promise<unknown[]> =>
  (await lake.json<Record<string, unknown>[]>('query', sql, '--reveal', 'contact', ...WORD)).flatMap(
    Object.values,
  );

/** The stream of a person: what stands for them. */
async function referenceOf(who: 'ann' | 'ben'): Promise<string> {
  const sql = `SELECT DISTINCT customer FROM silver.crm_events WHERE starts_with(event, '${who}')`;
  const [row] = await lake.json<Person[]>('query', sql);
  return row?.customer ?? '';
}

test('a projection holds references and envelopes, which who may can reveal', async () => {
  const [ben, ann] = await lake.people();
  expect([ben?.spent, ann?.spent]).toEqual([4, 400]);
  for (const { customer, phone } of [ben, ann] as Person[])
    expect(phone).toMatch(new RegExp(`^~1\\.[a-z2-7]{8}\\.${customer}\\.202405\\.`));
  expect(await revealed()).toEqual([BEN[1], ANN[1]]);
  expect(await revealed('SELECT phone FROM projection.crm_now ORDER BY phone')).toHaveLength(2);
  expect(await lake.planted()).toEqual([]);
});

test('a stream, its states and its events show envelopes, and never values', async () => {
  const ann = await referenceOf('ann');
  for (const more of [[], ['--at', '2024-05-02'], ['--trace'], ['--as-of', new Date().toISOString()]]) {
    const out = await lake.assay('project', 'crm.people', '--stream', ann, ...more, '--json');
    expect(out).toContain(`.${ann}.`);
    expect(out).not.toMatch(/planted/);
  }
});

test('the map names what a projection may hold, and an access hands it out, opened', async () => {
  const map = await lake.json<{ dataset: string; column: string; from: string[] }[]>('privacy', 'map');
  expect(map.filter(({ dataset }) => dataset !== 'crm.events')).toMatchObject([
    { dataset: 'crm.now', layer: 'projection', column: 'customer', from: ['silver.crm_events.customer'] },
    { dataset: 'crm.now', column: 'phone', group: 'contact', from: ['silver.crm_events.phone'] },
    { dataset: 'crm.people', column: 'customer', from: ['silver.crm_events.customer'] },
    // Where code puts which value, nobody can tell.
    {
      dataset: 'crm.people',
      column: 'phone',
      from: ['silver.crm_events.customer', 'silver.crm_events.phone'],
    },
  ]);
  await lake.assay('privacy', 'access', ANN_ID, '--kind', 'customer', '--out', 'ann.zip', ...WORD);
  const script =
    'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); [print(n, z.read(n).decode()) for n in z.namelist() if "csv" in n]';
  const { stdout } = await promisify(execFile)('python3', ['-c', script, path.join(lake.cwd, 'ann.zip')]);
  const [, told = ''] = /crm\.people\.projection\.csv ([\s\S]*?)\n\n/.exec(stdout) ?? [];
  expect(told).toMatch(/^layer,.*customer,phone,note,moves,spent/);
  expect(told).toMatch(new RegExp(`projection,.*,${ANN[1]},,2,400,`));
  expect(stdout).toContain('crm.now.projection.csv');
  expect(stdout).not.toContain('ben');
});

test('people whose roles hide personal columns see neither states nor protected cells', async () => {
  const ann = await referenceOf('ann');
  const service = await openService(lake.cwd, { roles: ['analyst'] });
  opened.push(service);
  const at = `/v1/projections/crm.people/streams/${ann}?trace=10`;
  const answer = (await service.json(at)) as { trace: { data: unknown; state: unknown }[] };
  expect(answer).toMatchObject({
    state: null,
    isStateHidden: true,
    rows: [{ customer: '•••', phone: '•••' }],
  });
  expect(answer).toMatchObject({
    rows: [{ moves: 2, spent: 400 }],
    trace: [{ state: null }, { state: null }],
  });
  expect(answer.trace[0]).toMatchObject({
    id: 'ann-1',
    type: '•••',
    data: { customer: '•••', phone: '•••', what: '•••' },
  });
  const query = `{ crm__people_At(stream: "${ann}", trace: 10) { state isStateHidden rows { phone moves } trace { state data rows { phone } } }
    crm__people { nodes { customer phone spent } } }`;
  const { data } = (await (await service.post('/graphql', { query })).json()) as {
    data: { crm__people_At: unknown; crm__people: { nodes: unknown[] } };
  };
  expect(data.crm__people_At).toMatchObject({ state: null, isStateHidden: true, rows: [{ phone: '•••' }] });
  expect(data.crm__people.nodes).toHaveLength(2);
  const page = await (
    await service.ask(`/datasets/crm.people/streams/${ann}`, { headers: { accept: 'text/html' } })
  ).text();
  expect(page).toContain('that your roles don');
  const sql =
    "SELECT * FROM projection.crm_people_at('2024-05-02') UNION ALL SELECT * FROM projection.crm_people";
  const asked = await askedQuery(service, { sql: sql.replaceAll('*', 'customer, phone, spent') });
  const told = JSON.stringify([answer, data, await asked.json()]) + page;
  expect(asked.status).toBe(200);
  expect(told).toContain('400');
  expect(told).not.toMatch(/~1\.|planted/);
  // The address that was asked for has the reference itself.
  expect(JSON.stringify([answer.trace, data])).not.toContain(ann);
  const privileged = await openService(lake.cwd, { roles: ['admin'] });
  opened.push(privileged);
  const seen = await privileged.json(at);
  expect(seen).toMatchObject({ isStateHidden: false, state: { spent: 400 } });
});

test('code that fails tells no value, and what it published stays', async () => {
  const before = await lake.people();
  const ann = await referenceOf('ann');
  for (const [code, found] of [
    [
      'PROJECTION_THREW',
      CODE.replace(
        'const phones',
        "if (event.event === 'ann-4') throw Object.assign(new Error(event.phone), { name: event.phone });\n  const phones",
      ),
    ],
    [
      'PROJECTION_BREAKS_CONTRACT',
      CODE.replace('[{ phone,', "[{ [spent === 800 ? phone : 'phone']: phone, "),
    ],
  ] as const) {
    await lake.write('projections/crm/people.js', found);
    if (code === 'PROJECTION_THREW') {
      await lake.write('late.csv', `${HEADER}\n${line('ann', 4, 2)}\n`);
      await lake.assay('ingest', 'late.csv', '--dataset', 'crm.events');
    }
    const { code: exit, out, err } = await lake.run('run', '--json');
    const { code: again, out: said, err: cried } = await lake.run('project', 'crm.people');
    expect([exit, again]).toEqual([1, 1]);
    const alerts = JSON.stringify(await lake.json('query', 'SELECT * FROM ops.alerts'));
    const told = out + err + said + cried + alerts;
    expect(told).toContain(code);
    expect(told).not.toMatch(/~1\.|planted/);
    expect(told).not.toContain(ann);
  }
  expect(await lake.people()).toEqual(before);
  await lake.write('projections/crm/people.js', CODE);
  await lake.assay('project', 'crm.people');
});

test('code that lets envelopes or references into a column for everybody is refused, and the contract where it says so itself', async () => {
  const before = await lake.people();
  const notes = ['phone', '"called " + phone', 'customer', '"<" + customer + ">"'];
  for (const note of notes) {
    const code = CODE.replace('phone: event.phone', 'customer: event.customer, phone: event.phone');
    await lake.write(
      'projections/crm/people.js',
      code
        .replace('rows({ phone,', 'rows({ customer, phone,')
        .replace('[{ phone,', `[{ note: ${note}, phone,`),
    );
    const { code: exit, out } = await lake.run('project', 'crm.people', '--json');
    const { error } = JSON.parse(out) as { error: { code: string; message: string } };
    expect([note, exit, error.code]).toEqual([note, 1, 'PROJECTION_BREAKS_CONTRACT']);
    expect(error.message).toMatch(
      /internal column note protected values of crm\.events .*classify note personal/,
    );
  }
  expect(await lake.people()).toEqual(before);
  // What only looks like a reference is none.
  await lake.write(
    'projections/crm/people.js',
    CODE.replace('[{ phone,', "[{ note: 'abcdefghijklmnopqrstuvwxyz', phone,"),
  );
  await lake.assay('project', 'crm.people');
  for (const [file, text] of [
    ['people', PEOPLE.replace('"personal"', '"internal"')],
    ['now', NOW.replace(/"personal"(?![\s\S]*"personal")/, '"internal"')],
  ] as const) {
    await lake.write(`contracts/crm/${file}.yaml`, text);
    const { code: exit, out, err } = await lake.run('contracts', 'check');
    expect([exit, out + err]).toEqual([
      2,
      expect.stringMatching(
        /gives the internal column (customer|phone) protected values of crm\.events\.\1 \(personal\); classify \1 personal/,
      ),
    ]);
  }
  await lake.write('contracts/crm/people.yaml', PEOPLE);
  await lake.write('contracts/crm/now.yaml', NOW);
  await lake.write('projections/crm/people.js', CODE);
  await lake.assay('project', 'crm.people');
});

describe('somebody is forgotten', () => {
  const RESTATED = 'SELECT * FROM ops.restatements ORDER BY ALL';
  let before: Person[];
  let restated: unknown;
  beforeAll(async () => {
    before = await lake.people();
    restated = await lake.json('query', RESTATED);
    const words = ['--kind', 'customer', '--reason', 'a letter'];
    const asked = await lake.json<{ request: string }>('privacy', 'forget', ANN_ID, ...words, '--by', 'ann');
    await lake.assay(
      'privacy',
      'forget',
      '--approve',
      asked.request,
      '--kind',
      'customer',
      '--by',
      'bob',
      '--reason',
      'so be it',
    );
  });

  test('no row and no count changes, by a refresh and when all is folded anew, and nobody reveals them', async () => {
    expect(await lake.people()).toEqual(before);
    for (const name of ['crm.people', 'crm.now']) await lake.assay('project', name, '--rebuild');
    const same = ({ silver_snapshot_id: _, ...row }: Person & { silver_snapshot_id?: number }): unknown =>
      row;
    expect((await lake.people()).map(same)).toEqual(before.map(same));
    const [ben, ann] = await revealed();
    expect([ben, String(ann).startsWith('~1.') || ann === null]).toEqual([BEN[1], true]);
    expect(await lake.json('query', RESTATED)).toEqual(restated);
  });

  test('an event that comes late restates what was published of it, by envelopes', async () => {
    await lake.bring('later.csv', line('ben', 2, 2), line('ben', 4, 2));
    const [ben] = await lake.people();
    expect([ben?.spent, before[1]?.spent]).toEqual([10, 800]);
    expect((await revealed())[0]).toBe(BEN[2]);
    const told = JSON.stringify(await lake.json('query', 'SELECT * FROM ops.restatements'));
    expect(told).toContain('crm.people');
    expect(told).not.toContain('planted');
  });

  test('an access finds nothing of them, and no value stands anywhere', async () => {
    const { code, err } = await lake.run(
      'privacy',
      'access',
      ANN_ID,
      '--kind',
      'customer',
      '--out',
      'none.zip',
      ...WORD,
    );
    expect([code, err]).toEqual([2, expect.stringContaining('was forgotten')]);
    await lake.write('values.txt', [...ANN, ...BEN].join('\n'));
    expect(await lake.json('privacy', 'verify', '--value-file', 'values.txt')).toMatchObject({ found: [] });
    expect(await lake.planted()).toEqual([]);
    expect(JSON.stringify(await lake.json('audit'))).not.toContain('"sound":false');
  });
});

test('a dataset that is adopted leaves no value in what was folded of it before', async () => {
  const before = await PeopleLake.open('clear');
  try {
    expect((await before.planted()).filter((place) => place.includes('table=projection'))).not.toEqual([]);
    const old = await before.people();
    await before.write('contracts/crm/events.yaml', eventsContract('protected', '2.0.0'));
    // A projection that nobody knows any more could not be made anew.
    await before.write('contracts/crm/now.yaml', NOW.replace('"personal"', '"internal"'));
    const adopt = ['privacy', 'adopt', 'crm.events', ...WORD, '--json'];
    const { code, out } = await before.run(...adopt);
    expect([code, out]).toEqual([2, expect.stringContaining('"REPORT_UNKNOWN"')]);
    await before.write('contracts/crm/now.yaml', NOW);
    await before.assay(...adopt);
    expect(await before.planted()).toEqual([]);
    const now = await before.people();
    expect(now.map(({ spent }) => spent)).toEqual(old.map(({ spent }) => spent));
    expect(now.map(({ phone }) => phone.slice(0, 3))).toEqual(['~1.', '~1.']);
    await before.bring('b.csv', line('ann', 2, 2));
    expect(JSON.stringify(await before.json('audit'))).not.toContain('"sound":false');
  } finally {
    await before.dispose();
  }
});
