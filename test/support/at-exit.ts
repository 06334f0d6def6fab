// What must happen when a test process goes, however it goes: vitest ends its workers by SIGTERM,
// which would skip the 'exit' event.

const actions: (() => void)[] = [];
process.once('exit', () => {
  for (const action of actions) action();
});
process.once('SIGTERM', () => process.exit());

/** Runs `action`, which must be synchronous, at the end of this process. */
export function atExit(action: () => void): void {
  actions.push(action);
}
