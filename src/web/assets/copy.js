// @ts-check
// A button over each block that is to be copied. Only where the browser lets a page write to the clipboard, which is on
// secure pages and on this machine (Clipboard API and events, W3C): elsewhere nothing is added.

/** How long it says so (milliseconds). */
const SAID_MS = 3000;

/** @param {HTMLElement} block */
function addButton(block) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'plain';
  button.textContent = 'Copy';
  const label = block.parentElement?.querySelector('figcaption')?.textContent ?? '';
  button.setAttribute('aria-label', `Copy: ${label}`);
  const said = document.createElement('span');
  said.setAttribute('role', 'status');
  let timer = 0;
  button.addEventListener('click', async () => {
    // Without the last line's end, at which a terminal would go ahead.
    const text = block.dataset.copy ?? (block.textContent ?? '').trimEnd();
    const word = await navigator.clipboard.writeText(text).then(
      () => 'Copied',
      () => 'The browser does not let it be copied; mark it by hand',
    );
    clearTimeout(timer);
    said.textContent = word;
    timer = setTimeout(() => said.replaceChildren(), SAID_MS);
  });
  const row = document.createElement('div');
  row.className = 'copying';
  row.append(said, button);
  block.before(row);
}

if (navigator.clipboard !== undefined)
  for (const block of document.querySelectorAll('pre.copy')) addButton(/** @type {HTMLElement} */ (block));
