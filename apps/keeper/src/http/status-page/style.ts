/** The style of the status page; light and dark by the reader's preference. */
export const STATUS_STYLE = `
:root { color-scheme: light dark; --fg: #1b1f24; --soft: #57606a; --bg: #f6f8fa; --card: #ffffff; --line: #d0d7de; --good: #116329; --bad: #a40e26; --wait: #7d4e00; --accent: #0550ae; }
@media (prefers-color-scheme: dark) { :root { --fg: #e6edf3; --soft: #9da7b1; --bg: #0d1117; --card: #161b22; --line: #30363d; --good: #57d364; --bad: #ff8182; --wait: #e3b341; --accent: #79b8ff; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 2rem 1rem 4rem; background: var(--bg); color: var(--fg); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 52rem; margin: 0 auto; }
h1 { font-size: 1.1rem; margin: 0; color: var(--soft); font-weight: 600; }
h2 { font-size: 1.05rem; margin: 0 0 .75rem; }
section { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: 1rem 1.25rem; margin-top: 1rem; }
#headline { font-size: 1.6rem; font-weight: 650; margin: .25rem 0 0; }
table { width: 100%; border-collapse: collapse; }
th, td { text-align: left; padding: .4rem .75rem .4rem 0; vertical-align: top; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
thead th { border-top: 0; color: var(--soft); font-weight: 500; font-size: .875rem; }
.good { color: var(--good); } .bad { color: var(--bad); } .wait { color: var(--wait); }
.state { font-weight: 600; white-space: nowrap; }
.soft { color: var(--soft); font-size: .9rem; }
a { color: var(--accent); }
button, input { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: .375rem; padding: .35rem .7rem; }
button { cursor: pointer; } button:disabled { opacity: .55; cursor: default; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
form { display: flex; flex-wrap: wrap; gap: .5rem; align-items: end; }
label { display: block; flex: 1 1 16rem; } label span { display: block; font-size: .875rem; color: var(--soft); } label input { width: 100%; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .75rem 0 0; font-size: .875rem; }
code { font-size: .9em; } ul { margin: 0; padding-left: 1.2rem; }
[hidden] { display: none !important; }
`;
