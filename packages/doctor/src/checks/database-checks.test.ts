import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runChecks } from '../engine/index.ts';
import type { LoginSighting } from '../sightings.ts';
import { DATABASE_CHECKS } from './database-checks.ts';

const login: LoginSighting = {
  role: 'app',
  database: 'holdfast',
  address: '127.0.0.1:5432',
  result: 'connected',
  milliseconds: 3,
};

const refused = (sqlState: string): LoginSighting => ({
  ...login,
  result: 'refused',
  sqlState,
  message: 'no',
});
const sighting = (id: string, saw: object) => ({
  id,
  probe: 'database',
  subject: 'database',
  saw: { ...saw },
});

const STAGES = ['accepts', 'slots', 'login', 'allowed', 'exists'];

/** The outcomes of the stages of a connection, as one word each. */
function stages(app: LoginSighting, owner?: LoginSighting): string {
  const observations = [
    sighting('database.app', app),
    ...(owner === undefined ? [] : [sighting('database.owner', owner)]),
  ];
  const outcomes = runChecks(DATABASE_CHECKS, observations);
  return STAGES.map(stage => {
    const own = outcomes.filter(({ check }) => check === `database.${stage}`);
    return own
      .map(({ outcome, subject }) => (subject === undefined ? outcome : `${outcome}@${subject}`))
      .join('+');
  }).join(' ');
}

describe('the stages of a connection', () => {
  it('all pass when it was made', () => {
    assert.equal(stages(login), 'pass pass pass pass pass');
  });

  it('fail where it was refused, pass before and are blocked after that', () => {
    assert.equal(stages(refused('57P03')), 'fail blocked blocked blocked blocked');
    assert.equal(stages(refused('53300')), 'pass fail blocked blocked blocked');
    assert.equal(stages(refused('28P01')), 'pass blocked fail@role:app blocked blocked');
    assert.equal(stages(refused('28000')), 'pass blocked pass fail@role:app blocked');
    assert.equal(stages(refused('3D000')), 'pass blocked pass pass fail@database:holdfast');
  });

  it('are blocked by a refusal that nobody knows', () => {
    assert.equal(stages(refused('XX000')), 'blocked blocked blocked blocked blocked');
  });

  it('tell whose password is wrong', () => {
    const owner = { ...login, role: 'owner' };
    assert.equal(stages(refused('28P01'), owner), 'pass blocked fail@role:app blocked blocked');
    assert.equal(
      stages(login, { ...owner, ...refused('28P01'), role: 'owner' }).split(' ')[2],
      'fail@role:owner',
    );
  });

  it('report one refusal of both roles once', () => {
    assert.equal(stages(refused('3D000'), refused('3D000')).split(' ')[4], 'fail@database:holdfast');
  });
});
