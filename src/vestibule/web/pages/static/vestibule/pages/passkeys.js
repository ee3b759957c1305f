// Passkeys (WebAuthn Level 3): a form with data-passkey="get" or "create" is sent with what the browser answered, as
// JSON in its field `credential`. Without JavaScript the page says that passkeys need it.

const supported = isSecureContext && "PublicKeyCredential" in window;

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

// Our server's answer; a refusal is thrown in its own words.
async function fetchOptions(form) {
  const { mfa, csrfmiddlewaretoken: token } = form.elements;
  const answer = await fetch(form.dataset.options, {
    method: "POST",
    headers: {
      "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token.value,
      "Accept-Language": document.documentElement.lang,
    },
    body: JSON.stringify(mfa ? { mfa: mfa.value } : {}),
  });
  const body = await answer.json();
  if (body.code === "reauthentication_required") location.reload(); // the page asks for it
  if (!answer.ok) throw Object.assign(new Error(body.detail), { name: "Refusal" });
  return body.publicKey;
}

let offered; // the request that the browser's autofill holds; only one may run at a time

function submitWith(form, credential) {
  const stay = document.getElementById(form.dataset.stay);
  if (stay) form.elements.stay.value = stay.checked ? "1" : "";
  form.elements.credential.value = credential;
  form.submit();
}

function show(form, words) {
  const problem = form.querySelector("[data-problem]");
  problem.textContent = words;
  problem.hidden = !words;
}

// The page says it in its language, in an attribute named for the DOMException.
function describe(form, error) {
  const { dataset } = form.querySelector("[data-problem]");
  return dataset[error.name[0].toLowerCase() + error.name.slice(1)] ?? dataset.other;
}

async function press(form, button) {
  show(form, "");
  button.disabled = true;
  offered?.abort();
  try {
    submitWith(form, await ask(form.dataset.passkey, await fetchOptions(form)));
  } catch (error) {
    show(form, error.name === "Refusal" ? error.message : describe(form, error));
    button.disabled = false;
    button.focus();
  }
}

// The browser's autofill offers passkeys in the field of the name (conditional mediation) until one is chosen.
async function offerInAutofill(form) {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  offered = new AbortController();
  const { signal } = offered;
  try {
    submitWith(form, await ask("get", await fetchOptions(form), { mediation: "conditional", signal }));
  } catch {
    // Nothing was chosen: the button and the password are there.
  }
}

// After a sign-in with a password that the browser filled in, it may make a passkey by itself (conditional create). It is
// asked once in a tab; where nothing came of it, nobody is told.
async function upgrade(form) {
  const can = await PublicKeyCredential.getClientCapabilities?.();
  if (!can?.conditionalCreate || sessionStorage.getItem("passkey-upgrade")) return;
  sessionStorage.setItem("passkey-upgrade", "asked");
  try {
    submitWith(form, await ask("create", await fetchOptions(form), { mediation: "conditional" }));
  } catch {
    // The browser did not want to.
  }
}

// The Signal API: password managers learn which passkeys there are, and what their account is called.
function signal() {
  const signals = JSON.parse(document.getElementById("passkey-signals")?.textContent ?? "{}");
  for (const [method, told] of Object.entries(signals)) PublicKeyCredential[method]?.(told).catch(() => {});
}

document.querySelectorAll("form[data-passkey]").forEach((form) => {
  const button = form.querySelector("button[type=submit]");
  if (!supported) {
    if (!("autofill" in form.dataset)) show(form, form.querySelector("[data-problem]").dataset.unsupported);
    return;
  }
  button.hidden = false;
  if (button.autofocus) button.focus(); // a browser that looked for it earlier passed a hidden one over
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    press(form, button);
  });
  window.addEventListener("pageshow", () => { button.disabled = false; });
  if ("autofill" in form.dataset) offerInAutofill(form);
});
if (supported) {
  document.querySelectorAll("form[data-upgrade]").forEach(upgrade);
  signal();
}
