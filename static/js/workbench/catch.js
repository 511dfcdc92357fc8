// The catch page: shows the fragment. Only the state and known parameter names are sent to our server.
import { jwtParts, shortened, visible } from "./shown-values.js";

const SECRETS = new Set(["access_token", "refresh_token", "id_token", "code", "client_secret", "code_verifier"]);
const MOST = 60;
// Our states are shorter than this, and the server accepts no large forms.
const LONGEST_STATE = 2048;

function meaningsOf(list) {
  const meanings = new Map();
  for (const term of list.querySelectorAll("dt")) meanings.set(term.textContent, term.nextElementSibling.textContent);
  return meanings;
}

function details(name, parts) {
  const box = document.createElement("details");
  box.className = "jwt";
  const summary = document.createElement("summary");
  summary.textContent = `${name} is a JSON Web Token: what it says`;
  const note = document.createElement("p");
  note.className = "quiet";
  note.textContent = "Decoded, not verified.";
  box.append(summary, note);
  for (const [number, part] of parts.entries()) {
    const text = document.createElement("pre");
    text.className = "wire";
    text.tabIndex = 0;
    text.setAttribute("aria-label", `${number === 0 ? "Header" : "Claims"} of ${name}`);
    text.textContent = part;
    box.append(text);
  }
  return box;
}

function row(template, name, value, meaning, isWrong) {
  const made = template.content.firstElementChild.cloneNode(true);
  made.classList.toggle("parameter--wrong", isWrong);
  const [nameCell, valueCell] = made.querySelectorAll("bdi");
  nameCell.textContent = visible(name, 80);
  valueCell.textContent = SECRETS.has(name) ? shortened(value) : visible(value);
  made.querySelector("p").textContent = meaning;
  const parts = SECRETS.has(name) ? jwtParts(value) : null;
  if (parts) made.querySelector("dd").append(details(name, parts));
  return made;
}

// If a token comes without a name, it looks like a name itself. So unknown names are not sent.
async function judge(root, pairs, meanings, place) {
  const states = pairs.filter(([name]) => name === "state").map(([, value]) => value);
  if (states.length > 1) {
    show(place, "warning", "Two states came back", "The parameter comes more than once: clients refuse that.");
    return;
  }
  const body = new URLSearchParams({ state: (states[0] ?? "").slice(0, LONGEST_STATE) });
  for (const [name] of pairs.slice(0, MOST)) if (meanings.has(name)) body.append("names", name);
  try {
    const answer = await fetch(root.dataset.checkUrl, {
      method: "POST",
      headers: { "X-CSRF-Token": root.dataset.csrfToken, Accept: "application/json" },
      body,
    });
    if (!answer.ok) throw new Error("refused");
    const { good, title, words, seconds } = await answer.json();
    const after = `It came ${seconds} second${seconds === 1 ? "" : "s"} after the request was made.`;
    show(place, good ? "info" : "warning", title, seconds === null ? words : `${words} ${after}`);
  } catch {
    show(place, "warning", "The state could not be judged", "This server did not answer. What came is shown all the same.");
  }
}

function show(place, kind, title, words) {
  const box = document.createElement("div");
  box.className = `notice notice--${kind}`;
  const head = document.createElement("p");
  head.className = "notice__title";
  head.textContent = title;
  const text = document.createElement("p");
  text.textContent = words;
  box.append(head, text);
  place.replaceChildren(box);
}

export function start(root) {
  const fragment = (window.takeFragment?.() ?? "").replace(/^#/, "");
  if (fragment === "") return;
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const pairs = [...new URLSearchParams(fragment)];
  const meanings = meaningsOf(part("meanings"));
  const counts = new Map();
  for (const [name] of pairs) counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const [name, value] of pairs.slice(0, MOST)) {
    const isRepeated = counts.get(name) > 1;
    const meaning = isRepeated
      ? "It comes more than once, which is not allowed (RFC 6749 section 3.1)."
      : name === "access_token"
        ? "The access token (RFC 6749 section 4.2.2). It stays in this page."
        : (meanings.get(name) ?? meanings.get("*"));
    part("rows").append(row(part("row"), name, value, meaning, isRepeated));
  }
  part("fragment").hidden = false;
  document.querySelector('[data-part="nothing"]')?.remove();
  judge(root, pairs, meanings, part("state-check"));
}
