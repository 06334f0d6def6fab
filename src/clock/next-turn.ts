// A pause in long work, so that queries which have come meanwhile are answered first. It waits for no time to pass, only
// for the event loop to come round.

export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
