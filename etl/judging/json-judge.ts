import type { SourceContract } from '../contract/contract.ts';
import type { Engine } from '../engine/engine.ts';
import { JsonRecords } from './json-records.ts';
import { type RawRecord, RecordJudge, type RecordReason, type RecordVerdict } from './record-judge.ts';

/** What a record of JSON is by itself: as `RecordVerdict`, or `unreadable`, which has no values and no hash. */
export type JsonVerdict =
  | RecordVerdict
  | { readonly kind: 'unreadable'; readonly reasons: readonly [RecordReason]; readonly rowHash: null };

/** A record as it was read, or why there is none. */
export type JsonRead = ReturnType<JsonRecords['read']>;

/** Judges records of JSON one by one, as the lines of a file of JSON Lines are. */
export class JsonJudge {
  readonly #records: JsonRecords;
  readonly #judge: RecordJudge;

  private constructor(records: JsonRecords, judge: RecordJudge) {
    this.#records = records;
    this.#judge = judge;
  }

  /** Makes a contract ready, as `RecordJudge.open`; with `isEvents` each line is an event as it lands. */
  static async open(
    engine: Engine,
    contract: SourceContract,
    options: Parameters<typeof RecordJudge.open>[2] & { readonly isEvents?: boolean } = {},
  ): Promise<JsonJudge> {
    return new JsonJudge(
      new JsonRecords(contract, options),
      await RecordJudge.open(engine, contract, options),
    );
  }

  /** As `RecordJudge.notJudged`. */
  get notJudged(): RecordJudge['notJudged'] {
    return this.#judge.notJudged;
  }

  /** Judges some records, in their order; each is one line of UTF-8 without its line feed. */
  async judge(lines: readonly Uint8Array[]): Promise<JsonVerdict[]> {
    return await this.judgeRead(this.read(lines));
  }

  /** Reads some records as `judge` does. */
  read(lines: readonly Uint8Array[]): JsonRead[] {
    return lines.map((line) => this.#records.read(line));
  }

  /** Judges records that were read, in their order. */
  async judgeRead(read: readonly JsonRead[]): Promise<JsonVerdict[]> {
    const judged = await this.#judge.judge(
      read.flatMap((one): RawRecord[] => ('values' in one ? [one] : [])),
    );
    let next = 0;
    return read.map((one): JsonVerdict => {
      if ('values' in one) return judged[next++] as RecordVerdict;
      const { problem: rule, detail } = one;
      const reason = {
        rule,
        column: null,
        code: 'STRUCTURE_ERROR',
        value: detail === '' ? null : detail,
      } as const;
      return { kind: 'unreadable', reasons: [reason], rowHash: null };
    });
  }
}
