/** The sources of a frontend that nobody wrote, and how many calls of an API are in them. */
export interface GeneratedFrontend {
  /** By path, with forward slashes. */
  readonly files: ReadonlyMap<string, string>;
  readonly calls: number;
}

const CLIENT = `import axios from 'axios';

export const api = axios.create({ baseURL: import.meta.env.VITE_API_URL });

api.interceptors.request.use(config => {
  const token = localStorage.getItem('token');
  if (token) config.headers.Authorization = \`Bearer \${token}\`;
  return config;
});
`;
const FILES_PER_FEATURE = 10;
const CALLS_PER_FEATURE = 6;
const FIXED: readonly (readonly [string, string])[] = [
  ['package.json', '{ "name": "generated", "dependencies": { "axios": "1", "react": "19" } }'],
  ['tsconfig.json', '{ "compilerOptions": { "baseUrl": ".", "paths": { "@/*": ["src/*"] } } }'],
  ['.env.production', 'VITE_API_URL=https://api.generated.example'],
  ['src/lib/client.ts', CLIENT],
];

/**
 * A React program of about `sources` files in features: an API module, hooks over it, pages and components, and what
 * every program has besides: types, texts, icons, helpers and barrels. The same number gives the same text.
 */
export function generateFrontend(sources: number): GeneratedFrontend {
  const features = Math.max(1, Math.round((sources - 1) / FILES_PER_FEATURE));
  const files = new Map<string, string>(FIXED);
  for (let number = 0; number < features; number += 1)
    for (const [path, text] of featureFiles(number)) files.set(path, text);
  return { files, calls: features * CALLS_PER_FEATURE };
}

function featureFiles(number: number): readonly (readonly [path: string, text: string])[] {
  const noun = `item${number}`;
  const directory = `src/features/${noun}`;
  return [
    [`${directory}/types.ts`, types(noun)],
    [
      `${directory}/paths.ts`,
      `export const ROOT = '/${noun}s';\nexport const byId = (id: string) => \`\${ROOT}/\${id}\`;\n`,
    ],
    [`${directory}/api.ts`, apiModule(noun)],
    [`${directory}/hooks.ts`, hooks(noun)],
    [`${directory}/texts.ts`, texts(noun)],
    [`${directory}/format.ts`, helpers(noun)],
    [`${directory}/Icon.tsx`, icon(noun)],
    [`${directory}/Row.tsx`, row(noun)],
    [`${directory}/Page.tsx`, page(noun)],
    [
      `${directory}/index.ts`,
      "export * from './hooks';\nexport { Page } from './Page';\nexport type * from './types';\n",
    ],
  ];
}

const repeat = (times: number, line: (index: number) => string) =>
  Array.from({ length: times }, (_, index) => line(index)).join('\n');

function types(noun: string): string {
  return `export interface ${noun} {\n  readonly id: string;\n${repeat(20, index => `  readonly field${index}?: string | number | readonly string[];`)}\n}\n`;
}

function apiModule(noun: string): string {
  return `import { api } from '@/lib/client';
import { byId, ROOT } from './paths';
import type { ${noun} } from './types';

export const list = (page = 1) => api.get<${noun}[]>(ROOT, { params: { page } });
export const one = (id: string) => api.get<${noun}>(byId(id));
export const create = (body: ${noun}) => api.post(ROOT, body);
export const rename = (id: string, name: string) => api.patch(\`\${ROOT}/\${id}/name\`, { name });
export async function remove(id: string) {
  try {
    await api.delete(byId(id));
  } catch (error) {
    if (error.response?.status !== 404) throw error;
  }
}
export const history = (id: string, from?: string) => api.get(\`/${noun}s/\${id}/history\${from ? \`?from=\${from}\` : ''}\`);
`;
}

function hooks(noun: string): string {
  return `import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import * as api from './api';

${repeat(
  4,
  index => `export function use${noun}${index}(id: string) {
  const client = useQueryClient();
  const query = useQuery({ queryKey: ['${noun}', id, ${index}], queryFn: async () => (await api.one(id)).data });
  const removal = useMutation({
    mutationFn: () => api.remove(id),
    onSuccess: () => client.invalidateQueries({ queryKey: ['${noun}'] }),
  });
  return { ...query, removal };
}`,
)}
`;
}

function texts(noun: string): string {
  return `export const texts = {\n${repeat(40, index => `  '${noun}.text${index}': 'What number ${index} of ${noun} says to the people who read it',`)}\n};\n`;
}

function helpers(noun: string): string {
  return repeat(
    8,
    index => `export function ${noun}Format${index}(value: number, digits = ${index}): string {
  const sign = value < 0 ? '-' : '';
  const [whole = '0', rest = ''] = Math.abs(value).toFixed(digits).split('.');
  const groups = whole.replace(/\\B(?=(\\d{3})+(?!\\d))/g, ',');
  return rest === '' ? sign + groups : \`\${sign}\${groups}.\${rest}\`;
}`,
  );
}

function icon(noun: string): string {
  return `export const Icon = ({ size = 16 }: { size?: number }) => (
  <svg width={size} height={size} viewBox="0 0 24 24" aria-label="${noun}">
${repeat(12, index => `    <path d="M${index} 2L${index + 1} 7l10 5 10-5-10-5z" fill="none" stroke="currentColor" />`)}
  </svg>
);
`;
}

function row(noun: string): string {
  return `import { Icon } from './Icon';
import { ${noun}Format2 } from './format';
import type { ${noun} } from './types';

export function Row({ item, onOpen }: { item: ${noun}; onOpen: (id: string) => void }) {
  return (
    <tr onClick={() => onOpen(item.id)}>
${repeat(20, index => `      <td className="cell-${index}">{typeof item.field${index} === 'number' ? ${noun}Format2(item.field${index}) : item.field${index}}</td>`)}
      <td><Icon size={20} /></td>
    </tr>
  );
}
`;
}

function page(noun: string): string {
  return `import { useMemo, useState } from 'react';
import { use${noun}0 } from './hooks';
import { Row } from './Row';
import { texts } from './texts';

export function Page({ id }: { id: string }) {
  const [open, setOpen] = useState<string>();
  const { data, removal, isPending } = use${noun}0(id);
  const title = useMemo(() => texts['${noun}.text1'] + (open ?? ''), [open]);
  if (isPending) return <p>{texts['${noun}.text2']}</p>;
  return (
    <main>
      <h1>{title}</h1>
${repeat(10, index => `      <section key="${index}"><h2>{texts['${noun}.text${index}']}</h2><p>{data?.field${index}}</p></section>`)}
      <table><tbody><Row item={data} onOpen={setOpen} /></tbody></table>
      <button onClick={() => removal.mutate()}>{texts['${noun}.text3']}</button>
    </main>
  );
}
`;
}
