import { createHash } from 'node:crypto';
import { STATUS_SCRIPT } from './script.ts';
import { STATUS_STYLE } from './style.ts';

/** The sources that the Content-Security-Policy of the status page allows: its own script and style, by hash. */
export const STATUS_PAGE_HASHES = { script: hashSource(STATUS_SCRIPT), style: hashSource(STATUS_STYLE) };

/** The status page: one file that needs nothing but the keeper. */
export const STATUS_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Holdfast status</title>
<link rel="icon" href="data:,">
<style>${STATUS_STYLE}</style>
</head>
<body>
<main>
<header>
<h1>Holdfast</h1>
<p id="headline" role="status" aria-live="polite">Looking…</p>
<p id="checked" class="soft"></p>
<noscript><p>This page needs JavaScript. The same as JSON: <a href="/ops/v1/status">/ops/v1/status</a></p></noscript>
</header>
<section aria-labelledby="parts-title">
<h2 id="parts-title">Parts</h2>
<table>
<thead><tr><th scope="col">Part</th><th scope="col">State</th><th scope="col">Since</th><th scope="col">About</th></tr></thead>
<tbody id="parts"></tbody>
</table>
</section>
<section aria-labelledby="next-title">
<h2 id="next-title">What to do next</h2>
<ul id="next"></ul>
<p class="soft"><a href="/docs">API documentation</a> · <a href="/openapi.json">OpenAPI document</a></p>
</section>
<section aria-labelledby="incidents-title">
<h2 id="incidents-title">Last incidents</h2>
<p id="no-incidents" class="soft">None are recorded.</p>
<ul id="incidents"></ul>
</section>
<section aria-labelledby="operators-title">
<h2 id="operators-title">Operators</h2>
<form id="unlock">
<label><span>Operator token: an administrator's access token, or the content of break-glass.token</span>
<input id="token" type="password" autocomplete="off" required></label>
<button type="submit">Show details</button>
</form>
<div id="unlocked" hidden>
<button id="diagnose" type="button">Diagnose</button>
<button id="lock" type="button">Forget the token</button>
<pre id="facts"></pre>
<pre id="diagnosis" aria-live="polite"></pre>
</div>
<p id="trouble" class="bad" role="alert"></p>
</section>
</main>
<script>${STATUS_SCRIPT}</script>
</body>
</html>
`;

function hashSource(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
