// Browsers keep whole pages for the back button, Chromium those marked no-store too, and would show them after
// somebody has left. A page that shows personal data is put away blank and asked for anew when it comes back.
export function start(body) {
  addEventListener("pagehide", ({ persisted }) => {
    body.hidden = persisted;
  });
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) location.reload();
  });
}
