// Calls Vinli directly from the browser. The token is sent only in the Authorization header.
import { after, firstOf } from "../signals.js";

const TIMEOUT_MS = 10_000;
const PAGE_SIZE = 100;
const MAX_PAGES = 50;
const JSON_TYPE = /^application\/(.+\+)?json\b/i;

/** A failed call. Its kind is cors, unreachable, slow, status, unauthorized, invalid-response or forgotten. */
export class CallFailed extends Error {
  constructor(kind, url, status = 0) {
    super(kind);
    this.kind = kind;
    this.origin = url.origin;
    this.status = status;
  }
}

const private_ = { credentials: "omit", referrerPolicy: "no-referrer", cache: "no-store" };

// A page cannot see why a call was blocked. A call without the token and without reading the response succeeds
// if the host responds at all. If it succeeds, the cause is missing CORS headers.
async function whyBlocked(url, signal) {
  try {
    await fetch(url, { ...private_, mode: "no-cors", signal });
    return "cors";
  } catch {
    return "unreachable";
  }
}

// Some APIs say with 403 that a token has expired (RFC 6750 section 3.1).
function isInvalidToken(response) {
  const challenge = response.headers.get("WWW-Authenticate") ?? "";
  return response.status === 403 && /\bbearer\b.*\berror\s*=\s*"?invalid_token\b/i.test(challenge);
}

async function send(url, token, signal) {
  const headers = { Accept: "application/json", Authorization: `Bearer ${token}` };
  const response = await fetch(url, { ...private_, headers, redirect: "error", signal });
  if (response.status === 401 || isInvalidToken(response)) throw new CallFailed("unauthorized", url);
  if (!response.ok) throw new CallFailed("status", url, response.status);
  if (!JSON_TYPE.test(response.headers.get("Content-Type") ?? "")) throw new SyntaxError("not JSON");
  return response.json();
}

async function getJson(url, token, forgotten) {
  const slow = after(TIMEOUT_MS);
  const signal = firstOf(slow, forgotten);
  try {
    return await send(url, token, signal);
  } catch (error) {
    if (error instanceof CallFailed) throw error;
    if (forgotten.aborted) throw new CallFailed("forgotten", url);
    if (slow.aborted) throw new CallFailed("slow", url);
    if (error instanceof SyntaxError) throw new CallFailed("invalid-response", url);
    throw new CallFailed(await whyBlocked(url, signal), url);
  }
}

/** Returns the user of the token, as {name, email}. */
export async function currentUser(userUrl, token, forgotten) {
  const url = new URL(userUrl);
  const user = (await getJson(url, token, forgotten))?.user;
  if (typeof user?.id !== "string") throw new CallFailed("invalid-response", url);
  const names = [user.firstName, user.lastName].filter((name) => typeof name === "string" && name !== "");
  return { name: names.join(" "), email: typeof user.email === "string" ? user.email : "" };
}

// One odd record is one row. Records without an ID are told apart by their place.
function deviceOf(device, place) {
  const { id, name } = device ?? {};
  const isKnown = typeof id === "string" && id !== "";
  return {
    key: isKnown ? id : `place ${place}`,
    id: isKnown ? id : "No usable ID",
    name: typeof name === "string" && name !== "" ? name : "Unnamed device",
  };
}

function pageOf(answer, url, offset) {
  const { total, limit } = answer?.meta?.pagination ?? {};
  const counts = Number.isSafeInteger(total) && total >= 0 && Number.isSafeInteger(limit) && limit > 0;
  if (!counts || !Array.isArray(answer?.devices)) throw new CallFailed("invalid-response", url);
  return { devices: answer.devices.map((device, index) => deviceOf(device, offset + index)), total, limit };
}

/** Yields {devices: [{id, name}], total} page by page. The stride is the limit in the response. */
export async function* devicePages(devicesUrl, token, forgotten) {
  let offset = 0;
  for (let count = 0; count < MAX_PAGES; count += 1) {
    const url = new URL(devicesUrl);
    url.searchParams.set("limit", PAGE_SIZE);
    url.searchParams.set("offset", offset);
    const page = pageOf(await getJson(url, token, forgotten), url, offset);
    yield page;
    offset += page.limit;
    if (offset >= page.total || page.devices.length === 0) return;
  }
}
