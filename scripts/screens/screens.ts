import type { Diagnosis } from '@holdfast/doctor';
import {
  apiProcessDown,
  columnMissing,
  databaseStopped,
  refreshTokensTruncated,
  rolePermissionsDeleted,
  signingKeyChanged,
  tableLocked,
  tableMissing,
  tooManyConnections,
  variableInvalid,
} from '@holdfast/testing';
import { FORGETFUL_FRONTEND } from './forgetful-frontend.ts';
import type { Stage } from './stage.ts';

/** One trouble, what people notice of it, and what the doctor says. */
export interface Screen {
  readonly title: string;
  readonly noticed: string;
  /** What is typed. */
  readonly command: string;
  take(stage: Stage): Promise<Diagnosis>;
}

const OWN = 'holdfast doctor';

export const SCREENS: readonly Screen[] = [
  {
    title: 'The process of the API is gone',
    noticed: 'The proxy answers 502, and somebody says that the database has crashed.',
    command: OWN,
    take: stage => stage.ofHoldfast(apiProcessDown),
  },
  {
    title: 'The proxy asks the wrong port',
    noticed: 'Every request from outside is answered 502. The API is not a Holdfast.',
    command: OWN,
    take: stage =>
      stage.ofShop(async shop => {
        await shop.configureProxy({ upstreamPort: 9 });
        return () => shop.configureProxy({ upstreamPort: Number(new URL(shop.serverUrl).port) });
      }),
  },
  {
    title: 'A setting has lost its unit',
    noticed: 'The server does not come back after a change of its settings.',
    command: OWN,
    take: stage => stage.ofHoldfast(variableInvalid),
  },
  {
    title: 'The keys were replaced',
    noticed: 'Everybody is signed out, and signing in works.',
    command: OWN,
    take: stage => stage.ofHoldfast(signingKeyChanged),
  },
  {
    title: 'The database has stopped',
    noticed: 'Everything is answered 503.',
    command: OWN,
    take: stage => stage.ofHoldfast(databaseStopped),
  },
  {
    title: 'No connection is left',
    noticed: 'Requests fail now and then, soon all of them; PostgreSQL runs and is idle.',
    command: OWN,
    take: stage => stage.ofHoldfast(tooManyConnections()),
  },
  {
    title: 'A table is locked',
    noticed: 'One page hangs, the others are fast.',
    command: OWN,
    take: stage => stage.ofHoldfast(tableLocked('user_profiles')),
  },
  {
    title: 'A column is missing',
    noticed: 'Signing in is answered 500 since somebody tidied up the database.',
    command: OWN,
    take: stage => stage.ofHoldfast(columnMissing('users', 'last_login_at')),
  },
  {
    title: 'The refresh tokens are gone',
    noticed: 'Nothing yet.',
    command: OWN,
    take: stage => stage.ofHoldfast(refreshTokensTruncated),
  },
  {
    title: 'Nobody has rights any more',
    noticed: 'Administrators are answered 403, users notice nothing.',
    command: OWN,
    take: stage => stage.ofHoldfast(rolePermissionsDeleted),
  },
  {
    title: 'The frontend signs out whoever lacks a permission',
    noticed: 'Some users are sent to the sign-in page again and again; the API is fine.',
    command: `${OWN} --frontend web --openapi web/openapi.json`,
    take: stage => stage.ofSources(FORGETFUL_FRONTEND),
  },
  {
    title: 'Two at once',
    noticed: 'The API is down; it is not the only thing that is broken.',
    command: OWN,
    take: stage => stage.ofHoldfast(apiProcessDown, tableMissing('audit_log')),
  },
  {
    title: 'From here it cannot be told',
    noticed: 'Everything is answered 503. The doctor runs on another machine, which has only the URLs.',
    command: `${OWN} --api-url http://127.0.0.1:7400 --database-url postgresql://…`,
    take: stage => stage.fromOutside(databaseStopped),
  },
];
