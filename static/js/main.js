// Starts each module on the elements that name it in data-module.
const modules = {
  "local-time": () => import("./local-time.js"),
  "implicit-start": () => import("./implicit/start.js"),
  "lasting-address": () => import("./lasting-address.js"),
  vin: () => import("./vin.js"),
  "private-page": () => import("./private-page.js"),
  "copy-text": () => import("./copy-text.js"),
  "tire-photo": () => import("./partners/tire-photo.js"),
  implicit: () => import("./implicit/page.js"),
  catch: () => import("./workbench/catch.js"),
  "address-check": () => import("./workbench/address-check.js"),
  "send-on": () => import("./workbench/send-on.js"),
  countdown: () => import("./workbench/countdown.js"),
};

for (const [name, load] of Object.entries(modules)) {
  const roots = document.querySelectorAll(`[data-module="${name}"]`);
  if (roots.length === 0) continue;
  load().then(({ start }) => roots.forEach((root) => start(root)));
}
