import type { CommandEntry } from '../command.ts';

/** Commands that judge events, tell what was found of them, and say by which policies. */
export const EVENTS: readonly CommandEntry[] = [
  {
    name: 'enforce',
    summary: 'judge events record by record, and land them',
    load: async () => (await import('../commands/enforce.ts')).enforce,
  },
  {
    name: 'evidence list',
    summary: 'what was found of events',
    load: async () => (await import('../commands/evidence-list.ts')).evidenceList,
  },
  {
    name: 'evidence show',
    summary: 'everything that was found of one event',
    load: async () => (await import('../commands/evidence-show.ts')).evidenceShow,
  },
  {
    name: 'incidents list',
    summary: 'what is wrong with events, and what was',
    load: async () => (await import('../commands/incidents-list.ts')).incidentsList,
  },
  {
    name: 'incidents show',
    summary: 'everything that is known of an incident',
    load: async () => (await import('../commands/incidents-show.ts')).incidentsShow,
  },
  {
    name: 'redrive',
    summary: 'send events of quarantine to their topic again',
    load: async () => (await import('../commands/redrive.ts')).redrive,
  },
  {
    name: 'replay',
    summary: 'land what is missing of a range of a topic',
    load: async () => (await import('../commands/replay.ts')).replay,
  },
  {
    name: 'policy get',
    summary: "the policy by which a dataset's events are checked",
    load: async () => (await import('../commands/policy-get.ts')).policyGet,
  },
  {
    name: 'policy set',
    summary: "make a policy hold for a dataset's events",
    load: async () => (await import('../commands/policy-set.ts')).policySet,
  },
  {
    name: 'policy list',
    summary: 'which datasets of events have a policy',
    load: async () => (await import('../commands/policy-list.ts')).policyList,
  },
  {
    name: 'policy resolution',
    summary: 'from which topics the events of a dataset come',
    load: async () => (await import('../commands/policy-resolution.ts')).policyResolution,
  },
];
