import type { Hand } from '../hand.ts';
import { OF_SESSIONS } from './rows.ts';

const SHOWN_BY = 'data.revocations';

/** Tells a database that was put back which time it lacks, so that what was ended since is ended, and nobody else is signed out. */
export const recordLoss: Hand = async ({ diagnosis }) => {
  const found = diagnosis.checks.find(({ check, outcome }) => check === SHOWN_BY && outcome === 'fail');
  const point = found?.subject?.slice('point:'.length);
  if (point === undefined || Number.isNaN(Date.parse(point)))
    return { cannot: 'to which point in time it was put back cannot be seen' };
  const restoredTo = new Date(point).toISOString();
  return {
    risk: 'confirm',
    effect: 'data',
    touches: OF_SESSIONS,
    undo: 'None: sessions that were ended stay ended.',
    steps: [
      {
        what: 'Record which time was lost, and end the sessions again that were ended in it',
        command: `holdfast restore-epoch --restored-to ${restoredTo}`,
        action: { kind: 'epoch', restoredTo },
      },
    ],
  };
};
