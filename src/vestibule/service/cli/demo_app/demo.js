"use strict";
// The whole client: what a single-page app of yours would write. The tokens stay in memory; a reload forgets them.
const house = document.body.dataset.house;
const byId = (id) => document.getElementById(id);
let registration = "";
let access = "";

async function call(path, { body, token, base = `${house}/api/auth/` } = {}) {
  const headers = { Accept: "application/json" };
  if (body) headers["Content-Type"] = "application/json";
  if (token) headers.Authorization = `Bearer ${token}`;
  const answer = await fetch(base + path, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) });
  const read = await answer.json();
  if (!answer.ok) throw new Error([read.title, read.detail].filter(Boolean).join(" "));
  return read;
}

async function enter(tokens) {
  if (!tokens.access) throw new Error("This account has a second factor: use the pages.");
  access = tokens.access;
  const me = await call("me", { token: access });
  byId("person").replaceChildren(
    ...["id", "email"].flatMap((name) => [
      Object.assign(document.createElement("dt"), { textContent: name }),
      Object.assign(document.createElement("dd"), { textContent: me[name] }),
    ]),
  );
  byId("person").hidden = false;
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
  const said = await call("whoami", { token: access, base: "/" });
  byId("answer").textContent = JSON.stringify(said, null, 2);
});

const back = new URL("/?from=pages", location.href);
for (const id of ["page-sign-up", "page-sign-in"]) byId(id).search = new URLSearchParams({ return_to: back });
byId("back").hidden = !new URLSearchParams(location.search).has("from");
