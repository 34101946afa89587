import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Diagnosis, RootCause } from '../../diagnosis.ts';
import type { HandContext } from '../hand.ts';
import { isBeingReplaced, startServer } from './processes.ts';

const cause = { code: 'api_process_down' } as RootCause;

function diagnosisOf(server: { recorded: boolean }, keeper: { running: boolean }): Diagnosis {
  const observations = [
    { id: 'process.server', probe: 'local', subject: 'process:server', saw: server },
    { id: 'process.keeper', probe: 'local', subject: 'process:keeper', saw: keeper },
  ];
  return { rootCauses: [cause], observations } as unknown as Diagnosis;
}

it('leaves a server that is not recorded to the keeper that runs, which replaces it', async () => {
  const cases = [
    [false, true, /^the keeper, which runs, replaces it/],
    [false, false, /^none is recorded .* holdfast start starts one$/],
    [true, true, undefined],
  ] as const;
  for (const [recorded, running, why] of cases) {
    const diagnosis = diagnosisOf({ recorded }, { running });
    assert.equal(isBeingReplaced(diagnosis), !recorded && running);
    const planned = await startServer({ diagnosis } as HandContext, cause);
    if (why === undefined) assert.ok('steps' in planned);
    else assert.match('cannot' in planned ? planned.cannot : '', why);
  }
});
