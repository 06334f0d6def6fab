// Whether the long runs are on: `npm run test:full`, and the lab.

export const isFull = process.env.NOONMARK_FULL === '1';
