import type { Reader } from '../../etl/query/reader.ts';
import { type Identity, isAllowed } from '../identity/identity.ts';
import type { Permission } from '../identity/permissions.ts';

/** What one set of roles sees: all who see the same have the same schema. */
export interface Sight {
  readonly reader: Reader;
  readonly hasRuns: boolean;
  readonly hasClosings: boolean;
  /** The same for the same sight. */
  readonly key: string;
}

/** What somebody sees. */
export function sightOf(identity: Identity, reader: Reader): Sight {
  const may = (permission: Permission): boolean => isAllowed(identity, permission, { isReadOnly: false });
  const [hasRuns, hasClosings] = [may('runs.read'), may('closings.read')];
  const key = JSON.stringify([[...reader.schemas].sort(), [...reader.hidden].sort(), hasRuns, hasClosings]);
  return { reader, hasRuns, hasClosings, key };
}
