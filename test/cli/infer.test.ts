import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parseDocument, type YAMLMap, type YAMLSeq } from 'yaml';
import { tempFolder } from '../adapters/temp-folder.ts';
import { runMain, runMainJson } from './run-main.ts';
import { ContractsInferJson, ErrorJson, RunsJson } from './shapes.ts';

const root = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const EXAMPLES = root('examples/spend/council_payments');
const PROPOSED = 'contracts/spend/council_payments.yaml';

let cwd: string;
let dispose: () => Promise<void>;
beforeEach(async () => {
  ({ folder: cwd, dispose } = await tempFolder());
});
afterEach(() => dispose());
const write = (name: string, text: string | Uint8Array) => writeFile(path.join(cwd, name), text);
const ok = async (...args: string[]) => {
  const { code, out, err } = await runMain(args, { cwd });
  expect({ args, code, err }).toEqual({ args, code: 0, err: '' });
  return out;
};

/** The review that docs/contracts.md describes for these files. */
function review(yaml: string): string {
  const document = parseDocument(yaml);
  document.setIn(['team', 'name'], 'spend-transparency');
  document.setIn(['description', 'purpose'], 'Payments over £500 of a local authority.');
  const columns = document.getIn(['schema', 0, 'properties']) as YAMLSeq<YAMLMap>;
  const at = (name: string): number => columns.items.findIndex((column) => column.get('name') === name);
  const unit = ['customProperties', 0, 'value', 0];
  const header = columns.items[at('organisational_unit')]?.getIn(unit);
  columns.items[at('service_label')]?.addIn(['customProperties', 0, 'value'], header);
  columns.delete(at('organisational_unit'));
  return String(document);
}

/** What a lake publishes of the payments, file by file, with a hash over each payment's place and values. */
async function published(lake: string, names: { date: string; service: string; contracts: string }) {
  const values = `source_row_number, ${names.date}, transaction_number, net_amount, supplier_name, ${names.service}`;
  const sql = `SELECT source_file_id, count(*) AS payments, sum(net_amount) AS total, bit_xor(hash(${values})) AS fingerprint
    FROM silver.spend_council_payments GROUP BY 1 ORDER BY 1`;
  const args = ['query', sql, '--format', 'json', '--lake', lake, '--contracts', names.contracts];
  return (await runMainJson(args, { cwd })).json;
}

describe('contracts infer', () => {
  test('proposes a contract for ten years of real files that works after a small review, as the shipped one does', async () => {
    await ok('init', '--lake', 'mine');
    await ok('init', '--lake', 'shipped');
    await mkdir(path.join(cwd, 'contracts/spend'), { recursive: true });
    const said = await ok(
      'contracts',
      'infer',
      EXAMPLES,
      '--dataset',
      'spend.council_payments',
      '--out',
      PROPOSED,
    );
    expect(said).toContain('contract: Write who owns it, and what it is for.');
    expect(said).toContain("38 % of its values are in 'Service label' as well");
    const unfinished = await runMain(['contracts', 'check', PROPOSED], { cwd });
    expect(unfinished.code).toBe(2);
    expect(unfinished.err.split('\n').map((line) => line.replace(/^\S+ /, ''))).toEqual([
      'team: names no owner; write team: {name: …}',
      'description.purpose: is empty; write what the data is for, or remove it',
    ]);
    await write(PROPOSED, review(await readFile(path.join(cwd, PROPOSED), 'utf8')));
    await ok('contracts', 'check');
    for (const [lake, contracts] of [
      ['mine', 'contracts'],
      ['shipped', root('contracts')],
    ] as const) {
      const places = ['--lake', lake, '--contracts', contracts];
      await ok('ingest', EXAMPLES, '--dataset', 'spend.council_payments', ...places);
      const { json } = await runMainJson(['run', '--dataset', 'spend.council_payments', ...places], { cwd });
      const [run] = RunsJson.parse(json);
      expect(run).toMatchObject({
        status: 'promoted',
        counts: { records: 11_553, silver: 11_499, quarantined: 0, condemned: 0, blank: 54 },
      });
    }
    const mine = await published('mine', {
      date: 'date_paid',
      service: 'service_label',
      contracts: 'contracts',
    });
    const shipped = await published('shipped', {
      date: 'payment_date',
      service: 'service',
      contracts: root('contracts'),
    });
    expect(mine).toHaveLength(9);
    expect(mine).toEqual(shipped);
  });

  test('gives the evidence as JSON, with the contract and what is left to do', async () => {
    await write(
      'sales_2024.csv',
      'id,sold on,total,buyer name\n7,31/01/2024,1.50,Ann Lee\n8,01/02/2024,2.50,Bob Ray\n',
    );
    const { code, json } = await runMainJson(['contracts', 'infer', 'sales_2024.csv'], { cwd });
    expect(code).toBe(0);
    const found = ContractsInferJson.parse(json);
    expect(found).toMatchObject({
      files: [{ name: 'sales_2024.csv', records: 2, blank: 0, broken: 0, isSampled: false }],
      csv: { delimiter: ',', quote: '"', encodings: ['utf-8'], nullValues: [] },
      key: ['id'],
      partitionColumn: 'sold_on',
      measures: [{ column: 'total' }],
      out: null,
    });
    expect(found.dataset).toMatch(/^[a-z_]+\.sales$/);
    expect(
      found.columns.map(({ name, type, classification }) => `${name} ${type} ${classification}`),
    ).toEqual([
      'id long internal',
      'sold_on date internal',
      'total decimal(18,2) internal',
      'buyer_name string personal',
    ]);
    expect(found.left.map(({ path: place }) => place)).toEqual(['team', 'description.purpose']);
    expect(found.contract).toContain('\n      - name: buyer_name\n');
    expect(JSON.stringify(found)).not.toContain('Ann');
  });

  test('prints the contract on stdout, and what it found on stderr', async () => {
    await write('a.csv', 'id,day\n1,2024-01-01\n');
    const { code, out, err } = await runMain(['contracts', 'infer', 'a.csv', '--dataset', 'shop.sales'], {
      cwd,
    });
    expect(code).toBe(0);
    expect(out).toMatch(/^# Proposed by[\s\S]*\nid: urn:assay:contract:shop\.sales\n/);
    expect(err).toMatch(/^shop\.sales, from 1 file\n[\s\S]*To decide\n[\s\S]*A check says so far\n/);
  });

  test.each([
    ['no file', ['nowhere.csv'], 2, 'NO_FILE'],
    ['a folder without source files', ['.'], 2, 'NO_FILE'],
    ['a name that is no dataset', ['a.csv', '--dataset', 'Sales'], 2, 'USAGE'],
    ['a size that is none', ['a.csv', '--sample-mb', '0'], 2, 'USAGE'],
    ['a contract that is there', ['a.csv', '--out', 'there.yaml'], 2, 'FILE_EXISTS'],
    ['an empty file', ['empty.csv'], 1, 'NO_RECORDS'],
    ['a binary file', ['picture.csv'], 1, 'UNREADABLE'],
  ])('says what is wrong: %s', async (_, args, code, expected) => {
    await write('there.yaml', 'x');
    if (args[0] !== '.') {
      await write('a.csv', 'id,day\n1,2024-01-01\n');
      await write('empty.csv', '');
      await write('picture.csv', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 1, 2]));
    }
    const found = await runMainJson(['contracts', 'infer', ...args], { cwd });
    expect(found.code).toBe(code);
    expect(ErrorJson.parse(found.json).error.code).toBe(expected);
    expect(await readFile(path.join(cwd, 'there.yaml'), 'utf8')).toBe('x');
  });
});
