/** A small program that takes a 403 for the end of the session. */
export const FORGETFUL_FRONTEND: Readonly<Record<string, string>> = {
  'openapi.json': JSON.stringify({
    openapi: '3.1.0',
    info: { title: 'garden', version: '1' },
    servers: [{ url: 'https://garden.example/api' }],
    paths: { '/plants': { get: {} }, '/plants/{id}': { put: {} } },
  }),
  '.env.production': 'VITE_API=https://garden.example/api\n',
  'src/http.ts': `import axios from 'axios';
import { logout } from './session';

export const http = axios.create({ baseURL: import.meta.env.VITE_API, withCredentials: true });

http.interceptors.response.use(undefined, error => {
  const status = error.response?.status;
  if (status === 401 || status === 403) logout();
  throw error;
});
`,
  'src/session.ts': `export function logout() {
  location.href = '/login';
}
`,
  'src/plants.ts': `import { http } from './http';

export const list = () => http.get('/plants');
export const water = (id: string) => http.put(\`/plants/\${id}\`, {});
`,
};
