// Starts each behaviour on the elements that ask for it by data-module.
const modules = {
  "local-time": () => import("./local-time.js"),
  "implicit-start": () => import("./implicit-start.js"),
  "private-page": () => import("./private-page.js"),
  "copy-text": () => import("./copy-text.js"),
  "tire-photo": () => import("./tire-photo.js"),
  implicit: () => import("./implicit.js"),
  catch: () => import("./catch.js"),
  "address-check": () => import("./address-check.js"),
  "send-on": () => import("./send-on.js"),
  countdown: () => import("./countdown.js"),
};

for (const [name, load] of Object.entries(modules)) {
  const roots = document.querySelectorAll(`[data-module="${name}"]`);
  if (roots.length === 0) continue;
  load().then(({ start }) => roots.forEach((root) => start(root)));
}
