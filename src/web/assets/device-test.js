// @ts-check
// "Test from this device": asks this browser to look up a fresh name, and the server for some seconds whether that
// has arrived; shows the server's own sentence. Each further try has a new name.

/** @typedef {{seen: boolean, tone: string, sentence: string}} Verdict */

/** How often the server is asked, and the pause in between (milliseconds): some 5 s in all. */
const ASKED_MAX = 20;
const PAUSE_MS = 250;
/** A browser that takes hints has looked up before the server was asked so often. */
const ASKED_WITH_HINTS = 6;

const test = /** @type {HTMLElement} */ (document.getElementById('test'));
const shown = /** @type {HTMLElement} */ (document.getElementById('test-verdict'));
const form = /** @type {HTMLFormElement} */ (test.querySelector('form'));
const button = /** @type {HTMLButtonElement} */ (form.querySelector('button'));
const api = /** @type {string} */ (test.dataset.api);

/** @param {string} name */
function hintAt(name) {
  for (const rel of ['dns-prefetch', 'preconnect']) {
    const hint = document.createElement('link');
    hint.rel = rel;
    hint.href = `//${name}`;
    document.head.append(hint);
  }
}

/** @param {string} name There is nothing at it: the image fails, and its name has been looked up. */
function lookAt(name) {
  new Image().src = `//${name}/`;
}

/** @param {{nonce: string, name: string}} fresh */
async function tryOnce({ nonce, name }) {
  button.disabled = true;
  say('', 'Looking …');
  hintAt(name);
  try {
    const verdict = await arrival(nonce, name);
    say(verdict.tone, verdict.sentence);
  } catch {
    say('bad', 'The server does not answer; load this page anew.');
  }
  button.disabled = false;
  button.textContent = 'Test again';
}

/**
 * @param {string} nonce
 * @param {string} name
 * @returns {Promise<Verdict>}
 */
async function arrival(nonce, name) {
  for (let asked = 1; ; asked += 1) {
    const verdict = /** @type {Verdict} */ (await ask(`?nonce=${encodeURIComponent(nonce)}`));
    if (verdict.seen || asked === ASKED_MAX) return verdict;
    if (asked === ASKED_WITH_HINTS) lookAt(name);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** @param {string} query */
async function ask(query) {
  const response = await fetch(api + query);
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
}

/**
 * @param {string} tone
 * @param {string} sentence words between backticks are what a person types
 */
function say(tone, sentence) {
  shown.className = `notice ${tone === 'plain' ? '' : tone}`;
  shown.replaceChildren(
    ...sentence.split('`').map((part, at) => {
      if (at % 2 === 0) return part;
      const code = document.createElement('code');
      code.textContent = part;
      return code;
    }),
  );
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  try {
    await tryOnce(await ask(''));
  } catch {
    say('bad', 'The server does not answer; load this page anew.');
  }
});

const { nonce = '', name = '' } = test.dataset;
void tryOnce({ nonce, name });
