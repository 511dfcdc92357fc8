// Prepares text from outside for a page, as visible.py does on the server: marks invisible characters, shortens
// secrets, and limits the length.
const MOST = 2000;
const HEAD = 4;
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

const escape = (character) => {
  const number = character.codePointAt(0);
  return number < 0x100 ? `\\x${number.toString(16).padStart(2, "0")}` : `\\u${number.toString(16).padStart(4, "0")}`;
};

export function visible(text, most = MOST) {
  const shown = text.slice(0, most).replace(UNSEEN, escape);
  return text.length > most ? `${shown}… (${text.length} characters in all)` : shown;
}

export function shortened(secret) {
  if (secret.length < 4 * HEAD) return secret === "" ? "[empty]" : `[hidden, ${secret.length} characters]`;
  return `${visible(secret.slice(0, HEAD))}… (${secret.length} characters)`;
}

function json(piece) {
  const bytes = Uint8Array.from(atob(piece.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  if (value === null || typeof value !== "object" || Array.isArray(value)) throw new SyntaxError("not an object");
  return JSON.stringify(value, null, 2).split("\n").map((line) => visible(line)).join("\n");
}

// Returns the header and the claims of a JSON Web Token as text, null for anything else. Verifies nothing.
export function jwtParts(token) {
  const pieces = token.length <= 8192 ? token.split(".") : [];
  if (pieces.length !== 3) return null;
  try {
    return [json(pieces[0]), json(pieces[1])];
  } catch {
    return null;
  }
}
