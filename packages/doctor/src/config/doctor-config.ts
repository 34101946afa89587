import Type, { type Static } from 'typebox';

const text = Type.String({ minLength: 1 });

/** A text, or the name of the variable that holds it: of the process, else of `environment.file`. */
const secret = Type.Union([text, Type.Object({ env: text }, { additionalProperties: false })]);

const database = Type.Object(
  {
    /** As the role of the API connects. */
    url: secret,
    /** As a role that sees more: the owner of the tables or a superuser. */
    ownerUrl: Type.Optional(secret),
    /** Default: all that are not PostgreSQL's own. */
    schemas: Type.Optional(Type.Array(text, { minItems: 1 })),
    /**
     * Tables whose rows come and go, as `schema.table`: that there are fewer than in the snapshot says nothing. Default: those named
     * like sessions, tokens, jobs, events and the like.
     */
    transient: Type.Optional(Type.Array(text)),
    /** Where it is on this machine: tells a stopped server from a wrong address. */
    dataDirectory: Type.Optional(text),
  },
  { additionalProperties: false },
);

/** A request that signs a probe user in. Values of the body may be taken from variables. */
const signIn = Type.Object(
  {
    /** Default POST. */
    method: Type.Optional(text),
    path: Type.String({ pattern: '^/' }),
    body: Type.Record(Type.String(), Type.Unknown()),
    form: Type.Optional(Type.Boolean()),
    headers: Type.Optional(Type.Record(Type.String(), Type.String())),
    /** A JSON pointer to the token in the answer. Without it the cookies of the answer count. */
    token: Type.Optional(Type.String({ pattern: '^/' })),
    header: Type.Optional(text),
    prefix: Type.Optional(Type.String()),
    refreshPath: Type.Optional(Type.String({ pattern: '^/' })),
    refreshCookie: Type.Optional(text),
  },
  { additionalProperties: false },
);

const api = Type.Object(
  {
    /** Each process of the API, reached without a proxy. */
    urls: Type.Optional(Type.Array(text, { minItems: 1 })),
    /** As clients reach it. */
    proxyUrl: Type.Optional(text),
    /** A path that needs no sign-in and answers below 500 when all is well. Default: `/`. */
    health: Type.Optional(Type.String({ pattern: '^/' })),
    /** The OpenAPI document, a file or a URL: every operation that only reads is compared with it. */
    openapi: Type.Optional(text),
    /** A user of the doctor's own; without one, operations that ask for credentials are not examined. Signing in is the only request that is not a read. */
    signIn: Type.Optional(signIn),
    /** The origins of the pages that use the API. */
    origins: Type.Optional(Type.Array(text)),
    /** The origin under which browsers know the API, when `proxyUrl` has another name: cookies are judged by it. */
    publicUrl: Type.Optional(text),
    /** What is known to differ from the document and no trouble, as `kind GET /path`, or `kind` everywhere. */
    accepted: Type.Optional(Type.Array(text)),
  },
  { additionalProperties: false },
);

const rule = Type.Object(
  {
    required: Type.Optional(Type.Boolean()),
    minLength: Type.Optional(Type.Integer({ minimum: 1 })),
    /** A regular expression that the whole value matches. */
    pattern: Type.Optional(text),
    /** Of a number, both ends included. */
    range: Type.Optional(Type.Tuple([Type.Number(), Type.Number()])),
  },
  { additionalProperties: false },
);

const environment = Type.Object(
  {
    /** The env file of the API. Default: the variables of this process. */
    file: Type.Optional(text),
    variables: Type.Optional(Type.Record(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]*$' }), rule)),
  },
  { additionalProperties: false },
);

const service = Type.Object(
  {
    name: text,
    url: text,
    /** Milliseconds after which it counts as slow. Default 2,000. */
    timeoutMs: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
  },
  { additionalProperties: false },
);

const dependencies = Type.Object(
  {
    /** With the package.json and the lock. */
    directory: text,
    /** The version of Node.js that the API runs on. Default: the one of the doctor. */
    node: Type.Optional(Type.String({ pattern: '^\\d+\\.\\d+\\.\\d+$' })),
    /** Whom to ask about vulnerabilities. Default: as npm would. */
    registry: Type.Optional(text),
  },
  { additionalProperties: false },
);

/** The form of a `holdfast.config.ts`. Paths are relative to the file. */
export const DOCTOR_CONFIG = Type.Object(
  {
    name: Type.Optional(text),
    database: Type.Optional(database),
    api: Type.Optional(api),
    /** What `holdfast snapshot` has written while all was well. Default: holdfast.snapshot.json beside the file. */
    snapshot: Type.Optional(text),
    environment: Type.Optional(environment),
    /** What the system needs of others; slow or failing ones are degraded, never broken. */
    external: Type.Optional(Type.Array(service)),
    /** Logs that are being written, of the API, of the proxy and of the database; rotated ones are for `holdfast logs analyze`. */
    logs: Type.Optional(Type.Array(text, { minItems: 1 })),
    /** The npm packages of the API. */
    dependencies: Type.Optional(dependencies),
    /** The sources of the frontend, and the OpenAPI document that its calls are compared with. */
    frontend: Type.Optional(
      Type.Object({ sources: text, openapi: Type.Optional(text) }, { additionalProperties: false }),
    ),
    /** The time for everything together, unless `--timeout` names another. Default: 8 s, too short for an API of many operations. */
    timeoutMs: Type.Optional(Type.Integer({ minimum: 1, maximum: 3_600_000 })),
  },
  { additionalProperties: false },
);

/**
 * What a `holdfast.config.ts` exports by default: where the parts of a system are. Everything is optional; what is not named is
 * not examined.
 */
export type DoctorConfig = Static<typeof DOCTOR_CONFIG>;

/** What one variable of the API has to be. */
export type VariableRule = Static<typeof rule>;
