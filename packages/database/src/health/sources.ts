/** A connection pool as its owner describes it. */
export interface PoolFacts {
  readonly max: number;
  readonly size: number;
  readonly checkedIn: number;
  readonly checkedOut: number;
  readonly waiting: number;
}

/** Metrics that were read at one moment: entry id → metric name → value. */
export interface StoredSample {
  /** ISO 8601. */
  readonly at: string;
  readonly metrics: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** What the health of backups needs to know of one. */
export interface BackupFacts {
  readonly id: string;
  /** ISO 8601; the moment the backup is of. */
  readonly createdAt: string;
  readonly bytes: number;
  /** What it was called when it was made. */
  readonly label?: string;
  /** How far it was validated, and when; undefined when never. */
  readonly validation?: { readonly level: 'files' | 'decode' | 'drill'; readonly at: string };
  readonly tables: readonly {
    readonly schema: string;
    readonly name: string;
    readonly rows: number;
    /** Order-independent checksum of the rows, when the manifest has one. */
    readonly checksum?: string;
  }[];
}

/** The place of an encrypted field, which its ciphertext is bound to. */
export interface EncryptedPlace {
  readonly table: string;
  readonly column: string;
  readonly id: string;
  /** Under which key it is, as its row says. */
  readonly keyId: string;
}

/** Whether stored ciphertexts can be read, asked without giving the keys away. */
export interface EncryptionKeys {
  /** Undefined when it decrypts; else why it does not. `ciphertext` is base64. */
  problem(ciphertext: string, place: EncryptedPlace): string | undefined;
}
