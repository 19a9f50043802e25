import type { SourceContract } from '../../etl/contract/contract.ts';
import type { Judgement } from './judge.ts';
import type { OracleRecord } from './parse-records.ts';

/** A file's footer: the places of its records, from 0; or why the file is rejected, in part. */
export type OracleFooter =
  | { readonly kind: 'footer'; readonly places: ReadonlySet<number> }
  | { readonly kind: 'wrong'; readonly why: string };

interface Judged {
  readonly record: OracleRecord;
  readonly judgement: Judgement;
}

/**
 * The footer as docs/contracts.md says it: of a number of lines the last so many with anything in them, of a pattern those at the
 * end that have its form. One that would pass as a record, wherever it has the form, or a file that is too short, is wrong.
 */
export function findFooter(judged: readonly Judged[], { csv }: SourceContract): OracleFooter {
  const content = judged.flatMap(({ judgement }, n) => (judgement.verdict === 'blank' ? [] : [n]));
  const passes = (n: number): boolean => judged[n]?.judgement.verdict === 'silver';
  if (csv.footerLines !== undefined) {
    const last = content.slice(-csv.footerLines);
    if (last.some(passes)) return { kind: 'wrong', why: 'would pass as a record' };
    if (last.length < csv.footerLines) return { kind: 'wrong', why: 'its footer alone should have' };
    return { kind: 'footer', places: new Set(last) };
  }
  const { footerPattern } = csv;
  if (footerPattern === undefined) return { kind: 'footer', places: new Set() };
  const form = new RegExp(`^(?:${footerPattern})$`, 'u');
  const hasForm = (n: number): boolean => form.test(wholeText(judged[n]?.record, csv.delimiter));
  if (content.some((n) => hasForm(n) && passes(n)))
    return { kind: 'wrong', why: 'has the form of its footer' };
  const end = content.findLastIndex((n) => !hasForm(n));
  return { kind: 'footer', places: new Set(content.slice(end + 1)) };
}

/** A record without the quotes around its fields; one that can't be parsed as it stands in the file. */
function wholeText(record: OracleRecord | undefined, delimiter: string): string {
  if (record === undefined) return '';
  if (record.kind === 'fields') return record.fields.map((field) => field ?? '').join(delimiter);
  return record.text.replace(/[\r\n]+$/, '');
}
