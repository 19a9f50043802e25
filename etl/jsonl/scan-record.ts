import { type JsonProblem, MOST_LEVELS } from './problem.ts';
import { type JsonNode, type JsonShape, jsonTree, NO_SLOT } from './shape.ts';
import {
  BACKSLASH,
  CLOSE,
  CLOSE_LIST,
  COLON,
  COMMA,
  codeUnit,
  ESCAPED,
  LETTER_U,
  MINUS,
  OPEN,
  OPEN_LIST,
  passNumber,
  passWord,
  QUOTE,
  SPACE,
  whatBegins,
} from './tokens.ts';
import { nameText, UsedNames } from './used-names.ts';

/** What a value is. An absent one has no place in the record. */
export const KIND = {
  absent: 0,
  null: 1,
  text: 2,
  escapedText: 3,
  number: 4,
  word: 5,
  container: 6,
} as const;

/** What unknown members are told as: consecutive numbers, begun by one of these. */
export const UNKNOWN = { member: 0, open: 1, close: 2 } as const;

const STOPPED = -1;

/**
 * Reads one line of JSON Lines at a time (RFC 8259, more strictly: no member twice, no lone surrogate, no NUL), and
 * notes where the wanted values stand. Every byte is looked at, also of what is not wanted. The bytes must be UTF-8.
 */
export class RecordScanner {
  readonly #root: JsonNode;
  readonly #keepsUnknown: boolean;
  readonly #used = new UsedNames();
  /** By slot: KIND, and where the value stands; of a text, what is between its quotes. */
  readonly kinds: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /**
   * Members that no pointer leads to: `member` with the places of name and value, 5 numbers; what lies in an object
   * that pointers lead through between `open` with the place of its name, 3 numbers, and `close`, 1.
   */
  readonly unknown: number[] = [];
  /** Whether there are any, be they noted or not. */
  hasUnknown = false;
  /** What is wrong, and where: undefined where the line is a record. */
  problem: JsonProblem | undefined;
  detail = '';
  at = 0;
  #bytes: Uint8Array = new Uint8Array();
  #end = 0;
  #record = 0;
  #kind: number = KIND.absent;
  #isEscaped = false;

  constructor({ pointers, keepsUnknown, passed }: JsonShape) {
    this.#root = jsonTree(passed === undefined ? { pointers } : { pointers, passed });
    this.#keepsUnknown = keepsUnknown;
    this.kinds = new Uint8Array(pointers.length);
    this.starts = new Int32Array(pointers.length);
    this.ends = new Int32Array(pointers.length);
  }

  /** Reads the line in some bytes, which has no line feed. Returns whether it is a record. */
  scan(bytes: Uint8Array, start: number, end: number): boolean {
    this.#bytes = bytes;
    this.#end = end;
    this.#record++;
    this.#used.reset();
    this.kinds.fill(KIND.absent);
    this.unknown.length = 0;
    this.hasUnknown = false;
    this.problem = undefined;
    this.#whole(this.#pass(start), end);
    return this.problem === undefined;
  }

  /** Passes the record, which is all that stands on its line. */
  #whole(start: number, end: number): number {
    const bytes = this.#bytes;
    if (bytes[start] !== OPEN || start >= end)
      return this.#fail('no JSON object', start, whatBegins(bytes, start, end));
    const { slot } = this.#root;
    const isTaken = slot !== NO_SLOT;
    const next = this.#object(start, this.#root, 1, isTaken);
    if (next === STOPPED) return STOPPED;
    if (isTaken) this.#take(slot, KIND.container, start, next);
    const rest = this.#pass(next);
    return rest < end ? this.#fail('text behind the object', rest) : rest;
  }

  #fail(problem: JsonProblem, at: number, detail = ''): number {
    this.problem = problem;
    this.detail = detail;
    this.at = at;
    return STOPPED;
  }

  #forbidden(at: number, what: string): number {
    return this.#fail(
      'text that JSON forbids',
      at,
      at >= this.#end ? `the line ends where ${what} is due` : what,
    );
  }

  #take(slot: number, kind: number, start: number, end: number): void {
    const inner = kind === KIND.text || kind === KIND.escapedText ? 1 : 0;
    this.kinds[slot] = kind;
    this.starts[slot] = start + inner;
    this.ends[slot] = end - inner;
  }

  /** Passes blanks. A carriage return is one, be it before the line feed or not. */
  #pass(from: number): number {
    const bytes = this.#bytes;
    let at = from;
    while (at < this.#end && (bytes[at] === SPACE || bytes[at] === 9 || bytes[at] === 13)) at++;
    return at;
  }

  /** Passes an object at its brace; `isTaken` where all that is in it goes somewhere as a whole. */
  #object(start: number, node: JsonNode | undefined, level: number, isTaken: boolean): number {
    const bytes = this.#bytes;
    let at = this.#pass(start + 1);
    if (bytes[at] === CLOSE && at < this.#end) return at + 1;
    this.#used.begin();
    for (;;) {
      at = this.#member(at, node, level, isTaken);
      if (at === STOPPED) return STOPPED;
      at = this.#pass(at);
      const byte = at < this.#end ? bytes[at] : 0;
      if (byte === CLOSE) break;
      if (byte !== COMMA) return this.#forbidden(at, "',' or '}'");
      at = this.#pass(at + 1);
    }
    this.#used.end();
    return at + 1;
  }

  #member(start: number, node: JsonNode | undefined, level: number, isTaken: boolean): number {
    const bytes = this.#bytes;
    if (bytes[start] !== QUOTE || start >= this.#end) return this.#forbidden(start, 'the name of a member');
    const behind = this.#text(start);
    if (behind === STOPPED) return STOPPED;
    const [nameStart, nameEnd] = [start + 1, behind - 1];
    const below = node === undefined ? undefined : this.#below(node, nameStart, nameEnd, this.#isEscaped);
    if (
      below === undefined
        ? !this.#used.add(bytes, nameStart, nameEnd, this.#isEscaped)
        : below.seen === this.#record
    )
      return this.#fail('a member twice', start);
    if (below !== undefined) below.seen = this.#record;
    const colon = this.#pass(behind);
    if (bytes[colon] !== COLON || colon >= this.#end) return this.#forbidden(colon, "':'");
    const at = this.#pass(colon + 1);
    if (below === undefined) {
      const next = this.#value(at, undefined, level, true);
      if (next !== STOPPED && !isTaken) this.#noteUnknown(nameStart, nameEnd, at, next);
      return next;
    }
    return this.#placed(at, below, { nameStart, nameEnd, level, isTaken });
  }

  /** A value to which a pointer leads, or through which one does. */
  #placed(
    at: number,
    node: JsonNode,
    place: { nameStart: number; nameEnd: number; level: number; isTaken: boolean },
  ): number {
    const { nameStart, nameEnd, level } = place;
    const isTaken = place.isTaken || node.slot !== NO_SLOT || node.isPassed;
    const { unknown } = this;
    const noted = unknown.length;
    const isObject = !isTaken && this.#bytes[at] === OPEN;
    if (isObject) unknown.push(UNKNOWN.open, nameStart, nameEnd);
    const next = this.#value(at, node, level, isTaken);
    if (next === STOPPED) return STOPPED;
    if (node.slot !== NO_SLOT) this.#take(node.slot, this.#kind, at, next);
    if (node.also !== NO_SLOT) this.#take(node.also, this.#kind, at, next);
    if (isTaken) return next;
    if (isObject && unknown.length > noted + 3) unknown.push(UNKNOWN.close);
    else {
      // Of an array with unknown elements all is kept, so that each is still in its place.
      const hasMore = unknown.length > noted;
      unknown.length = noted;
      if (!isObject && (this.#kind !== KIND.container || hasMore))
        this.#noteUnknown(nameStart, nameEnd, at, next);
    }
    return next;
  }

  #noteUnknown(nameStart: number, nameEnd: number, start: number, end: number): void {
    if (this.#kind === KIND.null) return;
    this.hasUnknown = true;
    if (this.#keepsUnknown) this.unknown.push(UNKNOWN.member, nameStart, nameEnd, start, end);
  }

  #list(start: number, node: JsonNode | undefined, level: number, isTaken: boolean): number {
    const bytes = this.#bytes;
    let at = this.#pass(start + 1);
    if (bytes[at] === CLOSE_LIST && at < this.#end) return at + 1;
    for (let n = 0; ; n++) {
      const below = node?.byName.get(String(n));
      if (below !== undefined) {
        at = this.#placed(at, below, { nameStart: at, nameEnd: at, level, isTaken });
      } else {
        const from = at;
        at = this.#value(at, undefined, level, true);
        if (at !== STOPPED && node !== undefined && !isTaken) this.#noteUnknown(from, from, from, at);
      }
      if (at === STOPPED) return STOPPED;
      at = this.#pass(at);
      const byte = at < this.#end ? bytes[at] : 0;
      if (byte === CLOSE_LIST) return at + 1;
      if (byte !== COMMA) return this.#forbidden(at, "',' or ']'");
      at = this.#pass(at + 1);
    }
  }

  /** Passes any value, and notes its kind. */
  #value(at: number, node: JsonNode | undefined, level: number, isTaken: boolean): number {
    const byte = at < this.#end ? this.#bytes[at] : 0;
    let next: number;
    if (byte === QUOTE) {
      next = this.#text(at);
      this.#kind = this.#isEscaped ? KIND.escapedText : KIND.text;
      return next;
    }
    if (byte === OPEN || byte === OPEN_LIST) {
      if (level >= MOST_LEVELS)
        return this.#fail('nesting beyond the limit', at, `more than ${MOST_LEVELS} levels`);
      const inner = node !== undefined && node.nodes.length > 0 ? node : undefined;
      next =
        byte === OPEN
          ? this.#object(at, inner, level + 1, isTaken)
          : this.#list(at, inner, level + 1, isTaken);
      this.#kind = KIND.container;
      return next;
    }
    if (byte === MINUS || (byte !== undefined && byte >= 48 && byte <= 57)) {
      this.#kind = KIND.number;
      next = passNumber(this.#bytes, at, this.#end);
      return next < 0 ? this.#forbidden(at, 'a number that JSON forbids') : next;
    }
    next = passWord(this.#bytes, at, this.#end);
    if (next < 0) return this.#forbidden(at, 'a value');
    this.#kind = byte === 110 ? KIND.null : KIND.word;
    return next;
  }

  /** Passes a text at its quote. */
  #text(start: number): number {
    const [bytes, end] = [this.#bytes, this.#end];
    this.#isEscaped = false;
    for (let at = start + 1; ; ) {
      let byte = 0;
      // biome-ignore lint/suspicious/noAssignInExpressions: one read a byte
      while (at < end && (byte = bytes[at] as number) !== QUOTE && byte !== BACKSLASH && byte >= SPACE) at++;
      if (at >= end) return this.#forbidden(start, 'a text that is never closed');
      if (byte === QUOTE) return at + 1;
      if (byte === 0) return this.#fail('a NUL character', at);
      if (byte !== BACKSLASH) return this.#forbidden(at, 'a control character in a text');
      this.#isEscaped = true;
      at = this.#escape(at);
      if (at === STOPPED) return STOPPED;
    }
  }

  #escape(at: number): number {
    const letter = at + 1 < this.#end ? this.#bytes[at + 1] : 0;
    if (letter !== LETTER_U)
      return ESCAPED.has(letter as number) ? at + 2 : this.#forbidden(at, 'an escape that JSON forbids');
    const unit = codeUnit(this.#bytes, at + 2, this.#end);
    if (unit < 0) return this.#forbidden(at, 'an escape that JSON forbids');
    if (unit === 0) return this.#fail('a NUL character', at);
    if (unit < 0xd800 || unit > 0xdfff) return at + 6;
    const isPair = unit < 0xdc00 && this.#bytes[at + 6] === BACKSLASH && this.#bytes[at + 7] === LETTER_U;
    const low = isPair ? codeUnit(this.#bytes, at + 8, this.#end) : 0;
    return low >= 0xdc00 && low <= 0xdfff ? at + 12 : this.#fail('a lone surrogate', at);
  }

  /** The node of a name below another, if a pointer leads there. */
  #below(node: JsonNode, start: number, end: number, isEscaped: boolean): JsonNode | undefined {
    if (isEscaped) return node.byName.get(nameText(this.#bytes, start, end));
    const { names, nodes } = node;
    const count = names.length;
    const most = Math.min(count, FEW_NAMES);
    for (let n = 0, index = node.expected; n < most; n++, index++) {
      if (index >= count) index = 0;
      if (!isSame(names[index] as Uint8Array, this.#bytes, start, end)) continue;
      node.expected = index + 1;
      return nodes[index];
    }
    return count === most ? undefined : node.byName.get(nameText(this.#bytes, start, end));
  }
}

/** So many names are compared with the one that is read before all of them are asked. */
const FEW_NAMES = 8;

function isSame(name: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let n = 0; n < name.length; n++) if (name[n] !== bytes[start + n]) return false;
  return true;
}
