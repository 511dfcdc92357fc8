// The implicit callback. The token exists only in the closure of start(), until it is forgotten.
import { Refused, accessToken } from "./answer.js";
import { acceptedTexts, failureText, forgottenTexts, refusalTexts, unauthorizedTexts } from "./texts.js";
import { CallFailed, currentUser, devicePages } from "./vinli.js";
import { View } from "./view.js";

async function showUser(view, url, token, forgotten) {
  const { name, email } = await currentUser(url, token, forgotten);
  view.say("user", [name, email].filter(Boolean).join(", ") || "A driver without a name");
}

async function showDevices(view, url, token, forgotten) {
  const seen = new Set();
  let total = 0;
  for await (const page of devicePages(url, token, forgotten)) {
    total = page.total;
    for (const { key, id, name } of page.devices) {
      if (!seen.has(key)) view.addDevice(id, name);
      seen.add(key);
    }
    const count = seen.size === total ? `${total} in all.` : `${seen.size} of ${total}. This list is not complete.`;
    view.say("devices", count);
  }
  if (total === 0) view.say("devices", "No device is shared with this application.");
}

function readAnswer(view) {
  try {
    return accessToken(window.takeFragment?.() ?? "");
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    view.announce("problem", ...refusalTexts(error));
    return "";
  }
}

export function start(root) {
  const view = new View(root);
  const forgetting = new AbortController();
  let token = readAnswer(view);
  if (token === "") return;

  const forget = (kind, texts) => {
    if (token === "") return;
    token = "";
    forgetting.abort();
    view.clear();
    view.announce(kind, ...texts);
  };
  const judge = (part, error) => {
    if (!(error instanceof CallFailed)) throw error;
    if (error.kind === "unauthorized") forget("warning", unauthorizedTexts);
    else if (error.kind !== "forgotten") view.fail(part, failureText(error, part === "devices" && view.hasDevices));
  };
  const show = (part, load, url) =>
    load(view, url, token, forgetting.signal).catch((error) => judge(part, error));

  view.onForget(() => forget("info", forgottenTexts));
  // A page in the back/forward cache would keep the token.
  addEventListener("pagehide", () => forget("info", forgottenTexts));
  view.announce("info", ...acceptedTexts);
  show("user", showUser, root.dataset.userUrl);
  show("devices", showDevices, root.dataset.devicesUrl);
}
