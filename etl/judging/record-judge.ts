import { createHash } from 'node:crypto';
import { type CheckedRule, checkedRules } from '../contract/check-rules.ts';
import type { ReasonCode, SourceContract } from '../contract/contract.ts';
import { gateReasons } from '../contract/gate-reasons.ts';
import { isOpen } from '../contract/open-columns.ts';
import { REASON_VALUE_LENGTH } from '../contract/reason-value-length.ts';
import type { Engine } from '../engine/engine.ts';
import { type Fault, type ReadyColumn, readyColumn } from './judge-column.ts';
import { type JudgeRules, openRules } from './judge-rules.ts';
import { memberNames } from './unknown-names.ts';
import type { TypedValue } from './value.ts';

/** A record as it came: the raw values in contract order, and the members that the contract doesn't know, as JSON. */
export interface RawRecord {
  readonly values: readonly (string | null)[];
  readonly unknown: string | null;
  /** Of an event: the reasons for which it failed at gates other than its contract, a list in JSON; absent where none did. */
  readonly gates?: string | null;
}

/** Why a record fails, as reasons are in quarantine. */
export interface RecordReason {
  readonly rule: string;
  readonly column: string | null;
  readonly code: ReasonCode;
  /** The value as a reason may show it: cut short; a keyed digest where it is personal or confidential; NULL where it will be sealed. */
  readonly value: string | null;
}

/** What one record alone decides. A record without any value, which fails, is `blank`. */
export interface RecordVerdict {
  readonly kind: 'passed' | 'blank' | 'failed';
  readonly reasons: readonly RecordReason[];
  /** SHA-256 of its raw values, as tables have it. */
  readonly rowHash: string;
}

/** Judges records by a contract, one by one: the same rules, codes, order of reasons and hashes as those of files. */
export class RecordJudge {
  readonly #contract: SourceContract;
  readonly #columns: readonly ReadyColumn[];
  /** By column: the place of the column that its zones stand in. */
  readonly #zones: readonly (number | undefined)[];
  readonly #rules: readonly CheckedRule[];
  readonly #judgeRules: JudgeRules;
  readonly #digestKey: string | undefined;

  private constructor(
    contract: SourceContract,
    rules: readonly CheckedRule[],
    judgeRules: JudgeRules,
    digestKey: string | undefined,
  ) {
    const { columns, csv } = contract;
    this.#contract = contract;
    this.#columns = columns.map((column) => readyColumn(column, csv.nullValues));
    const places = new Map(columns.map(({ name }, index) => [name, index]));
    this.#zones = columns.map(({ timezone }) => places.get(timezone?.column ?? ''));
    this.#rules = rules;
    this.#judgeRules = judgeRules;
    this.#digestKey = digestKey;
  }

  /**
   * Makes a contract ready; its record rules are tested by the engine. Without a `digestKey` reasons show nothing of
   * personal and confidential values. Throws ConfigError `RULE_INVALID`.
   */
  static async open(
    engine: Engine,
    contract: SourceContract,
    { digestKey }: { readonly digestKey?: string | undefined } = {},
  ): Promise<RecordJudge> {
    const rules = await checkedRules(engine, contract);
    return new RecordJudge(contract, rules, await openRules(engine, contract, rules), digestKey);
  }

  /** What can't be told of a record alone, by the codes that it may still get when its file is judged. */
  get notJudged(): readonly ReasonCode[] {
    const { key, recordKey } = this.#contract;
    const isRepeatable = key.length > 0 && recordKey !== true;
    return [...(isRepeatable ? (['DUPLICATE'] as const) : []), 'MAX_ATTEMPTS', 'PREVIOUSLY_CONDEMNED'];
  }

  /** Judges some records, in their order. */
  async judge(records: readonly RawRecord[]): Promise<RecordVerdict[]> {
    const judged = records.map((record) => this.#judgeValues(record));
    const failed = await this.#judgeRules(judged.map(({ values }) => values));
    return records.map((record, n) => {
      const reasons = [
        ...(judged[n]?.reasons ?? []),
        ...(failed[n] ?? []).map((place) => this.#ruleReason(place)),
        ...this.#unknownReasons(record),
        ...gateReasons(record.gates ?? null),
      ];
      return {
        kind: kindOf(record, reasons),
        reasons,
        // Events are judged without it.
        get rowHash() {
          return rowHash(record);
        },
      };
    });
  }

  #judgeValues({ values: raws }: RawRecord): {
    readonly values: readonly (TypedValue | undefined)[];
    readonly reasons: RecordReason[];
  } {
    const texts = this.#columns.map((column, n) => column.textOf(raws[n] ?? null));
    const reasons: RecordReason[] = [];
    const values = this.#columns.map((column, n) => {
      const zoneAt = this.#zones[n];
      const { value, faults } = column.judge(texts[n], zoneAt === undefined ? undefined : texts[zoneAt]);
      for (const fault of faults) reasons.push(this.#reason(n, fault, raws));
      return value;
    });
    return { values, reasons };
  }

  #reason(place: number, { rule, code, isOfZone }: Fault, raws: RawRecord['values']): RecordReason {
    const column = this.#columns[place]?.column.name ?? null;
    const shown = isOfZone === true ? (this.#zones[place] ?? place) : place;
    return { rule, column, code, value: this.#shown(shown, raws[shown] ?? null) };
  }

  #shown(place: number, raw: string | null): string | null {
    const column = this.#columns[place]?.column;
    const isSealed = column?.protect !== undefined && column.protect.as !== 'clear';
    if (raw === null || column === undefined || isSealed) return null;
    if (isOpen(column)) return [...raw].slice(0, REASON_VALUE_LENGTH).join('');
    if (this.#digestKey === undefined) return null;
    return `digest:${sha256(this.#digestKey + raw).slice(0, 16)}`;
  }

  #ruleReason(place: number): RecordReason {
    return { rule: this.#rules[place]?.rule ?? '', column: null, code: 'RULE_ERROR', value: null };
  }

  #unknownReasons({ unknown }: RawRecord): RecordReason[] {
    if (unknown === null || this.#contract.unknownColumns !== 'reject') return [];
    const names = memberNames(unknown).map((name) =>
      /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/.test(name) ? name : '(another name)',
    );
    const value = [...names.join(', ')].slice(0, REASON_VALUE_LENGTH).join('');
    return [{ rule: 'unknown_members', column: null, code: 'SCHEMA_ERROR', value }];
  }
}

function kindOf(
  { values, unknown, gates = null }: RawRecord,
  reasons: readonly RecordReason[],
): RecordVerdict['kind'] {
  if (reasons.length === 0) return 'passed';
  return [...values, unknown, gates].every((raw) => raw === null || /^[ \t]*$/.test(raw))
    ? 'blank'
    : 'failed';
}

/** SHA-256 of `hashInput`'s text. */
function rowHash({ values }: RawRecord): string {
  const marked = values.map((raw) => (raw === null ? '' : `=${raw}`)).join('\0');
  return sha256(marked.replace(/\0+$/, ''));
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
