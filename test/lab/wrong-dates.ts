// The wrong dates of stories 4 and 5, as faketime reads them; the servers of other makers are put through the same ones.

/** What, and the time. */
export const WRONG_DATES: readonly (readonly [string, string])[] = [
  ['in 2045', '@2045-01-01 00:00:00'],
  ['in 2050, beyond the ceiling', '@2050-01-01 00:00:00'],
  ['3 hours behind', '-3h'],
  ['3 hours ahead', '+3h'],
  ['3 days behind', '-3d'],
  ['3 days ahead', '+3d'],
  ['100 days behind', '-100d'],
  ['100 days ahead', '+100d'],
  ['right', '+0'],
];

/** Steps while serving, each from wherever the one before led. */
export const STEPS: readonly (readonly [string, string])[] = [
  ['3 hours forwards', '+3h'],
  ['3 hours backwards', '-3h'],
  ['20 years forwards', '@2045-01-01 00:00:00'],
  ['back to 1970', '@1970-01-01 00:00:05'],
  ['to the truth', '+0'],
];

/** Of story 5 with the steps' figures. */
export const RESTARTED_TITLE = 'steps while serving, the upstream restarted after each';
