// A single-page app that signs people in with vestibule, by openid-client: code and PKCE, no secret, tokens in memory.
import * as client from "./vendor/openid-client.js";

const { issuer, clientId } = await (await fetch("settings.json")).json();
const redirectUri = new URL(".", location.href).href;
const options = issuer.startsWith("http:") ? { execute: [client.allowInsecureRequests] } : {}; // on this machine alone
const config = await client.discovery(new URL(issuer), clientId, undefined, client.None(), options);
const who = document.getElementById("who");
let tokens = null;

async function leave(prompt) {
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const nonce = client.randomNonce();
  sessionStorage.setItem("visit", JSON.stringify({ verifier, state, nonce }));
  location.assign(client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: "openid email offline_access",
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
    nonce,
    ...(prompt ? { prompt } : {}),
  }));
}

async function comeBack() {
  const { verifier, state, nonce } = JSON.parse(sessionStorage.getItem("visit"));
  sessionStorage.removeItem("visit");
  const answer = new URL(location.href);
  history.replaceState(null, "", redirectUri); // the code is nobody else's to read
  tokens = await client.authorizationCodeGrant(config, answer, {
    pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true,
  });
  await greet();
}

async function greet() {
  const person = await client.fetchUserInfo(config, tokens.access_token, client.skipSubjectCheck);
  who.textContent = `Signed in as ${person.email}`;
  show(true);
}

async function refresh() {
  try {
    tokens = { ...tokens, ...await client.refreshTokenGrant(config, tokens.refresh_token) };
    who.textContent = "Refreshed";
  } catch (error) {
    who.textContent = `Signed out: ${error.error}`;
    show(false);
  }
}

function signOut() {
  location.assign(client.buildEndSessionUrl(config, {
    id_token_hint: tokens.id_token, post_logout_redirect_uri: redirectUri,
  }));
}

function show(signedIn) {
  for (const id of ["sign-up", "sign-in"]) document.getElementById(id).hidden = signedIn;
  for (const id of ["refresh", "sign-out"]) document.getElementById(id).hidden = !signedIn;
}

document.getElementById("sign-up").onclick = () => leave("create");
document.getElementById("sign-in").onclick = () => leave();
document.getElementById("refresh").onclick = refresh;
document.getElementById("sign-out").onclick = signOut;
const answer = new URLSearchParams(location.search);
const trouble = answer.has("code") ? await comeBack().catch((error) => error.message) : answer.get("error");
if (!tokens) {
  who.textContent = trouble ? `Not signed in: ${trouble}` : "Nobody is signed in";
  show(false); // only now: a button that is there before its handler loses a quick person's click
}
