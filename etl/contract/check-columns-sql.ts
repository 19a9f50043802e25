import type { Engine } from '../engine/engine.ts';
import { duckDbFault } from '../engine/engine-error.ts';
import { identifier } from '../engine/sql.ts';
import { ConfigError } from '../errors.ts';
import { columnChecks, columnFailures, rawName, textName, textSql } from './compile-column.ts';
import { offsetName } from './compile-zones.ts';
import type { Contract, ContractColumn } from './contract.ts';
import { duckType } from './duck-type.ts';

/**
 * Has DuckDB prepare every check of a contract's columns, without any record: a pattern or a list of values may be more
 * than it can compile. Throws ConfigError `CHECK_INVALID` for the first that is.
 */
export async function checkColumnsSql(engine: Engine, contract: Contract): Promise<void> {
  for (const [index, column] of contract.columns.entries())
    await checkColumn(engine, contract, column, index);
}

async function checkColumn(
  engine: Engine,
  contract: Contract,
  column: ContractColumn,
  index: number,
): Promise<void> {
  const { name, type } = column;
  const from = `(SELECT CAST(NULL AS VARCHAR) AS ${rawName(index)}, CAST(NULL AS VARCHAR) AS ${textName(index)}, CAST(NULL AS INTEGER) AS ${offsetName(index)}, CAST(NULL AS ${duckType(type)}) AS ${identifier(name)})`;
  const checks = [
    ...(contract.layer === 'silver'
      ? [
          { rule: 'nullValues', fails: textSql(rawName(index), contract.csv.nullValues, true) },
          ...columnFailures(column, index),
        ]
      : columnChecks(column)),
  ];
  for (const { rule, fails } of checks) {
    try {
      await engine
        .naming(`the check '${rule}' of ${name}`)
        .result(`SELECT ${fails} FROM ${from} WHERE false`);
    } catch (error) {
      const fault = duckDbFault(error);
      if (fault === undefined) throw error;
      // The query reads no record, so the error quotes only the contract.
      const what = `the check '${rule}' of column ${name} can't be run: ${fault.text}; write a smaller pattern, fewer values, or several checks`;
      throw new ConfigError('CHECK_INVALID', `${contract.file}: ${what}`, {
        context: { column: name, rule },
        cause: fault,
      });
    }
  }
}
