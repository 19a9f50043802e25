import type { Args, Option } from '../command.ts';
import { TOPICS_OPTIONS } from '../enforce/topics-options.ts';
import { WATCH_OPTIONS } from '../enforce/watch-options.ts';
import { NO_TEND } from '../open-lake.ts';
import { REGISTRY_OPTION } from '../schema-registry.ts';
import { usageError } from '../usage-error.ts';

/** What holds unless said. */
const EVERY_SECONDS = 5;

/** Of an enforcer's options, those that make no sense where its events are to be published. */
const { canary: _, 'run-seconds': __, ...topics } = TOPICS_OPTIONS;

/** The options of `assay project --follow` that say which topics it reads, and how. */
export const FOLLOW_TOPICS_OPTIONS: Readonly<Record<string, Option>> = {
  topic: {
    type: 'string',
    value: 'T',
    multiple: true,
    help: 'with --bootstrap: a topic to read, as often as there are some',
  },
  dataset: { type: 'string', value: 'D', help: "the topic's dataset, whatever the resolution map says" },
  policies: { type: 'string', value: 'DIR', help: "a folder of policies and rules, instead of the lake's" },
  ...REGISTRY_OPTION,
  'no-tend': NO_TEND,
  ...topics,
  ...WATCH_OPTIONS,
};

/** The options of `assay project --follow`. */
export const FOLLOW_OPTIONS: Readonly<Record<string, Option>> = {
  follow: {
    type: 'boolean',
    help: 'tell what changes, until Ctrl-C or SIGTERM; with --bootstrap, read topics and publish their events, too',
  },
  since: {
    type: 'string',
    value: 'PLACE',
    help: 'with --follow: go on where another one ended, by the id that it told last, or from a snapshot; 0 tells all there is',
  },
  every: {
    type: 'string',
    value: 'SECONDS',
    help: `with --follow: how often what came on topics is published, and how long the projection may be behind its events before it is brought up to them here (default: ${EVERY_SECONDS})`,
  },
};

/** How often things are published, in milliseconds. Throws ConfigError `USAGE`. */
export function everyMs(args: Args): number {
  const text = args.text('every') ?? String(EVERY_SECONDS);
  if (!/^[1-9]\d{0,4}$/.test(text)) throw usageError(`--every is '${text}': write whole seconds, 1 or more.`);
  return Number(text) * 1_000;
}
