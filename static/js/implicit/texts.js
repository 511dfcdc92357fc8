// The texts of the implicit callback. Every text is shown with textContent.
const texts = {
  "no-fragment": ["Nothing came back", "The address of this page carries no answer from Vinli. That is normal after a refresh, since the answer is read once and wiped. Start again to get a new one."],
  malformed: ["The answer cannot be read", "What came back is not an answer as OAuth writes it, so nothing of it was used."],
  escaped: ["This address was changed on its way", "Each & in it was replaced by &amp;, as in the source of a web page, so the state cannot be found in it. Nothing of it was used."],
  renamed: ["This address was changed on its way", "The names in it came in capitals. They have to arrive as Vinli writes them. Nothing of it was used."],
  repeated: ["The answer contradicts itself", "What came back names the same value twice, so nothing of it was used."],
  "no-state": ["No state came back", "The answer does not carry the state that this browser sent along, so nothing shows that it answers a request of yours. Nothing of it was used. If this happens each time, the authorization server does not return state."],
  "unknown-state": ["This answer belongs to another attempt", "Its state was not made in this tab, or was already used. Nothing of it was used. Start again here."],
  "expired-state": ["This attempt is too old", "More than ten minutes have passed since it was started. Start again to get a new one."],
  "no-token": ["No token came back", "The answer is yours, but there is no usable access token in it."],
  accepted: ["Vinli sent a token", "It is in the memory of this page alone, which now asks Vinli directly."],
  forgotten: ["Forgotten", "The token and all that was read with it are gone from this page. Vinli may still hold the token valid for a while."],
  unauthorized: ["Vinli did not accept the token", "It has expired, or the permission was withdrawn. The token was forgotten. Start again to get a new one."],
};

const oauthErrors = {
  access_denied: ["The permission was refused", "Vinli reports that the request was not approved. Nothing was shared."],
  invalid_request: ["Vinli could not read the request", "It found a parameter missing, repeated or wrong. Check the client ID and the redirect URI."],
  unauthorized_client: ["This client may not use this flow", "Vinli does not allow the client to ask for a token in the browser. Check the client’s type."],
  unsupported_response_type: ["Vinli does not offer this flow here", "It does not issue a token in the browser for this client."],
  invalid_scope: ["Vinli does not know what was asked for", "It found the requested scope unknown or malformed."],
  server_error: ["Vinli had a fault", "It could not finish the request. Try again in a moment."],
  temporarily_unavailable: ["Vinli is busy", "It cannot answer just now. Try again in a moment."],
};

/** Returns [title, text] for a refused response. The detail came from outside, so it is shortened. */
export function refusalTexts({ kind, detail }) {
  const shown = detail.slice(0, 80);
  if (kind === "too-long") return ["The answer is too long", `It has ${shown} characters, more than any answer of Vinli, so it was not read.`];
  if (kind === "token-type") return ["An unknown kind of token", `The token is of type “${shown}”. This page knows Bearer tokens only, so it was not used.`];
  if (kind !== "error") return texts[kind];
  if (Object.hasOwn(oauthErrors, detail)) return oauthErrors[detail];
  return ["Vinli reports an error", `It gave the code “${shown}”, which OAuth does not define. Nothing was shared.`];
}

/** Returns the text for a failed call. `isPartial` says that a part of a list had already come. */
export function failureText(failure, isPartial = false) {
  return causeText(failure) + (isPartial ? " The list below is not complete." : "");
}

function causeText({ kind, status, origin }) {
  switch (kind) {
    case "cors":
      return `${origin} answers, but this page may not read it: the answer carries no CORS headers for other sites, or leads elsewhere. Only a server can call it, so use the code flow.`;
    case "unreachable":
      return `${origin} could not be reached from this browser. It may be down, or it answers without CORS headers, in which case only a server can call it: use the code flow.`;
    case "slow":
      return `${origin} did not answer within ten seconds. Start again in a moment.`;
    case "status":
      return `${origin} refused or failed: it answered with status ${status}.`;
    default:
      return `${origin} answered with something that this page does not understand.`;
  }
}

export const acceptedTexts = texts.accepted;
export const forgottenTexts = texts.forgotten;
export const unauthorizedTexts = texts.unauthorized;
