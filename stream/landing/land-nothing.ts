import { partitionWord } from '../../etl/naming/streams.ts';
import type { PartitionEnd } from '../ports.ts';
import { NOTHING_LANDED } from './landed.ts';
import type { Landing } from './landing.ts';

/** The landing of a canary: nothing is stored, and a partition is done up to the end of each batch that has its evidence. */
export function landNothing(): Landing {
  const ends = new Map<string, PartitionEnd>();
  const take = (words: readonly string[]): readonly PartitionEnd[] =>
    words.flatMap((word) => {
      const end = ends.get(word);
      ends.delete(word);
      return end === undefined ? [] : [end];
    });
  const done = (words: readonly string[]) => ({ ...NOTHING_LANDED, ends: take(words) });
  return {
    unlanded: async (_batch, states) => states,
    async add({ partition, endOffset }) {
      ends.set(partitionWord(partition), { partition, endOffset });
    },
    landDue: async () => done([...ends.keys()]),
    landAll: async (partitions) => done(partitions?.map(partitionWord) ?? [...ends.keys()]),
    forget(partitions) {
      for (const partition of partitions) ends.delete(partitionWord(partition));
    },
  };
}
