import { ConfigError } from '../errors.ts';
import type { Effects } from '../ports.ts';

/** The vault that a process was given; throws ConfigError `NO_VAULT` where it has none. */
export function vaultOf({ vault }: Pick<Effects, 'vault'>): NonNullable<Effects['vault']> {
  if (vault !== undefined) return vault;
  throw new ConfigError(
    'NO_VAULT',
    'This process was given no vault: nothing of what is protected can be opened, or destroyed.',
  );
}
