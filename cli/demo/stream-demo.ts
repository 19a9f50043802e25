import path from 'node:path';
import { z } from 'zod';
import type { Args } from '../command.ts';
import { contractsCheck } from '../commands/contracts-check.ts';
import { evidenceList } from '../commands/evidence-list.ts';
import { evidenceShow } from '../commands/evidence-show.ts';
import { incidentsList } from '../commands/incidents-list.ts';
import { init } from '../commands/init.ts';
import { policyResolution } from '../commands/policy-resolution.ts';
import { policySet } from '../commands/policy-set.ts';
import { quarantineCorrect } from '../commands/quarantine-correct.ts';
import { quarantineList } from '../commands/quarantine-list.ts';
import { quarantineShow } from '../commands/quarantine-show.ts';
import { query } from '../commands/query.ts';
import { run } from '../commands/run.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { quoteArgument } from '../locations.ts';
import { type DemoPlace, examplePath, openDemoPlace } from './demo-place.ts';
import { askCommand, playSteps, type Step } from './play-steps.ts';
import { DATASET, fileEvents, type StreamEvents } from './stream-events.ts';

const SILVER = 'SELECT order_id, customer_id, currency, total FROM silver.orders_created ORDER BY order_id';
const LACKS = 'NULL_VALUE:customer_id';

/** `assay demo --stream`: from an event that breaks its contract to its evidence, its correction, its topic again, and Silver. */
export async function playStreamDemo(args: Args, io: Io): Promise<ExitCode> {
  const events = args.texts('bootstrap').length > 0 ? await kafkaEvents(args, io) : fileEvents(io);
  const place = await openDemoPlace(args, io, {
    lake: path.join('lake', 'demo-stream'),
    contracts: path.join('examples', 'orders', 'contracts'),
  });
  io.out(
    `Assay at the front door of a stream: thirteen events of a shop, five of them wrong, ${events.where}; on this machine, in ${place.lake}.`,
  );
  await events.prepare();
  try {
    const code = await playSteps(steps({ events, place, io }), place, io);
    if (code !== EXIT.ok) return code;
  } finally {
    await events.remove();
  }
  const next = (words: string): string =>
    `  ${place.prefix} ${words} ${place.options.map(quoteArgument).join(' ')}`;
  io.out(`
── What to type next

${next('serve')}
${next('evidence list --result FAIL --json')}
${next(`quarantine export --dataset ${DATASET} --out orders-to-correct.csv`)}
${next(`policy get ${DATASET}`)}

docs/streaming.md says what each gate asks, how it reads Kafka, and how to deploy it.`);
  return EXIT.ok;
}

async function kafkaEvents(args: Args, io: Io): Promise<StreamEvents> {
  // Loaded here: without a broker nothing needs its client.
  const { brokerEvents } = await import('./broker-events.ts');
  return await brokerEvents(args, io);
}

interface Context {
  readonly events: StreamEvents;
  readonly place: DemoPlace;
  readonly io: Io;
}

function steps(context: Context): Step[] {
  return [...agreed(context), ...judged(context), ...mended(context)];
}

/** What is agreed on before an event comes. */
function agreed({ io }: Context): Step[] {
  const policies = 'orders/policies';
  return [
    { what: 'A contract says what an order must be.', command: contractsCheck, words: [] },
    { what: 'A lake is a folder.', command: init, words: [] },
    {
      what: 'A policy says what follows when an event breaks it: here, quarantine at once.',
      command: policySet,
      words: [
        ...[DATASET, '--file', examplePath(`${policies}/orders.created.yaml`, io)],
        ...['--reason', 'the first policy'],
      ],
    },
    {
      what: 'A rule leads events of a topic to their dataset.',
      command: policyResolution,
      words: [
        ...[DATASET, '--file', examplePath(`${policies}/resolution.yaml`, io)],
        ...['--reason', 'the topic is theirs'],
      ],
    },
  ];
}

const EvidenceIds = z.array(z.looseObject({ evidence_id: z.string() }));

/** What became of the events. */
function judged({ events, place, io }: Context): Step[] {
  return [
    ...events.comeIn(place),
    {
      what: 'Five failed. Each has its evidence: which gate, which reason, which event of which topic.',
      command: evidenceList,
      words: ['--result', 'FAIL'],
    },
    {
      what: 'One order came without its customer: a buggy release of the orders service, as its evidence shows.',
      command: evidenceShow,
      async words() {
        const asked = ['--reason', LACKS, '--dataset', DATASET, '--limit', '1'];
        const [one] = EvidenceIds.parse(await askCommand(evidenceList, asked, { place, io }));
        return [one?.evidence_id ?? ''];
      },
    },
    {
      what: 'So many failures of one dataset are an incident, told once, with its cause: gate, reason, producer, first bad event.',
      command: incidentsList,
      words: [],
    },
    {
      what: 'The same workflow as for files publishes what passed and sets aside what failed, once each.',
      command: run,
      words: ['--dataset', DATASET],
    },
    {
      what: 'Silver has the eight orders that keep to the contract, and no other.',
      command: query,
      words: [SILVER],
    },
  ];
}

const Failed = z.array(
  z.looseObject({
    records: z.array(
      z.looseObject({
        record: z.string(),
        reasons: z.array(z.looseObject({ column: z.string().nullable() })),
      }),
    ),
  }),
);

const WHY = ['--dataset', DATASET, '--reason', 'the customer, as the orders service has it'];

/** How what was wrong gets right. */
function mended({ events, place, io }: Context): Step[] {
  const record = async (): Promise<string> => {
    const found = Failed.parse(await askCommand(quarantineList, ['--dataset', DATASET], { place, io }));
    const lacking = found
      .flatMap(({ records }) => records)
      .find(({ reasons }) => reasons.length === 1 && reasons[0]?.column === 'customer_id');
    return lacking?.record ?? '';
  };
  return [
    { what: 'The others wait in quarantine.', command: quarantineList, words: ['--dataset', DATASET] },
    {
      what: 'The order without its customer: as it came, why it waits, and the evidence of the event that it was.',
      command: quarantineShow,
      words: async () => [await record(), '--dataset', DATASET],
    },
    {
      what: 'The orders team knows who ordered. The correction is kept beside the record, which stays as it came.',
      command: quarantineCorrect,
      words: async () => [...[await record(), 'customer_id=c-204', '--no-retry'], ...WHY],
    },
    ...events.sendAgain({ place, words: async () => [await record(), ...WHY] }),
    { what: 'So Silver has nine.', command: query, words: [SILVER] },
    ...events.comeAgain,
  ];
}
