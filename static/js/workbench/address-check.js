// Says so when the address bar and PUBLIC_URL differ: only the browser knows what the reader sees.
export function start(root) {
  if (location.origin === root.dataset.publicUrl) return;
  root.querySelector('[data-part="here"]').textContent = location.origin;
  root.hidden = false;
}
