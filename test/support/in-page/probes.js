// @ts-check
// Run inside a page (page-audit.ts puts it there before the page's own scripts): looks at the page as a browser has laid it
// out, and says in words what is wrong with it.

/** Kept by element: attributes of ours would not outlive the page's own changes. */
let usable = /** @type {HTMLElement[]} */ ([]);

const probes = {
  /** What is wrong with the structure. */
  structure() {
    /** @type {string[]} */
    const findings = [];
    const need = (/** @type {boolean} */ isRight, /** @type {string} */ what) => {
      if (!isRight) findings.push(what);
    };
    need(document.documentElement.lang === 'en', 'no lang');
    need(document.title !== '', 'no title');
    for (const selector of ['h1', 'main', 'header nav[aria-label]', 'body > footer', 'body > header']) {
      const found = document.querySelectorAll(selector).length;
      need(found === 1, `${found} of ${selector}`);
    }
    for (const inline of document.querySelectorAll('[style], style, script:not([src])'))
      need(inline.localName === 'script' && inline.hasAttribute('type'), `inline: ${briefly(inline)}`);
    for (const section of document.querySelectorAll('main > section')) {
      const titles = section.querySelectorAll('h2');
      need(titles.length === 1, `section ${section.id} has ${titles.length} h2`);
      need(section.getAttribute('aria-labelledby') === titles[0]?.id, `section ${section.id} has no name`);
    }
    for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll('a[href]')))
      need(['http:', 'https:'].includes(link.protocol), `a link to something else: ${briefly(link)}`);
    return findings;
  },

  /** By how much the page can be scrolled sideways, and what reaches out. */
  overflow() {
    const { scrollWidth, clientWidth } = /** @type {Element} */ (document.scrollingElement);
    if (scrollWidth <= clientWidth) return [];
    const out = [...document.querySelectorAll('body *')]
      .filter((element) => element.getBoundingClientRect().right > clientWidth + 1)
      .slice(0, 5);
    return [`${scrollWidth - clientWidth} px too wide`, ...out.map(briefly)];
  },

  /** Begins at the top of the page; what can be used by keyboard, in order. */
  beginWalk() {
    const all = /** @type {NodeListOf<HTMLElement>} */ (
      document.querySelectorAll(
        'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]:not([tabindex="-1"])',
      )
    );
    usable = [...all].filter((element) => element.checkVisibility() && !element.matches(':disabled'));
    /** @type {HTMLElement | null} */ (document.activeElement)?.blur();
    scrollTo(0, 0);
    return usable.map(briefly);
  },

  /** Where the keyboard is now; null: nowhere on the page. */
  here() {
    const element = /** @type {HTMLElement | null} */ (document.activeElement);
    if (element === null || element === document.body) return null;
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    const { top, bottom, width } = element.getBoundingClientRect();
    return {
      stop: usable.indexOf(element),
      isOutlined: outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2,
      isInView: width > 0 && bottom > 0 && top < innerHeight,
      what: briefly(element),
    };
  },

  async axe() {
    const { axe } = /** @type {any} */ (globalThis);
    const { violations } = await axe.run(document, { resultTypes: ['violations'] });
    return violations.flatMap((/** @type {any} */ { id, help, nodes }) =>
      nodes.map((/** @type {any} */ { target, failureSummary }) =>
        `${id} (${help}) at ${target.join(' ')}: ${failureSummary}`.replace(/\s+/g, ' '),
      ),
    );
  },
};

/** @param {Element} element */
function briefly(element) {
  return element.outerHTML.slice(0, 120);
}

/** @type {any} */ (globalThis).noonmarkProbes = probes;
