// The attempts of the implicit flow that this tab has started: {state: started_at in ms} in sessionStorage.
// The prefix keeps these states apart from those of the authorization-code flow (RFC 9700 section 4.4.2.2).
const KEY = "implicit-attempts";
const PREFIX = "implicit-";
const KEPT = 10;
const VALID_MS = 10 * 60 * 1000;

function read() {
  try {
    const entries = Object.entries(JSON.parse(sessionStorage.getItem(KEY) ?? "{}"));
    return new Map(entries.filter(([, startedAt]) => typeof startedAt === "number"));
  } catch {
    return new Map();
  }
}

function write(attempts) {
  const newest = [...attempts].sort(([, a], [, b]) => b - a).slice(0, KEPT);
  sessionStorage.setItem(KEY, JSON.stringify(Object.fromEntries(newest)));
}

function freshState() {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return PREFIX + Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Starts an attempt and returns its state. */
export function remember(now = Date.now()) {
  const state = freshState();
  write(read().set(state, now));
  return state;
}

/** Removes an attempt and returns "known", "expired" or "unknown". The same state is known only once. */
export function take(state, now = Date.now()) {
  const attempts = read();
  const startedAt = attempts.get(state);
  if (startedAt === undefined || !state.startsWith(PREFIX)) return "unknown";
  attempts.delete(state);
  write(attempts);
  const age = now - startedAt;
  return age >= 0 && age <= VALID_MS ? "known" : "expired";
}
