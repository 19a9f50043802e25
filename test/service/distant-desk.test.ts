import { expect, test } from '@jest/globals';
import { ConfigError } from '../../etl/errors.ts';
import type { Question } from '../../etl/query/run-query.ts';
import { memoryTickets } from '../../service/identity/memory-tickets.ts';
import { readerOf } from '../../service/identity/reader.ts';
import { distantDesk, type FetchedAnswer } from '../../service/queries/distant-desk.ts';

/** Questions that are answered elsewhere, asked of two processes of the service that share tickets alone. */

let nowMs = Date.parse('2026-11-29T08:00:00Z');
const clock = { now: () => new Date(nowMs) };
const tickets = memoryTickets(clock);
const running = new Map<string, Question>();
const stopped: string[] = [];
const ANSWER: FetchedAnswer = {
  answer: {
    columns: [{ name: 'n', type: 'INTEGER' }],
    rowCount: 1,
    rows: async () => [[42]],
    anyOf: async () => [false],
    writeParquet: async () => undefined,
  },
  tookMs: 7,
  parquet: () => Promise.reject(new Error('nobody asked')),
};
const site = {
  async start(question: Question) {
    if (question.sql === 'nonsense') throw new ConfigError('SQL', 'That is none.');
    const id = String(running.size);
    running.set(id, question);
    return id;
  },
  look: async (id: string) => (running.get(id)?.sql.startsWith('long') ? undefined : ANSWER),
  stop: async (id: string) => void stopped.push(id),
};
const newDesk = () => distantDesk({ site, tickets, clock, deadlineMs: 300_000, keptMs: 3_600_000 });
const question = (sql: string): Question => ({
  sql,
  asOf: { kind: 'time', ms: 5 },
  reader: readerOf({ name: 'ann', roles: ['analyst'] }),
});

test('what one process was asked another answers, to who asked and with what was asked, and to nobody else', async () => {
  const { id } = await newDesk().ask(question('SELECT 42'), 'ann');
  const found = await newDesk().find(id, 'ann');
  expect(found?.question).toEqual(question('SELECT 42'));
  expect(await found?.state(0)).toMatchObject({ kind: 'answered', tookMs: 7 });
  expect(await newDesk().find(id, 'bob')).toBeUndefined();
  expect(await newDesk().cancel(id, 'bob')).toBe(false);
  expect(stopped).toEqual([]);
  nowMs += 3_600_000;
  expect(await newDesk().find(id, 'ann')).toBeUndefined();
});

test('what one asked before is there, newest first', async () => {
  for (let n = 0; n < 25; n++) await newDesk().ask(question(`SELECT ${n}`), 'cid');
  const recent = await newDesk().recent('cid');
  expect(recent.map(({ question: { sql } }) => sql)).toEqual(
    Array.from({ length: 20 }, (_, n) => `SELECT ${24 - n}`),
  );
  expect(await newDesk().recent('dot')).toEqual([]);
});

test('what runs too long is stopped by who looks, and what is cancelled by who asked', async () => {
  const { id } = await newDesk().ask(question('long one'), 'ann');
  expect(await (await newDesk().find(id, 'ann'))?.state(0)).toEqual({ kind: 'running' });
  nowMs += 300_001;
  expect(await (await newDesk().find(id, 'ann'))?.state(0)).toMatchObject({
    kind: 'failed',
    error: { code: 'QUERY_TIME' },
  });
  expect(stopped).toEqual([id]);
  const other = await newDesk().ask(question('long two'), 'ann');
  expect(await newDesk().cancel(other.id, 'ann')).toBe(true);
  expect(stopped).toEqual([id, other.id]);
  expect(await newDesk().find(other.id, 'ann')).toBeUndefined();
});

test('what is refused at once is nobody’s question', async () => {
  await expect(newDesk().ask(question('nonsense'), 'eve')).rejects.toMatchObject({ code: 'SQL' });
  expect(await newDesk().recent('eve')).toEqual([]);
});
