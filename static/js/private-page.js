// Browsers keep whole pages for the back button; Chromium keeps even pages marked no-store. They could show a page
// after the user has signed out. So a page with personal data is hidden when it is left, and reloaded when it returns.
export function start(body) {
  addEventListener("pagehide", ({ persisted }) => {
    body.hidden = persisted;
  });
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) location.reload();
  });
}
