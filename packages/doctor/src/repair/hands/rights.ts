import type { Sightings } from '../../sightings.ts';
import type { Hand, HandContext } from '../hand.ts';
import { quoteName } from '../statement.ts';

type LostRight = Sightings['schema.catalog']['lostRights'][number];

/** GRANT knows tables and views by one word. */
const KEYWORDS: Readonly<Record<string, string>> = {
  table: 'table',
  view: 'table',
  'materialized view': 'table',
  sequence: 'sequence',
  schema: 'schema',
  database: 'database',
  function: 'routine',
  type: 'type',
};

/** Grants what a role has lost. What it may do in addition stays. */
export const grantRights: Hand = async (context, { subject }) => {
  const lost = lostRights(context).filter(({ object }) => object === subject);
  const [kind = '', ...rest] = subject.split(':');
  const keyword = KEYWORDS[kind];
  if (lost.length === 0 || keyword === undefined) return { cannot: 'what was granted is not known' };
  if (lost.some(({ role }) => role === '@owner'))
    return { cannot: 'the owner itself has lost its rights: holdfast drift --sql writes the statements' };
  const on = `on ${keyword} ${rest.join(':')}`;
  const each = (write: (privileges: string, role: string) => string): string[] =>
    lost.map(({ role, privileges }) =>
      write(privileges.join(', '), role === 'PUBLIC' ? 'public' : quoteName(role)),
    );
  const statements = each((privileges, role) => `grant ${privileges} ${on} to ${role}`);
  const undo = each((privileges, role) => `revoke ${privileges} ${on} from ${role}`);
  return {
    risk: 'safe',
    effect: 'schema',
    touches: [],
    undo: `${undo.join('; ')};`,
    steps: [
      {
        what: `Grant again what was revoked on the ${subject.replace(':', ' ')}`,
        command: `${statements.join(';\n')};`,
        action: { kind: 'transaction', as: 'owner', statements, undo },
      },
    ],
  };
};

function lostRights({ diagnosis }: HandContext): readonly LostRight[] {
  const seen = diagnosis.observations.find(({ id }) => id === 'schema.catalog');
  if (seen === undefined || !('saw' in seen)) return [];
  return (seen.saw as unknown as Sightings['schema.catalog']).lostRights;
}
