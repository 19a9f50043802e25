import { Buffer } from 'node:buffer';
import path from 'node:path';
import { scratchOpener } from '../../adapters/local/scratch.ts';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { parseContract } from '../../etl/contract/parse-contract.ts';
import { withEngine } from '../../etl/engine/engine.ts';
import { inferContract } from '../../etl/inferring/infer-contract.ts';
import { allNotes, type Proposal } from '../../etl/inferring/proposal.ts';
import { proposalYaml } from '../../etl/inferring/proposal-yaml.ts';
import type { SourceFile } from '../../etl/inferring/text-file.ts';
import { tempFolder } from '../adapters/temp-folder.ts';

/** Bytes as a file to infer from. */
export function sourceFile(name: string, content: string | Uint8Array): SourceFile {
  const bytes = Buffer.from(content);
  return {
    name,
    sizeBytes: bytes.length,
    async *read({ start, end } = { start: 0, end: bytes.length }) {
      // In small pieces, so that whatever spans two of them is met.
      for (let at = start; at < Math.min(end, bytes.length); at += 1000)
        yield bytes.subarray(at, Math.min(end, at + 1000));
    },
  };
}

/** What is proposed for files by name. */
export async function infer(
  files: Readonly<Record<string, string | Uint8Array>>,
  sampleBytes = 100_000_000,
): Promise<Proposal> {
  const { folder, dispose } = await tempFolder();
  try {
    const scratch = await scratchOpener(folder)('infer');
    const sources = Object.entries(files).map(([name, content]) => sourceFile(name, content));
    return await withEngine(
      { memoryLimitMb: 200, threads: 1 },
      path.join(scratch.directory, 'spill'),
      (engine) => inferContract(sources, { domain: 'shop', name: 'sales', engine, scratch, sampleBytes }),
    );
  } finally {
    await dispose();
  }
}

/** A proposal's YAML after the least review: an owner and a purpose. */
export function reviewed(proposal: Proposal): string {
  return proposalYaml(proposal)
    .replace('team:\n  name:', 'team:\n  name: shop-data')
    .replace('  purpose:', '  purpose: Sales of the shop.');
}

/** The contract that a proposal becomes by the least review; throws where it isn't sound. */
export function contractOf(proposal: Proposal): SourceContract {
  return parseContract('proposed.yaml', reviewed(proposal)) as SourceContract;
}

/** A proposal's column, by name. */
export function columnOf(proposal: Proposal, name: string): Proposal['columns'][number] {
  const column = proposal.columns.find((one) => one.name === name);
  if (column === undefined)
    throw new Error(`there is no ${name}, but ${proposal.columns.map((one) => one.name).join(', ')}`);
  return column;
}

/** All that a proposal says of itself, a line each: `review columns.id: …`. */
export function notesOf(proposal: Proposal): string {
  return allNotes(proposal)
    .map(({ path: place, note }) => `${note.kind} ${place}: ${note.text}`)
    .join('\n');
}
