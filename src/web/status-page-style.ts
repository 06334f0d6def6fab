// The style of the status page, and its hash: the Content-Security-Policy lets this one style through and no other.
// Light and dark as the reader's system has it, from a phone's width to a desk's; nothing moves.

import { createHash } from 'node:crypto';

export const STYLE = `
:root{--paper:#fffdf8;--card:#f8f4ea;--ink:#1f2933;--soft:#596570;--line:#e3dccb;--sun:#e0a526;--gold:#7d5500;--bad:#a3361f;--good:#2f6b46}
@media (prefers-color-scheme:dark){:root{--paper:#171c21;--card:#1f262d;--ink:#e9e6df;--soft:#a5afb8;--line:#343d46;--sun:#ecb84a;--gold:#ecc269;--bad:#f3a08c;--good:#93cfa6}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 ui-sans-serif,system-ui,-apple-system,"Segoe UI",sans-serif}
header,main,footer{max-width:62rem;margin:auto;padding:0 1.25rem}
header{display:flex;justify-content:space-between;align-items:baseline;gap:1rem;padding-top:1.5rem;color:var(--soft);font-size:.9rem}
header b{color:var(--ink);letter-spacing:.02em}
header b::before{content:"";display:inline-block;width:.7em;height:.7em;border-radius:50%;background:var(--sun);margin-right:.5em}
h1{font:500 clamp(1.55rem,1.1rem + 2vw,2.3rem)/1.25 "Iowan Old Style","Palatino Linotype",Palatino,Charter,Georgia,serif;max-width:27em;margin:1.5rem 0 2rem;padding-left:1rem;border-left:4px solid var(--good);text-wrap:balance;overflow-wrap:anywhere}
h1.limping{border-color:var(--sun)}h1.down{border-color:var(--bad)}
h2{font-size:1rem;font-weight:650;margin:0 0 .75rem}
section{margin:0 0 2.5rem}
p{margin:.25rem 0}
a{color:inherit;text-underline-offset:.2em}
a:focus-visible{outline:2px solid var(--sun);outline-offset:3px;border-radius:2px}
.soft,small{color:var(--soft)}small{font-size:.875rem;display:block}
.bad{color:var(--bad)}.good{color:var(--good)}
.todo{list-style:none;margin:0;padding:0;display:grid;gap:.75rem}
.todo li{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1rem 1.15rem}
.todo p:last-child{margin-top:.6rem}.todo em{font-style:normal;font-weight:650;color:var(--gold)}
.clock{display:grid;grid-template-columns:minmax(0,27rem) minmax(0,1fr);gap:2rem;align-items:start}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.35rem 1.25rem;margin:0}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
svg{display:block;width:100%;height:auto}
.noonmark{background:var(--card);border:1px solid var(--line);border-radius:14px}
.noonmark text{font-size:11px;fill:var(--ink)}.noonmark .soft,.scale text,.ends text{fill:var(--soft)}
.scale text{font-size:9px;text-anchor:middle}.ends text{font-size:10px}.right,.ends .right{text-anchor:end}.middle{text-anchor:middle}
.sky,.floor,.clockline,.hands,.sunline{fill:none}
.sky{stroke:var(--line);stroke-width:1.5;stroke-dasharray:1 5;stroke-linecap:round}
.floor{stroke:var(--soft)}.sunline{stroke:var(--sun);stroke-width:2}.sun{fill:var(--sun)}
.glow{fill:var(--sun);opacity:.2}.light{fill:var(--sun);opacity:.22}.faint{opacity:.1}
.unknown{fill:none;stroke:var(--soft);stroke-width:1.5;stroke-dasharray:3 4}
.clockline,.hands{stroke:var(--ink);stroke-width:1.5;stroke-linecap:round}.foot{fill:var(--ink)}
.face{fill:var(--paper);stroke:var(--ink);stroke-width:1.5}.stray{fill:var(--paper);stroke:var(--bad);stroke-width:1.5}
table{width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{text-align:left;vertical-align:top;padding:.5rem 1rem .5rem 0;border-top:1px solid var(--line);overflow-wrap:anywhere}
thead th{border:0;overflow-wrap:normal;color:var(--soft);font-weight:400;font-size:.875rem;padding-bottom:.25rem}
tbody th{font-weight:500;min-width:14rem}td.t{overflow-wrap:break-word}.noonmark{max-width:32rem}td.n{white-space:nowrap}
.life{max-width:27rem;margin:.75rem 0 .25rem}.life .span{fill:var(--line)}.life .past{fill:var(--sun)}.life .now{fill:var(--ink)}.life .due{fill:var(--good)}.life .hollow{fill:none;stroke:var(--soft);stroke-dasharray:3 4}
.certificates{display:grid;gap:1.75rem}h3{font-size:1rem;font-weight:500;margin:0;overflow-wrap:anywhere}article p{font-variant-numeric:tabular-nums}article dl{margin-top:.6rem;grid-template-columns:7rem 1fr}
@media (min-width:30rem){code{white-space:nowrap}}
footer{padding-top:1rem;padding-bottom:2.5rem;color:var(--soft);font-size:.875rem;display:flex;flex-wrap:wrap;gap:.25rem 1.5rem}
@media (max-width:60rem){
.clock{grid-template-columns:1fr;gap:1.25rem}
thead{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}
table,tbody,tr,th,td{display:block}
tr{border-top:1px solid var(--line);padding:.6rem 0}tbody th,td.n,td.t{border:0;min-width:0;padding:.1rem 0;white-space:normal}
td{display:grid;grid-template-columns:7.5rem 1fr}td.none{display:none}td::before{content:attr(data-is);color:var(--soft)}
}
@media print{.noonmark,.todo li{background:none}}
`;

/** For style-src: this text, between its tags, and nothing else (CSP Level 3 section 6.7.3). */
export const STYLE_HASH = `sha256-${createHash('sha256').update(STYLE).digest('base64')}`;
