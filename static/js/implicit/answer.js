// Checks the response in the fragment (RFC 6749 sections 4.2.2 and 4.2.2.1).
import { take } from "./attempts.js";

const MAX_LENGTH = 16384;
const DECIDING = new Set(["state", "access_token", "token_type", "error"]);
const KNOWN = new Set([...DECIDING, "expires_in", "scope", "error_description", "error_uri"]);
const CONTROL = /[\u0000-\u001f\u007f]/;
const TOKEN = /^[\x21-\x7e]{1,8192}$/;

/** The reason why a response is not accepted. `kind` names a text in texts.js. */
export class Refused extends Error {
  constructor(kind, detail = "") {
    super(kind);
    this.kind = kind;
    this.detail = detail;
  }
}

function decode(text) {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw new Refused("malformed");
  }
}

/** Reads the known parameters of a fragment into a Map. Throws Refused for repeated names and invalid form encoding. */
export function parse(fragment) {
  const text = fragment.replace(/^#/, "");
  if (text === "") throw new Refused("no-fragment");
  if (text.length > MAX_LENGTH) throw new Refused("too-long", String(text.length));
  const answer = new Map();
  for (const piece of text.split("&")) {
    const [name, ...rest] = piece.split("=");
    // Parameters that are not known decide nothing (RFC 6749 section 4.2.2), except that they explain what is missing.
    if (!KNOWN.has(name)) {
      if (/^amp(;|%3b)/i.test(name)) answer.wasEscaped = true;
      else if (KNOWN.has(name.toLowerCase())) answer.wasRenamed = true;
      continue;
    }
    const value = decode(rest.join("="));
    if (DECIDING.has(name) && CONTROL.test(value)) throw new Refused("malformed");
    if (answer.has(name)) throw new Refused("repeated");
    answer.set(name, value);
  }
  return answer;
}

function checkState(answer) {
  if (!answer.get("state") && answer.wasEscaped) throw new Refused("escaped");
  if (!answer.get("state") && answer.wasRenamed) throw new Refused("renamed");
  if (!answer.get("state")) throw new Refused("no-state");
  const stateCheck = take(answer.get("state"));
  if (stateCheck !== "known") throw new Refused(`${stateCheck}-state`);
}

/** Returns the access token of a response to an attempt of this browser, otherwise throws Refused. */
export function accessToken(fragment) {
  const answer = parse(fragment);
  checkState(answer);
  if (answer.has("error")) throw new Refused("error", answer.get("error"));
  const token = answer.get("access_token") ?? "";
  if (!TOKEN.test(token)) throw new Refused("no-token");
  // Vinli's clients read only access_token, so a missing token_type counts as Bearer.
  const tokenType = (answer.get("token_type") ?? "").trim() || "Bearer";
  if (tokenType.toLowerCase() !== "bearer") throw new Refused("token-type", tokenType);
  return token;
}
