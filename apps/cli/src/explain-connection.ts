import { errorMessage, HoldfastError, isHoldfastError } from '@holdfast/core';
import { sqlState } from '@holdfast/postgres';

/** The error to throw for one with which a server refused a connection: with the role and the database, and what to type. */
export function explainConnection(error: unknown, url: string): unknown {
  if (!isHoldfastError(error) || !URL.canParse(url)) return error;
  const { host, username, pathname } = new URL(url);
  const role = quoted(decodeURIComponent(username) || 'postgres');
  const database = quoted(decodeURIComponent(pathname.slice(1)) || decodeURIComponent(username));
  const advice = adviceFor(sqlState(error), role, database, host);
  if (advice === undefined) return error;
  const said = errorMessage(error.cause ?? error);
  const { retryAfter, details } = error;
  return new HoldfastError(error.code, `${advice} (the server said: ${said})`, {
    cause: error,
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(details === undefined ? {} : { details }),
  });
}

function adviceFor(
  state: string | undefined,
  role: string,
  database: string,
  host: string,
): string | undefined {
  switch (state) {
    case '3D000':
      return `There is no database ${database} at ${host}. Correct the URL, or as a role that may create databases run: create database ${database}`;
    case '28000':
      return `The role ${role} may not log in to the database ${database} at ${host}: it does not exist, has no right to log in, or pg_hba.conf keeps it out. Correct the URL, or as a superuser run: create role ${role} login`;
    case '28P01':
      return `The password of the role ${role} is wrong, or there is no such role at ${host}. Correct the URL, or as a superuser run: alter role ${role} password '…'`;
    case '42501':
      return `The role ${role} may not connect to the database ${database} at ${host}. As its owner, run: grant connect on database ${database} to ${role}`;
    default:
      return undefined;
  }
}

function quoted(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
