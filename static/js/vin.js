// Shows and hides a VIN in its place. The whole VIN comes from the device's page when the reader asks for it, so it is
// in no page before. Whatever goes wrong, the link still leads to that page.
import { start as startCopying } from "./copy-text.js";

export function start(masked) {
  const link = masked.querySelector(".vin__toggle");
  if (!link.search) return;
  link.addEventListener("click", async (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    masked.setAttribute("aria-busy", "true");
    const shown = await wholeVin(link.href, masked.dataset.device);
    masked.removeAttribute("aria-busy");
    if (shown) swap(masked, shown);
    else location.assign(link.href);
  });
}

async function wholeVin(address, device) {
  try {
    const answer = await fetch(address, { credentials: "same-origin" });
    if (!answer.ok || answer.redirected) return null;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return [...page.querySelectorAll(".vin")].find(
      (vin) => vin.dataset.device === device && vin.querySelector(".vin__copy"),
    );
  } catch {
    return null;
  }
}

function swap(masked, found) {
  const shown = document.importNode(found, true);
  masked.replaceWith(shown);
  startCopying(shown.querySelector(".vin__copy"));
  const hide = shown.querySelector(".vin__toggle");
  hide.focus();
  hide.addEventListener("click", (event) => {
    event.preventDefault();
    shown.replaceWith(masked);
    masked.querySelector(".vin__toggle").focus();
  });
}
