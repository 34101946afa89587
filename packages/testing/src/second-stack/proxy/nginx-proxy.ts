import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ERROR_PAGE, type ProxySettings, REPLACED } from './proxy-settings.ts';

const PLACES = ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/opt/homebrew/bin/nginx'];

export function findNginx(): string | undefined {
  return PLACES.find(path => existsSync(path));
}

/** Writes the files of an nginx that keeps to its own directory. */
export async function writeNginxFiles(
  directory: string,
  port: number,
  settings: ProxySettings,
): Promise<void> {
  await writeFile(join(directory, 'error.html'), ERROR_PAGE);
  await writeFile(join(directory, 'nginx.conf'), configuration(directory, port, settings));
}

export function spawnNginx(binary: string, directory: string) {
  return spawn(
    binary,
    ['-p', directory, '-e', join(directory, 'error.log'), '-c', join(directory, 'nginx.conf')],
    {
      stdio: 'ignore',
    },
  );
}

function configuration(directory: string, port: number, settings: ProxySettings): string {
  const { slashRedirects, errorPages, upstreamPort, timeoutMs } = settings;
  const upstream = `http://127.0.0.1:${upstreamPort}`;
  const redirects = slashRedirects.map(
    path => `
    location = ${path} { return 301 ${path}/; }
    location = ${path}/ { proxy_pass ${upstream}${path}; proxy_set_header Host $http_host; }`,
  );
  const pages = errorPages
    ? `
    proxy_intercept_errors on;
    error_page ${REPLACED.join(' ')} /error.html;
    location = /error.html { internal; root ${directory}; }`
    : '';
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    name => `  ${name}_temp_path ${join(directory, name)};`,
  );
  return `daemon off;
worker_processes 1;
pid ${join(directory, 'nginx.pid')};
events { worker_connections 64; }
http {
${temporary.join('\n')}
  access_log ${join(directory, 'access.log')};
  types { text/html html; }
  server {
    listen 127.0.0.1:${port};
    absolute_redirect off;
    proxy_read_timeout ${timeoutMs}ms;${pages}${redirects.join('')}
    location / {
      proxy_pass ${upstream};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
    }
  }
}
`;
}
