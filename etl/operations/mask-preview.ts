import type { Contract } from '../contract/contract.ts';
import { openColumns } from '../contract/open-columns.ts';
import { maskChanges } from '../query/mask-changes.ts';
import { MASK } from '../query/run-rejects.ts';
import type { ApprovalPreview, PreviewedReport } from './preview-approval.ts';

/** What approving would publish, without the values of personal and confidential columns. */
export function maskPreview(
  preview: ApprovalPreview,
  contracts: ReadonlyMap<string, Contract>,
): ApprovalPreview {
  const reports = preview.reports.map((one) => masked(one, contracts.get(one.report)));
  return { ...preview, reports };
}

function masked(report: PreviewedReport, contract: Contract | undefined): PreviewedReport {
  if (contract === undefined) return { ...report, months: [], keys: [] };
  const open = openColumns(contract);
  const shown = (column: string, value: string | null): string | null =>
    value === null || open.has(column) ? value : MASK;
  const { keys } = maskChanges({ ...report, rowsAdded: 0, rowsRemoved: 0, months: [] }, contract);
  const months = report.months.map((month) => ({
    ...month,
    sums: month.sums.map(({ column, before, after }) => ({
      column,
      before: shown(column, before),
      after: shown(column, after),
    })),
  }));
  return { ...report, keys, months };
}
