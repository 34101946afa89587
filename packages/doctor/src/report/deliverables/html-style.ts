/** The only style of the page. Colours were chosen for a contrast of at least 4.5 to 1 on their grounds, in both schemes. */
export const HTML_STYLE = `
:root{color-scheme:light dark;--ground:#fff;--panel:#f6f7f9;--line:#d3d8e0;--text:#1b1f27;--soft:#545c6b;--link:#0b57c2;
--bad:#b3141b;--bad-ground:#fdecec;--warn:#8a5200;--warn-ground:#fff4df;--good:#17683a;--good-ground:#e7f5ec;--plain:#454d5c;--plain-ground:#eceff3;
--lit:#b3141b;--lit-text:#fff;--dim:#636a78;--dim-ground:#f3f4f6}
@media (prefers-color-scheme:dark){:root{--ground:#12151b;--panel:#1a1f28;--line:#343c4a;--text:#e7eaf0;--soft:#a5aebd;--link:#8ab8ff;
--bad:#ff9c9c;--bad-ground:#3a1a1d;--warn:#f3c06b;--warn-ground:#352810;--good:#84d8a4;--good-ground:#15301f;--plain:#c3cad6;--plain-ground:#262d39;
--lit:#ff8080;--lit-text:#1d0507;--dim:#98a1b1;--dim-ground:#1a1f28}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--text);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:anywhere}
.skip{position:absolute;left:-9999px}.skip:focus{left:1rem;top:.5rem;background:var(--ground);padding:.4rem .8rem}
header,main,footer{max-width:72rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:2rem}
h1{font-size:1.6rem;line-height:1.25;margin:.5rem 0 .75rem}
h2{font-size:1.4rem;line-height:1.3;margin:0 0 .5rem;display:flex;flex-wrap:wrap;gap:.6rem;align-items:center}
h3{font-size:1.1rem;line-height:1.35;margin:2rem 0 .6rem}
p{margin:.6rem 0;max-width:52rem}
a{color:var(--link)}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
.eyebrow{color:var(--soft);font-size:.9rem;margin:0}
dl.facts{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:1rem 0;font-size:.92rem}
dl.facts dt{color:var(--soft)}dl.facts dd{margin:0}
nav ul{list-style:none;max-width:none;display:grid;grid-template-columns:repeat(auto-fit,minmax(15rem,1fr));gap:.6rem;padding:0;margin:1.25rem 0 0}
nav a{display:flex;justify-content:space-between;gap:.5rem;align-items:center;padding:.6rem .8rem;border:1px solid var(--line);border-radius:.5rem;background:var(--panel);text-decoration:none;color:var(--text)}
nav a:hover{border-color:var(--link)}
.deliverable{border-top:1px solid var(--line);margin-top:2.5rem;padding-top:2rem}
.lead{font-size:1.05rem}
.badge{display:inline-block;font-size:.8rem;font-weight:600;line-height:1.3;padding:.12rem .55rem;border-radius:1rem;white-space:nowrap}
.bad{color:var(--bad)}.warn{color:var(--warn)}.good{color:var(--good)}.plain{color:var(--plain)}
.badge.bad{background:var(--bad-ground)}.badge.warn{background:var(--warn-ground)}.badge.good{background:var(--good-ground)}.badge.plain{background:var(--plain-ground)}
.callout{border-left:.3rem solid;border-radius:.25rem;padding:.6rem .9rem;margin:.9rem 0;max-width:56rem}
.callout.bad{background:var(--bad-ground)}.callout.warn{background:var(--warn-ground)}.callout.good{background:var(--good-ground)}.callout.plain{background:var(--plain-ground)}
.callout p{margin:.25rem 0 0;color:var(--text)}
.missing{color:var(--soft);font-style:italic}
ol,ul{padding-left:1.4rem;max-width:56rem}li{margin:.3rem 0}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.86em}
pre{background:var(--panel);border:1px solid var(--line);border-radius:.4rem;padding:.7rem .9rem;overflow-x:auto;margin:.4rem 0 .9rem;white-space:pre-wrap}
.note{margin-bottom:.2rem;color:var(--soft)}
.scroll{overflow-x:auto;margin:.6rem 0 1rem}
table{border-collapse:collapse;width:100%;font-size:.92rem}
caption{text-align:left;color:var(--soft);padding:.2rem 0 .4rem}
th,td{text-align:left;vertical-align:top;padding:.45rem .7rem;border-bottom:1px solid var(--line);min-width:5rem}
th{font-weight:600;background:var(--panel);white-space:nowrap}
td{overflow-wrap:break-word}td.wide{min-width:14rem}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;min-width:0}
details{margin:.6rem 0 1rem}summary{cursor:pointer;color:var(--link)}
.timeline{list-style:none;padding:0;border-left:2px solid var(--line);margin-left:.4rem}
.timeline li{padding:0 0 .5rem 1.1rem;position:relative;margin:0}
.timeline li::before{content:"";position:absolute;left:-.43rem;top:.5rem;width:.7rem;height:.7rem;border-radius:50%;background:currentColor;border:2px solid var(--ground)}
.timeline li>*{color:var(--text)}
.timeline time{color:var(--soft);font-size:.88rem;font-variant-numeric:tabular-nums;margin-right:.5rem}
.timeline .what{display:block}
.graph{min-width:36rem;max-width:100%;height:auto;display:block}
.graph text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif;fill:var(--text)}
.graph .layer{font-size:13px;font-weight:600;fill:var(--soft)}
.graph .name{font-size:13px;font-weight:600}.graph .note{font-size:11px}
.graph rect{fill:var(--ground);stroke:var(--line);stroke-width:1.2}
.graph .cause rect{fill:var(--lit);stroke:var(--lit);stroke-width:3}.graph .cause text{fill:var(--lit-text)}
.graph .suspect rect{fill:var(--warn-ground);stroke:var(--warn);stroke-width:2;stroke-dasharray:5 3}
.graph .symptom rect{fill:var(--dim-ground);stroke:var(--dim);stroke-dasharray:3 3}.graph .symptom text{fill:var(--dim);font-weight:400}
.graph .unexplained rect{fill:var(--bad-ground);stroke:var(--bad);stroke-width:2}
.graph .weak rect{fill:var(--warn-ground);stroke:var(--warn)}
.graph .unseen rect{stroke:var(--dim);stroke-dasharray:1 3}.graph .unseen text{fill:var(--soft)}
.graph .edge{fill:none;stroke:var(--lit);stroke-width:1.5}.graph .edge.open{stroke:var(--warn);stroke-dasharray:5 3}
.graph .arrow{fill:var(--lit)}
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;list-style:none;padding:0;font-size:.88rem;color:var(--soft)}
footer{margin-top:3rem;padding-bottom:3rem;color:var(--soft);font-size:.88rem}
@media (max-width:40rem){body{font-size:15px}header{padding-top:1.2rem}h1{font-size:1.35rem}h2{font-size:1.2rem}
header,main,footer{padding-left:.9rem;padding-right:.9rem}dl.facts{grid-template-columns:1fr}dl.facts dd{margin-bottom:.4rem}
th,td{padding:.4rem .5rem}}
@media print{:root{color-scheme:light;--ground:#fff;--panel:#f6f7f9;--line:#c3c8d0;--text:#000;--soft:#444b57;--link:#000;
--bad:#a11015;--bad-ground:#fdecec;--warn:#7a4800;--warn-ground:#fff4df;--good:#125530;--good-ground:#e7f5ec;--plain:#3a414d;--plain-ground:#eceff3;
--lit:#a11015;--lit-text:#fff;--dim:#5d6472;--dim-ground:#f3f4f6}
@page{margin:16mm 14mm}
body{font-size:10pt}.skip,nav{display:none}header,main,footer{max-width:none;padding:0}
.deliverable{break-before:page;border:0;margin:0;padding:0}#summary{break-before:auto;border-top:1px solid var(--line);margin-top:1rem;padding-top:1rem}
h2,h3,caption{break-after:avoid}tr,.callout,.timeline li,svg{break-inside:avoid}thead{display:table-header-group}
.scroll,pre{overflow:visible}table{font-size:8.5pt}th,td,td.wide{min-width:0;padding:.25rem .4rem}th{white-space:normal}
.graph{min-width:0;width:100%}summary{display:none}
details::details-content{content-visibility:visible;display:block;height:auto;block-size:auto}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}a{text-decoration:none}}
`;
