// Says so if this browser lacks what the scripts of these pages need. Every browser can read this file: it is no
// module, and has no syntax that is newer than 2009.
(function () {
  var needed = {
    modules: "noModule" in document.createElement("script"),
    "Object.hasOwn": Object.hasOwn,
    "String.replaceAll": String.prototype.replaceAll,
    fetch: window.fetch,
    AbortController: window.AbortController,
    URLSearchParams: window.URLSearchParams,
    "crypto.getRandomValues": window.crypto && window.crypto.getRandomValues
  };
  var missing = [];
  for (var name in needed) if (!needed[name]) missing.push(name);
  if (missing.length === 0) return;
  document.addEventListener("DOMContentLoaded", function () {
    var notice = document.getElementById("unsupported");
    if (!notice || !document.querySelector("main [data-module]")) return;
    notice.appendChild(document.createTextNode(" It lacks: " + missing.join(", ") + "."));
    notice.hidden = false;
  });
})();
