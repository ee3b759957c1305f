"use strict";
// The whole client: what a single-page app of yours would write. The tokens stay in memory; a reload forgets them.
const { house, client } = document.body.dataset;
const byId = (id) => document.getElementById(id);
let registration = "";
let access = "";

async function ask(url, { body, token, headers = {} } = {}) {
  if (token) headers.Authorization = `Bearer ${token}`;
  const answer = await fetch(url, { method: body ? "POST" : "GET", headers: { Accept: "application/json", ...headers }, body });
  const read = await answer.json();
  if (!answer.ok) throw new Error([read.title, read.detail, read.error_description].filter(Boolean).join(" "));
  return read;
}

function call(path, { body, token } = {}) {
  const sent = body && { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
  return ask(`${house}/api/auth/${path}`, { token, ...sent });
}

function show(id, facts) {
  byId(id).replaceChildren(
    ...Object.entries(facts).flatMap(([name, value]) => [
      Object.assign(document.createElement("dt"), { textContent: name }),
      Object.assign(document.createElement("dd"), { textContent: value }),
    ]),
  );
  byId(id).hidden = false;
}

async function enter(tokens) {
  if (!tokens.access) throw new Error("This account has a second factor: use the pages.");
  access = tokens.access;
  const { id, email } = await call("me", { token: access });
  show("person", { id, email });
  byId("start").hidden = byId("confirm").hidden = true;
  byId("ask").disabled = false;
}

function onSubmit(id, act) {
  byId(id).addEventListener("submit", async (event) => {
    event.preventDefault();
    byId("trouble").textContent = "";
    try {
      await act(Object.fromEntries(new FormData(event.target)), event.submitter);
    } catch (error) {
      byId("trouble").textContent = error.message;
    }
  });
}

onSubmit("start", async (typed, pressed) => {
  if (pressed && pressed.value === "sign-in") {
    await enter(await call("login", { body: typed }));
    return;
  }
  ({ registration } = await call("register/start", { body: typed }));
  byId("confirm").hidden = false;
});
onSubmit("confirm", async ({ otp }) => enter(await call("register/confirm", { body: { registration, otp } })));
byId("ask").addEventListener("click", async () => {
  const said = await ask("/whoami", { token: access });
  byId("answer").textContent = JSON.stringify(said, null, 2);
});

// OpenID Connect (code flow with PKCE, RFC 7636). A library does all of this; here it is written out.
const coded = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const random = () => coded(crypto.getRandomValues(new Uint8Array(32)));
const provider = () => ask(`${house}/.well-known/openid-configuration`);
const redirect_uri = `${location.origin}/`;

byId("openid").addEventListener("click", async () => {
  const kept = { state: random(), verifier: random() };
  sessionStorage.setItem("openid", JSON.stringify(kept));
  const code_challenge = coded(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(kept.verifier)));
  const asked = { client_id: client, redirect_uri, response_type: "code", scope: "openid email", state: kept.state };
  const query = new URLSearchParams({ ...asked, code_challenge, code_challenge_method: "S256" });
  location.assign(`${(await provider()).authorization_endpoint}?${query}`);
});

async function finishOpenId(answer) {
  const { state, verifier } = JSON.parse(sessionStorage.getItem("openid") || "{}");
  sessionStorage.removeItem("openid");
  history.replaceState(null, "", "/");
  const known = await provider();
  if (answer.get("state") !== state || answer.get("iss") !== known.issuer) throw new Error("This answer is not for us.");
  if (answer.has("error")) throw new Error(answer.get("error_description") || answer.get("error"));
  const body = new URLSearchParams({ grant_type: "authorization_code", code: answer.get("code"), redirect_uri, client_id: client, code_verifier: verifier });
  const tokens = await ask(known.token_endpoint, { body });
  const { sub, email } = await ask(known.userinfo_endpoint, { token: tokens.access_token });
  show("openid-person", { sub, email });
}

const came = new URLSearchParams(location.search);
if (came.has("code") || came.has("error")) {
  finishOpenId(came).catch((error) => {
    byId("openid-trouble").textContent = error.message;
  });
}

const back = new URL("/?from=pages", location.href);
for (const id of ["page-sign-up", "page-sign-in"]) byId(id).search = new URLSearchParams({ return_to: back });
byId("back").hidden = !came.has("from");
