/** The fields of an ErrorResponse that matter here (PostgreSQL manual, "Error and Notice Message Fields"). */
export interface ServerError {
  readonly message: string;
  /** SQLSTATE. */
  readonly code: string;
  readonly hint: string | undefined;
  /** Characters from 1 into the statement that was sent. */
  readonly position: number | undefined;
  readonly table: string | undefined;
  readonly constraint: string | undefined;
}

/** The server's own answer in a chain of causes; undefined when the server said nothing, as with a lost connection. */
export function serverError(error: unknown): ServerError | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    if ('severity' in current && 'code' in current && typeof current.code === 'string') {
      return {
        message: current.message,
        code: current.code,
        hint: text(current, 'hint'),
        position: Number(text(current, 'position')) || undefined,
        table: text(current, 'table'),
        constraint: text(current, 'constraint'),
      };
    }
  }
  return undefined;
}

function text(error: object, field: string): string | undefined {
  const value: unknown = Reflect.get(error, field);
  return typeof value === 'string' ? value : undefined;
}
