// The start of the implicit flow: builds the authorization request (RFC 6749 section 4.2.1) in this browser.
import { remember } from "./attempts.js";

function authorizationUrl({ authorizationEndpoint, clientId, redirectUri }) {
  const url = new URL(authorizationEndpoint);
  url.searchParams.set("client_id", clientId);
  url.searchParams.set("redirect_uri", redirectUri);
  url.searchParams.set("response_type", "token");
  url.searchParams.set("state", remember());
  return url;
}

function sayWhyNot(button) {
  const notice = document.createElement("p");
  notice.className = "notice notice--problem";
  notice.setAttribute("role", "alert");
  notice.textContent = "This browser lets pages remember nothing, so the answer could not be checked. Allow this site to store data, then try again.";
  button.replaceWith(notice);
}

export function start(button) {
  button.disabled = false;
  button.addEventListener("click", () => {
    try {
      location.assign(authorizationUrl(button.dataset));
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      sayWhyNot(button);
    }
  });
}
