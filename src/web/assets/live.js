// @ts-check
// Keeps a page up to date: the server renders what is live anew and sends it (server-sent events, HTML Living Standard
// 9.2), and it is morphed into place, so that focus, selection and what is folded open stay. Without a script the page
// loads itself anew.

/** @type {{morph(target: Element, html: string, options: object): void}} */
const { morph } = /** @type {any} */ (globalThis).Idiomorph;

const main = /** @type {HTMLElement} */ (document.getElementById('main'));
const pace = /** @type {HTMLElement} */ (document.getElementById('pace'));

/** What the reader has done to the page is the reader's. */
const callbacks = {
  beforeAttributeUpdated: (/** @type {string} */ name, /** @type {Element} */ element) =>
    !(name === 'open' && element.localName === 'details') && name !== 'value' && name !== 'checked',
};

const lost = document.createElement('p');
lost.className = 'notice bad gone';
lost.setAttribute('role', 'alert');
lost.textContent = 'The server does not answer. What is shown below is what it last said.';

/** @type {EventSource | null} */
let source = null;
let isHeld = false;

function follow() {
  if (source !== null || isHeld || document.hidden) return;
  source = new EventSource(/** @type {string} */ (main.dataset.live));
  source.addEventListener('part', (event) => {
    lost.remove();
    main.classList.remove('lost');
    const { id, html } = JSON.parse(event.data);
    const element = document.getElementById(id);
    if (element !== null)
      morph(element, html, { morphStyle: 'innerHTML', ignoreActiveValue: true, callbacks });
  });
  source.addEventListener('error', () => {
    // Refused, and not just unreachable: a sign-in does not outlive the server, nor its session.
    if (source?.readyState === EventSource.CLOSED) location.reload();
    main.classList.add('lost');
    main.before(lost);
    document.title = 'No answer · Noonmark';
  });
  // A sign-in that has ended, or another release: only a whole new page will do.
  source.addEventListener('reload', () => location.reload());
}

function leave() {
  source?.close();
  source = null;
}

// Nobody looks at a page in the background, and a browser keeps six connections to a server at most.
document.addEventListener('visibilitychange', () => (document.hidden ? leave() : follow()));
addEventListener('pagehide', leave);
addEventListener('pageshow', follow);

const hold = document.createElement('button');
hold.type = 'button';
hold.className = 'plain';
hold.textContent = 'Hold it still';
hold.setAttribute('aria-pressed', 'false');
hold.addEventListener('click', () => {
  isHeld = !isHeld;
  hold.setAttribute('aria-pressed', String(isHeld));
  hold.textContent = isHeld ? 'Held still; go on' : 'Hold it still';
  if (isHeld) leave();
  else follow();
});
pace.replaceWith(hold);
follow();
