// @ts-check
// A crosshair for charts: says under the pointer what the chart said to the server, which has put every text into it
// (data-texts0, data-texts1 …). Without it the charts say the same, less exactly; who cannot point has the tables.

const SVG = 'http://www.w3.org/2000/svg';

/** @param {SVGSVGElement} chart @param {number} share where, from 0 to 1 */
function show(chart, share) {
  const { from, step, texts0 } = chart.dataset;
  if (from === undefined || step === undefined || texts0 === undefined) return hide(chart);
  const steps = texts0.split('|').length;
  const at = Math.min(steps - 1, Math.max(0, Math.floor(share * steps)));
  const date = new Date(Number(from) + at * Number(step)).toISOString();
  const said = [];
  let isKnown = false;
  for (let line = 0; chart.dataset[`texts${line}`] !== undefined; line += 1) {
    const text = /** @type {string} */ (chart.dataset[`texts${line}`]).split('|')[at] ?? '';
    isKnown ||= text !== '';
    said.push(`${chart.dataset[`name${line}`]} ${text || 'not known'}`);
  }
  const readout = chart.closest('figure')?.querySelector('output');
  if (readout)
    readout.textContent = `${date.slice(5, 16).replace('T', ' ')} · ${isKnown ? said.join(' · ') : 'nothing is known'}`;
  const x = `${((at + 0.5) / steps) * 100}%`;
  const hair = chart.querySelector('.hair') ?? chart.appendChild(document.createElementNS(SVG, 'line'));
  for (const [name, value] of Object.entries({ class: 'hair', x1: x, x2: x, y1: '16', y2: '116' }))
    hair.setAttribute(name, value);
}

/** @param {SVGSVGElement} chart */
function hide(chart) {
  chart.querySelector('.hair')?.remove();
  const readout = chart.closest('figure')?.querySelector('output');
  if (readout) readout.textContent = '';
}

/** @param {Event} event @returns {SVGSVGElement | null} */
function chartOf(event) {
  const { target } = event;
  return target instanceof Element ? target.closest('svg.chart') : null;
}

/** @type {SVGSVGElement | null} */
let shown = null;

document.addEventListener('pointermove', (event) => {
  const chart = chartOf(event);
  if (shown !== null && shown !== chart) hide(shown);
  shown = chart;
  if (chart === null) return;
  const { left, width } = chart.getBoundingClientRect();
  if (width > 0) show(chart, (event.clientX - left) / width);
});
document.addEventListener('pointerleave', () => shown && hide(shown));
