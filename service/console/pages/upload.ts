import { bringFiles } from '../../uploads/bring-files.ts';
import { datasetAt, runAt } from '../addresses.ts';
import type { FileAction } from '../page.ts';

/** Brings the files of a form into a dataset, and starts a run where the form says so. */
export const upload: FileAction = {
  path: '/datasets/{dataset}/files',
  permission: 'files.upload',
  async act({ params, identity, service, board, check, files }) {
    const dataset = params.dataset ?? '';
    let isRun = false;
    const brought = await bringFiles(service, dataset, (use) =>
      files(async (file, fields) => {
        check(fields.csrf);
        isRun = fields.run === 'yes';
        await use(file);
      }),
    );
    board.forget(dataset);
    if (isRun) {
      const [run] = await service.runs.start(dataset, identity.name);
      if (run !== undefined) return runAt(run.runId);
    }
    const known = brought.filter(({ existed }) => existed).length;
    return `${datasetAt(dataset)}?brought=${brought.length}-${known}`;
  },
};
