import type { OtherTarget } from '../config/other-target.ts';
import { couldNotLook, type Looks } from '../probes/probe.ts';
import type { Target } from '../target.ts';
import { databaseAddress } from './addresses.ts';
import { findInterrupted, isRepaired, isUnfinished } from './repair-journal.ts';
import { stateDirectoryOf } from './state-directory.ts';

/** Repairs of this system that were cut off and wait to be finished or taken back; nothing where there are none, or somebody is at it. */
export async function lookAtRepairs(target: Target | OtherTarget): Promise<Looks> {
  try {
    const stateDirectory = stateDirectoryOf(target);
    const journals = await findInterrupted(stateDirectory, databaseAddress(target));
    if (journals.length === 0 || (await isRepaired(stateDirectory))) return {};
    const repairs = journals.flatMap(({ run: { startedAt, repairs: all } }) =>
      all.filter(isUnfinished).map(({ code, subject }) => ({ code, subject, startedAt })),
    );
    return repairs.length === 0 ? {} : { 'repair.journal': { saw: { cutOff: repairs } } };
  } catch (error) {
    return { 'repair.journal': couldNotLook(error) };
  }
}
