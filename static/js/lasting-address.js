// The address of this error page holds a code or a link that works once. Another address shows the same page, with the
// same reference, so that it survives a reload and the code does not stay in the address bar.
export function start(page) {
  history.replaceState(null, "", page.dataset.address);
}
