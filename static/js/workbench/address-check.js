// Warns if the address bar and PUBLIC_URL differ. Only the browser knows the address that the reader uses.
export function start(root) {
  if (location.origin === root.dataset.publicUrl) return;
  root.querySelector('[data-part="here"]').textContent = location.origin;
  root.hidden = false;
}
