import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { type CsvError, parse } from 'csv-parse';
import { isMain, required } from './command.ts';
import { measure, type RecordCounts } from './measure.ts';
import { createMonthWriters, type SilverRow } from './month-writers.ts';
import { createRejects, type Reject, type Rejects } from './rejects.ts';
import { CONTRACT_COLUMNS, check, type RawValues, rowHash } from './row-checks.ts';

/**
 * What a user would write without Assay: csv-parse, checks and hash in a loop, the same columns by parquetjs-lite
 * and month, rejects with their reasons as NDJSON. It does less than Assay: no attempts, no proof, no atomic
 * publication, and its keys must fit in memory.
 */
export async function ingestRowByRow(file: string, directory: string): Promise<RecordCounts> {
  mkdirSync(directory, { recursive: true });
  const rejects = createRejects(join(directory, 'rejects.ndjson'));
  const silver = createMonthWriters(join(directory, 'silver'));
  const keys = new Set<string>();
  const lineage = {
    source_file_id: await digestOf(file),
    attempt_count: 0,
    ingestion_timestamp: Date.now(),
    run_id: randomUUID(),
  };
  let silverCount = 0;
  let duplicates = 0;
  let rowNumber = 0;
  let header: Header | undefined;
  for await (const fields of readCsv(file, rejects)) {
    if (header === undefined) {
      header = readHeader(fields);
      continue;
    }
    rowNumber++;
    const verdict = judge(fields, header, keys);
    if (verdict.kind === 'silver') {
      silverCount++;
      await silver.append({ ...verdict.row, ...lineage, source_row_number: rowNumber });
    } else {
      rejects.add(verdict.reject);
      if (verdict.reject.reasons[0]?.code === 'DUPLICATE') duplicates++;
    }
  }
  await silver.close();
  await rejects.close();
  return { rows: silverCount + rejects.count(), silver: silverCount, rejected: rejects.count(), duplicates };
}

/** The file's records, header first; those that csv-parse can't parse go to the rejects. */
function readCsv(file: string, rejects: Rejects): AsyncIterable<string[]> {
  let lastLine = -1;
  const parser = parse({
    bom: true,
    relax_column_count: true,
    skip_records_with_error: true,
    on_skip: (error: CsvError | undefined) => {
      // One record with several stray quotes is reported several times.
      const line = Number(error?.lines ?? -1);
      if (line === lastLine) return;
      lastLine = line;
      const value = `line ${line}: ${error?.code ?? 'unknown'}`;
      rejects.add({ fields: [], reasons: [{ column: '', code: 'STRUCTURE_ERROR', value }] });
    },
  });
  return createReadStream(file, { highWaterMark: 1 << 20 }).pipe(parser) as AsyncIterable<string[]>;
}

/** Where the contract's columns stand in a record. */
interface Header {
  readonly width: number;
  readonly positions: readonly [number, number, number, number, number];
}

function readHeader(fields: readonly string[]): Header {
  const names = fields.map((name) => name.trim().toLowerCase());
  const [a, b, c, d, e] = CONTRACT_COLUMNS.map(([, source]) => {
    const position = names.indexOf(source.toLowerCase());
    if (position < 0) throw new Error(`The file has no column ${source}.`);
    return position;
  });
  return { width: fields.length, positions: [a ?? -1, b ?? -1, c ?? -1, d ?? -1, e ?? -1] };
}

/** SHA-256 of the file, in hex. */
async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}

type JudgedRow = Omit<
  SilverRow,
  'source_file_id' | 'source_row_number' | 'attempt_count' | 'ingestion_timestamp' | 'run_id'
>;

type Verdict =
  | { readonly kind: 'silver'; readonly row: JudgedRow }
  | { readonly kind: 'rejected'; readonly reject: Reject };

/** Checks one record, first by itself, then against the keys seen, to which it adds its own. */
function judge(fields: string[], header: Header, keys: Set<string>): Verdict {
  if (fields.length !== header.width) {
    const value = `${fields.length} fields for ${header.width}`;
    return {
      kind: 'rejected',
      reject: { fields, reasons: [{ column: '', code: 'STRUCTURE_ERROR', value }] },
    };
  }
  const [a, b, c, d, e] = header.positions;
  const raw: RawValues = [
    fields[a] ?? '',
    fields[b] ?? '',
    fields[c] ?? '',
    fields[d] ?? '',
    fields[e] ?? '',
  ];
  const hash = rowHash(raw);
  const checked = check(raw);
  if (checked.kind === 'failed') {
    return { kind: 'rejected', reject: { fields, reasons: checked.reasons, rowHash: hash } };
  }
  const key = `${raw[0]} ${checked.timestampMs}`;
  if (keys.has(key)) {
    const reasons = [{ column: 'transaction_id', code: 'DUPLICATE', value: raw[0] }] as const;
    return { kind: 'rejected', reject: { fields, reasons, rowHash: hash } };
  }
  keys.add(key);
  return {
    kind: 'silver',
    row: {
      transaction_id: raw[0],
      customer_id: raw[1],
      transaction_amount: checked.amount,
      currency: raw[3],
      transaction_timestamp: checked.timestampMs,
      row_hash: hash,
    },
  };
}

if (isMain(import.meta.url)) {
  const { values } = parseArgs({ options: { in: { type: 'string' }, out: { type: 'string' } } });
  const [file, directory] = [required('--in', values.in), required('--out', values.out)];
  console.log(JSON.stringify(await measure(() => ingestRowByRow(file, directory))));
}
