import type { CommandEntry } from '../command.ts';

/** Commands about personal data and the vault that has their keys. */
export const PRIVACY: readonly CommandEntry[] = [
  {
    name: 'privacy map',
    summary: 'where personal data are, and who can read them',
    load: async () => (await import('../commands/privacy-map.ts')).privacyMapCommand,
  },
  {
    name: 'privacy access',
    summary: 'everything about a person, in one zip',
    load: async () => (await import('../commands/privacy-access.ts')).privacyAccess,
  },
  {
    name: 'privacy forget',
    summary: 'forget a person: destroy the keys of what is sealed',
    load: async () => (await import('../commands/privacy-forget.ts')).privacyForget,
  },
  {
    name: 'privacy adopt',
    summary: 'protect a dataset that has files in the clear',
    load: async () => (await import('../commands/privacy-adopt.ts')).privacyAdopt,
  },
  {
    name: 'privacy requests',
    summary: 'who is to be forgotten, and who was',
    load: async () => (await import('../commands/privacy-requests.ts')).privacyRequests,
  },
  {
    name: 'privacy settings',
    summary: 'how many people a forgetting takes',
    load: async () => (await import('../commands/privacy-settings.ts')).privacySettings,
  },
  {
    name: 'privacy verify',
    summary: 'whether values stand anywhere in the lake',
    load: async () => (await import('../commands/privacy-verify.ts')).privacyVerify,
  },
  {
    name: 'vault init',
    summary: 'make the vault that keeps the keys of personal data',
    load: async () => (await import('../commands/vault-init.ts')).vaultInit,
  },
  {
    name: 'vault status',
    summary: 'whether the vault opens, and what it has keys for',
    load: async () => (await import('../commands/vault-status.ts')).vaultStatus,
  },
  {
    name: 'vault renew',
    summary: 'seal the vault under a new key',
    load: async () => (await import('../commands/vault-renew.ts')).vaultRenew,
  },
  {
    name: 'vault export',
    summary: 'a copy of the vault, for somebody with another key',
    load: async () => (await import('../commands/vault-export.ts')).vaultExport,
  },
  {
    name: 'vault import',
    summary: 'make a vault of an exported one',
    load: async () => (await import('../commands/vault-import.ts')).vaultImport,
  },
];
