// The first script of the implicit callback: takes the fragment, which holds the token, out of the address
// bar and the history before anything else runs (RFC 9700 section 4.3.2), and hands it out exactly once.
(() => {
  let fragment = location.hash;
  const wipe = () => history.replaceState(null, "", location.pathname);
  wipe();
  // A fragment pasted into the open page is not an answer to anything: it goes too.
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
