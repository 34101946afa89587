import type { RepairReport } from './repair-options.ts';

/** A run of repairs in one sentence. */
export function headlineOfRepair({
  mode,
  status,
  repairs,
  resumed,
  left,
  diagnosis,
}: Omit<RepairReport, 'headline'>): string {
  const all = [...resumed, ...repairs];
  const helped = all.filter(({ outcome }) => outcome === 'helped').length;
  if (diagnosis.status === 'not_examined') return diagnosis.headline;
  if (diagnosis.status === 'incomplete' && helped === all.length) {
    return helped === 0
      ? diagnosis.headline
      : `Repaired: ${count(helped, 'repair')} done and proven. ${diagnosis.headline}`;
  }
  if (mode === 'plan') {
    if (status === 'green') return 'Nothing is broken, so there is nothing to repair.';
    return `${count(repairs.length, 'repair')} planned, ${count(left.length, 'cause')} left to you. Nothing was changed.`;
  }
  if (status === 'green') {
    return helped === 0
      ? 'Nothing is broken, so nothing was repaired.'
      : `Repaired: ${count(helped, 'repair')} done and proven, and everything that was examined works${remaining(all)}.`;
  }
  const others = (['undone', 'failed', 'interrupted', 'planned'] as const).flatMap(outcome => {
    const found = all.filter(item => item.outcome === outcome).length;
    return found === 0 ? [] : [`${found} ${WORDS[outcome]}`];
  });
  const { unexplained } = diagnosis;
  const parts = [
    `${helped} helped`,
    ...others,
    ...(left.length === 0 ? [] : [`${left.length} left to you`]),
    ...(unexplained.length === 0 ? [] : [`${unexplained.length} failed checks without an explanation`]),
  ];
  return `Not everything is repaired: ${parts.join(', ')}.`;
}

/** What works may still not be what it was. */
function remaining(records: RepairReport['repairs']): string {
  const all = records.flatMap(({ remains }) => remains);
  return all.length === 0 ? '' : `, with ${all.join(', and ')}`;
}

const WORDS = {
  undone: 'did not help and taken back',
  failed: 'failed',
  interrupted: 'interrupted',
  planned: 'not begun',
} as const;

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}
