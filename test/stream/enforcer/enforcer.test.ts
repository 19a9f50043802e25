import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ConflictError, TransientError } from '../../../etl/errors.ts';
import type { ObjectStore } from '../../../etl/ports.ts';
import type { ObservedEvent } from '../../../stream/event.ts';
import type { Evidence } from '../../../stream/evidence/evidence.ts';
import { evidenceOfRecord } from '../../../stream/evidence/evidence-of-record.ts';
import { findEvidence } from '../../../stream/evidence/find-evidence.ts';
import { type GateState, withFaults } from '../../../stream/gates/gate.ts';
import type { Landed } from '../../../stream/landing/landed.ts';
import { event, order, policy, policySet } from '../gates/judging.ts';
import {
  enforcerOf,
  evidencedOf,
  LIMITS,
  landedOf,
  offsets,
  openStreamLake,
  ordersAt,
  pipelineOf,
  type StreamLake,
  topicOf,
  words,
} from './enforcing.ts';
import { type Commits, listedSource } from './listed-source.ts';

let lake: StreamLake;
beforeAll(async () => {
  lake = await openStreamLake();
});
afterAll(() => lake.close());

class Died extends Error {}

/** A store in which a process dies at its n-th write: before it or just after it. */
function dyingAt(objects: ObjectStore, at: number, when: 'before' | 'after'): ObjectStore {
  let writes = 0;
  return {
    ...objects,
    async put(key, body, condition) {
      const isLast = ++writes === at;
      if (writes > at || (isLast && when === 'before')) throw new Died();
      const etag = await objects.put(key, body, condition);
      if (isLast) throw new Died();
      return etag;
    },
  };
}

test('wherever it dies, after another start each event has landed once and has its evidence once', async () => {
  const limits = { ...LIMITS, maxEvents: 5 };
  let [deaths, at] = [0, 0];
  for (let isOver = false; !isOver; ) {
    at++;
    for (const when of ['before', 'after'] as const) {
      const topicId = `die-${at}-${when}`;
      const topics = [0, 1].map((partition) => ({
        partition: topicOf(topicId, partition),
        // With holes, as transactions and compaction leave them.
        events: ordersAt(offsets(5, 17).filter((offset) => offset % 5 !== partition)),
      }));
      const commits: Commits = new Map(
        topics.map(({ partition }) => [`c1.${topicId}.${partition.partition}`, 5]),
      );
      const objects = dyingAt(lake.effects.objects, at, when);
      const first = enforcerOf(lake, listedSource(topics, commits, { batch: 3 }), { objects, limits }).run();
      const end = await first.then(
        () => 'ended',
        (error: unknown) => error,
      );
      if (end === 'ended') isOver = true;
      else {
        expect(end).toBeInstanceOf(Died);
        deaths++;
      }
      // What was committed is done.
      const done = topics.flatMap(({ partition, events }) => {
        const before = commits.get(`c1.${topicId}.${partition.partition}`) ?? 0;
        return words(
          partition.partition,
          events.map(({ offset }) => offset).filter((offset) => offset < before),
        );
      });
      expect(await landedOf(lake, topicId)).toEqual(expect.arrayContaining(done));
      expect(await evidencedOf(lake, topicId)).toEqual(expect.arrayContaining(done));
      await enforcerOf(lake, listedSource(topics, commits, { batch: 3 }), { limits }).run();
      const all = topics
        .flatMap(({ partition, events }) =>
          words(
            partition.partition,
            events.map(({ offset }) => offset),
          ),
        )
        .sort();
      expect([topicId, await landedOf(lake, topicId)]).toEqual([topicId, all]);
      expect([topicId, await evidencedOf(lake, topicId)]).toEqual([topicId, all]);
    }
  }
  expect(deaths).toBeGreaterThan(30);
});

test('two that take a partition at once land and evidence each event once', async () => {
  const topics = [{ partition: topicOf('both'), events: ordersAt(offsets(0, 60)) }];
  await Promise.all(
    [7, 4].map((batch) => enforcerOf(lake, listedSource(topics, new Map(), { batch })).run()),
  );
  expect(await landedOf(lake, 'both')).toEqual(words(0, offsets(0, 60)).sort());
  const { evidence } = await findEvidence(
    lake.effects.objects,
    { topic: 'raw.orders.events' },
    { limit: 1e6 },
  );
  const own = evidence.filter(({ source }) => source.topic_id === 'both');
  expect(own.map(({ source }) => `0:${source.offset}`).sort()).toEqual(words(0, offsets(0, 60)).sort());
});

test('offsets are committed at ends of the chain alone, once evidence and Bronze have what is before', async () => {
  const topics = [{ partition: topicOf('commits'), events: ordersAt(offsets(0, 34)) }];
  const ends: number[] = [];
  const seen: Promise<void>[] = [];
  const source = listedSource(topics, new Map(), {
    batch: 4,
    onCommit: ([end]) => {
      const to = end?.endOffset ?? 0;
      ends.push(to);
      const expected = expect.arrayContaining(words(0, offsets(0, to)));
      seen.push(
        (async () => {
          expect(await landedOf(lake, 'commits')).toEqual(expected);
          expect(await evidencedOf(lake, 'commits')).toEqual(expected);
        })(),
      );
    },
  });
  await enforcerOf(lake, source).run();
  await Promise.all(seen);
  expect(ends).toEqual([12, 24, 34]);
});

test('while evidence finds no way it waits, takes no more events, and loses none', async () => {
  const topics = [{ partition: topicOf('waits'), events: ordersAt(offsets(0, 8)) }];
  const [pauses, taken]: [number[], Evidence[]] = [[], []];
  let fails = 5;
  await enforcerOf(lake, listedSource(topics, new Map(), { batch: 8 }), {
    pause: async (ms) => void pauses.push(ms),
    evidenceTopic: {
      async emit(evidence) {
        if (fails-- > 0) throw new TransientError('SINK_DOWN', 'The evidence topic refuses.');
        taken.push(...evidence);
      },
    },
  }).run();
  expect(pauses).toEqual([100, 200, 400, 800, 1600]);
  expect(taken.map(({ source }) => source.offset)).toEqual(offsets(0, 8));
  expect(await landedOf(lake, 'waits')).toEqual(words(0, offsets(0, 8)));
});

test('stopped, it finishes what it has and commits it', async () => {
  const topics = [{ partition: topicOf('stops'), events: ordersAt(offsets(0, 40)) }];
  const commits: Commits = new Map();
  const enforcer = enforcerOf(lake, listedSource(topics, commits, { batch: 4 }), {
    onJudged: () => void enforcer.stop(),
  });
  await enforcer.run();
  expect(commits.get('c1.stops.0')).toBe(4);
  expect(await landedOf(lake, 'stops')).toEqual(words(0, offsets(0, 4)));
});

test('partitions that are taken away are landed and committed before others get them', async () => {
  const partition = topicOf('moves');
  const events = ordersAt(offsets(0, 4));
  const commits: number[] = [];
  let revoke: () => Promise<void> = async () => undefined;
  await enforcerOf(lake, {
    async *batches(onRevoked) {
      revoke = () => onRevoked([partition]);
      yield { partition, events, startOffset: 0, endOffset: 4 };
      await revoke();
      expect(commits).toEqual([4]);
      // Another has gone on meanwhile, and it comes back.
      yield { partition, events: ordersAt([9]), startOffset: 9, endOffset: 10 };
    },
    commit: async ([end]) => void commits.push(end?.endOffset ?? 0),
    stop: async () => undefined,
  }).run();
  expect(commits).toEqual([4, 10]);
  expect(await landedOf(lake, 'moves')).toEqual(words(0, [0, 1, 2, 3, 9]));
});

test('what passes is sent on where the policy says so, with key and headers, and what fails is not', async () => {
  const set = policySet([
    policy({ enforcement_mode: 'REPUBLISH_PASS_ONLY', republish_topic: 'blessed.orders' }),
  ]);
  const events = [event(order(), { offset: 0 }), event(order({ customer_id: null }), { offset: 1 })];
  const sent: [string, readonly ObservedEvent[]][] = [];
  const parts = {
    policies: set,
    republisher: {
      send: async (topic: string, some: readonly ObservedEvent[]) => void sent.push([topic, some]),
    },
  };
  await enforcerOf(
    lake,
    listedSource([{ partition: topicOf('sends'), events }], new Map(), { batch: 4 }),
    parts,
  ).run();
  expect(sent).toEqual([['blessed.orders', [events[0]]]]);
});

test('a dataset whose failures go to quarantine is run at once, and its events have landed before', async () => {
  const set = policySet([policy({ enforcement_mode: 'QUARANTINE_ON_FAIL' })]);
  const asked: [string, number][] = [];
  const topics = [{ partition: topicOf('runs'), events: [...ordersAt([1, 2]), ...ordersAt([3])] }];
  await enforcerOf(lake, listedSource(topics, new Map(), { batch: 2 }), {
    policies: set,
    runs: { request: async (dataset) => void asked.push([dataset, (await landedOf(lake, 'runs')).length]) },
  }).run();
  expect(asked).toEqual([['orders.created', 3]]);
});

test('a record of a landed file is found again as its event', async () => {
  const at = [3, 4, 5, 9, 11, 12];
  await enforcerOf(
    lake,
    listedSource([{ partition: topicOf('found', 2), events: ordersAt(at) }], new Map(), { batch: 9 }),
  ).run();
  const [file] = (await lake.effects.objects.list('bronze/')).filter(({ key }) => key.includes('.found.'));
  const ids = await Promise.all(
    at.map((_, n) =>
      evidenceOfRecord(lake.effects.objects, { sourceFile: file?.key ?? '', sourceRowNumber: n + 1 }),
    ),
  );
  const { evidence } = await findEvidence(lake.effects.objects, { partition: 2 }, { limit: 100 });
  expect(ids).toEqual(
    at.map(
      (offset) =>
        evidence.find(({ source }) => source.topic_id === 'found' && source.offset === offset)?.evidence_id,
    ),
  );
  expect(
    await evidenceOfRecord(lake.effects.objects, { sourceFile: file?.key ?? '', sourceRowNumber: 7 }),
  ).toBeUndefined();
  expect(
    await evidenceOfRecord(lake.effects.objects, {
      sourceFile: 'bronze/orders/created/a.csv',
      sourceRowNumber: 1,
    }),
  ).toBeUndefined();
});

test('other events in the place of landed ones are refused where offsets are fixed', async () => {
  const partition = topicOf('again');
  const once = (events: readonly ObservedEvent[]) =>
    enforcerOf(lake, listedSource([{ partition, events }], new Map(), { batch: 9 }), {
      isFixed: true,
      limits: LIMITS,
    }).run();
  await once(ordersAt([0, 1, 2]));
  await once(ordersAt([0, 1, 2, 3]));
  await expect(
    once([...ordersAt([0, 1]), event(order({ order_id: 'o-99' }), { offset: 2 })]),
  ).rejects.toMatchObject({
    code: 'OFFSETS_REUSED',
  });
  expect(await landedOf(lake, 'again')).toEqual(words(0, offsets(0, 4)));
});

test('events between those that landed are refused for what they are, and nothing lands there', async () => {
  const partition = topicOf('filtered');
  const once = (of: readonly number[]) =>
    enforcerOf(lake, listedSource([{ partition, events: ordersAt([...of]) }], new Map(), { batch: 9 }), {
      isFixed: true,
      limits: LIMITS,
    }).run();
  await once([10, 13]);
  await expect(once([10, 11, 12, 13, 14])).rejects.toMatchObject({
    code: 'OFFSETS_BETWEEN',
    message: expect.stringContaining('Offset 11 '),
  });
  await once([14, 15]);
  expect(await landedOf(lake, 'filtered')).toEqual(words(0, [10, 13, 14, 15]));
  expect(await evidencedOf(lake, 'filtered')).toEqual(words(0, [10, 13, 14, 15]).sort());
});

test('other events anywhere in a landed link are refused, and the same ones get no evidence again', async () => {
  const partition = topicOf('inside');
  const landings: Landed[] = [];
  const once = (events: readonly ObservedEvent[]) =>
    enforcerOf(
      lake,
      {
        ...listedSource([], new Map(), { batch: 1 }),
        async *batches() {
          const [startOffset, endOffset] = [events[0]?.offset ?? 0, (events.at(-1)?.offset ?? 0) + 1];
          yield { partition, events, startOffset, endOffset };
        },
      },
      { isFixed: true, onLanded: (landed) => landings.push(landed) },
    ).run();
  const sum = (count: (landed: Landed) => number) =>
    landings.splice(0).reduce((all, one) => all + count(one), 0);
  const others = (of: readonly number[]) =>
    of.map((offset) => event(order({ order_id: 'o-999' }), { offset, key: Buffer.from('o-999') }));
  await once(ordersAt(offsets(100, 110)));
  for (const where of [offsets(105, 115), offsets(98, 104), offsets(103, 106), [109]])
    await expect(once(others(where))).rejects.toMatchObject({ code: 'OFFSETS_REUSED' });
  expect(await landedOf(lake, 'inside')).toEqual(words(0, offsets(100, 110)).sort());
  expect(await evidencedOf(lake, 'inside')).toEqual(words(0, offsets(100, 110)).sort());
  landings.length = 0;
  // The same, however they are cut, when they came without a moment, and some of them lacking.
  await once(ordersAt(offsets(105, 112)));
  expect(sum(({ repeated }) => repeated)).toBe(5);
  await once(ordersAt(offsets(97, 104)));
  await once(ordersAt([101, 103, 108]).map((one) => ({ ...one, timestampMs: one.timestampMs + 5000 })));
  expect(await landedOf(lake, 'inside')).toEqual(words(0, offsets(97, 112)).sort());
  expect(await evidencedOf(lake, 'inside')).toEqual(words(0, offsets(97, 112)).sort());
});

test('parts of a partition that come in any order land each event once', async () => {
  const partition = topicOf('parts');
  const once = (of: readonly number[]) =>
    enforcerOf(
      lake,
      {
        ...listedSource([], new Map(), { batch: 1 }),
        async *batches() {
          const events = ordersAt(of);
          yield { partition, events, startOffset: of[0] ?? 0, endOffset: (of.at(-1) ?? 0) + 1 };
        },
      },
      { isFixed: true },
    ).run();
  await once(offsets(50, 90));
  await once(offsets(0, 60));
  await once(offsets(80, 100));
  expect(await landedOf(lake, 'parts')).toEqual(words(0, offsets(0, 100)).sort());
});

test('a write that is refused although nothing is there is tried again', async () => {
  const { objects } = lake.effects;
  const left = new Map<string, number>();
  const refusing: ObjectStore = {
    ...objects,
    async put(key, body, condition) {
      const times = left.get(key) ?? 0;
      left.set(key, times + 1);
      if (times < 2) throw new ConflictError('CHANGED', 'Another write is under way.');
      return await objects.put(key, body, condition);
    },
  };
  const source = listedSource([{ partition: topicOf('refused'), events: ordersAt([1, 2]) }], new Map(), {
    batch: 2,
  });
  await enforcerOf(lake, source, { objects: refusing }).run();
  expect(await landedOf(lake, 'refused')).toEqual(['0:1', '0:2']);
  expect(await evidencedOf(lake, 'refused')).toEqual(['0:1', '0:2']);
});

test('what waits lands after a while although nothing comes', async () => {
  const partition = topicOf('quiet');
  const ticks: (() => void)[] = [];
  const commits: number[] = [];
  await enforcerOf(
    lake,
    {
      async *batches() {
        yield { partition, events: ordersAt([0, 1]), startOffset: 0, endOffset: 2 };
        expect(commits).toEqual([]);
        for (; commits.length === 0; ticks[0]?.()) await new Promise((resolve) => setTimeout(resolve, 5));
      },
      commit: async ([end]) => void commits.push(end?.endOffset ?? 0),
      stop: async () => undefined,
    },
    {
      limits: { ...LIMITS, maxAgeMs: 50, maxEvents: 1e6 },
      every(_, work) {
        ticks.push(work);
        return () => undefined;
      },
    },
  ).run();
  expect(commits).toEqual([2]);
});

test('what was judged first stands, also for what lands after a crash and another policy', async () => {
  const note = { note: 'ring at ann@example.org' };
  const events = [0, 1, 2].map((offset) =>
    event(order({ order_id: `o-${offset}`, ...(offset === 1 ? note : {}) }), { offset }),
  );
  const saying = (pii_policy: 'BLOCK' | 'ALLOW') => policySet([policy({ pii_policy })]);
  for (const [first, then, failed] of [
    ['BLOCK', 'ALLOW', ['PII_DETECTED:note']],
    ['ALLOW', 'BLOCK', undefined],
  ] as const) {
    const topics = [{ partition: topicOf(`stands-${first}`), events }];
    const dies = enforcerOf(lake, listedSource(topics, new Map(), { batch: 3 }), {
      policies: saying(first),
      onJudged: () => {
        throw new Error('killed');
      },
    });
    await expect(dies.run()).rejects.toThrow('killed');
    const [told, judged]: [Evidence[], Evidence[]] = [[], []];
    await enforcerOf(lake, listedSource(topics, new Map(), { batch: 2 }), {
      policies: saying(then),
      evidenceTopic: { emit: async (evidence) => void told.push(...evidence) },
      onJudged: (evidence) => void judged.push(...evidence),
    }).run();
    const results = ['PASS', failed === undefined ? 'PASS' : 'FAIL', 'PASS'];
    expect(told.map(({ validation }) => validation.result)).toEqual(results);
    expect(judged).toEqual(told);
    const keys = (await lake.effects.objects.list('bronze/')).filter(({ key }) =>
      key.includes(`stands-${first}`),
    );
    const texts = await Promise.all(
      keys.map(async ({ key }) => Buffer.from((await lake.effects.objects.get(key))?.body ?? []).toString()),
    );
    const lines = texts.join('').split('\n').slice(0, -1);
    expect(lines.map((line) => (JSON.parse(line) as { failed?: string[] }).failed)).toEqual([
      undefined,
      failed,
      undefined,
    ]);
    // Landed as they are, they are found as they were judged first.
    const repeated: Evidence[] = [];
    await enforcerOf(lake, listedSource(topics, new Map(), { batch: 3 }), {
      policies: saying(then),
      onJudged: (evidence) => void repeated.push(...evidence),
    }).run();
    expect(repeated).toEqual(told);
  }
});

test('an event that a registry could not judge is judged again for some seconds, once an outage', async () => {
  const events = ordersAt([1, 2, 4, 5]);
  const topics = [{ partition: topicOf('registry'), events }];
  const pipeline = pipelineOf(lake);
  const pauses: number[] = [];
  let [asked, outages] = [0, 4];
  const unavailable = (state: GateState): GateState =>
    withFaults(state, 'SCHEMA', ['SCHEMA_REGISTRY_UNAVAILABLE']);
  const judged: Evidence[] = [];
  const run = (source: Parameters<typeof enforcerOf>[1]) =>
    enforcerOf(lake, source, {
      pause: async (ms) => void pauses.push(ms),
      async pipeline(batch) {
        asked++;
        const states = await pipeline(batch);
        return outages-- > 0 ? states.map(unavailable) : states;
      },
      onJudged: (evidence) => void judged.push(...evidence),
    }).run();
  await run(listedSource(topics, new Map(), { batch: 2 }));
  expect(judged.map(({ validation }) => validation.result)).toEqual(Array(4).fill('PASS'));
  expect([pauses, asked]).toEqual([[100, 200, 400, 800], 6]);
  [outages, asked] = [Number.POSITIVE_INFINITY, 0];
  judged.length = 0;
  await run(listedSource([{ partition: topicOf('gone'), events }], new Map(), { batch: 2 }));
  expect(judged.map(({ validation }) => validation.reason_codes)).toEqual(
    Array(4).fill(['SCHEMA_REGISTRY_UNAVAILABLE']),
  );
  expect(asked).toBe(7 + 1);
});
