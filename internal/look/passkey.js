// Asks the browser for passkeys, on the forms that have data-passkey, and sends what it
// answers as their field "passkey". It loads nothing and keeps nothing.
"use strict";

(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));

  const text = (buffer) =>
    btoa(Array.from(new Uint8Array(buffer), (b) => String.fromCharCode(b)).join(""))
      .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  const named = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  // options are those of create() or get(), from their JSON.
  const options = (json) => {
    const o = JSON.parse(json);
    o.challenge = bytes(o.challenge);
    if (o.user) o.user = { ...o.user, id: bytes(o.user.id) };
    if (o.allowCredentials) o.allowCredentials = named(o.allowCredentials);
    if (o.excludeCredentials) o.excludeCredentials = named(o.excludeCredentials);
    return o;
  };

  // answer is the JSON of what an authenticator made or signed.
  const answer = (made) => {
    const response = {};
    for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (made.response[part]) response[part] = text(made.response[part]);
    }
    if (made.response.getTransports) response.transports = made.response.getTransports();
    return JSON.stringify({
      id: made.id, rawId: text(made.rawId), type: made.type, response,
      authenticatorAttachment: made.authenticatorAttachment || undefined,
      clientExtensionResults: made.getClientExtensionResults(),
    });
  };

  const serve = (form) => {
    const asked = options(form.dataset.options);
    const failed = form.querySelector("[data-failed]");
    // A challenge is over after its time: then the form is sent as it is, and a new page asks.
    let over = false;
    let offer = null;

    const ask = (extra) => navigator.credentials[form.dataset.passkey]({ publicKey: asked, ...extra });

    const send = (made) => {
      form.elements.passkey.value = answer(made);
      form.submit();
    };

    // The browser offers passkeys at the field of the address, as long as nobody presses
    // the button.
    const offering = async () => {
      if (!("offered" in form.dataset) || over) return;
      const able = PublicKeyCredential.isConditionalMediationAvailable;
      if (!able || !(await PublicKeyCredential.isConditionalMediationAvailable())) return;
      offer = new AbortController();
      ask({ mediation: "conditional", signal: offer.signal }).then(send, () => {});
    };

    form.addEventListener("submit", async (event) => {
      if (over) return;
      event.preventDefault();
      if (offer) offer.abort();
      failed.hidden = true;
      try {
        send(await ask({}));
      } catch {
        failed.hidden = false;
        offering();
      }
    });

    setTimeout(() => {
      over = true;
      if (offer) offer.abort();
    }, Math.max(0, (asked.timeout || 60000) - 10000));

    form.hidden = false;
    offering();
  };

  if (!window.PublicKeyCredential) return;
  document.querySelectorAll("[data-unable]").forEach((note) => { note.hidden = true; });
  document.querySelectorAll("form[data-passkey]").forEach(serve);
})();
