import { FOOTER } from '../contract/compile-record.ts';
import type { SourceContract } from '../contract/contract.ts';

/**
 * SELECT of the records that are their files' footers (file$, row$, passes$: whether it would pass as a record, which
 * none may), from a table expression of all records with something in them: file$, row$, passes$, footer$. Of a
 * pattern those are the last records that have its form, and any before them that would pass; of a number the last so many.
 */
export function footersSql({ csv }: SourceContract, records: string): string {
  const { footerLines, footerPattern } = csv;
  if (footerPattern !== undefined)
    return `SELECT file$, row$, footer$ = ${FOOTER.passing} AS passes$
      FROM (SELECT *, max(row$) FILTER (footer$ = ${FOOTER.none}) OVER (PARTITION BY file$) AS last$ FROM ${records})
      WHERE footer$ = ${FOOTER.passing} OR row$ > coalesce(last$, 0)`;
  return `SELECT file$, row$, passes$
    FROM (SELECT *, row_number() OVER (PARTITION BY file$ ORDER BY row$ DESC) AS nth$ FROM ${records}) WHERE nth$ <= ${footerLines ?? 0}`;
}

/** Whether a contract's files have a footer. */
export const hasFooter = ({ csv }: SourceContract): boolean =>
  csv.footerLines !== undefined || csv.footerPattern !== undefined;
