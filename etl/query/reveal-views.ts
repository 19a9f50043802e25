import type { Engine } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import type { Layer } from '../naming/datasets.ts';
import { ENVELOPE_MARK, type Revealer } from '../personal/revealer.ts';
import type { TableColumn } from '../table/schema.ts';
import { REVEAL } from './reader-functions.ts';

/** DuckDB's name of the function that opens envelopes in a text of JSON. */
const REVEAL_JSON = 'reveal_json';

/** Gives SQL the functions that open envelopes. */
export async function defineReveal(engine: Engine, revealer: Revealer): Promise<void> {
  await engine.define(REVEAL, revealer.text, ENVELOPE_MARK);
  await engine.define(REVEAL_JSON, revealer.json, ENVELOPE_MARK);
}

/** Makes `reveal` there for who reveals nothing: what it is given stays as it is. */
export async function defineNoReveal(engine: Engine): Promise<void> {
  await engine.run(`CREATE OR REPLACE TEMP MACRO ${REVEAL}(envelope) AS envelope`);
}

/** SQL of a table's column in which the envelopes of the revealed groups are values. */
export function revealedSql(layer: Layer, { name, type }: TableColumn): string {
  const column = identifier(name);
  if (type.kind === 'list' && name === 'reasons')
    return `list_transform(${column}, lambda r: struct_pack("rule" := r."rule", "column" := r."column", "code" := r."code", "value" := ${REVEAL}(r."value")))`;
  if (type.kind !== 'string') return column;
  const isFailed = layer === 'quarantine' || layer === 'condemned';
  return isFailed && name === 'record' ? `${REVEAL_JSON}(${column})` : `${REVEAL}(${column})`;
}
