import type { ColumnTimezone, ContractColumn } from './contract.ts';
import { zoneText } from './timezone-text.ts';

type Zoned = Pick<ContractColumn, 'name' | 'timezone'>;

interface Change {
  readonly kind: 'breaking' | 'neutral';
  readonly path: string;
  readonly message: string;
}

/** How the reading of a column's local times changes: another zone makes other instants of them. */
export function compareTimezones({ timezone: old }: Zoned, { name, timezone: next }: Zoned): Change[] {
  const path = `columns.${name}.timezone`;
  const changes: Change[] = [];
  if (zoneText(old) !== zoneText(next)) {
    const message = `local times were those of ${zoneText(old)}, are those of ${zoneText(next)}`;
    changes.push({ kind: onlyReadsMore(old, next) ? 'neutral' : 'breaking', path, message });
  }
  for (const field of ['gap', 'fold'] as const) {
    const [was, is] = [old?.[field] ?? 'reject', next?.[field] ?? 'reject'];
    if (was === is || old === undefined || next === undefined) continue;
    const kind = was === 'reject' ? 'neutral' : 'breaking';
    changes.push({ kind, path: `${path}.${field}`, message: `was ${was}, is ${is}` });
  }
  return changes;
}

/** Whether the change only gives a zone to times that had none and failed. */
function onlyReadsMore(old: ColumnTimezone | undefined, next: ColumnTimezone | undefined): boolean {
  if (old === undefined || old.default !== undefined) return false;
  return old.column === undefined || old.column === next?.column;
}
