// @ts-check
// Says of every date on the page what the reader's own clock and calendar make of it, where the pointer rests. What the
// page says itself stays UTC, the same for everybody and as in the logs.

const words = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' });

function tell() {
  for (const time of /** @type {NodeListOf<HTMLTimeElement>} */ (
    document.querySelectorAll('time[datetime]:not([title])')
  )) {
    const date = new Date(time.dateTime);
    if (!Number.isNaN(date.getTime())) time.title = words.format(date);
  }
}

// What is rendered anew (live.js) comes without.
new MutationObserver(tell).observe(document.body, {
  ...{ subtree: true, childList: true },
  attributeFilter: ['title', 'datetime'],
});
tell();
