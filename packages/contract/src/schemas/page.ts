import Type, { type TArray, type TObject, type TSchema, type TUnsafe } from 'typebox';

/** Query parameters of every list. */
export const pageQuery = {
  cursor: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 512,
      pattern: '^[\\w-]+$',
      description: '`nextCursor` of the page before. Without it, the first page.',
    }),
  ),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
};

export type PageOf<T extends TSchema> = TObject<{ items: TArray<T>; nextCursor: TUnsafe<string | null> }>;

/** One page of a list. */
export function pageOf<T extends TSchema>(item: T): PageOf<T> {
  return Type.Object(
    {
      items: Type.Array(item),
      nextCursor: Type.Unsafe<string | null>({
        type: ['string', 'null'],
        description: 'Present this to get the next page; null on the last one.',
      }),
    },
    { additionalProperties: false },
  );
}
