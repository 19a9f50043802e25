import type { CommandEntry } from './command.ts';

/** Every command, in the order in which a newcomer meets them. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'demo',
    summary: 'run everything on example files that come with Assay',
    load: async () => (await import('./commands/demo.ts')).demo,
  },
  {
    name: 'new dataset',
    summary: 'make a dataset from files: write its contract and run it',
    load: async () => (await import('./commands/new-dataset.ts')).newDataset,
  },
  {
    name: 'new gold',
    summary: 'write a first Gold table',
    load: async () => (await import('./commands/new-gold.ts')).newGold,
  },
  {
    name: 'new projection',
    summary: 'write a first projection of events',
    load: async () => (await import('./commands/new-projection.ts')).newProjection,
  },
  {
    name: 'init',
    summary: 'create a lake in a folder',
    load: async () => (await import('./commands/init.ts')).init,
  },
  {
    name: 'ingest',
    summary: 'copy source files into Bronze',
    load: async () => (await import('./commands/ingest.ts')).ingest,
  },
  {
    name: 'run',
    summary: 'test everything pending and publish what passes',
    load: async () => (await import('./commands/run.ts')).run,
  },
  {
    name: 'watch',
    summary: 'ingest and run files as they are dropped',
    load: async () => (await import('./commands/watch.ts')).watch,
  },
  {
    name: 'serve',
    summary: 'a console and an API for the lake, in the browser',
    load: async () => (await import('./commands/serve.ts')).serve,
  },
  {
    name: 'project',
    summary: 'bring a projection up to date; what it says of a stream, at any moment',
    load: async () => (await import('./commands/project.ts')).project,
  },
  {
    name: 'query',
    summary: 'query the tables with SQL',
    load: async () => (await import('./commands/query.ts')).query,
  },
  {
    name: 'report',
    summary: 'print a Gold table',
    load: async () => (await import('./commands/report.ts')).report,
  },
  {
    name: 'close',
    summary: 'freeze a month of a Gold table',
    load: async () => (await import('./commands/close.ts')).close,
  },
  {
    name: 'restatements',
    summary: 'list changes that wait for closed months',
    load: async () => (await import('./commands/restatements.ts')).restatements,
  },
  {
    name: 'restatements accept',
    summary: 'publish a change that waits for a closed month',
    load: async () => (await import('./commands/restatements-accept.ts')).restatementsAccept,
  },
  {
    name: 'reopen',
    summary: 'let a closed month follow its inputs again',
    load: async () => (await import('./commands/reopen.ts')).reopen,
  },
  {
    name: 'runs',
    summary: 'list the runs, newest first',
    load: async () => (await import('./commands/runs.ts')).runs,
  },
  {
    name: 'show',
    summary: 'everything about one run',
    load: async () => (await import('./commands/show.ts')).show,
  },
  {
    name: 'approve',
    summary: 'publish a held run',
    load: async () => (await import('./commands/approve.ts')).approve,
  },
  {
    name: 'refuse',
    summary: 'decide that a held run is not published',
    load: async () => (await import('./commands/refuse.ts')).refuse,
  },
  {
    name: 'readmit',
    summary: 'let files that were set aside be read again',
    load: async () => (await import('./commands/readmit.ts')).readmit,
  },
  {
    name: 'breaker status',
    summary: 'which circuit breakers are open, and why',
    load: async () => (await import('./commands/breaker-status.ts')).breakerStatus,
  },
  {
    name: 'breaker reset',
    summary: 'close a circuit breaker',
    load: async () => (await import('./commands/breaker-reset.ts')).breakerReset,
  },
  {
    name: 'quarantine list',
    summary: 'records that are open, or condemned',
    load: async () => (await import('./commands/quarantine-list.ts')).quarantineList,
  },
  {
    name: 'quarantine show',
    summary: 'everything about one record that failed',
    load: async () => (await import('./commands/quarantine-show.ts')).quarantineShow,
  },
  {
    name: 'quarantine export',
    summary: 'open records as CSV, to be corrected',
    load: async () => (await import('./commands/quarantine-export.ts')).quarantineExport,
  },
  {
    name: 'quarantine correct',
    summary: 'correct open records and test them once more',
    load: async () => (await import('./commands/quarantine-correct.ts')).quarantineCorrect,
  },
  {
    name: 'quarantine retry',
    summary: 'test open records once more',
    load: async () => (await import('./commands/quarantine-retry.ts')).quarantineRetry,
  },
  {
    name: 'quarantine condemn',
    summary: 'give up open records',
    load: async () => (await import('./commands/quarantine-condemn.ts')).quarantineCondemn,
  },
  {
    name: 'quarantine release',
    summary: 'let condemned records be tested again',
    load: async () => (await import('./commands/quarantine-release.ts')).quarantineRelease,
  },
  {
    name: 'privacy map',
    summary: 'where personal data are, and who can read them',
    load: async () => (await import('./commands/privacy-map.ts')).privacyMapCommand,
  },
  {
    name: 'privacy access',
    summary: 'everything about a person, in one zip',
    load: async () => (await import('./commands/privacy-access.ts')).privacyAccess,
  },
  {
    name: 'privacy forget',
    summary: 'forget a person: destroy the keys of what is sealed',
    load: async () => (await import('./commands/privacy-forget.ts')).privacyForget,
  },
  {
    name: 'privacy adopt',
    summary: 'protect a dataset that has files in the clear',
    load: async () => (await import('./commands/privacy-adopt.ts')).privacyAdopt,
  },
  {
    name: 'privacy requests',
    summary: 'who is to be forgotten, and who was',
    load: async () => (await import('./commands/privacy-requests.ts')).privacyRequests,
  },
  {
    name: 'privacy settings',
    summary: 'how many people a forgetting takes',
    load: async () => (await import('./commands/privacy-settings.ts')).privacySettings,
  },
  {
    name: 'privacy verify',
    summary: 'whether values stand anywhere in the lake',
    load: async () => (await import('./commands/privacy-verify.ts')).privacyVerify,
  },
  {
    name: 'vault init',
    summary: 'make the vault that keeps the keys of personal data',
    load: async () => (await import('./commands/vault-init.ts')).vaultInit,
  },
  {
    name: 'vault status',
    summary: 'whether the vault opens, and what it has keys for',
    load: async () => (await import('./commands/vault-status.ts')).vaultStatus,
  },
  {
    name: 'vault renew',
    summary: 'seal the vault under a new key',
    load: async () => (await import('./commands/vault-renew.ts')).vaultRenew,
  },
  {
    name: 'vault export',
    summary: 'a copy of the vault, for somebody with another key',
    load: async () => (await import('./commands/vault-export.ts')).vaultExport,
  },
  {
    name: 'vault import',
    summary: 'make a vault of an exported one',
    load: async () => (await import('./commands/vault-import.ts')).vaultImport,
  },
  {
    name: 'enforce',
    summary: 'judge events record by record, and land them',
    load: async () => (await import('./commands/enforce.ts')).enforce,
  },
  {
    name: 'evidence list',
    summary: 'what was found of events',
    load: async () => (await import('./commands/evidence-list.ts')).evidenceList,
  },
  {
    name: 'evidence show',
    summary: 'everything that was found of one event',
    load: async () => (await import('./commands/evidence-show.ts')).evidenceShow,
  },
  {
    name: 'incidents list',
    summary: 'what is wrong with events, and what was',
    load: async () => (await import('./commands/incidents-list.ts')).incidentsList,
  },
  {
    name: 'incidents show',
    summary: 'everything that is known of an incident',
    load: async () => (await import('./commands/incidents-show.ts')).incidentsShow,
  },
  {
    name: 'redrive',
    summary: 'send events of quarantine to their topic again',
    load: async () => (await import('./commands/redrive.ts')).redrive,
  },
  {
    name: 'replay',
    summary: 'land what is missing of a range of a topic',
    load: async () => (await import('./commands/replay.ts')).replay,
  },
  {
    name: 'policy get',
    summary: "the policy by which a dataset's events are checked",
    load: async () => (await import('./commands/policy-get.ts')).policyGet,
  },
  {
    name: 'policy set',
    summary: "make a policy hold for a dataset's events",
    load: async () => (await import('./commands/policy-set.ts')).policySet,
  },
  {
    name: 'policy list',
    summary: 'which datasets of events have a policy',
    load: async () => (await import('./commands/policy-list.ts')).policyList,
  },
  {
    name: 'policy resolution',
    summary: 'from which topics the events of a dataset come',
    load: async () => (await import('./commands/policy-resolution.ts')).policyResolution,
  },
  {
    name: 'snapshots',
    summary: "list a dataset's published states",
    load: async () => (await import('./commands/snapshots.ts')).snapshots,
  },
  {
    name: 'diff',
    summary: 'what differs between two snapshots',
    load: async () => (await import('./commands/diff.ts')).diff,
  },
  {
    name: 'rollback',
    summary: 'make an earlier snapshot current again',
    load: async () => (await import('./commands/rollback.ts')).rollback,
  },
  {
    name: 'migrate',
    summary: "make a dataset's tables anew under a new major version",
    load: async () => (await import('./commands/migrate.ts')).migrate,
  },
  {
    name: 'backfill',
    summary: 'read published files again',
    load: async () => (await import('./commands/backfill.ts')).backfill,
  },
  {
    name: 'compact',
    summary: 'join small files into larger ones',
    load: async () => (await import('./commands/compact.ts')).compact,
  },
  {
    name: 'expire',
    summary: 'forget old snapshots, or records whose legal time is over',
    load: async () => (await import('./commands/expire.ts')).expire,
  },
  {
    name: 'tend',
    summary: 'do the upkeep of the tables',
    load: async () => (await import('./commands/tend.ts')).tend,
  },
  {
    name: 'vacuum',
    summary: 'remove files that nobody needs',
    load: async () => (await import('./commands/vacuum.ts')).vacuum,
  },
  {
    name: 'upgrade',
    summary: 'convert tables of earlier versions, so that every engine reads them',
    load: async () => (await import('./commands/upgrade.ts')).upgrade,
  },
  {
    name: 'repair',
    summary: 'restore a pointer that was lost or damaged',
    load: async () => (await import('./commands/repair.ts')).repair,
  },
  {
    name: 'reconcile',
    summary: 'make the catalog match what is published',
    load: async () => (await import('./commands/reconcile.ts')).reconcile,
  },
  {
    name: 'audit',
    summary: 'check that what is published is what was proven',
    load: async () => (await import('./commands/audit.ts')).audit,
  },
  {
    name: 'lineage',
    summary: 'from a figure to the lines it comes from',
    load: async () => (await import('./commands/lineage.ts')).lineage,
  },
  {
    name: 'health',
    summary: 'what is late, waits for a decision or stopped coming',
    load: async () => (await import('./commands/health.ts')).health,
  },
  {
    name: 'estimate',
    summary: 'what a dataset costs and takes on AWS',
    load: async () => (await import('./commands/estimate.ts')).estimateCommand,
  },
  {
    name: 'drill',
    summary: 'crash test lakes on purpose and check that nothing is lost',
    load: async () => (await import('./commands/drill.ts')).drill,
  },
  {
    name: 'contracts infer',
    summary: 'propose a contract for files',
    load: async () => (await import('./commands/contracts-infer.ts')).contractsInfer,
  },
  {
    name: 'contracts check',
    summary: 'check the contracts',
    load: async () => (await import('./commands/contracts-check.ts')).contractsCheck,
  },
  {
    name: 'contracts types',
    summary: 'types of what the code of projections is given',
    load: async () => (await import('./commands/contracts-types.ts')).contractsTypes,
  },
  {
    name: 'contracts diff',
    summary: 'whether a new version is compatible, and why',
    load: async () => (await import('./commands/contracts-diff.ts')).contractsDiff,
  },
  {
    name: 'contracts try',
    summary: 'what a contract would change, without publishing',
    load: async () => (await import('./commands/contracts-try.ts')).contractsTry,
  },
  {
    name: 'products',
    summary: 'the data products, who reads them and what they cost',
    load: async () => (await import('./commands/products.ts')).products,
  },
  {
    name: 'docs',
    summary: 'write a site about the datasets',
    load: async () => (await import('./commands/docs.ts')).docs,
  },
  {
    name: 'completion',
    summary: 'print a script that completes commands in the shell',
    load: async () => (await import('./commands/completion.ts')).completionOf(COMMANDS),
  },
];
