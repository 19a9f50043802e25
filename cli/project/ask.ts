import { askStream } from '../../etl/asking/ask-stream.ts';
import { parseAt } from '../../etl/asking/parse-at.ts';
import type { AnswerRow, JsonValue, StreamAnswer } from '../../etl/asking/stream-answer.ts';
import { parseAsOf } from '../../etl/query/as-of.ts';
import type { Args, Option } from '../command.ts';
import type { Io } from '../io.ts';
import { openLakeOf } from '../open-lake.ts';
import { plural } from '../print/format.ts';
import { printable } from '../print/printable.ts';
import { table } from '../print/table.ts';
import { usageError } from '../usage-error.ts';

/** So many events of a trace are told unless said. */
const TRACED = '1000';

/** The options of `assay project` that ask about a stream. */
export const ASK_OPTIONS: Readonly<Record<string, Option>> = {
  stream: { type: 'string', value: 'ID', help: 'the state of this stream, instead of making the projection' },
  at: {
    type: 'string',
    value: 'TIME',
    help: 'with --stream: only events that had happened by then, by their own time (2024-05-01, which is all of that day, 2024-05-01T12:00Z; UTC unless it says otherwise)',
  },
  'as-of': {
    type: 'string',
    value: 'WHEN',
    help: 'with --stream: what was known then, a time or a snapshot of the projection or of its event dataset, folded by the code of then',
  },
  trace: { type: 'boolean', help: 'with --stream: also the events, each with the state after it' },
  events: { type: 'string', value: 'N', help: `with --trace: the last N events (default: ${TRACED})` },
};

/** Answers what a projection says of one stream, and prints it. */
export async function askProject(args: Args, io: Io): Promise<void> {
  const { text } = args;
  const [at, asOf] = [text('at'), text('as-of')];
  const question = {
    projection: args.positionals[0] ?? '',
    stream: text('stream') ?? '',
    ...(at === undefined ? {} : { at: parseAt(at) }),
    asOf: asOf === undefined ? ({ kind: 'now' } as const) : parseAsOf(asOf),
    traced: args.has('trace') ? tracedEvents(text('events') ?? TRACED) : 0,
  };
  const lake = await openLakeOf(args, io);
  const answer = await askStream(lake.effects, question);
  io.out(args.has('json') ? JSON.stringify(answer, null, 2) : answerText(answer, at));
}

function tracedEvents(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw usageError(`--events ${text} is no number of events: write e.g. ${TRACED}.`);
}

/** The answer for people: what it is of, the state, the rows, and the events. */
function answerText(answer: StreamAnswer, at: string | undefined): string {
  const { projection, stream, state, rows, version, events, asOf, trace } = answer;
  const when = `${at === undefined ? '' : `, at ${at}`}, as known since ${asOf.since}`;
  const head = `${projection} of ${printable(stream)}${when}`;
  if (state === null && version === null) return `${head}\n  no event of this stream was known`;
  const last = `  ${plural(events, 'event')}, the last with version ${version} from ${answer.at}`;
  const parts = [`${head}\n${last}`, stateText(state)];
  if (rows.length > 0) parts.push(rowsText(rows));
  if (trace !== undefined) parts.push(traceText(trace));
  return parts.join('\n\n');
}

const stateText = (state: JsonValue): string =>
  JSON.stringify(state, null, 2)
    .split('\n')
    .map((line) => `  ${printable(line)}`)
    .join('\n');

function rowsText(rows: readonly AnswerRow[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return table(
    names.map((name) => ({ name })),
    rows.map((row) => names.map((name) => cellText(row[name]))),
  );
}

const cellText = (value: JsonValue | undefined): string =>
  value === null || value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);

function traceText(trace: NonNullable<StreamAnswer['trace']>): string {
  return table(
    [{ name: 'version', align: 'right' }, { name: 'at' }, { name: 'event' }, { name: 'state after it' }],
    trace.map(({ version, at, type, state }) => [version ?? '', at ?? '', type ?? '', JSON.stringify(state)]),
    { maxCell: 120 },
  );
}
