import { errorMessage } from '@holdfast/core';
import type { Keyring } from '../tokens/index.ts';
import { fieldContext } from './encrypted-fields.ts';
import { decryptField } from './field-encryption.ts';

/** Tells whether encrypted fields can be read, and neither what is in them nor the keys. */
export interface FieldReader {
  /** Why a field does not decrypt; undefined when it does. `ciphertext` is base64. */
  problem(
    ciphertext: string,
    place: {
      readonly table: string;
      readonly column: string;
      readonly id: string;
      readonly keyId: string;
    },
  ): string | undefined;
}

export function createFieldReader(keyring: Keyring): FieldReader {
  return {
    problem: (ciphertext, { table, column, id, keyId }) => {
      try {
        const field = { ciphertext: Buffer.from(ciphertext, 'base64'), keyId };
        decryptField(keyring, field, fieldContext(table, column, id));
        return undefined;
      } catch (error) {
        return errorMessage(error);
      }
    },
  };
}
