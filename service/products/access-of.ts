import type { AccessOf } from '../../etl/products/data-product.ts';
import { ROLES, type Role } from '../identity/permissions.ts';
import { readerOf } from '../identity/reader.ts';

/** The roles that see a layer's tables, by what the service lets each role do; and those of them that see sensitive values. */
export const accessOf: AccessOf = (layer) => {
  const readers = (Object.keys(ROLES) as Role[]).map((role) => ({
    role,
    reader: readerOf({ name: role, roles: [role] }),
  }));
  const seeing = readers.filter(({ reader }) => reader.schemas.has(layer));
  return {
    roles: seeing.map(({ role }) => role),
    seesValues: seeing.filter(({ reader }) => reader.hidden.size === 0).map(({ role }) => role),
  };
};
