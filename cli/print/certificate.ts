import type { Certificate } from '../../etl/personal/forgetting/documents.ts';
import { plural, time } from './format.ts';
import { printable } from './printable.ts';

/** What is certified of a forgetting, as people read it. */
export function certificateText(certificate: Certificate): string {
  const { request, kind, asked, approved, forgottenAt, keys, erasures, tables, clearColumns } = certificate;
  const lines = [
    `Forgotten: a ${kind}, at ${time(forgottenAt)} UTC (request ${request}).`,
    `  asked      by ${asked.by} at ${time(asked.at)}: ${asked.reason}`,
    `  approved   by ${approved.by} at ${time(approved.at)}: ${approved.reason}`,
    `  keys gone  of the data groups ${keys.groups.join(', ') || 'none'}; ${plural(keys.records, 'record')} that couldn't be parsed`,
    `  log        ${erasures.map(({ id }) => id).join(', ')}`,
    tables.isUnchanged
      ? `  figures    unchanged: ${plural(tables.after.length, 'table')} stand as they stood before`
      : `  figures    this changed none; a run committed meanwhile to ${tables.changed.join(', ')}`,
    ...clearColumns.map(
      ({ dataset, columns }) => `  still clear in ${dataset}: ${columns.join(', ') || 'nothing'}`,
    ),
    `  unreadable from ${time(certificate.unreadableFrom)} UTC on, when no process holds a key that it had before`,
    `  ${backupsText(certificate)}`,
    `  remembered until ${certificate.rememberedUntil.slice(0, 10)}: older records of this ${kind} that come again are not published`,
  ];
  return lines.map(printable).join('\n');
}

const backupsText = ({ unreadableFromBackups: from }: Certificate): string =>
  from === null
    ? "in copies of the vault from before still readable for who has the key in $ASSAY_VAULT_KEY: exchange it ('assay vault renew')"
    : `in restored copies of the vault unreadable from ${time(from)} UTC on`;
