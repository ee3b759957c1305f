// Passkeys (WebAuthn Level 3): a form with data-passkey="get" or "create" is sent with what the browser answered, as
// JSON in its field `credential`. Without JavaScript the page says that passkeys need it.

const supported = isSecureContext && "PublicKeyCredential" in window;
const UNSUPPORTED = "This browser can't use passkeys here.";
const PROBLEMS = {
  NotAllowedError: "That was cancelled, or took too long. Nothing has changed; you can try again.",
  InvalidStateError: "This device already has a passkey for your account.",
  NotSupportedError: "This device can't make a passkey that we accept. Try another one.",
  ConstraintError: "This device can't check that it is you. Give it a PIN or a fingerprint, or try another one.",
  SecurityError: "Passkeys do not work at this address.",
  TypeError: "We can't be reached right now. Try again shortly.",
};

// Browsers without the JSON methods of Level 3 get the same by hand.
const toBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
const toText = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function parseByHand(json) {
  const named = (list) => list?.map((each) => ({ ...each, id: toBytes(each.id) }));
  return {
    ...json,
    challenge: toBytes(json.challenge),
    ...(json.user && { user: { ...json.user, id: toBytes(json.user.id) } }),
    ...(json.excludeCredentials && { excludeCredentials: named(json.excludeCredentials) }),
    ...(json.allowCredentials && { allowCredentials: named(json.allowCredentials) }),
  };
}

function serializeByHand(credential) {
  const { id, rawId, type, authenticatorAttachment, response } = credential;
  const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const sent = parts.filter((part) => response[part]).map((part) => [part, toText(response[part])]);
  const transports = response.getTransports?.();
  return {
    id, rawId: toText(rawId), type, authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: { ...Object.fromEntries(sent), ...(transports && { transports }) },
  };
}

// Runs the ceremony, and returns the answer as JSON text.
async function ask(act, json, more = {}) {
  const parse = act === "create" ? "parseCreationOptionsFromJSON" : "parseRequestOptionsFromJSON";
  const publicKey = PublicKeyCredential[parse]?.(json) ?? parseByHand(json);
  const credential = await navigator.credentials[act]({ publicKey, ...more });
  return JSON.stringify(credential.toJSON?.() ?? serializeByHand(credential));
}

function embedded(id) {
  const element = document.getElementById(id);
  return element && JSON.parse(element.textContent);
}

async function fetchOptions(address) {
  const answer = await fetch(address, { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" });
  if (!answer.ok) throw new TypeError(answer.statusText);
  return (await answer.json()).publicKey;
}

const optionsOf = (form) => (form.dataset.options ? fetchOptions(form.dataset.options) : embedded("passkey-options"));

let waiting; // the request that the browser's autofill holds; only one may run at a time

function submitWith(form, credential) {
  const stay = document.getElementById("stay");
  if (form.elements.stay && stay) form.elements.stay.value = stay.checked ? "1" : "";
  form.elements.credential.value = credential;
  form.submit();
}

async function pressed(form) {
  const button = form.querySelector("button[type=submit]");
  const problem = form.querySelector("[data-passkey-problem]");
  problem.hidden = true;
  button.disabled = true;
  waiting?.abort();
  try {
    submitWith(form, await ask(form.dataset.passkey, await optionsOf(form)));
  } catch (error) {
    problem.textContent = PROBLEMS[error.name] ?? "That did not work. Try again.";
    problem.hidden = false;
    button.disabled = false;
    button.focus();
  }
}

// The browser's autofill offers passkeys in the field of the name (conditional mediation) until one is chosen.
async function offerInAutofill(form) {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  waiting = new AbortController();
  try {
    const options = await optionsOf(form);
    submitWith(form, await ask("get", options, { mediation: "conditional", signal: waiting.signal }));
  } catch {
    // Nothing was chosen: the button and the password are there.
  }
}

document.querySelectorAll("form[data-passkey]").forEach((form) => {
  form.hidden = !supported && "optional" in form.dataset;
  if (!supported) {
    const problem = form.querySelector("[data-passkey-problem]");
    problem.textContent = UNSUPPORTED;
    problem.hidden = false;
    form.querySelector("button[type=submit]").disabled = true;
    return;
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    pressed(form);
  });
  if ("autofill" in form.dataset) offerInAutofill(form);
});
window.addEventListener("pageshow", () => {
  if (supported) document.querySelectorAll("form[data-passkey] button[type=submit]").forEach((button) => { button.disabled = false; });
});
