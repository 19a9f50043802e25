import type { ProjectionAfter } from '../../etl/operations/projections-after.ts';
import { plural } from './format.ts';

/** What became of each projection after a run, one line each. */
export const projectionLines = (after: readonly ProjectionAfter[]): string[] => after.map(projectionLine);

/** The commands that bring projections up to date once they are mended. */
export const projectionCommands = (after: readonly ProjectionAfter[]): string[] =>
  after.filter(isLeftBehind).map(({ projection }) => `project ${projection}`);

/** Whether a projection stays at an earlier state of its events. */
export const isLeftBehind = ({ status }: ProjectionAfter): boolean => status !== 'refreshed';

function projectionLine(after: ProjectionAfter): string {
  const { table } = after;
  switch (after.status) {
    case 'refreshed': {
      const { events, streams, anew, restated } = after;
      const folded = `${plural(events, 'event')} folded into ${plural(streams, 'stream')}, ${anew} from the start`;
      return `${table}: ${folded}; ${plural(restated, 'published value')} restated`;
    }
    case 'failed':
      return `${table}: ${after.message}`;
    case 'behind':
      return `${table} stands on another snapshot`;
  }
}
