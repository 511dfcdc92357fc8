// Checks the response in the fragment (RFC 6749 sections 4.2.2 and 4.2.2.1).
import { take } from "./attempts.js";

const MAX_LENGTH = 16384;
const NAME = /^[A-Za-z0-9_.-]{1,64}$/;
const CONTROL = /[\u0000-\u001f\u007f]/;
const TOKEN = /^[\x21-\x7e]{1,8192}$/;
const REFUSED_NAMES = new Set(["__proto__", "constructor", "prototype"]);

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

/** Reads a fragment into a Map. Throws Refused for repeated names and invalid form encoding. */
export function parse(fragment) {
  const text = fragment.replace(/^#/, "");
  if (text === "") throw new Refused("no-fragment");
  if (text.length > MAX_LENGTH) throw new Refused("malformed");
  const answer = new Map();
  for (const piece of text.split("&")) {
    const [name, ...rest] = piece.split("=");
    const value = decode(rest.join("="));
    if (!NAME.test(name) || REFUSED_NAMES.has(name) || CONTROL.test(value)) throw new Refused("malformed");
    if (answer.has(name)) throw new Refused("repeated");
    answer.set(name, value);
  }
  return answer;
}

function checkState(answer) {
  if (!answer.get("state")) throw new Refused("no-state");
  const verdict = take(answer.get("state"));
  if (verdict !== "known") throw new Refused(`${verdict}-state`);
}

/** Returns the access token of a response to an attempt of this browser, otherwise throws Refused. */
export function accessToken(fragment) {
  const answer = parse(fragment);
  checkState(answer);
  if (answer.has("error")) throw new Refused("error", answer.get("error"));
  const token = answer.get("access_token") ?? "";
  if (!TOKEN.test(token)) throw new Refused("no-token");
  // Vinli's clients read only access_token, so a missing token_type counts as Bearer.
  const tokenType = answer.get("token_type") ?? "Bearer";
  if (tokenType.toLowerCase() !== "bearer") throw new Refused("token-type", tokenType);
  return token;
}
