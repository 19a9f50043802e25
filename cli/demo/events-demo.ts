import path from 'node:path';
import { z } from 'zod';
import type { Args } from '../command.ts';
import { contractsCheck } from '../commands/contracts-check.ts';
import { ingest } from '../commands/ingest.ts';
import { init } from '../commands/init.ts';
import { products } from '../commands/products.ts';
import { project } from '../commands/project.ts';
import { query } from '../commands/query.ts';
import { run } from '../commands/run.ts';
import { snapshots } from '../commands/snapshots.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { quoteArgument } from '../locations.ts';
import { examplePath, openDemoPlace } from './demo-place.ts';
import { askCommand, playSteps, type Step } from './play-steps.ts';

const EVENTS = 'products.events';
const HELD = 'products.held';
const PRICES =
  "SELECT customer_product_id, customer, product, status, monthly_price FROM projection.products_held WHERE customer IN ('C-103', 'C-109') ORDER BY 1";
const REASONS =
  'SELECT product, sold_because, ended_because, ended_at FROM projection.products_sold WHERE ended_at IS NOT NULL ORDER BY ended_at';

const RESTATED = 'SELECT key, "column", old_value, new_value FROM ops.restatements ORDER BY ALL';

/** `assay demo --events`: from what happened to what is, what was, and what was known. */
export async function playEventsDemo(args: Args, io: Io): Promise<ExitCode> {
  const place = await openDemoPlace(args, io, {
    lake: path.join('lake', 'demo-events'),
    contracts: path.join('examples', 'products', 'contracts'),
  });
  io.out(
    `Assay remembers what happened: what customers of a bank that was made up bought, changed and cancelled, and why; on this machine, in ${place.lake}.`,
  );
  const known = async (): Promise<string> => {
    const lines = Snapshots.parse(await askCommand(snapshots, [EVENTS], { place, io }));
    return String(lines.at(-1)?.snapshotId ?? 0);
  };
  const code = await playSteps(steps(io, known), place, io);
  if (code !== EXIT.ok) return code;
  const next = (words: string): string =>
    `  ${place.prefix} ${words} ${place.options.map(quoteArgument).join(' ')}`;
  io.out(`
── What to type next

${next('serve')}
${next(`project ${HELD} --stream CP-007 --at 2026-02-10 --json`)}
${next(`query "FROM projection.products_held_at('2026-01-31')"`)}

docs/events.md makes a projection of your own in ten minutes.`);
  return EXIT.ok;
}

const Snapshots = z.array(z.looseObject({ snapshotId: z.number() }));

const FEBRUARY = '2026-02-10';

function steps(io: Io, known: () => Promise<string>): Step[] {
  const files = ['2026-01', '2026-02'].map((month) => examplePath(`products/${month}.jsonl`, io));
  const late = examplePath('products/2026-03.jsonl', io);
  return [
    {
      what: 'A contract says which columns make an event: whose it is, what happened, when, and which in order. Two more say what is folded from them.',
      command: contractsCheck,
      words: [],
    },
    { what: 'A lake is a folder.', command: init, words: [] },
    {
      what: 'The events of two months, as their files came.',
      command: ingest,
      words: [...files, '--dataset', EVENTS],
    },
    {
      what: 'They are tested and published as any records: one that came twice counts once, of two with one version the smaller id stays, and a stream that lacks an event is told. Then each projection folds the streams.',
      command: run,
      words: [],
    },
    {
      what: 'What two customers have, and what it costs.',
      command: query,
      words: [PRICES],
    },
    { what: 'The same events, another projection: what ended, and why.', command: query, words: [REASONS] },
    {
      what: 'March brings an event of February that was missing.',
      command: ingest,
      words: [late, '--dataset', EVENTS],
    },
    {
      what: 'Its stream is folded anew, in order; the others go on from where they were.',
      command: run,
      words: [],
    },
    {
      what: 'What had been published and is another value now is told.',
      command: query,
      words: [RESTATED],
    },
    {
      what: 'How CP-004 came to its price: each event, and the state after it.',
      command: project,
      words: [HELD, '--stream', 'CP-004', '--trace'],
    },
    {
      what: 'What it cost on 10 February, by what is known now.',
      command: project,
      words: [HELD, '--stream', 'CP-004', '--at', FEBRUARY],
    },
    {
      what: 'And what we believed of 10 February before the late event came: by the first snapshot.',
      command: project,
      words: async () => [HELD, '--stream', 'CP-004', '--at', FEBRUARY, '--as-of', await known()],
    },
    {
      what: 'One of the projections is published for others as a data product: with who may read it, a sample, who did, and what it costs to refresh.',
      command: products,
      words: [HELD],
    },
  ];
}
