import { sourceName } from '../../etl/naming/bronze.ts';
import type { SealedFile } from '../../etl/stages/documents.ts';
import type { RunRecord } from '../../etl/stages/outcomes.ts';
import { count, plural } from './format.ts';
import { table } from './table.ts';

/** Files named in a run's table; of more, only those are named that did not go smoothly. */
const NAMED_FILES = 25;

/** `bronze/spend/council_payments/ingest_date=2024-05-01/2010-12.csv` → `2010-12.csv`; of a file in an archive, the archive's name comes first. */
export function fileName(key: string): string {
  return sourceName(key);
}

/** A table with a line per file: its records by verdict, and what there is to say of it. */
export function countsTable({ files, counts }: Pick<RunRecord, 'files' | 'counts'>): string {
  const isSmooth = (file: SealedFile): boolean =>
    file.status === 'accepted' && file.quarantined + file.condemned === 0;
  const named =
    files.length <= NAMED_FILES ? files : files.filter((file) => !isSmooth(file)).slice(0, NAMED_FILES);
  const headings = headingsOf(counts);
  const numbers = (one: RunRecord['counts']): string[] => headings.map((name) => count(one[name] ?? 0));
  const rows = named.map((file) => [fileName(file.key), ...numbers(file), statusText(file)]);
  const rest = files.length - named.length;
  if (rest > 0) rows.push([`… ${plural(rest, 'more file')}`, ...headings.map(() => ''), '']);
  if (files.length > 1) rows.push(['all', ...numbers(counts), '']);
  return table(
    [{ name: 'file' }, ...headings.map((name) => ({ name, align: 'right' as const })), { name: '' }],
    rows,
    { maxCell: 120 },
  );
}

/** What is counted; what few datasets have only where there is some. */
function headingsOf({
  footer = 0,
  repeats = 0,
  forgotten = 0,
}: RunRecord['counts']): (keyof RunRecord['counts'])[] {
  return [
    ...(['records', 'silver', 'quarantined', 'condemned', 'blank'] as const),
    ...(footer === 0 ? [] : (['footer'] as const)),
    ...(repeats === 0 ? [] : (['repeats'] as const)),
    ...(forgotten === 0 ? [] : (['forgotten'] as const)),
  ];
}

function statusText({ status, note }: SealedFile): string {
  if (status === 'accepted') return note ?? '';
  return note === undefined ? status : `${status}: ${note}`;
}
