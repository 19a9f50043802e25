import type { Option } from '../command.ts';
import { KAFKA_OPTIONS } from './kafka-options.ts';

/** What holds unless the options say otherwise. */
export const EVIDENCE_TOPIC = 'signal_factory.evidence';
export const GROUP = 'assay-enforcer';
export const SESSION_SECONDS = 45;
export const RUN_SECONDS = 60;

/** The options of `assay enforce --bootstrap`. */
export const TOPICS_OPTIONS: Readonly<Record<string, Option>> = {
  ...KAFKA_OPTIONS,
  group: {
    type: 'string',
    value: 'G',
    help: `the consumer group; those of one group share the partitions (default: ${GROUP})`,
  },
  'from-start': {
    type: 'boolean',
    help: 'begin at the first event of topics that the group never read, and not at their end',
  },
  'evidence-topic': {
    type: 'string',
    value: 'T',
    help: `the topic that evidence is written to, besides the lake (default: ${EVIDENCE_TOPIC})`,
  },
  canary: {
    type: 'boolean',
    help: 'only judge, and write evidence to the topic that --evidence-topic names: land, send on, run and keep nothing; needs a --group of its own',
  },
  'session-seconds': {
    type: 'string',
    value: 'N',
    help: `an enforcer that isn't heard of for so long loses its partitions to others (default: ${SESSION_SECONDS})`,
  },
  'run-seconds': {
    type: 'string',
    value: 'N',
    help: `how often a dataset that got events is run (default: ${RUN_SECONDS})`,
  },
};
