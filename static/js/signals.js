// Signals that end a call. Browsers before Safari 17.4, Chrome 116 and Firefox 124 cannot join them by themselves.

/** Returns a signal that is aborted after some milliseconds. */
export function after(milliseconds) {
  if (AbortSignal.timeout) return AbortSignal.timeout(milliseconds);
  const controller = new AbortController();
  setTimeout(() => controller.abort(new DOMException("too slow", "TimeoutError")), milliseconds);
  return controller.signal;
}

/** Returns a signal that is aborted together with the first of these. */
export function firstOf(...signals) {
  if (AbortSignal.any) return AbortSignal.any(signals);
  const controller = new AbortController();
  for (const signal of signals) {
    if (signal.aborted) controller.abort(signal.reason);
    signal.addEventListener("abort", () => controller.abort(signal.reason), { once: true });
  }
  return controller.signal;
}
