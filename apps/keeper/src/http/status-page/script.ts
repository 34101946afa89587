/** The script of the status page: asks for the status every two seconds and writes it as text, never as markup. */
export const STATUS_SCRIPT = `
'use strict';
const byId = id => document.getElementById(id);
const storage = (() => { try { sessionStorage.getItem('probe'); return sessionStorage; } catch { return null; } })();
let token = storage?.getItem('holdfast-operator') ?? '';
let timer;
let shown = '';

const NAMES = { keeper: 'Keeper', server: 'API server', postgres: 'PostgreSQL' };
const STATES = {
  running: 'running', starting: 'starting', 'backing-off': 'stopped, will start again', 'crash-looping': 'keeps failing',
  stopped: 'stopped', unreachable: 'does not answer', unknown: 'not seen yet',
};
const TROUBLE = {
  exit: 'it ended unexpectedly', hang: 'it did not answer any more', 'start-failed': 'it could not be started',
  'crash-loop': 'it ended again and again', unreachable: 'it could not be reached',
};
const MARKS = { good: '\\u2713 ', wait: '\\u2026 ', bad: '\\u2717 ' };
const HEADLINES = {
  ok: 'Everything works', starting: 'Starting', trouble: 'Something does not work', stopping: 'Shutting down',
};

function element(name, text, className) {
  const node = document.createElement(name);
  if (text !== undefined) node.textContent = text;
  if (className) node.className = className;
  return node;
}

function time(iso) {
  const node = element('time', new Date(iso).toLocaleString());
  node.dateTime = iso;
  return node;
}

function duration(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return seconds + ' s';
  return seconds < 7200 ? Math.round(seconds / 60) + ' min' : Math.round(seconds / 3600) + ' h';
}

function tone(part) {
  if (part.ok) return part.ready === false ? 'wait' : 'good';
  return part.state === 'starting' || part.state === 'unknown' ? 'wait' : 'bad';
}

function stateText(part) {
  if (part.state === 'running' && !part.ok) return 'runs, but does not answer';
  if (part.ok && part.ready === false) return 'runs, but is not ready';
  return STATES[part.state] ?? part.state;
}

function partRow(part, detailed) {
  const row = element('tr');
  const name = element('th', NAMES[part.part] ?? part.part);
  name.scope = 'row';
  const state = element('td', MARKS[tone(part)] + stateText(part), 'state ' + tone(part));
  const since = element('td');
  since.append(time(part.since));
  const about = element('td', part.reason ?? (part.ok ? '' : TROUBLE[part.trouble] ?? ''));
  if (detailed) about.append(details(part));
  row.append(name, state, since, about);
  return row;
}

function details(part) {
  const box = element('div', undefined, 'soft');
  const facts = [part.pid ? 'pid ' + part.pid : '', part.restarts ? 'restarted ' + part.restarts + (part.restarts === 1 ? ' time' : ' times') : '', part.retryAt ? 'next attempt ' + new Date(part.retryAt).toLocaleTimeString() : ''];
  box.textContent = facts.filter(Boolean).join(', ') + ' ';
  if (!part.managed || part.part === 'keeper') return box;
  const button = element('button', 'Restart');
  button.type = 'button';
  button.setAttribute('aria-label', 'Restart ' + (NAMES[part.part] ?? part.part));
  button.addEventListener('click', () => operate('POST', '/ops/v1/parts/' + part.part + '/restart', button));
  box.append(button);
  return box;
}

function incidentRow(incident) {
  const item = element('li');
  const what = incident.reason ?? (NAMES[incident.part] ?? incident.part) + ': ' + (TROUBLE[incident.kind] ?? incident.kind);
  item.append(time(incident.startedAt), ' \\u2014 ' + what + '; ');
  const over = incident.recoveredAt === null
    ? element('strong', 'not over yet', 'bad')
    : element('span', 'over after ' + duration(new Date(incident.recoveredAt) - new Date(incident.startedAt)), 'good');
  item.append(over);
  if (incident.actions?.length) item.append(element('div', 'The keeper: ' + incident.actions.join('; '), 'soft'));
  return item;
}

function advice(status) {
  const bad = status.parts.filter(part => !part.ok || part.ready === false).map(part => part.part);
  if (bad.length === 0) return ['Nothing. The API answers; its documentation is at /docs.'];
  const tips = ['The keeper starts ended parts again by itself; nobody is logged out by an outage.'];
  if (bad.includes('postgres')) tips.push('While the database is away the API answers 503, and clients should simply try again.');
  tips.push('For the cause run: holdfast doctor \\u2014 or enter an operator token below and press Diagnose.');
  return tips;
}

function show(status) {
  const detailed = 'home' in status;
  headline(HEADLINES[status.status] ?? status.status, status.status === 'ok' ? 'good' : status.status === 'trouble' ? 'bad' : 'wait');
  byId('checked').textContent = 'Version ' + status.version + ', looked at ' + new Date(status.at).toLocaleTimeString();
  if (detailed) byId('facts').textContent = facts(status);
  const rest = JSON.stringify([detailed, status.parts, status.incidents]);
  if (rest === shown) return;
  shown = rest;
  byId('parts').replaceChildren(...status.parts.map(part => partRow(part, detailed)));
  byId('incidents').replaceChildren(...status.incidents.map(incidentRow));
  byId('no-incidents').hidden = status.incidents.length > 0;
  byId('next').replaceChildren(...advice(status).map(text => element('li', text)));
  byId('unlock').hidden = detailed;
  byId('unlocked').hidden = !detailed;
}

// Unchanged text stays as it is: a screen reader says it once, and the focus stays where it was.
function headline(text, tone) {
  if (byId('headline').textContent === text) return;
  byId('headline').textContent = text;
  byId('headline').className = tone;
}

function facts(status) {
  const sample = status.sample;
  const lines = ['State directory  ' + status.home, 'API server       ' + (status.apiUrl ?? 'not known'), 'Database         ' + (status.databaseUrl ?? 'not known')];
  if (sample?.server.latencyMs != null) lines.push('API latency      ' + sample.server.latencyMs + ' ms');
  if (sample?.database.roundTripMs != null) lines.push('Database answer  ' + sample.database.roundTripMs + ' ms');
  if (sample?.pool) lines.push('Connections      ' + sample.pool.checkedOut + ' in use, ' + sample.pool.checkedIn + ' idle, ' + sample.pool.waiting + ' waiting');
  return lines.join('\\n');
}

async function ask(method, path) {
  const headers = token === '' ? {} : { authorization: 'Bearer ' + token };
  const response = await fetch(path, { method, headers, cache: 'no-store', signal: AbortSignal.timeout(60000) });
  const body = await response.json();
  if (!response.ok) throw Object.assign(new Error(body.detail ?? body.title), { status: response.status });
  return body;
}

async function refresh() {
  clearTimeout(timer);
  try {
    show(await ask('GET', '/ops/v1/status'));
    byId('trouble').textContent = '';
  } catch (error) {
    if (error.status === 401 || error.status === 403 || error.status === 429) {
      forget();
      byId('trouble').textContent = 'The token was not accepted: ' + error.message;
    } else {
      headline('The keeper does not answer', 'bad');
    }
  }
  timer = setTimeout(refresh, document.hidden ? 10000 : 2000);
}

function forget() {
  token = '';
  storage?.removeItem('holdfast-operator');
}

async function operate(method, path, button) {
  button.disabled = true;
  byId('trouble').textContent = '';
  try {
    return await ask(method, path);
  } catch (error) {
    byId('trouble').textContent = error.message;
  } finally {
    button.disabled = false;
    refresh();
  }
}

byId('unlock').addEventListener('submit', event => {
  event.preventDefault();
  token = byId('token').value.trim();
  byId('token').value = '';
  storage?.setItem('holdfast-operator', token);
  refresh();
});
byId('lock').addEventListener('click', () => { forget(); byId('diagnosis').textContent = ''; refresh(); });
byId('diagnose').addEventListener('click', async event => {
  byId('diagnosis').textContent = 'Examining\\u2026';
  const diagnosis = await operate('POST', '/ops/v1/diagnoses', event.currentTarget);
  byId('diagnosis').textContent = diagnosis ? diagnosis.text : '';
});
document.addEventListener('visibilitychange', () => { if (!document.hidden) refresh(); });
refresh();
`;
