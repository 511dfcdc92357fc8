// The first script of the implicit callback. The fragment holds the token. This script removes it from the address
// bar and the history before anything else runs (RFC 9700 section 4.3.2), and gives it out exactly once.
(() => {
  let fragment = location.hash;
  const wipe = () => history.replaceState(null, "", location.pathname);
  wipe();
  // A fragment that is pasted into the open page is no response, so it is removed too.
  addEventListener("hashchange", () => location.hash && wipe());
  Object.defineProperty(window, "takeFragment", {
    configurable: true,
    value() {
      delete window.takeFragment;
      const taken = fragment;
      fragment = "";
      return taken;
    },
  });
})();
